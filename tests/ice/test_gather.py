"""RFC 8445 §5.1.1.2: candidates from STUN and TURN servers, paced, within a deadline."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sipice.ice import (
    AgentConfig,
    CandidateGathered,
    CandidateType,
    GatheringFinished,
    IceServer,
    PairSelected,
    Role,
    ServerKind,
)
from sipice.net import Address
from sipice.stun import Class, Message, Method, encode
from sipice.stun import attributes as a
from tests.ice.harness import Sent, Side, address, advance, sent_by
from tests.marks import rfc
from tests.simnet.call import Call, Plan, ice_servers
from tests.simnet.nat import PORT_RESTRICTED, SYMMETRIC
from tests.simnet.topology import behind, build
from tests.simnet.turn_server import Policy

STUN = address("192.0.2.2:3478")
SECOND = address("192.0.2.3:3478")
MAPPED = address("203.0.113.7:41000")
OWN = address("10.0.0.1:5000")


def config(*servers: Address, kind: ServerKind = ServerKind.STUN, **more: float) -> AgentConfig:
    entries = tuple(IceServer(kind, server, username="u", password="p") for server in servers)
    return AgentConfig(servers=entries, gather_timeout=more.get("gather_timeout", 5.0))


class Case:
    def __init__(self, settings: AgentConfig, *hosts: str) -> None:
        self.side = Side("a", Role.CONTROLLING, hosts or ("10.0.0.1:5000",), settings)
        self.agent = self.side.agent
        self.agent.gather(0.0)
        self.sent: list[Sent] = []

    def run(self, until: float) -> list[Sent]:
        new = advance(self.side, until)
        self.sent += new
        return new

    def answer(
        self,
        request: Sent,
        now: float,
        attribute: tuple[int, object] | None = None,
        *,
        code: int = 0,
        source: Address | None = None,
    ) -> None:
        kind = Class.ERROR if code else Class.SUCCESS
        value = a.ERROR_CODE(a.ErrorCode(code, "")) if code else a.XOR_MAPPED_ADDRESS(MAPPED)
        message = Message(
            Method.BINDING, kind, request.message.transaction_id, (attribute or value,)
        )
        data = encode(message, fingerprint=False)
        base = self.side.bases[request.source]
        self.agent.receive_datagram(now, data, base, source or request.to)
        self.sent += sent_by(self.side, now)

    def kinds(self) -> list[CandidateType]:
        return [event.candidate.type for event in self.side.all(CandidateGathered)]


@rfc("8445", "5.1.1.2", "SHOULD", "8445-5.1.1.2-1")
@rfc("8445", "5.1.1.2", "rule", "8445-5.1.1.2-4")
@rfc("8445", "5.1.1.2", "rule", "8445-5.1.1.2-10")
def test_a_stun_server_tells_a_server_reflexive_candidate() -> None:
    case = Case(config(STUN))
    (request,) = case.run(0.0)
    assert request.to == STUN
    assert request.message.get(a.USERNAME) is None
    assert not request.message.has_integrity
    case.answer(request, 0.1)
    host, reflexive = case.agent.local_description(0).candidates
    assert (reflexive.address, reflexive.base, reflexive.related) == (MAPPED, host.base, OWN)
    assert reflexive.priority == 1694498815
    assert reflexive.foundation != host.foundation
    assert case.side.when(GatheringFinished) == 0.1
    assert case.agent.local_description(0).defaults == (reflexive,)


@rfc("8445", "5.1.1.2", "MUST", "8445-5.1.1.2-5")
def test_an_answer_of_an_old_server_is_understood() -> None:
    case = Case(config(STUN))
    (request,) = case.run(0.0)
    case.answer(request, 0.1, a.MAPPED_ADDRESS(MAPPED))
    assert case.kinds() == [CandidateType.HOST, CandidateType.SERVER_REFLEXIVE]


@rfc("8445", "5.1.3", "SHOULD", "8445-5.1.3-1")
def test_without_a_nat_the_reflexive_candidate_is_the_host_candidate_and_not_made() -> None:
    case = Case(config(STUN))
    (request,) = case.run(0.0)
    case.answer(request, 0.1, a.XOR_MAPPED_ADDRESS(OWN))
    assert case.kinds() == [CandidateType.HOST]


@rfc("8445", "5.1.1.3", "rule", "8445-5.1.1.3-1")
@rfc("8445", "5.1.1.2", "MAY/SHOULD", "8445-5.1.1.2-3")
def test_two_servers_two_foundations_unless_both_see_the_same_address() -> None:
    case = Case(config(STUN, SECOND))
    first, second = case.run(0.05)
    case.answer(first, 0.1)
    case.answer(second, 0.1, a.XOR_MAPPED_ADDRESS(address("203.0.113.7:41001")))
    made = case.agent.local_description(0).candidates
    assert len({c.foundation for c in made}) == 3
    assert len({c.priority for c in made}) == 3
    same = Case(config(STUN, SECOND))
    for request in same.run(0.05):
        same.answer(request, 0.1)
    assert same.kinds() == [CandidateType.HOST, CandidateType.SERVER_REFLEXIVE]


@rfc("8445", "5.1.1.2", "SHOULD NOT", "8445-5.1.1.2-7")
def test_questions_are_paced_like_checks() -> None:
    case = Case(config(STUN, SECOND), "10.0.0.1:5000", "10.0.1.1:5000")
    sent = case.run(0.4)
    assert len(sent) == 4
    assert all(later.at - earlier.at > 0.0499 for earlier, later in pairwise(sent))


@rfc("8445", "14.3", "SHOULD/MUST NOT", "8445-14.3-1")
def test_a_silent_server_is_asked_again_and_ends_gathering_at_the_deadline() -> None:
    case = Case(config(STUN, gather_timeout=4.0))
    sent = case.run(3.9)
    assert [round(one.at, 3) for one in sent] == [0, 0.5, 1.5, 3.5]
    assert case.side.all(GatheringFinished) == []
    case.run(4.0)
    assert case.side.when(GatheringFinished) == 4.0
    assert case.kinds() == [CandidateType.HOST]


@pytest.mark.parametrize("fault", ["error", "nothing", "elsewhere"])
def test_a_server_that_does_not_help_makes_no_candidate(fault: str) -> None:
    case = Case(config(STUN))
    (request,) = case.run(0.0)
    if fault == "error":
        case.answer(request, 0.1, code=500)
    elif fault == "nothing":
        case.answer(request, 0.1, a.SOFTWARE("x"))
    else:
        case.answer(request, 0.1, source=SECOND)
    finished = bool(case.side.all(GatheringFinished))
    assert finished is (fault != "elsewhere")
    assert case.kinds() == [CandidateType.HOST]


def test_without_servers_gathering_is_over_at_once() -> None:
    case = Case(AgentConfig())
    case.run(0.0)
    assert case.kinds() == [CandidateType.HOST]
    assert len(case.side.all(GatheringFinished)) == 1


def test_a_server_of_the_other_family_is_not_asked() -> None:
    case = Case(config(address("[2001:db8::9]:3478")))
    assert case.run(1.0) == []
    assert len(case.side.all(GatheringFinished)) == 1


@rfc("8445", "5.1.1.4", "MUST", "8445-5.1.1.4-1")
def test_a_reflexive_mapping_is_kept_open_until_ice_completes() -> None:
    case = Case(config(STUN))
    (request,) = case.run(0.0)
    case.answer(request, 0.1)
    again = case.run(61.0)
    assert [round(one.at, 1) for one in again] == [15.1, 30.1, 45.1, 60.1]
    assert {one.to for one in again} == {STUN}
    topology = build(behind(PORT_RESTRICTED), behind(PORT_RESTRICTED), rtt=0.02)
    call = Call(topology, config=AgentConfig(servers=ice_servers(topology))).run()
    start = call.world.now
    call.world.run(until=start + 60.0)
    asked = len(topology.stun.requests)
    call.world.run(until=start + 200.0)
    assert len(topology.stun.requests) == asked, "after completion nobody needs it"


@rfc("8445", "5.1.1.2", "rule", "8445-5.1.1.2-8")
@rfc("8445", "5.1.1.2", "SHOULD", "8445-5.1.1.2-6")
@rfc("8445", "7.2.1", "MUST", "8445-7.2.1-1")
@rfc("8445", "7.3.1.2", "rule", "8445-7.3.1.2-1")
@rfc("8445", "12.1", "RECOMMENDED", "8445-12.1-2")
def test_two_symmetric_nats_connect_through_a_relay_that_gets_a_channel() -> None:
    topology = build(behind(SYMMETRIC), behind(SYMMETRIC), rtt=0.02)
    servers = ice_servers(topology, stun=False, turn=True)
    call = Call(topology, config=AgentConfig(servers=servers), plan=Plan()).run()
    call.assert_connected()
    kinds = {e.candidate.type for e in call.a.all(CandidateGathered)}
    assert kinds == set(CandidateType) - {CandidateType.PEER_REFLEXIVE}
    call.world.run(until=call.world.now + 5.0)
    relayed = [peer for peer in (call.a, call.b) if peer.agent.media(0, 1).send.relayed]  # type: ignore[union-attr]
    assert relayed
    for peer in relayed:
        send = peer.agent.media(0, 1).send
        assert send is not None
        assert send.channel is not None
    assert call.a.send_media(b"\x80 to b")
    assert call.b.send_media(b"\x80 to a")
    call.world.run(until=call.world.now + 1.0)
    assert (call.a.media[-1][1], call.b.media[-1][1]) == (b"\x80 to a", b"\x80 to b")


@rfc("8445", "5.1.1.2", "SHOULD", "8445-5.1.1.2-9")
def test_a_turn_server_without_capacity_still_tells_the_mapped_address() -> None:
    topology = build(behind(PORT_RESTRICTED), policy=Policy(refuse_allocate=508))
    servers = ice_servers(topology, stun=False, turn=True)
    call = Call(topology, config=AgentConfig(servers=servers)).run()
    kinds = [e.candidate.type for e in call.a.all(CandidateGathered)]
    assert kinds == [CandidateType.HOST, CandidateType.SERVER_REFLEXIVE]


@rfc("8445", "8.3.1", "SHOULD", "8445-8.3.1-1")
def test_an_allocation_that_was_not_selected_is_given_back() -> None:
    topology = build()
    servers = ice_servers(topology, turn=True)
    call = Call(topology, config=AgentConfig(servers=servers)).run()
    call.world.run(until=call.world.now + 10.0)
    assert call.a.selected() is not None
    assert call.a.all(PairSelected)
    assert call.a.agent._state.local.relays == {}
