"""Worlds drawn by lot: whatever comes together, both sides end in the same way, and in time."""

from __future__ import annotations

from random import Random

import pytest

from sipice.ice import AgentConfig, Role, StreamFailed
from tests.simnet.call import Call, Exchange, Plan, ice_servers
from tests.simnet.invariants import assert_mirrored
from tests.simnet.nat import ALL_KINDS, Behaviour, Hairpin, NatKind, Ports
from tests.simnet.oracle import Kind, possible
from tests.simnet.topology import CLOUD, FIREWALLED, OPEN, SiteKind, Topology, behind, build

SEEDS = 150
MANY = 3_000


def draw_nat(rng: Random) -> NatKind:
    return NatKind(
        mapping=rng.choice(list(Behaviour)),
        filtering=rng.choice(list(Behaviour)),
        hairpin=rng.choice(list(Hairpin)),
        ports=rng.choice(list(Ports)),
        lifetime=rng.choice([60.0, 120.0, 300.0]),
        inbound_refresh=rng.random() < 0.5,
    )


def draw_site(rng: Random) -> SiteKind:
    simple = rng.choice([OPEN, FIREWALLED, CLOUD, None, None, None])
    if simple is not None:
        return simple
    if rng.random() < 0.2:
        return behind(draw_nat(rng), rng.choice(ALL_KINDS))
    return SiteKind(nat=draw_nat(rng), ipv6=rng.random() < 0.3)


def disturb(topology: Topology, rng: Random) -> None:
    for site in topology.sites:
        for link in (site.wan.up, site.wan.down):
            link.loss = rng.choice([0.0, 0.0, 0.02, 0.1])
            link.jitter = rng.choice([0.0, 0.010, 0.060])
            link.duplicate = rng.choice([0.0, 0.0, 0.2])
            link.reorder = rng.choice([0.0, 0.0, 0.2])
            link.delay = rng.choice([0.0, 0.005, 0.020, 0.120])


def draw(seed: int) -> tuple[Call, Kind]:
    rng = Random(seed)
    sites = draw_site(rng), draw_site(rng)
    topology = build(*sites, seed=seed)
    disturb(topology, rng)
    turn = rng.random() < 0.3
    stun = rng.random() < 0.8
    plan = Plan(
        exchange=rng.choice(list(Exchange)),
        signalling=rng.choice([0.0, 0.030, 0.200]),
        ringing=rng.choice([0.0, 0.0, 2.0, 50.0]),
        early_start=rng.random() < 0.7,
    )
    asks = stun or turn
    expected = possible(*sites, stun=(asks, asks)).best(a_turn=turn, b_turn=turn)
    config = AgentConfig(
        # The oracle knows no connections: only where it finds a path without them.
        ice_tcp=expected is Kind.DIRECT and rng.random() < 0.2,
        servers=ice_servers(topology, stun=stun, turn=turn),
        trickle=plan.exchange is not Exchange.VANILLA,
    )
    made = Call(
        topology,
        config=config,
        role=rng.choice(list(Role)),
        role_b=rng.choice(list(Role)),
        plan=plan,
        streams=rng.choice([1, 1, 2]),
        components=rng.choice([1, 1, 2]),
        seed=seed,
    )
    return made, expected


def assert_sound(seed: int) -> None:
    made, expected = draw(seed)
    made.run(limit=400.0)
    story = f"seed {seed}\n{made.world.trace.text(last=150)}"
    if expected is Kind.IMPOSSIBLE:
        assert made.a.failed, story
        assert made.b.failed, story
        return
    assert made.completed, story
    assert not made.a.all(StreamFailed) or made.plan.ringing, story
    for stream in made.a.streams:
        for component in range(1, made.a.components + 1):
            ours, theirs = made.a.selected(stream, component), made.b.selected(stream, component)
            assert ours is not None, story
            assert theirs is not None, story
            assert_mirrored(ours, theirs)


@pytest.mark.parametrize("first", range(0, SEEDS, 10))
def test_worlds_by_lot(first: int) -> None:
    for seed in range(first, first + 10):
        assert_sound(seed)


@pytest.mark.long
@pytest.mark.parametrize("first", range(SEEDS, MANY, 50))
def test_many_worlds_by_lot(first: int) -> None:
    for seed in range(first, first + 50):
        assert_sound(seed)
