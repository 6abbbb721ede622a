"""RFC 8445 §5.1.1.2, §5.1.3: which candidates come of the answers of servers."""

from __future__ import annotations

import pytest

from sipice.ice import AgentConfig, CandidateType, GatheringFinished
from sipice.stun import attributes as a
from tests.ice.asking import OWN, SECOND, STUN, Case, config
from tests.ice.harness import address
from tests.marks import rfc


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
