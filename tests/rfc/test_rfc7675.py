"""RFC 7675: consent is a matter of time and of authenticated answers."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from sipice.ice import (
    AgentConfig,
    Loss,
    MediaChanged,
    PathBack,
    PathLost,
    PathQuiet,
    RestartFinished,
)
from sipice.stun import attributes as a
from sipice.stun import verify_integrity
from tests.ice.harness import Sent, Wire, address, pair_of
from tests.marks import rfc
from tests.rfc.alone import PEER, Alone, is_indication, requests, successes

FULL = AgentConfig()


class Connected(Alone):
    """An agent whose pair with the puppet is selected; nothing is answered from now on."""

    def __init__(self, config: AgentConfig = FULL) -> None:
        super().__init__(config=config)
        self.serve(0.0)
        self.nominate()
        assert self.selected() is not None
        self.log.clear()
        self.begun = self.now

    def next_check(self) -> Sent:
        """Let time pass until the next consent check."""
        while True:
            due = self.agent.next_timeout()
            assert due is not None
            found = requests(self.run(due))
            if found:
                return found[0]

    @property
    def lost(self) -> list[Loss]:
        return [event.reason for event in self.side.all(PathLost)]


def connected(*, components: int = 1) -> Wire:
    wire = pair_of(components=components).connect().run(1.0)
    wire.log.clear()
    return wire


@rfc("7675", "4", "rule", "7675-4-1")
def test_with_consent_no_indication_is_sent() -> None:
    wire = connected()
    assert wire.a.agent.send(wire.now, 0, 1, b"\x80")
    assert wire.a.agent.take_commands()
    wire.a.agent.media_sent(wire.now, 0, 1)
    wire.run(300.0)
    assert wire.requests(wire.a)
    assert not any(is_indication(sent.message) for sent in wire.log)


@rfc("7675", "4", "rule", "7675-4-1")
def test_consent_checks_run_on_the_pair_of_each_component() -> None:
    wire = connected(components=2)
    wire.run(60.0)
    for port in (6000, 6001):
        times = [sent.at for sent in wire.requests(wire.a) if sent.to.port == port]
        assert 9 <= len(times) <= 15


@rfc("7675", "5", "rule", "7675-5-1")
def test_consent_begins_with_the_success_of_the_check() -> None:
    """The thirty seconds count from then, whenever the pair was selected."""
    alone = Alone()
    alone.run(2.0)
    alone.answer(alone.log[0])
    alone.run(20.0)
    alone.nominate()
    alone.run(31.999)
    assert alone.path() == PEER
    alone.run(32.0)
    assert alone.path() is None
    assert [event.reason for event in alone.side.all(PathLost)] == [Loss.CONSENT_EXPIRED]


@rfc("7675", "5.1", "MUST NOT", "7675-5.1-1")
def test_no_data_leaves_before_consent_and_none_after_it() -> None:
    alone = Alone()
    assert alone.send_media() is None
    alone.ask()
    assert alone.send_media() is None, "the peer's check is no consent"
    alone.serve(0.1)
    assert alone.send_media() is not None
    alone.nominate()
    alone.run(40.0)
    assert alone.send_media() is None
    assert successes(alone.ask()), "answers are allowed"


@rfc("7675", "5.1", "rule", "7675-5.1-2")
@rfc("7675", "5.1", "", "AT-35")
def test_a_consent_check_is_signed_as_the_checks_were() -> None:
    alone = Connected()
    check = alone.next_check()
    assert check.message.get(a.USERNAME) == f"PUPPETuf:{alone.puppet.peer.ufrag}"
    assert verify_integrity(check.message, alone.puppet.key)
    assert check.message.has_fingerprint
    assert not check.nominates


@rfc("7675", "5.1", "rule", "7675-5.1-2")
@rfc("7675", "5.1", "", "AT-35")
@pytest.mark.parametrize("manner", ["forged", "elsewhere", "other base", "unknown", "error"])
def test_what_is_no_authentic_success_from_the_peer_extends_nothing(manner: str) -> None:
    alone = Connected()
    while alone.path() is not None and alone.now < 60.0:
        due = alone.agent.next_timeout()
        assert due is not None
        for check in requests(alone.run(due)):
            good = alone.puppet.success(check.message, check.source)
            if manner == "forged":
                alone.receive(alone.puppet.success(check.message, check.source, pwd="guessed"))
            elif manner == "elsewhere":
                alone.receive(good, "10.0.0.2:6001")
            elif manner == "other base":
                other = alone.side.bind(alone.now, address("10.0.7.7:5000"))
                alone.agent.receive_datagram(alone.now, good, other, check.to)
                alone.agent.remove_local_address(alone.now, other)
            elif manner == "unknown":
                alone.receive(good[:8] + bytes(12) + good[20:])
            else:
                alone.refuse(check, 500)
    assert alone.now == pytest.approx(alone.begun + 30.0)
    assert alone.lost == [Loss.CONSENT_EXPIRED]


@rfc("7675", "5.1", "rule", "7675-5.1-2")
def test_the_checks_and_media_of_the_peer_extend_nothing() -> None:
    alone = Connected()
    for second in range(1, 31):
        alone.run(alone.begun + second)
        alone.ask()
        alone.receive(b"\x80 media")
    assert alone.path() is None
    assert alone.lost == [Loss.CONSENT_EXPIRED]


@rfc("7675", "5.1", "MUST", "7675-5.1-3")
@rfc("7675", "5.1", "", "AT-34")
@pytest.mark.parametrize("answered", [0, 3])
def test_data_stops_thirty_seconds_after_the_last_answer_to_the_millisecond(answered: int) -> None:
    alone = Connected()
    for _ in range(answered):
        alone.answer(alone.next_check())
    last = alone.now
    alone.run(last + 29.999)
    assert alone.send_media() is not None
    alone.run(last + 30.0)
    assert alone.send_media() is None
    assert alone.lost == [Loss.CONSENT_EXPIRED]
    assert alone.side.when(PathLost) == pytest.approx(last + 30.0)


@rfc("7675", "5.1", "MUST", "7675-5.1-3")
def test_a_slow_path_loses_nothing_by_being_slow() -> None:
    """Answers seven seconds late: counting failures would end this call."""
    alone = Connected()
    waiting: list[Sent] = []
    for _ in range(100):
        waiting.append(alone.next_check())
        while waiting and waiting[0].at + 7.0 <= alone.now:
            alone.answer(waiting.pop(0))
    assert alone.lost == []
    assert alone.path() == PEER


@rfc("7675", "5.1", "rule", "7675-5.1-4")
@rfc("7675", "5.1", "MUST NOT", "7675-5.1-13")
def test_answers_after_the_end_do_not_revive_consent() -> None:
    alone = Connected()
    check = alone.next_check()
    alone.run(35.0)
    assert alone.path() is None
    alone.answer(check)
    alone.ask()
    alone.nominate()
    alone.serve(200.0)
    assert alone.path() is None
    assert alone.send_media() is None
    assert alone.lost == [Loss.CONSENT_EXPIRED]


@rfc("7675", "5.1", "MUST/SHOULD/MUST NOT", "7675-5.1-5")
@rfc("7675", "5.1", "", "AT-34")
@pytest.mark.parametrize(("base", "low", "high"), [(5.0, 4.0, 6.0), (10.0, 8.0, 12.0)])
@pytest.mark.parametrize(("tick", "distinct"), [(0.0, 150), (0.05, 30)])
def test_intervals_are_random_within_a_fifth_of_the_base(
    base: float, low: float, high: float, tick: float, distinct: int
) -> None:
    alone = Connected(AgentConfig(consent_interval=base, consent_tick=tick))
    times = []
    for _ in range(200):
        check = alone.next_check()
        times.append(check.at)
        alone.answer(check)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert low - 1e-9 <= min(gaps) < low + 0.1 * base
    assert high - 0.1 * base < max(gaps) <= high
    assert len({round(gap, 6) for gap in gaps}) > distinct


def test_consent_checks_of_all_agents_of_a_process_leave_at_whole_ticks() -> None:
    alone = Connected(AgentConfig(consent_tick=0.5))
    assert {alone.next_check().at % 0.5 for _ in range(4)} == {0.0}


@rfc("7675", "5.1", "MUST/SHOULD/MUST NOT", "7675-5.1-5")
def test_a_smaller_base_never_checks_more_often_than_each_four_seconds() -> None:
    alone = Connected(AgentConfig(consent_interval=1.0))
    times = [alone.next_check().at for _ in range(6)]
    assert {round(later - earlier, 6) for earlier, later in pairwise(times)} == {4.0}


@rfc("7675", "5.1", "MUST/SHOULD/MUST NOT", "7675-5.1-5")
def test_the_intervals_do_not_depend_on_answers_nor_the_end_on_intervals() -> None:
    heard, unheard = Connected(), Connected()
    times: list[list[float]] = [[], []]
    for alone, found in zip((heard, unheard), times, strict=True):
        for _ in range(4):
            check = alone.next_check()
            found.append(check.at)
            if alone is heard:
                alone.answer(check)
    assert times[0] == times[1]
    unheard.run(30.0)
    assert unheard.side.when(PathLost) == pytest.approx(30.0)


@rfc("7675", "5.1", "MUST", "7675-5.1-6")
@rfc("7675", "5.1", "", "AT-34")
def test_each_consent_check_is_sent_once_with_an_id_of_its_own() -> None:
    alone = Connected()
    alone.run(29.9)
    checks = requests(alone.log)
    assert 5 <= len(checks) <= 7
    assert len({sent.message.transaction_id for sent in checks}) == len(checks)


@rfc("7675", "5.1", "SHOULD", "7675-5.1-7")
def test_an_answer_to_an_older_check_renews_consent_too() -> None:
    alone = Connected()
    old = alone.next_check()
    alone.next_check()
    alone.next_check()
    alone.answer(old)
    renewed = alone.now
    alone.run(renewed + 29.999)
    assert alone.path() == PEER
    alone.run(renewed + 30.0)
    assert alone.path() is None


@rfc("7675", "5.1", "MUST", "7675-5.1-8")
def test_the_end_of_consent_discards_all_outstanding_checks() -> None:
    alone = Connected()
    checks = [alone.next_check() for _ in range(4)]
    assert all(alone.agent.expects(one.message.transaction_id) for one in checks)
    alone.run(30.0)
    assert not any(alone.agent.expects(one.message.transaction_id) for one in checks)
    assert requests(alone.run(400.0)) == []


@rfc("7675", "5.1", "MUST", "7675-5.1-10")
def test_during_a_restart_the_old_pair_is_checked_with_the_old_names() -> None:
    wire = connected()
    old = wire.b.agent.local_description(0).credentials.ufrag
    first, second = wire.a.agent.prepare_restart(wire.now), wire.b.agent.prepare_restart(wire.now)
    new = wire.b.agent.local_description(0).credentials.ufrag
    wire.lose = lambda sent: str(sent.message.get(a.USERNAME)).startswith(new)
    wire.connect()
    wire.a.agent.commit_restart(wire.now, first)
    wire.b.agent.commit_restart(wire.now, second)
    wire.drain()
    wire.run(wire.now + 35.0)
    names = [str(sent.message.get(a.USERNAME)) for sent in wire.requests(wire.a)]
    assert sum(name.startswith(f"{old}:") for name in names) >= 5
    assert wire.a.all(PathLost) == []
    assert wire.a.agent.media(0, 1).send is not None
    assert wire.a.all(RestartFinished) == []


@rfc("7675", "5.1", "MUST", "7675-5.1-12")
def test_consent_is_checked_on_although_no_media_is_sent() -> None:
    """There is no pause, so there is always consent, or none for good."""
    wire = connected()
    wire.run(3600.0)
    assert len(wire.requests(wire.a)) > 500
    assert wire.a.all(PathLost) == []
    assert wire.a.agent.send(wire.now, 0, 1, b"\x80")


@rfc("7675", "5.1", "MUST", "7675-5.1-12")
def test_consent_to_a_pair_that_lay_unused_is_regained_before_media_goes_there() -> None:
    """The peer nominates, late, another pair than the one that we used until then."""
    best, lesser = address("10.0.0.1:5000"), address("10.0.1.1:5000")
    wire = pair_of(["10.0.0.1:5000", "10.0.1.1:5000"], ["10.0.0.2:6000"])

    def lose(sent: Sent) -> bool:
        """Only b gets answers on the better pair, and for long nothing of a nomination arrives."""
        answers_best = sent.side is wire.b and not sent.is_request and sent.to == best
        return sent.at < 25.0 and (answers_best or sent.nominates)

    wire.lose = lose
    wire.connect().run(24.0)
    used = wire.b.agent.media(0, 1).send
    assert used is not None
    assert used.to == best
    wire.run(50.0)
    assert wire.b.selected() is not None
    changes = [
        (at, event.table.send)
        for at, event in wire.b.timed_events
        if isinstance(event, MediaChanged) and at > 25.0
    ]
    assert [send and send.to for _, send in changes][:2] == [None, lesser]
    assert changes[1][0] == pytest.approx(changes[0][0] + 2 * wire.delay)
    assert wire.b.all(PathLost) == []


@rfc("7675", "5.1", "MUST NOT", "7675-5.1-13")
def test_after_a_loss_only_other_credentials_carry_data_on_the_addresses() -> None:
    wire = connected()
    wire.lose = lambda sent: 2.0 < sent.at < 60.0
    wire.run(70.0)
    for side in (wire.a, wire.b):
        assert len(side.all(PathLost)) == 1
        assert side.agent.media(0, 1).send is None
    first, second = wire.a.agent.prepare_restart(wire.now), wire.b.agent.prepare_restart(wire.now)
    wire.connect()
    wire.a.agent.commit_restart(wire.now, first)
    wire.b.agent.commit_restart(wire.now, second)
    wire.drain()
    wire.run(80.0)
    for side in (wire.a, wire.b):
        assert side.agent.media(0, 1).send is not None


@rfc("7675", "5.2", "rule", "7675-5.2-1")
def test_an_authentic_403_ends_consent_at_once() -> None:
    alone = Connected()
    alone.refuse(alone.next_check(), 403)
    assert alone.path() is None
    assert alone.lost == [Loss.CONSENT_REVOKED]
    assert requests(alone.run(400.0)) == []


@rfc("7675", "5.2", "rule", "7675-5.2-1")
@pytest.mark.parametrize("manner", ["unsigned", "elsewhere", "other code", "unknown"])
def test_nothing_else_revokes_consent(manner: str) -> None:
    alone = Connected()
    check = alone.next_check()
    forbidden = alone.puppet.error(check.message, 403)
    if manner == "unsigned":
        alone.receive(alone.puppet.error(check.message, 403, signed=False))
    elif manner == "elsewhere":
        alone.receive(forbidden, "10.0.0.2:6001")
    elif manner == "other code":
        alone.refuse(check, 400)
    else:
        other = alone.puppet.error(replace(check.message, transaction_id=bytes(12)), 403)
        alone.receive(other)
    assert alone.path() == PEER
    alone.answer(alone.next_check())
    alone.run(alone.now + 29.0)
    assert alone.path() == PEER


@rfc("7675", "5.2", "rule", "7675-5.2-2")
@pytest.mark.parametrize("kind", [203, 200])
def test_a_goodbye_over_rtcp_revokes_nothing(kind: int) -> None:
    alone = Connected()
    alone.receive(bytes([0x81, kind, 0, 1, 1, 2, 3, 4]))
    assert alone.path() == PEER
    assert alone.lost == []


@rfc("7675", "5.1", "MUST", "7675-5.1-3")
def test_a_quiet_path_is_told_and_so_is_its_return() -> None:
    alone = Connected()
    check = alone.next_check()
    alone.run(check.at + 5.0)
    assert len(alone.side.all(PathQuiet)) == 1
    assert alone.path() == PEER, "media goes on"
    alone.answer(alone.next_check())
    assert len(alone.side.all(PathBack)) == 1


@rfc("7675", "4", "rule", "7675-4-1")
@rfc("7675", "4", "", "AT-61")
def test_a_lite_agent_answers_consent_checks_and_makes_none() -> None:
    alone = Alone(config=AgentConfig(lite=True))
    alone.nominate()
    assert alone.path() == PEER
    for second in range(5, 100, 5):
        alone.run(float(second))
        assert len(successes(alone.ask())) == 1
    assert requests(alone.log) == []
    assert alone.path() == PEER


@rfc("7675", "5.1", "MUST", "7675-5.1-3")
def test_the_loss_of_one_component_is_told_for_it_alone() -> None:
    wire = pair_of(components=2).connect().run(1.0)
    wire.lose = lambda sent: sent.to.port % 2 == 1
    wire.run(60.0)
    for side in (wire.a, wire.b):
        assert [event.component for event in side.all(PathLost)] == [2]
        assert side.agent.media(0, 1).send is not None
        assert side.agent.media(0, 2).send is None
    told = [event for event in wire.a.all(MediaChanged) if event.component == 2]
    assert told[-1].table.send is None
