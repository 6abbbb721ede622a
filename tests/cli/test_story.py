from __future__ import annotations

from tests.capabilities import require

require("cli")

from tests.cli.stories import KNOWN, LOWER, OPEN, formed, of_pair, sent, story


def test_pairs_are_numbered_by_priority() -> None:
    told = story(KNOWN, formed(LOWER, 5), formed(OPEN, 9), sent(10.0, "1", LOWER))
    assert [(pair.number, pair.text) for pair in told.runs[0].ordered] == [(1, OPEN), (2, LOWER)]
    assert told.timeline[-1].text == "check #2 > 192.0.2.3:6000"


def test_the_larger_pacing_of_both_sides_counts() -> None:
    told = story(KNOWN)
    run = told.runs[0]
    assert told.ta(run) == 0.050
    run.pacing_ms = 20
    told.config = {"ta": 0.030}
    assert told.ta(run) == 0.030
    told.config = {"ta": 0.020}
    assert told.ta(run) == 0.020


def test_checks_of_the_peer_count_although_their_pair_came_later() -> None:
    heard = (9.9, "check-received", of_pair(use_candidate=False, id="7"))
    assert len(story(heard, KNOWN, formed()).runs[0].pairs[OPEN].heard) == 1


def test_the_state_follows_the_last_that_happened() -> None:
    failed = (50.0, "stream-failed", {"stream": 0, "generation": 1, "why": "w"})
    resumed = (60.0, "stream-resumed", {"stream": 0, "generation": 1, "pairs": 1})
    assert story().runs[0].state == "waiting"
    assert story(KNOWN).runs[0].state == "running"
    assert story(KNOWN, failed).runs[0].state == "failed"
    assert story(KNOWN, failed, resumed).runs[0].state == "running"
