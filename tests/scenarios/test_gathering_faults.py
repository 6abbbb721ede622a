"""Servers that are dead, slow, refuse or lie: each has its outcome, none holds up the others."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial

import pytest

from sipice.ice import (
    AgentConfig,
    CandidateGathered,
    CandidateType,
    GatheringFinished,
    IceServer,
    NamedServer,
    PathLost,
    RelayLost,
    ServerFailed,
    ServerUri,
)
from sipice.net import Transport
from tests.capabilities import ROOT, needs
from tests.marks import rfc
from tests.simnet.call import Call, ice_servers
from tests.simnet.host import Host
from tests.simnet.nat import PORT_RESTRICTED, SYMMETRIC
from tests.simnet.servers import Manner, StunServer
from tests.simnet.topology import Topology, behind, build
from tests.simnet.turn_server import Policy, TurnServer, Vice

HOST, SRFLX, RELAY = (
    CandidateType.HOST,
    CandidateType.SERVER_REFLEXIVE,
    CandidateType.RELAYED,
)
NAT = behind(PORT_RESTRICTED)
DEADLINE = 5.0


@dataclass(frozen=True)
class Fault:
    """One way in which a server fails."""

    name: str
    why: str
    """What is told; empty: nothing, because it does no harm or cannot be known."""
    manner: Manner | None = None
    policy: Policy | None = None
    waits: bool = False
    """Gathering lasts until its deadline."""
    password: str = ""
    transport: Transport = Transport.UDP
    gives: frozenset[CandidateType] = frozenset()
    uri: str = ""
    """A server that is known by its name, which nobody finds."""


def refused(code: int, why: str, gives: frozenset[CandidateType] = frozenset()) -> Fault:
    return Fault(f"refuses with {code}", why, policy=Policy(refuse_allocate=code), gives=gives)


FAULTS = [
    Fault("silent", f"no answer within {DEADLINE:g} s", Manner.DEAD, waits=True),
    Fault("refuses", "it answers error 500", Manner.REFUSING),
    Fault("tells nothing", "there is no address in its answer", Manner.FORGETFUL),
    Fault("another transaction", f"no answer within {DEADLINE:g} s", Manner.CONFUSED, waits=True),
    Fault("another port", f"no answer within {DEADLINE:g} s", Manner.ELSEWHERE, waits=True),
    Fault("broken fingerprint", f"no answer within {DEADLINE:g} s", Manner.GARBLED, waits=True),
    Fault("lies", "", Manner.LYING, gives=frozenset({SRFLX})),
    Fault("old", "", Manner.OLD, gives=frozenset({SRFLX})),
    Fault(
        "wrong password",
        "the server does not accept user name and password (401)",
        policy=Policy(),
        password="wrong",
    ),
    Fault(
        "TURN silent", f"no answer within {DEADLINE:g} s", policy=Policy(vice=Vice.DEAD), waits=True
    ),
    Fault(
        "always 401",
        "the server does not accept user name and password (401)",
        policy=Policy(vice=Vice.ALWAYS_UNAUTHORIZED),
    ),
    Fault(
        "nonce always stale",
        "the server's challenge cannot be met (438)",
        policy=Policy(vice=Vice.ALWAYS_STALE),
    ),
    Fault(
        "wrong seal",
        f"no answer within {DEADLINE:g} s",
        policy=Policy(vice=Vice.BAD_INTEGRITY),
        waits=True,
    ),
    Fault("no relayed address", "the allocation cannot be used", policy=Policy(vice=Vice.NO_RELAY)),
    refused(300, "the server sends us on to one that we do not follow (300)"),
    refused(403, "the server forbids it (403)"),
    refused(437, "the server knows another allocation, or none, for this port (437)"),
    refused(440, "the server relays no addresses of the family asked for (440)"),
    refused(441, "the allocation at our port belongs to another user (441)"),
    refused(442, "the server relays no UDP (442)"),
    refused(486, "the quota of this user is used up (486)", frozenset({SRFLX})),
    refused(500, "the server refuses (500)"),
    refused(508, "the server has no relayed address left (508)", frozenset({SRFLX})),
    Fault(
        "no TCP",
        "no connection to it could be made",
        transport=Transport.TCP,
    ),
    Fault("DNS", "gone.example does not exist (DNS)", uri="stun:gone.example"),
]


def faulty(topology: Topology, fault: Fault) -> IceServer | NamedServer:
    """A further server that fails in this way."""
    if fault.uri:
        return NamedServer(ServerUri.parse(fault.uri))
    host = Host(topology.world, "faulty")
    host.attach(topology.internet, "203.0.113.19")
    if fault.manner is not None:
        server = StunServer(host, manner=fault.manner)
        return IceServer(ice_servers(topology)[0].kind, server.address)
    (good,) = ice_servers(topology, stun=False, turn=True)
    assert isinstance(good, IceServer)
    bad = TurnServer(host, realm=topology.turn.auth.realm, policy=fault.policy)
    host.tcp.listeners.clear()
    return replace(
        good,
        address=bad.address,
        password=fault.password or good.password,
        transport=fault.transport,
    )


def gathered(fault: Fault) -> Call:
    """Both sides gather from the faulty server first, then from good ones."""
    topology = build(NAT, NAT, rtt=0.02)
    bad = faulty(topology, fault)
    good = ice_servers(topology, turn=True)
    config = AgentConfig(servers=(bad, *good), gather_timeout=DEADLINE)
    call = Call(topology, config=config)
    if isinstance(bad, IceServer):
        call.watch.checker.servers.add(bad.address)
    for peer in (call.a, call.b):
        if isinstance(bad, NamedServer):
            tell = partial(peer.tell, peer.agent.name_failed, bad.uri.query, fault.why)
            call.world.at(0.3, tell)
    return call.run()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_server_that_fails_is_told_and_holds_nothing_up(fault: Fault) -> None:
    call = gathered(fault)
    call.assert_connected()
    told = {(event.why, event.code) for event in call.a.all(ServerFailed)}
    assert {why for why, _ in told} == ({fault.why} if fault.why else set())
    code = re.search(r"\((\d{3})\)$|error (\d{3})$", fault.why)
    expected = int(code[1] or code[2]) if code else None
    assert {code for _, code in told} <= {expected}
    finished = call.a.first(GatheringFinished)
    assert finished is not None
    assert (finished[0] >= DEADLINE) == fault.waits
    types = [one.type for one in call.a.agent.local_description(0).candidates]
    assert types.count(RELAY) == 1, "what the good servers gave"
    assert types.count(SRFLX) >= 1


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_candidates_of_good_servers_come_in_time_beside_a_bad_one(fault: Fault) -> None:
    """Each question is Ta after the one before; the bad server costs its slots and no more."""
    call = gathered(fault)
    good = {call.topology.stun.address, call.topology.turn.address}
    came = [
        when
        for when, event in call.a.events
        if isinstance(event, CandidateGathered) and event.candidate.server in good
    ]
    assert came
    assert max(came) < 0.75


@rfc("8489", "9.2.5", "MUST", "8489-9.2.5-2")
def test_a_nonce_that_expires_while_the_call_lasts_is_renewed_unnoticed() -> None:
    topology = build(behind(SYMMETRIC), behind(SYMMETRIC), rtt=0.02)
    servers = ice_servers(topology, stun=False, turn=True)
    call = Call(topology, config=AgentConfig(servers=servers)).run()
    for _ in range(3):  # each time everything is refreshed twice at least
        topology.turn.auth.expire_nonces()
        call.world.run(until=call.world.now + 1200.0)
    assert call.a.all(RelayLost) == []
    assert call.a.send_media(b"\x80 still there")
    call.world.run(until=call.world.now + 1.0)
    assert call.b.media[-1][1] == b"\x80 still there"
    assert 438 in {code for _, _, code in topology.turn.log}


def test_a_password_that_expires_while_the_call_lasts_is_told_and_ends_the_relay() -> None:
    """As with time-limited credentials: the allocation cannot be refreshed any more."""
    topology = build(behind(SYMMETRIC), behind(SYMMETRIC), rtt=0.02)
    servers = ice_servers(topology, stun=False, turn=True)
    call = Call(topology, config=AgentConfig(servers=servers)).run()
    topology.turn.policy.vice = Vice.ALWAYS_UNAUTHORIZED
    call.world.run(until=call.world.now + 700.0)
    reasons = {event.reason for peer in (call.a, call.b) for event in peer.all(RelayLost)}
    assert reasons == {"the server does not accept user name and password (401)"}
    assert call.a.all(PathLost)
    assert call.b.all(PathLost)


def test_a_slow_server_is_waited_for_until_the_deadline_and_used_afterwards() -> None:
    topology = build(NAT, NAT, rtt=0.02)
    topology.stun.delay = 2.0
    servers = ice_servers(topology)
    call = Call(topology, config=AgentConfig(servers=servers, gather_timeout=0.5)).run()
    (event,) = call.a.all(ServerFailed)
    assert event.why == "no answer within 0.5 s"
    assert call.a.first(GatheringFinished)[0] == 0.5  # type: ignore[index]
    call.world.run(until=4.0)
    types = [one.type for one in call.a.agent.local_description(0).candidates]
    assert types == [HOST, SRFLX]


@needs("checkout")
def test_the_manual_lists_every_sentence() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    told = {fault.why.replace(f"{DEADLINE:g} s", "N s") for fault in FAULTS if not fault.uri}
    assert [why for why in sorted(told) if why not in page] == []
