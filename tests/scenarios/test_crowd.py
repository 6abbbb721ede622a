"""Many agents in one process: the floor of RFC 8445 §14.2 holds over all of them."""

from __future__ import annotations

import pytest

from sipice.ice import AgentConfig, Pacer, Role
from tests.marks import rfc
from tests.simnet.call import Watch
from tests.simnet.host import Host
from tests.simnet.invariants import assert_mirrored
from tests.simnet.peer import Peer
from tests.simnet.topology import OPEN, build

FLOOR = 0.005


class Crowd:
    """One host with many agents that share a pacer, each with a peer of its own."""

    def __init__(self, count: int, *, rtt: float = 0.050, loss: float = 0.0) -> None:
        self.topology = build(OPEN, OPEN, rtt=rtt, loss=loss, seed=count)
        self.world = self.topology.world
        self.watch = Watch(self.world, ta=FLOOR)
        self.pacer = Pacer()
        self.pairs: list[tuple[Peer, Peer]] = []
        config = AgentConfig(ta=0.020)
        for number in range(count):
            host = Host(self.world, f"p{number}")
            host.attach(self.topology.internet, f"198.51.{number // 200}.{number % 200 + 1}")
            ours = Peer(
                self.topology.a.host,
                role=Role.CONTROLLING,
                config=config,
                seed=number,
                components=2,
                pacer=self.pacer,
            )
            theirs = Peer(host, role=Role.CONTROLLED, config=config, seed=number, components=2)
            self.pairs.append((ours, theirs))
            for peer in (ours, theirs):
                self.watch.follow(peer)
                peer.bind_all()
                peer.tell(peer.agent.gather)
                self.watch.announce(peer, 0)
            self.watch.checker.sessions[theirs.credentials().ufrag] = theirs.name

    def start(self) -> None:
        for ours, theirs in self.pairs:
            theirs.accept(0, ours.description(0))
            ours.accept(0, theirs.description(0))

    def assert_connected(self) -> None:
        for ours, theirs in self.pairs:
            for component in (1, 2):
                one, other = ours.selected(0, component), theirs.selected(0, component)
                assert one is not None
                assert other is not None
                assert_mirrored(one, other)


@pytest.mark.parametrize("count", [10, 40])
@rfc("8445", "14.2", "MUST NOT", "8445-14.2-2")
def test_new_transactions_of_a_process_are_five_milliseconds_apart(count: int) -> None:
    crowd = Crowd(count)
    crowd.start()
    crowd.world.run(until=10.0)
    crowd.assert_connected()
    # Two checks and two nominations each, and hardly more: the floor is the bound.
    assert min(crowd.watch.pacing.gaps) >= FLOOR - 1e-9
    last = max(when for ours, _ in crowd.pairs for when, _ in ours.events)
    assert last <= count * 4 * FLOOR * 1.5 + 0.200


def test_nobody_starves_in_a_lossy_crowd() -> None:
    crowd = Crowd(30, loss=0.1)
    crowd.start()
    crowd.world.run(until=30.0)
    crowd.assert_connected()
