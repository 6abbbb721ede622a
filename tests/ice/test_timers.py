from __future__ import annotations

import sys
from random import Random

from sipice.ice.timers import PACE, Consent, Keepalive, Pac, Retransmit, Timers, TransactionEnd


def test_deadlines_come_in_order_and_equal_ones_in_order_of_arming() -> None:
    timers = Timers()
    timers.arm(Pac(0, 1), 2.0)
    timers.arm(PACE, 1.0)
    timers.arm(Consent(0, 1), 1.0)
    assert timers.next() == (1.0, PACE)
    found = [timers.pop_due(5.0) for _ in range(4)]
    assert found == [PACE, Consent(0, 1), Pac(0, 1), None]


def test_nothing_is_due_before_its_time() -> None:
    timers = Timers()
    timers.arm(PACE, 1.0)
    assert timers.pop_due(0.999) is None
    assert timers.pop_due(1.0) == PACE


def test_arming_again_moves_a_deadline_in_both_directions() -> None:
    timers = Timers()
    timers.arm(PACE, 3.0)
    timers.arm(PACE, 1.0)
    assert timers.next() == (1.0, PACE)
    timers.arm(PACE, 7.0)
    assert timers.next() == (7.0, PACE)
    assert timers.pop_due(6.0) is None


def test_a_disarmed_deadline_never_comes() -> None:
    timers = Timers()
    timers.arm(PACE, 1.0)
    timers.disarm(PACE)
    timers.disarm(PACE)
    assert timers.next() is None
    assert timers.at(PACE) is None


def test_keys_of_different_kinds_are_different_keys() -> None:
    same = (
        {Retransmit(b"x"), TransactionEnd(b"x")},
        {Consent(0, 1), Keepalive(0, 1), Pac(0, 1)},
    )
    assert [len(keys) for keys in same] == [2, 3]


def test_the_table_does_not_grow_with_the_number_of_changes() -> None:
    timers = Timers()
    for n in range(10_000):
        timers.arm(Consent(0, 1), float(n))
        timers.arm(PACE, float(10_000 - n))
    assert sys.getsizeof(timers._at) < 1000
    assert len(timers.keys()) == 2


def test_it_agrees_with_a_plain_dictionary() -> None:
    rng, timers, model = Random(5), Timers(), dict[Consent, float]()
    for step in range(3000):
        key, now = Consent(rng.randrange(5), rng.randrange(3)), step / 10
        action = rng.randrange(3)
        if action == 0:
            when = now + rng.randrange(50)
            timers.arm(key, when)
            model[key] = when
        elif action == 1:
            timers.disarm(key)
            model.pop(key, None)
        else:
            due = timers.pop_due(now)
            late = {k for k, when in model.items() if when <= now}
            assert (due in late) if late else due is None
            if isinstance(due, Consent):
                assert model.pop(due) <= min((model[k] for k in late if k != due), default=now)
        following = timers.next()
        assert (following[0] if following else None) == min(model.values(), default=None)
