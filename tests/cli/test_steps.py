from __future__ import annotations

import pytest

from tests.capabilities import require

require("cli")

from sipice.cli.steps import Step, ms, steps
from sipice.cli.story import Story
from tests.cli.stories import (
    KNOWN,
    LOWER,
    OPEN,
    answered,
    formed,
    of_pair,
    selected,
    sent,
    story,
)


def decided(at: float, pair: str = OPEN) -> tuple[float, str, dict[str, object]]:
    return at, "nomination-decided", of_pair(pair)


def by_name(told: Story) -> dict[str, Step]:
    return {step.what: step for step in steps(told, told.runs[0])}


def test_the_first_valid_pair_takes_at_least_one_round_trip() -> None:
    valid = by_name(story(KNOWN, formed(), sent(10.0, "1"), answered(10.05, "1")))
    assert valid["component 1 valid"].took == pytest.approx(0.05)
    assert valid["component 1 valid"].bound == 0.05
    assert valid["component 1 valid"].why == ""


def test_a_check_that_left_late_is_the_reason_for_a_late_pair() -> None:
    valid = by_name(
        story(
            KNOWN,
            formed(),
            formed(LOWER, 5),
            sent(10.0, "1"),
            sent(10.05, "2", LOWER),
            answered(10.1, "2", LOWER),
        )
    )
    assert valid["component 1 valid"].why == "its check left only after 50 ms, as number 2 of all"


def test_copies_tell_of_lost_packets() -> None:
    repeated = (10.5, "check-repeated", of_pair(id="1", copy=2))
    found = by_name(story(KNOWN, formed(), sent(10.0, "1"), repeated, answered(10.55, "1")))
    assert found["component 1 valid"].why == "it took 2 copies: packets were lost"


def test_selection_is_bound_by_the_last_new_check_or_by_the_first_valid_pair() -> None:
    begin = (KNOWN, formed(), sent(10.0, "1"), answered(10.05, "1"))
    end = (decided(10.05), sent(10.05, "3", kind="nominating"), selected(10.1))
    found = by_name(story(*begin, *end))["component 1 selected"]
    assert found.bound == pytest.approx(0.1)
    late = (formed(LOWER, 5), sent(10.04, "2", LOWER))
    found = by_name(story(*begin, *late, *end))["component 1 selected"]
    assert found.bound == pytest.approx(0.04 + 0.05 + 0.05)
    assert found.formula == "last new check + Ta + RTT"


def test_a_wait_for_better_pairs_is_the_reason_for_a_late_selection() -> None:
    wait = (10.05, "nomination-waits", of_pair(until=10.3, better=[LOWER]))
    found = by_name(
        story(
            KNOWN,
            formed(),
            sent(10.0, "1"),
            answered(10.05, "1"),
            wait,
            decided(10.3),
            selected(10.35),
        )
    )["component 1 selected"]
    assert found.why == f"waited 250 ms for {LOWER}"


def test_of_a_controlled_agent_the_peer_decides() -> None:
    heard = (10.2, "check-received", of_pair(use_candidate=True, id="7"))
    found = by_name(story(KNOWN, formed(), heard, selected(10.2, by="peer")))
    assert found["component 1 selected"].why == "the peer nominates; it did so after 200 ms"
    assert found["component 1 selected"].bound is None


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "unknown"), (0.0504, "50 ms"), (1.25, "1.25 s"), (180.2, "180 s")]
)
def test_times_are_short(seconds: float | None, text: str) -> None:
    assert ms(seconds) == text
