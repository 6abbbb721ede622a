"""sipice.sip.alarms: deadlines by name."""

from __future__ import annotations

from sipice.sip.alarms import Alarm, Alarms, Due
from sipice.sip.outputs import CallKey

CALL = CallKey("1", "alice", True)
ONE, TWO = Due(CALL, Alarm.RESEND, 1), Due(CALL, Alarm.RESEND, 2)


def test_the_earliest_is_next_and_equal_ones_come_as_they_were_set() -> None:
    alarms = Alarms()
    alarms.set(TWO, 2.0)
    alarms.set(ONE, 1.0)
    assert alarms.next() == 1.0
    assert alarms.take(0.9) is None
    alarms.set(ONE, 2.0)
    assert [alarms.take(2.0) for _ in range(3)] == [TWO, ONE, None]
    assert alarms.next() is None


def test_moved_and_cancelled_deadlines_do_not_come() -> None:
    alarms = Alarms()
    alarms.set(ONE, 1.0)
    alarms.set(ONE, 3.0)
    alarms.set(TWO, 2.0)
    alarms.cancel(TWO)
    assert alarms.next() == 3.0
    assert alarms.take(5.0) == ONE
    assert alarms.take(5.0) is None


def test_a_call_takes_its_deadlines_with_it() -> None:
    alarms = Alarms()
    other = Due(CALL._replace(call_id="2"), Alarm.SILENCE)
    alarms.set(ONE, 1.0)
    alarms.set(other, 2.0)
    alarms.cancel_call(CALL)
    assert alarms.next() == 2.0
