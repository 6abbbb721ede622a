"""A small writer of captures: pcap and pcapng files, link layers, IP, fragments, UDP and TCP.

Checksums are left at zero, as captures on the sending host often have them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from sipice.net import Address

ETHERNET, NULL, RAW, LOOP, SLL, SLL2, IPV4, IPV6 = 1, 0, 101, 108, 113, 276, 228, 229
LINK_TYPES = (ETHERNET, NULL, RAW, LOOP, SLL, SLL2)

UDP, TCP = 17, 6
FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10

ALICE = Address.parse("192.0.2.1", 5060)
BOB = Address.parse("192.0.2.2", 5060)
ALICE6 = Address.parse("2001:db8::1", 5060)
BOB6 = Address.parse("2001:db8::2", 5060)


def udp(data: bytes, source: Address = ALICE, destination: Address = BOB) -> bytes:
    """A UDP datagram in an IP packet."""
    return ip(udp_payload(data, source, destination), UDP, source, destination)


def udp_payload(data: bytes, source: Address = ALICE, destination: Address = BOB) -> bytes:
    """A UDP datagram."""
    return struct.pack("!HHHH", source.port, destination.port, len(data) + 8, 0) + data


def ip(payload: bytes, protocol: int, source: Address = ALICE, destination: Address = BOB) -> bytes:
    """An IP packet of the family of its addresses."""
    if source.family == 6:
        head = struct.pack("!IHBB", 0x6000_0000, len(payload), protocol, 64)
        return head + source.ip + destination.ip + payload
    return ip4(payload, protocol, source, destination)


def ip4(
    payload: bytes,
    protocol: int,
    source: Address = ALICE,
    destination: Address = BOB,
    *,
    ident: int = 0,
    place: int = 0,
) -> bytes:
    """An IPv4 packet; ``place`` is flags and fragment offset as on the wire."""
    size = 20 + len(payload)
    head = struct.pack("!BBHHHBBH", 0x45, 0, size, ident, place, 64, protocol, 0)
    return head + source.ip + destination.ip + payload


def fragments4(payload: bytes, protocol: int, size: int, ident: int = 7) -> list[bytes]:
    """An IPv4 datagram in pieces of ``size`` bytes, a multiple of 8."""
    pieces = []
    for start in range(0, len(payload), size):
        more = 0x2000 if start + size < len(payload) else 0
        piece = payload[start : start + size]
        pieces.append(ip4(piece, protocol, ident=ident, place=more | start // 8))
    return pieces


def fragments6(payload: bytes, protocol: int, size: int, ident: int = 7) -> list[bytes]:
    """The same for IPv6."""
    pieces = []
    for start in range(0, len(payload), size):
        more = int(start + size < len(payload))
        head = struct.pack("!BBHI", protocol, 0, start | more, ident)
        pieces.append(ip(head + payload[start : start + size], 44, ALICE6, BOB6))
    return pieces


def tcp(
    payload: bytes,
    sequence: int,
    *,
    flags: int = ACK,
    acknowledgment: int = 0,
    source: Address = ALICE,
    destination: Address = BOB,
) -> bytes:
    """A TCP segment in an IP packet; sequence numbers wrap."""
    head = struct.pack(
        "!HHIIBBHHH",
        source.port,
        destination.port,
        sequence % (1 << 32),
        acknowledgment % (1 << 32),
        0x50,
        flags,
        65_535,
        0,
        0,
    )
    return ip(head + payload, TCP, source, destination)


@dataclass(slots=True)
class TcpTalk:
    """Both directions of a TCP connection, as IP packets in order."""

    client: Address = ALICE
    server: Address = BOB
    sequences: dict[bool, int] = field(default_factory=lambda: {True: 1000, False: 77_000})

    def opening(self) -> list[bytes]:
        """SYN, SYN-ACK, ACK."""
        return [
            self._segment(b"", True, SYN),
            self._segment(b"", False, SYN | ACK),
            self._segment(b"", True, ACK),
        ]

    def say(self, data: bytes, *, by_client: bool = True) -> bytes:
        """A segment with data."""
        return self._segment(data, by_client, ACK | PSH)

    def acknowledge(self, *, by_client: bool) -> bytes:
        """A bare ACK of all that the other side has sent."""
        return self._segment(b"", by_client, ACK)

    def _segment(self, data: bytes, by_client: bool, flags: int) -> bytes:
        ends = (self.client, self.server) if by_client else (self.server, self.client)
        sequence = self.sequences[by_client]
        self.sequences[by_client] += len(data) + bool(flags & SYN)
        return tcp(
            data,
            sequence,
            flags=flags,
            acknowledgment=self.sequences[not by_client],
            source=ends[0],
            destination=ends[1],
        )


def link(packet: bytes, link_type: int, *, tags: Iterable[int] = ()) -> bytes:
    """A frame of this link type around an IP packet; ``tags`` are the ether types of VLAN tags."""
    six = packet[0] >> 4 == 6
    kind = struct.pack("!H", 0x86DD if six else 0x0800)
    inner = b"".join(struct.pack("!HH", tag, 5) for tag in tags)
    match link_type:
        case 1:
            return bytes(12) + inner + kind + packet
        case 0:
            return struct.pack("<I", 30 if six else 2) + packet
        case 108:
            return struct.pack("!I", 30 if six else 2) + packet
        case 113:
            return struct.pack("!HHH8s", 0, 1, 6, b"") + inner + kind + packet
        case 276:
            protocol, rest = (inner + kind)[:2], (inner + kind)[2:]
            return protocol + struct.pack("!HIHBB8s", 0, 1, 1, 0, 6, b"") + rest + packet
        case _:
            return packet


def pcap(
    packets: Iterable[bytes],
    link_type: int = RAW,
    *,
    order: str = "<",
    nano: bool = False,
    snap_length: int = 262_144,
    start: float = 1_000.0,
    step: float = 0.01,
) -> bytes:
    """A pcap file of frames, one every ``step`` seconds."""
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    file = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, snap_length, link_type)
    unit = 1_000_000_000 if nano else 1_000_000
    for count, packet in enumerate(packets):
        second, rest = divmod(round((start + count * step) * unit), unit)
        kept = packet[:snap_length]
        file += struct.pack(f"{order}IIII", second, rest, len(kept), len(packet)) + kept
    return file


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """A pcapng block."""
    body += bytes(-len(body) % 4)
    size = struct.pack(f"{order}I", len(body) + 12)
    return struct.pack(f"{order}I", kind) + size + body + size


def section(order: str = "<") -> bytes:
    """A section header block."""
    return block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    """An option of a block."""
    return struct.pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


def interface(
    link_type: int, options: bytes = b"", *, order: str = "<", snap_length: int = 0
) -> bytes:
    """An interface description block."""
    return block(1, struct.pack(f"{order}HHI", link_type, 0, snap_length) + options, order)


def enhanced(
    packet: bytes, ticks: int, number: int = 0, *, options: bytes = b"", order: str = "<"
) -> bytes:
    """An enhanced packet block."""
    time = ticks >> 32, ticks & 0xFFFF_FFFF
    head = struct.pack(f"{order}IIIII", number, *time, len(packet), len(packet))
    return block(6, head + packet + bytes(-len(packet) % 4) + options, order)


def pcapng(packets: Iterable[bytes], link_type: int = RAW, *, order: str = "<") -> bytes:
    """A pcapng file with one interface, one frame every 10 ms from second 1000."""
    file = section(order) + interface(link_type, order=order)
    for count, packet in enumerate(packets):
        file += enhanced(packet, 1_000_000_000 + count * 10_000, order=order)
    return file


def websocket(data: bytes, *, mask: bytes = b"", opcode: int = 1, fin: bool = True) -> bytes:
    """A WebSocket frame, masked if there is a mask of four bytes."""
    first = (0x80 if fin else 0) | opcode
    flag = 0x80 if mask else 0
    if len(data) < 126:
        head = struct.pack("!BB", first, flag | len(data))
    else:
        head = struct.pack("!BBH", first, flag | 126, len(data))
    if not mask:
        return head + data
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))


UPGRADE = (
    b"GET /sip HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\n\r\n"
)
UPGRADED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
