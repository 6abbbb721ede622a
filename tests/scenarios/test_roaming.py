"""Local addresses that come and go."""

from __future__ import annotations

import pytest

from sipice.ice import Loss, PathLost, RestartFinished, StreamCompleted
from tests.marks import rfc
from tests.simnet.call import Call, Plan
from tests.simnet.invariants import assert_mirrored
from tests.simnet.talk import Talk
from tests.simnet.topology import OPEN, Topology, build

SECOND = "203.0.113.101"


def two_homed(rtt: float = 0.050) -> Topology:
    topology = build(OPEN, OPEN, rtt=rtt)
    topology.a.wan.add(SECOND)
    return topology


@rfc("8445", "5.1.1.4", "SHOULD", "8445-5.1.1.4-2")
def test_a_lost_address_ends_its_path_and_a_restart_finds_the_other() -> None:
    made = Call(build(OPEN, OPEN, rtt=0.050), plan=Plan(signalling=0.040)).run()
    made.assert_connected()
    talk = Talk(made.a, made.b)
    made.world.run(until=10.0)
    made.a.lose_address(made.topology.a.host.ips[0])
    assert [event.reason for event in made.a.all(PathLost)] == [Loss.BASE_REMOVED]
    assert made.a.agent.media(0, 1).send is None
    new = made.topology.a.wan.add(SECOND)
    made.a.bind(new)
    made.restart()
    made.world.run(until=12.0)
    assert len(made.a.all(RestartFinished)) == len(made.b.all(RestartFinished)) == 1
    selected = made.a.selected()
    assert selected is not None
    assert selected.local.address.host == SECOND
    made.world.run(until=13.0)
    talk.stop()
    assert talk.longest_gap(made.b) < 0.5


@pytest.mark.parametrize("when", [0.0, 0.010, 0.045])
def test_an_address_lost_during_the_checks_costs_only_its_pairs(when: float) -> None:
    made = Call(two_homed())
    first = made.topology.a.host.ips[0]
    made.world.at(when, lambda: made.a.lose_address(first))
    made.run()
    selected = made.a.selected()
    assert selected is not None
    assert selected.local.address.host == SECOND
    made.assert_connected()


@pytest.mark.parametrize("when", [0.055, 0.060, 0.075, 0.080, 0.105])
def test_an_address_lost_while_it_is_being_nominated_is_healed_by_a_restart(when: float) -> None:
    made = Call(two_homed(), plan=Plan(signalling=0.040))
    first = made.topology.a.host.ips[0]
    made.world.at(made.plan.signalling * 2 + when, lambda: made.a.lose_address(first))
    made.start()
    made.world.run(until=1.0)
    made.restart()
    made.world.run(until=3.0)
    ours, theirs = made.a.selected(), made.b.selected()
    assert ours is not None
    assert theirs is not None
    assert ours.local.address.host == SECOND
    assert_mirrored(ours, theirs)


@pytest.mark.parametrize("when", [0.010, 0.060])
def test_an_address_gained_during_the_checks_is_used_by_the_peer_reflexive_way(
    when: float,
) -> None:
    made = Call(build(OPEN, OPEN, rtt=0.050))
    ip = made.topology.a.host.ips[0]
    made.topology.a.wan.up.drops.append(lambda packet: packet.src.ip == ip)

    def gain() -> None:
        made.a.bind(made.topology.a.wan.add(SECOND))

    made.world.at(when, gain)
    made.run()
    made.assert_connected()
    selected = made.a.selected()
    assert selected is not None
    assert selected.local.address.host == SECOND


def test_losing_an_unused_address_after_completion_changes_nothing() -> None:
    made = Call(two_homed()).run()
    made.assert_connected()
    selected = made.a.selected()
    assert selected is not None
    other = next(ip for ip in made.topology.a.host.ips if ip != selected.local.address.ip)
    made.a.lose_address(other)
    made.world.run(until=60.0)
    assert made.a.all(PathLost) == []
    assert len(made.a.all(StreamCompleted)) == 1
