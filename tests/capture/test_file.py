"""Reading pcap and pcapng: times, lengths, link types, and files that are cut or damaged."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipice.capture.file import MAX_BLOCK, Packet, is_capture, read_capture
from sipice.capture.notes import Notes, Trouble
from sipice.errors import DecodeError
from tests.capabilities import needs
from tests.capture.writer import (
    ETHERNET,
    RAW,
    block,
    enhanced,
    interface,
    option,
    pcap,
    pcapng,
    section,
)

pytestmark = needs("cli")

ONE, TWO = b"first packet", b"the second packet"


def read(data: bytes) -> tuple[list[Packet], list[Trouble]]:
    notes = Notes()
    return list(read_capture(data, notes)), [note.trouble for note in notes]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_pcap_of_either_byte_order_and_resolution(order: str, nano: bool) -> None:
    packets, troubles = read(pcap([ONE, TWO], ETHERNET, order=order, nano=nano, step=0.5))
    assert packets == [
        Packet(1, 1000.0, ETHERNET, ONE, len(ONE)),
        Packet(2, 1000.5, ETHERNET, TWO, len(TWO)),
    ]
    assert troubles == []


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_of_either_byte_order(order: str) -> None:
    packets, troubles = read(pcapng([ONE, TWO], ETHERNET, order=order))
    assert packets == [
        Packet(1, 1000.0, ETHERNET, ONE, len(ONE)),
        Packet(2, 1000.01, ETHERNET, TWO, len(TWO)),
    ]
    assert troubles == []


def test_a_capture_is_read_from_a_path_and_from_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([ONE]))
    assert [packet.data for packet in read_capture(path, Notes())] == [ONE]
    stream = io.BytesIO(pcap([ONE]))
    assert [packet.data for packet in read_capture(stream, Notes())] == [ONE]
    assert not stream.closed
    path.write_bytes(b"no capture")
    with pytest.raises(DecodeError, match="not a capture"):
        read_capture(path, Notes())


def test_the_modified_pcap_of_old_linux_has_longer_packet_headers() -> None:
    file = struct.pack(">IHHiIII", 0xA1B2CD34, 2, 4, 0, 0, 65_535, RAW)
    file += struct.pack(">IIIIIHBB", 5, 250_000, len(ONE), len(ONE), 1, 0, 0, 0) + ONE
    assert read(file)[0] == [Packet(1, 5.25, RAW, ONE, len(ONE))]


def test_a_packet_cut_by_the_snap_length_keeps_its_length_on_the_wire() -> None:
    packets, troubles = read(pcap([TWO], snap_length=5))
    assert packets == [Packet(1, 1000.0, RAW, TWO[:5], len(TWO))]
    assert troubles == []


def test_interfaces_have_their_own_link_type_clock_and_offset() -> None:
    millis = option(9, b"\x03") + option(14, struct.pack("<q", 3600)) + option(0, b"")
    binary = option(9, b"\x8a") + option(0, b"")
    file = section() + interface(ETHERNET, millis) + interface(RAW, binary)
    file += enhanced(ONE, 1500, 0) + enhanced(TWO, 2048, 1)
    packets, _ = read(file)
    assert [(p.time, p.link_type) for p in packets] == [(3601.5, ETHERNET), (2.0, RAW)]


def test_a_second_section_may_have_another_byte_order() -> None:
    packets, troubles = read(pcapng([ONE]) + pcapng([TWO], ETHERNET, order=">"))
    assert [(p.number, p.link_type, p.data) for p in packets] == [
        (1, RAW, ONE),
        (2, ETHERNET, TWO),
    ]
    assert troubles == []


def test_simple_and_obsolete_packet_blocks_are_read() -> None:
    simple = block(3, struct.pack("<I", len(TWO)) + TWO)
    old = block(2, struct.pack("<HHIIII", 0, 0, 0, 3_000_000, len(ONE), len(ONE)) + ONE)
    packets, _ = read(section() + interface(RAW, snap_length=4) + old + simple)
    assert packets == [
        Packet(1, 3.0, RAW, ONE, len(ONE)),
        Packet(2, 3.0, RAW, TWO[:4], len(TWO)),
    ]


def test_blocks_of_other_kinds_and_odd_comments_are_passed_over() -> None:
    odd = option(1, b"caf\xe9") + option(0, b"")
    other = block(5, b"statistics..")
    file = section() + interface(RAW, odd) + other + enhanced(ONE, 0, options=odd)
    packets, troubles = read(file)
    assert [packet.data for packet in packets] == [ONE]
    assert troubles == []


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_a_file_that_is_cut_gives_what_is_there_and_one_note(make: object) -> None:
    assert callable(make)
    whole = make([ONE, TWO])
    assert isinstance(whole, bytes)
    before = len(make([ONE]))
    for end in range(before + 1, len(whole)):
        packets, troubles = read(whole[:end])
        assert [packet.data for packet in packets] == [ONE]
        assert troubles == [Trouble.TRUNCATED]


def test_a_damaged_length_ends_the_reading_with_a_note() -> None:
    broken = pcap([ONE]) + struct.pack("<IIII", 1, 1, MAX_BLOCK + 1, 5)
    assert [len(part) for part in read(broken)] == [1, 1]
    for length in (4, MAX_BLOCK + 4):
        packets, troubles = read(pcapng([ONE]) + struct.pack("<II", 6, length))
        assert (len(packets), troubles) == (1, [Trouble.CORRUPT])


@pytest.mark.parametrize(
    "tail",
    [
        enhanced(ONE, 0, number=3),
        block(6, b"short"),
        block(1, b""),
        bytes.fromhex("0a0d0d0a") + bytes(24),
        bytes.fromhex("0a0d0d0a") + struct.pack("<II", 12, 0x1A2B3C4D),
        interface(RAW) * 5000,
    ],
)
def test_blocks_that_make_no_sense_end_the_reading_with_a_note(tail: bytes) -> None:
    packets, troubles = read(pcapng([ONE]) + tail)
    assert [packet.data for packet in packets] == [ONE]
    assert troubles == [Trouble.CORRUPT]


@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 40, b"v=0\r\n", pcap([])[:20], section()[:8], section()[:8] + bytes(20)]
)
def test_what_is_no_capture_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError, match="not a capture"):
        read_capture(data, Notes())


def test_a_capture_is_told_by_its_first_bytes() -> None:
    assert is_capture(pcap([]))
    assert is_capture(pcapng([], order=">"))
    assert not is_capture(b"INVITE sip:")
    assert not is_capture(b"\xa1\xb2")


@given(st.sampled_from([pcap([ONE, TWO]), pcapng([ONE, TWO])]), st.binary(max_size=200), st.data())
def test_damage_anywhere_never_raises(good: bytes, junk: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(24, len(good)))
    damaged = good[:place] + junk + good[place + len(junk) :]
    try:
        packets, _ = read(damaged)
    except DecodeError:
        return
    assert sum(len(packet.data) for packet in packets) <= len(damaged)
