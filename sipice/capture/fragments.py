"""RFC 791 §3.2, RFC 8200 §4.5: IP datagrams out of their fragments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from sipice.capture.notes import Notes, Trouble
from sipice.capture.packet import IpPacket, skip_extensions

MAX_SIZE = 65_535
MAX_PIECES = 512
MAX_AGE = 60.0
"""Seconds of captured time after which a datagram is given up."""


class Whole(NamedTuple):
    """An IP packet that is complete, and the frames that it came in."""

    packet: IpPacket
    frames: tuple[int, ...]


@dataclass(slots=True, eq=False)
class _Partial:
    since: float
    protocol: int
    pieces: dict[int, bytes] = field(default_factory=dict[int, bytes])
    """By offset."""
    frames: list[int] = field(default_factory=list[int])
    total: int | None = None
    cut: bool = False


class Reassembly:
    """Give it every IP packet; it gives back whole ones."""

    def __init__(self, notes: Notes, limit: int) -> None:
        self._notes = notes
        self._limit = limit
        self._partials: dict[tuple[bytes, bytes, int, int], _Partial] = {}

    def add(self, packet: IpPacket, time: float, frame: int) -> Whole | None:
        """The datagram that this packet completes, or the packet itself if it is no fragment."""
        if packet.fragment is None:
            return Whole(packet, (frame,))
        # the identification is unique per protocol in IPv4 only, where each piece names it
        protocol = packet.protocol if len(packet.source) == 4 else 0
        key = packet.source, packet.destination, packet.fragment.ident, protocol
        partial = self._partials.get(key)
        if partial is not None and abs(time - partial.since) > MAX_AGE:
            self._give_up(key)
            partial = None
        if partial is None:
            partial = self._partials[key] = _Partial(time, packet.protocol)
            self._make_room()
        if not _put(partial, packet, frame):
            self._give_up(key)
            return None
        payload = _joined(partial)
        if payload is None:
            return None
        del self._partials[key]
        return _whole(packet, partial, payload)

    def finish(self) -> None:
        """The capture is over: what is incomplete stays so."""
        for key in list(self._partials):
            self._give_up(key)

    def _make_room(self) -> None:
        while len(self._partials) > self._limit:
            self._give_up(next(iter(self._partials)))

    def _give_up(self, key: tuple[bytes, bytes, int, int]) -> None:
        frames = self._partials.pop(key).frames
        self._notes.add(Trouble.FRAGMENTS, frames[0] if frames else 0)


def _put(partial: _Partial, packet: IpPacket, frame: int) -> bool:
    """Keep a piece; False if the datagram cannot become whole any more."""
    place = packet.fragment
    if place is None or place.offset + len(packet.payload) > MAX_SIZE:
        return False
    if place.offset == 0:
        partial.protocol = packet.protocol
    if not place.more:
        partial.total = place.offset + len(packet.payload)
    partial.frames.append(frame)
    partial.pieces.setdefault(place.offset, packet.payload)
    partial.cut = partial.cut or packet.cut
    return len(partial.frames) <= MAX_PIECES


def _joined(partial: _Partial) -> bytes | None:
    """The payload if nothing is missing; where pieces overlap the earlier bytes stay."""
    if partial.total is None or sum(map(len, partial.pieces.values())) < partial.total:
        return None
    joined = bytearray()
    for offset in sorted(partial.pieces):
        if offset > len(joined):
            return None
        joined += partial.pieces[offset][len(joined) - offset :]
    return bytes(joined[: partial.total]) if len(joined) >= partial.total else None


def _whole(packet: IpPacket, partial: _Partial, payload: bytes) -> Whole | None:
    protocol = partial.protocol
    if len(packet.source) == 16:
        found = skip_extensions(protocol, payload)
        if found is None:
            return None
        protocol, payload, _ = found
    whole = packet._replace(protocol=protocol, payload=payload, fragment=None, cut=partial.cut)
    return Whole(whole, tuple(partial.frames))
