"""Packets at a host: recorded by tcpdump, and read as STUN and media, sent and received."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from sipice.capture.file import read_capture
from sipice.capture.notes import Notes
from sipice.capture.packet import UDP, ip_packet, link_payload, udp_datagram
from tests.simnet.wire import (
    Attr,
    Class,
    Message,
    Method,
    Place,
    WireError,
    is_channel_data,
    looks_like_stun,
    parse,
    parse_channel_data,
)

ALL = "not port 5353"
"""Everything but mDNS, which a browser shouts into every network."""
NO_MEDIA = "tcp or udp[12:4] = 0x2112a442 or udp[16:4] = 0x2112a442"
"""TCP, and STUN over UDP: on its own, or in a channel of TURN."""


@dataclass(slots=True)
class Capture:
    """Records at one interface while its context is open."""

    command: list[str]
    """Runs tcpdump at the host, without its options."""
    target: Path
    wanted: str = ALL
    """A filter of tcpdump."""
    interface: str = "eth0"
    _tcpdump: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        options = ["-i", self.interface, "-n", "-U", "--immediate-mode", "-Z", "root"]
        self._tcpdump = subprocess.Popen(
            [*self.command, *options, "-w", str(self.target), self.wanted],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._tcpdump.stderr is not None
        self._tcpdump.stderr.readline()  # it says that it listens
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._tcpdump is not None
        self._tcpdump.terminate()
        self._tcpdump.communicate()


class Heard(NamedTuple):
    """One UDP datagram: when, from where, to where, and what it was."""

    time: float
    """Seconds of the wall clock."""
    source: Place
    target: Place
    message: Message | None
    """STUN, also what a relay had wrapped; None for everything else."""
    relayed: bool


def heard(capture: Path) -> Iterator[Heard]:
    """All UDP datagrams of a capture; what a TURN server wrapped is unwrapped."""
    for packet in read_capture(capture, Notes()):
        network = link_payload(packet.link_type, packet.data)
        ip = ip_packet(network) if network else None
        datagram = udp_datagram(ip) if ip and ip.protocol == UDP else None
        if ip is None or datagram is None:
            continue
        payload, relayed = _unwrapped(datagram.payload)
        source = (ip.source, datagram.source_port)
        target = (ip.destination, datagram.destination_port)
        yield Heard(packet.time, source, target, _message(payload), relayed)


def _unwrapped(payload: bytes) -> tuple[bytes, bool]:
    """What a TURN server and its client have wrapped, and whether they had."""
    if is_channel_data(payload):
        try:
            return parse_channel_data(payload)[1], True
        except WireError:
            return payload, False
    message = _message(payload)
    if message and message.method in (Method.SEND, Method.DATA):
        return message.get(Attr.DATA) or b"", True
    return payload, False


def _message(payload: bytes) -> Message | None:
    if not looks_like_stun(payload):
        return None
    try:
        return parse(payload)
    except WireError:
        return None


def is_check(message: Message) -> bool:
    """A connectivity check, as opposed to a question to a STUN server."""
    return (
        message.method == Method.BINDING
        and message.cls is Class.REQUEST
        and message.has(Attr.USERNAME)
    )
