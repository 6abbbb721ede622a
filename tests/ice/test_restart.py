"""RFC 8445 §9: restart make-before-break, with commit and rollback at any instant."""

from __future__ import annotations

import pytest

from sipice.errors import UsageError
from sipice.ice import MediaChanged, PairSelected, RestartFinished, StreamCompleted
from sipice.net import Address
from sipice.stun import attributes as a
from tests.ice.harness import Side, Wire, address, pair_of
from tests.marks import rfc


def talking(streams: int = 1) -> Wire:
    wire = pair_of(["10.0.0.1:5000", "10.0.1.1:5000"], streams=streams)
    return wire.connect().run(5.0)


def restart(wire: Wire) -> list[int]:
    return [side.agent.prepare_restart(wire.now) for side in (wire.a, wire.b)]


def armed(side: Side) -> set[str]:
    """The kinds of deadlines that an agent has."""
    table = side.agent._state.timers
    return {type(key).__name__ for key, _ in list(table.keys())}


def ufrag(side: Side, stream: int = 0) -> str:
    return side.agent.local_description(stream).credentials.ufrag


@rfc("8445", "9", "MUST", "8445-9-2")
@rfc("8445", "9", "rule", "8445-9-4")
def test_a_restart_changes_both_halves_of_the_credentials_and_keeps_the_sockets() -> None:
    wire = talking()
    before = wire.a.agent.local_description(0)
    restart(wire)
    after = wire.a.agent.local_description(0)
    assert before.credentials.ufrag != after.credentials.ufrag
    assert before.credentials.pwd != after.credentials.pwd
    assert {c.address for c in after.candidates} <= {c.address for c in before.candidates}
    assert after.candidates


@rfc("8445", "9", "rule", "8445-9-3")
@rfc("8445", "12.1", "rule", "8445-12.1-3")
@rfc("8445", "6.1.1", "MUST NOT", "8445-6.1.1-4")
def test_media_stays_on_the_old_pair_until_the_new_generation_has_its_own() -> None:
    wire = talking()
    roles = [side.agent.role for side in (wire.a, wire.b)]
    path = wire.a.agent.media(0, 1).send
    ids = restart(wire)
    wire.connect()
    for side, one in zip((wire.a, wire.b), ids, strict=True):
        side.agent.commit_restart(wire.now, one)
    while not wire.a.all(RestartFinished):
        assert wire.a.agent.media(0, 1).send == path
        wire.step()
    assert wire.a.agent.media(0, 1).send is not None
    wire.run(wire.now + 20.0)
    assert [side.agent.role for side in (wire.a, wire.b)] == roles
    generations = [event.generation for event in wire.a.all(StreamCompleted)]
    assert generations == [1, 2]
    silent = [e for e in wire.a.all(MediaChanged) if e.table.send is None and e.generation == 2]
    assert silent == [], "never without a path"


@rfc("7675", "5.1", "MUST", "7675-5.1-10")
def test_the_old_pair_keeps_its_consent_with_its_old_credentials() -> None:
    wire = talking()
    old = ufrag(wire.b)
    restart(wire)
    start = wire.now
    wire.run(start + 40.0)
    names = {
        (s.message.get(a.USERNAME) or "").partition(":")[0]
        for s in wire.requests(wire.a)
        if s.at > start
    }
    assert names == {old}
    assert wire.a.agent.media(0, 1).send is not None


def test_both_generations_answer_checks_under_their_own_credentials() -> None:
    wire = talking()
    old = ufrag(wire.a)
    restart(wire)
    new = ufrag(wire.a)
    stream = wire.a.agent._state.streams[0]
    assert [g.local.credentials.ufrag for g in stream.generations()] == [old, new]


@pytest.mark.parametrize("steps", range(12))
def test_a_rollback_at_any_instant_leaves_nothing_behind(steps: int) -> None:
    wire, plain = talking(), talking()
    ids = restart(wire)
    wire.connect()
    for _ in range(steps):
        wire.step()
    for side, one in zip((wire.a, wire.b), ids, strict=True):
        side.agent.rollback_restart(wire.now, one)
    wire.drain()
    plain.run(wire.now)
    for side, other in ((wire.a, plain.a), (wire.b, plain.b)):
        assert ufrag(side) == ufrag(other)
        assert side.agent.media(0, 1) == other.agent.media(0, 1)
        state = side.agent._state
        assert state.streams[0].next is None
        assert state.running() == []
        assert armed(side) == armed(other)
    wire.run(wire.now + 60.0)
    assert wire.a.agent.media(0, 1).send is not None


def test_a_second_restart_works_like_the_first() -> None:
    wire = talking()
    for _ in range(3):
        ids = restart(wire)
        wire.connect()
        for side, one in zip((wire.a, wire.b), ids, strict=True):
            side.agent.commit_restart(wire.now, one)
        wire.run(wire.now + 10.0)
    assert [e.generation for e in wire.a.all(RestartFinished)] == [2, 3, 4]
    stream = wire.a.agent._state.streams[0]
    assert (stream.next, stream.retired) == (None, None)


def test_only_the_streams_that_were_named_restart() -> None:
    wire = talking(streams=2)
    before = [ufrag(wire.a, stream) for stream in (0, 1)]
    wire.a.agent.prepare_restart(wire.now, [1])
    after = [ufrag(wire.a, stream) for stream in (0, 1)]
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_a_restart_under_way_refuses_another() -> None:
    wire = talking()
    one = wire.a.agent.prepare_restart(wire.now)
    with pytest.raises(UsageError, match="under way"):
        wire.a.agent.prepare_restart(wire.now)
    wire.a.agent.rollback_restart(wire.now, one)
    with pytest.raises(UsageError, match="not under way"):
        wire.a.agent.commit_restart(wire.now, one)


def test_a_restart_heals_a_call_whose_path_is_gone() -> None:
    """Roaming: the address is lost, another one comes, the restart finds the new way."""
    wire = pair_of().connect().run(5.0)
    base = wire.a.bases.pop(address("10.0.0.1:5000"))
    wire.a.agent.remove_local_address(wire.now, base)
    assert wire.a.agent.media(0, 1).send is None
    new: Address = address("10.0.7.7:5000")
    wire.a.bind(wire.now, new)
    ids = restart(wire)
    wire.connect()
    for side, one in zip((wire.a, wire.b), ids, strict=True):
        side.agent.commit_restart(wire.now, one)
    wire.run(wire.now + 2.0)
    ours, theirs = wire.a.agent.media(0, 1).send, wire.b.agent.media(0, 1).send
    assert ours is not None
    assert theirs is not None
    assert ours.base.address == theirs.to == new


def test_the_retired_generation_answers_for_a_while_and_then_is_gone() -> None:
    wire = talking()
    ids = restart(wire)
    wire.connect()
    for side, one in zip((wire.a, wire.b), ids, strict=True):
        side.agent.commit_restart(wire.now, one)
    wire.run(wire.now + 5.0, lambda: bool(wire.a.all(RestartFinished)))
    stream = wire.a.agent._state.streams[0]
    assert len(stream.generations()) == 2
    wire.run(wire.now + 7.1)
    assert len(stream.generations()) == 1
    assert len(wire.a.all(PairSelected)) == 2


def test_a_restart_takes_the_place_of_one_that_has_come_to_nothing_yet() -> None:
    wire = talking()
    (first, _) = restart(wire)
    wire.a.agent.commit_restart(wire.now, first)
    path = wire.a.agent.media(0, 1).send
    second = wire.a.agent.prepare_restart(wire.now)
    assert wire.a.agent.media(0, 1).send == path
    wire.connect()
    wire.a.agent.commit_restart(wire.now, second)
    wire.run(wire.now + 5.0)
    assert [event.generation for event in wire.a.all(RestartFinished)] == [3]
