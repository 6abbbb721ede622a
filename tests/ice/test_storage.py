from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from sipice.errors import DecodeError
from sipice.ice import Agent, AgentConfig, GatheringFinished, PathLost, Role
from sipice.stun import attributes as a
from tests.ice.asking import SECOND, STUN, Case, config
from tests.ice.harness import PLAIN, Side, Wire, address, pair_of


def reborn(side: Side, now: float) -> None:
    """The agent of this side goes on in another process."""
    data = side.agent.export(now)
    side.take(now)
    side.agent = Agent.restore(side.config, data, now, rng=Random(7))


def connected(wire: Wire) -> bool:
    return wire.a.selected() is not None and wire.b.selected() is not None


@pytest.mark.parametrize("streams", [1, 2])
@pytest.mark.parametrize("step", range(14))
@pytest.mark.parametrize("who", ["a", "b"])
def test_a_session_goes_on_in_another_process_after_any_step(
    who: str, step: int, streams: int
) -> None:
    wire = pair_of(["10.0.0.1:5000", "10.0.1.1:5000"], streams=streams).connect()
    for _ in range(step):
        wire.step()
    reborn(wire.a if who == "a" else wire.b, wire.now)
    wire.drain()
    wire.run(20.0)
    for side in (wire.a, wire.b):
        for stream in side.streams:
            path = side.agent.media(stream, 1).send
            assert path is not None
    ours, theirs = wire.a.agent.media(0, 1).send, wire.b.agent.media(0, 1).send
    assert ours is not None
    assert theirs is not None
    assert (ours.base.address, ours.to) == (theirs.to, theirs.base.address)


def test_consent_of_a_restored_agent_ends_when_it_would_have_ended() -> None:
    wire = pair_of().connect().run(10.0)
    wire.lose = lambda sent: True
    wire.run(20.0)
    reborn(wire.a, wire.now)
    wire.run(60.0)
    answered = wire.a.when(PathLost)
    assert answered is not None
    assert 30.0 <= answered <= 40.1


def test_a_restart_goes_on_in_another_process() -> None:
    wire = pair_of().connect().run(1.0)
    restarts = [side.agent.prepare_restart(wire.now) for side in (wire.a, wire.b)]
    reborn(wire.a, wire.now)
    wire.connect()
    for side, restart in zip((wire.a, wire.b), restarts, strict=True):
        side.agent.commit_restart(wire.now, restart)
    wire.run(3.0)
    ours = wire.a.agent.local_description(0).credentials.ufrag
    asked = {sent.message.get(a.USERNAME) or "" for sent in wire.requests(wire.b)}
    assert ours in {name.partition(":")[0] for name in asked}
    assert wire.a.agent.media(0, 1).send is not None


def test_the_export_holds_ages_and_no_instants() -> None:
    """The same session an hour later exports the same bytes."""

    def session(start: float, act: Callable[[Wire], None]) -> bytes:
        wire = pair_of()
        wire.now = start
        wire.connect()
        wire.run(start + 3.0)
        act(wire)
        return wire.a.agent.export(wire.now)

    early, late = (session(start, lambda wire: None) for start in (0.0, 4096.0))
    assert early == late


@pytest.mark.parametrize(
    "data", [b"", b"null", b"[]", b"{}", b'{"version":99}', b'{"version":1}', b"\xff\xfe"]
)
def test_foreign_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Agent.restore(PLAIN, data, 0.0, rng=Random(1))


def test_export_and_restore_lose_nothing() -> None:
    wire = pair_of(["10.0.0.1:5000", "10.0.1.1:5000"], components=2).connect().run(2.0)
    for side in (wire.a, wire.b):
        data = side.agent.export(wire.now)
        again = Agent.restore(side.config, data, wire.now, rng=Random(7))
        assert again.export(wire.now) == data


def test_an_agent_without_streams_can_be_exported() -> None:
    agent = Agent(AgentConfig(), role=Role.CONTROLLING, rng=Random(1))
    again = Agent.restore(AgentConfig(), agent.export(5.0), 9.0, rng=Random(2))
    assert again.role is Role.CONTROLLING
    assert again.next_timeout() is None


def test_gathering_goes_on_and_foundations_stay_apart() -> None:
    case = Case(config(STUN, SECOND))
    first, _ = case.run(0.1)
    case.answer(first, 0.1)
    reborn(case.side, 0.1)
    case.agent = case.side.agent
    (again,) = case.run(0.2)
    assert again.to == SECOND
    case.answer(again, 0.2, a.XOR_MAPPED_ADDRESS(address("203.0.113.7:41001")))
    made = case.agent.local_description(0).candidates
    assert [candidate.type.name for candidate in made] == ["HOST", *["SERVER_REFLEXIVE"] * 2]
    assert len({candidate.foundation for candidate in made}) == 3
    assert case.side.when(GatheringFinished) == 0.2
