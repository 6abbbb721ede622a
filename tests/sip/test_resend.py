"""sipice.sip.resend: T1, 2·T1 and so on."""

from __future__ import annotations

from random import Random

import pytest

from sipice.sip import resend
from sipice.sip.alarms import Alarm
from sipice.sip.leg import CallLeg
from sipice.sip.outputs import CallKey, Output
from sipice.sip.settings import TapConfig
from sipice.sip.state import TapState
from tests.sip.taps import WAY


def sent(ceiling: float, times: int) -> list[float]:
    def nobody(_: object) -> None:
        raise AssertionError

    state = TapState(TapConfig(), Random(1), nobody)
    leg = CallLeg(CallKey("1", "a", True), "own")
    outputs: list[Output] = []
    resend.start(state, leg, 0.0, "x", b"data", WAY, ceiling=ceiling, times=times)
    found = []
    while (now := state.alarms.next()) is not None:
        due = state.alarms.take(now)
        assert due is not None
        assert due.alarm is Alarm.RESEND
        resend.fire(state, leg, now, due.detail)
        outputs += state.outputs
        found.append(now)
    assert len(outputs) >= len(found)
    assert leg.resends == {}
    return found


def test_the_interval_doubles() -> None:
    assert sent(float("inf"), 6) == pytest.approx([0.5, 1.5, 3.5, 7.5, 15.5, 31.5])


def test_the_interval_has_a_ceiling() -> None:
    assert sent(4.0, 6) == pytest.approx([0.5, 1.5, 3.5, 7.5, 11.5, 15.5])
