"""RFC 8445 §7.3: how requests are answered, and what they teach and start."""

from __future__ import annotations

import zlib
from dataclasses import replace

import pytest

from sipice.ice import (
    AgentConfig,
    CandidateType,
    MediaChanged,
    PairSelected,
    Role,
    RoleSwitched,
    StreamCompleted,
    StreamFailed,
    StreamResumed,
)
from sipice.stun import Class, Key, Message, Method, decode, encode, verify_integrity
from sipice.stun import attributes as a
from tests.ice.harness import Puppet, Sent, Side, Wire, address, remote
from tests.marks import rfc
from tests.rfc.alone import OWN, PEER, Alone, peers, requests, successes
from tests.rfc.servers import Desk, turn, with_servers
from tests.simnet import wire

ELSEWHERE = "10.0.0.3:7000"
SECOND = "10.0.0.2:6100"
STATIC = AgentConfig(consent=False)


def one(sent: list[Sent]) -> Sent:
    (found,) = sent
    return found


def own_tie_breaker(case: Alone) -> int:
    """As the agent's first check shows it."""
    message = case.log[0].message
    controlling, controlled = message.get(a.ICE_CONTROLLING), message.get(a.ICE_CONTROLLED)
    value = controlled if controlling is None else controlling
    assert value is not None
    return value


def request_without(case: Alone, lacking: str) -> bytes:
    attributes = [
        a.USERNAME(f"{case.puppet.peer.ufrag}:PUPPETuf"),
        a.PRIORITY(1862270975),
        a.ICE_CONTROLLING(1),
    ]
    kept = tuple(x for x in attributes if lacking != "username" or x[0] != a.USERNAME.number)
    message = Message(Method.BINDING, Class.REQUEST, bytes(range(12)), kept)
    key = None if lacking == "integrity" else Key.short_term(case.puppet.peer.pwd)
    return encode(message, key, fingerprint=lacking != "fingerprint")


# §7.3: authentication and the answer


@rfc("8445", "7.3", "MUST", "8445-7.3-1")
def test_checks_are_taken_on_every_base_of_both_generations_of_a_restart() -> None:
    hosts = [OWN, "10.0.1.1:5000"]
    case = Alone(Role.CONTROLLING, hosts=hosts, config=STATIC)
    case.serve(1.0)
    assert case.side.all(StreamCompleted)
    ufrag, pwd = case.puppet.peer.ufrag, case.puppet.peer.pwd
    case.agent.prepare_restart(1.0)
    following = case.puppet.peer
    assert (following.ufrag, following.pwd) != (ufrag, pwd)
    for host in hosts:
        old = case.ask(to=host, username=f"{ufrag}:PUPPETuf", pwd=pwd, controlling=False)
        new = case.ask(to=host, username=f"{following.ufrag}:PUPPETuf", controlling=False)
        assert len(successes(old + new)) == 2


@rfc("8445", "7.3", "MUST", "8445-7.3-2")
@rfc("8489", "9.1.3", "MUST", "8489-9.1.3-1")
@rfc("8489", "9.1.3", "", "AT-01")
@rfc("8489", "9.1.3", "", "AT-03")
@pytest.mark.parametrize("lacking", ["integrity", "username"])
def test_a_request_that_lacks_integrity_or_username_gets_an_unsigned_400(lacking: str) -> None:
    """Ambiguity A6."""
    case = Alone()
    answer = one(case.receive(request_without(case, lacking), ELSEWHERE))
    assert answer.message.error_code == 400
    assert sorted(wire.parse(answer.data).kinds()) == [0x0009, 0x8028]
    assert ELSEWHERE not in {str(sent.to) for sent in requests(case.run(0.3))}


@rfc("8445", "7.3", "MUST", "8445-7.3-2")
@rfc("8489", "9.1.3", "MUST", "8489-9.1.3-1")
@rfc("8489", "9.1.3", "", "AT-03")
@pytest.mark.parametrize(
    ("username", "pwd"),
    [
        ("{ours}:PUPPETuf", "wrong"),
        ("{ours}:PUPPETuf", "PUPPETpasswordPUPPETpass"),
        ("PUPPETuf:{ours}", None),
        ("nobody:PUPPETuf", None),
        ("{ours}x:PUPPETuf", None),
        (":PUPPETuf", None),
    ],
)
def test_a_request_with_wrong_credentials_gets_an_unsigned_401(
    username: str, pwd: str | None
) -> None:
    """Ambiguity A6, and Appendix B.4: a check meant for another host at our address."""
    case = Alone()
    name = username.format(ours=case.puppet.peer.ufrag)
    answer = one(case.ask(ELSEWHERE, username=name, pwd=pwd, nominate=True))
    assert answer.message.error_code == 401
    assert sorted(wire.parse(answer.data).kinds()) == [0x0009, 0x8028]
    assert ELSEWHERE not in {str(sent.to) for sent in requests(case.run(0.3))}
    assert case.side.all(MediaChanged) == []


@rfc("8445", "7.3", "MUST", "8445-7.3-2")
@rfc("8445", "7.3", "", "AT-05")
@pytest.mark.parametrize("second", ["somebody", "", "a:b"])
def test_only_the_first_part_of_the_username_is_compared(second: str) -> None:
    case = Alone()
    answer = one(case.ask(username=f"{case.puppet.peer.ufrag}:{second}"))
    assert answer.message.message_class is Class.SUCCESS


@rfc("8489", "9.1.3", "MUST", "8489-9.1.3-1")
def test_an_indication_with_wrong_credentials_is_dropped_in_silence() -> None:
    case = Alone()
    message = Message(Method.BINDING, Class.INDICATION, bytes(12), (a.USERNAME("x:y"),))
    assert case.receive(encode(message, Key.short_term("wrong"))) == []
    assert case.receive(encode(message)) == []


@rfc("8489", "9.1.3", "MUST", "8489-9.1.3-2")
@rfc("8445", "7.3", "MUST NOT/MUST", "8445-7.3-4")
@rfc("8445", "7.2.4", "MUST / MUST NOT", "8445-7.2.4-1")
def test_an_answer_has_these_attributes_and_no_others() -> None:
    """No USERNAME, no ALTERNATE-SERVER, but FINGERPRINT at its end."""
    case = Alone()
    answer = one(case.ask(ELSEWHERE))
    assert wire.parse(answer.data).kinds() == [0x0020, 0x0008, 0x8028]
    message = wire.parse(answer.data)
    assert wire.integrity_valid(message, case.puppet.peer.pwd.encode())
    assert wire.fingerprint_valid(message)
    assert message.address(0x0020) == address(ELSEWHERE)
    assert (str(answer.source), str(answer.to)) == (OWN, ELSEWHERE)


@rfc("8445", "7.3", "MUST NOT/MUST", "8445-7.3-4")
@rfc("8489", "7", "rule", "8489-7-1")
def test_a_request_without_fingerprint_or_with_a_wrong_one_is_not_answered() -> None:
    case = Alone()
    assert case.receive(request_without(case, "fingerprint")) == []
    whole = request_without(case, "nothing")
    assert case.receive(whole[:-1] + bytes((whole[-1] ^ 1,))) == []
    assert len(case.receive(whole)) == 1


@rfc("8489", "14.7", "MUST", "8489-14.7-1")
def test_nothing_may_follow_the_fingerprint() -> None:
    case = Alone()
    whole = request_without(case, "nothing")
    longer = whole[:2] + (len(whole) - 20 + 4).to_bytes(2, "big") + whole[4:-8]
    crc = (zlib.crc32(longer) ^ 0x5354554E).to_bytes(4, "big")
    assert case.receive(longer + b"\x80\x28\x00\x04" + crc + b"\xc0\x57\x00\x00") == []


@rfc("8445", "7.3", "MUST NOT/MUST", "8445-7.3-4")
def test_a_request_in_the_form_of_rfc_3489_is_not_answered() -> None:
    case = Alone()
    whole = request_without(case, "nothing")
    assert case.receive(whole[:4] + bytes(4) + whole[8:]) == []


@rfc("8489", "6.3.1", "rule", "8489-6.3.1-1")
@rfc("8489", "6.3.1", "", "AT-64")
def test_unknown_required_attributes_get_a_signed_420_that_lists_them() -> None:
    case = Alone()
    extra = ((0x7777, b"????"), (0xC057, b"\0\0\0\1"), (0x1234, b""))
    answer = one(case.ask(ELSEWHERE, extra=extra))
    assert answer.message.error_code == 420
    assert answer.message.get(a.UNKNOWN_ATTRIBUTES) == (0x7777, 0x1234)
    assert verify_integrity(answer.message, Key.short_term(case.puppet.peer.pwd))
    assert ELSEWHERE not in {str(sent.to) for sent in requests(case.run(0.3))}


@rfc("8445", "7.3", "MUST", "8445-7.3-3")
@rfc("8445", "7.3", "", "AT-04")
def test_checks_before_the_description_are_answered_at_once_and_followed_up_later() -> None:
    case = Alone(begun=False)
    unknown = f"{case.puppet.peer.ufrag}:PUPPETuf"
    answers = [
        *case.ask(ELSEWHERE, username=unknown, priority=77),
        *case.ask(PEER, username=unknown, nominate=True),
    ]
    assert [sent.message.message_class for sent in answers] == [Class.SUCCESS] * 2
    assert case.run(9.0) == []
    case.begin(9.0)
    case.run(9.06)
    first, second = requests(case.log)
    assert [str(first.to), str(second.to)] == [ELSEWHERE, PEER], "in the order of arrival"
    case.answer(second)
    selected = case.selected()
    assert selected is not None
    assert selected.path.to == address(PEER), "the nomination was not forgotten"


# §7.3.1.1: role conflicts


@rfc("8445", "7.3.1.1", "MUST", "8445-7.3.1.1-1")
@rfc("8445", "7.3.1.1", "MUST", "8445-7.3.1.1-2")
@rfc("8445", "7.3.1.1", "", "AT-28")
@rfc("8445", "7.3.1.1", "", "AT-29")
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("difference", [-1, 0, 1])
def test_the_larger_tie_breaker_controls_and_ours_wins_a_tie(role: Role, difference: int) -> None:
    case = Alone(role)
    theirs = own_tie_breaker(case) - difference
    answer = one(case.ask(ELSEWHERE, controlling=role is Role.CONTROLLING, tie_breaker=theirs))
    after = Role.CONTROLLING if difference >= 0 else Role.CONTROLLED
    assert case.agent.role is after
    checked = {str(sent.to) for sent in requests(case.run(0.2))}
    if after is role:
        assert answer.message.error_code == 487
        assert verify_integrity(answer.message, Key.short_term(case.puppet.peer.pwd)), "A7"
        assert case.side.all(RoleSwitched) == []
        assert ELSEWHERE not in checked
    else:
        assert answer.message.message_class is Class.SUCCESS
        assert case.side.all(RoleSwitched) == [RoleSwitched(after)]
        assert ELSEWHERE in checked, "the rest of §7.3.1 follows"


@rfc("8445", "7.3.1.1", "MUST", "8445-7.3.1.1-1")
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("theirs", [0, 2**64 - 1])
def test_opposite_roles_are_no_conflict_whatever_the_tie_breakers(role: Role, theirs: int) -> None:
    case = Alone(role)
    answer = one(case.ask(controlling=role is Role.CONTROLLED, tie_breaker=theirs))
    assert answer.message.message_class is Class.SUCCESS
    assert case.agent.role is role


@rfc("8445", "16.1", "MUST", "8445-16.1-1")
def test_the_tie_breaker_stays_when_we_switch_without_a_487() -> None:
    case = Alone(Role.CONTROLLING)
    before = own_tie_breaker(case)
    case.ask(controlling=True, tie_breaker=2**64 - 1)
    (check,) = requests(case.run(0.06))
    assert check.message.get(a.ICE_CONTROLLED) == before


@rfc("8445", "7.3.1.1", "rule", "8445-7.3.1.1-3")
def test_a_switch_orders_the_pairs_anew() -> None:
    case = Alone(Role.CONTROLLING, hosts=[OWN, "10.0.1.1:5000"], begun=False)
    high, low = (c.priority for c in case.agent.local_description(0).candidates)
    theirs = [
        remote("10.0.0.2:6000", priority=high, foundation="h"),
        remote("10.0.1.2:6000", priority=low, foundation="l"),
    ]
    case.puppet.description = replace(case.puppet.description, candidates=tuple(theirs))
    case.begin()
    case.ask("10.0.1.2:6000", to="10.0.1.1:5000", controlling=True, tie_breaker=2**64 - 1)
    sent = [(s.source.host, s.to.host) for s in requests(case.run(0.2))]
    assert sent == [
        ("10.0.1.1", "10.0.1.2"),  # triggered
        ("10.0.1.1", "10.0.0.2"),
        ("10.0.0.1", "10.0.1.2"),
    ]


@rfc("8445", "7.3.1.1", "rule", "8445-7.3.1.1-3")
def test_nomination_goes_over_to_the_side_that_controls_now() -> None:
    case = Alone(Role.CONTROLLED, config=STATIC)
    case.answer(case.log[0])
    assert requests(case.run(3.0)) == []
    case.ask(controlling=False, tie_breaker=0)
    (nomination,) = requests(case.run(3.4))
    assert nomination.nominates
    assert nomination.message.get(a.ICE_CONTROLLING) is not None
    other = Alone(Role.CONTROLLING, config=STATIC)
    other.answer(other.log[0])
    other.ask(controlling=True, tie_breaker=2**64 - 1)
    assert not any(sent.nominates for sent in requests(other.run(30.0)))


@rfc("8445", "7.3.1.1", "MUST", "8445-7.3.1.1-1")
@rfc("8445", "7.3.1.1", "", "AT-29")
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("seed", range(4))
def test_two_of_one_role_end_with_one_of_each_and_a_pair(role: Role, seed: int) -> None:
    one_, two = (Side(name, role, [host], seed=seed) for name, host in (("a", OWN), ("b", PEER)))
    made = Wire(one_, two).connect().run(5.0)
    assert made.a.agent.role is made.b.agent.role.opposite
    assert made.a.all(StreamCompleted)
    assert made.b.all(StreamCompleted)


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
