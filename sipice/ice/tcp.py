"""RFC 6544 §6.2, §7: which TCP candidates pair, and the connections their checks travel on."""

from __future__ import annotations

from sipice.ice.candidate import Candidate, TcpType
from sipice.ice.state import AgentState, Connection
from sipice.net import (
    Address,
    Base,
    CloseConnection,
    Flow,
    OpenConnection,
    SendStream,
)
from sipice.stun.framing import Framer, frame_rfc4571

ACTIVE_PORT = 9
"""What an active candidate shows as its port (§4.5)."""

_PARTNER = {
    TcpType.ACTIVE: TcpType.PASSIVE,
    TcpType.PASSIVE: TcpType.ACTIVE,
    TcpType.SO: TcpType.SO,
}


def connects(local: TcpType | None, remote: TcpType | None) -> bool:
    """Whether a connection can come about between the two."""
    return local is not None and _PARTNER[local] is remote


def partner(tcptype: TcpType) -> TcpType:
    """What the other end of a connection must be."""
    return _PARTNER[tcptype]


def is_pruned(local: Candidate) -> bool:
    """A passive local candidate sends no checks: the peer connects and we answer (§6.2)."""
    return local.tcptype is TcpType.PASSIVE


def reaches(state: AgentState, base: Base, to: Address) -> bool:
    """Whether a message can go there now, or after a connect of ours."""
    local = state.local.bases.get(base.number)
    return (base.number, to) in state.connections or (
        local is not None and local.tcptype is not TcpType.PASSIVE
    )


def send(state: AgentState, data: bytes, base: Base, to: Address) -> None:
    """Send a message in its frame; the connection is opened if there is none (§7.1)."""
    connection = state.connections.get((base.number, to))
    if connection is None:
        if not reaches(state, base, to):
            return  # the peer connects
        connection = add(state, base, to)
        _open_next(state, to)
    write(state, connection, frame_rfc4571(data), keep=data[0] < 4)


def write(state: AgentState, connection: Connection, framed: bytes, *, keep: bool) -> None:
    """Give a frame to the connection, or keep a little STUN until it takes bytes again."""
    if connection.is_open and connection.is_writable:
        state.commands.append(SendStream(connection.flow, framed))
    elif keep and connection.kept_bytes + len(framed) <= state.config.max_stream_backlog:
        connection.kept.append(framed)


def flush(state: AgentState, connection: Connection) -> None:
    """The connection takes bytes now."""
    kept, connection.kept = connection.kept, []
    for framed in kept:
        state.commands.append(SendStream(connection.flow, framed))


def add(state: AgentState, base: Base, remote: Address, *, accepted: bool = False) -> Connection:
    """Name a connection; an accepted one is open already."""
    flow = Flow(state.local.next_base)
    state.local.next_base += 1
    framer = Framer.rfc4571(state.config.max_stream_buffer)
    connection = Connection(flow, base, remote, framer=framer, is_open=accepted)
    connection.accepted = connection.requested = accepted
    state.connections[base.number, remote] = connection
    state.flows[flow.number] = connection
    return connection


def forget(state: AgentState, connection: Connection, *, close: bool) -> None:
    """The connection is over, or we end it."""
    state.flows.pop(connection.flow.number, None)
    key = connection.base.number, connection.remote
    if state.connections.get(key) is connection:
        del state.connections[key]
    if close and connection.requested:
        state.commands.append(CloseConnection(connection.flow))
    _open_next(state, connection.remote)


def _open_next(state: AgentState, remote: Address) -> None:
    """§12: at most five outstanding connects to one IP address."""
    waiting = [
        connection
        for connection in state.flows.values()
        if connection.remote.ip == remote.ip and not connection.is_open
    ]
    free = state.config.max_connects - sum(connection.requested for connection in waiting)
    for connection in waiting:
        if free > 0 and not connection.requested:
            free -= 1
            connection.requested = True
            state.commands.append(
                OpenConnection(connection.flow, connection.base.address, connection.remote)
            )
