from __future__ import annotations

import pytest

from tests.capabilities import require

require("cli")

from sipice.cli.diagnosis import fate, headline, losses, reasons
from tests.cli.stories import KNOWN, OPEN, answered, formed, sent, story, whole


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("connected-a", "connected after 100 ms"),
        ("consent-lost-a", "connected after 100 ms, path LOST after"),
        ("failure-a", "FAILED after 39.55 s: no check of a component succeeded"),
        ("no-answer-a", "never began: the peer's description did not come"),
    ],
)
def test_the_headline_says_how_it_ended(case: str, text: str) -> None:
    told = whole(case)
    assert headline(told, told.runs[0]).startswith(text)
    assert bool(losses(told, told.runs[0])) == ("LOST" in text)


def test_a_record_that_ends_early_is_undecided() -> None:
    told = story(KNOWN, formed(), sent(10.0, "1"))
    assert headline(told, told.runs[0]) == "undecided at the end of the record, 0 ms later"


def test_the_fate_of_a_pair_counts_packets() -> None:
    told = story(KNOWN, formed())
    pair = told.runs[0].pairs[OPEN]
    assert fate(pair) == "was not tried"
    pair = story(KNOWN, formed(), sent(10.0, "1")).runs[0].pairs[OPEN]
    assert fate(pair) == "no answer to 1 packet"
    pair.failed = "the response came from elsewhere"
    assert fate(pair) == "the response came from elsewhere"
    pair.succeeded_at = 1.0
    assert fate(pair) == "worked"


def test_better_pairs_are_named_with_their_fate() -> None:
    told = whole("trickle-a")
    text = " ".join(reasons(told, told.runs[0]))
    assert "of 6 pairs it is the best that worked" in text
    assert "#1 (host-host) no answer to 1 packet" in text


def test_copies_of_the_peers_checks_show_which_way_is_closed() -> None:
    told = whole("one-way-a")
    assert told.runs[0].repeats == 6
    (text,) = reasons(told, told.runs[0])
    assert text.endswith("the way from us to the peer is closed.")
    told.runs[0].repeats = 0
    (text,) = reasons(told, told.runs[0])
    assert text.endswith("or what it answers to them.")
    told.runs[0].repeats = 6


def test_no_candidates_of_the_peer_are_the_reason() -> None:
    told = story(KNOWN)
    assert reasons(told, told.runs[0]) == [
        "The peer named no candidate: its description has none, and none was trickled."
    ]


def test_a_component_that_the_peer_does_not_have_is_no_reason() -> None:
    """baresip names candidates of component 1 alone; what is missing is its nomination."""
    of_first = {"candidate": {"component": 1, "address": "192.0.2.2:6000"}, "verdict": "taken"}
    told = story(
        KNOWN, (10.0, "remote-candidate", {"stream": 0, "generation": 1, **of_first}), formed(),
        sent(10.0, "1"), answered(10.1, "1"),
    )  # fmt: skip
    told.runs[0].components = 2
    (text,) = reasons(told, told.runs[0])
    assert text.startswith("Every component has a valid pair, but no nomination was completed.")


@pytest.mark.parametrize(("who", "text"), [("peer", "the peer gave way"), ("us", "we gave way")])
def test_a_conflict_after_a_restart_is_told_by_what_both_wanted(who: str, text: str) -> None:
    """pjsua2 answers our restart as the controlled side, which we are since its first offer."""
    told = story(
        (0.0, "role-switched", {"role": "controlled"}), KNOWN, formed(),
        (10.0, "role-conflict", {"remote": "r", "role": "controlled", "who": who}),
    )  # fmt: skip
    (found,) = (one for one in reasons(told, told.runs[0]) if "conflict" in one)
    assert found.startswith("Both sides wanted to be controlled;")
    assert text in found
