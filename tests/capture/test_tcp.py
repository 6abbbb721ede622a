"""One direction of a TCP connection: order, doubles, overlaps, gaps, wrap-around."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipice.capture.tcp import MAX_AHEAD, PATIENCE, Direction, Piece

STREAM = bytes(range(256)) * 4


def piece(data: bytes, time: float = 0.0, frame: int = 1) -> Piece:
    return Piece(data, time, frame, lost=False)


def begun(sequence: int = 999) -> Direction:
    direction = Direction()
    assert direction.begin(sequence)
    return direction


def text(pieces: list[Piece]) -> bytes:
    return b"".join(one.data for one in pieces)


def test_segments_in_order_come_out_at_once() -> None:
    direction = begun()
    assert direction.receive(1000, piece(b"abc", 1.0, 4)) == [Piece(b"abc", 1.0, 4, lost=False)]
    assert text(direction.receive(1003, piece(b"def"))) == b"def"
    assert direction.receive(1006, piece(b"")) == []


def test_segments_out_of_order_wait_for_their_turn() -> None:
    direction = begun()
    assert direction.receive(1006, piece(b"ghi", 1.0, 1)) == []
    assert direction.receive(1003, piece(b"def", 2.0, 2)) == []
    ready = direction.receive(1000, piece(b"abc", 3.0, 3))
    assert [(one.data, one.frame) for one in ready] == [(b"abc", 3), (b"def", 2), (b"ghi", 1)]
    assert not any(one.lost for one in ready)


def test_retransmissions_and_overlaps_bring_each_byte_once() -> None:
    direction = begun()
    assert text(direction.receive(1000, piece(b"abcdef"))) == b"abcdef"
    assert direction.receive(1000, piece(b"abc")) == []
    assert direction.receive(999, piece(b"x")) == []
    assert text(direction.receive(1003, piece(b"XXXghi"))) == b"ghi"
    assert direction.receive(1012, piece(b"mno")) == []
    assert text(direction.receive(1009, piece(b"jklXX"))) == b"jklXXo"


def test_sequence_numbers_wrap_around() -> None:
    start = (1 << 32) - 5
    direction = begun(start - 1)
    assert direction.receive(1, piece(b"ghi")) == []
    assert text(direction.receive(start, piece(b"abcdef"))) == b"abcdefghi"
    assert text(direction.receive(4, piece(b"jkl"))) == b"jkl"


def test_without_syn_the_first_data_is_the_beginning() -> None:
    direction = Direction()
    assert direction.receive(499, piece(b"\0")) == []
    assert text(direction.receive(500, piece(b"abc"))) == b"abc"


def test_another_syn_between_the_same_ports_is_another_connection() -> None:
    direction = begun(999)
    assert direction.begin(999)
    assert not direction.begin(5000)
    middle = Direction()
    middle.receive(7, piece(b"abc"))
    assert not middle.begin(5000)


def test_an_acknowledged_gap_is_crossed_after_some_patience() -> None:
    direction = begun()
    direction.receive(1000, piece(b"abc", 1.0))
    assert direction.receive(1006, piece(b"ghi", 1.1, 5)) == []
    assert direction.acknowledged(1003, 1.2) == []
    assert direction.acknowledged(1009, 1.3) == []
    assert direction.acknowledged(1009, 1.3 + PATIENCE) == []
    assert direction.acknowledged(1009, 1.4 + PATIENCE) == [Piece(b"ghi", 1.1, 5, lost=True)]
    assert text(direction.receive(1009, piece(b"jkl"))) == b"jkl"


def test_a_gap_that_closes_in_time_is_none() -> None:
    direction = begun()
    direction.receive(1003, piece(b"def"))
    direction.acknowledged(1006, 1.0)
    assert text(direction.receive(1000, piece(b"abc"))) == b"abcdef"
    assert direction.acknowledged(1006, 99.0) == []
    direction.receive(1009, piece(b"jkl"))
    assert direction.acknowledged(1012, 99.5) == []


def test_what_waits_is_bounded_in_bytes_and_segments() -> None:
    direction = Direction(max_bytes=10)
    direction.begin(0)
    assert direction.receive(3, piece(b"123456")) == []
    ready = direction.receive(20, piece(b"abcdef"))
    assert [(one.data, one.lost) for one in ready] == [(b"123456", True)]
    many = Direction(max_segments=3)
    many.begin(0)
    came = [one for n in range(9) for one in many.receive(10 + 2 * n, piece(b"x"))]
    assert len(came) == 6
    assert all(one.lost for one in came)


def test_at_the_end_all_that_waits_comes_out() -> None:
    direction = begun()
    direction.receive(1003, piece(b"def"))
    direction.receive(1006, piece(b"ghi"))
    direction.receive(1020, piece(b"xyz"))
    assert [(one.data, one.lost) for one in direction.finish()] == [
        (b"def", True),
        (b"ghi", False),
        (b"xyz", True),
    ]
    assert direction.finish() == []


@pytest.mark.parametrize("away", [MAX_AHEAD + 100, -MAX_AHEAD - 100])
def test_a_segment_beyond_any_window_begins_anew(away: int) -> None:
    direction = begun()
    direction.receive(1003, piece(b"def"))
    far = (1000 + away) % (1 << 32)
    ready = direction.receive(far, piece(b"new"))
    assert [(one.data, one.lost) for one in ready] == [(b"def", True), (b"new", True)]
    assert text(direction.receive(far + 3, piece(b"er"))) == b"er"
    assert direction.acknowledged(5, 1.0) == []


@given(st.integers(0, (1 << 32) - 1), st.integers(0, 10_000))
def test_any_order_with_doubles_gives_the_stream_back(start: int, seed: int) -> None:
    rng = random.Random(seed)
    cuts = sorted({0, len(STREAM), *(rng.randrange(len(STREAM)) for _ in range(10))})
    spans = list(pairwise(cuts))
    segments = [(a, STREAM[a : min(len(STREAM), b + rng.randint(0, 9))]) for a, b in spans]
    segments += rng.sample(segments, 3)
    rng.shuffle(segments)
    direction = Direction()
    direction.begin((start - 1) % (1 << 32))
    came: list[Piece] = []
    for offset, data in segments:
        came += direction.receive((start + offset) % (1 << 32), piece(data))
    assert text(came) == STREAM
    assert direction.finish() == []
