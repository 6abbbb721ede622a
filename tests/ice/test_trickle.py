from __future__ import annotations

import pytest

from sipice.ice import AgentConfig, CandidateGathered, CandidateType, Description, Role
from sipice.ice.pair import PairState
from sipice.net import SendDatagram
from tests.ice.harness import Puppet, Side, address, advance, remote, sent_by
from tests.marks import rfc

OWN = address("10.0.0.1:5000")
TRICKLE = AgentConfig(trickle=True)


def started(*, complete: bool = False, role: Role = Role.CONTROLLED) -> tuple[Side, Puppet]:
    side = Side("a", role, ["10.0.0.1:5000"], TRICKLE)
    puppet = Puppet(side, candidates=[])
    side.agent.set_remote_description(
        0.0, 0, Description(puppet.credentials, (), complete=complete, trickle=True)
    )
    return side, puppet


@rfc("8838", "4", "MAY", "8838-4-1")
@rfc("8838", "11", "rule", "8838-11-1")
def test_candidates_are_checked_as_they_come() -> None:
    side, _ = started()
    assert advance(side, 1.0) == []
    side.agent.add_remote_candidate(1.0, 0, remote())
    side.agent.add_remote_candidate(1.0, 0, remote("10.0.0.3:6000", foundation="2"))
    side.agent.add_remote_candidate(1.0, 0, remote("[2001:db8::3]:6000", foundation="3"))
    sent = [(round(s.at, 3), str(s.to)) for s in advance(side, 1.2)]
    assert sent == [(1.0, "10.0.0.2:6000"), (1.05, "10.0.0.3:6000")]
    base = side.bind(1.3, address("[2001:db8::1]:5000"))
    assert base.address.family == 6
    assert [str(s.to) for s in advance(side, 1.4)] == ["[2001:db8::3]:6000"], "it was kept"


@rfc("8838", "14", "MUST", "8838-14-2")
def test_nothing_counts_after_the_end_mark() -> None:
    side, _ = started()
    side.agent.end_of_candidates(0.5, 0)
    side.agent.add_remote_candidate(1.0, 0, remote())
    assert advance(side, 2.0) == []


@rfc("8838", "9", "rule", "8838-9-3")
@rfc("8838", "13", "MUST", "8838-13-1")
def test_lines_of_another_generation_are_ignored() -> None:
    side, puppet = started()
    side.agent.add_remote_candidate(1.0, 0, remote(), ufrag="stale")
    side.agent.end_of_candidates(1.0, 0, ufrag="stale")
    assert advance(side, 1.5) == []
    side.agent.add_remote_candidate(2.0, 0, remote(), ufrag=puppet.credentials.ufrag)
    assert len(advance(side, 2.0)) == 1


@rfc("8838", "9", "MUST", "8838-9-2")
def test_a_candidate_told_twice_is_one_candidate() -> None:
    side, _ = started()
    for now in (1.0, 1.1, 1.2):
        side.agent.add_remote_candidate(now, 0, remote())
    assert len(advance(side, 1.4)) == 1


@rfc("8838", "10", "MUST NOT", "8838-10-1")
def test_a_local_candidate_is_paired_only_after_its_event_was_taken() -> None:
    side, _ = started()
    side.agent.add_remote_candidate(0.0, 0, remote())
    advance(side, 0.2)
    side.agent.add_local_address(1.0, 0, 1, address("10.0.9.1:5000"))
    side.agent.handle_timeout(1.2)
    early = [c for c in side.agent.take_commands() if isinstance(c, SendDatagram)]
    assert "10.0.9.1:5000" not in {str(c.base.address) for c in early}
    (event,) = [e for e in side.agent.take_events() if isinstance(e, CandidateGathered)]
    assert event.candidate.address == address("10.0.9.1:5000")
    due = side.agent.next_timeout()
    assert due is not None
    assert due <= 1.2
    assert "10.0.9.1:5000" in {str(s.source) for s in advance(side, 1.3)}


@rfc("8838", "11", "SHOULD", "8838-11-2")
@rfc("8445", "7.3.1.3", "rule", "8445-7.3.1.3-1")
def test_a_peer_reflexive_candidate_that_is_signalled_later_keeps_its_check() -> None:
    side, puppet = started()
    side.agent.receive_datagram(
        0.1, puppet.request(controlling=True), side.bases[OWN], address("10.0.0.2:6000")
    )
    (first,) = [s for s in advance(side, 0.2) if s.is_request]
    pair = side.agent._state.streams[0].current.checklist[0]
    before = pair.priority
    side.agent.add_remote_candidate(0.3, 0, remote(foundation="real", priority=2130706431))
    assert side.agent._state.streams[0].current.checklist == [pair]
    assert pair.remote.type is CandidateType.HOST
    assert pair.foundation[1] == "real"
    assert pair.priority > before
    assert pair.state is PairState.IN_PROGRESS
    assert [s for s in advance(side, 0.45) if s.is_request] == [], "never two for one 5-tuple"
    side.agent.receive_datagram(0.46, puppet.success(first.message, OWN), side.bases[OWN], first.to)
    assert pair.state.value == PairState.SUCCEEDED


@pytest.mark.parametrize(
    "bad",
    [
        remote(component=0),
        remote(component=257),
        remote(priority=0),
        remote(priority=2**32),
        remote(foundation=""),
        remote(foundation="x" * 33),
        remote("10.0.0.2:0"),
        remote("224.0.0.1:6000"),
    ],
    ids=str,
)
def test_a_candidate_that_cannot_be_is_left_out(bad: object) -> None:
    side, _ = started()
    side.agent.add_remote_candidate(0.0, 0, bad)  # type: ignore[arg-type]
    assert advance(side, 1.0) == []


@rfc("8445", "19.5.1", "SHOULD", "8445-19.5.1-1")
def test_remote_candidates_are_bounded() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"], AgentConfig(max_remote_candidates=7))
    many = [remote(f"10.1.{n}.1:6000", foundation=f"f{n}") for n in range(250)]
    puppet = Puppet(side, candidates=many)
    side.agent.set_remote_description(0.0, 0, puppet.description)
    assert len({s.to for s in advance(side, 60.0)}) == 7
    assert sent_by(side) == []


@rfc("8838", "13", "MUST NOT", "8838-13-3")
@rfc("8838", "13", "MUST NOT", "8838-13-4")
def test_no_candidate_is_told_after_the_end_of_gathering_but_it_is_used() -> None:
    side, _ = started()
    side.agent.add_remote_candidate(0.0, 0, remote())
    side.agent.gather(0.0)
    advance(side, 0.1)
    told = len(side.all(CandidateGathered))
    side.bind(1.0, address("10.0.9.1:5000"))
    checks = advance(side, 1.2)
    assert len(side.all(CandidateGathered)) == told
    assert "10.0.9.1:5000" in {str(sent.source) for sent in checks}
    assert len(side.agent.local_description(0).candidates) == told + 1, "the next one has it"


def test_a_peer_with_one_component_leaves_us_the_pairs_of_that_one() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"], TRICKLE, components=2)
    puppet = Puppet(side, candidates=[])
    side.agent.set_remote_description(
        0.0, 0, Description(puppet.credentials, (), complete=False, trickle=True)
    )
    side.agent.add_remote_candidate(0.0, 0, remote())
    side.agent.end_of_candidates(0.0, 0)
    generation = side.agent._state.streams[0].current
    assert [component.number for component in generation.components] == [1]
    assert [pair.component for pair in generation.checklist] == [1]
