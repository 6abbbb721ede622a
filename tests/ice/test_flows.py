"""RFC 6544: connections of TCP candidates, their frames, their loss."""

from __future__ import annotations

import pytest

from sipice.errors import UsageError
from sipice.ice import (
    AgentConfig,
    Candidate,
    CandidateType,
    DataReceived,
    Description,
    Loss,
    PairSelected,
    PathLost,
    Role,
    TcpType,
)
from sipice.ice.pair import PairState
from sipice.net import (
    Address,
    Base,
    CloseConnection,
    Command,
    Flow,
    Listen,
    OpenConnection,
    SendDatagram,
    SendStream,
    Transport,
)
from sipice.stun import Class, Message, decode
from sipice.stun.framing import Framer, frame_rfc4571
from tests.ice.harness import Puppet, Side, address
from tests.marks import rfc

TCP = AgentConfig(ice_tcp=True)
HOST = address("10.0.0.1:5000")
PEER = address("10.0.0.2:6000")


def tcp_candidate(
    at: Address, kind: TcpType, priority: int = 2124414975, foundation: str = "t"
) -> Candidate:
    return Candidate(1, CandidateType.HOST, at, priority, foundation, Transport.TCP, tcptype=kind)


class Case:
    def __init__(self, role: Role, *kinds: TcpType, peer: TcpType, config: AgentConfig = TCP):
        self.side = Side("a", role, config=config)
        self.agent = self.side.agent
        self.bases = {kind: self.agent.add_local_tcp(0.0, 0, 1, HOST, kind) for kind in kinds}
        at = PEER if peer is not TcpType.ACTIVE else Address(PEER.ip, 9)
        self.puppet = Puppet(self.side, candidates=[tcp_candidate(at, peer)])
        self.agent.local_description(0)
        self.agent.set_remote_description(0.0, 0, self.puppet.description)
        self.commands: list[Command] = []
        self.take()

    def take(self) -> list[Command]:
        new = self.agent.take_commands()
        self.side.events += self.agent.take_events()
        self.commands += new
        return new

    def run(self, until: float) -> list[Command]:
        found = self.take()
        while (due := self.agent.next_timeout()) is not None and due <= until:
            self.agent.handle_timeout(due)
            found += self.take()
        return found

    def connect(self, now: float = 0.01) -> tuple[OpenConnection, Message]:
        (opened,) = [c for c in self.run(now) if isinstance(c, OpenConnection)]
        self.agent.connection_opened(now, opened.flow)
        return opened, self.message()

    def message(self) -> Message:
        (sent,) = [c for c in self.take() if isinstance(c, SendStream)]
        (packet,) = Framer.rfc4571().feed(sent.data)
        return decode(packet)

    def receive(self, flow: Flow, packet: bytes, now: float = 0.02) -> None:
        self.agent.receive_stream(now, flow, frame_rfc4571(packet))

    def selected(self) -> bool:
        return any(isinstance(event, PairSelected) for event in self.side.events)


@rfc("6544", "4.1", "RECOMMENDED", "6544-4.1-1")
def test_tcp_candidates_have_to_be_switched_on() -> None:
    side = Side("a", Role.CONTROLLING)
    with pytest.raises(UsageError, match="ice_tcp"):
        side.agent.add_local_tcp(0.0, 0, 1, HOST, TcpType.ACTIVE)


@rfc("6544", "4.1", "SHOULD", "6544-4.1-2")
@rfc("6544", "4.5", "MUST", "6544-4.5-1")
@rfc("6544", "4.2", "SHOULD", "6544-4.2-1")
@rfc("6544", "4.2", "MUST", "6544-4.2-2")
@rfc("6544", "7.2", "MUST", "6544-7.2-1")
def test_candidates_of_each_kind_have_their_port_priority_and_listener() -> None:
    side = Side("a", Role.CONTROLLING, config=TCP)
    for kind, port in ((TcpType.ACTIVE, 0), (TcpType.PASSIVE, 5000), (TcpType.SO, 5001)):
        side.agent.add_local_tcp(0.0, 0, 1, Address(HOST.ip, port), kind)
    made = {c.tcptype: c for c in side.agent.local_description(0).candidates}
    assert {kind: (c.address.port, c.priority) for kind, c in made.items()} == {
        TcpType.ACTIVE: (9, 2128609279),
        TcpType.PASSIVE: (5000, 2124414975),
        TcpType.SO: (5001, 2120220671),
    }
    assert len({c.foundation for c in made.values()}) == 3
    listening = [c.base.address.port for c in side.agent.take_commands() if isinstance(c, Listen)]
    assert listening == [5000, 5001]


@rfc("6544", "4.3", "RECOMMENDED/SHOULD NOT", "6544-4.3-1")
def test_the_default_candidate_is_udp() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:7000"], TCP)
    side.agent.add_local_tcp(0.0, 0, 1, HOST, TcpType.PASSIVE)
    (default,) = side.agent.local_description(0).defaults
    assert default.transport is Transport.UDP


@rfc("6544", "6.2", "MUST", "6544-6.2-1")
@pytest.mark.parametrize("peer", list(TcpType))
def test_kinds_pair_with_their_partners_and_passive_ones_send_no_checks(peer: TcpType) -> None:
    case = Case(Role.CONTROLLING, *TcpType, peer=peer)
    pairs = case.agent._state.streams[0].current.checklist
    kinds = [(pair.local.tcptype, pair.remote.tcptype) for pair in pairs]
    expected = {
        TcpType.PASSIVE: [(TcpType.ACTIVE, TcpType.PASSIVE)],
        TcpType.SO: [(TcpType.SO, TcpType.SO)],
        TcpType.ACTIVE: [],
    }
    assert kinds == expected[peer]


@rfc("6544", "7.1", "MUST", "6544-7.1-1")
@rfc("6544", "7.1", "rule", "6544-7.1-3")
@rfc("6544", "4.1", "rule", "6544-4.1-4")
def test_a_check_connects_first_and_is_sent_once_in_a_frame() -> None:
    case = Case(Role.CONTROLLED, TcpType.ACTIVE, peer=TcpType.PASSIVE)
    (opened,) = [c for c in case.run(0.0) if isinstance(c, OpenConnection)]
    assert (opened.local, opened.remote) == (Address(HOST.ip, 0), PEER)
    case.agent.connection_opened(0.1, opened.flow)
    assert case.message().message_class is Class.REQUEST
    pair = case.agent._state.streams[0].current.checklist[0]
    assert not [c for c in case.run(39.4) if isinstance(c, SendStream)]
    assert pair.state is PairState.IN_PROGRESS
    case.run(39.5)
    assert pair.state.value == PairState.FAILED


@rfc("6544", "7.1", "rule", "6544-7.1-3")
@rfc("6544", "10.1", "MUST", "6544-10.1-1")
def test_the_active_side_nominates_over_its_connection_and_media_takes_it() -> None:
    case = Case(Role.CONTROLLING, TcpType.ACTIVE, peer=TcpType.PASSIVE)
    opened, check = case.connect()
    case.receive(opened.flow, case.puppet.success(check, address("10.0.0.1:43210")))
    case.run(0.05)
    nomination = decode(
        Framer.rfc4571().feed([c for c in case.commands if isinstance(c, SendStream)][-1].data)[0]
    )
    case.receive(opened.flow, case.puppet.success(nomination, address("10.0.0.1:43210")), 0.06)
    case.take()
    (selected,) = [e for e in case.side.events if isinstance(e, PairSelected)]
    assert selected.path.flow == opened.flow
    assert selected.local.type is CandidateType.PEER_REFLEXIVE
    assert case.agent.send(0.07, 0, 1, b"\x80media")
    assert case.take() == [SendStream(opened.flow, b"\x00\x06\x80media")]


@rfc("6544", "7.2", "MUST", "6544-7.2-1")
@rfc("6544", "10.2", "MUST", "6544-10.2-1")
def test_the_passive_side_answers_and_checks_back_over_the_same_connection() -> None:
    case = Case(Role.CONTROLLED, TcpType.PASSIVE, peer=TcpType.ACTIVE)
    flow = case.agent.connection_accepted(
        0.1, case.bases[TcpType.PASSIVE], address("10.0.0.2:43210")
    )
    request = frame_rfc4571(case.puppet.request(controlling=True, nominate=True))
    for at in range(0, len(request), 7):
        case.agent.receive_stream(0.1, flow, request[at : at + 7])
    commands = case.run(0.2)
    packets = [Framer.rfc4571().feed(c.data)[0] for c in commands if isinstance(c, SendStream)]
    answer, check = map(decode, packets)
    assert answer.message_class is Class.SUCCESS
    assert check.message_class is Class.REQUEST
    assert not any(isinstance(c, OpenConnection) for c in commands)
    case.receive(flow, case.puppet.success(check, HOST), 0.25)
    case.receive(flow, b"\x80media", 0.3)
    case.take()
    assert case.selected()
    assert [e.data for e in case.side.events if isinstance(e, DataReceived)] == [b"\x80media"]


@rfc("6544", "7.1", "MUST", "6544-7.1-2")
def test_a_connect_that_fails_fails_the_pair() -> None:
    case = Case(Role.CONTROLLED, TcpType.ACTIVE, peer=TcpType.PASSIVE)
    (opened,) = [c for c in case.run(0.0) if isinstance(c, OpenConnection)]
    case.agent.connection_closed(0.1, opened.flow)
    assert case.agent._state.streams[0].current.checklist[0].state is PairState.FAILED


@rfc("6544", "7.1", "SHOULD", "6544-7.1-4")
def test_an_answer_that_is_no_stun_ends_the_connection_and_the_pair() -> None:
    case = Case(Role.CONTROLLED, TcpType.ACTIVE, peer=TcpType.PASSIVE)
    opened, _ = case.connect()
    case.agent.receive_stream(0.1, opened.flow, b"\x00\x05HTTP/")
    assert CloseConnection(opened.flow) in case.take()
    assert case.agent._state.streams[0].current.checklist[0].state is PairState.FAILED


@rfc("6544", "12", "SHOULD NOT", "6544-12-1")
def test_no_more_than_five_connects_to_one_address_are_outstanding() -> None:
    side = Side("a", Role.CONTROLLED, config=TCP)
    side.agent.add_local_tcp(0.0, 0, 1, HOST, TcpType.ACTIVE)
    many = [
        tcp_candidate(Address(PEER.ip, 6000 + n), TcpType.PASSIVE, 1000 - n, f"t{n}")
        for n in range(9)
    ]
    puppet = Puppet(side, candidates=many)
    side.agent.set_remote_description(0.0, 0, puppet.description)
    opened: list[OpenConnection] = []

    def run(until: float) -> None:
        while (due := side.agent.next_timeout()) is not None and due <= until:
            side.agent.handle_timeout(due)
            commands = side.agent.take_commands()
            opened.extend(c for c in commands if isinstance(c, OpenConnection))

    run(2.0)
    assert len(opened) == 5
    side.agent.connection_closed(2.1, opened[0].flow)
    opened += [c for c in side.agent.take_commands() if isinstance(c, OpenConnection)]
    assert len(opened) == 6


@rfc("6544", "8", "MUST/SHOULD", "6544-8-1")
def test_unused_connections_are_closed_after_completion() -> None:
    case = Case(Role.CONTROLLING, TcpType.ACTIVE, peer=TcpType.PASSIVE)
    base: Base = case.agent.add_local_address(0.0, 0, 1, address("10.0.0.1:7000"))
    case.agent.local_description(0)
    case.take()
    (opened,) = [c for c in case.run(0.0) if isinstance(c, OpenConnection)]
    request = case.puppet.request(controlling=False)
    case.agent.receive_datagram(0.01, request, base, address("10.0.0.2:7000"))
    case.agent.connection_opened(0.01, opened.flow)
    while not case.selected():
        for command in case.run(case.agent.next_timeout() or 0.0):
            if isinstance(command, SendDatagram):
                message = decode(command.data)
                if message.message_class is Class.REQUEST:
                    answer = case.puppet.success(message, base.address)
                    case.agent.receive_datagram(0.2, answer, base, command.remote)
        case.take()
    assert CloseConnection(opened.flow) not in case.run(3.0)
    assert CloseConnection(opened.flow) in case.run(4.0)


@rfc("6544", "11.1", "MUST", "6544-11.1-1")
def test_a_lost_connection_is_made_again_by_the_active_side_and_checked() -> None:
    case = Case(Role.CONTROLLED, TcpType.ACTIVE, peer=TcpType.PASSIVE)
    opened, check = case.connect()
    case.receive(opened.flow, case.puppet.request(controlling=True, nominate=True), 0.02)
    case.receive(opened.flow, case.puppet.success(check, address("10.0.0.1:43210")), 0.03)
    case.run(1.0)
    assert case.selected()
    case.agent.connection_closed(1.5, opened.flow)
    (again,) = [c for c in case.take() if isinstance(c, OpenConnection)]
    assert again.flow != opened.flow
    case.agent.connection_opened(1.6, again.flow)
    check = case.message()
    assert case.agent.media(0, 1).send is None, "nothing has shown that it is the peer"
    case.receive(again.flow, case.puppet.success(check, address("10.0.0.1:43211")), 1.7)
    path = case.agent.media(0, 1).send
    assert path is not None
    assert path.flow == again.flow
    case.agent.connection_closed(2.0, again.flow)
    (third,) = [c for c in case.take() if isinstance(c, OpenConnection)]
    case.agent.connection_closed(2.1, third.flow)
    case.take()
    lost = [e for e in case.side.events if isinstance(e, PathLost)]
    assert [e.reason for e in lost] == [Loss.CONNECTION_CLOSED]


def test_a_flow_that_takes_no_bytes_keeps_a_little_stun_and_no_media() -> None:
    case = Case(Role.CONTROLLED, TcpType.ACTIVE, peer=TcpType.PASSIVE)
    opened, check = case.connect()
    case.receive(opened.flow, case.puppet.success(check, address("10.0.0.1:43210")))
    case.agent.writable(0.1, opened.flow, ready=False)
    case.take()
    for _ in range(100):
        case.receive(opened.flow, case.puppet.request(controlling=True), 0.2)
        case.agent.send(0.2, 0, 1, b"\x80" + bytes(160))
    assert [c for c in case.take() if isinstance(c, SendStream)] == []
    case.agent.writable(0.3, opened.flow)
    kept = [c.data for c in case.take() if isinstance(c, SendStream)]
    assert 0 < sum(map(len, kept)) <= TCP.max_stream_backlog
    assert all(data[2] < 4 for data in kept), "media is worth nothing later"


def test_strangers_who_connect_drive_each_other_out_and_not_the_peer() -> None:
    case = Case(Role.CONTROLLED, TcpType.PASSIVE, peer=TcpType.ACTIVE)
    base = case.bases[TcpType.PASSIVE]
    flow = case.agent.connection_accepted(0.0, base, address("10.0.0.2:45000"))
    case.receive(flow, case.puppet.request(controlling=True), 0.0)
    flows = [
        case.agent.connection_accepted(1.0, base, address(f"10.9.9.9:{1024 + number}"))
        for number in range(100)
    ]
    closed = [c.flow for c in case.take() if isinstance(c, CloseConnection)]
    assert closed == flows[: -TCP.max_strangers]
    case.receive(flow, case.puppet.request(controlling=True), 1.1)
    assert [c.flow for c in case.take() if isinstance(c, SendStream)] == [flow]


def test_a_foreign_flow_is_nobodys() -> None:
    case = Case(Role.CONTROLLED, TcpType.ACTIVE, peer=TcpType.PASSIVE)
    case.agent.receive_stream(1.0, Flow(999), b"\x00\x01x")
    case.agent.connection_closed(1.0, Flow(999))
    case.agent.connection_opened(1.0, Flow(999))
    description: Description = case.agent.local_description(0)
    assert description.candidates
