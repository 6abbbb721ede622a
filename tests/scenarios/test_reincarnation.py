"""Another process goes on with a session in the middle of it (D2.7)."""

from __future__ import annotations

from random import Random

import pytest

from sipice.ice import AgentConfig, CandidateType, Loss, PathLost, RestartFinished
from tests.simnet.call import Call, Exchange, Plan, ice_servers
from tests.simnet.nat import PORT_RESTRICTED, SYMMETRIC
from tests.simnet.peer import Peer
from tests.simnet.talk import PTIME, Talk
from tests.simnet.topology import FIREWALLED, OPEN, behind, build


def reborn_every(made: Call, period: float, count: int = 60) -> None:
    """Both agents are replaced again and again, not at the same instants."""

    def replace(number: int) -> None:
        (made.a, made.b)[number % 2].reincarnate()
        if number < count:
            made.world.after(period, lambda: replace(number + 1))

    made.world.after(period, lambda: replace(0))


@pytest.mark.parametrize("period", [0.003, 0.017, 0.041, 0.090])
@pytest.mark.parametrize("exchange", list(Exchange))
def test_a_session_survives_being_moved_at_any_instant(period: float, exchange: Exchange) -> None:
    topology = build(OPEN, FIREWALLED, rtt=0.050)
    plan = Plan(exchange=exchange, signalling=0.020)
    made = Call(topology, plan=plan, streams=2, components=2)
    made.start()
    made.world.run(until=0.060)
    reborn_every(made, period, count=30)
    made.world.run(until=30.0)
    made.assert_connected()


@pytest.mark.parametrize("seed", range(40))
def test_one_move_at_any_instant_changes_nothing_for_the_call(seed: int) -> None:
    rng = Random(seed)
    home = behind(PORT_RESTRICTED)
    topology = build(home, rng.choice([home, OPEN]), rtt=0.050, seed=seed)
    config = AgentConfig(servers=ice_servers(topology))
    made = Call(topology, config=config, seed=seed, components=2)
    made.start()
    made.world.at(0.150 + rng.random() * 0.400, rng.choice([made.a, made.b]).reincarnate)
    made.world.run(until=30.0)
    made.assert_connected()


def test_media_has_no_gap_while_processes_come_and_go() -> None:
    made = Call(build(OPEN, FIREWALLED, rtt=0.050)).run()
    talk = Talk(made.a, made.b)
    reborn_every(made, 0.5)
    made.world.run(until=30.0)
    talk.stop()
    for peer in (made.a, made.b):
        assert talk.longest_gap(peer) <= PTIME + 1e-6
        assert talk.withheld[peer.name] == 0
        assert peer.all(PathLost) == []


def test_consent_is_as_old_as_it_was() -> None:
    made = Call(build(OPEN, OPEN, rtt=0.050)).run()
    made.world.run(until=20.0)
    made.topology.a.wan.cut = True
    reborn_every(made, 1.7, count=40)
    made.world.run(until=80.0)
    for peer in (made.a, made.b):
        lost = peer.first(PathLost)
        assert lost is not None
        assert lost[1].reason is Loss.CONSENT_EXPIRED
        assert 20.0 + 30.0 - 6.1 <= lost[0] <= 20.0 + 30.0 + 1e-6


def test_a_healthy_call_of_ten_minutes_in_many_processes() -> None:
    made = Call(build(OPEN, OPEN, rtt=0.600)).run()
    reborn_every(made, 7.3, count=100)
    made.world.run(until=600.0)
    for peer in (made.a, made.b):
        assert peer.all(PathLost) == []
        assert peer.agent.media(0, 1).send is not None


@pytest.mark.parametrize("when", [0.010, 0.060, 0.090, 0.130, 0.200, 1.0])
def test_a_restart_goes_on_in_another_process(when: float) -> None:
    made = Call(build(OPEN, FIREWALLED, rtt=0.050), plan=Plan(signalling=0.040)).run()
    talk = Talk(made.a, made.b)
    made.world.run(until=5.0)
    made.restart()
    made.world.at(5.0 + when, made.a.reincarnate)
    made.world.at(5.0 + when, made.b.reincarnate)
    made.world.run(until=15.0)
    talk.stop()
    for peer in (made.a, made.b):
        assert len(peer.all(RestartFinished)) == 1
        assert talk.longest_gap(peer) <= PTIME + 1e-6


def relays(peer: Peer) -> bool:
    selected = peer.selected()
    assert selected is not None
    return selected.local.type is CandidateType.RELAYED


@pytest.mark.parametrize("components", [1, 2])
def test_relays_that_dead_processes_left_behind_are_given_back(components: int) -> None:
    """The server keeps one allocation for each port; without new ones these two cannot meet."""
    topology = build(behind(SYMMETRIC), behind(SYMMETRIC), rtt=0.050)
    config = AgentConfig(servers=ice_servers(topology, turn=True))
    plan = Plan(signalling=0.040)
    made = Call(topology, config=config, plan=plan, components=components).run()
    for peer in (made.a, made.b):
        peer.reincarnate()
    made.restart(made.a, gather=True)
    made.world.run(until=made.world.now + 10.0)
    made.assert_connected()
    for peer in (made.a, made.b):
        assert peer.agent.media(0, components).send is not None
    assert len(topology.turn.allocations) <= 2 * components


def relayed(components: int = 1, rtt: float = 0.050) -> Call:
    topology = build(behind(SYMMETRIC), behind(SYMMETRIC), rtt=rtt)
    config = AgentConfig(servers=ice_servers(topology, turn=True))
    return Call(topology, config=config, plan=Plan(signalling=0.040), components=components)


@pytest.mark.parametrize("period", [0.5, 7.3, 61.0])
def test_media_through_relays_goes_on_while_processes_come_and_go(period: float) -> None:
    """Over the life of permissions (300 s), channels and allocations (600 s)."""
    made = relayed().run()
    made.assert_connected()
    before = len(made.topology.turn.allocations)
    reborn_every(made, period, count=int(1300 / period))
    talk = Talk(made.a, made.b, ptime=0.5)
    made.world.run(until=1300.0)
    for peer in (made.a, made.b):
        assert talk.withheld[peer.name] == 0
        assert talk.missing(peer) == 0
        assert peer.all(PathLost) == []
    assert len(made.topology.turn.allocations) <= before, "none was made anew"


@pytest.mark.parametrize("seed", range(20))
def test_a_call_over_relays_is_moved_at_any_instant(seed: int) -> None:
    rng = Random(seed)
    made = relayed(components=2)
    made.start()
    for _ in range(3):
        who = rng.choice([made.a, made.b])
        made.world.at(rng.random() * 1.500, who.reincarnate)
    made.world.run(until=40.0)
    made.assert_connected()


def test_an_allocation_whose_server_forgot_it_is_lost_and_a_restart_heals() -> None:
    made = relayed().run()
    made.assert_connected()
    peer = next(one for one in (made.a, made.b) if relays(one))
    peer.reincarnate()
    made.topology.turn.restart()
    made.world.run(until=made.world.now + 700.0)
    lost = peer.first(PathLost)
    assert lost is not None
    made.restart(peer, gather=True)
    made.world.run(until=made.world.now + 40.0)
    for one in (made.a, made.b):
        assert one.agent.media(0, 1).send is not None
