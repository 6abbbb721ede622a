"""What a tracker tells of a call are values: they stay as they were when they were told."""

from __future__ import annotations

import pytest

from sipice.sip.call import DialogState, Outcome, Remark
from sipice.sip.exchange import Tracker
from tests.sip.story import CALL_ID, INVITE, OK, name, play, request


def test_a_call_once_told_does_not_change_when_the_call_goes_on() -> None:
    tracker = Tracker()
    play(tracker, [INVITE])
    before = tracker.call(CALL_ID)
    play(tracker, [OK, request("BYE", 2, to="bob")], start=1.0)
    after = tracker.call(CALL_ID)
    assert before is not None
    assert after is not None
    assert before.dialogs[0].exchanges[0].outcome is Outcome.PENDING
    assert after.dialogs[0].exchanges[0].outcome is Outcome.ANSWERED
    assert (before.dialogs[0].state, after.dialogs[0].state) == (
        DialogState.EARLY,
        DialogState.ENDED,
    )
    assert hash(before) != hash(after)


def test_a_call_cannot_be_changed_by_who_reads_it() -> None:
    tracker = Tracker()
    play(tracker, [INVITE])
    (call,) = tracker.calls()
    with pytest.raises(AttributeError):
        call.call_id = "other"  # type: ignore[misc]
    assert name(call.dialogs[0].exchanges[0].offer.body.data) == "offer"


def test_a_remark_is_a_sentence_for_a_person() -> None:
    assert all(str(remark).islower() or " " in str(remark) for remark in Remark)
    assert str(Remark.NO_ANSWER) == "the 2xx carries no answer"
