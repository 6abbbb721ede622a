"""Two small agents agree, whatever is lost, doubled, late or out of order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.explorer.canon import form
from tests.explorer.search import explore
from tests.explorer.setups import SETUPS, all_setups
from tests.explorer.world import Action, Setup, World

PLAIN = SETUPS[0]


by_name = pytest.mark.parametrize("setup", SETUPS, ids=lambda setup: setup.name)


@by_name
def test_whatever_happens_first_both_select_the_same_pairs(setup: Setup) -> None:
    report = explore(setup, depth=5, states=100, follow=4)
    assert set(report.ends) == {"the same pairs"}


@by_name
def test_whatever_happens_about_nomination_both_select_the_same_pairs(setup: Setup) -> None:
    report = explore(replace(setup, ahead=8), depth=5, states=60, follow=4)
    assert set(report.ends) == {"the same pairs"}


@pytest.mark.long
@pytest.mark.parametrize("setup", all_setups(), ids=lambda setup: f"{setup.name}-{setup.ahead}")
def test_whatever_happens_both_select_the_same_pairs(setup: Setup) -> None:
    report = explore(setup, depth=30, states=10_000, follow=4)
    assert set(report.ends) == {"the same pairs"}


def test_the_bounds_and_what_they_cut_off_are_told() -> None:
    report = explore(PLAIN, depth=2, states=1000)
    assert (report.depth, report.complete) == (2, 2)
    assert 0 < report.cut < report.states <= report.steps + 1
    few = explore(PLAIN, depth=9, states=20)
    assert few.complete < few.depth + 1 <= 9
    assert "20 states" in few.line() or few.states > 20


def test_a_copy_goes_its_own_way() -> None:
    world = World(PLAIN).begin()
    before = form(world)
    other = world.copy()
    assert form(other) == before
    for action in list(other.actions())[:1]:
        other.do(action)
    assert form(other) != before
    assert form(world) == before


def test_absolute_time_and_random_names_do_not_count() -> None:
    """The same steps of agents with other passwords, an hour later."""
    one, other = World(replace(PLAIN, ahead=6)), World(replace(PLAIN, ahead=6, seed=2))
    other.now = 3600.0
    assert form(one.begin()) == form(other.begin())
    assert one.story != other.story


def test_the_order_of_arrival_does_not_count_once_all_have_arrived() -> None:
    world = World(replace(PLAIN, ahead=1)).begin()
    assert len(world.air) == 2
    one, other = world.copy(), world.copy()
    one.do(Action("lose", 0))
    one.do(Action("lose", 0))
    other.do(Action("lose", 1))
    assert form(one) != form(other)
    other.do(Action("lose", 0))
    assert form(one) == form(other)


def test_a_rule_that_is_broken_is_told_with_the_way_there() -> None:
    with pytest.raises(AssertionError, match="do not stop sending") as raised:
        explore(replace(PLAIN, most=9), depth=4, states=100)
    assert "deliver REQUEST" in "".join(raised.value.__notes__)
