"""Roles: both sides agree in the end, whatever they began with."""

from __future__ import annotations

import pytest

from sipice.ice import MediaChanged, PairSelected, Role, RoleSwitched, StreamCompleted
from tests.marks import rfc
from tests.simnet.call import Call, Exchange, Plan
from tests.simnet.topology import OPEN, build


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("role_b", list(Role))
@pytest.mark.parametrize("rtt", [0.0, 0.050, 0.300])
@pytest.mark.parametrize("seed", [1, 2, 3])
@rfc("8445", "7.3.1.1", "MUST", "8445-7.3.1.1-1")
@rfc("8445", "7.3.1.1", "MUST", "8445-7.3.1.1-2")
def test_any_two_roles_end_with_one_of_each(
    role: Role, role_b: Role, rtt: float, seed: int
) -> None:
    made = Call(build(OPEN, OPEN, rtt=rtt, seed=seed), role=role, role_b=role_b, seed=seed)
    made.run()
    made.assert_connected()
    assert made.a.agent.role is made.b.agent.role.opposite
    if role is not role_b:
        assert made.a.all(RoleSwitched) == made.b.all(RoleSwitched) == []
    else:
        assert made.a.all(RoleSwitched) or made.b.all(RoleSwitched)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("seed", range(10))
def test_a_conflict_is_settled_with_losses_too(role: Role, seed: int) -> None:
    topology = build(OPEN, OPEN, rtt=0.060, loss=0.2, seed=seed)
    made = Call(topology, role=role, role_b=role, seed=seed, streams=2, components=2).run()
    made.assert_connected()
    assert made.a.agent.role is made.b.agent.role.opposite


@pytest.mark.parametrize("streams", [1, 2, 3])
@pytest.mark.parametrize("components", [1, 2])
@pytest.mark.parametrize("exchange", list(Exchange))
def test_every_component_of_every_stream_is_connected(
    streams: int, components: int, exchange: Exchange
) -> None:
    made = Call(
        build(OPEN, OPEN, rtt=0.050),
        streams=streams,
        components=components,
        plan=Plan(exchange=exchange, signalling=0.010),
    ).run()
    made.assert_connected()
    assert len(made.a.all(StreamCompleted)) == streams
    assert len(made.a.all(PairSelected)) == streams * components
    last = made.a.all(MediaChanged)[-1]
    assert last.table.send is not None
