"""RFC 7675, RFC 8445 §11: consent by time, keepalives only where consent does not run."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sipice.ice import (
    AgentConfig,
    Loss,
    PathBack,
    PathLost,
    PathQuiet,
    Role,
    RoleSwitched,
)
from sipice.stun import Class, Method, verify_integrity
from sipice.stun import attributes as a
from tests.ice.harness import Puppet, Sent, Side, Wire, address, advance, pair_of, sent_by
from tests.marks import rfc

OWN = address("10.0.0.1:5000")


class Case:
    """A controlled agent with a selected pair."""

    def __init__(self, config: AgentConfig | None = None, seed: int = 1) -> None:
        self.side = Side(
            "a", Role.CONTROLLED, ["10.0.0.1:5000"], config or AgentConfig(), seed=seed
        )
        self.agent = self.side.agent
        self.puppet = Puppet(self.side)
        self.base = self.side.bases[OWN]
        self.agent.set_remote_description(0.0, 0, self.puppet.description)
        (check,) = advance(self.side, 0.0)
        self.receive(0.0, self.puppet.success(check.message, OWN))
        self.receive(0.0, self.puppet.request(controlling=True, nominate=True))
        sent_by(self.side)
        assert self.side.selected() is not None

    def receive(self, now: float, data: bytes, source: str = "10.0.0.2:6000") -> None:
        self.agent.receive_datagram(now, data, self.base, address(source))

    def may_send(self) -> bool:
        return self.agent.media(0, 1).send is not None

    def until_next_check(self) -> Sent:
        while True:
            due = self.agent.next_timeout()
            assert due is not None
            for sent in advance(self.side, due):
                if sent.is_request:
                    return sent


@rfc("7675", "5.1", "MUST", "7675-5.1-3")
@rfc("7675", "5.1", "MUST NOT", "7675-5.1-1")
def test_consent_ends_thirty_seconds_after_the_last_answer() -> None:
    case = Case()
    advance(case.side, 29.999)
    assert case.may_send()
    advance(case.side, 30.0)
    assert not case.may_send()
    assert [e.reason for e in case.side.all(PathLost)] == [Loss.CONSENT_EXPIRED]
    assert case.side.when(PathLost) == 30.0


@rfc("7675", "5.1", "MUST/SHOULD/MUST NOT", "7675-5.1-5")
@rfc("7675", "5.1", "MUST", "7675-5.1-6")
@pytest.mark.parametrize("seed", range(8))
def test_five_to_seven_checks_of_their_own_are_sent_before_the_end(seed: int) -> None:
    checks = [s for s in advance(Case(seed=seed).side, 60.0) if s.is_request]
    assert 5 <= len(checks) <= 7
    gaps = [later.at - earlier.at for earlier, later in pairwise(checks)]
    assert all(4.0 <= gap <= 6.0 for gap in gaps)
    assert len({round(gap, 3) for gap in gaps}) > 1, "they are random"
    assert len({s.message.transaction_id for s in checks}) == len(checks), "each is sent once"


def test_no_configuration_makes_consent_checks_more_frequent_than_four_seconds() -> None:
    checks = advance(Case(AgentConfig(consent_interval=1.0)).side, 29.0)
    assert all(b.at - a.at >= 4.0 for a, b in pairwise(checks))


@rfc("7675", "5.1", "rule", "7675-5.1-2")
@rfc("7675", "5.1", "SHOULD", "7675-5.1-7")
def test_an_answer_renews_even_when_it_belongs_to_an_older_check() -> None:
    case = Case()
    first = case.until_next_check()
    second = case.until_next_check()
    case.receive(second.at + 1.0, case.puppet.success(first.message, OWN))
    advance(case.side, second.at + 30.9)
    assert case.may_send()
    advance(case.side, second.at + 31.0)
    assert not case.may_send()


@rfc("7675", "5.1", "rule", "7675-5.1-2")
@pytest.mark.parametrize("fault", ["password", "source", "error"])
def test_only_an_authentic_success_from_the_right_address_renews(fault: str) -> None:
    case = Case()
    check = case.until_next_check()
    if fault == "password":
        case.receive(check.at, case.puppet.success(check.message, OWN, pwd="wrong"))
    elif fault == "source":
        case.receive(check.at, case.puppet.success(check.message, OWN), "10.0.0.2:6001")
    else:
        case.receive(check.at, case.puppet.error(check.message, 400))
    advance(case.side, 30.0)
    assert not case.may_send()


@rfc("7675", "5.1", "rule", "7675-5.1-4")
@rfc("7675", "5.1", "MUST", "7675-5.1-8")
@rfc("7675", "5.1", "MUST NOT", "7675-5.1-13")
def test_nothing_revives_consent_that_has_ended() -> None:
    case = Case()
    check = case.until_next_check()
    advance(case.side, 30.0)
    assert case.agent._state.transactions == {}
    case.receive(30.1, case.puppet.success(check.message, OWN))
    case.receive(30.2, case.puppet.request(controlling=True, nominate=True))
    assert not [s for s in advance(case.side, 120.0) if s.is_request]
    assert not case.may_send()


@rfc("7675", "5.2", "rule", "7675-5.2-1")
def test_an_authenticated_403_revokes_at_once() -> None:
    case = Case()
    check = case.until_next_check()
    case.receive(check.at, case.puppet.error(check.message, 403, signed=False))
    assert case.may_send()
    case.receive(check.at + 0.1, case.puppet.error(check.message, 403))
    sent_by(case.side)
    assert not case.may_send()
    assert [e.reason for e in case.side.all(PathLost)] == [Loss.CONSENT_REVOKED]


@rfc("7675", "5", "rule", "7675-5-1")
def test_consent_runs_on_a_valid_pair_while_nomination_is_awaited() -> None:
    """Ringing: the answer of the peer lets it nominate only minutes later."""
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    puppet = Puppet(side)
    side.agent.set_remote_description(0.0, 0, puppet.description)
    now, answered = 0.0, 0
    while now < 180.0:
        due = side.agent.next_timeout()
        assert due is not None
        now = due
        for sent in advance(side, now):
            if sent.is_request:
                answered += 1
                data = puppet.success(sent.message, OWN)
                side.agent.receive_datagram(now, data, side.bases[OWN], sent.to)
    assert side.agent.media(0, 1).send is not None
    assert 30 <= answered <= 46


def test_a_long_round_trip_does_not_end_a_call() -> None:
    wire = pair_of(delay=0.9).connect().run(300.0)
    for side in (wire.a, wire.b):
        assert side.all(PathLost) == []
        assert side.all(PathQuiet) == []


def test_every_tenth_packet_lost_does_not_end_a_call() -> None:
    wire = pair_of().connect().run(1.0)
    wire.lose = lambda sent: sent.data[-1] % 10 == 0
    wire.run(600.0)
    assert wire.a.agent.media(0, 1).send is not None


@rfc("7675", "4", "rule", "7675-4-1")
def test_each_component_has_its_own_consent() -> None:
    wire = pair_of(components=2).connect().run(1.0)
    wire.lose = lambda sent: sent.to.port in (5001, 6001)
    wire.run(60.0)
    lost = {(e.component, e.reason) for e in wire.a.all(PathLost)}
    assert lost == {(2, Loss.CONSENT_EXPIRED)}
    assert wire.a.agent.media(0, 1).send is not None
    indications = [s for s in wire.log if s.message.message_class is Class.INDICATION]
    assert indications == [], "consent checks stand for keepalives"


def quiet(wire: Wire) -> tuple[float | None, float | None, float | None]:
    return wire.a.when(PathQuiet), wire.a.when(PathBack), wire.a.when(PathLost)


def test_a_silent_path_is_called_quiet_and_media_goes_on() -> None:
    """D2.3: quiet after 5 s without an answer, back with the next one, lost only at the end."""
    wire = pair_of().connect().run(10.0)
    wire.lose = lambda sent: True
    wire.run(25.0)
    when, back, lost = quiet(wire)
    assert when is not None
    assert 10.0 < when < 10.0 + 6.0 + 5.1
    assert (back, lost) == (None, None)
    assert wire.a.agent.media(0, 1).send is not None
    wire.lose = None
    wire.run(40.0)
    when, back, lost = quiet(wire)
    assert back is not None
    assert 25.0 < back < 31.1
    assert lost is None


def test_a_role_conflict_found_by_a_consent_check_is_settled_there() -> None:
    case = Case()
    check = case.until_next_check()
    case.receive(check.at, case.puppet.error(check.message, 487))
    following = case.until_next_check()
    assert following.message.get(a.ICE_CONTROLLING) is not None
    assert following.message.get(a.ICE_CONTROLLING) != check.message.get(a.ICE_CONTROLLED)
    assert len(case.side.all(RoleSwitched)) == 1


@rfc("8445", "11", "MUST", "8445-11-1")
@rfc("8445", "11", "MUST", "8445-11-2")
@rfc("8445", "11", "MUST NOT/SHOULD", "8445-11-3")
def test_without_consent_an_idle_pair_gets_an_indication_every_fifteen_seconds() -> None:
    case = Case(AgentConfig(consent=False))
    sent = advance(case.side, 61.0)
    assert [round(s.at, 3) for s in sent] == [15.0, 30.0, 45.0, 60.0]
    for one in sent:
        assert (one.message.method, one.message.message_class) == (
            Method.BINDING,
            Class.INDICATION,
        )
        assert one.message.has_fingerprint
        assert not one.message.has_integrity
        assert one.message.attributes == ()
        assert not verify_integrity(one.message, case.puppet.key)


@rfc("8445", "11", "MUST", "8445-11-1")
def test_media_that_was_sent_stands_for_a_keepalive() -> None:
    case = Case(AgentConfig(consent=False))
    case.agent.media_sent(10.0, 0, 1)
    assert [round(s.at, 3) for s in advance(case.side, 30.0)] == [25.0]


@rfc("8445", "11", "rule", "8445-11-4")
def test_keepalives_end_with_the_stream() -> None:
    case = Case(AgentConfig(consent=False))
    case.agent.remove_stream(5.0, 0)
    assert case.agent.next_timeout() is None
