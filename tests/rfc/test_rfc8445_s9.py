"""RFC 8445 §9: restarts. What changes, what stays, and what answers meanwhile."""

from __future__ import annotations

import pytest

from sipice.ice import (
    Credentials,
    Description,
    MediaChanged,
    PairSelected,
    PathLost,
    RestartFinished,
    Role,
    StreamCompleted,
    StreamFailed,
)
from sipice.stun import attributes as a
from tests.ice.harness import Side, Wire, address, pair_of, sent_by
from tests.marks import rfc
from tests.rfc.alone import Alone, codes, peers, successes

NEW = address("10.0.0.3:7000")


def connected(streams: int = 1, components: int = 1) -> Wire:
    wire = pair_of(streams=streams, components=components).connect()
    wire.run(5.0)
    assert len(wire.a.all(StreamCompleted)) == len(wire.b.all(StreamCompleted)) == streams
    return wire


def prepare(wire: Wire, *, streams: list[int] | None = None) -> tuple[int, int]:
    chosen = None if streams is None else list(streams)
    first = wire.a.agent.prepare_restart(wire.now, chosen)
    second = wire.b.agent.prepare_restart(wire.now, chosen)
    return first, second


def commit(wire: Wire, identifiers: tuple[int, int]) -> Wire:
    for side, identifier in zip((wire.a, wire.b), identifiers, strict=True):
        side.agent.commit_restart(wire.now, identifier)
    wire.drain()
    return wire


def ufrags(side: Side, stream: int = 0) -> tuple[str, str]:
    credentials = side.agent.local_description(stream).credentials
    return credentials.ufrag, credentials.pwd


@rfc("8445", "9", "MUST", "8445-9-1")
def test_other_credentials_change_nothing_without_a_restart() -> None:
    wire = connected()
    before = wire.a.agent.media(0, 1)
    other = Side("c", Role.CONTROLLED, ["10.0.0.3:7000"])
    wire.a.agent.set_remote_description(wire.now, 0, other.description())
    wire.drain()
    wire.run(60.0)
    assert wire.a.agent.media(0, 1) == before
    assert {str(sent.to) for sent in wire.requests(wire.a)} == {"10.0.0.2:6000"}


@rfc("8445", "9", "MUST", "8445-9-1")
def test_candidates_under_other_credentials_are_not_added_without_a_restart() -> None:
    alone = Alone(begun=False)
    told = alone.puppet.description
    alone.puppet.description = Description(told.credentials, told.candidates, complete=False)
    alone.begin()
    other = Credentials("OTHERuf", "OTHERpasswordOTHERpassw")
    elsewhere = tuple(peers("10.0.0.9:9000"))
    alone.agent.set_remote_description(0.1, 0, Description(other, elsewhere))
    alone.run(50.0)
    assert {str(sent.to) for sent in alone.log} == {"10.0.0.2:6000"}


@rfc("8445", "9", "MUST", "8445-9-1")
def test_a_peer_that_calls_itself_lite_without_a_restart_is_not_believed() -> None:
    alone = Alone(Role.CONTROLLED)
    told = alone.puppet.description
    lite = Description(told.credentials, told.candidates, lite=True)
    alone.agent.set_remote_description(0.01, 0, lite)
    alone.take()
    assert alone.agent.role is Role.CONTROLLED


@rfc("8445", "9", "MUST", "8445-9-1")
def test_a_restart_moves_media_to_another_address() -> None:
    wire = connected()
    wire.b.agent.remove_local_address(wire.now, wire.b.bases[address("10.0.0.2:6000")])
    wire.b.bind(wire.now, NEW)
    identifiers = prepare(wire)
    commit(wire.connect(), identifiers)
    wire.run(wire.now + 5.0)
    path = wire.a.agent.media(0, 1).send
    assert path is not None
    assert path.to == NEW


@rfc("8445", "9", "MUST", "8445-9-2")
def test_a_restart_changes_ufrag_and_password() -> None:
    wire = connected()
    before = ufrags(wire.a)
    wire.a.agent.prepare_restart(wire.now)
    after = ufrags(wire.a)
    assert before[0] != after[0]
    assert before[1] != after[1]


@rfc("8445", "9", "MUST", "8445-9-2")
def test_a_restart_of_one_stream_leaves_the_others_alone() -> None:
    wire = connected(streams=2)
    before = [ufrags(wire.a, stream) for stream in (0, 1)]
    identifiers = prepare(wire, streams=[1])
    commit(wire.connect([1]), identifiers)
    wire.run(wire.now + 5.0)
    assert ufrags(wire.a, 0) == before[0]
    assert ufrags(wire.a, 1) != before[1]
    for side in (wire.a, wire.b):
        assert [event.stream for event in side.all(RestartFinished)] == [1]
        assert [event.stream for event in side.all(PairSelected)].count(0) == 1


@rfc("8445", "9", "MUST", "8445-9-2")
def test_the_checks_of_a_restart_carry_the_new_names() -> None:
    wire = connected()
    old = ufrags(wire.a)[0], ufrags(wire.b)[0]
    wire.log.clear()
    identifiers = prepare(wire)
    new = ufrags(wire.a)[0], ufrags(wire.b)[0]
    commit(wire.connect(), identifiers).run(wire.now + 1.0)
    names = {sent.message.get(a.USERNAME) for sent in wire.log if sent.is_request}
    assert names == {f"{new[1]}:{new[0]}", f"{new[0]}:{new[1]}"}
    assert not {*old} & {*new}


@rfc("8445", "9", "rule", "8445-9-3")
@rfc("8445", "9", "", "AT-31")
@pytest.mark.parametrize("reachable", [True, False])
def test_media_stays_on_the_old_pair_until_the_new_one_is_selected(reachable: bool) -> None:
    wire = connected()
    old = wire.a.agent.media(0, 1).send
    identifiers = prepare(wire)
    if not reachable:
        wire.lose = lambda sent: sent.is_request and sent.at < 30.0
    begun = wire.now
    commit(wire.connect(), identifiers)
    assert wire.a.agent.media(0, 1).send == old
    wire.run(begun + 4.0)
    for side in (wire.a, wire.b):
        tables = [event.table for event in side.all(MediaChanged)][1:]
        assert all(table.send is not None for table in tables), "never a moment without a path"
        assert len(side.all(RestartFinished)) == (1 if reachable else 0)
        assert side.all(PathLost) == []


@rfc("8445", "9", "rule", "8445-9-3")
def test_a_restart_begins_with_nothing_valid_and_checks_again() -> None:
    wire = connected()
    wire.log.clear()
    identifiers = prepare(wire)
    commit(wire.connect(), identifiers).run(wire.now + 2.0)
    fresh = [sent for sent in wire.requests(wire.a) if not sent.nominates]
    assert fresh, "the pair of before is proven anew"
    assert len([sent for sent in wire.requests(wire.a) if sent.nominates]) == 1
    assert len(wire.a.all(StreamCompleted)) == 2


@rfc("8445", "9", "rule", "8445-9-3")
@rfc("8445", "6.1.1", "MUST NOT", "8445-6.1.1-4")
@rfc("8445", "6.1.1", "", "AT-30")
@pytest.mark.parametrize("rounds", [1, 3])
def test_roles_and_tie_breakers_stay_over_restarts_whoever_offers(rounds: int) -> None:
    wire = connected()
    tie = wire.requests(wire.a)[0].message.get(a.ICE_CONTROLLING)
    for _ in range(rounds):
        second = wire.b.agent.prepare_restart(wire.now)
        first = wire.a.agent.prepare_restart(wire.now)
        commit(wire.connect(), (first, second)).run(wire.now + 2.0)
    assert (wire.a.agent.role, wire.b.agent.role) == (Role.CONTROLLING, Role.CONTROLLED)
    claimed = {sent.message.get(a.ICE_CONTROLLING) for sent in wire.requests(wire.a)}
    assert claimed == {tie}
    theirs = {sent.message.get(a.ICE_CONTROLLED) for sent in wire.requests(wire.b)}
    assert None not in theirs


@rfc("8445", "9", "rule", "8445-9-3")
def test_a_restart_that_fails_leaves_the_old_pair_in_use() -> None:
    wire = connected()
    alien = Alone(peers=peers("10.9.9.9:9"))
    old = wire.a.agent.media(0, 1).send
    identifier = wire.a.agent.prepare_restart(wire.now)
    wire.a.agent.set_remote_description(wire.now, 0, alien.puppet.description)
    wire.a.agent.commit_restart(wire.now, identifier)
    wire.drain()
    wire.run(wire.now + 60.0)
    assert [event.generation for event in wire.a.all(StreamFailed)] == [2]
    assert wire.a.agent.media(0, 1).send == old
    assert wire.a.all(RestartFinished) == []


@rfc("8445", "9", "rule", "8445-9-4")
def test_the_sockets_of_before_serve_the_next_generation() -> None:
    wire = connected()
    before = wire.a.agent.local_description(0).candidates
    wire.a.agent.prepare_restart(wire.now)
    assert wire.a.agent.local_description(0).candidates == before


@rfc("8445", "9", "rule", "8445-9-4")
def test_candidates_of_a_restart_may_be_partly_new() -> None:
    wire = connected()
    before = wire.a.agent.local_description(0).candidates
    wire.a.bind(wire.now, address("10.0.1.1:5000"))
    wire.a.agent.prepare_restart(wire.now)
    after = wire.a.agent.local_description(0).candidates
    assert set(before) < set(after)
    assert len({candidate.priority for candidate in after}) == len(after)


@rfc("8445", "9", "rule", "8445-9-4")
def test_checks_with_the_old_names_are_answered_during_a_restart_and_a_while_after() -> None:
    alone = Alone()
    alone.serve(0.1)
    alone.nominate()
    alone.serve(5.0)
    old = alone.puppet.peer

    def ask_old() -> list[int | None]:
        """200 or the code of the error."""
        sent = alone.ask(username=f"{old.ufrag}:{alone.puppet.credentials.ufrag}", pwd=old.pwd)
        return [200 for _ in successes(sent)] + codes(sent)

    identifier = alone.agent.prepare_restart(alone.now)
    assert alone.puppet.peer.ufrag != old.ufrag
    assert ask_old() == [200]
    alone.agent.set_remote_description(alone.now, 0, alone.puppet.description)
    alone.agent.commit_restart(alone.now, identifier)
    alone.serve(5.5)
    alone.nominate()
    for now in (12.0, 18.9, 25.8):
        alone.serve(now)
        assert ask_old() == [200], "the peer still uses the generation of before"
    assert alone.side.all(RestartFinished)
    alone.serve(33.0)
    assert ask_old() == [401]


@rfc("8445", "9", "rule", "8445-9-4")
def test_a_check_with_the_old_names_proves_nothing_for_the_new_generation() -> None:
    alone = Alone()
    alone.serve(0.1)
    alone.nominate()
    alone.serve(5.0)
    old = alone.puppet.peer
    identifier = alone.agent.prepare_restart(alone.now)
    alone.agent.set_remote_description(alone.now, 0, alone.puppet.description)
    alone.agent.commit_restart(alone.now, identifier)
    alone.take()
    name = f"{old.ufrag}:{alone.puppet.credentials.ufrag}"
    alone.nominate(username=name, pwd=old.pwd)
    assert len(alone.side.all(PairSelected)) == 1


@rfc("8445", "9", "rule", "8445-9-4")
def test_both_generations_are_answered_while_a_restart_is_prepared() -> None:
    alone = Alone()
    alone.serve(0.1)
    alone.agent.prepare_restart(alone.now)
    new = alone.puppet.peer
    name = f"{new.ufrag}:{alone.puppet.credentials.ufrag}"
    assert len(successes(alone.ask(username=name, pwd=new.pwd))) == 1
    assert codes(alone.ask(username=name, pwd="wrong")) == [401]


@rfc("8445", "9", "rule", "8445-9-3")
def test_a_rolled_back_restart_leaves_no_trace() -> None:
    """The same seed and inputs with and without: from then on nothing differs."""
    wire = connected()
    before = ufrags(wire.a)
    table = wire.a.agent.media(0, 1)
    identifier = wire.a.agent.prepare_restart(wire.now)
    prepared = ufrags(wire.a)
    other = Side("c", Role.CONTROLLED, ["10.0.0.3:7000"])
    wire.a.agent.set_remote_description(wire.now, 0, other.description())
    wire.drain()
    wire.run(wire.now + 0.1)
    wire.a.agent.rollback_restart(wire.now, identifier)
    wire.drain()
    wire.log.clear()
    assert ufrags(wire.a) == before != prepared
    wire.run(wire.now + 60.0)
    assert {str(sent.to) for sent in wire.log if sent.side is wire.a} == {"10.0.0.2:6000"}
    assert wire.a.agent.media(0, 1) == table
    assert wire.a.all(StreamFailed) == []
    strange = Alone()
    strange.puppet.side = wire.a
    data = strange.puppet.request(username=f"{prepared[0]}:x", pwd=prepared[1], controlling=True)
    wire.a.agent.receive_datagram(wire.now, data, wire.a.bases[address("10.0.0.1:5000")], NEW)
    (answer,) = sent_by(wire.a, wire.now)
    assert answer.message.error_code == 401, "the name that was rolled back is unknown"


@rfc("8445", "9", "rule", "8445-9-3")
def test_a_failed_stream_runs_again_after_a_restart() -> None:
    wire = pair_of()
    wire.lose = lambda sent: sent.at < 100.0
    wire.connect().run(110.0)
    assert wire.a.all(StreamFailed)
    identifiers = prepare(wire)
    commit(wire.connect(), identifiers).run(wire.now + 3.0)
    for side in (wire.a, wire.b):
        assert len(side.all(StreamCompleted)) == 1
        assert side.agent.media(0, 1).send is not None
