"""One offer, several answers: siblings over one local side."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from sipice.ice import (
    AgentConfig,
    Pacer,
    PairSelected,
    PathLost,
    Role,
    ServerKind,
    StreamCompleted,
    StreamFailed,
)
from sipice.net import Transport
from sipice.trace import Tracer
from tests.marks import rfc
from tests.simnet.call import Watch, ice_servers
from tests.simnet.host import Host, Network
from tests.simnet.invariants import assert_mirrored
from tests.simnet.nat import PORT_RESTRICTED, Firewall
from tests.simnet.peer import Peer
from tests.simnet.talk import PTIME, Talk
from tests.simnet.topology import OPEN, SiteKind, Topology, build


class ForkedCall:
    """An offerer, and several answerers that answer when they like."""

    def __init__(
        self,
        count: int,
        *,
        seed: int = 0,
        loss: float = 0.0,
        rtt: float = 0.050,
        site: SiteKind = OPEN,
        walls: bool = False,
        transport: Transport = Transport.UDP,
        tracer: Tracer | None = None,
    ) -> None:
        """``walls``: each branch stands behind a firewall of its own, so a relay is needed."""
        self.topology: Topology = build(site, OPEN, rtt=rtt, seed=seed, loss=loss)
        self.world = self.topology.world
        # All siblings are one agent as far as Ta is concerned only if they share a slot; each
        # keeps its own Ta, and all together the floor of their pacer.
        self.watch = Watch(self.world, ta=0.005)
        servers = ice_servers(self.topology, turn=True) if site is not OPEN else ()
        self.watch.checker.servers |= {server.address for server in servers}
        servers = tuple(
            replace(one, transport=transport) if one.kind is ServerKind.TURN else one
            for one in servers
        )
        self.a = Peer(
            self.topology.a.host,
            role=Role.CONTROLLING,
            config=AgentConfig(servers=servers),
            seed=seed,
            pacer=Pacer(),
            tracer=tracer,
        )
        self.branches: list[Peer] = []
        for number in range(count):
            host = self._branch(number, walls=walls)
            self.branches.append(Peer(host, role=Role.CONTROLLED, seed=seed + number))
        self.siblings: dict[str, Peer] = {}
        for peer in (self.a, *self.branches):
            self.watch.follow(peer)
            peer.bind_all()
            peer.tell(peer.agent.gather)
        self.world.run(until=2.0 if servers else 0.0)
        self.begin = self.world.now
        for peer in (self.a, *self.branches):
            self.watch.announce(peer, 0)
        for branch in self.branches:
            self.watch.checker.sessions[branch.credentials().ufrag] = branch.name

    def _branch(self, number: int, *, walls: bool) -> Host:
        host = Host(self.world, f"b{number}")
        network, address = self.topology.internet, f"203.0.113.10{number}"
        if walls:
            network = Network(self.world, f"lan{number}")
            Firewall(
                self.world, f"fw{number}", PORT_RESTRICTED, inside=network,
                outside=self.topology.internet,
            )  # fmt: skip
            host.attach(network, address)
        else:
            wan = self.topology.b.wan
            host.attach(network, address, up=wan.up, down=wan.down)
        return host

    def offer(self) -> None:
        for branch in self.branches:
            branch.accept(0, self.a.description(0))

    def answer(self, branch: Peer) -> Peer:
        """The branch's answer arrives: the first goes to the root, the others to siblings."""
        sibling = self.a.fork() if self.siblings else self.a
        self.siblings[branch.name] = sibling
        sibling.accept(0, branch.description(0))
        return sibling

    def answer_at(self, when: float, branch: Peer) -> None:
        def arrive() -> None:
            self.answer(branch)

        self.world.at(self.begin + when, arrive)

    def assert_connected(self, branch: Peer) -> None:
        ours, theirs = self.siblings[branch.name].selected(), branch.selected()
        assert ours is not None, self.world.trace.text(last=60)
        assert theirs is not None, self.world.trace.text(last=60)
        assert_mirrored(ours, theirs)


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("spread", [0.0, 0.030, 1.0, 20.0])
@rfc("8445", "7.3.1.4", "rule", "8445-7.3.1.4-4")
def test_every_branch_connects_over_the_same_sockets(count: int, spread: float) -> None:
    call = ForkedCall(count)
    call.offer()
    for number, branch in enumerate(call.branches):
        call.answer_at(0.040 + number * spread, branch)
    call.world.run(until=count * spread + 3.0)
    for branch in call.branches:
        call.assert_connected(branch)
    assert {base.address.port for _, _, base in call.a.bases} == {call.a.bases[0][2].address.port}


@rfc("8839", "7.3", "rule", "8839-7.3-1")
@rfc("8839", "7", "rule", "8839-7-1")
@rfc("8445", "7.3.1.4", "", "AT-50")
def test_two_answers_are_two_sessions_with_their_own_pairs_and_early_media() -> None:
    call = ForkedCall(2)
    call.offer()
    for number, branch in enumerate(call.branches):
        call.answer_at(0.040 + 0.030 * number, branch)
    call.world.run(until=3.0)
    siblings = [call.siblings[branch.name] for branch in call.branches]
    assert [len(sibling.all(StreamCompleted)) for sibling in siblings] == [1, 1]
    for branch in call.branches:
        call.assert_connected(branch)
    assert siblings[0].selected() != siblings[1].selected()
    for branch in call.branches:
        assert branch.send_media(b"\x80 from " + branch.name.encode())
    call.world.run(until=4.0)
    for sibling, branch in zip(siblings, call.branches, strict=True):
        assert [data for _, data in sibling.media] == [b"\x80 from " + branch.name.encode()]


@pytest.mark.parametrize("winner", [0, 1, 2])
@rfc("8445", "8.3.1", "SHOULD", "8445-8.3.1-1")
def test_one_branch_wins_and_the_others_leave_without_harm(winner: int) -> None:
    call = ForkedCall(3)
    call.offer()
    for number, branch in enumerate(call.branches):
        call.answer_at(0.040 + number * 0.5, branch)
    call.world.run(until=4.0)
    chosen = call.branches[winner]
    talk = Talk(call.siblings[chosen.name], chosen)
    call.world.run(until=6.0)
    for branch in call.branches:
        if branch is not chosen:
            call.siblings[branch.name].leave()
            branch.leave()
    call.world.run(until=60.0)
    talk.stop()
    for peer in (call.siblings[chosen.name], chosen):
        assert peer.all(PathLost) == []
        assert talk.longest_gap(peer) <= PTIME + 1e-6
        assert peer.sockets


def test_the_last_sibling_releases_the_sockets() -> None:
    call = ForkedCall(3)
    call.offer()
    for branch in call.branches:
        call.answer(branch)
    call.world.run(until=10.0)
    siblings = list(call.siblings.values())
    for left, sibling in enumerate(siblings, 1):
        assert call.a.sockets
        sibling.leave()
        assert bool(call.a.sockets) == (left < len(siblings))


def test_a_branch_that_never_answers_changes_nothing() -> None:
    call = ForkedCall(2)
    call.offer()
    call.answer_at(1.0, call.branches[0])
    call.world.run(until=100.0)
    call.assert_connected(call.branches[0])
    assert call.branches[1].first(PairSelected) is None
    assert call.siblings["b0"].all(StreamFailed) == []


def test_a_late_branch_may_ring_for_minutes() -> None:
    call = ForkedCall(2)
    call.offer()
    call.answer_at(1.0, call.branches[0])
    call.answer_at(150.0, call.branches[1])
    call.world.run(until=155.0)
    for branch in call.branches:
        call.assert_connected(branch)


@pytest.mark.parametrize("seed", range(15))
def test_forks_over_lossy_paths(seed: int) -> None:
    rng = Random(seed)
    call = ForkedCall(4, seed=seed, loss=0.05)
    call.offer()
    for branch in call.branches:
        call.answer_at(rng.choice([0.0, 0.050, 0.500, 3.0]) + 0.010, branch)
    call.world.run(until=30.0)
    for branch in call.branches:
        call.assert_connected(branch)
