"""From packets to SIP messages: fragments joined, streams put in order, messages cut out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sipice.capture.conversation import Conversation, Said
from sipice.capture.file import Packet
from sipice.capture.fragments import Reassembly, Whole
from sipice.capture.notes import Notes, Trouble
from sipice.capture.packet import (
    ACK,
    SYN,
    TCP,
    UDP,
    Segment,
    inner_packet,
    ip_packet,
    link_payload,
    tcp_segment,
    udp_datagram,
)
from sipice.capture.tcp import Direction, Piece
from sipice.net import Address
from sipice.sip.message import is_sip


@dataclass(frozen=True, slots=True)
class CapturedMessage:
    """One SIP message as it was on the wire."""

    time: float
    """Of the packet that completed it, seconds since 1970."""
    source: Address
    destination: Address
    transport: str
    """UDP, TCP or WS."""
    data: bytes
    frames: tuple[int, ...]
    """The numbers of its packets, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is held at once; the oldest goes first."""

    connections: int = 1024
    datagrams: int = 256
    """IP datagrams of which fragments are missing."""
    stream_bytes: int = 1 << 18
    """Per direction of a connection, behind a gap."""


def sip_messages(
    packets: Iterable[Packet], notes: Notes, limits: Limits | None = None
) -> Iterator[CapturedMessage]:
    """All SIP messages in these packets, each when its last packet comes."""
    dissector = _Dissector(notes, limits or Limits())
    for packet in packets:
        yield from dissector.packet(packet)
    yield from dissector.finish()


@dataclass(slots=True, eq=False)
class _Connection:
    ends: tuple[Address, Address]
    """The direction False goes from the first to the second."""
    conversation: Conversation
    directions: tuple[Direction, Direction]

    def messages(self, backwards: bool, pieces: list[Piece]) -> Iterator[CapturedMessage]:
        source, destination = self.ends[::-1] if backwards else self.ends
        for piece in pieces:
            for said in self.conversation.hear(backwards, piece):
                yield _captured(said, source, destination)

    def finish(self) -> Iterator[CapturedMessage]:
        for backwards in (False, True):
            yield from self.messages(backwards, self.directions[backwards].finish())


def _captured(said: Said, source: Address, destination: Address) -> CapturedMessage:
    return CapturedMessage(said.time, source, destination, said.transport, said.data, said.frames)


@dataclass(slots=True, eq=False)
class _Dissector:
    notes: Notes
    limits: Limits
    connections: dict[frozenset[Address], _Connection] = field(
        default_factory=dict[frozenset[Address], _Connection]
    )
    reassembly: Reassembly = field(init=False)

    def __post_init__(self) -> None:
        self.reassembly = Reassembly(self.notes, self.limits.datagrams)

    def packet(self, packet: Packet) -> Iterator[CapturedMessage]:
        whole = self._whole(packet)
        if whole is None:
            return
        if whole.packet.protocol == UDP:
            yield from self._datagram(packet, whole)
        elif whole.packet.protocol == TCP:
            segment = tcp_segment(whole.packet)
            if segment is not None:
                yield from self._segment(packet, whole, segment)
                yield from self._make_room()

    def finish(self) -> Iterator[CapturedMessage]:
        """Everything that still waits for packets that did not come."""
        self.reassembly.finish()
        late = [m for connection in self.connections.values() for m in connection.finish()]
        yield from sorted(late, key=lambda message: message.time)

    def _whole(self, packet: Packet) -> Whole | None:
        data = link_payload(packet.link_type, packet.data)
        if data is None:
            self.notes.add(Trouble.LINK_TYPE, packet.number, f"type {packet.link_type}")
            return None
        outer = ip_packet(data)
        whole = outer and self.reassembly.add(inner_packet(outer), packet.time, packet.number)
        if whole is None:
            return None
        inner = inner_packet(whole.packet)
        if inner is whole.packet:
            return whole
        # a tunnel may carry fragments, and its own packets may have been fragmented
        again = self.reassembly.add(inner, packet.time, packet.number)
        return again and again._replace(frames=whole.frames)

    def _datagram(self, packet: Packet, whole: Whole) -> Iterator[CapturedMessage]:
        datagram = udp_datagram(whole.packet)
        if datagram is None or not is_sip(datagram.payload):
            return
        if datagram.cut:
            self.notes.add(Trouble.CUT, packet.number)
        yield CapturedMessage(
            packet.time,
            Address(whole.packet.source, datagram.source_port),
            Address(whole.packet.destination, datagram.destination_port),
            "UDP",
            datagram.payload,
            whole.frames,
        )

    def _segment(self, packet: Packet, whole: Whole, segment: Segment) -> Iterator[CapturedMessage]:
        source = Address(whole.packet.source, segment.source_port)
        destination = Address(whole.packet.destination, segment.destination_port)
        connection = self._connection(source, destination)
        backwards = connection.ends[0] != source
        if segment.flags & SYN:
            if not connection.directions[backwards].begin(segment.sequence):
                yield from connection.finish()
                del self.connections[frozenset(connection.ends)]
                self._connection(source, destination).directions[False].begin(segment.sequence)
            return
        if whole.packet.cut and segment.payload:
            self.notes.add(Trouble.CUT, packet.number)
        piece = Piece(segment.payload, packet.time, packet.number, lost=False)
        ready = connection.directions[backwards].receive(segment.sequence, piece)
        yield from connection.messages(backwards, ready)
        if segment.flags & ACK:
            other = connection.directions[not backwards]
            freed = other.acknowledged(segment.acknowledgment, packet.time)
            yield from connection.messages(not backwards, freed)

    def _connection(self, source: Address, destination: Address) -> _Connection:
        key = frozenset({source, destination})
        connection = self.connections.pop(key, None)
        if connection is None:
            size = self.limits.stream_bytes
            connection = _Connection(
                (source, destination),
                Conversation(self.notes, f"{source} - {destination}"),
                (Direction(size), Direction(size)),
            )
        self.connections[key] = connection
        return connection

    def _make_room(self) -> Iterator[CapturedMessage]:
        while len(self.connections) > self.limits.connections:
            yield from self.connections.pop(next(iter(self.connections))).finish()
