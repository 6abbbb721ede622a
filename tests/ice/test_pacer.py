from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from sipice.ice import AgentConfig, Pacer, Role
from tests.ice.harness import Puppet, Side, remote, sent_by
from tests.marks import rfc


def test_slots_come_in_the_order_of_asking_and_keep_their_distance() -> None:
    pacer = Pacer(0.005)
    assert [pacer.reserve(1.0) for _ in range(3)] == pytest.approx([1.0, 1.005, 1.01])
    assert pacer.reserve(2.0) == 2.0
    assert abs(pacer.longest_wait - 0.01) < 1e-9


def test_a_slot_given_back_is_given_to_the_next_who_asks() -> None:
    pacer = Pacer(0.005)
    first, second, third = (pacer.reserve(1.0) for _ in range(3))
    pacer.give_back(second)
    assert pacer.reserve(1.0) == second
    pacer.give_back(third)
    assert pacer.reserve(1.0) == third
    assert first == 1.0


def test_a_slot_that_is_past_is_not_given_again() -> None:
    pacer = Pacer(0.005)
    slots = [pacer.reserve(1.0) for _ in range(3)]
    pacer.give_back(slots[1])
    assert pacer.reserve(1.006) > 1.006


def test_the_wait_is_visible() -> None:
    pacer = Pacer(0.005)
    for _ in range(10):
        pacer.reserve(1.0)
    assert abs(pacer.waiting(1.0) - 0.05) < 1e-9
    assert pacer.waiting(5.0) == 0.0


def test_any_asking_and_giving_back_keeps_the_floor() -> None:
    rng, pacer, now = Random(2), Pacer(0.005), 0.0
    held: list[float] = []
    for _ in range(2000):
        now += rng.choice([0.0, 0.001, 0.01])
        held = [slot for slot in held if slot >= now - 1.0]
        if held and rng.random() < 0.3:
            slot = held.pop(rng.randrange(len(held)))
            if slot > now:
                pacer.give_back(slot)
            else:
                held.append(slot)
        else:
            held.append(pacer.reserve(now))
        gaps = [b - a for a, b in pairwise(sorted(held))]
        assert all(gap > 0.005 - 1e-9 for gap in gaps)


@rfc("8445", "14.2", "MUST NOT", "8445-14.2-2")
def test_ten_agents_of_a_process_start_no_two_checks_within_five_milliseconds() -> None:
    pacer, sides = Pacer(), []
    for n in range(10):
        side = Side(f"a{n}", Role.CONTROLLING, ["10.0.0.1:5000"], AgentConfig(ta=0.02), pacer=pacer)
        many = [remote(f"10.1.{k}.1:6000", foundation=f"f{k}") for k in range(5)]
        description = Puppet(side, candidates=many).description
        fast = type(description)(description.credentials, description.candidates, pacing_ms=20)
        side.agent.set_remote_description(0.0, 0, fast)
        sides.append(side)
    instants: list[float] = []
    while len(instants) < 50:
        due = [(one.agent.next_timeout(), n) for n, one in enumerate(sides)]
        now, which = min((at, n) for at, n in due if at is not None)
        side = sides[which]
        side.agent.handle_timeout(now)
        instants += [now for sent in sent_by(side, now) if sent.is_request]
    gaps = [b - a for a, b in pairwise(instants)]
    assert min(gaps) > 0.005 - 1e-9
    assert max(instants) < 0.3, "and none waits without need"
