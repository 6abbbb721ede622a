"""A dialog of aiosip: what it repeats, what it answers by itself, what it counts."""

from __future__ import annotations

import asyncio

import pytest

from tests.capabilities import require

require("aiosip", "aiosipua", "cli")

from sipice.cli.demo.agent import Phone
from sipice.cli.demo.voice import Voice
from sipice.cli.demo.with_aiosip import AiosipAgent
from sipice.plugins.aiosip_dialog import _Counter
from sipice.sip.message import CSeq, SipMessage
from tests.plugins.ends import config
from tests.plugins.rivals import SDP, Rival
from tests.plugins.sippers import CHALLENGE, Manners, OnAiosip


def test_all_methods_share_one_counter() -> None:
    counter = _Counter()
    counter["INVITE"] += 1
    counter["UPDATE"] += 1
    counter["BYE"] = 1
    counter["BYE"] += 1
    assert counter["INFO"] == 3


@pytest.mark.parametrize("is_challenged", [False, True])
def test_a_call_is_cancelled_once_the_other_side_rings(is_challenged: bool) -> None:
    async def main() -> None:
        agent, rival = OnAiosip(Phone("alice", Voice(440.0)), config(), Manners()), Rival()
        await agent.start()
        await agent.ring(await rival.open())
        invite = await rival.next("INVITE")
        await agent.cancel()
        await asyncio.sleep(0.1)
        assert [one.method for one in rival.got if one.method == "CANCEL"] == []
        if is_challenged:
            rival.reply(invite, 401, f"WWW-Authenticate: {CHALLENGE}")
            await rival.next("ACK")
            invite = await rival.next("INVITE")
        rival.reply(invite, 180)
        cancel = await rival.next("CANCEL")
        assert cancel.values("via") == invite.values("via")[:1]
        assert (cancel.header("to"), cancel.to_tag) == (invite.header("to"), "")
        assert cancel.cseq == CSeq(invite.cseq.number if invite.cseq else 0, "CANCEL")
        rival.reply(cancel, 200)
        rival.reply(invite, 487)
        assert (await rival.next("ACK")).cseq == CSeq(
            cancel.cseq.number if cancel.cseq else 0, "ACK"
        )
        rival.close()
        await agent.stop()

    asyncio.run(asyncio.wait_for(main(), 20))


def invite(peer: tuple[str, int], cseq: int, *, method: str = "INVITE", tag: str = "") -> str:
    tag = f";tag={tag}" if tag else ""
    body = SDP if method in ("INVITE", "UPDATE") else ""
    lines = [
        f"{method} sip:bob@{peer[0]}:{peer[1]} SIP/2.0",
        f"Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{method}{cseq};rport",
        "From: <sip:rival@127.0.0.1>;tag=rival",
        f"To: <sip:bob@127.0.0.1>{tag}",
        "Call-ID: dialog@127.0.0.1",
        f"CSeq: {cseq} {method}",
        "Contact: <sip:rival@127.0.0.1:9>",
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines) + "\r\n\r\n" + body


async def final(rival: Rival, cseq: int) -> SipMessage:
    """The 2xx to the INVITE of this number."""
    while True:
        found = await rival.next("INVITE")
        if found.status == 200 and found.cseq == CSeq(cseq, "INVITE"):
            return found


def test_a_callee_answers_repeats_alike_and_each_request_with_what_it_asks_for() -> None:
    async def main() -> None:
        agent, rival = AiosipAgent(Phone("bob", Voice(440.0)), config()), Rival()
        await agent.start()
        await rival.open()
        rival._peer = agent.address
        finals = []
        for _ in range(2):
            rival.send(invite(agent.address, 1))
            finals.append(await final(rival, 1))
        assert finals[0].data == finals[1].data
        tag = finals[0].to_tag
        own = f"<sip:bob@{agent.address[0]}:{agent.address[1]}>"
        assert finals[0].contacts[0].startswith(own)
        rival.send(invite(agent.address, 1, method="ACK", tag=tag))
        rival.send(invite(agent.address, 2, tag=tag))
        assert b"m=audio" in (await final(rival, 2)).body
        rival.send(invite(agent.address, 2, method="ACK", tag=tag))
        rival.send(invite(agent.address, 3, method="OPTIONS", tag=tag))
        options = await rival.next("OPTIONS")
        assert (options.status, options.body) == (200, b"")
        rival.send(invite(agent.address, 4, method="BYE", tag=tag))
        assert (await rival.next("BYE")).status == 200
        await agent.stop()
        rival.close()

    asyncio.run(main())
