"""Link layers, IPv4 (RFC 791), IPv6 (RFC 8200), UDP and TCP headers of captured packets."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

TCP = 6
UDP = 17
_TUNNELS = (4, 41)

ETHERNET_TYPES = frozenset({0x0800, 0x86DD})
_VLAN_TAGS = frozenset({0x8100, 0x88A8, 0x9100})

_MAX_EXTENSIONS = 16
_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AUTHENTICATION, _DESTINATION, _MOBILITY = 0, 43, 44, 51, 60, 135

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10


class Fragment(NamedTuple):
    """The place of a piece in its datagram."""

    ident: int
    offset: int
    more: bool


class IpPacket(NamedTuple):
    """An IP packet without its headers."""

    source: bytes
    destination: bytes
    protocol: int
    payload: bytes
    fragment: Fragment | None
    cut: bool
    """The capture does not have all of it."""


class Datagram(NamedTuple):
    """A UDP datagram without its header."""

    source_port: int
    destination_port: int
    payload: bytes
    cut: bool


class Segment(NamedTuple):
    """A TCP segment without its header."""

    source_port: int
    destination_port: int
    sequence: int
    acknowledgment: int
    flags: int
    payload: bytes


def link_payload(link_type: int, data: bytes) -> bytes | None:
    """The network layer of a packet; empty if that is not IP, None if the link is unknown."""
    skip = _LINKS.get(link_type)
    if skip is None:
        return None
    start = skip(data)
    return b"" if start is None else data[start:]


def _ethernet(data: bytes) -> int | None:
    return _behind_tags(data, 12)


def _behind_tags(data: bytes, position: int) -> int | None:
    """Skip VLAN tags (IEEE 802.1Q and 802.1ad) up to an IP ether type."""
    kind = int.from_bytes(data[position : position + 2])
    while kind in _VLAN_TAGS:
        position += 4
        kind = int.from_bytes(data[position : position + 2])
    return position + 2 if kind in ETHERNET_TYPES else None


def _cooked(data: bytes) -> int | None:
    """LINKTYPE_LINUX_SLL."""
    return _behind_tags(data, 14)


def _cooked_2(data: bytes) -> int | None:
    """LINKTYPE_LINUX_SLL2: the protocol comes first, the header has 20 bytes.

    A VLAN tag that was not taken off begins where IP would.
    """
    kind = int.from_bytes(data[:2])
    if kind in _VLAN_TAGS:
        return _behind_tags(data, 22)
    return 20 if kind in ETHERNET_TYPES else None


def _loopback(data: bytes) -> int | None:
    """BSD null and loop: four bytes of address family in either byte order, which IP repeats."""
    return 4


def _raw(data: bytes) -> int | None:
    return 0


_LINKS: dict[int, Callable[[bytes], int | None]] = {
    0: _loopback,
    1: _ethernet,
    12: _raw,
    14: _raw,
    101: _raw,
    108: _loopback,
    113: _cooked,
    228: _raw,
    229: _raw,
    276: _cooked_2,
}
"""By LINKTYPE_ number."""


def ip_packet(data: bytes) -> IpPacket | None:
    """Read IPv4 or IPv6; None for anything else and for headers that are not whole."""
    version = data[0] >> 4 if data else 0
    if version == 4:
        return _ipv4(data)
    return _ipv6(data) if version == 6 else None


def _ipv4(data: bytes) -> IpPacket | None:
    if len(data) < 20:
        return None
    first, _, total, ident, place, _, protocol = struct.unpack_from("!BBHHHBB", data)
    header = (first & 0x0F) * 4
    # the length is 0 in what a sender captured before its network card cut it into segments
    end = total or len(data)
    if header < 20 or end < header:
        return None
    more, offset = bool(place & 0x2000), (place & 0x1FFF) * 8
    fragment = Fragment(ident, offset, more) if more or offset else None
    payload = data[header:end]
    return IpPacket(data[12:16], data[16:20], protocol, payload, fragment, end > len(data))


def _ipv6(data: bytes) -> IpPacket | None:
    if len(data) < 40:
        return None
    length, following = struct.unpack_from("!HB", data, 4)
    end = 40 + length if length else len(data)
    found = skip_extensions(following, data[40:end])
    if found is None:
        return None
    protocol, payload, fragment = found
    return IpPacket(data[8:24], data[24:40], protocol, payload, fragment, end > len(data))


def skip_extensions(following: int, data: bytes) -> tuple[int, bytes, Fragment | None] | None:
    """Walk over IPv6 extension headers up to a fragment header or the upper layer."""
    for _ in range(_MAX_EXTENSIONS):
        if following == _FRAGMENT and len(data) >= 8:
            place, ident = struct.unpack_from("!HI", data, 2)
            fragment = Fragment(ident, place & 0xFFF8, bool(place & 1))
            return data[0], data[8:], fragment
        if following in (_HOP_BY_HOP, _ROUTING, _DESTINATION, _MOBILITY) and len(data) >= 8:
            following, data = data[0], data[(data[1] + 1) * 8 :]
        elif following == _AUTHENTICATION and len(data) >= 8:
            following, data = data[0], data[(data[1] + 2) * 4 :]
        else:
            return following, data, None
    return None


def inner_packet(packet: IpPacket) -> IpPacket:
    """What a tunnel of IP in IP carries, at most four deep (RFC 2003, RFC 2473, RFC 4213)."""
    for _ in range(4):
        if packet.protocol not in _TUNNELS or packet.fragment is not None:
            break
        inner = ip_packet(packet.payload)
        if inner is None:
            break
        packet = inner
    return packet


def udp_datagram(packet: IpPacket) -> Datagram | None:
    """The UDP datagram in a whole IP packet."""
    if len(packet.payload) < 8:
        return None
    source, destination, length, _ = struct.unpack_from("!HHHH", packet.payload)
    end = length or len(packet.payload)
    if end < 8:
        return None
    cut = packet.cut or end > len(packet.payload)
    return Datagram(source, destination, packet.payload[8:end], cut)


def tcp_segment(packet: IpPacket) -> Segment | None:
    """The TCP segment in a whole IP packet."""
    if len(packet.payload) < 20:
        return None
    source, destination, sequence, ack, offset, flags = struct.unpack_from(
        "!HHIIBB", packet.payload
    )
    header = (offset >> 4) * 4
    if header < 20:
        return None
    return Segment(source, destination, sequence, ack, flags, packet.payload[header:])
