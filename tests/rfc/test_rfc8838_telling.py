"""RFC 8838 §9: our candidates are told once each, in order, and their end once."""

from __future__ import annotations

from sipice.ice import (
    AgentConfig,
    CandidateGathered,
    GatheringFinished,
    IceServer,
    Role,
    ServerKind,
)
from tests.ice.harness import Side, address
from tests.marks import rfc
from tests.rfc.alone import OWN, Alone, requests
from tests.rfc.test_rfc8838 import server_answers

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
