"""RFC 4787: the NATs behave as they are labelled."""

from __future__ import annotations

import pytest

from sipice.net import Address
from tests.simnet.host import Host, Network, Socket
from tests.simnet.nat import (
    AD,
    ALL_KINDS,
    APD,
    EI,
    FULL_CONE,
    PORT_RESTRICTED,
    SYMMETRIC,
    Firewall,
    Hairpin,
    Nat,
    NatKind,
    OneToOne,
    Ports,
    no_udp,
)
from tests.simnet.world import Packet, World


class Probe:
    """A socket that remembers who wrote to it."""

    def __init__(self, host: Host, ip: bytes | None = None, port: int = 0) -> None:
        self.heard: list[tuple[Address, bytes]] = []
        self.socket: Socket = host.bind(ip or host.ips[0], self._take, port)
        self.address = self.socket.address
        self.world = host.world

    def _take(self, packet: Packet) -> None:
        self.heard.append((packet.src, packet.data))

    def send(self, dst: Address, data: bytes = b"hello") -> None:
        self.socket.send(dst, data)
        self.world.run()

    @property
    def last(self) -> Address:
        return self.heard[-1][0]


class Site:
    """A LAN with two hosts behind a NAT, and two servers outside with two ports each."""

    def __init__(self, kind: NatKind, *, seed: int = 1) -> None:
        self.world = World(seed)
        self.internet = Network(self.world, "internet")
        self.lan = Network(self.world, "lan")
        self.nat = Nat(
            self.world,
            "nat",
            kind,
            inside=self.lan,
            outside=self.internet,
            addresses=["203.0.113.1", "203.0.113.2"],
        )
        host, other = Host(self.world, "host"), Host(self.world, "other")
        host.attach(self.lan, "192.168.1.10")
        other.attach(self.lan, "192.168.1.11")
        self.inner = Probe(host, port=5000)
        self.neighbour = Probe(other, port=5000)
        servers = Host(self.world, "servers")
        servers.attach(self.internet, ["198.51.100.1", "198.51.100.2"])
        first, second = servers.ips
        self.s1, self.s1b = Probe(servers, first), Probe(servers, first)
        self.s2 = Probe(servers, second)


@pytest.mark.parametrize("kind", ALL_KINDS, ids=str)
def test_mapping_depends_on_as_much_of_the_remote_address_as_labelled(kind: NatKind) -> None:
    site = Site(kind)
    for server in (site.s1, site.s1b, site.s2):
        site.inner.send(server.address)
    same_ip = site.s1.last == site.s1b.last
    other_ip = site.s1.last == site.s2.last
    assert (same_ip, other_ip) == {
        EI: (True, True),
        AD: (True, False),
        APD: (False, False),
    }[kind.mapping]


@pytest.mark.parametrize("kind", ALL_KINDS, ids=str)
def test_filtering_lets_in_as_much_as_labelled(kind: NatKind) -> None:
    site = Site(kind)
    site.inner.send(site.s1.address)
    mapped = site.s1.last
    for name, server in (("same", site.s1), ("port", site.s1b), ("address", site.s2)):
        server.send(mapped, name.encode())
    heard = {data.decode() for _, data in site.inner.heard}
    assert (
        heard
        == {
            EI: {"same", "port", "address"},
            AD: {"same", "port"},
            APD: {"same"},
        }[kind.filtering]
    )


def test_a_mapping_dies_of_silence_and_comes_back_elsewhere() -> None:
    site = Site(SYMMETRIC)
    site.inner.send(site.s1.address)
    old = site.s1.last
    site.world.run(until=site.world.now + 119.9)
    site.s1.send(old)
    assert len(site.inner.heard) == 1
    site.world.run(until=site.world.now + 0.2)
    site.s1.send(old)
    assert len(site.inner.heard) == 1
    site.inner.send(site.s1.address)
    assert site.s1.last != old


def test_outbound_traffic_refreshes_a_mapping_and_inbound_only_where_told() -> None:
    for inbound in (False, True):
        site = Site(PORT_RESTRICTED.but(inbound_refresh=inbound))
        site.inner.send(site.s1.address)
        mapped = site.s1.last
        for _ in range(3):
            site.world.run(until=site.world.now + 80)
            site.s1.send(mapped)
        assert len(site.inner.heard) == (3 if inbound else 1)


def test_a_filter_entry_dies_while_the_mapping_is_kept_alive_by_others() -> None:
    site = Site(PORT_RESTRICTED)
    site.inner.send(site.s1.address)
    for _ in range(2):
        site.world.run(until=site.world.now + 80)
        site.inner.send(site.s2.address)
    assert site.s2.last == site.s1.last
    site.s1.send(site.s1.last)
    assert site.inner.heard == []


@pytest.mark.parametrize(
    ("hairpin", "source"),
    [
        (Hairpin.NONE, None),
        (Hairpin.PLAIN, "203.0.113.2"),
        (Hairpin.INTERNAL_SOURCE, "192.168.1.10"),
    ],
)
def test_hairpinning(hairpin: Hairpin, source: str | None) -> None:
    site = Site(FULL_CONE.but(hairpin=hairpin))
    site.neighbour.send(site.s1.address)
    site.inner.send(site.s1.last)
    assert [place.host for place, _ in site.neighbour.heard] == ([source] if source else [])


def test_ports_are_preserved_until_they_clash() -> None:
    site = Site(PORT_RESTRICTED)
    site.nat.outside.remove(site.nat.outside.addresses[1])
    site.inner.send(site.s1.address)
    assert site.s1.last.port == 5000
    site.neighbour.send(site.s1.address)
    assert site.s1.last.port != 5000


def test_one_inside_host_keeps_one_outside_address() -> None:
    site = Site(SYMMETRIC)
    for probe, host in ((site.inner, "203.0.113.1"), (site.neighbour, "203.0.113.2")):
        for server in (site.s1, site.s2):
            probe.send(server.address)
            assert server.last.host == host


def test_sequential_ports_follow_each_other() -> None:
    site = Site(SYMMETRIC.but(ports=Ports.SEQUENTIAL))
    site.inner.send(site.s1.address)
    site.inner.send(site.s2.address)
    assert site.s2.last.port == site.s1.last.port + 1


def test_a_rebooted_nat_has_forgotten() -> None:
    site = Site(FULL_CONE)
    site.inner.send(site.s1.address)
    site.nat.forget()
    site.s1.send(site.s1.last)
    assert site.inner.heard == []


def test_stacked_nats_translate_twice_and_hairpin_at_the_carrier() -> None:
    world = World()
    internet, carrier = Network(world, "internet"), Network(world, "carrier")
    Nat(world, "cgn", FULL_CONE, inside=carrier, outside=internet, addresses="203.0.113.9")
    probes = []
    for number in (1, 2):
        lan = Network(world, f"lan{number}")
        Nat(
            world,
            f"home{number}",
            FULL_CONE,
            inside=lan,
            outside=carrier,
            addresses=f"100.64.0.{number}",
        )
        host = Host(world, f"h{number}")
        host.attach(lan, "192.168.1.10")
        probes.append(Probe(host, port=5000 + number))
    server = Host(world, "server")
    server.attach(internet, "198.51.100.1")
    outside = Probe(server)
    mapped = []
    for probe in probes:
        probe.send(outside.address)
        mapped.append(outside.last)
    assert {place.host for place in mapped} == {"203.0.113.9"}
    probes[0].send(mapped[1])
    assert probes[1].heard == [(mapped[0], b"hello")]


def test_a_one_to_one_nat_keeps_ports_and_filters_as_told() -> None:
    for filtering, reached in ((EI, 1), (APD, 0)):
        world = World()
        internet, cloud = Network(world, "internet"), Network(world, "cloud")
        OneToOne(
            world,
            "nat",
            NatKind(filtering=filtering),
            inside=cloud,
            outside=internet,
            pairs={"10.0.0.5": "203.0.113.5"},
        )
        machine, server = Host(world, "machine"), Host(world, "server")
        machine.attach(cloud, "10.0.0.5")
        server.attach(internet, "198.51.100.1")
        inner, outer = Probe(machine, port=7000), Probe(server)
        outer.send(Address.parse("203.0.113.5", 7000))
        assert len(inner.heard) == reached
        inner.send(outer.address)
        assert outer.last == Address.parse("203.0.113.5", 7000)
        outer.send(outer.last)
        assert len(inner.heard) == reached + 1


@pytest.mark.parametrize("family", [4, 6])
def test_a_firewall_lets_answers_in_and_nothing_else(family: int) -> None:
    ours, theirs = (
        ("198.51.100.20", "203.0.113.1") if family == 4 else ("2001:db8::20", "2001:db8:1::1")
    )
    world = World()
    internet, lan = Network(world, "internet"), Network(world, "lan")
    wall = Firewall(world, "wall", PORT_RESTRICTED, inside=lan, outside=internet, family=family)
    host, server = Host(world, "host"), Host(world, "server")
    host.attach(lan, ours)
    server.attach(internet, theirs)
    inner, outer = Probe(host), Probe(server)
    outer.send(inner.address)
    assert inner.heard == []
    inner.send(outer.address)
    assert outer.last == inner.address
    outer.send(inner.address)
    assert len(inner.heard) == 1
    wall.allow = no_udp
    inner.send(outer.address)
    assert len(outer.heard) == 1


def test_private_addresses_of_elsewhere_are_not_reached() -> None:
    site = Site(FULL_CONE)
    site.s1.send(site.inner.address)
    assert site.inner.heard == []
    assert "noroute" in site.world.trace.text()
