"""RFC 8445 §7.2: what the client side of a check sends, and what each answer does."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sipice.ice import AgentConfig, CandidateType, Failure, Role, RoleSwitched, StreamFailed
from sipice.ice.pair import CandidatePair, PairState
from sipice.stun import attributes as a
from sipice.stun import decode, verify_integrity
from tests.ice.harness import Puppet, Sent, Side, address, advance, pair_of, remote, sent_by
from tests.marks import rfc
from tests.rfc.alone import Alone, peers, requests
from tests.simnet.invariants import check_state

OWN = address("10.0.0.1:5000")
PEER = address("10.0.0.2:6000")


class Case:
    """An agent that has sent its first check to a puppet."""

    def __init__(self, role: Role = Role.CONTROLLED, config: AgentConfig | None = None) -> None:
        self.side = Side("a", role, ["10.0.0.1:5000"], config or AgentConfig())
        self.puppet = Puppet(self.side)
        self.agent = self.side.agent
        self.base = self.side.bases[OWN]
        self.agent.set_remote_description(0.0, 0, self.puppet.description)
        self.checks = advance(self.side, 0.0)

    @property
    def check(self) -> Sent:
        return self.checks[-1]

    @property
    def pair(self) -> CandidatePair:
        return self.agent._state.streams[0].current.checklist[0]

    def state(self) -> PairState:
        return self.pair.state

    def receive(self, data: bytes, now: float = 0.02, source: str = "10.0.0.2:6000") -> list[Sent]:
        self.agent.receive_datagram(now, data, self.base, address(source))
        return sent_by(self.side, now)

    def answer(self, now: float = 0.02, mapped: str = "10.0.0.1:5000", **how: str) -> list[Sent]:
        data = self.puppet.success(self.check.message, address(mapped))
        return self.receive(data, now, **how)


@pytest.mark.parametrize("role", list(Role))
@rfc("8445", "7.1.1", "MUST", "8445-7.1.1-1")
@rfc("8445", "7.1.3", "MUST", "8445-7.1.3-1")
@rfc("8445", "7.2.2", "MUST", "8445-7.2.2-1")
@rfc("8445", "7.2.4", "MUST / MUST NOT", "8445-7.2.4-1")
def test_a_check_carries_username_priority_role_integrity_and_fingerprint(role: Role) -> None:
    case = Case(role)
    message = case.check.message
    ours = case.puppet.peer
    assert message.get(a.USERNAME) == f"PUPPETuf:{ours.ufrag}"
    assert message.get(a.PRIORITY) == 1862270975
    claimed = a.ICE_CONTROLLING if role is Role.CONTROLLING else a.ICE_CONTROLLED
    other = a.ICE_CONTROLLED if role is Role.CONTROLLING else a.ICE_CONTROLLING
    assert message.get(claimed) == case.agent._state.tie_breaker
    assert message.get(other) is None
    assert message.get(a.USE_CANDIDATE) is None
    assert message.has_fingerprint
    assert verify_integrity(message, case.puppet.key)


@rfc("8445", "7.1.2", "MUST/MUST NOT", "8445-7.1.2-1")
@rfc("8445", "8.1.1", "rule", "8445-8.1.1-1")
def test_only_the_controlling_side_nominates_and_repeats_the_check_for_it() -> None:
    wire = pair_of().connect().run(3.0)
    nominations = [sent for sent in wire.log if sent.is_request and sent.nominates]
    assert {sent.side.name for sent in nominations} == {"a"}
    assert len({sent.message.transaction_id for sent in nominations}) == 1
    assert not wire.requests(wire.a)[0].nominates
    assert (nominations[0].source, nominations[0].to) == (OWN, PEER)


@rfc("8445", "7.2.5.3.3", "MUST", "8445-7.2.5.3.3-1")
@rfc("8445", "7.2.5.3.2", "rule", "8445-7.2.5.3.2-1")
def test_a_response_from_where_the_check_went_makes_the_pair_valid() -> None:
    case = Case()
    case.answer()
    assert case.state() is PairState.SUCCEEDED
    assert case.pair.valid is case.pair
    assert case.agent.media(0, 1).send is not None


@rfc("8445", "7.2.5.2.1", "MUST", "8445-7.2.5.2.1-1")
def test_a_response_from_elsewhere_fails_the_pair() -> None:
    case = Case()
    case.answer(source="10.0.0.2:6001")
    assert case.state() is PairState.FAILED
    assert case.agent.media(0, 1).send is None


@rfc("8445", "7.2.5.2.1", "MUST", "8445-7.2.5.2.1-1")
def test_a_response_to_another_base_fails_the_pair() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000", "10.0.1.1:5000"])
    puppet = Puppet(side)
    side.agent.set_remote_description(0.0, 0, puppet.description)
    check = advance(side, 0.0)[0]
    wrong = next(base for at, base in side.bases.items() if at != check.source)
    data = puppet.success(check.message, check.source)
    side.agent.receive_datagram(0.02, data, wrong, check.to)
    pair = side.agent._state.streams[0].current.checklist[0]
    assert pair.state is PairState.FAILED


@rfc("8489", "9.1.4", "MUST", "8489-9.1.4-1")
@pytest.mark.parametrize("pwd", ["not the password", None])
def test_a_response_without_the_right_integrity_counts_as_lost(pwd: str | None) -> None:
    case = Case()
    data = case.puppet.success(case.check.message, OWN, pwd=pwd or "x")
    case.receive(data)
    assert case.state() is PairState.IN_PROGRESS
    assert [round(sent.at, 3) for sent in advance(case.side, 1.5)] == [0.5, 1.5]
    case.answer(now=1.6)
    assert case.state() is PairState.SUCCEEDED


@rfc("8489", "6.2.1", "SHOULD", "8489-6.2.1-1")
@rfc("8445", "7.2.5.2.3", "MUST", "8445-7.2.5.2.3-1")
@rfc("8445", "14.3", "SHOULD/MUST NOT", "8445-14.3-1")
def test_an_unanswered_check_is_sent_seven_times_and_fails_after_39_and_a_half_seconds() -> None:
    case = Case()
    sent = case.checks + advance(case.side, 39.499)
    assert [round(one.at, 3) for one in sent] == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert len({one.data for one in sent}) == 1
    assert case.state() is PairState.IN_PROGRESS
    advance(case.side, 39.5)
    assert case.state() is PairState.FAILED


@rfc("8445", "14.3", "SHOULD/MUST NOT", "8445-14.3-1")
@pytest.mark.parametrize(("literal", "first"), [(False, 1.0), (True, 20.0)])
def test_the_rto_grows_with_the_pairs_that_are_waiting(literal: bool, first: float) -> None:
    """20 pairs: Ta times 20 is 1 s; the literal formula multiplies by 20 once more."""
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"], AgentConfig(rto_literal=literal))
    many = [remote(f"10.1.{n}.1:6000", foundation=f"f{n}", priority=10_000 - n) for n in range(20)]
    side.agent.set_remote_description(0.0, 0, Puppet(side, candidates=many).description)
    sent = advance(side, 21.0)
    again = [one.at for one in sent if one.data == sent[0].data]
    assert again[1] == pytest.approx(first)


@rfc("8445", "7.2.5.2.4", "SHOULD", "8445-7.2.5.2.4-1")
@rfc("8489", "6.3.4", "rule", "8489-6.3.4-1")
@pytest.mark.parametrize("code", [400, 403, 420, 500, 699])
def test_an_authenticated_error_fails_the_pair_at_once(code: int) -> None:
    case = Case()
    case.receive(case.puppet.error(case.check.message, code))
    assert case.state() is PairState.FAILED


@rfc("8489", "9.1.4", "MUST", "8489-9.1.4-1")
@pytest.mark.parametrize("code", [400, 401, 487])
def test_an_error_that_nobody_signed_changes_nothing(code: int) -> None:
    case = Case()
    case.receive(case.puppet.error(case.check.message, code, signed=False))
    assert case.state() is PairState.IN_PROGRESS
    assert case.agent.role is Role.CONTROLLED


@rfc("8445", "7.2.5.2.2", "MAY/SHOULD", "8445-7.2.5.2.2-1")
def test_a_validated_hard_icmp_error_fails_the_pair_and_a_soft_one_does_not() -> None:
    case = Case()
    case.agent.send_failed(0.01, case.base, PEER)
    assert case.state() is PairState.IN_PROGRESS
    case.agent.send_failed(0.02, case.base, PEER, hard=True)
    assert case.state() is PairState.FAILED


@rfc("8445", "7.2.5.1", "MUST", "8445-7.2.5.1-1")
@rfc("8445", "7.2.5.1", "MUST", "8445-7.2.5.1-2")
@rfc("8445", "16.1", "MUST", "8445-16.1-1")
@pytest.mark.parametrize("role", list(Role))
def test_487_switches_the_role_renews_the_tie_breaker_and_repeats_the_check(role: Role) -> None:
    case = Case(role)
    before = case.agent._state.tie_breaker
    case.receive(case.puppet.error(case.check.message, 487))
    assert case.agent.role is role.opposite
    assert case.agent._state.tie_breaker != before
    assert case.state() is PairState.WAITING
    assert case.side.all(RoleSwitched) == [RoleSwitched(role.opposite)]
    again = advance(case.side, 0.05)
    assert [round(one.at, 3) for one in again] == [0.05]
    claimed = a.ICE_CONTROLLING if role is Role.CONTROLLED else a.ICE_CONTROLLED
    assert again[0].message.get(claimed) == case.agent._state.tie_breaker


@rfc("8445", "7.2.5.1", "MUST", "8445-7.2.5.1-1")
def test_a_487_to_a_role_given_up_meanwhile_does_not_switch_back() -> None:
    """The role that the request claimed decides, not the present one."""
    case = Case(Role.CONTROLLED)
    strong = case.puppet.request(controlling=False, tie_breaker=0)
    case.receive(strong, now=0.01)
    case.receive(case.puppet.error(case.check.message, 487))
    assert case.agent.role is Role.CONTROLLING
    assert len(case.side.all(RoleSwitched)) == 1


def test_a_peer_that_always_answers_487_fails_the_pair_and_is_paced() -> None:
    case = Case(Role.CONTROLLED)
    sent = [case.check]
    now = 0.0
    while case.state() is not PairState.FAILED:
        assert len(sent) < 20
        now = sent[-1].at + 0.01
        case.receive(case.puppet.error(sent[-1].message, 487), now=now)
        sent += advance(case.side, now + 0.05)
    assert len(sent) == case.side.config.max_role_conflicts + 1
    gaps = [b.at - a.at for a, b in pairwise(sent)]
    assert min(gaps) >= 0.05 - 1e-9


@rfc("8445", "7.2.5.3.1", "MUST", "8445-7.2.5.3.1-1")
@rfc("8445", "7.2.5.3.2", "rule", "8445-7.2.5.3.2-1")
@rfc("8445", "7.2.5.3.2", "rule", "8445-7.2.5.3.2-2")
def test_an_unknown_mapped_address_is_a_local_peer_reflexive_candidate() -> None:
    case = Case()
    case.answer(mapped="192.0.2.3:45664")
    valid = case.pair.valid
    assert valid is not None
    assert valid is not case.pair
    assert case.pair.state is valid.state is PairState.SUCCEEDED
    assert valid.local.type is CandidateType.PEER_REFLEXIVE
    assert valid.local.priority == 1862270975
    assert valid.local.base == case.base
    assert valid.base == case.base
    assert valid.local.foundation != case.pair.local.foundation
    assert len(case.agent._state.streams[0].current.checklist) == 1, "it is not paired further"
    assert len(case.agent.local_description(0).candidates) == 1, "it is not signalled"


@rfc("8445", "7.2.5.3.2", "rule", "8445-7.2.5.3.2-1")
def test_a_mapped_address_of_another_listed_pair_makes_that_pair_valid() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000", "10.0.1.1:5000"])
    puppet = Puppet(side)
    side.agent.set_remote_description(0.0, 0, puppet.description)
    check = advance(side, 0.0)[0]
    other = next(at for at in side.bases if at != check.source)
    data = puppet.success(check.message, other)
    side.agent.receive_datagram(0.02, data, side.bases[check.source], check.to)
    first, second = side.agent._state.streams[0].current.checklist
    checked, valid = (first, second) if first.base.address == check.source else (second, first)
    assert checked.valid is valid
    assert valid.state is checked.state is PairState.SUCCEEDED
    assert side.agent._state.streams[0].current.components[0].valid == [valid]


def test_a_late_success_of_a_cancelled_check_counts() -> None:
    """Ambiguity A8: the peer's check cancels ours; the answer to it comes all the same."""
    case = Case()
    case.receive(case.puppet.request(controlling=True), now=0.01)
    assert case.state() is PairState.WAITING
    case.answer(now=0.02)
    assert case.state() is PairState.SUCCEEDED
    assert advance(case.side, 3.0) == [], "neither a re-check nor retransmissions"


@rfc("8445", "7.2.5.3.4", "rule/MUST", "8445-7.2.5.3.4-1")
def test_a_failed_nomination_fails_the_list_once_the_pac_timer_is_over() -> None:
    case = Case(Role.CONTROLLING, AgentConfig(pac=0.03))
    case.answer(now=0.02)
    nomination = advance(case.side, 0.06)[-1]
    assert nomination.nominates
    case.receive(case.puppet.error(nomination.message, 400), now=0.08)
    assert case.state() is PairState.FAILED
    assert case.side.all(StreamFailed)[0].reason is Failure.NOMINATION_FAILED
    assert case.agent.media(0, 1).send is None


@rfc("8445", "7.2.5.3.4", "rule/MUST", "8445-7.2.5.3.4-1")
@rfc("8863", "4", "MUST NOT", "8863-4-3")
def test_a_failed_nomination_while_the_pac_timer_runs_leaves_room_for_another_pair() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"])
    two = [remote("10.0.0.2:6000"), remote("10.0.0.2:6100", priority=1000, foundation="2")]
    puppet = Puppet(side, candidates=two)
    side.agent.set_remote_description(0.0, 0, puppet.description)
    base = side.bases[OWN]

    def answer(sent: Sent, *, code: int = 0) -> None:
        good = puppet.success(sent.message, OWN)
        data = puppet.error(sent.message, code) if code else good
        side.agent.receive_datagram(sent.at + 0.01, data, base, sent.to)

    first, second = advance(side, 0.05)
    answer(first)
    answer(second)
    (nomination,) = advance(side, 0.2)
    assert nomination.to == first.to
    answer(nomination, code=500)
    (again,) = advance(side, 0.5)
    assert again.nominates
    assert again.to == second.to
    answer(again)
    sent_by(side)
    chosen = side.selected()
    assert chosen is not None
    assert str(chosen.path.to) == "10.0.0.2:6100"
    assert side.all(StreamFailed) == []


def test_messages_of_ours_are_well_formed() -> None:
    for sent in pair_of().connect().run(1.0).log:
        assert decode(sent.data).has_fingerprint


def test_a_nomination_that_failed_while_the_role_changed_twice_is_not_tried_again() -> None:
    alone = Alone(Role.CONTROLLING)
    alone.serve(0.04)
    (nomination,) = [sent for sent in requests(alone.run(0.2)) if sent.nominates]
    alone.ask(controlling=True, tie_breaker=2**64 - 1)
    alone.ask(controlling=False, tie_breaker=0)
    assert alone.agent.role is Role.CONTROLLING
    alone.refuse(nomination, 400)
    assert requests(alone.run(30.0)) == []


def test_a_nomination_that_fails_after_the_role_has_changed_decides_nothing() -> None:
    alone = Alone(Role.CONTROLLING)
    alone.serve(0.04)
    (nomination,) = [sent for sent in requests(alone.run(0.2)) if sent.nominates]
    alone.ask(controlling=True, tie_breaker=2**64 - 1)
    assert alone.agent.role is Role.CONTROLLED
    alone.refuse(nomination, 400)
    check_state(alone.agent)
    alone.nominate(controlling=True, tie_breaker=2**64 - 1)
    assert alone.selected() is not None


def test_a_nomination_that_waits_is_given_up_with_the_role_and_other_checks_are_not() -> None:
    alone = Alone(Role.CONTROLLING, peers=peers("10.0.0.2:6000", "10.0.0.3:6000"))
    alone.answer(requests(alone.log)[0])
    alone.now = 0.01
    alone.ask("10.0.0.3:6000", controlling=True, tie_breaker=2**64 - 1)
    assert alone.agent.role is Role.CONTROLLED
    sent = requests(alone.run(0.5))
    assert [str(one.to) for one in sent] == ["10.0.0.3:6000"]
