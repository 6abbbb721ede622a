"""One real call between a user agent of ours with the plugin and a phone, and what the wire saw.

The talker (tests.interop.talker) and the phone's driver stand at two hosts of a laboratory; the
capture is the phone's, so that what it sends into the void is seen as well.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import sdp
from sdp import SessionDescription, effective
from sipice.capture.file import read_capture
from sipice.capture.messages import sip_messages
from sipice.capture.notes import Notes
from sipice.sip.message import SipMessage, parse_message
from tests.interop.pair import Driver, Event, started
from tests.interop.peers import Kind, peer_of
from tests.lab import coturn
from tests.lab.capture import Capture, heard
from tests.lab.lab import Lab
from tests.lab.topology import PUBLIC, SERVER

SIP = 5060
STUN = f"{SERVER}:{coturn.PORT}"
PATIENCE = 40.0
_LATE = 1.5
"""The last seconds of a call count: by then each side has switched."""

Place = tuple[str, int]


class Host(NamedTuple):
    """A node of the laboratory and its address."""

    node: str
    address: str


def host(lab: Lab, node: str) -> Host:
    """``p``, the first host of a site, or its neighbour (``a3`` of site ``a``)."""
    if node == "p":
        return Host(node, PUBLIC)
    site, number = (node[:-1], 2) if node.endswith("3") else (node, 1)
    return Host(node, lab.sites[site].lan(number).partition("/")[0])


@dataclass(frozen=True, slots=True)
class Exchange:
    """An offer and its answer."""

    request: SipMessage
    is_ours: bool
    offer: SessionDescription
    answer: SessionDescription | None

    @property
    def both(self) -> tuple[SessionDescription, SessionDescription]:
        """Our description and the phone's."""
        assert self.answer is not None
        return (self.offer, self.answer) if self.is_ours else (self.answer, self.offer)


@dataclass(slots=True)
class Call:
    """How it was."""

    ours: Event
    """What the talker says."""
    theirs: list[Event]
    """What the phone's driver says."""
    exchanges: list[Exchange] = field(default_factory=list)
    fragments: int = 0
    """How many trickled in INFO, both ways."""
    media: Counter[tuple[Place, Place]] = field(default_factory=Counter)
    """Late packets that are neither SIP nor STUN, by source and target as the phone sees them."""

    @property
    def updates(self) -> list[Exchange]:
        """Those after the first."""
        return self.exchanges[1:]

    @property
    def pairs(self) -> list[tuple[Place, Place]]:
        """Our own and the phone's address of each component's selected pair."""
        return [(place(one), place(two)) for _, (one, two) in sorted(self.ours["pairs"].items())]

    @property
    def types(self) -> tuple[str, str]:
        """The candidate types of the pair for RTP, ours first."""
        one, two = self.ours["pairs"]["1"]
        return one.split()[0], two.split()[0]

    def said(self, name: str) -> Event | None:
        """The phone's first event of that name."""
        return next((event for event in self.theirs if event["ev"] == name), None)


async def call(
    lab: Lab,
    us: Host,
    them: Host,
    phone: str,
    *,
    we_call: bool,
    stack: str = "aiosipua",
    options: tuple[str, ...] = (),
    act: Callable[[Driver], Awaitable[None]] | None = None,
) -> Call:
    """The phone may be named with a mode; the options are those of the talker.

    ``act`` is done with the phone's driver when both are there.
    """
    peer, mode = peer_of(phone)
    role, target = ("answer", "-") if we_call else ("offer", f"sip:us@{us.address}:{SIP}")
    driver = [*peer.command(), "--role", role, "--live", target, "--stun", STUN, "--mode", mode]
    talker = lab.module(us.node, "tests.interop.talker", stack, us.address, STUN)
    talker += ["--peer", them.address] if we_call else []
    talker += options
    theirs, ours = (phone, Kind.PHONE, lab.enter(them.node, *driver)), ("us", Kind.PHONE, talker)
    target_file = lab.folder / "call.pcap"
    with Capture(lab.enter(them.node, "tcpdump"), target_file):
        async with asyncio.timeout(PATIENCE), started(*(theirs if we_call else ours)) as first:
            await first.expect("ready")
            async with started(*(ours if we_call else theirs)) as second:
                if act is not None:
                    await act(first if we_call else second)
                told = await (second if we_call else first).expect("call")
    phone_said = (first if we_call else second).events
    dialog = messages(target_file)
    fragments = sum(one.is_request and one.method == "INFO" for one in dialog)
    return Call(told, phone_said, exchanges(dialog, us), fragments, late_media(target_file))


def messages(capture: Path) -> list[SipMessage]:
    """All of SIP."""
    notes = Notes()
    found = sip_messages(read_capture(capture, notes), notes)
    return [parse_message(message.data) for message in found]


def exchanges(dialog: list[SipMessage], us: Host) -> list[Exchange]:
    """The offers in INVITE and UPDATE with their answers, in the order of the offers."""
    found: dict[tuple[str, int, str], Exchange] = {}
    for read in dialog:
        if read.method not in ("INVITE", "UPDATE") or not read.body or read.cseq is None:
            continue
        key = (read.from_tag, read.cseq.number, read.method)
        body = sdp.parse(read.body)
        if read.is_request and key not in found:
            is_ours = f"@{us.address}" in (read.header("From") or "")
            found[key] = Exchange(read, is_ours, body, None)
        elif not read.is_request and read.status == 200 and key in found:
            found[key] = Exchange(found[key].request, found[key].is_ours, found[key].offer, body)
    return list(found.values())


def late_media(capture: Path) -> Counter[tuple[Place, Place]]:
    """Where media went when each side had switched."""
    packets = [
        (one.time, (_named(one.source), _named(one.target)))
        for one in heard(capture)
        if one.message is None and SIP not in (one.source[1], one.target[1])
    ]
    end = max((time for time, _ in packets), default=0.0)
    return Counter(way for time, way in packets if time > end - _LATE)


def _named(where: tuple[bytes, int]) -> Place:
    return str(ip_address(where[0])), where[1]


def place(text: str) -> Place:
    """Of what the talker says of a candidate."""
    address, _, port = text.split()[1].rpartition(":")
    return address, int(port)


def defaults(description: SessionDescription, components: int) -> list[Place]:
    """Its c= and m=, and its a=rtcp."""
    found = [effective.default_destination(description, 0, one + 1) for one in range(components)]
    return [(one.address, one.port) for one in found if one is not None]


def candidates(description: SessionDescription) -> list[Place]:
    return [(one.address, one.port) for one in description.media[0].candidates]


def remote_candidates(description: SessionDescription) -> list[Place]:
    return [(one.address, one.port) for one in description.media[0].remote_candidates]
