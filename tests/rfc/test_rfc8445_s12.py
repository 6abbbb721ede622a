"""RFC 8445 §12: which pair carries data, and whose data is let in."""

from __future__ import annotations

import pytest

from sipice.ice import (
    AgentConfig,
    CandidateType,
    DataReceived,
    MediaChanged,
    PairSelected,
    Role,
    StreamFailed,
)
from sipice.net import Source
from tests.ice.harness import address, pair_of, remote
from tests.marks import rfc
from tests.rfc.alone import OWN, PEER, Alone, peers, requests
from tests.simnet.call import Call, Plan, ice_servers
from tests.simnet.nat import SYMMETRIC
from tests.simnet.peer import Peer
from tests.simnet.talk import Talk
from tests.simnet.topology import behind, build
from tests.simnet.wire import is_channel_data

SECOND = "10.0.0.2:6100"
RTCP = "10.0.0.2:6001"
MEDIA = b"\x80\x00media"


def relayed_call() -> tuple[Call, Peer]:
    """A call over one relay, and the side whose relay it is."""
    topology = build(behind(SYMMETRIC), behind(SYMMETRIC), rtt=0.050)
    servers = ice_servers(topology, turn=True)
    made = Call(topology, config=AgentConfig(servers=servers), plan=Plan(signalling=0.030)).run()
    made.assert_connected()
    (owner,) = [
        peer
        for peer in (made.a, made.b)
        if (chosen := peer.selected()) is not None and chosen.local.type is CandidateType.RELAYED
    ]
    return made, owner


@rfc("8445", "12.1", "MAY/MUST", "8445-12.1-1")
@pytest.mark.parametrize("role", list(Role))
def test_data_may_flow_on_the_best_valid_pair_before_one_is_selected(role: Role) -> None:
    alone = Alone(role, peers=peers(PEER, SECOND))
    assert alone.send_media() is None
    alone.run(0.05)
    alone.answer(alone.log[1])
    assert alone.path() == SECOND
    assert alone.selected() is None
    assert alone.send_media() is not None
    alone.answer(alone.log[0])
    assert alone.path() == PEER, "a better valid pair takes over"


@rfc("8445", "12.1", "MAY/MUST", "8445-12.1-1")
def test_after_selection_data_flows_on_the_selected_pair_only() -> None:
    alone = Alone(peers=peers(PEER, SECOND))
    alone.serve(0.2)
    assert alone.path() == PEER
    alone.nominate(SECOND)
    assert alone.path() == SECOND, "selected, though another valid pair is better"
    alone.serve(30.0)
    assert alone.path() == SECOND
    sent = alone.send_media(MEDIA)
    assert sent is not None
    assert (sent.data, str(sent.remote)) == (MEDIA, SECOND)


@rfc("8445", "12.1", "RECOMMENDED", "8445-12.1-2")
def test_a_selected_relay_gets_a_channel() -> None:
    made, owner = relayed_call()
    made.world.run(until=made.world.now + 1.0)
    path = owner.agent.media(0, 1).send
    assert path is not None
    assert path.relayed
    assert path.channel is not None
    assert path.to == made.topology.turn.address


@rfc("8445", "12.1", "rule", "8445-12.1-5")
def test_data_of_a_relayed_pair_goes_through_the_server_in_frames() -> None:
    made, owner = relayed_call()
    other = made.b if owner is made.a else made.a
    talk = Talk(made.a, made.b)
    made.world.run(until=made.world.now + 2.0)
    talk.stop()
    assert talk.missing(other) == 0
    to_server = [
        line.data
        for line in made.world.trace.lines()
        if (line.where, line.what) == (owner.name, "sends") and is_channel_data(line.data)
    ]
    assert len(to_server) > 50
    assert all(data[4:5] == b"\x80" for data in to_server)


@rfc("8445", "12.1", "rule", "8445-12.1-5")
def test_data_leaves_from_the_base_and_not_from_the_mapped_address() -> None:
    wire = pair_of()
    inside, outside = address("10.0.0.1:5000"), address("192.0.2.3:45664")
    wire.nat[inside] = outside
    wire.connect().run(1.0)
    chosen = wire.a.selected()
    assert chosen is not None
    assert chosen.local.address == outside
    path = wire.a.agent.media(0, 1).send
    assert path is not None
    assert path.base.address == inside
    assert path.to == address("10.0.0.2:6000")


@rfc("8445", "12.1", "rule", "8445-12.1-3")
def test_during_a_restart_the_previous_pair_stays_the_selected_one() -> None:
    wire = pair_of().connect().run(5.0)
    before = wire.a.agent.media(0, 1)
    restart = wire.a.agent.prepare_restart(wire.now), wire.b.agent.prepare_restart(wire.now)
    wire.connect()
    for side, identifier in zip((wire.a, wire.b), restart, strict=True):
        side.agent.commit_restart(wire.now, identifier)
    wire.drain()
    while len(wire.a.all(PairSelected)) == 1:
        assert wire.a.agent.media(0, 1).send == before.send
        assert wire.a.agent.send(wire.now, 0, 1, MEDIA)
        assert wire.a.agent.take_commands()
        assert wire.step()


@rfc("8445", "12.1", "MUST NOT", "8445-12.1-4")
def test_a_stream_that_failed_carries_no_data_on_any_component() -> None:
    """Other pairs of it are valid, but the nomination of the best has failed."""
    own = [*peers(PEER, SECOND), remote(RTCP, component=2, foundation="r")]
    alone = Alone(Role.CONTROLLING, AgentConfig(pac=0.05), peers=own, components=2)
    alone.run(0.1)
    for check in requests(alone.log):
        alone.answer(check)
    assert alone.path() == PEER
    nomination = next(sent for sent in alone.run(0.4) if sent.nominates and str(sent.to) == PEER)
    alone.refuse(nomination, 400)
    assert alone.side.all(StreamFailed)
    for component in (1, 2):
        assert alone.agent.media(0, component).send is None
        assert alone.send_media(component=component) is None


@rfc("8445", "12.1.1", "MUST NOT", "8445-12.1.1-1")
@rfc("8445", "12.1.1", "", "AT-61")
def test_a_lite_agent_sends_nothing_before_each_component_has_a_valid_pair() -> None:
    own = [remote(PEER), remote(RTCP, component=2, priority=2130706430)]
    alone = Alone(config=AgentConfig(lite=True), peers=own, components=2)
    alone.nominate()
    for component in (1, 2):
        assert alone.agent.media(0, component).send is None
        assert alone.send_media(component=component) is None
    alone.nominate(RTCP, to="10.0.0.1:5001")
    for component in (1, 2):
        assert alone.agent.media(0, component).send is not None
        assert alone.send_media(component=component) is not None


@rfc("8445", "12.2", "SHOULD", "8445-12.2-1")
def test_data_of_the_peer_is_welcome_on_every_candidate_that_it_has_checked() -> None:
    """Also before our own check of that pair has succeeded."""
    alone = Alone(hosts=[OWN, "10.0.1.1:5000"], peers=peers(PEER))
    alone.ask()
    alone.ask(to="10.0.1.1:5000")
    welcome = alone.agent.media(0, 1).receive
    sources = {Source(alone.base(at), address(PEER)) for at in (OWN, "10.0.1.1:5000")}
    assert welcome == sources


@rfc("8445", "12.2", "SHOULD", "8445-12.2-1")
def test_data_of_a_checked_candidate_stays_welcome_where_the_selected_pair_ends() -> None:
    """baresip sends from its relay, whichever pair was nominated."""
    alone = Alone(peers=peers(PEER, SECOND))
    alone.ask(SECOND)
    alone.serve(0.2)
    alone.nominate(PEER)
    alone.serve(10.0)
    assert alone.path() == PEER
    welcome = alone.agent.media(0, 1).receive
    assert welcome == {Source(alone.base(OWN), address(at)) for at in (PEER, SECOND)}


@rfc("8445", "12.2", "SHOULD", "8445-12.2-1")
def test_data_of_strangers_is_welcome_nowhere() -> None:
    alone = Alone()
    alone.ask("10.6.6.6:666", pwd="guessed")
    alone.receive(b"\x80 media", "10.6.6.6:666")
    assert alone.agent.media(0, 1).receive == frozenset()
    assert alone.side.all(DataReceived) == []


@rfc("8445", "12.2", "RECOMMENDED", "8445-12.2-3")
def test_a_change_of_the_path_is_told_with_the_new_addresses() -> None:
    alone = Alone(peers=peers(PEER, SECOND))
    alone.serve(0.1, deaf=[PEER])
    alone.nominate(SECOND)
    alone.serve(1.0)
    alone.nominate(PEER)
    alone.serve(1.5)
    told = [event.table.send.to for event in alone.side.all(MediaChanged) if event.table.send]
    assert [str(to) for to in dict.fromkeys(told)] == [SECOND, PEER]
    assert [str(event.path.to) for event in alone.side.all(PairSelected)] == [SECOND, PEER]
