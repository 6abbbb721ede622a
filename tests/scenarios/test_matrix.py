"""Every pair of sites against the oracle: what is possible connects, by the best kind of path."""

from __future__ import annotations

import pytest

from sipice.ice import CandidateType, PairSelected, StreamFailed
from tests.simnet.call import Call, Exchange, Plan
from tests.simnet.nat import ALL_KINDS, PORT_RESTRICTED, SYMMETRIC
from tests.simnet.oracle import Kind, possible
from tests.simnet.topology import BLOCKED, CLOUD, FIREWALLED, OPEN, SiteKind, behind, build

SITES = [
    OPEN,
    FIREWALLED,
    CLOUD,
    BLOCKED,
    behind(PORT_RESTRICTED, PORT_RESTRICTED),
    SiteKind(nat=SYMMETRIC, ipv6=True),
    *(behind(kind) for kind in ALL_KINDS),
]
PATIENCE = 40.0
"""A whole transaction and the answer's way; what cannot work must be known to fail in time.

Once for each component: the pairs of a foundation are checked one after the other (§6.1.4.2). And
once more because each retransmission of the peer's check that gets in makes a new one (§7.3.1.4).
"""


def kind_of(selected: PairSelected | None) -> Kind:
    if selected is None:
        return Kind.IMPOSSIBLE
    relays = [c.type for c in (selected.local, selected.remote)].count(CandidateType.RELAYED)
    return (Kind.DIRECT, Kind.ONE_RELAY, Kind.TWO_RELAYS)[relays]


def verify(made: Call, expected: Kind) -> None:
    if expected is Kind.IMPOSSIBLE:
        made.assert_failed()
        for peer in (made.a, made.b):
            failure = peer.first(StreamFailed)
            assert failure is not None
            assert made.known_at is not None
            assert failure[0] - made.known_at <= PATIENCE * (peer.components + 1)
        return
    made.assert_connected()
    assert kind_of(made.a.selected()) is expected
    assert kind_of(made.b.selected()) is expected


@pytest.mark.parametrize("a", SITES, ids=str)
@pytest.mark.parametrize("b", SITES, ids=str)
def test_without_servers(a: SiteKind, b: SiteKind) -> None:
    expected = possible(a, b, stun=(False, False)).best()
    for exchange in Exchange:
        plan = Plan(exchange=exchange, signalling=0.030)
        made = Call(build(a, b, rtt=0.050), plan=plan).run()
        verify(made, expected)
        if expected is Kind.DIRECT and exchange is Exchange.VANILLA:
            made.restart(made.b)
            made.world.run(until=made.world.now + 2.0)
            ours, theirs = made.a.selected(), made.b.selected()
            assert ours is not None
            assert theirs is not None
            assert ours.generation > 1
            assert theirs.generation > 1


@pytest.mark.parametrize("a", [OPEN, FIREWALLED, CLOUD], ids=str)
@pytest.mark.parametrize("b", [OPEN, behind(SYMMETRIC), behind(PORT_RESTRICTED)], ids=str)
@pytest.mark.parametrize("loss", [0.05, 0.15])
@pytest.mark.parametrize("exchange", list(Exchange))
def test_losses_delay_but_do_not_prevent(
    a: SiteKind, b: SiteKind, loss: float, exchange: Exchange
) -> None:
    expected = possible(a, b, stun=(False, False)).best()
    for seed in range(3):
        plan = Plan(exchange=exchange, signalling=0.030)
        topology = build(a, b, rtt=0.080, loss=loss, seed=seed)
        made = Call(topology, plan=plan, seed=seed, components=2).run()
        verify(made, expected)
