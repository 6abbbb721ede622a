"""RFC 6544 over the life of a connection: restart, consent, closing."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sipice.ice import Loss, PathLost, RestartFinished, Role, TcpType
from sipice.net import (
    Address,
    Base,
    CloseConnection,
    Flow,
    OpenConnection,
    SendDatagram,
    SendStream,
)
from sipice.stun import Class, Message, decode
from sipice.stun import attributes as a
from sipice.stun.framing import Framer
from tests.ice.harness import Side, address
from tests.ice.test_flows import HOST, PEER, TCP, Case
from tests.marks import rfc

MAPPED = address("10.0.0.1:43210")


def frames(case: Case, until: float) -> list[Message]:
    """The STUN messages written to connections until then."""
    return [
        decode(packet)
        for command in case.run(until)
        if isinstance(command, SendStream)
        for packet in Framer.rfc4571().feed(command.data)
    ]


def requests(messages: list[Message]) -> list[Message]:
    return [one for one in messages if one.message_class is Class.REQUEST]


def connected() -> tuple[Case, Flow]:
    """An active side whose connection is selected."""
    case = Case(Role.CONTROLLED, TcpType.ACTIVE, peer=TcpType.PASSIVE)
    opened, check = case.connect()
    case.receive(opened.flow, case.puppet.success(check, MAPPED))
    case.receive(opened.flow, case.puppet.request(controlling=True, nominate=True))
    case.run(1.0)
    assert case.selected()
    return case, opened.flow


@rfc("6544", "4.2", "MUST", "6544-4.2-2")
@rfc("6544", "4.2", "", "AT-65")
def test_preferences_of_one_kind_are_unique_over_addresses() -> None:
    side = Side("a", Role.CONTROLLING, config=TCP)
    for number in range(4):
        at = address(f"10.0.{number}.1:5000")
        for kind in (TcpType.PASSIVE, TcpType.SO):
            side.agent.add_local_tcp(0.0, 0, 1, at, kind)
    made = side.agent.local_description(0).candidates
    directions: dict[TcpType | None, set[int]] = {}
    for candidate in made:
        preference = candidate.priority >> 8 & 0xFFFF
        directions.setdefault(candidate.tcptype, set()).add(preference)
    assert {kind: {one >> 13 for one in all_} for kind, all_ in directions.items()} == {
        TcpType.PASSIVE: {4},
        TcpType.SO: {2},
    }
    assert all(len(all_) == 4 for all_ in directions.values())


@rfc("6544", "6.2", "MUST", "6544-6.2-1")
@rfc("6544", "6.2", "", "AT-65")
@pytest.mark.parametrize("ours", list(TcpType))
@pytest.mark.parametrize("theirs", list(TcpType))
def test_only_partners_connect_and_the_passive_side_never_does(
    ours: TcpType, theirs: TcpType
) -> None:
    case = Case(Role.CONTROLLING, ours, peer=theirs)
    opened = [c for c in case.run(1.0) + case.commands if isinstance(c, OpenConnection)]
    partners = {(TcpType.ACTIVE, TcpType.PASSIVE), (TcpType.SO, TcpType.SO)}
    assert bool(opened) == ((ours, theirs) in partners)


@rfc("6544", "9.2", "MUST NOT", "6544-9.2-1")
def test_a_restart_neither_closes_the_connection_in_use_nor_opens_another() -> None:
    case, flow = connected()
    case.commands.clear()
    identifier = case.agent.prepare_restart(5.0)
    case.agent.local_description(0)
    case.agent.set_remote_description(5.0, 0, case.puppet.description)
    case.agent.commit_restart(5.0, identifier)
    ours = case.puppet.peer.ufrag
    sent = requests(frames(case, 5.1))
    (check,) = [one for one in sent if str(one.get(a.USERNAME)).endswith(ours)]
    path = case.agent.media(0, 1).send
    assert path is not None
    assert path.flow == flow
    case.receive(flow, case.puppet.success(check, MAPPED), 5.1)
    case.receive(flow, case.puppet.request(controlling=True, nominate=True), 5.2)
    case.run(20.0)
    assert [e for e in case.side.events if isinstance(e, RestartFinished)]
    assert not [c for c in case.commands if isinstance(c, CloseConnection | OpenConnection)]
    path = case.agent.media(0, 1).send
    assert path is not None
    assert path.flow == flow


@rfc("6544", "9.2", "SHOULD", "6544-9.2-2")
def test_a_restart_that_ends_on_another_pair_closes_the_former_connection() -> None:
    case, flow = connected()
    case.commands.clear()
    base = case.agent.add_local_address(5.0, 0, 1, address("10.0.0.1:7000"))
    identifier = case.agent.prepare_restart(5.0)
    case.agent.local_description(0)
    case.agent.set_remote_description(5.0, 0, case.puppet.description)
    case.agent.commit_restart(5.0, identifier)
    request = case.puppet.request(controlling=True, nominate=True)
    case.agent.receive_datagram(5.0, request, base, address("10.0.0.2:7000"))
    for command in case.run(5.5):
        if isinstance(command, SendDatagram):
            message = decode(command.data)
            if message.message_class is Class.REQUEST:
                answer = case.puppet.success(message, base.address)
                case.agent.receive_datagram(5.5, answer, base, command.remote)
    case.take()
    path = case.agent.media(0, 1).send
    assert path is not None
    assert path.base == base
    case.run(20.0)
    assert CloseConnection(flow) in case.commands


def accepting() -> tuple[Case, Base, Flow]:
    """A passive side to which the peer has connected from port 45000, and has nominated."""
    case = Case(Role.CONTROLLED, TcpType.PASSIVE, peer=TcpType.ACTIVE)
    base = case.bases[TcpType.PASSIVE]
    flow = case.agent.connection_accepted(0.0, base, address("10.0.0.2:45000"))
    case.receive(flow, case.puppet.request(controlling=True, nominate=True), 0.0)
    for check in requests(frames(case, 0.1)):
        case.receive(flow, case.puppet.success(check, HOST), 0.1)
    case.run(1.0)
    assert case.selected()
    return case, base, flow


def sends_over(case: Case) -> Flow | None:
    """The connection that media takes now."""
    path = case.agent.media(0, 1).send
    return None if path is None else path.flow


@rfc("6544", "11.1", "MUST", "6544-11.1-1")
@pytest.mark.parametrize("port", [45000, 45001])
def test_the_passive_side_waits_for_a_new_connection_and_checks_it(port: int) -> None:
    case, base, flow = accepting()
    assert sends_over(case) == flow
    case.agent.connection_closed(2.0, flow)
    assert sends_over(case) is None
    again = case.agent.connection_accepted(3.0, base, Address(PEER.ip, port))
    case.take()
    case.receive(again, case.puppet.request(controlling=True), 3.1)
    check, answer = frames(case, 3.1)
    assert (check.message_class, answer.message_class) == (Class.REQUEST, Class.SUCCESS)
    assert sends_over(case) is None
    case.receive(again, case.puppet.success(check, HOST), 3.2)
    assert sends_over(case) == again
    assert not [event for event in case.side.events if isinstance(event, PathLost)]


@rfc("6544", "11.1", "MUST", "6544-11.1-1")
@pytest.mark.parametrize("quiet", [True, False])
def test_a_connection_that_is_dead_without_a_word_is_replaced_too(quiet: bool) -> None:
    case, base, flow = accepting()
    (check,) = requests(frames(case, 6.1))[:1]
    if not quiet:
        case.receive(flow, case.puppet.success(check, HOST), 6.1)
    case.run(11.2)
    again = case.agent.connection_accepted(11.2, base, address("10.0.0.2:45001"))
    case.take()
    case.receive(again, case.puppet.request(controlling=True), 11.2)
    closed = [c.flow for c in case.commands if isinstance(c, CloseConnection)]
    sent = frames(case, 11.2)
    if not quiet:
        assert closed == []
        assert sends_over(case) == flow
        return
    (check,) = requests(sent)
    assert sends_over(case) is None
    case.receive(again, case.puppet.success(check, HOST), 11.3)
    assert sends_over(case) == again
    assert [c.flow for c in case.commands if isinstance(c, CloseConnection)] == [flow]


@rfc("6544", "11.1", "MUST", "6544-11.1-1")
def test_a_connection_on_which_nothing_authentic_comes_replaces_nothing() -> None:
    case, base, flow = accepting()
    case.agent.connection_closed(2.0, flow)
    other = case.agent.connection_accepted(3.0, base, address("10.9.9.9:1024"))
    case.take()
    case.receive(other, case.puppet.request(controlling=True, pwd="wrong" * 5), 3.1)
    assert requests(frames(case, 3.1)) == []
    assert sends_over(case) is None


@rfc("6544", "11.1", "MUST", "6544-11.1-1")
def test_a_peer_that_closes_each_connection_is_not_connected_to_more_often_than_checked() -> None:
    case, flow = connected()
    case.agent.connection_closed(2.0, flow)
    made: list[float] = []
    now = 2.0
    while now < 30.0:
        for command in case.run(now):
            if isinstance(command, OpenConnection):
                made.append(now)
                case.agent.connection_opened(now, command.flow)
                case.agent.connection_closed(now, command.flow)
        now += 0.1
    assert made[0] == 2.0
    assert all(later - earlier > 3.9 for earlier, later in pairwise(made))
    assert len(made) > 3


@rfc("7675", "5.2", "rule", "7675-5.2-1")
@pytest.mark.parametrize("passive", [True, False])
def test_the_end_of_a_connection_is_not_the_end_of_consent(passive: bool) -> None:
    if passive:
        case, _, flow = accepting()
    else:
        case, flow = connected()
    (check,) = requests(frames(case, 6.1))[:1]
    case.receive(flow, case.puppet.success(check, MAPPED), 6.1)
    case.agent.connection_closed(6.2, flow)
    case.run(36.0)
    lost = [event.reason for event in case.side.events if isinstance(event, PathLost)]
    assert lost == []
    case.run(36.1)
    lost = [event.reason for event in case.side.events if isinstance(event, PathLost)]
    assert lost == [Loss.CONSENT_EXPIRED]


@rfc("7675", "5.1", "MUST", "7675-5.1-11")
@pytest.mark.parametrize("answered", [0, 2])
def test_consent_is_checked_over_a_connection_too(answered: int) -> None:
    case, flow = connected()
    last = 0.02
    for number in range(answered):
        (check,) = requests(frames(case, 6.1 * (number + 1)))[:1]
        last = 6.1 * (number + 1)
        case.receive(flow, case.puppet.success(check, MAPPED), last)
    assert len(requests(frames(case, last + 29.9))) >= 5
    assert case.agent.media(0, 1).send is not None
    case.run(last + 30.0)
    assert case.agent.media(0, 1).send is None
    lost = [e.reason for e in case.side.events if isinstance(e, PathLost)]
    assert lost == [Loss.CONSENT_EXPIRED]


@rfc("6544", "10.1", "MUST", "6544-10.1-1")
@rfc("6544", "10.1", "", "AT-65")
def test_media_and_checks_share_the_connection_in_frames() -> None:
    case, flow = connected()
    case.take()
    assert case.agent.send(1.0, 0, 1, b"\x80" + bytes(11))
    case.receive(flow, case.puppet.request(controlling=True), 1.0)
    written = [c for c in case.take() if isinstance(c, SendStream)]
    assert {command.flow for command in written} == {flow}
    packets = Framer.rfc4571().feed(b"".join(command.data for command in written))
    assert packets[0] == b"\x80" + bytes(11)
    assert decode(packets[1]).message_class is Class.SUCCESS
