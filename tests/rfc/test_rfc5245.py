"""RFC 5245: peers of the former ICE, which nominate at once and choose their roles anew."""

from __future__ import annotations

import pytest

from sipice.ice import (
    Description,
    PairSelected,
    PathLost,
    RestartFinished,
    Role,
    RoleSwitched,
    StreamCompleted,
    StreamFailed,
)
from sipice.stun import Class
from sipice.stun import attributes as a
from tests.ice.harness import Sent
from tests.marks import rfc
from tests.rfc.alone import PEER, Alone, codes, peers, requests, successes

SECOND = "10.0.0.2:6100"
STRONG, WEAK = 2**64 - 1, 0


class Legacy:
    """A peer that keeps its tie-breaker for ever and follows the table of RFC 5245 §7.2.1.1."""

    def __init__(self, alone: Alone, *, controlling: bool, tie_breaker: int) -> None:
        self.alone = alone
        self.controlling = controlling
        self.tie_breaker = tie_breaker
        self.exchanges = 0

    def hear(self, sent: Sent) -> list[Sent]:
        """Answer a check: 487, or success, perhaps after a switch."""
        self.exchanges += 1
        theirs = sent.message.get(a.ICE_CONTROLLING)
        claims = theirs is not None
        theirs = theirs if claims else sent.message.get(a.ICE_CONTROLLED)
        assert theirs is not None
        if claims is self.controlling:
            stays_or_wins = self.tie_breaker >= theirs
            if stays_or_wins is self.controlling:
                return self.alone.refuse(sent, 487)
            self.controlling = not self.controlling
        return self.alone.answer(sent)

    def check(self, *, nominate: bool = False) -> list[Sent]:
        """Send a check and follow a 487."""
        self.exchanges += 1
        sent = self.alone.ask(
            controlling=self.controlling, tie_breaker=self.tie_breaker, nominate=nominate
        )
        if codes(sent) == [487]:
            self.controlling = not self.controlling
        return sent

    @property
    def settled(self) -> bool:
        ours = self.alone.agent.role is Role.CONTROLLING
        return ours is not self.controlling


def own_tie(alone: Alone) -> int:
    message = alone.log[0].message
    value = message.get(a.ICE_CONTROLLING) or message.get(a.ICE_CONTROLLED)
    assert value is not None
    return value


def talk(alone: Alone, legacy: Legacy, *, crossing: bool) -> None:
    """Checks both ways until nobody complains any more; nothing is ever lost."""
    heard: set[bytes] = set()
    for _ in range(6):
        alone.now += 0.1
        fresh = [
            sent
            for sent in requests(alone.run(alone.now) + alone.log)
            if sent.message.transaction_id not in heard | alone.answered
        ]
        if crossing:
            legacy.check()
        for sent in fresh:
            if sent.message.transaction_id not in heard:
                heard.add(sent.message.transaction_id)
                legacy.hear(sent)
        if not crossing:
            legacy.check()
        if legacy.settled:
            return


@rfc("5245", "7.1.3.1", "compat", "5245-7.1.3.1-1")
@rfc("5245", "7.1.3.1", "", "AT-73")
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("crossing", [True, False])
@pytest.mark.parametrize("tie", [None, STRONG, WEAK])
def test_equal_roles_and_tie_breakers_settle_although_one_side_never_draws_anew(
    role: Role, crossing: bool, tie: int | None
) -> None:
    alone = Alone(role)
    tie_breaker = own_tie(alone) if tie is None else tie
    legacy = Legacy(alone, controlling=role is Role.CONTROLLING, tie_breaker=tie_breaker)
    talk(alone, legacy, crossing=crossing)
    assert legacy.settled
    assert len(alone.side.all(RoleSwitched)) <= 3
    assert legacy.exchanges <= 6, "three in each direction"


def restarted(tie_breaker: int) -> tuple[Alone, Legacy]:
    """We control a completed call; the legacy peer has just offered a restart."""
    alone = Alone(Role.CONTROLLING)
    alone.serve(5.0)
    assert alone.side.all(StreamCompleted)
    identifier = alone.agent.prepare_restart(alone.now)
    told = alone.puppet.description
    offer = Description(told.credentials, told.candidates, ice2=False)
    alone.agent.set_remote_description(alone.now, 0, offer)
    alone.agent.commit_restart(alone.now, identifier)
    alone.log.clear()
    alone.log += alone.take()
    return alone, Legacy(alone, controlling=True, tie_breaker=tie_breaker)


@rfc("5245", "9.1.1.1", "compat", "5245-9.1.1.1-1")
@rfc("5245", "9.1.1.1", "", "AT-72")
@pytest.mark.parametrize("tie", [STRONG, WEAK])
@pytest.mark.parametrize("crossing", [True, False])
def test_a_restart_of_a_peer_that_claims_to_control_ends_with_one_controlling_side(
    tie: int, crossing: bool
) -> None:
    alone, legacy = restarted(tie)
    talk(alone, legacy, crossing=crossing)
    assert legacy.settled
    assert legacy.controlling is (tie == STRONG), "the larger tie-breaker controls"
    if legacy.controlling:
        legacy.check(nominate=True)
    alone.serve(alone.now + 1.0)
    assert len(alone.side.all(PairSelected)) == 2
    assert len(alone.side.all(RestartFinished)) == 1


@rfc("5245", "9.1.1.1", "compat", "5245-9.1.1.1-1")
@rfc("5245", "9.1.1.1", "", "AT-72")
@pytest.mark.parametrize("tie", [STRONG, WEAK])
def test_media_never_stops_while_roles_are_settled_anew(tie: int) -> None:
    alone, legacy = restarted(tie)
    for _ in range(40):
        alone.run(alone.now + 0.01)
        assert alone.path() == PEER
        for sent in requests(alone.log):
            if sent.message.transaction_id not in alone.answered:
                legacy.hear(sent)
        legacy.check(nominate=legacy.controlling)
        assert alone.path() == PEER
    assert alone.side.all(RestartFinished)
    assert alone.side.all(PathLost) == []


@rfc("5245", "9.1.1.1", "compat", "5245-9.1.1.1-1")
def test_a_consent_check_that_meets_a_role_conflict_switches_and_ends_nothing() -> None:
    alone = Alone(Role.CONTROLLING)
    alone.serve(3.0)
    check = requests(alone.run(7.0))[-1]
    assert check.message.get(a.ICE_CONTROLLING) is not None
    alone.refuse(check, 487)
    assert alone.path() == PEER
    assert alone.agent.role is Role.CONTROLLED
    again = requests(alone.run(14.0))[-1]
    assert again.message.get(a.ICE_CONTROLLED) is not None
    alone.answer(again)
    assert alone.side.all(PathLost) == []


@rfc("5245", "5.7.4", "compat", "5245-5.7.4-1")
def test_a_stream_that_the_peer_does_not_check_yet_is_no_failure() -> None:
    alone = Alone(streams=2)
    alone.serve(0.2)
    alone.nominate()
    assert [event.stream for event in alone.side.all(StreamCompleted)] == [0]
    other = alone.agent.local_description(1).credentials
    alone.serve(60.0)
    assert alone.side.all(StreamFailed) == []
    alone.nominate(to="10.0.0.1:5010", username=f"{other.ufrag}:PUPPETuf", pwd=other.pwd)
    assert [event.stream for event in alone.side.all(StreamCompleted)] == [0, 1]


@rfc("5245", "5.7.4", "compat", "5245-5.7.4-1")
def test_a_stream_whose_peer_answers_late_waits_with_patience() -> None:
    """No answer at all on the second stream until the first has been valid for a while."""
    alone = Alone(streams=2)
    alone.serve(39.0, deaf=["10.0.0.2:6010"])
    assert alone.side.all(StreamFailed) == []


@rfc("5245", "14", "compat", "5245-14-1")
@pytest.mark.parametrize("first", [PEER, SECOND])
def test_a_peer_that_nominates_with_every_check_is_served(first: str) -> None:
    alone = Alone(peers=peers(PEER, SECOND))
    second = SECOND if first == PEER else PEER
    for source in (first, second):
        (answer,) = successes(alone.nominate(source))
        assert answer.message.message_class is Class.SUCCESS
    alone.serve(3.0)
    chosen = alone.selected()
    assert chosen is not None
    assert len(alone.side.all(StreamCompleted)) == 1
    alone.serve(60.0)
    assert alone.path() == str(chosen.path.to)


@rfc("5245", "16.1", "compat", "5245-16.1-1")
def test_a_request_that_is_repeated_every_100_ms_is_answered_and_triggers_once() -> None:
    alone = Alone()
    request = alone.puppet.request(controlling=True)
    answers = []
    for number in range(8):
        alone.run(0.1 * number)
        answers += successes(alone.receive(request))
    assert len({one.data for one in answers}) == 1
    assert len(answers) == 8
    ids = {sent.message.transaction_id for sent in requests(alone.log)}
    assert len(ids) == 2, "the first check, and one that the request triggered"
