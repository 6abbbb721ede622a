"""Particular places: one LAN, clashing private addresses, two families, NATs that forget."""

from __future__ import annotations

import pytest

from sipice.ice import AgentConfig, CandidateType, PathLost, PathQuiet, Role
from tests.marks import rfc
from tests.simnet.call import Call, ice_servers
from tests.simnet.host import Host
from tests.simnet.link import Link
from tests.simnet.nat import FULL_CONE, PORT_RESTRICTED, SYMMETRIC, Hairpin, NatKind
from tests.simnet.peer import Peer
from tests.simnet.talk import Talk
from tests.simnet.topology import OPEN, SiteKind, behind, build, same_lan
from tests.simnet.wire import Class, Method, parse


@pytest.mark.parametrize("nat", [FULL_CONE, PORT_RESTRICTED, SYMMETRIC], ids=str)
@pytest.mark.parametrize("hairpin", list(Hairpin))
def test_in_one_lan_media_stays_there(nat: NatKind, hairpin: Hairpin) -> None:
    topology = same_lan(nat=nat.but(hairpin=hairpin), rtt=0.004)
    made = Call(topology, config=AgentConfig(servers=ice_servers(topology))).run()
    made.assert_connected()
    selected = made.a.selected()
    assert selected is not None
    assert selected.local.type is selected.remote.type is CandidateType.HOST
    assert made.completed_after() < 0.200


@rfc("8445", "7.3", "MUST", "8445-7.3-2")
def test_a_stranger_with_the_private_address_of_the_peer_refuses() -> None:
    """RFC 8445 App. B.4: what the address says, the USERNAME must confirm."""
    home = behind(FULL_CONE)
    topology = build(home, home, rtt=0.050)
    # In a's LAN another agent has the address and port that b has in its own.
    impostor_host = Host(topology.world, "z")
    private = topology.b.host.interfaces[0]
    impostor_host.attach(topology.a.network, "192.168.2.10")
    assert private.addresses[0] == impostor_host.ips[0]
    impostor = Peer(impostor_host, role=Role.CONTROLLED, seed=9)
    impostor.bind_all()
    impostor.tell(impostor.agent.gather)
    made = Call(topology, config=AgentConfig(servers=ice_servers(topology)))
    made.watch.announce(impostor, 0)
    made.run()
    made.assert_connected()
    answers = [
        parse(line.data)
        for line in made.world.trace.lines()
        if (line.where, line.what) == ("z", "sends")
    ]
    assert answers
    assert all(answer.cls is Class.ERROR and answer.error() == 401 for answer in answers)
    assert all(answer.method == Method.BINDING for answer in answers)
    selected = made.a.selected()
    assert selected is not None
    assert selected.remote.address.host == "203.0.113.22"


@rfc("8421", "4", "should", "8421-4-1")
def test_two_families_prefer_ipv6_and_fall_back() -> None:
    six = SiteKind(ipv6=True)
    made = Call(build(six, six, rtt=0.050)).run()
    made.assert_connected()
    selected = made.a.selected()
    assert selected is not None
    assert selected.remote.address.family == 6
    made = Call(build(six, six, rtt=0.050))
    made.topology.b.wan.down.drops.append(lambda packet: packet.dst.family == 6)
    made.run()
    made.assert_connected()
    selected = made.a.selected()
    assert selected is not None
    assert selected.remote.address.family == 4
    assert made.completed_after() < 2.0


def test_a_rebooted_nat_that_keeps_ports_costs_a_moment() -> None:
    home = behind(PORT_RESTRICTED)
    topology = build(home, home, rtt=0.050)
    made = Call(topology, config=AgentConfig(servers=ice_servers(topology))).run()
    made.assert_connected()
    talk = Talk(made.a, made.b)
    made.world.run(until=10.0)
    topology.a.gateways[0].forget()
    made.world.run(until=25.0)
    talk.stop()
    for peer in (made.a, made.b):
        assert peer.all(PathLost) == []
        assert peer.all(PathQuiet) == []
        assert talk.longest_gap(peer) < 0.200


def test_a_rebooted_nat_that_changes_ports_ends_the_path_and_a_restart_heals() -> None:
    topology = build(behind(SYMMETRIC), OPEN, rtt=0.050)
    made = Call(topology, config=AgentConfig(servers=ice_servers(topology))).run()
    made.assert_connected()
    Talk(made.a, made.b, ptime=0.5)
    made.world.run(until=10.0)
    topology.a.gateways[0].forget()
    made.world.run(until=50.0)
    assert made.b.all(PathLost)
    made.restart(made.b)
    made.world.run(until=55.0)
    for peer in (made.a, made.b):
        assert peer.agent.media(0, 1).send is not None


@pytest.mark.parametrize("lifetime", [20.0, 30.0])
def test_consent_keeps_a_silent_call_through_a_short_lived_nat(lifetime: float) -> None:
    home = behind(PORT_RESTRICTED.but(lifetime=lifetime))
    topology = build(home, home, rtt=0.050)
    made = Call(topology, config=AgentConfig(servers=ice_servers(topology))).run()
    made.assert_connected()
    made.world.run(until=600.0)
    for peer in (made.a, made.b):
        assert peer.all(PathQuiet) == []
        assert peer.agent.media(0, 1).send is not None


def test_a_narrow_path_carries_every_check() -> None:
    topology = build(OPEN, OPEN, rtt=0.050)
    for site in topology.sites:
        site.wan.up.mtu = 576
    Call(topology, components=2, streams=2).run().assert_connected()


def test_a_path_that_is_slow_one_way_only() -> None:
    topology = build(OPEN, OPEN)
    topology.a.wan.up = Link(delay=0.900)
    made = Call(topology).run()
    made.assert_connected()
    assert made.completed_after() <= 2 * 0.900 + 0.050 + 1e-9
