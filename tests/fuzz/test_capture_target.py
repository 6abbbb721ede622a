"""The fuzz target of sipice.capture on mutated captures, as an ordinary test."""

from __future__ import annotations

from tests.capabilities import needs
from tests.capture.writer import (
    ETHERNET,
    SLL,
    UDP,
    UPGRADE,
    UPGRADED,
    TcpTalk,
    fragments4,
    link,
    pcap,
    pcapng,
    udp,
    udp_payload,
    websocket,
)
from tests.fuzz import fuzz_capture
from tests.fuzz.harness import check
from tests.sip.story import INVITE, OK

pytestmark = needs("cli")


def seeds() -> list[bytes]:
    talk, web = TcpTalk(), TcpTalk()
    stream = [*talk.opening(), talk.say(INVITE[:200]), talk.say(INVITE[200:] + OK)]
    socket = [*web.opening(), web.say(UPGRADE), web.say(UPGRADED, by_client=False)]
    socket.append(web.say(websocket(INVITE, mask=b"\1\2\3\4")))
    pieces = fragments4(udp_payload(INVITE), UDP, 128)
    return [
        pcap([link(packet, ETHERNET, tags=[0x8100]) for packet in (*stream, *socket)], ETHERNET),
        pcap([*pieces, udp(OK)], order=">"),
        pcapng([link(packet, SLL) for packet in (*pieces, *stream)], SLL),
    ]


def test_the_capture_target_survives_mutants() -> None:
    check(fuzz_capture.body, seeds(), (), 500)
