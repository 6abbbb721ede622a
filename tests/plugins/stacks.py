"""What every stack with the plugin has to do; its tests call these with its agent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest

from sipice.cli.demo.agent import Phone, UserAgent
from sipice.cli.demo.voice import Voice
from sipice.sip.digest import Credentials
from sipice.sip.message import SipMessage
from sipice.sip.outputs import DialogId
from sipice.sip.settings import TapConfig
from tests.plugins.ends import Make, config
from tests.plugins.rivals import SDP, Rival

TRICKLES = ("Supported: trickle-ice", "Recv-Info: trickle-ice", "Allow: INVITE, INFO, UPDATE")
TRICKLED = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "a=ice-options:trickle ice2\r\nm=audio 40000 RTP/AVP 0\r\na=mid:0\r\na=ice-ufrag:fork\r\n"
    "a=ice-pwd:0123456789012345678901\r\na=rtcp-mux\r\n"
    "a=candidate:1 1 UDP 2130706431 127.0.0.1 40000 typ host\r\n"
)


class Called(NamedTuple):
    """A call of ours that has come to its peer."""

    agent: UserAgent
    rival: Rival
    peer: tuple[str, int]
    calling: asyncio.Future[None]
    invite: SipMessage


@asynccontextmanager
async def called(make: Make, **options: object) -> AsyncIterator[Called]:
    """Nobody has answered yet."""
    agent, rival = make(Phone("alice", Voice(440.0)), config(**options)), Rival()
    await agent.start()
    peer = await rival.open()
    calling = asyncio.ensure_future(agent.call(peer))
    try:
        yield Called(agent, rival, peer, calling, await rival.next("INVITE"))
    finally:
        await agent.stop()
        rival.close()


def refused_call_is_acknowledged(make: Make) -> None:
    """RFC 3261 §17.1.1.3: each time that the refusal comes."""

    async def main() -> None:
        async with called(make) as (_, rival, _, calling, invite):
            for _ in range(2):
                rival.reply(invite, 486)
                ack = await rival.next("ACK")
                assert ack.via_branch == invite.via_branch
                assert ack.cseq is not None
                assert invite.cseq is not None
                assert ack.cseq.number == invite.cseq.number
                assert ack.to_tag == "rival"
            with pytest.raises(RuntimeError, match="486"):
                await calling

    asyncio.run(main())


def answer_of_another_fork_counts(make: Make) -> None:
    """RFC 3261 §12.1.2: tag, target and route are those of the 2xx, not of an earlier 180."""

    async def main() -> None:
        async with called(make) as (agent, rival, peer, calling, invite):
            contact = f"Contact: <sip:fork@{peer[0]}:{peer[1]}>"
            routes = [f"Record-Route: <sip:{peer[0]}:{peer[1]};lr;p={n}>" for n in (2, 1)]
            rival.reply(invite, 180, "Contact: <sip:early@192.0.2.1>", tag="early")
            rival.reply(invite, 200, contact, *routes, tag="fork", body=SDP)
            await calling
            ack = await rival.next("ACK")
            assert ack.to_tag == "fork"
            assert ack.data.startswith(b"ACK sip:fork@")
            assert [route.split("p=")[1][0] for route in ack.values("route")] == ["1", "2"]
            ending = asyncio.ensure_future(agent.hang_up())
            bye = await rival.next("BYE")
            assert bye.to_tag == "fork"
            assert bye.data.startswith(b"BYE sip:fork@")
            assert bye.cseq is not None
            assert bye.cseq.number > 1
            rival.reply(bye, 200)
            await ending

    asyncio.run(main())


def refused_reinvite_leaves_the_call(make: Make) -> None:
    """RFC 3261 §14.1: the session stays as it was."""

    async def main() -> None:
        async with called(make) as (agent, rival, peer, calling, invite):
            contact = f"Contact: <sip:bob@{peer[0]}:{peer[1]}>"
            rival.reply(invite, 200, contact, body=SDP)
            await calling
            await rival.next("ACK")
            again = asyncio.ensure_future(agent.reoffer())
            rival.reply(await rival.next("INVITE"), 488)
            ack = await rival.next("ACK")
            assert ack.to_tag == "rival"
            again.cancel()
            ending = asyncio.ensure_future(agent.hang_up())
            rival.reply(await rival.next("BYE"), 200)
            await ending

    asyncio.run(main())


def challenged_reoffer_is_vouched_for(make: Make, *, vouch: bool) -> None:
    """RFC 3261 §22.2, of the INVITE that ICE asks the stack for; its response is the stack's."""
    ours = Credentials(username="alice", password="secret", realm="home")
    tap = TapConfig(credentials=(ours,), vouch_for_stack=vouch)

    async def main() -> None:
        async with called(make, tap=tap) as (agent, rival, peer, calling, invite):
            contact = f"Contact: <sip:bob@{peer[0]}:{peer[1]}>"
            rival.reply(invite, 200, contact, body=SDP)
            await calling
            first = await rival.next("ACK")
            dialog = DialogId(first.call_id, first.from_tag, "rival")
            assert agent.plugin._stack.reoffer(dialog, "INVITE")
            asked = await rival.next("INVITE")
            rival.reply(asked, 407, 'Proxy-Authenticate: Digest realm="home", nonce="n"')
            assert (await rival.next("ACK")).via_branch == asked.via_branch
            again = await rival.next("INVITE")
            assert (again.header("proxy-authorization") or "").startswith('Digest username="alice"')
            assert again.body == asked.body
            assert asked.cseq is not None
            assert again.cseq == (asked.cseq.number + 1, "INVITE")
            rival.reply(again, 200, contact, body=SDP)
            ack = await rival.next("ACK")
            assert ack.cseq == (asked.cseq.number + 1, "ACK")
            ending = asyncio.ensure_future(agent.hang_up())
            bye = await rival.next("BYE")
            assert bye.cseq == (asked.cseq.number + 2, "BYE")
            rival.reply(bye, 200)
            await ending

    asyncio.run(main())


def info_in_an_early_dialog_has_its_tag(make: Make) -> None:
    """RFC 8840 §4.3.2: candidates are told before the final response, which may be another's."""

    async def main() -> None:
        async with called(make) as (agent, rival, peer, calling, invite):
            for status, tag in ((183, "early"), (200, "fork")):
                contact = f"Contact: <sip:{tag}@{peer[0]}:{peer[1]}>"
                rival.reply(invite, status, contact, tag=tag, body=SDP)
                if status == 200:
                    await calling
                    await rival.next("ACK")
                else:
                    await asyncio.sleep(0.05)
                dialog = DialogId(invite.call_id, invite.from_tag, tag)
                assert agent.plugin._stack.send_info(dialog, (("Info-Package", "x"),), b"")
                info = await rival.next("INFO")
                assert info.to_tag == tag
                assert info.data.startswith(f"INFO sip:{tag}@".encode())
                rival.reply(info, 200)
            ending = asyncio.ensure_future(agent.hang_up())
            rival.reply(await rival.next("BYE"), 200)
            await ending

    asyncio.run(main())


def each_fork_is_told_in_its_own_dialog(make: Make) -> None:
    """RFC 3261 §12: one INVITE, two early dialogs, and candidates and offers for both."""

    async def main() -> None:
        async with called(make) as (agent, rival, peer, calling, invite):
            forks = ("one", "two")
            for tag in forks:
                contact = f"Contact: <sip:{tag}@{peer[0]}:{peer[1]}>"
                route = f"Record-Route: <sip:{peer[0]}:{peer[1]};lr;p={tag}>"
                rival.reply(invite, 183, contact, route, *TRICKLES, tag=tag, body=TRICKLED)
            told = {info.to_tag: info for info in [await rival.next("INFO") for _ in forks]}
            assert set(told) == set(forks)
            for tag, info in told.items():
                assert info.data.startswith(f"INFO sip:{tag}@".encode())
                assert info.values("route") == [f"<sip:{peer[0]}:{peer[1]};lr;p={tag}>"]
                assert info.cseq == (2, "INFO")
                rival.reply(info, 200)
            rival.reply(invite, 200, f"Contact: <sip:one@{peer[0]}:{peer[1]}>", tag="one", body=SDP)
            await calling
            await rival.next("ACK")
            stack = agent.plugin._stack
            dialogs = [DialogId(invite.call_id, invite.from_tag, tag) for tag in forks]
            assert [stack.reoffer(dialog, "INVITE") for dialog in dialogs] == [True, False]
            again = await rival.next("INVITE")
            assert again.to_tag == "one"
            rival.reply(again, 488)
            ending = asyncio.ensure_future(agent.hang_up())
            bye = await rival.next("BYE")
            assert bye.to_tag == "one"
            assert bye.cseq is not None
            assert bye.cseq.number > 2, "after the INFO, which the stack has not seen"
            rival.reply(bye, 200)
            await ending

    asyncio.run(main())
