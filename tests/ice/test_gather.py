"""RFC 8445 §5.1.1.2: candidates from STUN and TURN servers, paced, within a deadline."""

from __future__ import annotations

from itertools import pairwise

from sipice.ice import (
    AgentConfig,
    CandidateType,
    GatheringFinished,
)
from sipice.stun import attributes as a
from tests.ice.asking import MAPPED, OWN, SECOND, STUN, Case, config
from tests.ice.harness import address
from tests.marks import rfc
from tests.simnet.call import Call, ice_servers
from tests.simnet.nat import PORT_RESTRICTED
from tests.simnet.topology import behind, build


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
