"""Calls with a life: restarts, cuts, rebooting NATs, addresses that go, in any order."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from sipice.ice import AgentConfig
from tests.simnet.call import Call, Plan, ice_servers
from tests.simnet.invariants import assert_mirrored
from tests.simnet.nat import PORT_RESTRICTED, SYMMETRIC
from tests.simnet.peer import Peer
from tests.simnet.talk import Talk
from tests.simnet.topology import FIREWALLED, OPEN, behind, build

SEEDS = 30
MANY = 380
SITES = [OPEN, FIREWALLED, behind(PORT_RESTRICTED), behind(SYMMETRIC)]


class Life:
    """One call and what happens to it."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        rng = self.rng
        first = rng.choice(SITES)
        second = rng.choice(SITES if first is not SITES[3] else SITES[:2])
        topology = build(first, second, rtt=rng.choice([0.0, 0.040, 0.200]), seed=seed)
        self.world = topology.world
        self.call = Call(
            topology,
            config=AgentConfig(servers=ice_servers(topology, turn=True)),
            plan=Plan(signalling=0.040),
            streams=rng.choice([1, 2]),
            components=rng.choice([1, 2]),
            seed=seed,
        )
        self.added = 100
        self.story: list[str] = []

    def run(self) -> None:
        self.call.run()
        self.call.assert_connected()
        actions: list[Callable[[], None]] = [
            self.restart,
            self.refuse_restart,
            self.cut,
            self.reboot,
            self.move,
            self.reincarnate,
            self.wait,
        ]
        for _ in range(self.rng.randrange(2, 7)):
            action = self.rng.choice(actions)
            self.story.append(f"{self.world.now:.2f} {action.__name__}")
            action()
        self.settle()

    def pass_time(self, *spans: float) -> None:
        self.world.run(until=self.world.now + self.rng.choice(spans))

    def wait(self) -> None:
        self.pass_time(0.010, 5.0, 40.0)

    def restart(self) -> None:
        self.call.restart(self.rng.choice([self.call.a, self.call.b]), gather=True)
        # Long enough for the exchange, not always for the checks.
        self.pass_time(0.100, 1.0, 60.0)
        self.wait_for_restart()

    def wait_for_restart(self) -> None:
        """A second restart may only begin when the first has taken over or failed."""
        self.world.run(until=self.world.now + 50.0)

    def refuse_restart(self) -> None:
        peer = self.rng.choice([self.call.a, self.call.b])
        restart = peer.prepare_restart()
        self.pass_time(0.010, 2.0, 35.0)
        peer.tell(peer.agent.rollback_restart, restart)

    def cut(self) -> None:
        site = self.rng.choice(self.call.topology.sites)
        site.wan.cut = True
        self.pass_time(0.100, 8.0, 33.0, 70.0)
        site.wan.cut = False

    def reboot(self) -> None:
        for site in self.call.topology.sites:
            for gateway in site.gateways:
                gateway.forget()
        self.pass_time(0.100, 8.0)

    def reincarnate(self) -> None:
        """Another process takes an agent over; its relays are gone with the old one."""
        self.rng.choice([self.call.a, self.call.b]).reincarnate()
        self.pass_time(0.100, 40.0)

    def move(self) -> None:
        """A host gets a new address in place of its old one, and its shell restarts ICE."""
        peer, site = self.rng.choice(
            [(self.call.a, self.call.topology.a), (self.call.b, self.call.topology.b)]
        )
        old = site.host.ips[0]
        self.added += 1
        new = site.host.interfaces[0].add(_like(site.host.ips[0], self.added))
        peer.lose_address(old)
        self.bind(peer, new)
        self.pass_time(0.0, 0.100)
        self.call.restart(peer, gather=True)
        self.wait_for_restart()

    def bind(self, peer: Peer, ip: bytes) -> None:
        for stream in peer.streams:
            for component in range(1, peer.components + 1):
                peer.bind(ip, stream=stream, component=component)

    def settle(self) -> None:
        """After a last restart everything works, whatever was before."""
        self.call.restart(self.call.a, gather=True)
        self.world.run(until=self.world.now + 50.0)
        story = f"{self.story}\n{self.world.trace.text(last=80)}"
        for stream in self.call.a.streams:
            for component in range(1, self.call.a.components + 1):
                ours = self.call.a.selected(stream, component)
                theirs = self.call.b.selected(stream, component)
                assert ours is not None, story
                assert theirs is not None, story
                assert_mirrored(ours, theirs)
                for peer in (self.call.a, self.call.b):
                    assert peer.agent.media(stream, component).send is not None, story
        talk = Talk(self.call.a, self.call.b)
        before = len(self.call.a.media), len(self.call.b.media)
        self.world.run(until=self.world.now + 1.0)
        talk.stop()
        assert len(self.call.a.media) > before[0] + 40, story
        assert len(self.call.b.media) > before[1] + 40, story


def _like(ip: bytes, last: int) -> str:
    return ".".join(map(str, (*ip[:3], last)))


@pytest.mark.parametrize("first", range(0, SEEDS, 10))
def test_lives_by_lot(first: int) -> None:
    for seed in range(first, first + 10):
        Life(seed).run()


@pytest.mark.long
@pytest.mark.parametrize("first", range(SEEDS, MANY, 20))
def test_many_lives_by_lot(first: int) -> None:
    for seed in range(first, first + 20):
        Life(seed).run()
