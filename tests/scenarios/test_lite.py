"""Lite agents: they answer, and never ask."""

from __future__ import annotations

import pytest

from sipice.ice import AgentConfig, PairSelected, Role
from tests.marks import rfc
from tests.simnet.call import Call, Exchange, Plan
from tests.simnet.nat import SYMMETRIC
from tests.simnet.oracle import possible
from tests.simnet.topology import FIREWALLED, OPEN, SiteKind, behind, build

LITE = AgentConfig(lite=True)
FULL = AgentConfig()


@pytest.mark.parametrize("site", [OPEN, FIREWALLED, behind(SYMMETRIC)], ids=str)
@pytest.mark.parametrize("lite_offers", [True, False])
@pytest.mark.parametrize("exchange", list(Exchange))
@rfc("8445", "6.1.1", "MUST", "8445-6.1.1-2")
def test_a_lite_peer_is_always_controlled(
    site: SiteKind, lite_offers: bool, exchange: Exchange
) -> None:
    kinds = (OPEN, site) if lite_offers else (site, OPEN)
    configs = (LITE, FULL) if lite_offers else (FULL, LITE)
    made = Call(
        build(*kinds, rtt=0.050),
        config=configs[0],
        config_b=configs[1],
        plan=Plan(exchange=exchange),
    ).run()
    lite = made.a if lite_offers else made.b
    assert possible(site, OPEN, stun=(False, False), active=(True, False)).direct
    made.assert_connected()
    assert lite.agent.role is Role.CONTROLLED
    assert made.watch.checker.judged["1 REQUEST"] > 0


def test_a_lite_peer_that_cannot_be_reached_fails_in_time() -> None:
    assert not possible(OPEN, FIREWALLED, active=(True, False)).direct
    made = Call(build(OPEN, FIREWALLED), config=FULL, config_b=LITE).run(limit=120)
    assert made.a.failed
    assert made.a.first(PairSelected) is None


@rfc("8445", "6.1.1", "MUST", "8445-6.1.1-3")
def test_two_lite_peers_select_without_a_check() -> None:
    made = Call(build(OPEN, OPEN), config=LITE).run(limit=5.0)
    made.assert_connected()
    assert made.watch.checker.judged["1 REQUEST"] == 0
    assert made.a.agent.role is Role.CONTROLLING
