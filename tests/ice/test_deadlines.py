from __future__ import annotations

import pytest

from sipice.ice import Role
from sipice.ice import timers as t
from sipice.ice.deadlines import handle
from tests.ice.harness import Side, pair_of

STRAY = [
    t.Pace(),
    t.Retransmit(b"x" * 12),
    t.TransactionEnd(b"x" * 12),
    t.Consent(9, 1),
    t.ConsentExpiry(9, 1),
    t.Quiet(9, 1),
    t.Keepalive(9, 1),
    t.Pac(0, 9),
    t.StopRule(0, 9, 1),
    t.FreeCandidates(9, 9),
    t.EarlyCheckExpiry(9),
    t.RetireGeneration(0, 9),
    t.GatherDeadline(9),
    t.Allocation(9),
    t.ServerKeepalive(9),
]


@pytest.mark.parametrize("key", STRAY, ids=lambda key: type(key).__name__)
def test_a_deadline_whose_subject_is_gone_does_nothing(key: t.Key) -> None:
    side = Side("a", Role.CONTROLLING)
    handle(side.agent._state, key)
    assert side.agent.take_commands() == []
    assert side.agent.take_events() == []


def test_every_kind_of_deadline_has_a_different_key() -> None:
    assert len({type(key) for key in STRAY}) == len({key[-1] for key in STRAY}) == len(STRAY)


def test_whoever_calls_late_gets_everything_that_is_due() -> None:
    wire = pair_of().connect().run(1.0)
    wire.a.agent.handle_timeout(200.0)
    following = wire.a.agent.next_timeout()
    assert following is None or following > 200.0
    assert wire.a.agent.media(0, 1).send is None
