"""The contract of the agent over whole sessions: the same inputs make the same outputs."""

from __future__ import annotations

import pytest

from tests.simnet.call import Call, Exchange, Plan
from tests.simnet.nat import SYMMETRIC
from tests.simnet.topology import OPEN, behind, build


def story(seed: int, *, start: float = 0.0) -> str:
    topology = build(OPEN, behind(SYMMETRIC), rtt=0.060, loss=0.1, seed=seed, start=start)
    plan = Plan(exchange=Exchange.TRICKLE, signalling=0.020)
    made = Call(topology, plan=plan, seed=seed, streams=2, components=2).run()
    made.assert_connected()
    made.restart()
    made.world.run(until=made.world.now + 20.0)
    return made.world.trace.text()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_one_seed_tells_one_story(seed: int) -> None:
    assert story(seed) == story(seed)


def test_another_seed_tells_another() -> None:
    assert story(1) != story(2)


@pytest.mark.parametrize("seed", range(20))
def test_the_end_leaves_nothing_behind(seed: int) -> None:
    topology = build(OPEN, OPEN, rtt=0.060, loss=0.1, seed=seed)
    made = Call(topology, seed=seed, streams=2, components=2)
    made.start()
    made.world.run(until=seed * 0.05)
    for peer in (made.a, made.b):
        peer.tell(peer.agent.close)
        assert peer.agent.next_timeout() is None
        assert peer.sockets == {}, "a socket was not released"
        assert peer.agent.take_events() == []
    made.world.run(until=200.0)
    after = [line for line in made.world.trace.lines() if line.now > seed * 0.05 + 1e-9]
    assert not [line for line in after if line.what == "sends"]
