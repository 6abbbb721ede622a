"""Minutes between the offer and the answer."""

from __future__ import annotations

import pytest

from sipice.ice import StreamFailed
from tests.simnet.call import Call, Exchange, Plan
from tests.simnet.nat import PORT_RESTRICTED, SYMMETRIC
from tests.simnet.talk import Talk
from tests.simnet.topology import FIREWALLED, OPEN, SiteKind, behind, build

SITES = [
    (OPEN, OPEN),
    (OPEN, FIREWALLED),
    (FIREWALLED, OPEN),
    (FIREWALLED, FIREWALLED),
    (behind(PORT_RESTRICTED), OPEN),
    (OPEN, behind(SYMMETRIC)),
]


@pytest.mark.parametrize(("a", "b"), SITES, ids=str)
@pytest.mark.parametrize("ringing", [5.0, 45.0, 180.0, 600.0])
@pytest.mark.parametrize("early_start", [True, False])
@pytest.mark.parametrize("exchange", [Exchange.VANILLA, Exchange.TRICKLE])
def test_a_call_connects_however_long_it_rings(
    a: SiteKind, b: SiteKind, ringing: float, early_start: bool, exchange: Exchange
) -> None:
    plan = Plan(exchange=exchange, signalling=0.030, ringing=ringing, early_start=early_start)
    made = Call(build(a, b, rtt=0.050), plan=plan)
    made.run(limit=ringing + 60.0)
    made.assert_connected()
    assert made.a.all(StreamFailed) == []
    assert made.completed_after() <= 1.0


def test_media_flows_as_soon_as_the_callee_picks_up() -> None:
    plan = Plan(signalling=0.030, ringing=90.0)
    made = Call(build(FIREWALLED, FIREWALLED, rtt=0.050), plan=plan)
    talk = Talk(made.a, made.b)
    made.run(limit=200.0)
    made.assert_connected()
    made.world.run(until=made.world.now + 1.0)
    talk.stop()
    assert made.known_at is not None
    for peer in (made.a, made.b):
        assert peer.media[0][0] <= made.known_at + 0.5
