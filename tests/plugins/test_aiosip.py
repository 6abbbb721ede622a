"""aiosip 0.2.0 with ICE, unpatched."""

from __future__ import annotations

import asyncio

import pytest

from tests.capabilities import require

require("aiosip", "cli")

from sipice.cli.demo.with_aiosip import AiosipAgent
from sipice.plugins.aiosip import Application
from tests.plugins import stacks
from tests.plugins.ends import config, connected, pair, run, until


def test_a_call_of_two_with_a_restart_by_the_callee() -> None:
    async def main() -> None:
        async with pair(AiosipAgent) as (alice, bob):
            await alice.call(bob.address)
            await connected(alice, bob)
            bob.plugin.calls[0].restart()
            await until(lambda: bob.plugin.calls[0].selections > 1)
            await alice.hang_up()
            await until(lambda: not alice.plugin.calls and not bob.plugin.calls)

    run(main)


def test_a_refused_call_is_acknowledged() -> None:
    stacks.refused_call_is_acknowledged(AiosipAgent)


def test_the_answer_of_another_fork_counts() -> None:
    stacks.answer_of_another_fork_counts(AiosipAgent)


def test_info_in_an_early_dialog_has_its_tag() -> None:
    stacks.info_in_an_early_dialog_has_its_tag(AiosipAgent)


def test_each_fork_is_told_in_its_own_dialog() -> None:
    stacks.each_fork_is_told_in_its_own_dialog(AiosipAgent)


def test_a_refused_reinvite_leaves_the_call() -> None:
    stacks.refused_reinvite_leaves_the_call(AiosipAgent)


def test_a_challenged_reoffer_is_vouched_for_where_that_is_wanted() -> None:
    """aiosip itself would answer in the name of the callee."""
    stacks.challenged_reoffer_is_vouched_for(AiosipAgent, vouch=True)


def request(method: str, name: str, cseq: int = 1) -> bytes:
    return (
        f"{method} sip:bob@127.0.0.1 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{name}{cseq}\r\n"
        f"From: <sip:alice@127.0.0.1>;tag={name}\r\nTo: <sip:bob@127.0.0.1>\r\n"
        f"Call-ID: {name}\r\nCSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def test_requests_of_strangers_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither what nobody wants to hear, nor what has got its last answer."""
    monkeypatch.setattr("sipice.plugins.aiosip._LINGER", 0.05)

    async def main() -> None:
        app = Application(config=config())
        app.router.add_route("INVITE", lambda dialog, _: dialog.send_reply(486, "Busy Here"))
        app.router.add_route("OPTIONS", lambda dialog, _: dialog.send_reply(200, "OK"))
        udp = await app.create_connection(None, ("127.0.0.1", 0))
        udp.datagram_received(request("SUBSCRIBE", "unwanted"), ("127.0.0.1", 9))
        assert not app._kept
        udp.datagram_received(request("OPTIONS", "asks"), ("127.0.0.1", 9))
        udp.datagram_received(request("INVITE", "calls"), ("127.0.0.1", 9))
        assert app._kept["asks"].sent["1 OPTIONS"][0].startswith(b"SIP/2.0 200 ")
        assert set(app._kept) == {"asks", "calls"}
        await until(lambda: not app._kept)
        await app.finish()

    run(main)


def test_a_call_that_was_challenged_first_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sipice.plugins.aiosip._LINGER", 0.02)

    async def main() -> None:
        app, statuses = Application(config=config()), [(401, "Unauthorized"), (180, "Ringing")]
        app.router.add_route("INVITE", lambda dialog, _: dialog.send_reply(*statuses.pop(0)))
        udp = await app.create_connection(None, ("127.0.0.1", 0))
        for cseq in (1, 2):
            udp.datagram_received(request("INVITE", "calls", cseq), ("127.0.0.1", 9))
        await asyncio.sleep(0.1)
        assert set(app._kept) == {"calls"}
        await app.finish()

    run(main)
