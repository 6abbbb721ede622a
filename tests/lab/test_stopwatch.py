"""Captures are read alike for every engine."""

from __future__ import annotations

from pathlib import Path

from tests.capabilities import require

require("cli")

from tests.lab.stopwatch import look
from tests.lab.test_capture import ONE, TWO, capture
from tests.simnet.wire import Attr, Class, Method, build, channel_data


def check(number: int, *, nominates: bool = False) -> bytes:
    attributes = [(Attr.USERNAME, b"a:b")] + ([(Attr.USE_CANDIDATE, b"")] if nominates else [])
    return build(Method.BINDING, Class.REQUEST, bytes([number] * 12), attributes)


def answer(number: int) -> bytes:
    return build(Method.BINDING, Class.SUCCESS, bytes([number] * 12))


def test_the_first_answer_to_an_own_check_makes_a_valid_pair(tmp_path: Path) -> None:
    packets = [check(1), check(1), check(2), check(3, nominates=True)]
    replies = [answer(9), answer(2), b"\x80media"]
    seen = look(capture(tmp_path, *packets, replies=replies), ONE)
    assert seen.valid is not None
    assert seen.media is not None
    start = seen.checks[0].time
    assert round(seen.valid - start) == 5
    assert round(seen.media - start) == 6
    assert seen.sent_until(start + 2.5) == 3
    assert seen.last_new_check(start + 10) == seen.checks[2].time
    other = look(capture(tmp_path, *packets, replies=replies), TWO)
    assert other.checks == []
    assert other.valid is None


def test_checks_through_a_relay_count_like_others(tmp_path: Path) -> None:
    wrapped = [channel_data(0x4000, check(1))]
    seen = look(capture(tmp_path, *wrapped, replies=[channel_data(0x4000, answer(1))]), ONE)
    assert len(seen.checks) == 1
    assert seen.valid is not None
    assert seen.media is None
