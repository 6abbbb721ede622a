"""RFC 8445 §7.3.1.2 to §7.3.2: what a request teaches, triggers and nominates."""

from __future__ import annotations

import pytest

from sipice.ice import (
    AgentConfig,
    CandidateType,
    PairSelected,
    Role,
    StreamCompleted,
    StreamFailed,
    StreamResumed,
)
from sipice.stun import Class, Key, decode, verify_integrity
from tests.ice.harness import Puppet, Sent, Side, address, remote
from tests.marks import rfc
from tests.rfc.alone import OWN, PEER, Alone, peers, requests
from tests.rfc.servers import Desk, turn, with_servers
from tests.simnet import wire

ELSEWHERE = "10.0.0.3:7000"
STATIC = AgentConfig(consent=False)


def one(sent: list[Sent]) -> Sent:
    (found,) = sent
    return found


# §7.3.1.2, §7.3.1.3: the mapped address, and peer-reflexive candidates


@rfc("8445", "7.3.1.2", "rule", "8445-7.3.1.2-1")
def test_a_check_through_a_relay_is_answered_with_the_peers_address_by_the_same_way() -> None:
    side = Side("a", Role.CONTROLLED, [OWN], with_servers(turn()))
    desk = Desk(side, mapped={address(OWN): address("203.0.113.7:41000")}).gather()
    puppet = Puppet(side)
    side.agent.set_remote_description(desk.now, 0, puppet.description)
    desk.run(desk.now + 1.0)
    allocation = desk.requests(wire.Method.ALLOCATE)[-1]
    desk.carried.clear()
    desk.direct.clear()
    peer = address("10.0.0.2:7000")  # the permission is for the whole address
    request = puppet.request(controlling=True, identifier=b"over a relay")
    desk.from_peer(allocation, peer, request)
    desk.run(desk.now + 0.5)
    answers = [c for c in desk.carried if wire.parse(c.data).cls is wire.Class.SUCCESS]
    (answer,) = answers
    assert answer.peer == peer
    assert wire.parse(answer.data).transaction == b"over a relay"
    assert wire.parse(answer.data).address(0x0020) == peer
    assert all(command.remote != peer for command in desk.direct)
    checks = [c for c in desk.carried if wire.parse(c.data).cls is wire.Class.REQUEST]
    assert peer in {check.peer for check in checks}, "it is checked back by relay"


@rfc("8445", "7.3.1.3", "rule", "8445-7.3.1.3-1")
@rfc("8445", "7.3.1.3", "", "AT-09")
def test_an_unknown_source_is_a_remote_candidate_of_its_own() -> None:
    case = Alone(hosts=[OWN, "10.0.1.1:5000"])
    case.ask(ELSEWHERE, nominate=True, priority=1862270719)
    check = next(s for s in requests(case.run(0.3)) if str(s.to) == ELSEWHERE)
    assert str(check.source) == OWN
    case.answer(check)
    selected = case.selected()
    assert selected is not None
    learned = selected.remote
    assert (learned.type, learned.address) == (CandidateType.PEER_REFLEXIVE, address(ELSEWHERE))
    assert (learned.priority, learned.component) == (1862270719, 1)
    assert learned.foundation not in {c.foundation for c in case.puppet.description.candidates}
    assert {str(s.source) for s in requests(case.log) if str(s.to) == ELSEWHERE} == {OWN}


@rfc("8445", "7.3.1.3", "rule", "8445-7.3.1.3-1")
def test_unknown_sources_do_not_share_a_foundation() -> None:
    """None of them waits for the other."""
    case = Alone()
    for port in range(3):
        case.ask(f"10.0.0.3:{7000 + port}", priority=5000 + port)
    sent = requests(case.run(0.16))
    assert [s.to.port for s in sent] == [7000, 7001, 7002]


@rfc("8445", "7.3.1.3", "rule", "8445-7.3.1.3-1")
def test_the_priority_of_the_request_places_the_new_pair() -> None:
    """It is nominated although the told candidate is valid, too: it said it was better."""
    case = Alone(Role.CONTROLLING, peers=[remote(PEER, priority=1000)])
    case.ask(ELSEWHERE, priority=2000)
    case.serve(2.0)
    selected = case.selected()
    assert selected is not None
    assert str(selected.path.to) == ELSEWHERE


# §7.3.1.4: triggered checks


@rfc("8445", "7.3.1.4", "rule", "8445-7.3.1.4-1")
@rfc("8445", "7.3.1.4", "MUST", "8445-7.3.1.4-2")
def test_a_waiting_pair_is_checked_before_its_turn_and_once() -> None:
    many = peers(*(f"10.0.0.{n}:6000" for n in range(2, 6)))
    case = Alone(peers=many)
    for _ in range(3):
        case.ask("10.0.0.5:6000")
    sent = requests(case.run(0.3))
    assert [str(s.to) for s in sent] == [f"10.0.0.{n}:6000" for n in (5, 3, 4)]


@rfc("8445", "7.3.1.4", "MUST", "8445-7.3.1.4-2")
def test_a_frozen_pair_is_checked_at_once() -> None:
    theirs = [remote(PEER), remote("10.0.0.2:6001", component=2, priority=2130706430)]
    case = Alone(peers=theirs, components=2)
    assert len(requests(case.log + case.run(0.2))) == 1
    case.ask("10.0.0.2:6001", to="10.0.0.1:5001")
    assert [str(s.to) for s in requests(case.run(0.2))] == ["10.0.0.2:6001"]


@rfc("8445", "7.3.1.4", "MUST", "8445-7.3.1.4-2")
def test_a_failed_pair_is_checked_again_and_its_list_runs_again() -> None:
    """Also if the peer has been heard before, so that this is not its first sign of life."""
    case = Alone(config=AgentConfig(pac=0.1))
    case.ask()
    (again,) = requests(case.run(0.06))
    case.refuse(again, 500)
    case.run(1.0)
    assert case.side.all(StreamFailed)
    case.ask(nominate=True)
    assert case.side.when(StreamResumed) == 1.0
    (check,) = requests(case.run(1.1))
    case.answer(check)
    assert case.side.all(PairSelected)
    assert case.side.all(StreamCompleted)


@rfc("8445", "7.3.1.4", "MUST", "8445-7.3.1.4-3")
@rfc("8445", "7.3.1.4", "", "AT-10")
def test_a_check_under_way_is_given_up_for_a_new_one() -> None:
    case = Alone()
    first = case.log[0]
    case.run(0.01)
    case.ask()
    sent = requests(case.run(39.5))
    assert first.data not in {s.data for s in sent}, "the old one is not sent any more"
    assert len({s.data for s in sent}) == 1
    assert round(sent[0].at, 3) == 0.05, "D2.12: Ta after the last new transaction"
    assert case.side.all(StreamFailed) == []
    assert sent[-1].at == pytest.approx(31.55), "seven transmissions of its own"


@rfc("8445", "7.3.1.4", "MUST", "8445-7.3.1.4-3")
@rfc("8445", "7.3.1.4", "", "AT-10")
def test_the_silence_of_a_check_that_was_given_up_fails_nothing() -> None:
    case = Alone(config=AgentConfig(pac=1.0))
    case.run(30.0)
    case.ask()
    case.run(69.4)
    assert case.side.all(StreamFailed) == [], "the first would have failed at 39.5"
    case.run(69.6)
    assert case.side.all(StreamFailed)


@rfc("8445", "7.3.1.4", "MUST", "8445-7.3.1.4-3")
def test_a_pair_that_succeeded_is_not_checked_again() -> None:
    case = Alone(config=STATIC)
    case.answer(case.log[0])
    answer = one(case.ask())
    assert answer.message.message_class is Class.SUCCESS
    assert requests(case.run(30.0)) == []


@rfc("8445", "7.3.1.4", "rule", "8445-7.3.1.4-4")
def test_a_check_of_another_answerer_does_not_make_us_check_with_the_wrong_password() -> None:
    """The ufrag after the colon chooses the password; nobody's waits for its description."""
    case = Alone()
    case.ask(ELSEWHERE, username=f"{case.puppet.peer.ufrag}:fork")
    sent = requests(case.run(1.0))
    assert ELSEWHERE not in {str(s.to) for s in sent}
    case.ask(ELSEWHERE)
    assert ELSEWHERE in {str(s.to) for s in requests(case.run(1.2))}


# §7.3.1.5: nomination


@rfc("8445", "7.3.1.5", "rule", "8445-7.3.1.5-1")
def test_a_nomination_of_a_valid_pair_selects_it_in_that_instant() -> None:
    case = Alone()
    case.answer(case.log[0], address("192.0.2.3:45664"))
    case.run(0.03)
    case.nominate()
    assert case.side.when(PairSelected) == 0.03
    selected = case.selected()
    assert selected is not None
    assert selected.local.address == address("192.0.2.3:45664"), "its valid pair"


@rfc("8445", "7.3.1.5", "rule", "8445-7.3.1.5-1")
@rfc("8445", "7.1.2", "MUST/MUST NOT", "8445-7.1.2-1")
def test_a_nomination_that_came_first_selects_when_the_triggered_check_succeeds() -> None:
    case = Alone()
    case.nominate()
    assert case.side.all(PairSelected) == []
    (check,) = requests(case.run(0.06))
    assert not check.nominates
    case.answer(check)
    assert case.side.when(PairSelected) == case.now


@rfc("8445", "7.3.1.5", "rule", "8445-7.3.1.5-1")
def test_the_controlling_agent_takes_no_nomination() -> None:
    """Both controlling; ours is stronger, so the peer's USE-CANDIDATE does not count."""
    case = Alone(Role.CONTROLLING)
    case.nominate(controlling=True, tie_breaker=0)
    case.answer(case.log[0])
    assert case.side.all(PairSelected) == []
    case.nominate(controlling=False)
    assert case.side.all(PairSelected) == [], "nor from one that says it is controlled"


@rfc("8445", "7.3.1.5", "MUST", "8445-7.3.1.5-2")
def test_a_nomination_that_is_not_taken_is_refused_and_a_plain_check_is_not() -> None:
    """To an address that we never send to."""
    case = Alone()
    answer = one(case.nominate("127.0.0.1:7000"))
    assert answer.message.error_code == 400
    assert verify_integrity(answer.message, Key.short_term(case.puppet.peer.pwd))
    assert one(case.ask("127.0.0.1:7000")).message.message_class is Class.SUCCESS
    case.serve(5.0)
    assert case.side.all(PairSelected) == []


# §7.3.2: lite


@rfc("8445", "7.3.2 Lite", "rule", "8445-7.3.2-1")
@pytest.mark.parametrize("source", [PEER, ELSEWHERE])
def test_a_lite_agent_selects_what_is_nominated_and_nothing_before(source: str) -> None:
    case = Alone(config=AgentConfig(lite=True))
    case.ask(source, controlling=True)
    assert case.path() is None
    assert case.side.all(PairSelected) == []
    case.nominate(source, controlling=True)
    selected = case.selected()
    assert selected is not None
    assert (selected.local.address, selected.path.to) == (address(OWN), address(source))
    assert case.path() == source
    assert case.side.all(StreamCompleted)
    assert requests(case.log) == []


@rfc("8489", "6.3.1", "MUST", "8489-6.3.1-2")
def test_a_request_sent_again_gets_the_same_answer_and_starts_nothing_more() -> None:
    case = Alone()
    data = case.puppet.request(controlling=True)
    first, again = (one(case.receive(data)) for _ in range(2))
    (check,) = requests(case.run(0.06))
    third = one(case.receive(data))
    assert first.data == again.data == third.data
    assert decode(first.data).message_class is Class.SUCCESS
    assert requests(case.run(0.5)) == [], "the triggered check is not repeated before its time"
    assert [s.data for s in requests(case.run(0.6))] == [check.data]
