"""IP datagrams out of fragments in any order, and what becomes of those that stay incomplete."""

from __future__ import annotations

import random

import pytest

from sipice.capture.fragments import MAX_AGE, Reassembly
from sipice.capture.notes import Notes, Trouble
from sipice.capture.packet import IpPacket, ip_packet
from tests.capture.writer import (
    ALICE6,
    BOB6,
    UDP,
    fragments4,
    fragments6,
    ip,
    ip4,
    udp,
    udp_payload,
)

PAYLOAD = udp_payload(bytes(range(256)) * 8)


def packets(pieces: list[bytes]) -> list[IpPacket]:
    found = [ip_packet(piece) for piece in pieces]
    return [packet for packet in found if packet is not None]


def played(pieces: list[bytes], notes: Notes | None = None, limit: int = 8) -> list[bytes]:
    reassembly = Reassembly(notes or Notes(), limit)
    wholes = []
    for frame, packet in enumerate(packets(pieces), 1):
        whole = reassembly.add(packet, 1.0, frame)
        if whole is not None:
            wholes.append(whole.packet.payload)
    reassembly.finish()
    return wholes


def test_a_packet_that_is_no_fragment_passes() -> None:
    notes = Notes()
    assert played([udp(b"x")], notes) == [udp_payload(b"x")]
    assert list(notes) == []


@pytest.mark.parametrize("cut", [fragments4, fragments6], ids=["v4", "v6"])
def test_fragments_in_any_order_and_doubled_make_the_datagram(cut: object) -> None:
    assert callable(cut)
    pieces = cut(PAYLOAD, UDP, 400)
    assert isinstance(pieces, list)
    rng = random.Random(4)
    for _ in range(20):
        shuffled = [*pieces, pieces[2]]
        rng.shuffle(shuffled)
        wholes = played(shuffled)
        assert wholes[0] == PAYLOAD


def test_the_frames_of_all_pieces_are_named() -> None:
    reassembly = Reassembly(Notes(), 8)
    results = [
        reassembly.add(packet, 1.0, frame)
        for frame, packet in enumerate(packets(fragments4(PAYLOAD, UDP, 1024)), 11)
    ]
    assert results[:-1] == [None, None]
    whole = results[-1]
    assert whole is not None
    assert whole.frames == (11, 12, 13)
    assert (whole.packet.protocol, whole.packet.fragment) == (UDP, None)


def test_datagrams_between_each_other_are_kept_apart() -> None:
    one, two = (
        fragments4(PAYLOAD, UDP, 1024, ident=1),
        fragments4(PAYLOAD[::-1], UDP, 1024, ident=2),
    )
    mixed = [piece for pair in zip(one, two, strict=True) for piece in pair]
    assert played(mixed) == [PAYLOAD, PAYLOAD[::-1]]


def test_where_pieces_overlap_the_lower_one_wins_and_nothing_is_doubled() -> None:
    aligned = [
        ip4(PAYLOAD[:800], UDP, ident=7, place=0x2000),
        ip4(b"X" * 80 + PAYLOAD[800:], UDP, ident=7, place=720 // 8),
    ]
    assert played(aligned) == [PAYLOAD]


def test_extension_headers_may_stand_behind_the_fragment_header() -> None:
    inner = bytes([UDP, 0]) + bytes(6) + PAYLOAD
    assert played(fragments6(inner, 60, 1024)) == [PAYLOAD]
    assert played(fragments6(bytes([60, 0, 0, 0, 0, 0, 0, 0]) * 40, 60, 64)) == []


def test_pieces_of_enough_bytes_with_a_hole_are_not_whole() -> None:
    pieces = [
        ip4(PAYLOAD[:800], UDP, ident=7, place=0x2000),
        ip4(PAYLOAD[400:800], UDP, ident=7, place=0x2000 | 50),
        ip4(PAYLOAD[1200:], UDP, ident=7, place=150),
    ]
    assert played(pieces) == []
    assert played([*pieces, ip4(PAYLOAD[800:1200], UDP, ident=7, place=0x2000 | 100)]) == [PAYLOAD]


def test_a_missing_fragment_is_noted_at_the_end() -> None:
    notes = Notes()
    assert played(fragments4(PAYLOAD, UDP, 400)[:-1], notes) == []
    assert [(note.trouble, note.frame) for note in notes] == [(Trouble.FRAGMENTS, 1)]


def test_an_old_datagram_is_given_up_when_its_number_comes_again() -> None:
    notes = Notes()
    reassembly = Reassembly(notes, 8)
    first, second, third = packets(fragments4(PAYLOAD, UDP, 1024))
    reassembly.add(first, 0.0, 1)
    reassembly.add(second, MAX_AGE + 1, 2)
    assert reassembly.add(third, MAX_AGE + 1, 3) is None
    assert reassembly.add(first, MAX_AGE + 1, 4) is not None
    assert [note.count for note in notes] == [1]


def test_only_so_many_datagrams_are_held() -> None:
    notes = Notes()
    starts = [fragments4(PAYLOAD, UDP, 1024, ident=number)[0] for number in range(20)]
    assert played(starts, notes, limit=4) == []
    assert [note.count for note in notes] == [20]


def test_a_datagram_beyond_all_size_or_of_too_many_pieces_is_given_up() -> None:
    notes = Notes()
    assert played([ip4(b"x" * 100, UDP, ident=7, place=0x1FFF)], notes) == []
    assert [note.count for note in notes] == [1]
    crumbs = [
        ip(b"\x11\0" + (n * 8 | 1).to_bytes(2) + bytes(4) + b"12345678", 44, ALICE6, BOB6)
        for n in range(700)
    ]
    assert played(crumbs, notes) == []
    assert [note.count for note in notes] == [3]
