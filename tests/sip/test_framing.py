"""SIP over a byte stream: the same messages however the stream is cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipice.sip.framing import StreamFramer
from sipice.sip.message import MAX_START_LINE
from tests.sip.build import ANSWER, invite, sip

FIRST = invite()
SECOND = sip("SIP/2.0 200 OK", "l:  0")
THIRD = invite(body=ANSWER).replace(b"Content-Length", b"l ")


def framed(*chunks: bytes) -> list[bytes]:
    framer = StreamFramer()
    return [message for chunk in chunks for message in framer.receive(chunk)]


def test_messages_in_one_chunk_come_out_one_by_one() -> None:
    assert framed(FIRST + SECOND + THIRD) == [FIRST, SECOND, THIRD]


def test_a_message_comes_out_with_its_last_byte() -> None:
    framer = StreamFramer()
    assert framer.receive(FIRST[:-1]) == []
    assert framer.pending == len(FIRST) - 1
    assert framer.receive(FIRST[-1:]) == [FIRST]
    assert framer.pending == 0


def test_a_double_crlf_between_messages_is_a_ping_and_a_single_one_is_not() -> None:
    framer = StreamFramer()
    messages = framer.receive(b"\r\n\r\n" + FIRST + b"\r\n" + SECOND + b"\r\n\r\n\r\n\r\n")
    assert messages == [FIRST, SECOND]
    assert framer.pings == 3
    framer.receive(b"\r\n")
    assert framer.pings == 3
    framer.receive(b"\r\n")
    assert (framer.pings, framer.skipped) == (4, 0)


def test_without_content_length_there_is_no_body() -> None:
    head = b"OPTIONS sip:a SIP/2.0\r\nTo: b\r\n\r\n"
    assert framed(head + FIRST) == [head, FIRST]


def test_bare_line_feeds_end_headers_too() -> None:
    message = b"OPTIONS sip:a SIP/2.0\nContent-Length: 4\n\nbody"
    assert framed(message + FIRST) == [message, FIRST]


def test_junk_is_skipped_up_to_the_next_message() -> None:
    framer = StreamFramer()
    junk = b"\x16\x03\x01 noise\r\nmore noise\r\n"
    assert framer.receive(junk + FIRST) == [FIRST]
    assert framer.skipped == len(junk)


def test_a_line_too_long_to_begin_a_message_is_skipped_whole() -> None:
    long = b"INVITE sip:" + b"a" * MAX_START_LINE + b" SIP/2.0\r\n"
    for step in (len(long), 1000):
        chunks = [long[at : at + step] for at in range(0, len(long), step)]
        assert framed(*chunks, FIRST) == [FIRST]
    framer = StreamFramer()
    framer.receive(b"x" * 1_000_000)
    assert framer.pending == 0


def test_headers_without_end_are_given_up_and_the_stream_goes_on() -> None:
    framer = StreamFramer(max_headers=1000)
    endless = b"INVITE sip:a SIP/2.0\r\n" + b"X: y\r\n" * 300
    for at in range(0, len(endless), 7):
        assert framer.receive(endless[at : at + 7]) == []
        assert framer.pending <= 1007
    assert framer.receive(b"\r\n" + FIRST[:900] + FIRST[900:]) == [FIRST]


def test_a_body_beyond_the_limit_is_skipped() -> None:
    huge = b"MESSAGE sip:a SIP/2.0\r\nContent-Length: 5000000000\r\n\r\n"
    assert framed(huge + b"some of it\r\n" + FIRST) == [FIRST]


def test_after_a_loss_the_next_beginning_counts() -> None:
    framer = StreamFramer()
    framer.receive(FIRST[:100])
    framer.reset()
    assert framer.receive(FIRST[150:] + SECOND) == [SECOND]
    framer.receive(FIRST[:100])
    framer.reset()
    assert framer.receive(THIRD) == [THIRD]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 100])
def test_any_step_gives_the_same_messages(step: int) -> None:
    stream = b"\r\n\r\njunk\r\n" + FIRST + b"\r\n\r\n" + SECOND + THIRD
    chunks = [stream[at : at + step] for at in range(0, len(stream), step)]
    assert framed(*chunks) == [FIRST, SECOND, THIRD]


PIECES = [FIRST, SECOND, THIRD, b"\r\n", b"\r\n\r\n", b"\n", b"junk\r\n", b"INVITE ", b"\x00\xff"]
PIECES += [b"INVITE sip:a SIP/2.0\r\n", b"Content-Length: 7\r\n\r\n", b"y" * 400, b"\r"]
CUTS = st.lists(st.integers(0, 4000), max_size=12)


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=9), max_size=12), CUTS, CUTS)
def test_framing_is_the_same_for_any_split(
    pieces: list[bytes], cuts: list[int], others: list[int]
) -> None:
    stream = b"".join(pieces)

    def seen(places: list[int]) -> tuple[list[bytes], int, int]:
        framer = StreamFramer(max_headers=700, max_body=300)
        edges = sorted({0, len(stream), *(place % (len(stream) + 1) for place in places)})
        messages = [m for a, b in pairwise(edges) for m in framer.receive(stream[a:b])]
        return messages, framer.pings, framer.skipped

    assert seen(cuts) == seen(others)
