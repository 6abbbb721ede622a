"""aiosipua with ICE, unpatched."""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import logging
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.capabilities import require

require("aiosipua", "cli")

from aiosipua import SipUAC, SipUAS, TcpSipTransport, build_sdp

from sipice.cli.demo.with_aiosipua import AiosipuaAgent
from sipice.plugins.aiosipua import IceTransport
from tests.plugins import stacks
from tests.plugins.ends import config, connected, pair, run, until
from tests.plugins.rivals import SDP
from tests.ports import spare
from tests.sip.story import request


def test_installed_files_are_as_they_were_installed() -> None:
    for file in distribution("aiosipua").files or []:
        if file.hash is not None:
            found = hashlib.new(file.hash.mode, Path(file.locate()).read_bytes()).digest()
            assert base64.urlsafe_b64encode(found).rstrip(b"=").decode() == file.hash.value, file


def test_a_refused_call_is_acknowledged() -> None:
    stacks.refused_call_is_acknowledged(AiosipuaAgent)


def test_the_answer_of_another_fork_counts() -> None:
    stacks.answer_of_another_fork_counts(AiosipuaAgent)


def test_info_in_an_early_dialog_has_its_tag() -> None:
    stacks.info_in_an_early_dialog_has_its_tag(AiosipuaAgent)


def test_each_fork_is_told_in_its_own_dialog() -> None:
    stacks.each_fork_is_told_in_its_own_dialog(AiosipuaAgent)


def test_a_refused_reinvite_leaves_the_call() -> None:
    stacks.refused_reinvite_leaves_the_call(AiosipuaAgent)


def test_a_challenged_reoffer_is_vouched_for() -> None:
    stacks.challenged_reoffer_is_vouched_for(AiosipuaAgent, vouch=False)


def test_the_callee_may_restart_too() -> None:
    """Its re-INVITE is ICE's own, and aiosipua would not acknowledge the answer."""

    async def main() -> None:
        async with pair(AiosipuaAgent) as (alice, bob):
            await alice.call(bob.address)
            await connected(alice, bob)
            first = await bob.plugin.calls[0].path()
            bob.plugin.calls[0].restart()
            await until(lambda: bob.plugin.calls[0].selections > 1)
            assert await bob.plugin.calls[0].path() is not first

    run(main)


def test_what_was_described_is_forgotten_with_its_call() -> None:
    async def main() -> None:
        async with pair(AiosipuaAgent) as (alice, bob):
            for _ in range(2):
                await alice.call(bob.address)
                await alice.hang_up()
                await until(lambda: not alice.plugin.calls)
            assert isinstance(alice, AiosipuaAgent)
            assert len(alice._transport._described) == 1

    run(main)


def test_starting_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Before Python 3.12 aiosipua fails an assertion of its own in each start."""

    async def main() -> None:
        async with pair(AiosipuaAgent):
            pass

    with caplog.at_level(logging.WARNING):
        run(main)
    assert not caplog.records


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_call_over_tcp() -> None:
    """aiosipua leaves its own connections to the garbage collector."""

    async def main() -> None:
        ends = []
        for port in (spare(), spare()):
            inner = TcpSipTransport(local_addr=("127.0.0.1", port))
            transport = IceTransport(inner, config=config())
            uac = SipUAC(transport)
            ends.append((inner, transport, uac, SipUAS(transport, uac=uac)))
        (wire, alice, uac, one), (_, bob, _, two) = ends
        offer, answer = (build_sdp("127.0.0.1", port, 0, "PCMU") for port in (41_000, 42_000))
        two.on_invite = lambda call: call.accept(answer)
        await one.start()
        await two.start()
        await wire.connect(bob.local_addr)
        call = uac.send_invite("sip:a@127.0.0.1", "sip:b@127.0.0.1", bob.local_addr, offer)
        await call.wait_answered(10)
        async with asyncio.timeout(10):
            paths = [await end.plugin.calls[0].path() for end in (alice, bob)]
        assert len(paths) == 2
        call.hangup(uac)
        await until(lambda: not bob.plugin.calls)
        await one.stop()
        await two.stop()

    asyncio.run(main())
    gc.collect()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_answers_over_tcp_take_the_connection_of_the_request() -> None:
    """RFC 3261 §18.2.2: the port in the Via is where the peer listens, not where it asks from."""

    async def main() -> None:
        transport = IceTransport(TcpSipTransport(("127.0.0.1", spare())), config=config())
        uas = SipUAS(transport, uac=SipUAC(transport))
        uas.on_invite = lambda call: call.accept(build_sdp("127.0.0.1", 42_000, 0, "PCMU"))
        await uas.start()
        reader, writer = await asyncio.open_connection(*transport.local_addr)
        writer.write(request("INVITE", 1, "Contact: <sip:alice@127.0.0.1>", body=SDP.encode()))
        async with asyncio.timeout(10):
            answer = await reader.readuntil(b"\r\n\r\n")
            while b" 200 OK" not in answer:
                answer = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        await uas.stop()

    asyncio.run(main())
    gc.collect()
