from __future__ import annotations

from tests.capabilities import require

require("cli")

from tests.cli.stories import KNOWN, OPEN, formed, of_pair, sent, story, whole


def test_each_check_has_its_kind_copies_and_end() -> None:
    told = whole("lost-packet-a")
    first, nomination = told.runs[0].checks
    assert (first.copies, first.result) == (2, "succeeded")
    assert (nomination.kind, nomination.result) == ("nominating", "succeeded")


def test_a_check_that_was_refused_says_why() -> None:
    refused = (10.05, "check-refused", of_pair(code=487))
    told = story(KNOWN, formed(), sent(10.0, "1"), refused)
    (check,) = told.runs[0].pairs[OPEN].checks
    assert (check.result, check.reason) == ("refused", "error 487")
    assert told.refused_by_peer[487] == 1


def test_unsealed_errors_are_counted_by_their_code() -> None:
    told = whole("wrong-password-b")
    assert told.unsealed[401] > 5
    assert told.wrong_requests == {}


def test_consent_and_loss_are_followed() -> None:
    path = whole("consent-lost-a").paths[0, 1]
    assert path.asked > path.answered > 1
    assert path.lost is not None
    assert path.last_answer is not None
    assert 29.9 < path.lost[0] - path.last_answer <= 30.0
