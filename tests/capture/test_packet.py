"""From a frame to a datagram or segment, whatever lies around it."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipice.capture.packet import (
    Fragment,
    inner_packet,
    ip_packet,
    link_payload,
    skip_extensions,
    tcp_segment,
    udp_datagram,
)
from tests.capture.writer import (
    ACK,
    ALICE,
    ALICE6,
    BOB,
    BOB6,
    ETHERNET,
    IPV4,
    IPV6,
    LINK_TYPES,
    PSH,
    SLL,
    SLL2,
    UDP,
    ip,
    ip4,
    link,
    tcp,
    udp,
    udp_payload,
)

DATA = b"some payload"


@pytest.mark.parametrize("link_type", [*LINK_TYPES, 12, 14])
@pytest.mark.parametrize("packet", [udp(DATA), udp(DATA, ALICE6, BOB6)], ids=["v4", "v6"])
def test_the_ip_packet_is_found_behind_each_link_layer(link_type: int, packet: bytes) -> None:
    assert link_payload(link_type, link(packet, link_type)) == packet


def test_links_of_ip_alone_carry_just_that() -> None:
    assert link_payload(IPV4, udp(DATA)) == udp(DATA)
    assert link_payload(IPV6, udp(DATA, ALICE6, BOB6)) == udp(DATA, ALICE6, BOB6)


@pytest.mark.parametrize("link_type", [ETHERNET, SLL, SLL2])
def test_vlan_tags_are_skipped(link_type: int) -> None:
    assert link_payload(link_type, link(udp(DATA), link_type, tags=[0x8100])) == udp(DATA)
    twice = link(udp(DATA), link_type, tags=[0x88A8, 0x8100])
    assert link_payload(link_type, twice) == udp(DATA)


def test_frames_that_are_not_ip_are_empty_and_unknown_links_are_none() -> None:
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    assert link_payload(ETHERNET, arp) == b""
    assert link_payload(SLL2, b"\x08\x06" + bytes(40)) == b""
    assert link_payload(ETHERNET, b"\x01") == b""
    assert link_payload(147, b"anything") is None


@pytest.mark.parametrize("data", [b"", b"\x45" * 19, b"\x60" * 39, b"\x00" * 60, b"\x41" * 40])
def test_what_is_no_whole_ip_header_is_none(data: bytes) -> None:
    assert ip_packet(data) is None


def test_ethernet_padding_is_not_part_of_a_packet() -> None:
    packet = ip_packet(udp(b"ab") + bytes(16))
    assert packet is not None
    assert packet.payload == udp_payload(b"ab")
    assert not packet.cut


def test_a_length_of_zero_means_all_that_is_there() -> None:
    four = bytearray(udp(DATA))
    four[2:4] = b"\0\0"
    six = bytearray(udp(DATA, ALICE6, BOB6))
    six[4:6] = b"\0\0"
    for data in (four, six):
        packet = ip_packet(bytes(data))
        assert packet is not None
        assert (packet.payload, packet.cut) == (udp_payload(DATA), False)


def test_a_cut_packet_says_so() -> None:
    packet = ip_packet(udp(DATA)[:-3])
    assert packet is not None
    assert packet.cut
    datagram = udp_datagram(packet)
    assert datagram is not None
    assert (datagram.payload, datagram.cut) == (DATA[:-3], True)


def test_ip_options_are_skipped() -> None:
    plain = udp(DATA)
    longer = bytes([0x46]) + plain[1:2] + struct.pack("!H", len(plain) + 4)
    packet = ip_packet(longer + plain[4:20] + b"\x94\x04\0\0" + plain[20:])
    assert packet is not None
    assert packet.payload == udp_payload(DATA)


def extended(following: int, *headers: bytes) -> bytes:
    return ip(b"".join(headers) + udp_payload(DATA), following, ALICE6, BOB6)


def test_ipv6_extension_headers_are_skipped() -> None:
    hop, auth, last = 60, 51, UDP
    packet = ip_packet(
        extended(
            0,
            bytes([hop, 0]) + bytes(6),
            bytes([auth, 1]) + bytes(14),
            bytes([last, 4]) + bytes(22),
        )
    )
    assert packet is not None
    assert (packet.protocol, packet.payload) == (UDP, udp_payload(DATA))


def test_an_ipv6_fragment_knows_its_place() -> None:
    head = struct.pack("!BBHI", UDP, 0, 1480 | 1, 99)
    packet = ip_packet(ip(head + DATA, 44, ALICE6, BOB6))
    assert packet is not None
    assert packet.fragment == Fragment(99, 1480, more=True)
    assert (packet.protocol, packet.payload) == (UDP, DATA)


def test_an_ipv4_fragment_knows_its_place() -> None:
    packet = ip_packet(ip4(DATA, UDP, ident=5, place=0x2000 | 185))
    assert packet is not None
    assert packet.fragment == Fragment(5, 1480, more=True)
    unfragmented = ip_packet(ip4(DATA, UDP, ident=5, place=0x4000))
    assert unfragmented is not None
    assert unfragmented.fragment is None


def test_endless_extension_headers_end() -> None:
    assert skip_extensions(60, (bytes([60, 0]) + bytes(6)) * 40) is None
    assert ip_packet(ip((bytes([60, 0]) + bytes(6)) * 40, 60, ALICE6, BOB6)) is None
    assert skip_extensions(44, b"short") == (44, b"short", None)


@pytest.mark.parametrize(
    ("outer", "protocol"), [((ALICE, BOB), 4), ((ALICE, BOB), 41), ((ALICE6, BOB6), 41)]
)
def test_tunnels_of_ip_in_ip_are_opened(outer: tuple[object, object], protocol: int) -> None:
    inner = udp(DATA) if protocol == 4 else udp(DATA, ALICE6, BOB6)
    source, destination = (BOB6, ALICE6) if outer[0] is ALICE6 else (BOB, ALICE)
    packet = ip_packet(ip(inner, protocol, source, destination))
    assert packet is not None
    found = inner_packet(packet)
    assert found == ip_packet(inner)
    deeper = ip_packet(ip(ip(inner, protocol), 4))
    assert deeper is not None
    assert inner_packet(deeper) == found


def test_tunnels_end_somewhere_and_may_carry_anything() -> None:
    data = udp(DATA)
    for _ in range(9):
        data = ip(data, 4)
    packet = ip_packet(data)
    assert packet is not None
    assert inner_packet(packet).protocol == 4
    nothing = ip_packet(ip(b"nonsense", 4))
    assert nothing is not None
    assert inner_packet(nothing) == nothing


def test_a_tcp_segment_is_read_past_its_options() -> None:
    packet = ip_packet(tcp(DATA, 4_000_000_000, flags=ACK | PSH, acknowledgment=7))
    assert packet is not None
    segment = tcp_segment(packet)
    assert segment is not None
    assert (segment.source_port, segment.destination_port) == (5060, 5060)
    assert (segment.sequence, segment.acknowledgment) == (4_000_000_000, 7)
    assert (segment.flags, segment.payload) == (ACK | PSH, DATA)
    options = packet.payload[:12] + b"\x60" + packet.payload[13:20] + b"\1\1\1\0" + DATA
    longer = tcp_segment(packet._replace(payload=options))
    assert longer is not None
    assert longer.payload == DATA


def test_headers_that_are_not_whole_are_none() -> None:
    packet = ip_packet(udp(DATA))
    assert packet is not None
    assert udp_datagram(packet._replace(payload=b"1234567")) is None
    assert udp_datagram(packet._replace(payload=b"\0\1\0\2\0\7\0\0rest")) is None
    assert tcp_segment(packet._replace(payload=bytes(19))) is None
    assert tcp_segment(packet._replace(payload=bytes(40))) is None


def test_a_udp_length_of_zero_means_all_that_is_there() -> None:
    packet = ip_packet(udp(DATA))
    assert packet is not None
    payload = packet.payload[:4] + b"\0\0\0\0" + DATA
    datagram = udp_datagram(packet._replace(payload=payload))
    assert datagram is not None
    assert datagram.payload == DATA


@given(st.sampled_from([*LINK_TYPES, IPV4, IPV6]), st.binary(max_size=120))
def test_arbitrary_frames_never_raise(link_type: int, data: bytes) -> None:
    payload = link_payload(link_type, data)
    assert payload is not None
    packet = ip_packet(payload)
    if packet is not None:
        inner = inner_packet(packet)
        datagram, segment = udp_datagram(inner), tcp_segment(inner)
        assert datagram is None or len(datagram.payload) <= len(data) - 8
        assert segment is None or len(segment.payload) <= len(data) - 20


@given(st.binary(min_size=1, max_size=100))
def test_what_was_wrapped_comes_out_again(data: bytes) -> None:
    for source, destination in ((ALICE, BOB), (ALICE6, BOB6)):
        packet = ip_packet(udp(data, source, destination))
        assert packet is not None
        assert (packet.source, packet.destination) == (source.ip, destination.ip)
        datagram = udp_datagram(packet)
        assert datagram is not None
        assert datagram.payload == data
