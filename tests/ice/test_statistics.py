"""What is told of pairs: while they are checked, when one is selected, after the rest was freed."""

from __future__ import annotations

import pytest

from sipice.ice.pair import PairState
from sipice.ice.statistics import pairs
from tests.ice.harness import address, pair_of

DEAD = "10.0.9.9:5000"


def test_each_pair_is_told_by_priority_with_its_state() -> None:
    wire = pair_of(b_hosts=["10.0.0.2:6000", DEAD])
    wire.lose = lambda sent: address(DEAD) in (sent.to, sent.source)
    wire.connect().run(0.03)
    first, second = pairs(wire.a.agent)
    assert (str(first.remote.address), first.state) == ("10.0.0.2:6000", PairState.SUCCEEDED)
    assert first.rtt == pytest.approx(2 * wire.delay)
    assert str(first.local.address) == "10.0.0.1:5000"
    assert (str(second.remote.address), second.state) == (DEAD, PairState.WAITING)
    assert second.rtt is None
    assert not any([first.nominated, first.selected, second.selected])


def test_the_selected_pair_stays_when_all_others_are_freed() -> None:
    wire = pair_of(b_hosts=["10.0.0.2:6000", "10.0.1.2:6000"]).connect().run(1.0)
    selected = [one for one in pairs(wire.a.agent) if one.selected]
    assert [(one.nominated, str(one.remote.address)) for one in selected] == [
        (True, "10.0.0.2:6000")
    ]
    wire.run(10.0)
    assert [one.remote for one in pairs(wire.a.agent)] == [one.remote for one in selected]


def test_an_address_that_only_the_peer_sees_is_told_once() -> None:
    wire = pair_of()
    wire.nat = {address("10.0.0.1:5000"): address("192.0.2.1:7000")}
    wire.connect().run(0.3)
    (seen,) = pairs(wire.a.agent)
    assert str(seen.local.address) == "192.0.2.1:7000"
    assert seen.selected


def test_the_round_trip_is_measured_by_consent_later_on() -> None:
    wire = pair_of().connect().run(5.0)
    wire.delay = 0.1
    wire.run(30.0)
    (kept,) = pairs(wire.a.agent)
    assert kept.rtt == pytest.approx(0.2)
