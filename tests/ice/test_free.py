from __future__ import annotations

import gc

from sipice.ice import AgentConfig, Loss, PathLost, Role, StreamCompleted
from sipice.ice.pair import CandidatePair
from tests.ice.harness import Puppet, Side, address, advance, pair_of, remote, sent_by
from tests.marks import rfc


@rfc("8445", "8.3.1", "SHOULD", "8445-8.3.1-1")
def test_unused_bases_go_three_seconds_after_completion() -> None:
    wire = pair_of(["10.0.0.1:5000", "10.0.1.1:5000"]).connect().run(1.0)
    done = wire.a.when(StreamCompleted)
    assert done is not None
    wire.run(done + 2.999)
    assert wire.a.released == []
    wire.run(done + 3.001)
    assert [base.address for base in wire.a.released] == [address("10.0.1.1:5000")]
    assert len(wire.a.agent.local_description(0).candidates) == 1
    wire.run(60.0)
    assert wire.a.agent.media(0, 1).send is not None


@rfc("8445", "8.3.1", "SHOULD", "8445-8.3.1-1")
def test_the_checklist_and_all_it_needed_are_dropped() -> None:
    hosts = ["10.0.0.1:5000", "10.0.1.1:5000", "10.0.2.1:5000"]
    wire = pair_of(hosts, hosts).connect().run(10.0)
    generation = wire.a.agent._state.streams[0].current
    assert generation.remote is not None
    assert (generation.checklist, generation.index, list(generation.triggered)) == ([], {}, [])
    assert len(generation.remote.candidates) == 1
    assert len(generation.components[0].valid) == 1
    table = wire.a.agent.media(0, 1)
    assert table.send is not None
    assert {source.base for source in table.receive} == {table.send.base}


def test_a_closed_session_leaves_nothing_for_the_collector_of_cycles() -> None:
    gc.collect()
    gc.disable()
    try:
        wire = pair_of().connect().run(1.0)
        assert wire.a.when(StreamCompleted) is not None
        assert any(isinstance(one, CandidatePair) for one in gc.get_objects())
        for side in (wire.a, wire.b):
            side.agent.close(1.0)
        del wire, side
        assert not any(isinstance(one, CandidatePair) for one in gc.get_objects())
    finally:
        gc.enable()


def test_with_lite_the_unused_bases_go_as_well() -> None:
    lite = AgentConfig(lite=True)
    wire = pair_of(["10.0.0.1:5000"], ["203.0.113.1:6000", "203.0.113.9:6000"], b_config=lite)
    wire.connect().run(10.0)
    assert len(wire.b.released) == 1


@rfc("8445", "5.1.1.4", "SHOULD", "8445-5.1.1.4-2")
def test_a_lost_socket_takes_its_pairs_and_ends_media_on_it() -> None:
    wire = pair_of(["10.0.0.1:5000", "10.0.1.1:5000"]).connect().run(1.0)
    used = wire.a.agent.media(0, 1).send
    assert used is not None
    wire.a.agent.remove_local_address(1.0, used.base)
    wire.drain()
    assert [e.reason for e in wire.a.all(PathLost)] == [Loss.BASE_REMOVED]
    assert wire.a.agent.media(0, 1).send is None
    wire.run(5.0)
    assert used.base.address not in {s.source for s in wire.log if s.side is wire.a and s.at > 1.0}


def test_a_socket_lost_during_checks_leaves_the_others_to_connect() -> None:
    wire = pair_of(["10.0.0.1:5000", "10.0.1.1:5000"]).connect()
    wire.run(0.03)
    base = wire.a.bases.pop(address("10.0.0.1:5000"))
    wire.a.agent.remove_local_address(wire.now, base)
    wire.a.agent.remove_local_address(wire.now, base)
    wire.run(5.0)
    path = wire.a.agent.media(0, 1).send
    assert path is not None
    assert str(path.base.address) == "10.0.1.1:5000"


@rfc("8445", "11", "rule", "8445-11-4")
def test_a_removed_stream_releases_everything_it_had() -> None:
    wire = pair_of(streams=2).connect().run(1.0)
    wire.a.agent.remove_stream(1.0, 0)
    wire.drain()
    assert [base.address.port for base in wire.a.released] == [5000]
    wire.run(30.0)
    assert wire.a.agent.media(1, 1).send is not None


def test_after_close_every_input_is_ignored() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000", "10.0.1.1:5000"])
    puppet = Puppet(side, candidates=[remote(), remote("10.0.0.3:6000")])
    side.agent.set_remote_description(0.0, 0, puppet.description)
    advance(side, 0.0)
    base = side.bases[address("10.0.0.1:5000")]
    request = puppet.request(controlling=True)
    side.agent.close(1.0)
    side.take(1.0)
    assert len(side.released) == 2
    assert side.agent.next_timeout() is None
    side.agent.receive_datagram(2.0, request, base, puppet.host)
    side.agent.handle_timeout(3.0)
    side.agent.close(4.0)
    assert sent_by(side) == []
