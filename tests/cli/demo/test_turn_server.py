"""Two agents over the demonstration's internet, in virtual time."""

from __future__ import annotations

from random import Random

import pytest

from sipice.cli.demo.network import Nat, NatKind, Network
from sipice.cli.demo.turn_server import USER, TurnServer
from sipice.ice import Agent, AgentConfig, Role
from sipice.ice.config import IceServer
from sipice.ice.description import Description
from sipice.ice.events import GatheringFinished, PairSelected
from sipice.ice.uri import ServerKind
from sipice.net import Address, Base, SendDatagram
from tests.cli.demo.clock import Clock

SERVER = Address.parse("203.0.113.1", 3_478)
CONFIG = AgentConfig(
    servers=(
        IceServer(ServerKind.STUN, SERVER),
        IceServer(ServerKind.TURN, SERVER, username=USER, password="secret"),
    )
)


class End:
    def __init__(self, clock: Clock, nat: Nat, role: Role, host: str) -> None:
        self.clock, self.nat = clock, nat
        self.agent = Agent(CONFIG, role=role, rng=Random(host))
        self.agent.add_stream()
        address = Address.parse(host, 5_000)
        self.base: Base = self.agent.add_local_address(0.0, 0, 1, address)
        self.selected: PairSelected | None = None
        self.gathered = False
        nat.open(address, self._receive)

    def _receive(self, data: bytes, source: Address) -> None:
        self.agent.receive_datagram(self.clock.now, data, self.base, source)

    def pump(self) -> None:
        due = self.agent.next_timeout()
        if due is not None and due <= self.clock.now:
            self.agent.handle_timeout(self.clock.now)
        for event in self.agent.take_events():
            self.gathered = self.gathered or isinstance(event, GatheringFinished)
            if isinstance(event, PairSelected):
                self.selected = event
        for command in self.agent.take_commands():
            if isinstance(command, SendDatagram):
                self.nat.send(command.data, self.base.address, command.remote)

    def description(self) -> Description:
        own = self.agent.local_description(0)
        return Description(own.credentials, tuple(c._replace(base=None) for c in own.candidates))


class Internet:
    def __init__(self, kind: NatKind) -> None:
        self.clock = Clock()
        self.network = Network(self.clock.later)
        self.server = TurnServer(self.network, SERVER, "secret")
        self.ends: list[End] = []
        for number, role in enumerate(Role):
            nat = Nat(self.network, kind, Address.parse(f"198.51.100.{number + 1}", 0).ip)
            self.network.add_nat(nat)
            self.ends.append(End(self.clock, nat, role, f"10.0.{number}.2"))

    def run(self, seconds: float) -> None:
        end = self.clock.now + seconds
        while self.clock.now < end:
            for one in self.ends:
                one.pump()
            due = [one.agent.next_timeout() for one in self.ends] + [self.clock.next(), end]
            self.clock.run(min(at for at in due if at is not None))


@pytest.mark.parametrize("kind", NatKind)
def test_every_kind_connects_and_only_the_symmetric_one_is_relayed(kind: NatKind) -> None:
    internet = Internet(kind)
    for end in internet.ends:
        end.agent.gather(0.0)
    internet.run(5.0)
    assert all(end.gathered for end in internet.ends)
    assert len(internet.server.allocations) == 2
    one, two = internet.ends
    descriptions = one.description(), two.description()
    one.agent.set_remote_description(internet.clock.now, 0, descriptions[1])
    two.agent.set_remote_description(internet.clock.now, 0, descriptions[0])
    internet.run(5.0)
    for end in internet.ends:
        assert end.selected is not None
    assert (internet.server.relayed_packets > 0) or kind is not NatKind.SYMMETRIC
    relayed = any(end.selected and end.selected.path.relayed for end in internet.ends)
    assert relayed == (kind is NatKind.SYMMETRIC)
    for end in internet.ends:
        end.agent.close(internet.clock.now)
    internet.run(1.0)
    assert not internet.server.allocations


def test_a_wrong_password_gets_no_allocation() -> None:
    internet = Internet(NatKind.SYMMETRIC)
    internet.server = TurnServer(internet.network, SERVER, "another")
    for end in internet.ends:
        end.agent.gather(0.0)
    internet.run(6.0)
    assert not internet.server.allocations
