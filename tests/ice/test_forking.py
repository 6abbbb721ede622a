from __future__ import annotations

from sipice.ice import CandidateGathered, Role
from sipice.net import ReleaseBase
from tests.ice.harness import Puppet, Side, address, advance


def test_a_sibling_has_the_same_local_side_and_its_own_everything_else() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"])
    own = side.agent.local_description(0)
    sibling = side.agent.fork(1.0)
    assert sibling.local_description(0) == own
    side.agent.set_remote_description(1.0, 0, Puppet(side).description)
    assert len(advance(side, 1.0)) == 1
    assert sibling.next_timeout() is None
    sibling.set_role(2.0, Role.CONTROLLED)
    assert side.agent.role is Role.CONTROLLING


def test_candidates_found_later_are_told_to_all_siblings() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"])
    side.agent.set_remote_description(0.0, 0, Puppet(side).description)
    sibling = side.agent.fork(1.0)
    sibling.take_events()
    side.take(1.0)
    side.bind(2.0, address("10.0.1.1:5000"))
    for agent in (side.agent, sibling):
        found = [
            e.candidate.address for e in agent.take_events() if isinstance(e, CandidateGathered)
        ]
        assert found == [address("10.0.1.1:5000")]


def test_an_unused_base_goes_only_when_no_sibling_holds_it() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"])
    siblings = [side.agent.fork(0.0) for _ in range(3)]
    released = []
    for agent in (siblings[1], side.agent, siblings[0], siblings[2]):
        agent.close(1.0)
        released.append([c for c in agent.take_commands() if isinstance(c, ReleaseBase)])
    assert [len(one) for one in released] == [0, 0, 0, 1]


def test_siblings_of_siblings_are_siblings() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"])
    second = side.agent.fork(0.0).fork(0.0)
    bits = [member.member for member in second._state.local.members]
    assert bits == [1, 2, 4]


def test_a_sibling_that_has_ended_is_told_nothing_more() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"])
    sibling = side.agent.fork(0.0)
    sibling.close(1.0)
    sibling.take_events()
    side.bind(2.0, address("10.0.1.1:5000"))
    assert sibling.take_events() == []
    assert [member.member for member in side.agent._state.local.members] == [1]


def test_a_sibling_holds_only_bases_of_streams_that_it_has() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"])
    spare = side.agent.fork(0.0)
    assert side.agent.add_stream() == 1
    base = side.bind(0.0, address("10.0.0.1:5010"), 1)
    late = spare.fork(1.0)
    assert late.add_stream() == 2, "numbers are shared"
    side.agent.remove_stream(2.0, 1)
    assert ReleaseBase(base) in side.agent.take_commands()
