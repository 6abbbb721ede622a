"""RFC 8656 §3.1: TURN servers over TCP and TLS."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from sipice.ice import (
    AgentConfig,
    CandidateType,
    GatheringFinished,
    IceServer,
    Loss,
    NamedServer,
    PathLost,
    RelayLost,
    RestartFinished,
    Role,
    ServerFailed,
    ServerUri,
)
from sipice.ice.replay import replay
from sipice.net import Address, CloseConnection, OpenConnection, SendStream, Transport
from sipice.trace import JsonLines
from tests.ice.asking import OWN, Case
from tests.ice.harness import address
from tests.marks import rfc
from tests.simnet.call import Call, Exchange, Plan, ice_servers
from tests.simnet.nat import PORT_RESTRICTED, SYMMETRIC
from tests.simnet.peer import Peer
from tests.simnet.servers import Manner
from tests.simnet.topology import BLOCKED, SiteKind, Topology, behind, build
from tests.simnet.turn_server import Policy

TURN = address("192.0.2.9:3478")
TLS = NamedServer(ServerUri.parse("turns:turn.example:5349"), "user", "secret")


def over_tcp(topology: Topology) -> tuple[IceServer, ...]:
    (server,) = ice_servers(topology, stun=False, turn=True)
    assert isinstance(server, IceServer)
    return (replace(server, transport=Transport.TCP),)


def call(a: SiteKind = BLOCKED, b: SiteKind = BLOCKED, *, policy: Policy | None = None) -> Call:
    topology = build(a, b, rtt=0.02, policy=policy)
    return Call(topology, config=AgentConfig(servers=over_tcp(topology)))


def test_where_udp_is_blocked_two_relays_over_tcp_connect_and_carry_media_in_channels() -> None:
    made = call().run()
    made.assert_connected()
    made.world.run(until=made.world.now + 5.0)
    for peer in (made.a, made.b):
        path = peer.agent.media(0, 1).send
        assert path is not None
        assert path.relayed
        assert path.flow is not None
        assert path.channel is not None
    for number in range(3):  # one of each length modulo 4
        assert made.a.send_media(b"\x80 to b" + bytes(number))
        assert made.b.send_media(b"\x80 to a" + bytes(number))
    made.world.run(until=made.world.now + 1.0)
    assert [data for _, data in made.b.media] == [b"\x80 to b" + bytes(n) for n in range(3)]
    assert [data for _, data in made.a.media] == [b"\x80 to a" + bytes(n) for n in range(3)]
    assert made.topology.turn.unpermitted == 0


def test_the_address_that_a_server_sees_of_a_connection_is_no_candidate() -> None:
    made = call(behind(PORT_RESTRICTED), behind(PORT_RESTRICTED)).run()
    kinds = [one.type for one in made.a.agent.local_description(0).candidates]
    assert CandidateType.SERVER_REFLEXIVE not in kinds
    assert CandidateType.RELAYED in kinds


@rfc("6544", "4.1", "MUST", "6544-4.1-3")
@rfc("6544", "11.2", "SHOULD/MUST", "6544-11.2-1")
def test_a_connection_stays_while_ice_runs_and_then_as_long_as_its_relay_is_used() -> None:
    made = call(behind(SYMMETRIC), behind(SYMMETRIC))
    made.start()
    made.world.run(until=made.world.now + 60.0, stop=lambda: made.completed)
    assert made.a.flows, "it was opened for gathering, and ICE has only just completed"
    relayed = made.a.selected()
    assert relayed is not None
    made.world.run(until=made.world.now + 60.0)
    used = [peer for peer in (made.a, made.b) if peer.agent.media(0, 1).send.flow]  # type: ignore[union-attr]
    assert used
    for peer in (made.a, made.b):
        assert bool(peer.flows) == (peer in used)


@rfc("6544", "11.2", "SHOULD/MUST", "6544-11.2-1")
def test_a_connection_whose_relay_was_not_selected_is_closed_after_ice() -> None:
    made = call(SiteKind(), SiteKind()).run()
    assert made.a.flows
    made.world.run(until=made.world.now + 10.0)
    assert not made.a.flows
    assert made.topology.turn.allocations == {}


@rfc("6544", "11.2", "SHOULD/MUST", "6544-11.2-1")
def test_when_the_connection_in_use_is_lost_a_restart_connects_and_allocates_anew() -> None:
    made = call().run()
    made.world.run(until=made.world.now + 10.0)
    made.topology.turn.hang_up()
    made.world.run(until=made.world.now + 1.0)
    assert [event.reason for event in made.a.all(RelayLost)] == [GONE]
    assert [event.reason for event in made.a.all(PathLost)] == [Loss.RELAY_LOST]
    made.restart(gather=True)
    made.world.run(until=made.world.now + 20.0)
    assert made.a.first(RestartFinished)
    assert made.a.send_media(b"\x80 again")
    made.world.run(until=made.world.now + 1.0)
    assert made.b.media[-1][1] == b"\x80 again"


GONE = "the connection to the server is gone"


def test_a_connection_that_breaks_while_we_gather_is_made_anew() -> None:
    """A server that is silent keeps gathering open, so the new candidate can still be told."""
    topology = build(BLOCKED, BLOCKED, rtt=0.02)
    topology.stun.manner = Manner.DEAD
    (silent,) = ice_servers(topology)
    config = AgentConfig(servers=(*over_tcp(topology), silent), trickle=True)
    made = Call(topology, config=config, plan=Plan(exchange=Exchange.TRICKLE, signalling=0.01))
    made.world.at(0.35, topology.turn.hang_up)
    made.run()
    assert made.a.all(RelayLost)
    made.assert_connected()


def test_a_server_that_always_hangs_up_is_left_alone_after_three_connections() -> None:
    topology = build(BLOCKED, BLOCKED, rtt=0.02)
    topology.stun.manner = Manner.DEAD
    (silent,) = ice_servers(topology)
    config = AgentConfig(servers=(*over_tcp(topology), silent), trickle=True)
    made = Call(topology, config=config, plan=Plan(exchange=Exchange.TRICKLE, signalling=0.01))
    for number in range(20):
        made.world.at(0.5 + number / 5, topology.turn.hang_up)
    made.run(limit=20.0)
    assert len(made.a.all(RelayLost)) == 3
    assert topology.turn.allocations == {}


def test_an_allocation_over_a_connection_ends_with_its_process_and_is_told() -> None:
    made = call().run()
    made.a.reincarnate()
    assert [event.reason for event in made.a.all(PathLost)] == [Loss.RELAY_LOST]


def test_closing_a_session_gives_the_allocation_back_over_the_connection() -> None:
    made = call().run()
    made.a.tell(made.a.agent.close)
    made.world.run(until=made.world.now + 1.0)
    assert not made.a.flows
    codes = [(method.name, code) for _, method, code in made.topology.turn.log]
    assert codes[-1] == ("REFRESH", 0)
    assert len(made.topology.turn.allocations) == 1, "the other side's"


def test_refresh_and_permissions_go_on_over_the_connection_for_an_hour() -> None:
    made = call().run()
    made.world.run(until=made.world.now + 3600.0)
    assert not made.a.all(RelayLost)
    assert made.a.send_media(b"\x80 late")
    made.world.run(until=made.world.now + 1.0)
    assert made.b.media[-1][1] == b"\x80 late"


def test_a_redirection_is_followed_over_a_connection_of_its_own() -> None:
    topology = build(BLOCKED, BLOCKED, rtt=0.02)
    elsewhere = Policy(refuse_allocate=300, alternate=topology.turn.address)
    first = build_second(topology, elsewhere)
    (server,) = over_tcp(topology)
    config = AgentConfig(servers=(replace(server, address=first),))
    made = Call(topology, config=config).run()
    made.assert_connected()
    assert len(made.topology.turn.allocations) == 2


def build_second(topology: Topology, policy: Policy) -> Address:
    from tests.simnet.host import Host
    from tests.simnet.turn_server import TurnServer

    host = Host(topology.world, "turn-too")
    host.attach(topology.internet, ["203.0.113.19"])
    return TurnServer(host, realm=topology.turn.auth.realm, policy=policy).address


def test_a_session_over_a_connection_is_recorded_and_replayed() -> None:
    topology = build(BLOCKED, BLOCKED, rtt=0.02)
    lines: list[str] = []
    config = AgentConfig(servers=over_tcp(topology))
    made = Call(topology, config=config, tracers=(JsonLines(lines.append), None)).run()
    made.world.run(until=made.world.now + 30.0)
    secret = next(iter(topology.turn.auth.realm.users.values()))
    assert secret not in "".join(lines)
    assert replay([json.loads(line) for line in lines]) is None


# One agent, its connection in the hands of the test


def opened(case: Case) -> list[OpenConnection]:
    return [command for command in case.side.commands if isinstance(command, OpenConnection)]


def named() -> Case:
    case = Case(AgentConfig(servers=(TLS,)))
    case.run(0.0)
    case.agent.name_resolved(0.0, TLS.uri.query, [TURN])
    case.run(0.0)
    return case


def test_over_tls_the_shell_is_told_which_name_to_verify() -> None:
    (command,) = opened(named())
    assert (command.remote, command.tls) == (TURN, "turn.example")
    assert command.local == Address(OWN.ip, 0)


@pytest.mark.parametrize(
    ("why", "told"),
    [
        (None, "no connection to it could be made"),
        ("its certificate is not for turn.example", "its certificate is not for turn.example"),
    ],
)
def test_a_connection_that_cannot_be_made_is_told_with_its_reason(
    why: str | None, told: str
) -> None:
    case = named()
    (command,) = opened(case)
    case.agent.connection_closed(0.2, command.flow, why)
    case.run(0.2)
    (event,) = case.side.all(ServerFailed)
    assert (event.server, event.why) == ("turns:turn.example:5349", told)
    assert case.side.when(GatheringFinished) == 0.2
    assert not [one for one in case.side.commands if isinstance(one, CloseConnection)]


def test_what_is_no_turn_ends_the_connection() -> None:
    case = named()
    (command,) = opened(case)
    case.agent.connection_opened(0.1, command.flow)
    case.agent.receive_stream(0.1, command.flow, b"\xff" * 8)
    case.run(0.1)
    (event,) = case.side.all(ServerFailed)
    assert event.why == "what it sends is not TURN"
    assert CloseConnection(command.flow) in case.side.commands


def test_requests_wait_for_a_connection_that_takes_no_bytes() -> None:
    case = named()
    (command,) = opened(case)
    case.agent.writable(0.0, command.flow, False)
    case.agent.connection_opened(0.1, command.flow)
    case.run(0.5)
    assert not [one for one in case.side.commands if isinstance(one, SendStream)]
    case.agent.writable(0.6, command.flow)
    case.run(0.6)
    (sent,) = [one for one in case.side.commands if isinstance(one, SendStream)]
    assert sent.data[:2] == b"\0\3"
    case.run(30.0)
    assert len([one for one in case.side.commands if isinstance(one, SendStream)]) == 1


def test_the_next_address_of_a_name_is_tried_when_the_first_does_not_connect() -> None:
    case = Case(AgentConfig(servers=(TLS,)))
    case.run(0.0)
    case.agent.name_resolved(0.0, TLS.uri.query, [TURN, TURN._replace(port=443)])
    case.run(0.0)
    (command,) = opened(case)
    case.agent.connection_closed(0.2, command.flow)
    case.run(0.4)
    assert [one.remote.port for one in opened(case)] == [3478, 443]
    assert not case.side.all(ServerFailed)


@pytest.mark.parametrize("instant", [0.0, 0.03, 0.075, 0.09, 0.11, 0.2])
def test_a_stream_that_ends_while_its_connection_is_made_leaves_none(instant: float) -> None:
    topology = build(BLOCKED, BLOCKED, rtt=0.02)
    config = AgentConfig(servers=over_tcp(topology))
    peer = Peer(topology.a.host, role=Role.CONTROLLING, config=config, streams=2)
    peer.bind_all()
    peer.tell(peer.agent.gather)
    topology.world.at(instant, lambda: peer.tell(peer.agent.remove_stream, 0))
    topology.world.run(until=2.0)
    ports = list(peer.agent._state.local.relays)
    assert len(ports) == len(peer.flows) == len(topology.turn.allocations) == 1
    peer.tell(peer.agent.close)
    topology.world.run(until=3.0)
    assert not peer.flows
    assert not topology.turn.allocations
