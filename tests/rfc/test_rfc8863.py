"""RFC 8863: no checklist fails before the PAC timer is over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sipice.ice import (
    AgentConfig,
    Credentials,
    Description,
    Failure,
    PairSelected,
    Role,
    StreamCompleted,
    StreamFailed,
    StreamResumed,
)
from tests.ice.harness import Wire, address, pair_of
from tests.marks import rfc
from tests.rfc.alone import PEER, Alone, peers, requests

PAC = 39.5


def empty(alone: Alone, *, complete: bool = True) -> Alone:
    told = alone.puppet.description
    alone.puppet.description = Description(told.credentials, (), complete=complete)
    return alone


def failed_at(alone: Alone) -> float | None:
    return alone.side.when(StreamFailed)


@rfc("8863", "4", "MUST", "8863-4-1")
@rfc("8863", "4", "MUST NOT", "8863-4-3")
@rfc("8863", "4", "", "AT-33")
@pytest.mark.parametrize("role", list(Role))
def test_a_list_without_a_single_pair_runs_for_thirty_nine_and_a_half_seconds(role: Role) -> None:
    alone = empty(Alone(role, begun=False))
    alone.begin()
    alone.run(PAC - 0.001)
    assert alone.side.all(StreamFailed) == []
    alone.run(PAC)
    assert alone.side.all(StreamFailed) == [StreamFailed(0, 1, Failure.NO_VALID_PAIR)]


def half_wrong(deaf: str) -> Wire:
    """Two agents, of which one has a wrong password of the other: nothing answers its checks."""
    wire = pair_of(["10.0.0.1:5000", "10.0.1.1:5000"])
    for side, other in ((wire.a, wire.b), (wire.b, wire.a)):
        told = other.description()
        if side.name == deaf:
            wrong = Credentials(told.credentials.ufrag, "x" * 24)
            told = replace(told, credentials=wrong)
        side.agent.set_remote_description(0.0, 0, told)
    wire.drain()
    return wire


@rfc("8863", "4", "MUST", "8863-4-4")
@pytest.mark.parametrize("deaf", ["a", "b"])
def test_a_side_whose_checks_nobody_answers_fails_although_the_peer_goes_on_checking(
    deaf: str,
) -> None:
    wire = half_wrong(deaf).run(300.0)
    side = wire.a if deaf == "a" else wire.b
    assert wire.requests(wire.a)[-1].at > 200.0 or deaf == "a", "the peer checks its consent"
    (failed,) = [at for at, event in side.timed_events if isinstance(event, StreamFailed)]
    assert PAC <= failed <= PAC + PAC
    assert side.all(StreamResumed) == []
    assert side.all(PairSelected) == []


@rfc("8445", "7.3.1.4", "MUST", "8445-7.3.1.4-3")
@pytest.mark.parametrize("silent", [30.0, 70.0])
def test_the_peers_checks_have_a_pair_checked_for_a_whole_transaction(silent: float) -> None:
    """The peer's first check came late: the pair gets its time from there on."""
    alone = Alone(Role.CONTROLLING)
    alone.run(silent)
    for number in range(1, 8):
        alone.ask()
        alone.run(silent + 5.0 * number)
    alone.answer(requests(alone.log)[-1])
    alone.serve(alone.now + 1.0)
    assert alone.selected() is not None


@rfc("8863", "4", "rule", "8863-4-2")
@pytest.mark.parametrize("begun", [0.0, 7.0, 300.0])
def test_the_timer_starts_when_both_sides_know_both_credentials(begun: float) -> None:
    alone = empty(Alone(begun=False))
    alone.agent.local_description(0)
    assert alone.run(begun) == []
    alone.begin(begun)
    alone.run(begun + PAC + 1.0)
    assert failed_at(alone) == pytest.approx(begun + PAC)


@rfc("8863", "4", "rule", "8863-4-2")
def test_the_timer_starts_without_any_candidate_and_is_not_moved_by_later_ones() -> None:
    alone = empty(Alone(begun=False), complete=False)
    alone.begin()
    alone.run(30.0)
    for candidate in peers(PEER):
        alone.agent.add_remote_candidate(30.0, 0, candidate)
    alone.agent.end_of_candidates(30.0, 0)
    (check,) = requests(alone.run(31.0))[:1]
    alone.refuse(check, 400)
    alone.run(100.0)
    assert failed_at(alone) == pytest.approx(PAC)


@rfc("8863", "4", "MUST NOT", "8863-4-3")
@pytest.mark.parametrize("how", ["hard error", "refused", "elsewhere"])
def test_a_list_whose_pairs_have_all_failed_waits_for_the_peer(how: str) -> None:
    alone = Alone(Role.CONTROLLING)
    check = alone.log[0]
    alone.now = 0.01
    if how == "hard error":
        alone.agent.send_failed(0.01, alone.base(), address(PEER), hard=True)
    elif how == "refused":
        alone.refuse(check, 400)
    else:
        alone.receive(alone.puppet.success(check.message, check.source), "10.0.0.2:6001")
    alone.run(PAC - 0.001)
    assert failed_at(alone) is None
    assert alone.agent.next_timeout() == pytest.approx(PAC)
    alone.run(PAC)
    assert failed_at(alone) == pytest.approx(PAC)


@rfc("8863", "4", "MUST NOT", "8863-4-3")
@rfc("8863", "4", "", "AT-33")
@pytest.mark.parametrize("later", [2.0, 39.0])
def test_a_peer_that_sent_no_candidates_connects_by_its_own_checks(later: float) -> None:
    alone = empty(Alone(begun=False))
    alone.begin()
    alone.run(later)
    alone.ask("203.0.113.5:7777")
    alone.serve(later + 0.1)
    alone.nominate("203.0.113.5:7777")
    alone.serve(later + 0.2)
    assert alone.path() == "203.0.113.5:7777"
    assert alone.side.all(StreamFailed) == []
    assert len(alone.side.all(StreamCompleted)) == 1


@rfc("8863", "4", "MUST NOT", "8863-4-3")
def test_a_peer_of_the_other_family_connects_through_its_translator() -> None:
    """All candidates are IPv6, ours IPv4; the checks come from a NAT64 at 5 s."""
    alone = Alone(peers=peers("[2001:db8::2]:6000"))
    alone.run(5.0)
    assert requests(alone.log) == []
    alone.ask("192.0.2.64:6464")
    alone.serve(5.1)
    alone.nominate("192.0.2.64:6464")
    assert alone.path() == "192.0.2.64:6464"


@rfc("8863", "4", "MUST", "8863-4-4")
def test_after_the_timer_a_list_fails_with_its_last_pair() -> None:
    alone = Alone(Role.CONTROLLING, AgentConfig(pac=5.0))
    alone.run(5.0)
    assert failed_at(alone) is None, "its check is still under way"
    alone.refuse(alone.log[0], 400)
    assert failed_at(alone) == pytest.approx(5.0)


@rfc("8863", "4", "MUST", "8863-4-4")
def test_a_list_with_a_valid_pair_goes_on_after_the_timer() -> None:
    alone = Alone(Role.CONTROLLED)
    alone.serve(0.1)
    while alone.now < 100.0:
        due = alone.agent.next_timeout()
        assert due is not None
        alone.run(due)
        alone.serve(alone.now)
    assert alone.side.all(StreamFailed) == []
    alone.nominate()
    assert len(alone.side.all(StreamCompleted)) == 1


@rfc("8863", "4", "MUST", "8863-4-4")
def test_one_stream_fails_and_the_other_runs_on() -> None:
    alone = Alone(Role.CONTROLLED, streams=2, begun=False)
    alone.agent.set_remote_description(0.0, 0, alone.puppet.description)
    empty(alone)
    alone.agent.set_remote_description(0.0, 1, alone.puppet.description)
    alone.serve(60.0)
    assert [event.stream for event in alone.side.all(StreamFailed)] == [1]
    alone.nominate()
    assert [event.stream for event in alone.side.all(StreamCompleted)] == [0]


@rfc("8863", "4", "MUST", "8863-4-4")
def test_a_failed_list_comes_back_with_a_check_of_the_peer() -> None:
    alone = Alone(Role.CONTROLLED)
    alone.run(45.0)
    assert failed_at(alone) == pytest.approx(PAC)
    alone.ask()
    assert len(alone.side.all(StreamResumed)) == 1
    alone.serve(45.1)
    alone.nominate()
    assert len(alone.side.all(StreamCompleted)) == 1


@rfc("8863", "4", "SHOULD/MAY", "8863-4-5")
def test_nomination_does_not_wait_for_the_timer_where_nothing_better_can_come() -> None:
    alone = Alone(Role.CONTROLLING)
    alone.serve(1.0)
    assert alone.side.when(StreamCompleted) == pytest.approx(0.05)


@rfc("8863", "5", "MUST", "8863-5-1")
@pytest.mark.parametrize("when", [0.0, 3.0])
def test_the_end_of_candidates_does_not_end_the_patience(when: float) -> None:
    alone = empty(Alone(Role.CONTROLLING, AgentConfig(trickle=True), begun=False), complete=False)
    alone.begin()
    alone.run(when)
    alone.agent.end_of_candidates(when, 0)
    alone.run(PAC - 0.001)
    assert failed_at(alone) is None
    alone.run(PAC)
    assert failed_at(alone) == pytest.approx(PAC)


@rfc("8863", "5", "MUST", "8863-5-1")
def test_without_the_end_mark_the_list_does_not_fail_with_the_timer() -> None:
    alone = empty(Alone(Role.CONTROLLING, AgentConfig(trickle=True), begun=False), complete=False)
    alone.begin()
    alone.run(120.0)
    assert failed_at(alone) is None
    alone.agent.end_of_candidates(120.0, 0)
    alone.take()
    assert failed_at(alone) == pytest.approx(120.0)


@rfc("8863", "4", "MUST", "8863-4-1")
@rfc("8863", "4", "", "AT-61")
def test_a_lite_agent_has_no_such_timer() -> None:
    alone = empty(Alone(config=AgentConfig(lite=True), begun=False))
    alone.begin()
    assert alone.agent.next_timeout() is None
    alone.run(1000.0)
    assert failed_at(alone) is None


@rfc("8445", "7.3.1.4", "MUST", "8445-7.3.1.4-2")
def test_a_pair_whose_nomination_was_lost_is_checked_again_when_the_peer_checks_it() -> None:
    """It has answered before, so its time begins anew."""
    alone = Alone(Role.CONTROLLING, AgentConfig(consent=False))
    alone.ask()
    alone.answer(requests(alone.log)[0])
    alone.run(45.0)
    assert [event.reason for event in alone.side.all(StreamFailed)] == [Failure.NOMINATION_FAILED]
    alone.ask()
    (check,) = requests(alone.run(45.1))
    alone.answer(check)
    alone.serve(46.0)
    assert alone.selected() is not None
