"""How many descriptors calls may have: by figures, and in a process with few of them."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from sipice.plugins.descriptors import Descriptors, count, limit
from tests.capabilities import require

require("aiosipua", "cli")

from tests.plugins import flood
from tests.plugins.ends import run


@dataclass
class Process:
    most: int | None = 1_024
    has: int | None = 24

    def descriptors(self, spare: int | None = None) -> Descriptors:
        return Descriptors(spare, limit=lambda: self.most, count=lambda: self.has)


def granted(descriptors: Descriptors, now: float = 0.0, *, takes: int = 4) -> int:
    """How many calls get what they need, each at once."""
    calls = 0
    while calls < 5_000:
        grant = descriptors.grant(now)
        if grant is None or not grant.use(now, takes):
            break
        calls += 1
    return calls


@pytest.mark.parametrize(
    ("most", "spare", "calls"),
    [
        (1_024, None, (1_024 - 256 - 24) // 4),
        (100, None, (100 - 25 - 24) // 4),
        (100, 0, (100 - 24) // 4),
        (10_024, None, (10_024 - 256 - 24) // 4),
        (None, None, 5_000),
        (20, None, 0),
    ],
    ids=["ordinary", "small", "all", "high", "unlimited", "over"],
)
def test_calls_get_what_the_application_is_not_left(
    most: int | None, spare: int | None, calls: int
) -> None:
    assert granted(Process(most).descriptors(spare)) == calls


def test_where_the_system_tells_nothing_nobody_is_refused() -> None:
    assert granted(Process(has=None).descriptors()) == 5_000


def test_what_is_promised_is_not_promised_twice() -> None:
    descriptors = Process(100).descriptors()
    grants = [descriptors.grant(0.0) for _ in range(20)]
    held = [one for one in grants if one is not None]
    assert len(held) == (100 - 25 - 24) // 4
    assert descriptors.grant(9.0) is None, "counted anew, and still nothing was opened"
    held[0].give_back()
    held[0].give_back()
    assert descriptors.grant(9.0) is not None
    assert descriptors.grant(9.0) is None


def test_a_call_may_open_more_than_it_was_promised_as_long_as_there_is_more() -> None:
    descriptors = Process(100).descriptors()
    grant = descriptors.grant(0.0)
    assert grant is not None
    assert grant.use(0.0, 40)
    assert not grant.use(0.0, 12)
    assert grant.use(0.0, 11)


def test_a_call_is_expected_to_open_what_the_one_before_it_opened() -> None:
    descriptors = Process(100).descriptors()
    grant = descriptors.grant(0.0)
    assert grant is not None
    assert grant.use(0.0, 20)
    assert grant.use(0.0, 2)
    assert descriptors.grant(0.0) is not None
    assert descriptors.grant(0.0) is None


def test_what_was_given_back_counts_when_it_is_counted_again() -> None:
    process = Process(100)
    descriptors = process.descriptors()
    assert granted(descriptors) == 12
    process.has = 24 + 8
    assert granted(descriptors, 0.9) == 0
    assert granted(descriptors, 1.0) == 10


def test_it_is_said_once_until_there_is_room_again(caplog: pytest.LogCaptureFixture) -> None:
    process = Process(100)
    descriptors = process.descriptors()
    with caplog.at_level(logging.WARNING, "sipice"):
        granted(descriptors)
        granted(descriptors)
        assert len(caplog.records) == 1
        granted(descriptors, 1.0)
        assert len(caplog.records) == 2
    assert "of the 100 files" in caplog.text
    assert "25 are kept" in caplog.text


def test_the_figures_are_those_of_this_process() -> None:
    before = count()
    assert before is not None
    descriptor = os.open(os.devnull, os.O_RDONLY)
    try:
        assert count() == before + 1
    finally:
        os.close(descriptor)
    most = limit()
    assert most is None or most > before


def test_a_flood_of_calls_leaves_the_process_what_it_needs() -> None:
    """In a process of its own, which may open 100 files."""
    program = [sys.executable, "-m", "tests.plugins.flood"]
    done = subprocess.run(program, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_more_streams_than_there_is_room_for_are_refused_alone() -> None:
    run(flood.many_streams)
