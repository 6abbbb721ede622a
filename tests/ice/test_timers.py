from __future__ import annotations

import sys
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sipice.ice.timers import (
    NEVER,
    PACE,
    Consent,
    Keepalive,
    Pac,
    Retransmit,
    Timers,
    TransactionEnd,
)


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


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["arm", "disarm", "pop", "first"]),
            st.integers(0, 4),
            st.integers(0, 6),
        ),
        max_size=60,
    )
)
def test_the_table_equals_a_sorted_list(steps: list[tuple[str, int, int]]) -> None:
    timers = Timers()
    plain: list[tuple[float, int, Consent]] = []
    for number, (what, which, when) in enumerate(steps):
        key = Consent(0, which)
        armed = [entry for entry in plain if entry[2] == key]
        if what == "arm" and not (armed and armed[0][0] == when):
            plain = [entry for entry in plain if entry[2] != key] + [(float(when), number, key)]
        if what == "arm":
            timers.arm(key, float(when))
        elif what == "disarm":
            timers.disarm(key)
            plain = [entry for entry in plain if entry[2] != key]
        elif what == "pop":
            due = min((entry for entry in plain if entry[0] <= when), default=None)
            assert timers.pop_due(float(when)) == (None if due is None else due[2])
            plain = [entry for entry in plain if entry is not due]
        else:
            assert timers.first() == min((entry[0] for entry in plain), default=NEVER)
            first = min(plain, default=None)
            assert timers.next() == (None if first is None else (first[0], first[2]))
