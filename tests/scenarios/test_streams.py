"""Streams that come and go in a running session, as a re-INVITE adds and removes them."""

from __future__ import annotations

import pytest

from sipice.ice import AgentConfig, PairSelected, PathLost, StreamCompleted
from tests.simnet.call import Call, ice_servers
from tests.simnet.invariants import assert_mirrored
from tests.simnet.nat import PORT_RESTRICTED, SYMMETRIC
from tests.simnet.peer import Peer
from tests.simnet.talk import PTIME, Talk
from tests.simnet.topology import OPEN, SiteKind, behind, build


def running(a: SiteKind = OPEN, b: SiteKind = OPEN, *, turn: bool = False) -> tuple[Call, Talk]:
    topology = build(a, b, rtt=0.050)
    made = Call(topology, config=AgentConfig(servers=ice_servers(topology, turn=turn))).run()
    made.assert_connected()
    talk = Talk(made.a, made.b)
    made.world.run(until=made.world.now + 4.0)
    return made, talk


def add_stream(made: Call, components: int = 1) -> int:
    """Both sides add an m= section, gather, and tell each other."""
    peers = (made.a, made.b)
    for peer in peers:
        stream = peer.agent.add_stream(components)
        peer.streams.append(stream)
        for component in range(1, components + 1):
            for ip in peer.host.ips:
                peer.bind(ip, stream=stream, component=component)
        peer.tell(peer.agent.gather, stream)
    made.world.run(until=made.world.now + 1.0)
    descriptions = {}
    for peer in peers:
        made.watch.announce(peer, stream)
        descriptions[peer] = peer.description(stream)
    made.b.accept(stream, descriptions[made.a])
    made.a.accept(stream, descriptions[made.b])
    return stream


def remove_stream(peer: Peer, stream: int) -> None:
    peer.streams.remove(stream)
    peer.tell(peer.agent.remove_stream, stream)


def assert_stream(made: Call, stream: int, components: int = 1) -> None:
    for component in range(1, components + 1):
        ours, theirs = made.a.selected(stream, component), made.b.selected(stream, component)
        assert ours is not None
        assert theirs is not None
        assert_mirrored(ours, theirs)


@pytest.mark.parametrize("components", [1, 2])
@pytest.mark.parametrize("site", [OPEN, behind(PORT_RESTRICTED)], ids=str)
def test_a_stream_joins_without_disturbing_the_first(components: int, site: SiteKind) -> None:
    made, talk = running(site, site)
    stream = add_stream(made, components)
    made.world.run(until=made.world.now + 3.0)
    assert_stream(made, stream, components)
    talk.stop()
    for peer in (made.a, made.b):
        assert talk.longest_gap(peer) <= PTIME + 1e-6
        assert peer.all(PathLost) == []
        assert len([event for event in peer.all(PairSelected) if event.stream == 0]) == 1


def test_a_stream_leaves_and_its_sockets_with_it() -> None:
    made, talk = running()
    stream = add_stream(made, 2)
    made.world.run(until=made.world.now + 1.0)
    sockets = len(made.a.sockets)
    for peer in (made.a, made.b):
        remove_stream(peer, stream)
    assert len(made.a.sockets) == sockets - 2
    before = made.watch.checker.judged["1 REQUEST"]
    made.world.run(until=made.world.now + 60.0)
    # Consent of the first stream only: 12 checks a minute and side, not 36.
    assert made.watch.checker.judged["1 REQUEST"] - before <= 34
    talk.stop()
    for peer in (made.a, made.b):
        assert talk.longest_gap(peer) <= PTIME + 1e-6


def test_the_first_stream_leaves_and_the_second_goes_on() -> None:
    made, talk = running()
    stream = add_stream(made)
    made.world.run(until=made.world.now + 1.0)
    talk.stop()
    for peer in (made.a, made.b):
        remove_stream(peer, 0)
    talk = Talk(made.a, made.b, stream=stream)
    made.world.run(until=made.world.now + 40.0)
    talk.stop()
    for peer in (made.a, made.b):
        assert talk.withheld[peer.name] == 0
        assert peer.all(PathLost) == []


@pytest.mark.parametrize("when", [0.0, 0.010, 0.040, 0.060, 0.090])
def test_a_stream_that_leaves_during_its_checks_holds_nobody_up(when: float) -> None:
    made = Call(build(OPEN, OPEN, rtt=0.050), streams=3, components=2)

    def leave() -> None:
        for peer in (made.a, made.b):
            remove_stream(peer, 1)

    made.start()
    made.world.run(until=0.0)
    made.world.at(when, leave)
    made.world.run(until=5.0)
    for stream in (0, 2):
        assert_stream(made, stream, 2)
    for peer in (made.a, made.b):
        assert {event.stream for event in peer.all(StreamCompleted)} >= {0, 2}


def test_a_relay_of_a_stream_that_leaves_is_given_back() -> None:
    made, _ = running(behind(SYMMETRIC), behind(SYMMETRIC), turn=True)
    used = len(made.topology.turn.allocations)
    stream = add_stream(made)
    assert len(made.topology.turn.allocations) > used
    made.world.run(until=made.world.now + 5.0)
    assert_stream(made, stream)
    for peer in (made.a, made.b):
        remove_stream(peer, stream)
    made.world.run(until=made.world.now + 1.0)
    assert len(made.topology.turn.allocations) == used
    assert_stream(made, 0)
