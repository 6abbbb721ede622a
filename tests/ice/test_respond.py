"""RFC 8445 §7.3: which requests are answered how, and what an accepted one leads to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sipice.ice import (
    AgentConfig,
    CandidateType,
    Credentials,
    Description,
    PairSelected,
    Role,
    StreamFailed,
    StreamResumed,
)
from sipice.ice.pair import PairState
from sipice.stun import Class, Key, Message, Method, encode, verify_integrity
from sipice.stun import attributes as a
from tests.ice.harness import Puppet, Sent, Side, address, advance, remote, sent_by
from tests.marks import rfc

OWN = address("10.0.0.1:5000")
PEER = address("10.0.0.2:6000")
ELSEWHERE = address("10.0.0.3:7000")
ROLES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "data" / "ice_roles.json").read_text()
)["role_conflict"]


class Case:
    def __init__(
        self,
        role: Role = Role.CONTROLLED,
        config: AgentConfig | None = None,
        *,
        started: bool = True,
        components: int = 1,
    ) -> None:
        self.side = Side(
            "a", role, ["10.0.0.1:5000"], config or AgentConfig(), components=components
        )
        self.agent = self.side.agent
        self.puppet = Puppet(self.side)
        self.base = self.side.bases[OWN]
        if started:
            self.start()

    def start(self, now: float = 0.0) -> list[Sent]:
        self.agent.set_remote_description(now, 0, self.puppet.description)
        return advance(self.side, now)

    def receive(self, data: bytes, now: float = 0.01, source: str = "10.0.0.2:6000") -> list[Sent]:
        self.agent.receive_datagram(now, data, self.base, address(source))
        return sent_by(self.side, now)

    def ask(self, now: float = 0.01, source: str = "10.0.0.2:6000", **how: Any) -> list[Sent]:
        how.setdefault("controlling", self.agent.role is Role.CONTROLLED)
        return self.receive(self.puppet.request(**how), now, source)

    @property
    def key(self) -> Key:
        return Key.short_term(self.puppet.peer.pwd)

    def state_of(self, to: str = "10.0.0.2:6000") -> PairState:
        pairs = self.agent._state.streams[0].current.checklist
        return next(pair.state for pair in pairs if pair.to == address(to))


@rfc("8445", "7.3", "MUST", "8445-7.3-1")
@rfc("8445", "7.3", "MUST", "8445-7.3-2")
@rfc("8489", "9.1.3", "MUST", "8489-9.1.3-2")
@rfc("8489", "6.3.1.2", "rule", "8489-6.3.1.2-1")
def test_a_check_is_answered_to_its_source_with_our_password_and_no_username() -> None:
    case = Case()
    (answer,) = case.ask(source="10.0.0.3:7000")
    assert (answer.source, answer.to) == (OWN, ELSEWHERE)
    assert answer.message.message_class is Class.SUCCESS
    assert answer.message.get(a.XOR_MAPPED_ADDRESS) == ELSEWHERE
    assert answer.message.get(a.USERNAME) is None
    assert answer.message.has_fingerprint
    assert verify_integrity(answer.message, case.key)


@rfc("8489", "9.1.3", "MUST", "8489-9.1.3-1")
@rfc("8445", "7.3", "MUST", "8445-7.3-2")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"pwd": "wrong"}, 401),
        ({"username": "nobody:PUPPETuf"}, 401),
        ({"username": "no colon"}, 401),
    ],
)
def test_a_check_with_wrong_credentials_gets_an_unsigned_401(
    change: dict[str, Any], code: int
) -> None:
    case = Case()
    (answer,) = case.ask(**change)
    assert answer.message.error_code == code
    assert not answer.message.has_integrity
    assert answer.message.get(a.USERNAME) is None
    assert answer.message.has_fingerprint
    assert case.state_of() is PairState.IN_PROGRESS
    assert case.agent.media(0, 1).receive == frozenset()


@rfc("8489", "9.1.3", "MUST", "8489-9.1.3-1")
@pytest.mark.parametrize("lacking", ["integrity", "username"])
def test_a_request_without_username_or_integrity_gets_an_unsigned_400(lacking: str) -> None:
    case = Case()
    name = a.USERNAME(f"{case.puppet.peer.ufrag}:PUPPETuf")
    attributes = (a.PRIORITY(1), a.ICE_CONTROLLING(1))
    if lacking == "integrity":
        data = encode(Message(Method.BINDING, Class.REQUEST, bytes(12), (name, *attributes)))
    else:
        data = encode(Message(Method.BINDING, Class.REQUEST, bytes(12), attributes), case.key)
    (answer,) = case.receive(data)
    assert answer.message.error_code == 400
    assert not answer.message.has_integrity


@rfc("8445", "7.3", "MUST NOT/MUST", "8445-7.3-4")
@rfc("8489", "7", "rule", "8489-7-1")
def test_a_request_without_fingerprint_is_no_stun_for_us() -> None:
    case = Case()
    name = a.USERNAME(f"{case.puppet.peer.ufrag}:PUPPETuf")
    message = Message(
        Method.BINDING, Class.REQUEST, bytes(12), (name, a.PRIORITY(1), a.ICE_CONTROLLING(1))
    )
    assert case.receive(encode(message, case.key, fingerprint=False)) == []


@rfc("8445", "7.3", "MUST", "8445-7.3-2")
def test_only_the_first_part_of_the_username_has_to_be_known() -> None:
    case = Case()
    ours = case.puppet.peer.ufrag
    (answer,) = case.ask(username=f"{ours}:somebodyElse")
    assert answer.message.message_class is Class.SUCCESS
    assert case.state_of() is PairState.IN_PROGRESS, "but it is no check of our peer's"


@rfc("8489", "6.3.1", "rule", "8489-6.3.1-1")
def test_an_unknown_required_attribute_gets_a_signed_420_that_lists_it() -> None:
    case = Case()
    (answer,) = case.ask(extra=((0x7777, b"????"),))
    assert answer.message.error_code == 420
    assert answer.message.get(a.UNKNOWN_ATTRIBUTES) == (0x7777,)
    assert verify_integrity(answer.message, case.key)
    assert case.state_of() is PairState.IN_PROGRESS


@rfc("8489", "6.3", "MUST/SHOULD", "8489-6.3-2")
def test_an_unknown_optional_attribute_is_ignored() -> None:
    case = Case()
    (answer,) = case.ask(extra=((0xC057, b"\x00\x00\x00\x01"),))
    assert answer.message.message_class is Class.SUCCESS


def test_a_check_without_priority_gets_400() -> None:
    case = Case()
    (answer,) = case.ask(priority=None)
    assert answer.message.error_code == 400
    assert verify_integrity(answer.message, case.key)


def test_refusals_of_strangers_are_limited_to_so_many_a_second() -> None:
    case = Case(config=AgentConfig(max_refusals=3))
    answers = [case.ask(pwd="wrong", now=0.01 * n) for n in range(10)]
    assert sum(map(len, answers)) == 3
    assert len(case.ask(pwd="wrong", now=1.2)) == 1


@rfc("8445", "7.3.1.1", "MUST", "8445-7.3.1.1-1")
@rfc("8445", "7.3.1.1", "MUST", "8445-7.3.1.1-2")
@rfc("8445", "6.1.1", "MUST", "8445-6.1.1-5")
@pytest.mark.parametrize("row", ROLES, ids=str)
def test_role_conflicts_end_as_the_table_says(row: dict[str, Any]) -> None:
    case = Case(Role(row["my_role"]))
    case.agent._state.tie_breaker = row["mine"]
    (answer,) = case.ask(controlling=row["attribute"] == "controlling", tie_breaker=row["theirs"])
    if row["answer"] == "487":
        assert answer.message.error_code == 487
        assert verify_integrity(answer.message, case.key)
        assert case.state_of() is PairState.IN_PROGRESS
    else:
        assert answer.message.message_class is Class.SUCCESS
        assert case.state_of() is PairState.WAITING, "the rest of §7.3.1 happens too"
    assert case.agent.role is Role(row["role_after"])


@rfc("8445", "7.3.1.1", "rule", "8445-7.3.1.1-3")
def test_a_switch_computes_pair_priorities_anew_and_hands_nomination_over() -> None:
    case = Case(Role.CONTROLLED)
    case.agent._state.tie_breaker = 9
    pair = case.agent._state.streams[0].current.checklist[0]
    pair.remote = pair.remote._replace(priority=1000)
    case.ask(controlling=False, tie_breaker=5)
    assert case.agent.role is Role.CONTROLLING
    assert pair.priority == (1000 << 32) + 2 * pair.local.priority + 1
    (check,) = advance(case.side, 0.05)
    case.receive(case.puppet.success(check.message, OWN), now=0.06)
    (nomination,) = advance(case.side, 0.2)
    assert nomination.nominates


@rfc("8445", "7.3.1.3", "rule", "8445-7.3.1.3-1")
@rfc("8445", "7.3.1.4", "rule", "8445-7.3.1.4-1")
@rfc("8445", "6.1.4.1", "rule", "8445-6.1.4.1-1")
def test_an_unknown_source_is_a_remote_peer_reflexive_candidate_and_is_checked() -> None:
    case = Case()
    case.ask(source="10.0.0.3:7000", priority=1862270719)
    generation = case.agent._state.streams[0].current
    assert generation.remote is not None
    known = generation.remote.candidates
    learned = known[-1]
    assert learned.type is CandidateType.PEER_REFLEXIVE
    assert (learned.address, learned.priority, learned.component) == (ELSEWHERE, 1862270719, 1)
    assert learned.foundation not in {candidate.foundation for candidate in known[:-1]}
    (check,) = advance(case.side, 0.05)
    assert check.to == ELSEWHERE
    assert check.is_request


@rfc("8445", "7.3.1.4", "MUST", "8445-7.3.1.4-2")
@pytest.mark.parametrize("before", [PairState.WAITING, PairState.FROZEN, PairState.FAILED])
def test_a_check_of_the_peer_has_any_unfinished_pair_checked_next(before: PairState) -> None:
    case = Case()
    pair = case.agent._state.streams[0].current.checklist[0]
    if before is PairState.FAILED:
        case.agent.send_failed(0.005, case.base, PEER, hard=True)
    else:
        case = Case(started=False)
        others = [remote(f"10.0.0.{n}:6000", foundation="1", priority=9999) for n in (8, 9)]
        case.puppet.description = Description(
            case.puppet.credentials, (*others, remote(priority=10))
        )
        if before is PairState.WAITING:
            case.puppet.description = Description(
                case.puppet.credentials, (others[0], remote(priority=10, foundation="2"))
            )
        case.start()
        pair = case.agent._state.streams[0].current.checklist[-1]
    assert pair.state is before
    case.ask(now=0.02)
    case.ask(now=0.03)
    assert pair.state is PairState.WAITING
    (check, *_) = advance(case.side, 0.05)
    assert check.to == PEER
    assert list(case.agent._state.streams[0].current.triggered) == []


@rfc("8445", "7.3.1.4", "MUST", "8445-7.3.1.4-3")
def test_a_check_of_the_peer_repeats_one_that_is_under_way_ta_after_the_last() -> None:
    """D2.12: the re-check leaves at the later of the arrival and Ta after the last new check."""
    case = Case()
    case.ask(now=0.03)
    assert case.state_of() is PairState.WAITING
    (again,) = advance(case.side, 0.4)
    assert again.at == pytest.approx(0.05)
    later = advance(case.side, 0.6)
    assert [sent.message.transaction_id for sent in later] == [again.message.transaction_id], (
        "only the new one is retransmitted"
    )


@rfc("8445", "7.3.1.4", "MUST", "8445-7.3.1.4-3")
def test_a_check_of_the_peer_on_a_pair_that_succeeded_is_only_answered() -> None:
    case = Case()
    check = case.side  # the first check has been sent by start()
    pair = case.agent._state.streams[0].current.checklist[0]
    transaction = pair.transaction
    assert transaction is not None
    message = Message(Method.BINDING, Class.REQUEST, transaction)
    case.receive(case.puppet.success(message, OWN))
    assert pair.state is PairState.SUCCEEDED
    assert len(case.ask(now=0.02)) == 1
    assert advance(check, 1.0) == []


@rfc("5245", "16.1", "compat", "5245-16.1-1")
def test_repeated_requests_are_answered_each_and_trigger_once() -> None:
    case = Case()
    request = case.puppet.request(controlling=True)
    first, second = case.receive(request, now=0.01), case.receive(request, now=0.03)
    assert first[0].data == second[0].data
    assert len(advance(case.side, 0.4)) == 1


@rfc("8445", "7.3.1.5", "rule", "8445-7.3.1.5-1")
def test_a_nomination_of_a_pair_that_succeeded_selects_it_at_once() -> None:
    case = Case()
    pair = case.agent._state.streams[0].current.checklist[0]
    assert pair.transaction is not None
    message = Message(Method.BINDING, Class.REQUEST, pair.transaction)
    case.receive(case.puppet.success(message, OWN))
    case.ask(now=0.02, nominate=True)
    assert case.side.when(PairSelected) == 0.02


@rfc("8445", "7.3.1.5", "rule", "8445-7.3.1.5-1")
@rfc("8445", "7.2.5.3.4", "rule", "8445-7.2.5.3.4-2")
def test_a_nomination_before_success_selects_the_pair_when_our_check_succeeds() -> None:
    case = Case()
    case.ask(now=0.02, nominate=True)
    assert case.side.selected() is None
    (check,) = advance(case.side, 0.05)
    case.receive(case.puppet.success(check.message, OWN), now=0.07)
    assert case.side.when(PairSelected) == 0.07


@rfc("8445", "7.3", "MUST", "8445-7.3-3")
def test_checks_before_the_description_are_answered_and_take_effect_with_it() -> None:
    case = Case(started=False)
    (answer,) = case.ask(now=0.01, source="10.0.0.3:7000", nominate=True)
    assert answer.message.message_class is Class.SUCCESS
    case.ask(now=0.02)
    assert case.agent.next_timeout() is not None, "they are forgotten some day"
    case.agent.set_remote_description(5.0, 0, case.puppet.description)
    first, second = advance(case.side, 5.05)
    assert [first.to, second.to] == [ELSEWHERE, PEER]
    case.receive(case.puppet.success(first.message, OWN), now=5.1, source="10.0.0.3:7000")
    assert case.side.when(PairSelected) == 5.1


def test_early_checks_are_bounded_and_forgotten() -> None:
    case = Case(started=False, config=AgentConfig(max_early_checks=3, early_check_lifetime=10.0))
    for n in range(8):
        case.ask(now=0.1 * n, source=f"10.0.0.3:{7000 + n}")
        case.ask(now=0.1 * n, source=f"10.0.0.3:{7000 + n}")
    local = case.agent._state.streams[0].current.local
    assert len(local.early) == 3
    advance(case.side, 10.25)
    assert list(local.early) == []
    assert case.agent.next_timeout() is None


def test_early_checks_of_another_fork_wait_for_its_description() -> None:
    case = Case(started=False)
    ours = case.puppet.peer.ufrag
    case.ask(username=f"{ours}:otherFork", source="10.0.0.9:7000")
    case.ask(source="10.0.0.8:7001")
    case.start(1.0)
    known = case.agent._state.streams[0].current.remote
    assert known is not None
    assert all(candidate.address.port != 7000 for candidate in known.candidates)
    assert [str(one.ufrag) for one in case.agent._state.streams[0].current.local.early] == [
        "otherFork"
    ]


@rfc("8445", "11", "MUST", "8445-11-5")
@rfc("8445", "8.1.2", "MUST", "8445-8.1.2-3")
def test_a_check_after_completion_is_answered_and_changes_nothing() -> None:
    case = Case()
    case.ask(now=0.02, nominate=True)
    (check,) = advance(case.side, 0.05)
    case.receive(case.puppet.success(check.message, OWN), now=0.07)
    before = case.agent.next_timeout()
    (answer,) = case.ask(now=0.5)
    assert answer.message.message_class is Class.SUCCESS
    (other,) = case.ask(now=0.6, source="10.0.0.3:7000")
    assert other.message.message_class is Class.SUCCESS
    assert case.agent.next_timeout() == before
    assert len(case.side.all(PairSelected)) == 1


def test_a_check_of_the_peer_brings_a_failed_list_back() -> None:
    """Ringing: our checks ended in vain long before the peer could answer."""
    case = Case(config=AgentConfig(consent=False))
    advance(case.side, 100.0)
    assert len(case.side.all(StreamFailed)) == 1
    case.ask(now=120.0, nominate=True)
    assert case.side.when(StreamResumed) == 120.0
    (check,) = advance(case.side, 120.1)
    case.receive(case.puppet.success(check.message, OWN), now=120.2)
    assert case.side.when(PairSelected) == 120.2


def test_sources_that_the_filter_forbids_are_answered_but_never_checked() -> None:
    case = Case()
    assert len(case.ask(source="127.0.0.1:7000")) == 1
    assert all(sent.to == PEER for sent in advance(case.side, 5.0))


def test_peer_reflexive_candidates_are_bounded() -> None:
    case = Case(config=AgentConfig(max_remote_candidates=5))
    for n in range(50):
        case.ask(now=0.001 * n, source=f"10.0.9.{n}:7000")
    remote_side = case.agent._state.streams[0].current.remote
    assert remote_side is not None
    assert len(remote_side.candidates) == 5


def test_a_check_for_somebody_else_at_our_address_is_refused() -> None:
    """Appendix B.4: two hosts with one private address; the user name tells them apart."""
    case = Case()
    stranger = Credentials("Zufr", "ZpasswordZpasswordZpassword")
    data = case.puppet.request(controlling=True, username="Zufr:PUPPETuf", pwd=stranger.pwd)
    (answer,) = case.receive(data)
    assert answer.message.error_code == 401
