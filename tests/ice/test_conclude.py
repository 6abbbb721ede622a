"""RFC 8445 §8, RFC 8863: when pairs are nominated, when a stream is done or has failed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sipice.ice import (
    AgentConfig,
    Candidate,
    Description,
    Failure,
    MediaChanged,
    PairSelected,
    Role,
    StreamCompleted,
    StreamFailed,
    StreamResumed,
)
from tests.ice.harness import Puppet, Sent, Side, Wire, address, advance, pair_of, remote, sent_by
from tests.marks import rfc

OWN = address("10.0.0.1:5000")
BEST = remote("10.0.0.2:6000", foundation="best", priority=9000)
MIDDLE = remote("10.0.0.3:6000", foundation="middle", priority=5000)
LOW = remote("10.0.0.4:6000", foundation="low", priority=1000)


class Case:
    """An agent and a peer whose candidates answer when the test says so."""

    def __init__(
        self,
        *candidates: Candidate,
        role: Role = Role.CONTROLLING,
        config: AgentConfig | None = None,
        complete: bool = True,
        components: int = 1,
        lite: bool = False,
    ) -> None:
        self.side = Side(
            "a", role, ["10.0.0.1:5000"], config or AgentConfig(), components=components
        )
        self.agent = self.side.agent
        self.puppet = Puppet(self.side, candidates=candidates)
        own = self.puppet.description
        self.agent.set_remote_description(
            0.0,
            0,
            Description(own.credentials, own.candidates, complete=complete, lite=lite),
        )
        self.sent: list[Sent] = []

    def run(self, until: float) -> list[Sent]:
        new = advance(self.side, until)
        self.sent += new
        return new

    def answer(self, candidate: Candidate, now: float) -> None:
        """Answer the latest check to a candidate."""
        check = [s for s in self.sent if s.to == candidate.address and s.is_request][-1]
        data = self.puppet.success(check.message, check.source)
        self.agent.receive_datagram(now, data, self.side.bases[check.source], check.to)
        self.sent += sent_by(self.side, now)

    def ask(self, candidate: Candidate, now: float, *, nominate: bool = False) -> None:
        data = self.puppet.request(
            controlling=self.agent.role is Role.CONTROLLED, nominate=nominate
        )
        self.agent.receive_datagram(now, data, self.side.bases[OWN], candidate.address)
        self.sent += sent_by(self.side, now)

    def nominations(self) -> list[tuple[float, str]]:
        return [(round(s.at, 3), str(s.to)) for s in self.sent if s.nominates]


@rfc("8445", "8.1.1", "MUST", "8445-8.1.1-2")
def test_the_best_pair_is_nominated_as_soon_as_it_is_valid() -> None:
    case = Case(BEST, MIDDLE)
    case.run(0.0)
    case.answer(BEST, 0.02)
    case.run(5.0)
    assert case.nominations()[0] == (0.05, "10.0.0.2:6000")


@rfc("8863", "4", "SHOULD/MAY", "8863-4-5")
def test_a_better_pair_is_waited_for_until_it_cannot_be_expected_any_more() -> None:
    """D2.12: max(3 RTT, length of the list times Ta + RTT) after its check was sent."""
    case = Case(BEST, MIDDLE)
    case.run(0.05)
    case.answer(MIDDLE, 0.07)
    case.run(1.0)
    assert case.nominations()[0] == (0.12, "10.0.0.3:6000"), "2 times 50 ms + 20 ms"


def test_a_long_way_is_given_three_round_trips() -> None:
    case = Case(BEST, MIDDLE)
    case.run(0.05)
    case.answer(MIDDLE, 0.25)
    case.run(2.0)
    assert case.nominations()[0] == (0.6, "10.0.0.3:6000")


def test_a_better_pair_that_answers_in_time_is_taken() -> None:
    case = Case(BEST, MIDDLE)
    case.run(0.05)
    case.answer(MIDDLE, 0.07)
    case.answer(BEST, 0.11)
    case.run(1.0)
    assert case.nominations()[0] == (0.11, "10.0.0.2:6000")


def test_a_better_pair_that_was_not_sent_yet_is_waited_for() -> None:
    case = Case(BEST, MIDDLE, LOW)
    case.run(0.0)
    case.ask(LOW, 0.01)
    case.run(0.05)
    case.answer(LOW, 0.06)
    case.run(0.2)
    assert case.nominations() == []
    case.answer(MIDDLE, 0.21)
    case.run(1.0)
    assert case.nominations()[0][1] == "10.0.0.3:6000"


def test_a_pair_frozen_behind_a_dead_one_is_not_waited_for() -> None:
    """Its check could begin only 39.5 s later."""
    same = remote("10.0.0.5:6000", foundation="best", priority=8000)
    case = Case(BEST, same, LOW)
    case.run(0.05)
    case.answer(LOW, 0.06)
    case.run(1.0)
    assert case.nominations()[0] == (0.16, "10.0.0.4:6000")


def test_a_lite_peer_sends_no_checks_so_only_the_round_trips_count() -> None:
    case = Case(BEST, MIDDLE, lite=True)
    case.run(0.05)
    case.answer(MIDDLE, 0.06)
    case.run(1.0)
    assert case.nominations()[0] == (0.1, "10.0.0.3:6000")


@rfc("8445", "8.1.1", "MUST", "8445-8.1.1-2")
def test_nothing_is_nominated_twice_without_a_restart() -> None:
    case = Case(BEST, LOW)
    case.run(0.05)
    case.answer(LOW, 0.06)
    case.run(0.5)
    assert case.nominations()[0][1] == "10.0.0.4:6000"
    case.answer(BEST, 0.5)
    case.run(0.55)
    case.answer(LOW, 0.56)
    case.run(20.0)
    assert {to for _, to in case.nominations()} == {"10.0.0.4:6000"}
    selected = case.side.selected()
    assert selected is not None
    assert selected.path.to == LOW.address


@rfc("8445", "8.1.2", "MUST", "8445-8.1.2-1")
@rfc("8445", "8.1.2", "rule", "8445-8.1.2-2")
def test_selection_ends_the_other_checks_of_the_component() -> None:
    case = Case(BEST, MIDDLE, LOW)
    case.run(0.02)
    case.answer(BEST, 0.03)
    case.run(0.05)
    case.answer(BEST, 0.07)
    assert case.side.when(PairSelected) == 0.07
    assert case.side.when(StreamCompleted) == 0.07
    later = case.run(4.0)
    assert later == [], "neither new checks nor retransmissions"


@rfc("8445", "8.1.2", "rule", "8445-8.1.2-2")
def test_a_stream_is_completed_when_every_component_has_its_pair() -> None:
    second = remote("10.0.0.2:6001", foundation="best", priority=8999, component=2)
    case = Case(BEST, second, components=2)
    case.run(0.0)
    case.answer(BEST, 0.02)
    case.run(0.05)
    case.answer(BEST, 0.06)
    assert case.side.selected(0, 1) is not None
    assert case.side.all(StreamCompleted) == []
    case.run(0.15)
    case.answer(second, 0.16)
    case.run(0.25)
    case.answer(second, 0.26)
    assert case.side.when(StreamCompleted) == 0.26


@rfc("5245", "8.1.1.2", "compat", "5245-8.1.1.2-1")
@rfc("8445", "8.1.1", "MUST", "8445-8.1.1-3")
@rfc("5245", "14", "compat", "5245-14-1")
def test_of_several_nominations_the_best_counts_until_candidates_are_freed() -> None:
    case = Case(BEST, MIDDLE, LOW, role=Role.CONTROLLED)
    case.run(0.1)
    case.ask(MIDDLE, 0.11, nominate=True)
    case.run(0.15)
    case.answer(MIDDLE, 0.16)
    case.ask(LOW, 0.2, nominate=True)
    case.run(0.25)
    case.answer(LOW, 0.26)
    assert [str(e.path.to) for e in case.side.all(PairSelected)] == ["10.0.0.3:6000"]
    case.ask(BEST, 0.3, nominate=True)
    case.run(0.35)
    case.answer(BEST, 0.36)
    assert [str(e.path.to) for e in case.side.all(PairSelected)] == [
        "10.0.0.3:6000",
        "10.0.0.2:6000",
    ]
    path = case.agent.media(0, 1).send
    assert path is not None
    assert path.to == BEST.address


def both_nominated(*more: Candidate, config: AgentConfig | None = None) -> Case:
    """The peer has nominated both; the check of the lesser one succeeded first."""
    components = 1 + len(more)
    case = Case(BEST, LOW, *more, role=Role.CONTROLLED, config=config, components=components)
    case.run(0.1)
    case.ask(BEST, 0.11, nominate=True)
    case.ask(LOW, 0.12, nominate=True)
    case.run(0.3)
    case.answer(LOW, 0.31)
    assert [str(e.path.to) for e in case.side.all(PairSelected)] == ["10.0.0.4:6000"]
    return case


@rfc("5245", "8.1.1.2", "compat", "5245-8.1.1.2-1")
@rfc("8445", "8.1.1", "MUST", "8445-8.1.1-3")
def test_a_better_nominated_pair_may_still_succeed_after_another_was_selected() -> None:
    case = both_nominated()
    again = [sent for sent in case.run(1.5) if sent.is_request]
    assert {sent.to for sent in again} == {BEST.address}, "its check goes on, and no other"
    case.answer(BEST, 1.6)
    assert [str(e.path.to) for e in case.side.all(PairSelected)][1:] == ["10.0.0.2:6000"]
    assert len(case.side.all(StreamCompleted)) == 1


def test_a_better_nominated_pair_that_fails_leaves_the_selected_one() -> None:
    """Not even a stream whose other component is still being checked fails for it."""
    second = remote("10.0.0.5:6001", foundation="second", priority=900, component=2)
    case = both_nominated(second, config=AgentConfig(pac=0.5))
    case.run(1.0)
    case.agent.send_failed(1.0, case.side.bases[OWN], BEST.address, hard=True)
    case.run(10.0)
    assert case.side.all(StreamFailed) == []
    assert [event.path.to for event in case.side.all(PairSelected)] == [LOW.address]


@rfc("8445", "7.3.1.5", "MUST", "8445-7.3.1.5-2")
def test_a_nomination_that_comes_too_late_is_refused() -> None:
    case = Case(BEST, LOW, role=Role.CONTROLLED)
    case.run(0.05)
    case.ask(LOW, 0.06, nominate=True)
    case.run(0.1)
    case.answer(LOW, 0.11)
    case.run(3.5)
    case.ask(BEST, 3.6, nominate=True)
    assert case.sent[-1].message.error_code == 400
    case.ask(LOW, 3.7, nominate=True)
    assert case.sent[-1].message.error_code is None, "the selected one may be repeated"


@rfc("8863", "4", "MUST NOT", "8863-4-3")
@rfc("8863", "4", "MUST", "8863-4-4")
@rfc("8863", "4", "MUST", "8863-4-1")
@rfc("8863", "4", "rule", "8863-4-2")
@rfc("8445", "7.2.5.4", "rule", "8445-7.2.5.4-1")
def test_an_empty_list_fails_exactly_when_the_pac_timer_ends() -> None:
    case = Case(role=Role.CONTROLLED)
    case.run(39.49)
    assert case.side.all(StreamFailed) == []
    case.run(39.5)
    assert case.side.when(StreamFailed) == 39.5
    assert case.side.all(StreamFailed)[0].reason is Failure.NO_VALID_PAIR


@rfc("8863", "4", "MUST NOT", "8863-4-3")
def test_refused_checks_do_not_fail_the_list_before_the_pac_timer_ends() -> None:
    case = Case(BEST, role=Role.CONTROLLED)
    case.run(0.0)
    case.agent.send_failed(0.01, case.side.bases[OWN], BEST.address, hard=True)
    case.run(39.4)
    assert case.side.all(StreamFailed) == []
    case.run(40.0)
    assert case.side.when(StreamFailed) == 39.5


def test_a_peer_without_candidates_connects_by_its_check() -> None:
    case = Case(role=Role.CONTROLLED)
    case.run(2.0)
    case.ask(BEST, 2.0, nominate=True)
    case.run(2.0)
    case.answer(BEST, 2.02)
    assert case.side.when(PairSelected) == 2.02


def test_a_valid_pair_keeps_a_list_running_after_the_pac_timer() -> None:
    case = Case(BEST, role=Role.CONTROLLED, config=AgentConfig(consent=False))
    case.run(0.0)
    case.answer(BEST, 0.02)
    case.run(200.0)
    assert case.side.all(StreamFailed) == []


@rfc("8838", "8", "rule", "8838-8-3")
@rfc("8838", "8", "MUST", "8838-8-1")
@rfc("8863", "5", "MUST", "8863-5-1")
@rfc("8838", "14", "rule", "8838-14-1")
def test_a_list_that_expects_candidates_does_not_fail() -> None:
    case = Case(BEST, role=Role.CONTROLLED, complete=False)
    case.run(100.0)
    assert case.side.all(StreamFailed) == []
    case.agent.end_of_candidates(100.0, 0)
    case.run(100.0)
    assert case.side.when(StreamFailed) == 100.0


def test_the_mark_that_nothing_follows_does_not_end_the_patience() -> None:
    case = Case(role=Role.CONTROLLED, complete=False)
    case.agent.end_of_candidates(1.0, 0)
    case.run(39.4)
    assert case.side.all(StreamFailed) == []
    case.run(39.5)
    assert case.side.when(StreamFailed) == 39.5


def test_resuming_checks_failed_pairs_again_with_a_new_pac_timer() -> None:
    case = Case(BEST)
    case.run(50.0)
    assert case.side.when(StreamFailed) == 39.5
    case.agent.resume(60.0, 0)
    (check,) = case.run(60.0)
    assert check.to == BEST.address
    assert case.side.when(StreamResumed) == 60.0
    case.answer(BEST, 60.02)
    case.run(60.2)
    case.answer(BEST, 60.3)
    assert case.side.selected() is not None


def test_resuming_starts_the_list_afresh() -> None:
    """The check of component 2 is under way when that of component 1 has failed."""
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"], components=2)
    second = remote("10.0.0.2:6001", foundation="best", priority=8999, component=2)
    puppet = Puppet(side, candidates=[BEST, second])
    more_may_come = replace(puppet.description, complete=False)
    side.agent.set_remote_description(0.0, 0, more_may_come)
    sent = [sent for sent in advance(side, 60.0) if sent.is_request]
    assert sent[-1].to == second.address
    side.agent.resume(60.0, 0)
    (check,) = [sent for sent in advance(side, 60.2) if sent.is_request]
    assert check.to == BEST.address
    answer = puppet.success(check.message, OWN)
    side.agent.receive_datagram(60.3, answer, side.bases[OWN], BEST.address)
    (check,) = [sent for sent in advance(side, 60.45) if sent.is_request]
    assert check.to == second.address
    late = puppet.success(sent[-1].message, sent[-1].source)
    side.agent.receive_datagram(60.5, late, side.bases[sent[-1].source], second.address)
    assert side.agent.media(0, 2).send is not None


def test_the_first_sign_of_the_peer_wakes_all_failed_checks() -> None:
    """Both sides are behind NATs and the callee rang for a minute: only one pair is heard of."""
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"], components=2)
    second = remote("10.0.0.2:6001", foundation="best", priority=8999, component=2)
    puppet = Puppet(side, candidates=[BEST, second])
    side.agent.set_remote_description(0.0, 0, puppet.description)
    advance(side, 120.0)
    assert side.when(StreamFailed) == 39.5
    data = puppet.request(controlling=True)
    side.agent.receive_datagram(120.0, data, side.bases[OWN], BEST.address)
    (check,) = [sent for sent in advance(side, 120.2) if sent.is_request]
    assert check.to == BEST.address
    data = puppet.success(check.message, OWN)
    side.agent.receive_datagram(120.3, data, side.bases[OWN], BEST.address)
    assert [str(sent.to) for sent in advance(side, 120.3)] == ["10.0.0.2:6001"]


def valid_at(side: Side) -> float:
    """When media could first be sent."""
    return next(
        at
        for at, event in side.timed_events
        if isinstance(event, MediaChanged) and event.table.send is not None
    )


def lossless(delay: float) -> Wire:
    return pair_of(delay=delay).connect()


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.025, 0.1, 0.5])
def test_valid_after_one_round_trip_and_nominated_after_two_and_at_most_one_ta(
    delay: float,
) -> None:
    wire = lossless(delay).run(5.0)
    rtt = 2 * delay
    for side in (wire.a, wire.b):
        first = valid_at(side)
        selected = side.when(PairSelected)
        assert first == pytest.approx(rtt)
        assert selected is not None
        assert selected <= 2 * rtt + 0.05 + 1e-9


@pytest.mark.parametrize(("rtt", "expected"), [(0.0, 0.05), (0.05, 0.1), (0.2, 0.3)])
def test_a_lost_first_check_is_rescued_by_the_peers(rtt: float, expected: float) -> None:
    """The re-check leaves at the later of the peer's check and Ta, and takes one round trip."""
    wire = pair_of(delay=rtt / 2)
    wire.lose = lambda sent: sent is wire.requests(wire.a)[0]
    wire.connect().run(5.0)
    first = valid_at(wire.a)
    assert first == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(60))
def test_one_lost_packet_never_costs_the_best_pair(seed: int) -> None:
    hosts = (["10.0.0.1:5000", "10.0.1.1:5000"], ["10.0.0.2:6000", "10.0.1.2:6000"])
    wire = pair_of(*hosts, seed=seed, delay=0.02)
    wire.lose = lambda sent: len(wire.log) == 1 + seed % 20
    wire.connect().run(10.0)
    ours, theirs = wire.a.selected(), wire.b.selected()
    assert ours is not None
    assert theirs is not None
    assert (str(ours.path.base.address), str(ours.path.to)) == ("10.0.0.1:5000", "10.0.0.2:6000")
    assert (theirs.path.to, theirs.path.base.address) == (ours.path.base.address, ours.path.to)
