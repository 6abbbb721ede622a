"""RFC 8838 §9, §13: our candidates are told once each and in order; so is their end."""

from __future__ import annotations

import pytest

from sipice.ice import (
    AgentConfig,
    CandidateGathered,
    CandidateType,
    GatheringFinished,
    IceServer,
    Role,
    ServerKind,
)
from tests.ice.harness import Side, address
from tests.marks import rfc
from tests.rfc.alone import OWN, PEER, Alone, requests
from tests.rfc.test_rfc8838 import SERVED, STUN, TRICKLE, gathering, server_answers

SERVER = IceServer(ServerKind.STUN, address("203.0.113.10:3478"))


@rfc("8838", "9", "MUST", "8838-9-2")
def test_each_candidate_and_the_end_are_told_once_and_in_order() -> None:
    config = AgentConfig(trickle=True, servers=(SERVER,))
    alone = Alone(Role.CONTROLLED, config, [OWN, "10.0.1.1:5000"], begun=False)
    alone.agent.gather(0.0)
    for question in requests(alone.run(0.2)):
        mapped = address(f"192.0.2.{question.source.ip[2] + 3}:45664")
        server_answers(alone, question, mapped)
        alone.take()
    alone.run(10.0)
    told = [event.candidate for event in alone.side.all(CandidateGathered)]
    assert tuple(told) == alone.agent.local_description(0).candidates
    assert len(told) == len(set(told)) == 4
    assert [type(event) for event in alone.side.events][-1] is GatheringFinished
    assert len(alone.side.all(GatheringFinished)) == 1


@rfc("8838", "9", "MUST", "8838-9-2")
def test_what_has_been_taken_is_not_told_again() -> None:
    side = Side("a", Role.CONTROLLED, [OWN], AgentConfig(trickle=True))
    side.agent.gather(0.0)
    assert side.agent.take_events()
    assert side.agent.take_events() == []


# §13: the end of ours


@rfc("8838", "13", "MUST NOT", "8838-13-3")
@rfc("8838", "13", "", "AT-57")
def test_no_candidate_is_handed_out_after_the_end_of_gathering() -> None:
    alone = Alone(Role.CONTROLLED, SERVED, begun=False)
    alone.agent.gather(0.0)
    (question,) = alone.run(0.0)
    alone.run(5.0)
    kinds = [type(event) for event in alone.side.events]
    assert GatheringFinished in kinds
    server_answers(alone, question)
    alone.run(6.0)
    after = alone.side.events[kinds.index(GatheringFinished) + 1 :]
    assert not any(isinstance(event, CandidateGathered) for event in after)


@rfc("8838", "13", "MUST NOT", "8838-13-4")
@rfc("8838", "13", "", "AT-57")
@pytest.mark.parametrize("role", Role)
def test_no_candidate_is_handed_out_after_nomination_although_gathering_goes_on(role: Role) -> None:
    alone, question = gathering(role)
    alone.run(0.1)
    alone.answer(next(sent for sent in requests(alone.log) if str(sent.to) == PEER))
    alone.run(0.2)
    if role is Role.CONTROLLED:
        alone.nominate()
    else:
        assert requests(alone.log)[-1].nominates, "under way is enough"
    told = len(alone.side.all(CandidateGathered))
    server_answers(alone, question)
    alone.run(0.3)
    assert len(alone.side.all(CandidateGathered)) == told
    assert len(alone.side.all(GatheringFinished)) == 1


@rfc("8838", "13", "MUST NOT", "8838-13-4")
def test_a_candidate_of_a_component_without_nomination_is_still_handed_out() -> None:
    alone = Alone(Role.CONTROLLED, SERVED, components=2, begun=False)
    alone.agent.gather(0.0)
    first, second = (sent for sent in alone.run(0.1) if sent.to == STUN)
    alone.begin(0.1)
    alone.answer(next(sent for sent in requests(alone.log) if str(sent.to) == PEER))
    alone.nominate()
    server_answers(alone, first)
    server_answers(alone, second, address("192.0.2.3:45665"))
    alone.run(0.2)
    kinds = [
        (event.candidate.type, event.candidate.component)
        for event in alone.side.all(CandidateGathered)
    ]
    assert (CandidateType.SERVER_REFLEXIVE, 1) not in kinds
    assert (CandidateType.SERVER_REFLEXIVE, 2) in kinds


@rfc("8838", "13", "MAY", "8838-13-5")
def test_gathering_that_takes_too_long_ends_early() -> None:
    alone = Alone(Role.CONTROLLED, SERVED, begun=False)
    alone.agent.gather(0.0)
    alone.run(4.999)
    assert alone.side.all(GatheringFinished) == []
    alone.run(5.0)
    assert len(alone.side.all(GatheringFinished)) == 1
    assert alone.agent.local_description(0).complete


@rfc("8838", "13", "SHOULD", "8838-13-6")
def test_a_full_set_in_the_first_description_has_its_end_mark() -> None:
    side = Side("a", Role.CONTROLLING, [OWN], TRICKLE)
    side.agent.gather(0.0)
    assert side.agent.local_description(0).complete
