"""What an agent gathers and tells by configuration: types, public addresses, tiers, families."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest

from sipice.errors import UsageError
from sipice.ice import (
    Advertised,
    Agent,
    AgentConfig,
    Candidate,
    CandidateGathered,
    CandidateType,
    IceServer,
    NamedServer,
    Network,
    PairSelected,
    Role,
    ServerFailed,
    ServerKind,
    ServerUri,
)
from sipice.ice.replay import replay
from sipice.net import Address
from sipice.trace import JsonLines
from tests.ice.harness import Side, address
from tests.marks import rfc
from tests.rfc.servers import STUN, TURN, Desk, stun, turn
from tests.simnet.call import Call, Exchange, Plan, ice_servers
from tests.simnet.nat import PORT_RESTRICTED, SYMMETRIC
from tests.simnet.peer import Peer
from tests.simnet.topology import CLOUD, OPEN, SiteKind, behind, build

HOST, SRFLX, RELAY = (
    CandidateType.HOST,
    CandidateType.SERVER_REFLEXIVE,
    CandidateType.RELAYED,
)
NO_HOST, RELAY_ONLY = frozenset({SRFLX, RELAY}), frozenset({RELAY})
NAT = behind(PORT_RESTRICTED)
MAPPED = address("203.0.113.7:41000")


def ip(text: str) -> bytes:
    return Address.parse(text, 0).ip


def hidden(of: Candidate) -> bool:
    return of.related is None or not any(of.related.ip)


def desk(types: frozenset[CandidateType], *servers: IceServer) -> Desk:
    side = Side(
        "a",
        Role.CONTROLLING,
        ["10.0.0.1:5000"],
        AgentConfig(servers=servers, candidate_types=types),
    )
    return Desk(side, mapped={address("10.0.0.1:5000"): MAPPED})


def told(of: Desk | Peer) -> tuple[Candidate, ...]:
    agent = of.side.agent if isinstance(of, Desk) else of.agent
    return agent.local_description(0).candidates


def calls(types: frozenset[CandidateType], a: SiteKind = NAT, b: SiteKind = NAT) -> Call:
    topology = build(a, b, rtt=0.02)
    servers = ice_servers(topology, turn=True)
    config = AgentConfig(servers=servers, candidate_types=types)
    return Call(topology, config=config, config_b=AgentConfig(servers=servers)).run()


# No local address leaves us


def test_without_host_candidates_no_local_address_is_told_and_checks_leave_all_the_same() -> None:
    call = calls(NO_HOST)
    call.assert_connected()
    own = {event.candidate for event in call.a.all(CandidateGathered)} | set(told(call.a))
    assert {candidate.type for candidate in own} == NO_HOST
    local = call.topology.a.host.ips
    assert not [one for one in own if one.address.ip in local]
    assert all(hidden(one) for one in own if one.type is SRFLX)
    selected = call.a.selected()
    assert selected is not None
    assert not selected.path.relayed, "the direct way is used without telling where we are"


@rfc("mdns", "Gathering", "MUST NOT", "mdns-gather-3")
@rfc("mdns", "Gathering", "MUST", "mdns-gather-4")
def test_a_reflexive_candidate_that_equals_a_hidden_host_is_told() -> None:
    open_ = desk(NO_HOST, stun())
    open_.mapped.clear()
    (candidate,) = told(open_.gather())
    assert (candidate.type, candidate.address) == (SRFLX, address("10.0.0.1:5000"))
    assert candidate.related == Address(bytes(4), 9)
    assert open_.side.agent.local_description(0).defaults == (candidate,)


def test_a_hidden_host_that_comes_while_checks_run_is_checked_from() -> None:
    topology = build(OPEN, OPEN)
    config = AgentConfig(servers=ice_servers(topology), candidate_types=NO_HOST, trickle=True)
    plan = Plan(exchange=Exchange.TRICKLE, signalling=0.01)
    call = Call(topology, config=config, plan=plan).run()
    call.assert_connected()


# Relays only


def test_relay_only_sends_and_receives_nothing_but_through_the_relay() -> None:
    call = calls(RELAY_ONLY)
    call.assert_connected()
    for candidate in told(call.a):
        assert candidate.type is RELAY
        assert hidden(candidate)
    selected = call.a.selected()
    assert selected is not None
    assert selected.path.relayed
    sent = [line for line in call.world.trace.lines() if (line.where, line.what) == ("a", "sends")]
    assert {line.dst for line in sent} == {call.topology.turn.address}


def test_relay_only_without_a_relay_has_nothing_to_tell() -> None:
    assert told(desk(RELAY_ONLY, stun()).gather()) == ()


def test_without_relays_a_turn_server_is_asked_for_the_mapped_address_only() -> None:
    one = desk(frozenset({HOST, SRFLX}), turn()).gather()
    assert [candidate.type for candidate in told(one)] == [HOST, SRFLX]
    assert [asked.message.method for asked in one.asked] == [1]


def test_hosts_only_ask_nobody() -> None:
    one = desk(frozenset({HOST}), stun(), turn()).gather()
    assert one.asked == []
    assert [candidate.type for candidate in told(one)] == [HOST]


def test_without_reflexive_candidates_a_relay_tells_none() -> None:
    one = desk(frozenset({HOST, RELAY}), stun(), turn()).gather()
    assert [candidate.type for candidate in told(one)] == [HOST, RELAY]
    assert {asked.server for asked in one.asked} == {TURN}
    assert STUN not in {asked.server for asked in one.asked}


# The public address of a one-to-one NAT


def advertised(*public: Advertised, hosts: tuple[str, ...] = ("10.0.0.1:5000",)) -> list[str]:
    side = Side("a", Role.CONTROLLING, hosts, AgentConfig(advertised=public))
    return [str(one.address) for one in side.agent.local_description(0).candidates]


def test_the_public_address_replaces_the_own_one_or_goes_before_it() -> None:
    public = ip("198.51.100.7")
    assert advertised(Advertised(public)) == ["198.51.100.7:5000"]
    both = advertised(Advertised(public, keep=True))
    assert both == ["198.51.100.7:5000", "10.0.0.1:5000"]


def test_a_public_address_stands_for_its_network_and_family_only() -> None:
    hosts = ("10.0.0.1:5000", "192.168.0.1:5000", "[2001:db8::1]:5000")
    mine = Advertised(ip("198.51.100.7"), Network.parse("10.0.0.0/8"))
    shown = advertised(mine, hosts=hosts)
    assert sorted(shown) == ["192.168.0.1:5000", "198.51.100.7:5000", "[2001:db8::1]:5000"]


@pytest.mark.parametrize("keep", [False, True])
def test_an_agent_in_a_cloud_is_reached_at_its_public_address_without_any_server(
    keep: bool,
) -> None:
    topology = build(CLOUD, NAT, rtt=0.02)
    public = Advertised(ip("203.0.113.21"), keep=keep)
    call = Call(
        topology,
        config=AgentConfig(advertised=(public,)),
        config_b=AgentConfig(),
    ).run()
    call.assert_connected()
    selected = call.b.selected()
    assert selected is not None
    assert selected.path.to.host == "203.0.113.21"
    assert call.a.all(PairSelected)[0].local.address.host == "203.0.113.21"


def test_a_lite_agent_in_a_cloud_is_reached_at_its_public_address() -> None:
    topology = build(CLOUD, NAT, rtt=0.02)
    public = (Advertised(ip("203.0.113.21")),)
    config = AgentConfig(lite=True, advertised=public)
    call = Call(topology, config=config, config_b=AgentConfig(), role=Role.CONTROLLED).run()
    call.assert_connected()
    assert call.a.send_media(b"\x80 out of the cloud")
    call.world.run(until=call.world.now + 1.0)
    assert call.b.media[-1][1] == b"\x80 out of the cloud"


def test_what_a_server_sees_of_an_advertised_host_is_no_second_candidate() -> None:
    topology = build(CLOUD, OPEN)
    config = AgentConfig(
        servers=ice_servers(topology), advertised=(Advertised(ip("203.0.113.21")),)
    )
    call = Call(topology, config=config).run()
    call.assert_connected()
    assert [one.type for one in told(call.a)] == [HOST]


# Which address first


@rfc("8421", "3", "should", "8421-3-1")
@rfc("8421", "5", "should", "8421-3-2")
def test_addresses_of_a_higher_tier_rank_behind_and_are_not_interleaved() -> None:
    side = Side("a", Role.CONTROLLING)
    for text, tier in (
        ("10.9.0.1:5000", 1),
        ("10.0.0.1:5000", 0),
        ("[2001:db8:9::1]:5000", 1),
        ("[2001:db8::1]:5000", 0),
    ):
        side.agent.add_local_address(0.0, 0, 1, address(text), tier)
    made = side.agent.local_description(0).candidates
    ordered = [str(one.address) for one in sorted(made, key=lambda one: -one.priority)]
    assert ordered == [
        "[2001:db8::1]:5000",
        "10.0.0.1:5000",
        "[2001:db8:9::1]:5000",
        "10.9.0.1:5000",
    ]


# Relayed addresses of both families


def dual(families: tuple[int, ...], relays: list[str]) -> Call:
    topology = build(SiteKind(nat=SYMMETRIC), OPEN, rtt=0.02)
    topology.turn.relays = {len(ip(text)): ip(text) for text in relays}
    (server,) = ice_servers(topology, stun=False, turn=True)
    assert isinstance(server, IceServer)
    config = AgentConfig(servers=(replace(server, relay_families=families),))
    return Call(topology, config=config, config_b=AgentConfig()).run()


BOTH = ["203.0.113.11", "2001:db8:1::11"]


def families_of(call: Call) -> list[int]:
    return [one.address.family for one in told(call.a) if one.type is RELAY]


def test_one_allocation_gives_a_relayed_candidate_of_each_family() -> None:
    call = dual((4, 6), BOTH)
    assert families_of(call) == [4, 6]
    assert len([one for one in call.topology.turn.log if one[1].name == "ALLOCATE"]) == 2
    assert call.a.all(ServerFailed) == []


def test_a_family_that_the_server_does_not_relay_is_told() -> None:
    call = dual((4, 6), BOTH[:1])
    assert families_of(call) == [4]
    (event,) = call.a.all(ServerFailed)
    assert (event.why, event.code) == ("the server relays no IPv6 (440)", 440)


def test_ipv6_alone_can_be_asked_for_and_refused() -> None:
    assert families_of(dual((6,), BOTH)) == [6]
    call = dual((6,), BOTH[:1])
    assert families_of(call) == []
    (event,) = call.a.all(ServerFailed)
    assert event.why == "the server relays no addresses of the family asked for (440)"


def test_other_families_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(UsageError, match=r"relay_families is \(4,\), \(6,\) or \(4, 6\)"):
        IceServer(ServerKind.TURN, TURN, relay_families=(6, 4))
    with pytest.raises(UsageError, match="relay_families"):
        NamedServer(ServerUri.parse("turn:a"), relay_families=())


def test_policies_are_recorded_and_replayed() -> None:
    lines: list[str] = []
    config = AgentConfig(
        servers=(replace(turn(), relay_families=(4, 6)),),
        candidate_types=NO_HOST,
        advertised=(
            Advertised(ip("198.51.100.7"), Network.parse("10.0.0.0/8"), keep=True),
            Advertised(ip("2001:db8::7")),
        ),
    )
    agent = Agent(config, role=Role.CONTROLLING, rng=Random(1), tracer=JsonLines(lines.append))
    agent.add_local_address(0.0, agent.add_stream(), 1, address("10.0.0.1:5000"), 3)
    agent.gather(0.0)
    agent.local_description(0)
    agent.handle_timeout(1.0)
    records = [json.loads(line) for line in lines]
    assert records[0]["config"]["candidate_types"] == ["relay", "srflx"]
    assert records[0]["config"]["advertised"][0] == {
        "ip": "198.51.100.7",
        "network": "10.0.0.0/8",
        "keep": True,
    }
    assert replay(records) is None


def test_a_family_that_a_server_leaves_out_without_a_word_is_told() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"])
    both = replace(turn(), relay_families=(4, 6))
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"], AgentConfig(servers=(both,)))
    Desk(side).gather()
    (event,) = side.all(ServerFailed)
    assert (event.why, event.code) == ("the server relays no IPv6", None)


def test_a_second_entry_for_the_same_allocation_is_told_and_not_asked() -> None:
    entries = (turn(), replace(turn(), relay_families=(6,)))
    one = desk(frozenset({HOST, RELAY}), *entries).gather()
    (event,) = one.side.all(ServerFailed)
    assert event.why.startswith("a socket has one allocation at a server")
    assert [candidate.type for candidate in told(one)] == [HOST, RELAY]
    again = one.side.agent.prepare_restart(one.now)
    one.gather(one.now + 1.0)
    one.side.agent.commit_restart(one.now, again)
    assert len(one.side.all(ServerFailed)) == 2, "in a restart the first entry is asked again"
