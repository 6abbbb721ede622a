"""Restart, make before break: new credentials without a gap in the media."""

from __future__ import annotations

import pytest

from sipice.ice import PairSelected, PathLost, RestartFinished, StreamFailed
from tests.marks import rfc
from tests.simnet.call import Call, Plan
from tests.simnet.invariants import assert_mirrored
from tests.simnet.talk import PTIME, Talk
from tests.simnet.topology import FIREWALLED, OPEN, build


def talking(
    *, rtt: float = 0.050, seed: int = 0, streams: int = 1, components: int = 1
) -> tuple[Call, Talk]:
    topology = build(OPEN, FIREWALLED, rtt=rtt, seed=seed)
    plan = Plan(signalling=0.040)
    made = Call(topology, seed=seed, plan=plan, streams=streams, components=components).run()
    made.assert_connected()
    talk = Talk(made.a, made.b)
    made.world.run(until=4.0)
    return made, talk


@pytest.mark.parametrize("rtt", [0.0, 0.050, 0.300])
@pytest.mark.parametrize("starter", ["a", "b"])
@rfc("8445", "9", "rule", "8445-9-3")
@rfc("8445", "12.1", "rule", "8445-12.1-3")
def test_a_restart_leaves_no_gap_in_the_media(rtt: float, starter: str) -> None:
    made, talk = talking(rtt=rtt)
    old = made.a.credentials().ufrag
    made.restart(made.a if starter == "a" else made.b)
    made.world.run(until=9.0)
    talk.stop()
    for peer in (made.a, made.b):
        assert len(peer.all(RestartFinished)) == 1
        assert len(peer.all(PairSelected)) == 2
        assert peer.all(PathLost) == []
        assert peer.all(StreamFailed) == []
        assert talk.withheld[peer.name] == 0
        assert talk.longest_gap(peer) <= PTIME + 1e-6
        assert peer.refused_media == 0
        assert talk.missing(peer) == 0
    first, second = made.a.selected(), made.b.selected()
    assert first is not None
    assert second is not None
    assert_mirrored(first, second)
    assert made.a.credentials().ufrag != old


def test_roles_survive_a_restart_offered_by_the_other_side() -> None:
    made, _ = talking()
    roles = made.a.agent.role, made.b.agent.role
    made.restart(made.b)
    made.world.run(until=6.0)
    assert (made.a.agent.role, made.b.agent.role) == roles


def test_ten_restarts_in_a_row() -> None:
    made, talk = talking(streams=2, components=2)
    for number in range(10):
        made.restart(made.a if number % 2 else made.b)
        made.world.run(until=made.world.now + 1.0)
    talk.stop()
    for peer in (made.a, made.b):
        assert len(peer.all(RestartFinished)) == 20
        assert talk.longest_gap(peer) <= PTIME + 1e-6


def test_a_refused_restart_leaves_everything_as_it_was() -> None:
    made, talk = talking()
    ufrag = made.a.credentials().ufrag
    table = made.a.agent.media(0, 1)
    restart = made.a.prepare_restart()
    assert made.a.credentials().ufrag != ufrag
    made.world.run(until=6.0)
    made.a.tell(made.a.agent.rollback_restart, restart)
    assert made.a.credentials().ufrag == ufrag
    assert made.a.agent.media(0, 1) == table
    made.world.run(until=12.0)
    talk.stop()
    for peer in (made.a, made.b):
        assert talk.longest_gap(peer) <= PTIME + 1e-6
        assert peer.all(PathLost) == []


def test_a_restart_while_the_path_is_cut_keeps_the_old_pair_until_consent_ends() -> None:
    made, _ = talking()
    made.topology.a.wan.cut = True
    made.restart()
    made.world.run(until=15.0)
    assert made.a.agent.media(0, 1).send is not None
    made.topology.a.wan.cut = False
    made.world.run(until=25.0)
    for peer in (made.a, made.b):
        assert len(peer.all(RestartFinished)) == 1
        assert peer.agent.media(0, 1).send is not None


@pytest.mark.parametrize("seed", range(10))
def test_a_restart_over_a_lossy_path_ends_mirrored(seed: int) -> None:
    made, talk = talking(seed=seed)
    for link in (made.topology.a.wan.up, made.topology.a.wan.down):
        link.loss = 0.2
    made.restart()
    made.world.run(until=10.0)
    talk.stop()
    first, second = made.a.selected(), made.b.selected()
    assert first is not None
    assert second is not None
    assert first.generation > 1
    assert_mirrored(first, second)
    assert talk.withheld == {"a": 0, "b": 0}


@pytest.mark.parametrize("when", [0.001, 0.010, 0.030, 0.055, 0.080, 0.105, 0.120, 0.300])
@pytest.mark.parametrize("components", [1, 2])
def test_a_restart_in_the_middle_of_the_first_checks(when: float, components: int) -> None:
    topology = build(OPEN, FIREWALLED, rtt=0.050)
    made = Call(topology, plan=Plan(signalling=0.040), components=components)
    made.start()
    made.world.at(0.080 + when, made.restart)
    made.world.run(until=5.0)
    for component in range(1, components + 1):
        ours, theirs = made.a.selected(0, component), made.b.selected(0, component)
        assert ours is not None
        assert theirs is not None
        assert ours.generation > 1
        assert_mirrored(ours, theirs)
        for peer in (made.a, made.b):
            assert peer.agent.media(0, component).send is not None


@pytest.mark.parametrize("seed", range(10))
def test_glare_is_rolled_back_by_both_and_tried_again(seed: int) -> None:
    """Both offer a restart at once; SIP refuses both with 491, and one tries again later."""
    made, talk = talking(seed=seed)
    restarts = [(peer, peer.prepare_restart()) for peer in (made.a, made.b)]
    made.world.run(until=made.world.now + 0.100)
    for peer, restart in restarts:
        peer.tell(peer.agent.rollback_restart, restart)
    made.world.run(until=made.world.now + 1.0 + 0.1 * seed)
    made.restart(made.b if seed % 2 else made.a)
    made.world.run(until=made.world.now + 5.0)
    talk.stop()
    for peer in (made.a, made.b):
        assert len(peer.all(RestartFinished)) == 1
        assert talk.longest_gap(peer) <= PTIME + 1e-6


def test_a_peer_that_restarts_and_falls_silent_leaves_the_old_pair_alone() -> None:
    made, talk = talking()
    restart = made.a.prepare_restart()
    offer = made.a.description(0)
    made.watch.announce(made.a, 0)
    theirs = made.b.prepare_restart()
    made.watch.announce(made.b, 0)
    made.b.accept(0, offer)
    made.b.tell(made.b.agent.commit_restart, theirs)
    # The answer never arrives; a gives its restart up, b's never ends.
    made.world.run(until=8.0)
    made.watch.checker.retire("a", offer.credentials.ufrag)
    made.a.tell(made.a.agent.rollback_restart, restart)
    made.world.run(until=30.0)
    talk.stop()
    assert talk.longest_gap(made.a) <= PTIME + 1e-6
    assert talk.longest_gap(made.b) <= PTIME + 1e-6
