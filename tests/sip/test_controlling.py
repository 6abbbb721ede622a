"""sipice.sip.controlling: the verbs that a tap uses, and no others."""

from __future__ import annotations

from sipice.sip.controlling import Controlling
from tests.sip.taps import FakeController


def test_a_scripted_controller_is_one() -> None:
    verbs = {name for name in vars(Controlling) if not name.startswith("_")}
    assert verbs <= set(dir(FakeController))
    assert {"begin_offer", "receive_answer", "offer_failed", "close"} <= verbs
