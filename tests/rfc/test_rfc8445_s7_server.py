"""RFC 8445 §7.3, §7.3.1.1: how requests are answered, and how roles are settled."""

from __future__ import annotations

import zlib
from dataclasses import replace

import pytest

from sipice.ice import (
    AgentConfig,
    MediaChanged,
    Role,
    RoleSwitched,
    StreamCompleted,
)
from sipice.stun import Class, Key, Message, Method, encode, verify_integrity
from sipice.stun import attributes as a
from tests.ice.harness import Sent, Side, Wire, address, remote
from tests.marks import rfc
from tests.rfc.alone import OWN, PEER, Alone, requests, successes
from tests.simnet import wire

ELSEWHERE = "10.0.0.3:7000"
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
@rfc("8839", "4.2.4", "MUST", "8839-4.2.4-1")
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
