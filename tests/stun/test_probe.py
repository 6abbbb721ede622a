"""RFC 5780: what is found out about every kind of NAT, in virtual time."""

from __future__ import annotations

from random import Random

import pytest

from sipice.net import Address
from sipice.stun import Class, Message, Method, encode
from sipice.stun import attributes as a
from sipice.stun.probe import Behaviour, Dependence, Probe
from tests.simnet.behaviour_server import BehaviourServer
from tests.simnet.host import Host, Network, Socket
from tests.simnet.nat import AD, ALL_KINDS, APD, EI, Firewall, Nat, NatKind, Ports
from tests.simnet.servers import Manner, StunServer
from tests.simnet.world import Packet, World

WORDS = {EI: Dependence.NOTHING, AD: Dependence.ADDRESS, APD: Dependence.ADDRESS_AND_PORT}


class Bench:
    """A host behind a NAT, and servers beyond."""

    def __init__(self, kind: NatKind | None = None, *, firewall: NatKind | None = None) -> None:
        self.world = World(1)
        self.internet = Network(self.world, "internet")
        self.host = Host(self.world, "host")
        self.servers: list[Address] = []
        if kind is None and firewall is None:
            self.host.attach(self.internet, "203.0.113.21")
            return
        lan = Network(self.world, "lan")
        if firewall is not None:
            self.host.attach(lan, "198.51.100.10")
            Firewall(self.world, "wall", firewall, inside=lan, outside=self.internet)
        elif kind is not None:
            self.host.attach(lan, "192.168.1.10")
            Nat(
                self.world, "nat", kind, inside=lan, outside=self.internet,
                addresses="203.0.113.21",
            )  # fmt: skip

    def outside(self, *addresses: str) -> Host:
        host = Host(self.world, f"server{len(self.servers)}")
        host.attach(self.internet, addresses)
        return host

    def full(self, *, obeys: bool = True, tells: bool = True) -> Bench:
        server = BehaviourServer(
            self.outside("203.0.113.10", "203.0.113.110"), obeys=obeys, tells=tells
        )
        self.servers.append(server.address)
        return self

    def plain(self, ip: str, manner: Manner = Manner.HONEST) -> Bench:
        self.servers.append(StunServer(self.outside(ip), manner=manner).address)
        return self

    def run(self) -> Behaviour:
        holder: list[Socket] = []
        socket = self.host.bind(self.host.ips[0], lambda packet: take(packet))
        probe = Probe(socket.address, self.servers, Random(1))
        holder.append(socket)

        def take(packet: Packet) -> None:
            probe.receive(self.world.now, packet.data, packet.src)
            send()

        def send() -> None:
            for data, to in probe.take_packets():
                socket.send(to, data)

        probe.start(self.world.now)
        send()
        while (due := probe.next_timeout()) is not None:
            self.world.run(until=due)
            probe.handle_timeout(self.world.now)
            send()
        assert probe.is_finished
        self.took = self.world.now
        return probe.found


@pytest.mark.parametrize("kind", ALL_KINDS, ids=str)
def test_mapping_and_filtering_of_each_kind_of_nat_are_found(kind: NatKind) -> None:
    found = Bench(kind).full().run()
    assert found.mapping is WORDS[kind.mapping]
    assert found.filtering is WORDS[kind.filtering]
    assert found.has_nat
    assert found.mapped is not None
    assert found.mapped.host == "203.0.113.21"


@pytest.mark.parametrize("ports", [Ports.PRESERVING, Ports.RANDOM])
def test_whether_ports_are_preserved_is_told(ports: Ports) -> None:
    assert Bench(NatKind(ports=ports)).full().run().preserves_port is (ports is Ports.PRESERVING)


def test_without_a_nat_there_may_be_nothing_or_a_firewall() -> None:
    open_ = Bench().full().run()
    assert (open_.has_nat, open_.mapping, open_.filtering) == (
        False,
        Dependence.NOTHING,
        Dependence.NOTHING,
    )
    walled = Bench(firewall=NatKind()).full().run()
    assert (walled.has_nat, walled.filtering) == (False, Dependence.ADDRESS_AND_PORT)


def test_two_ordinary_servers_tell_whether_the_mapping_depends_on_the_destination() -> None:
    for mapping, expected in ((EI, Dependence.NOTHING), (APD, Dependence.SOMETHING)):
        kind = NatKind(mapping=mapping, ports=Ports.RANDOM)
        found = Bench(kind).plain("203.0.113.30").plain("203.0.113.31").run()
        assert found.mapping is expected
        assert found.filtering is None


def test_one_ordinary_server_tells_our_address_and_nothing_else() -> None:
    found = Bench(NatKind()).plain("203.0.113.30").run()
    assert found.mapped is not None
    assert (found.mapping, found.filtering) == (None, None)


def test_silent_servers_are_left_out_and_cost_two_and_a_half_seconds() -> None:
    bench = Bench(NatKind()).plain("203.0.113.30", Manner.DEAD).plain("203.0.113.31")
    found = bench.run()
    assert [one.mapped is not None for one in found.servers] == [False, True]
    assert bench.took == 2.5
    dead = Bench(NatKind()).plain("203.0.113.30", Manner.DEAD).run()
    assert (dead.mapped, dead.has_nat, dead.preserves_port, dead.mapping) == (None,) * 4


@pytest.mark.parametrize("manner", [Manner.REFUSING, Manner.FORGETFUL])
def test_an_answer_without_an_address_is_none(manner: Manner) -> None:
    found = Bench(NatKind()).plain("203.0.113.30", manner).run()
    assert found.mapped is None
    assert found.servers[0].took is not None


def test_a_server_that_cannot_answer_from_elsewhere_says_nothing_about_filters() -> None:
    found = Bench(NatKind()).full(obeys=False).run()
    assert found.filtering is None
    assert found.mapping is Dependence.NOTHING


def test_a_second_address_that_was_asked_already_proves_no_filter() -> None:
    bench = Bench(NatKind()).full()
    bench.servers.append(Address.parse("203.0.113.110", 3478))
    found = bench.run()
    assert found.filtering is None
    assert found.mapping is Dependence.NOTHING, "its two answers still tell that much"


def test_lost_packets_are_sent_again() -> None:
    bench = Bench(NatKind()).full()
    lost: list[bytes] = []

    def lose(host: str, packet: Packet) -> bool:
        first = host == "host" and packet.data not in lost
        lost.append(packet.data)
        return first

    bench.world.losses.append(lose)
    found = bench.run()
    assert (found.mapping, found.filtering) == (Dependence.NOTHING, Dependence.ADDRESS_AND_PORT)


def test_what_answers_no_question_changes_nothing() -> None:
    server = Address.parse("203.0.113.30", 3478)
    probe = Probe(Address.parse("192.168.1.10", 5000), [server], Random(1))
    probe.start(0.0)
    [(request, to)] = probe.take_packets()
    assert to == server
    mapped = a.XOR_MAPPED_ADDRESS(Address.parse("203.0.113.21", 9))
    real = request[8:20]
    for data, source in (
        (b"\0\1", server),
        (request, server),
        (encode(Message(Method.BINDING, Class.SUCCESS, bytes(12), (mapped,))), server),
        (encode(Message(Method.BINDING, Class.SUCCESS, real, (mapped,))), server._replace(port=1)),
    ):
        probe.receive(0.1, data, source)
    assert probe.found.mapped is None
    assert probe.next_timeout() == 0.5
    probe.receive(0.1, encode(Message(Method.BINDING, Class.SUCCESS, real, (mapped,))), server)
    assert probe.is_finished
    assert probe.found.servers[0].took == 0.1
