"""One offer from its making to its end, and the dialog that remembers it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sipice.sip.body import Body
from sipice.sip.call import Description, Fragment, Limits, Meaning, Outcome, Remark
from sipice.sip.dialog import Leg, Negotiation, keep_newest
from tests.marks import rfc


def description(text: bytes, time: float = 1.0) -> Description:
    body = Body(text, "application/sdp", "session", "", "", 0, len(text))
    return Description(
        time=time,
        sender="alice",
        source=None,
        destination=None,
        transport="UDP",
        carrier="INVITE",
        message_size=900,
        body=body,
    )


def leg(**limits: int) -> Leg:
    return Leg("alice", "bob", None, None, replace(Limits(), **limits))


@pytest.fixture
def negotiation() -> Negotiation:
    return Negotiation(1, 7, description(b"offer"))


@rfc("6337", "3.1.1", "must", "6337-3.1.1-1")
def test_a_preview_leaves_the_offer_open(negotiation: Negotiation) -> None:
    assert negotiation.take_preview(description(b"preview")) is Meaning.PREVIEW
    assert negotiation.is_open
    assert negotiation.snapshot().outcome is Outcome.PROVISIONAL


def test_a_preview_after_the_answer_is_ignored(negotiation: Negotiation) -> None:
    negotiation.take_answer(description(b"answer"), 3)
    assert negotiation.take_preview(description(b"answer")) is Meaning.IGNORED
    assert negotiation.snapshot().preview is None
    assert negotiation.snapshot().remarks == ()
    negotiation.take_preview(description(b"other"))
    assert negotiation.snapshot().remarks == (Remark.LATER_SDP_DIFFERS,)


def test_a_preview_after_a_rejection_is_ignored(negotiation: Negotiation) -> None:
    negotiation.reject(2.0, 488)
    assert negotiation.take_preview(description(b"late")) is Meaning.IGNORED
    assert negotiation.snapshot().outcome is Outcome.REJECTED


def test_a_rejection_comes_once_and_never_after_an_answer(negotiation: Negotiation) -> None:
    assert negotiation.reject(2.0, 491) is Meaning.REJECTION
    assert negotiation.reject(3.0, 500) is Meaning.NOTHING
    assert (negotiation.status, negotiation.ended) == (491, 2.0)
    answered = Negotiation(1, 7, description(b"offer"))
    answered.take_answer(description(b"answer", 1.5), 1)
    assert answered.reject(3.0, 500) is Meaning.NOTHING
    assert (answered.outcome, answered.status, answered.ended) == (Outcome.ANSWERED, None, 1.5)


def test_a_2xx_that_overtakes_a_failure_answers_after_all(negotiation: Negotiation) -> None:
    negotiation.reject(2.0, 487)
    assert negotiation.take_answer(description(b"answer", 2.5), 1) is Meaning.ANSWER
    assert (negotiation.outcome, negotiation.status) == (Outcome.ANSWERED, None)


def test_an_empty_2xx_after_the_answer_changes_nothing(negotiation: Negotiation) -> None:
    negotiation.take_answer(description(b"answer"), 3)
    before = negotiation.snapshot()
    negotiation.take_empty_success(9.0)
    assert negotiation.snapshot() == before


def test_a_remark_is_made_once(negotiation: Negotiation) -> None:
    negotiation.take_empty_success(1.0)
    negotiation.take_empty_success(2.0)
    assert negotiation.snapshot().remarks == (Remark.NO_ANSWER,)


def test_a_dialog_keeps_the_newest_exchanges_and_fragments() -> None:
    small = leg(exchanges=2, fragments=2, transactions=2)
    for number in range(4):
        small.open(6, number, description(b"%d" % number))
        body = description(b"%d" % number).body
        small.take_fragment(Fragment(time=1.0, sender="bob", cseq=number, body=body))
        small.note_reliable(number, 1, None)
    view = small.snapshot()
    assert [exchange.cseq for exchange in view.exchanges] == [2, 3]
    assert [fragment.cseq for fragment in view.fragments] == [2, 3]
    assert list(small.reliable) == [(2, 1), (3, 1)]


def test_an_offer_of_pattern_4_waits_for_its_prack() -> None:
    one = leg()
    assert one.open_offer_in_1xx() is None
    one.open(1, 1, description(b"offer")).take_answer(description(b"answer"), 1)
    waiting = one.open(4, 2, description(b"offer"))
    assert one.open_offer_in_1xx() is waiting
    waiting.take_answer(description(b"answer"), 4)
    assert one.open_offer_in_1xx() is None


def test_the_oldest_entries_go_first() -> None:
    table = {1: "a", 2: "b", 3: "c"}
    keep_newest(table, 2)
    assert table == {2: "b", 3: "c"}
    keep_newest(table, 2)
    assert table == {2: "b", 3: "c"}
