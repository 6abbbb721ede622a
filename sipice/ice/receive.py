"""RFC 7983 §7, RFC 8489 §6.3: what comes from the network, and whose it is."""

from __future__ import annotations

from sipice.errors import StunDecodeError
from sipice.ice import (
    checks,
    consent,
    flows,
    free,
    gather,
    inputs,
    media,
    plain,
    questions,
    relay,
    respond,
    settle,
    tracing,
)
from sipice.ice.events import DataReceived, Loss
from sipice.ice.relay import RelayPort
from sipice.ice.state import AgentState, Check, Connection, ConsentCheck, LocalBase, ServerRequest
from sipice.ice.timers import Allocation
from sipice.net import Address, Base
from sipice.stun import Class, Message, Method, is_stun
from sipice.stun import attributes as a
from sipice.stun.check import CheckRequest, CheckResponse, parse_check


def datagram(state: AgentState, data: bytes, base: Base, remote: Address) -> None:
    """A datagram for a base: a check, a response, or nothing of ours."""
    if state.tracer is not None:
        inputs.datagram(state, data, base, remote)
    local = state.local.bases.get(base.number)
    if local is None:
        return
    port = state.local.relays.get((base.number, remote)) if state.local.relays else None
    if isinstance(port, RelayPort) and not _is_for_binding(state, data):
        carried(state, port, relay.receive(state, port, data))
        return
    if not is_stun(data):
        if not plain.receive(state, local, remote, data):
            state.counters.not_stun += 1
        return
    stun(state, data, local, remote)


def opened(state: AgentState, connection: Connection) -> None:
    """A connect succeeded."""
    if connection.relay is None:
        flows.opened(state, connection)
    else:
        relay.connected(state, connection)


def closed(state: AgentState, connection: Connection, why: str | None) -> None:
    """A connect failed, or a connection ended."""
    if isinstance(connection.relay, RelayPort):
        state.local.flows.pop(connection.flow.number)
        relay.disconnected(state, connection, why)
        carried(state, connection.relay, [])
    else:
        flows.closed(state, connection)


def stream(state: AgentState, connection: Connection, data: bytes) -> None:
    """Bytes of a connection: each frame is STUN or media (RFC 6544 §10.2), or from a server."""
    if isinstance(connection.relay, RelayPort):
        packets = relay.received(state, connection, data)
        if state.local.members:
            packets = _distribute(state, packets)
        carried(state, connection.relay, packets)
        return
    local = state.local.bases.get(connection.base.number)
    for packet in flows.received(state, connection, data):
        if local is not None:
            _deliver(state, local, connection.remote, packet)


def _distribute(
    state: AgentState, packets: list[tuple[LocalBase, Address, bytes]]
) -> list[tuple[LocalBase, Address, bytes]]:
    """Give siblings what one connection brings for them all (see ``Demux``); the rest is ours."""
    own: list[tuple[LocalBase, Address, bytes]] = []
    for base, peer, data in packets:
        members = state.local.members
        member = members[questions.owner(members, data, base.base, peer)]
        if member is state:
            own.append((base, peer, data))
            continue
        member.now = max(member.now, state.now)
        _deliver(member, base, peer, data)
        settle.settle(member)
    return own


def carried(
    state: AgentState,
    port: RelayPort,
    packets: list[tuple[LocalBase, Address, bytes]],
) -> None:
    """What came through a relay, as if it had come to the relayed address itself (§7.3.1.2)."""
    for base, peer, data in packets:
        _deliver(state, base, peer, data)
    if port.dead is not None:
        for base in port.dead.relayed:
            free.lose_base(state, base.base, Loss.RELAY_LOST)
        state.timers.disarm(Allocation(port.dead.number))
        port.dead = None
    if port.lost:
        for base in list(port.relayed):
            free.lose_base(state, base.base, Loss.RELAY_LOST)
        port.relayed.clear()
        state.local.relays.pop(port.place, None)
        free.release_socket(state, port.socket)


def unwrap(
    state: AgentState, data: bytes, base: Base, remote: Address
) -> tuple[bytes, Base, Address]:
    """What came to a relayed base in this datagram, and from whom; else the datagram itself."""
    port = state.local.relays.get((base.number, remote))
    while isinstance(port, RelayPort):
        found = port.client.peek(data)
        for local in port.relayed if found is not None else ():
            if found is not None and local.base.address.family == found.peer.family:
                return found.data, local.base, found.peer
        port = port.replaces
    return data, base, remote


def _deliver(state: AgentState, base: LocalBase, peer: Address, data: bytes) -> None:
    if is_stun(data):
        stun(state, data, base, peer)
    elif media.may_deliver(state, base, peer):
        state.events.append(DataReceived(base.stream, base.component, data, peer))
    elif not plain.receive(state, base, peer, data):
        state.counters.not_stun += 1


def _is_for_binding(state: AgentState, data: bytes) -> bool:
    """Whether a packet from a TURN server's address answers a Binding request of ours."""
    return len(data) >= 20 and isinstance(state.transactions.get(data[8:20]), ServerRequest)


def stun(state: AgentState, data: bytes, local: LocalBase, remote: Address) -> None:
    """A STUN message that came to a base, or through the relay of a relayed one."""
    try:
        message = parse_check(data)
    except StunDecodeError:
        state.counters.malformed += 1
        if state.tracer is not None:
            tracing.dropped(state, local, remote, "malformed STUN")
        return
    if isinstance(message, CheckRequest):
        respond.receive_request(state, message, local, remote)
    elif isinstance(message, CheckResponse):
        _success(state, message, local, remote)
    elif message.method == Method.BINDING:
        _odd(state, message, local, remote)


def _success(state: AgentState, response: CheckResponse, local: LocalBase, remote: Address) -> None:
    check = state.transactions.get(response.transaction_id)
    if isinstance(check, Check):
        checks.receive_success(state, check, response, local.base, remote)
    elif isinstance(check, ConsentCheck):
        consent.receive_success(state, check, response, local.base, remote)
    elif isinstance(check, ServerRequest):
        _from_server(state, check, response, local, remote)
    else:
        state.counters.unmatched += 1
        if state.tracer is not None:
            tracing.dropped(state, local, remote, "answers no request under way")


def _odd(state: AgentState, message: Message, local: LocalBase, remote: Address) -> None:
    if message.message_class is Class.REQUEST:
        respond.receive_odd_request(state, message, local, remote)
        return
    check = state.transactions.get(message.transaction_id)
    if check is None or message.message_class is Class.INDICATION:
        state.counters.unmatched += message.message_class is not Class.INDICATION
    elif isinstance(check, ServerRequest):
        _from_server(state, check, message, local, remote)
    elif isinstance(check, Check):
        checks.receive_error(state, check, message)
    else:
        consent.receive_error(state, check, message, local.base, remote)


def _from_server(
    state: AgentState,
    request: ServerRequest,
    message: Message | CheckResponse,
    local: LocalBase,
    remote: Address,
) -> None:
    if local.base.number != request.base.number or remote != request.to:
        return
    if isinstance(message, CheckResponse):
        mapped = a.XOR_MAPPED_ADDRESS(message.mapped)
        message = Message(Method.BINDING, Class.SUCCESS, request.id, (mapped,))
    gather.receive_binding(state, request, message)
