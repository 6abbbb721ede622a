"""RFC 8863: nothing fails before the PAC timer, and everything hopeless right after it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sipice.ice import AgentConfig, Candidate, CandidateType, PairSelected, Role, StreamFailed
from sipice.net import Address
from tests.marks import rfc
from tests.scenarios.test_strangers import Meeting
from tests.simnet.rawpeer import silent

PAC = 39.5


def without_candidates(meeting: Meeting, *, complete: bool = True) -> None:
    description = replace(meeting.raw.description, candidates=(), complete=complete)
    meeting.peer.accept(0, description)


@pytest.mark.parametrize("when", [0.0, 2.0, 20.0, 39.0])
@rfc("8863", "4", "MUST NOT", "8863-4-3")
def test_a_peer_without_candidates_may_come_late(when: float) -> None:
    meeting = Meeting()
    without_candidates(meeting)

    def check() -> None:
        meeting.raw.check(meeting.ours)

    meeting.world.at(when, check)
    meeting.run(when + 1.0)
    found = meeting.peer.first(PairSelected)
    assert found is not None
    assert found[0] <= when + 0.300
    assert found[1].remote.type is CandidateType.PEER_REFLEXIVE


@rfc("8863", "4", "MUST", "8863-4-4")
@rfc("8863", "5", "MUST", "8863-5-1")
def test_a_peer_that_never_comes_fails_exactly_then() -> None:
    meeting = Meeting()
    without_candidates(meeting)
    meeting.run(100.0)
    failed = meeting.peer.first(StreamFailed)
    assert failed is not None
    assert failed[0] == pytest.approx(PAC)


@pytest.mark.parametrize("refused_at", [0.010, 5.0])
@rfc("8863", "4", "MUST NOT", "8863-4-3")
def test_a_hard_error_on_every_pair_waits_for_the_timer(refused_at: float) -> None:
    meeting = Meeting()
    meeting.raw.answer = silent
    meeting.start()
    base = meeting.peer.bases[0][2]
    to = meeting.raw.sockets[0].address

    def refuse() -> None:
        meeting.peer.agent.send_failed(meeting.world.now, base, to, hard=True)
        meeting.peer.tell(meeting.peer.agent.end_of_candidates, 0)

    meeting.world.at(refused_at, refuse)
    meeting.run(100.0)
    failed = meeting.peer.first(StreamFailed)
    assert failed is not None
    assert failed[0] == pytest.approx(PAC)


def test_only_the_other_family_is_patience_for_a_translated_check() -> None:
    """All candidates are IPv6, we have none; the check comes by NAT64 from an unknown address."""
    meeting = Meeting()
    six = Candidate(1, CandidateType.HOST, Address.parse("2001:db8::77", 7000), 2130706431, "1")
    meeting.peer.accept(0, replace(meeting.raw.description, candidates=(six,)))

    def check() -> None:
        meeting.raw.check(meeting.ours)

    meeting.world.at(5.0, check)
    meeting.run(7.0)
    assert meeting.peer.completed


def test_a_valid_pair_that_nobody_nominates_is_no_failure() -> None:
    meeting = Meeting(role=Role.CONTROLLED)
    meeting.start()
    meeting.run(200.0)
    assert meeting.peer.first(StreamFailed) is None
    assert meeting.peer.first(PairSelected) is None
    assert meeting.peer.agent.media(0, 1).send is not None
    meeting.raw.check(meeting.ours, nominate=True)
    meeting.run(201.0)
    assert meeting.peer.completed


def test_a_trickling_peer_without_end_mark_is_waited_for() -> None:
    meeting = Meeting(config=AgentConfig(trickle=True))
    without_candidates(meeting, complete=False)
    meeting.run(300.0)
    assert meeting.peer.first(StreamFailed) is None
    candidate = meeting.raw.description.candidates[0]
    meeting.peer.tell(meeting.peer.agent.add_remote_candidate, 0, candidate)
    meeting.run(301.0)
    assert meeting.peer.completed
