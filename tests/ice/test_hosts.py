from __future__ import annotations

import pytest

from sipice.errors import UsageError
from sipice.ice import AgentConfig, CandidateGathered, CandidateType, Role
from sipice.ice.candidate import priority
from tests.ice.harness import Puppet, Side, address, advance
from tests.marks import rfc


@rfc("8445", "5.1.1.1", "SHOULD", "8445-5.1.1.1-1")
@rfc("8445", "5.1.1.1", "rule", "8445-5.1.1.1-2")
def test_each_address_gives_one_host_candidate_per_component() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000", "10.0.1.1:5000"], components=2)
    made = side.agent.local_description(0).candidates
    assert [(c.component, c.type) for c in made] == [
        (1, CandidateType.HOST),
        (2, CandidateType.HOST),
    ] * 2
    assert all(c.address == c.base.address for c in made if c.base is not None)


@rfc("8445", "5.1.2.1", "SHOULD/MUST", "8445-5.1.2.1-2")
@rfc("8445", "5.1.2", "MUST", "8445-5.1.2-1")
@rfc("8421", "5", "rule", "8421-5-1")
def test_priorities_are_unique_in_a_stream() -> None:
    hosts = ["10.0.0.1:5000", "10.0.1.1:5000", "10.0.1.1:7000", "[2001:db8::1]:5000"]
    side = Side("a", Role.CONTROLLING, hosts, components=2)
    made = side.agent.local_description(0).candidates
    assert len({c.priority for c in made}) == len(made) == 8
    assert all(1 <= c.priority <= 2**31 - 1 for c in made)
    assert all(c.priority >> 24 == 126 and 256 - (c.priority & 255) == c.component for c in made)


@rfc("8445", "5.1.2.1", "SHOULD/MUST", "8445-5.1.2.1-2")
def test_a_single_address_has_the_highest_local_preference() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"])
    assert side.agent.local_description(0).candidates[0].priority == priority(126, 65535, 1)


@rfc("8445", "5.1.2.1", "SHOULD", "8445-5.1.2.1-3")
def test_ipv6_comes_before_ipv4() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000", "[2001:db8::1]:5000"])
    best = max(side.agent.local_description(0).candidates, key=lambda c: c.priority)
    assert best.address.family == 6


@rfc("8445", "5.1.1.1", "MUST NOT", "8445-5.1.1.1-6")
@pytest.mark.parametrize("text", ["127.0.0.1:5000", "[::1]:5000", "[fec0::1]:5000"])
def test_addresses_that_may_be_no_candidates_are_refused(text: str) -> None:
    side = Side("a", Role.CONTROLLING)
    with pytest.raises(UsageError, match="candidate"):
        side.bind(0.0, address(text))


def test_loopback_is_a_candidate_when_allowed() -> None:
    side = Side("a", Role.CONTROLLING, ["127.0.0.1:5000"], AgentConfig(allow_loopback=True))
    assert len(side.agent.local_description(0).candidates) == 1


def test_a_component_that_the_stream_lacks_is_refused() -> None:
    side = Side("a", Role.CONTROLLING)
    with pytest.raises(UsageError, match="components 1 to 1"):
        side.bind(0.0, address("10.0.0.1:5000"), component=2)


@rfc("8445", "5.1.1.4", "SHOULD", "8445-5.1.1.4-2")
def test_an_address_that_comes_while_checks_run_ranks_last_and_is_paired() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    side.agent.set_remote_description(0.0, 0, Puppet(side).description)
    advance(side, 0.0)
    side.bind(0.1, address("10.0.1.1:5000"))
    sources = [str(sent.source) for sent in advance(side, 0.3)]
    gathered = side.all(CandidateGathered)
    assert sources == ["10.0.1.1:5000"]
    first, second = (event.candidate for event in gathered)
    assert second.priority < first.priority
