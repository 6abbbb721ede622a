"""RFC 8445 §7.2.5: what each answer to a check does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sipice.ice import (
    AgentConfig,
    CandidateType,
    Failure,
    PairSelected,
    Role,
    RoleSwitched,
    StreamCompleted,
    StreamFailed,
)
from sipice.stun import Class, Key, Message, Method, decode, encode
from sipice.stun import attributes as a
from tests.ice.harness import Puppet, Sent, Side, address, remote
from tests.marks import rfc
from tests.rfc.alone import OWN, PEER, Alone, peers, requests
from tests.rfc.servers import Desk, stun, with_servers

MAPPED = address("192.0.2.3:45664")
SECOND = "10.0.0.2:6100"


def first_check(role: Role = Role.CONTROLLED) -> tuple[Alone, Sent]:
    case = Alone(role)
    (check,) = case.log
    return case, check


# §7.2.5.1: role conflicts


@rfc("8445", "7.2.5.1", "MUST", "8445-7.2.5.1-1")
@rfc("8445", "7.2.5.1", "MUST", "8445-7.2.5.1-2")
@rfc("8445", "7.2.5.1", "", "AT-27")
@pytest.mark.parametrize("role", list(Role))
def test_487_makes_the_next_check_claim_the_other_role_with_a_new_tie_breaker(role: Role) -> None:
    case, check = first_check(role)
    case.refuse(check, 487)
    assert case.agent.role is role.opposite
    (again,) = case.run(0.4)
    assert round(again.at, 3) == 0.05, "through the queue, and paced"
    before, after = a.ICE_CONTROLLED, a.ICE_CONTROLLING
    if role is Role.CONTROLLING:
        before, after = after, before
    assert again.message.get(before) is None
    assert again.message.get(after) not in (None, check.message.get(before))
    assert again.message.transaction_id != check.message.transaction_id


@rfc("8445", "7.2.5.1", "MUST", "8445-7.2.5.1-1")
@rfc("8445", "7.2.5.1", "", "AT-27")
def test_the_role_that_the_refused_request_claimed_decides() -> None:
    """Two checks under way; both are refused, but the role changes once."""
    case = Alone(Role.CONTROLLING, peers=peers(PEER, SECOND))
    case.run(0.06)
    first, second = requests(case.log)
    case.refuse(first, 487)
    case.refuse(second, 487)
    assert case.agent.role is Role.CONTROLLED
    assert case.side.all(RoleSwitched) == [RoleSwitched(Role.CONTROLLED)]
    assert {str(sent.to) for sent in requests(case.run(0.2))} == {PEER, SECOND}


@rfc("8445", "7.2.5.1", "MUST", "8445-7.2.5.1-2")
def test_after_a_switch_the_pairs_are_in_the_order_of_the_new_role() -> None:
    case = Alone(Role.CONTROLLING, hosts=["10.0.0.1:5000", "10.0.1.1:5000"], begun=False)
    high, low = (c.priority for c in case.agent.local_description(0).candidates)
    theirs = [
        remote("10.0.0.2:6000", priority=high, foundation="h"),
        remote("10.0.1.2:6000", priority=low, foundation="l"),
    ]
    case.puppet.description = replace(case.puppet.description, candidates=tuple(theirs))
    (first,) = case.begin()
    case.refuse(first, 487)
    sent = [(s.source.host, s.to.host) for s in requests(case.run(0.22))]
    assert sent == [
        ("10.0.0.1", "10.0.0.2"),  # the repeated check
        ("10.0.1.1", "10.0.0.2"),  # theirs is G now
        ("10.0.0.1", "10.0.1.2"),
        ("10.0.1.1", "10.0.1.2"),
    ]


# §7.2.5.2: failure


def is_failed(case: Alone, check: Sent) -> bool:
    """Whether a check's pair has failed: the next of its foundation goes, and nothing else."""
    new = {s.to.port for s in requests(case.run(case.now + 0.06))} - {check.to.port}
    return bool(new)


def two_components() -> tuple[Alone, Sent]:
    theirs = [remote(PEER), remote("10.0.0.2:6001", component=2, priority=2130706430)]
    case = Alone(peers=theirs, components=2)
    case.run(0.1)
    (check,) = case.log
    return case, check


@rfc("8445", "7.2.5.2.1", "MUST", "8445-7.2.5.2.1-1")
@rfc("8445", "7.2.5.2.1", "", "AT-07")
@pytest.mark.parametrize("source", ["10.0.0.2:6002", "10.0.0.3:6000"])
def test_an_answer_from_another_port_or_address_fails_the_pair(source: str) -> None:
    case = Alone(peers=[remote(PEER), remote("10.0.0.2:6001", priority=2130706430)])
    (check,) = case.log
    assert not is_failed(case, check)
    case.receive(case.puppet.success(check.message, check.source), source)
    assert case.path() is None
    assert is_failed(case, check)


@rfc("8445", "7.2.5.2.1", "MUST", "8445-7.2.5.2.1-1")
@rfc("8445", "7.2.5.2.1", "", "AT-07")
def test_an_answer_to_another_of_our_addresses_fails_the_pair() -> None:
    case, check = first_check()
    case.side.bind(0.0, address("10.0.1.1:5000"))
    case.receive(case.puppet.success(check.message, check.source), to="10.0.1.1:5000")
    case.answer(check)
    assert case.path() is None, "it has failed; the right answer comes too late"


@rfc("8445", "7.2.5.2.2", "MAY/SHOULD", "8445-7.2.5.2.2-1")
def test_a_hard_icmp_error_on_the_five_tuple_fails_the_pair_and_on_another_does_not() -> None:
    case, check = two_components()
    case.agent.send_failed(case.now, case.base(), address("10.0.0.9:6000"), hard=True)
    case.agent.send_failed(case.now, case.base("10.0.0.1:5001"), address(PEER), hard=True)
    case.agent.send_failed(case.now, case.base(), address(PEER), hard=False)
    assert not is_failed(case, check)
    case.agent.send_failed(case.now, case.base(), address(PEER), hard=True)
    assert is_failed(case, check)


@rfc("8445", "7.2.5.2.3", "MUST", "8445-7.2.5.2.3-1")
@rfc("8489", "6.2.1", "SHOULD", "8489-6.2.1-1")
@rfc("8489", "6.2.1", "", "AT-16")
def test_a_check_is_sent_seven_times_and_given_up_after_39_and_a_half_seconds() -> None:
    case = Alone(config=AgentConfig(pac=1.0))
    case.run(39.499)
    assert [round(s.at, 3) for s in case.log] == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert len({s.data for s in case.log}) == 1
    assert case.side.all(StreamFailed) == []
    case.run(39.5)
    assert case.side.when(StreamFailed) == 39.5


@rfc("8445", "14.3", "SHOULD/MUST NOT", "8445-14.3-1")
@rfc("8445", "14.3", "", "AT-15")
@pytest.mark.parametrize(
    ("pairs", "ta", "rto"), [(1, 50, 0.5), (20, 50, 1.0), (40, 50, 2.0), (40, 20, 0.8)]
)
def test_the_first_wait_grows_with_the_pairs(pairs: int, ta: int, rto: float) -> None:
    """Ambiguity A4: Ta times the pairs Waiting or In-Progress, and never below 500 ms."""
    case = Alone(config=AgentConfig(ta=ta / 1000), begun=False)
    many = peers(*(f"10.1.0.{n}:6000" for n in range(pairs)))
    case.puppet.description = replace(case.puppet.description, candidates=tuple(many), pacing_ms=ta)
    (first,) = case.begin()
    case.run(7.0)
    sent = [s.at for s in case.log if s.data == first.data]
    assert sent[1] == pytest.approx(rto)
    assert sent[2] - sent[1] == pytest.approx(2 * rto)


@rfc("8445", "7.2.5.2.4", "SHOULD", "8445-7.2.5.2.4-1")
@rfc("8489", "9.1.4", "MUST", "8489-9.1.4-1")
@pytest.mark.parametrize("code", [400, 401, 420, 500])
def test_a_signed_error_fails_the_pair_and_an_unsigned_one_is_nothing(code: int) -> None:
    case, check = two_components()
    case.receive(case.puppet.error(check.message, code, signed=False))
    forger = Puppet(case.side)
    forger.key = Key.short_term("wrong")
    case.receive(forger.error(check.message, code))
    assert not is_failed(case, check)
    case.refuse(check, code)
    assert is_failed(case, check)


@rfc("8489", "9.1.4", "MUST", "8489-9.1.4-1")
@rfc("8489", "9.1.4", "", "AT-02")
@pytest.mark.parametrize("forger", ["wrong password", "no integrity"])
def test_a_forged_success_is_as_if_it_had_never_come(forger: str) -> None:
    case, check = first_check()
    message = Message(
        Method.BINDING,
        Class.SUCCESS,
        check.message.transaction_id,
        (a.XOR_MAPPED_ADDRESS(check.source),),
    )
    key = Key.short_term("wrong") if forger == "wrong password" else None
    case.receive(encode(message, key))
    assert case.path() is None
    case.run(1.5)
    assert [round(s.at, 3) for s in case.log] == [0.0, 0.5, 1.5], "it is sent on"
    case.answer(check)
    assert case.path() == PEER


# §7.2.5.3: success


@rfc("8445", "7.2.5.3.1", "MUST", "8445-7.2.5.3.1-1")
@rfc("8445", "7.2.5.3.2", "rule", "8445-7.2.5.3.2-1")
@rfc("8445", "7.2.5.3.2", "rule", "8445-7.2.5.3.2-2")
@rfc("8445", "7.2.5.3.1", "", "AT-08")
def test_the_mapped_address_is_the_local_candidate_of_the_valid_pair() -> None:
    case = Alone(peers=peers(PEER, SECOND))
    case.run(0.06)
    check = requests(case.log)[0]
    case.answer(check, MAPPED)
    case.nominate()
    selected = case.selected()
    assert selected is not None
    local = selected.local
    assert (local.type, local.address) == (CandidateType.PEER_REFLEXIVE, MAPPED)
    assert local.priority == check.message.get(a.PRIORITY)
    assert local.base is not None
    assert local.base.address == address(OWN)
    assert selected.remote.address == address(PEER)
    own = case.agent.local_description(0)
    assert [c.address for c in own.candidates] == [address(OWN)], "it is not told"
    assert local.foundation not in {c.foundation for c in own.candidates}


@rfc("8445", "7.2.5.3.1", "MUST", "8445-7.2.5.3.1-1")
def test_a_peer_reflexive_candidate_is_paired_with_nobody_else() -> None:
    case = Alone(config=AgentConfig(consent=False), peers=peers(PEER, SECOND))
    case.run(0.06)
    first, second = requests(case.log)
    case.answer(first, MAPPED)
    case.answer(second, address("192.0.2.3:45665"))
    assert requests(case.run(30.0)) == []


@rfc("8445", "7.2.5.3.2", "rule", "8445-7.2.5.3.2-1")
@rfc("8445", "7.2.5.3.2", "rule", "8445-7.2.5.3.2-2")
def test_a_mapped_address_that_was_told_is_that_candidate() -> None:
    side = Side("a", Role.CONTROLLED, [OWN], with_servers(stun()))
    desk = Desk(side, mapped={address(OWN): MAPPED}).gather()
    puppet = Puppet(side)
    side.agent.set_remote_description(desk.now, 0, puppet.description)
    desk.run(desk.now + 0.1)
    check = decode(desk.direct[-1].data)
    base = side.bases[address(OWN)]
    side.agent.receive_datagram(desk.now, puppet.success(check, MAPPED), base, address(PEER))
    request = puppet.request(controlling=True, nominate=True)
    side.agent.receive_datagram(desk.now, request, base, address(PEER))
    desk.run(desk.now + 0.1)
    selected = side.selected()
    assert selected is not None
    assert selected.local.type is CandidateType.SERVER_REFLEXIVE
    assert selected.local.address == MAPPED
    assert selected.local.priority == 1694498815
    assert selected.path.base == base, "it is sent from the base"


@rfc("8445", "7.2.5.3.3", "MUST", "8445-7.2.5.3.3-1")
@rfc("8445", "7.2.5.3.3", "", "AT-18")
def test_success_sets_free_all_pairs_of_the_foundation_in_all_lists() -> None:
    theirs = [remote(PEER), remote("10.0.0.2:6001", component=2, priority=2130706430)]
    case = Alone(peers=theirs, components=2, streams=3)
    case.run(1.0)
    check = case.log[0]
    assert {s.data for s in case.log} == {check.data}
    case.answer(check)
    sent = requests(case.run(1.3))
    assert len(sent) == 5
    assert {(s.source.port, s.to.port) for s in sent} == {
        (5001, 6001),
        (5010, 6000),
        (5011, 6001),
        (5020, 6000),
        (5021, 6001),
    }


@rfc("8445", "7.2.5.2", "", "")
def test_failure_leaves_the_other_pairs_of_the_foundation_alone() -> None:
    """Only one of them goes, by the tick of §6.1.4.2; the others wait for its outcome."""
    theirs = [remote(PEER), remote("10.0.0.2:6001", component=2, priority=2130706430)]
    case = Alone(peers=theirs, components=2, streams=2)
    case.run(0.2)
    case.refuse(case.log[0], 500)
    assert len(requests(case.run(0.6))) == 1


@rfc("8445", "7.2.5.3.4", "rule/MUST", "8445-7.2.5.3.4-1")
def test_the_success_of_the_nominating_check_selects_the_pair() -> None:
    case = Alone(Role.CONTROLLING)
    case.answer(case.log[0])
    assert case.selected() is None
    (nomination,) = requests(case.run(0.06))
    assert nomination.nominates
    assert case.selected() is None
    case.answer(nomination)
    assert case.side.when(PairSelected) == case.now
    assert case.side.when(StreamCompleted) == case.now


@rfc("8445", "7.2.5.3.4", "rule/MUST", "8445-7.2.5.3.4-1")
def test_after_the_pac_timer_a_failed_nomination_fails_the_list_and_ends_the_path() -> None:
    """Ambiguity A3; while the timer runs, another pair is nominated instead."""
    case = Alone(Role.CONTROLLING, AgentConfig(pac=0.01))
    case.answer(case.log[0])
    assert case.path() == PEER
    (nomination,) = requests(case.run(0.06))
    case.refuse(nomination, 400)
    assert case.path() is None
    (failed,) = case.side.all(StreamFailed)
    assert failed.reason is Failure.NOMINATION_FAILED


@rfc("8445", "7.2.5.3.4", "rule", "8445-7.2.5.3.4-2")
def test_the_controlled_agent_handles_the_failure_of_the_triggered_check_in_the_same_way() -> None:
    case = Alone(config=AgentConfig(pac=0.01))
    case.nominate()
    (triggered,) = requests(case.run(0.06))
    case.refuse(triggered, 400)
    assert case.selected() is None
    (failed,) = case.side.all(StreamFailed)
    assert failed.reason is Failure.NOMINATION_FAILED


@rfc("8445", "7.2.5.4", "rule", "8445-7.2.5.4-1")
def test_a_list_fails_when_everything_is_done_and_a_component_has_no_valid_pair() -> None:
    theirs = [remote(PEER), remote("10.0.0.2:6001", component=2, foundation="2")]
    config = AgentConfig(pac=0.2, consent=False)
    case = Alone(config=config, peers=theirs, components=2)
    case.run(0.06)
    first, second = requests(case.log)
    case.answer(first)
    case.run(1.0)
    assert case.side.all(StreamFailed) == [], "one check is still under way"
    case.refuse(second, 500)
    (failed,) = case.side.all(StreamFailed)
    assert failed.reason is Failure.NO_VALID_PAIR
    assert case.side.when(StreamFailed) == 1.0


@rfc("8445", "7.2.5.4", "rule", "8445-7.2.5.4-1")
@rfc("8863", "4", "MUST", "8863-4-4")
@pytest.mark.parametrize("components", [1, 2, 5])
def test_a_list_that_nobody_answers_fails_when_the_pac_timer_ends(components: int) -> None:
    """The pairs behind the same foundation are not tried one after the other."""
    theirs = [remote(f"10.0.0.2:{6000 + n}", component=n) for n in range(1, components + 1)]
    case = Alone(peers=theirs, components=components)
    case.run(300.0)
    assert [at for at, event in case.side.timed_events if isinstance(event, StreamFailed)] == [39.5]


@rfc("8445", "7.2.5.4", "rule", "8445-7.2.5.4-1")
def test_a_list_whose_pairs_have_all_succeeded_goes_on_running() -> None:
    """Ambiguity A1: the text names a state "Succeeded" that exists nowhere else."""
    case = Alone(config=AgentConfig(pac=0.2, consent=False), peers=peers(PEER, SECOND))
    case.serve(100.0)
    assert case.side.all(StreamFailed) == []
    case.nominate()
    assert case.side.all(StreamCompleted)


@rfc("8445", "7.2.5.3", "", "AT-12")
def test_a_late_answer_to_a_check_that_was_cancelled_counts_until_its_time_is_over() -> None:
    """Ambiguity A8."""
    case, check = first_check()
    case.run(0.01)
    case.ask()
    (again,) = requests(case.run(0.06))
    assert again.message.transaction_id != check.message.transaction_id
    case.run(5.0)
    case.answer(check)
    assert case.path() == PEER
    assert requests(case.run(8.0)) == [], "neither the old nor the new one is sent again"


@rfc("8445", "7.2.5.3", "", "")
def test_an_answer_after_the_end_of_its_transaction_counts_no_more() -> None:
    case, check = first_check()
    case.run(39.6)
    case.answer(check)
    assert case.path() is None


@rfc("8445", "8.1.1", "rule", "8445-8.1.1-1")
def test_a_nomination_repeats_the_check_that_made_the_pair_valid() -> None:
    """Ambiguity A10: from the base of the checked pair, not from the mapped address."""
    case = Alone(Role.CONTROLLING)
    case.answer(case.log[0], MAPPED)
    (nomination,) = requests(case.run(0.06))
    assert nomination.nominates
    assert (nomination.source, nomination.to) == (address(OWN), address(PEER))
