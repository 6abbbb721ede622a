"""RFC 8656 §12.5 and RFC 4571: packets come out of a stream whole, however it is split."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipice.errors import DecodeError, UsageError
from sipice.stun import Framer, encode, frame_rfc4571
from tests.marks import rfc
from tests.stun import strategies

channel_data = st.builds(
    lambda number, data: number.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data,
    st.integers(0x4000, 0x4FFF),
    st.binary(max_size=30),
)
turn_packets = st.lists(st.one_of(channel_data, strategies.messages.map(encode)), max_size=5)


def padded(packet: bytes) -> bytes:
    """As it is written to a stream."""
    return packet + bytes(-len(packet) % 4)


def feed_in_pieces(framer: Framer, stream: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(stream) + 1) for cut in cuts} | {0, len(stream)})
    found: list[bytes] = []
    for begin, end in itertools.pairwise(places):
        found += framer.feed(stream[begin:end])
    return found


@given(turn_packets, st.lists(st.integers(0, 10000), max_size=20))
@rfc("8656", "12.5", "MUST", "8656-12.5-1")
@rfc("8489", "6.2.2", "MUST", "8489-6.2.2-1")
def test_stun_and_channel_data_come_out_as_they_went_in(
    packets: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(map(padded, packets))
    assert feed_in_pieces(Framer.turn(), stream, cuts) == packets


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.lists(st.integers(0, 10000)))
@rfc("8489", "6.2.2", "MUST", "8489-6.2.2-1")
def test_packets_behind_their_lengths_come_out_as_they_went_in(
    packets: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(map(frame_rfc4571, packets))
    assert feed_in_pieces(Framer.rfc4571(), stream, cuts) == packets


@pytest.mark.parametrize("stream", ["80000000", "c0ffffff", "00010002"])
def test_a_stream_of_something_else_is_refused(stream: str) -> None:
    with pytest.raises(DecodeError):
        Framer.turn().feed(bytes.fromhex(stream))


def test_a_frame_beyond_the_limit_is_refused_before_it_arrives() -> None:
    with pytest.raises(DecodeError):
        Framer.rfc4571(limit=1502).feed(bytes.fromhex("05dd"))
    assert Framer.rfc4571(limit=1502).feed(bytes.fromhex("05dc")) == []


def test_empty_frames_are_left_out() -> None:
    assert Framer.rfc4571().feed(bytes.fromhex("0000 0001aa 0000")) == [b"\xaa"]


def test_a_packet_that_rfc_4571_cannot_carry_is_the_callers_fault() -> None:
    with pytest.raises(UsageError):
        frame_rfc4571(bytes(65536))


@given(st.lists(st.binary(max_size=50), max_size=10))
def test_any_stream_gives_packets_or_the_one_error(pieces: list[bytes]) -> None:
    for framer in (Framer.turn(), Framer.rfc4571()):
        try:
            for piece in pieces:
                framer.feed(piece)
        except DecodeError:
            continue
