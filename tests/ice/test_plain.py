"""Media without ICE: path, latching, keepalives and relays of a plain stream."""

from __future__ import annotations

import json
from random import Random

import pytest

from sipice.errors import UsageError
from sipice.ice import (
    Agent,
    AgentConfig,
    CandidateType,
    DataReceived,
    GatheringFinished,
    MediaChanged,
    Role,
)
from sipice.ice.replay import replay
from sipice.net import SILENT, Address, Path, ReleaseBase, SendDatagram, Source
from sipice.trace import JsonLines
from tests.ice.harness import Side, address, pair_of
from tests.simnet.call import ice_servers
from tests.simnet.nat import SYMMETRIC
from tests.simnet.peer import Peer
from tests.simnet.topology import OPEN, behind, build

RTP = b"\x80" + bytes(15)
PEER = address("10.0.9.9:4000")


def plain_side(latch: float = 5.0, *, components: int = 1) -> Side:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"], components=components)
    ways = [
        (base, Address(PEER.ip, PEER.port + number))
        for number, base in enumerate(side.bases.values())
    ]
    side.agent.use_plain(1.0, 0, ways, latch)
    side.take(1.0)
    return side


def test_media_leaves_from_the_base_to_the_peer_and_comes_back_the_same_way() -> None:
    side = plain_side(components=2)
    for component, base in enumerate(side.bases.values(), 1):
        peer = Address(PEER.ip, PEER.port + component - 1)
        table = side.agent.media(0, component)
        assert table.send == Path(base, peer, peer)
        assert table.receive == {Source(base, peer)}
    assert len(side.all(MediaChanged)) == 2


def test_the_path_moves_once_to_where_media_comes_from() -> None:
    side = plain_side()
    base = side.bases[address("10.0.0.1:5000")]
    outside = address("203.0.113.7:61000")
    side.agent.receive_datagram(2.0, RTP, base, outside)
    side.take(2.0)
    assert side.all(DataReceived)[-1].data == RTP
    table = side.agent.media(0, 1)
    assert table.send == Path(base, outside, outside)
    assert {source.remote for source in table.receive} == {PEER, outside}
    side.agent.receive_datagram(2.1, RTP, base, address("198.51.100.1:7"))
    side.take(2.1)
    assert side.agent.media(0, 1) == table, "only once"


@pytest.mark.parametrize(
    ("now", "data", "source"),
    [
        (6.1, RTP, "203.0.113.7:61000"),
        (2.0, b"", "203.0.113.7:61000"),
        (2.0, RTP, "127.0.0.1:61000"),
    ],
    ids=["too late", "nothing in it", "an address that is not permitted"],
)
def test_what_does_not_move_the_path(now: float, data: bytes, source: str) -> None:
    side = plain_side()
    before = side.agent.media(0, 1)
    side.agent.receive_datagram(now, data, side.bases[address("10.0.0.1:5000")], address(source))
    side.take(now)
    assert side.agent.media(0, 1) == before
    assert side.all(DataReceived) == []


def test_the_mapping_is_kept_open_while_nothing_is_sent() -> None:
    side = plain_side()
    sent: list[tuple[float, Address]] = []
    while (due := side.agent.next_timeout()) is not None and due < 60.0:
        side.agent.handle_timeout(due)
        sent += [(due, command.remote) for command in side.take(due)]
    assert sent == [(16.0, PEER), (31.0, PEER), (46.0, PEER)]


def test_media_that_was_sent_puts_the_keepalive_off() -> None:
    side = plain_side()
    assert side.agent.send(9.0, 0, 1, RTP)
    side.agent.media_sent(10.0, 0, 1)
    assert side.agent.next_timeout() == 25.0


def test_without_an_address_of_the_peer_nothing_is_sent() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"])
    (base,) = side.bases.values()
    side.agent.use_plain(0.0, 0, [(base, None)], 5.0)
    side.agent.receive_datagram(1.0, RTP, base, PEER)
    side.agent.handle_timeout(15.0)
    assert not side.agent.send(15.0, 0, 1, RTP)
    assert side.take(15.0) == []
    assert side.agent.media(0, 1) == SILENT


def test_a_loopback_address_of_a_peer_is_no_destination() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"])
    (base,) = side.bases.values()
    side.agent.use_plain(0.0, 0, [(base, address("127.0.0.1:4000"))], 5.0)
    assert side.agent.media(0, 1).send is None


def test_bases_that_are_not_used_are_released() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000", "10.0.1.1:5000"])
    first, second = side.bases.values()
    side.agent.use_plain(0.0, 0, [(first, PEER)], 0.0)
    side.take(0.0)
    assert side.released == [second]
    with pytest.raises(UsageError, match="gone"):
        side.agent.use_plain(0.0, 0, [(second, PEER)], 0.0)


def test_ice_comes_back_without_a_gap() -> None:
    wire = pair_of()
    (base,) = wire.a.bases.values()
    wire.a.agent.use_plain(0.0, 0, [(base, PEER)], 0.0)
    restart = wire.a.agent.prepare_restart(0.0)
    wire.a.agent.use_ice(0.0, 0)
    wire.connect()
    wire.a.agent.commit_restart(0.0, restart)
    wire.run(5.0)
    paths = [event.table.send for event in wire.a.all(MediaChanged)]
    assert None not in paths
    send = wire.a.agent.media(0, 1).send
    assert send is not None
    assert send.to == address("10.0.0.2:6000")


def test_ice_that_was_under_way_ends() -> None:
    wire = pair_of().connect()
    wire.run(0.010)
    (base,) = wire.a.bases.values()
    wire.a.agent.use_plain(wire.now, 0, [(base, PEER)], 0.0)
    before = len(wire.requests(wire.a))
    wire.a.take(wire.now)
    wire.run(10.0)
    assert len(wire.requests(wire.a)) == before


def test_the_components_that_both_sides_agreed_on_stay() -> None:
    wire = pair_of(components=2)
    wire.a.agent.keep_components(0.0, 0, 1)
    wire.b.agent.keep_components(0.0, 0, 1)
    wire.connect().run(5.0)
    assert {event.port for event in (base.address for base in wire.a.released)} == {5001}
    assert wire.a.selected(0, 1) is not None
    assert wire.a.selected(0, 2) is None


def test_a_component_in_use_falls_silent_when_it_is_given_up() -> None:
    wire = pair_of(components=2)
    wire.connect().run(5.0)
    wire.a.agent.keep_components(wire.now, 0, 1)
    wire.a.take(wire.now)
    last = wire.a.all(MediaChanged)[-1]
    assert (last.component, last.table) == (2, SILENT)
    assert wire.a.agent.media(0, 1).send is not None


@pytest.mark.parametrize("latches", [False, True])
def test_a_relayed_default_reaches_the_peer_through_the_server(latches: bool) -> None:
    topology = build(behind(SYMMETRIC), OPEN, rtt=0.050)
    lines: list[str] = []
    config = AgentConfig(servers=ice_servers(topology, turn=True))
    a = Peer(topology.a.host, role=Role.CONTROLLING, config=config, tracer=JsonLines(lines.append))
    a.bind_all()
    a.tell(a.agent.gather)
    world = topology.world
    world.run(until=5.0, stop=lambda: a.first(GatheringFinished) is not None)
    relayed = next(
        c for c in a.agent.local_description(0).candidates if c.type is CandidateType.RELAYED
    )
    assert relayed.base is not None
    heard: list[Address] = []
    other = topology.b.host.bind(topology.b.host.ips[0], lambda packet: heard.append(packet.src))
    named = other.address if not latches else Address(other.address.ip, 9999)
    a.tell(a.agent.use_plain, 0, ((relayed.base, named),), 5.0)
    world.run(until=world.now + 1.0)
    other.send(relayed.address, RTP)
    world.run(until=world.now + 1.0)
    assert a.send_media(RTP)
    world.run(until=world.now + 1.0)
    assert [data for _, data in a.media] == [RTP]
    assert heard[-1] == relayed.address
    path = a.agent.media(0, 1).send
    assert path is not None
    assert path.channel is not None
    assert replay([json.loads(line) for line in lines]) is None


def test_one_sibling_may_do_without_ice_while_the_other_goes_on() -> None:
    wire = pair_of()
    sibling: Agent = wire.a.agent.fork(0.0)
    (base,) = wire.a.bases.values()
    sibling.use_plain(0.0, 0, [(base, PEER)], 0.0)
    wire.connect().run(5.0)
    assert wire.a.selected() is not None
    assert sibling.media(0, 1).send == Path(base, PEER, PEER)
    sibling.close(5.0)
    assert not any(isinstance(c, ReleaseBase | SendDatagram) for c in sibling.take_commands())


def test_another_process_goes_on_where_media_went_without_ice() -> None:
    side = plain_side()
    base = side.bases[address("10.0.0.1:5000")]
    outside = address("203.0.113.7:61000")
    side.agent.receive_datagram(2.0, RTP, base, outside)
    side.take(2.0)
    before = side.agent.media(0, 1)
    data = side.agent.export(3.0)
    later = Agent.restore(AgentConfig(), data, 1003.0, rng=Random(1))
    assert later.media(0, 1) == before
    assert later.next_timeout() == 1016.0
    later.receive_datagram(1004.0, RTP, base, address("198.51.100.1:7"))
    assert later.media(0, 1) == before, "it has moved once already"
