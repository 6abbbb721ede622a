"""RFC 8656 §3.1: connections to TURN servers over TCP and TLS."""

from __future__ import annotations

from sipice.ice.state import AgentState, Connection, Relay
from sipice.net import Address, Base, CloseConnection, Flow, OpenConnection
from sipice.stun.framing import Framer


def connect(
    state: AgentState, relay: Relay, base: Base, server: Address, tls: str | None
) -> Connection:
    """Open a connection from the address of ``base``; ``tls`` is the name to verify."""
    flow = Flow(state.local.next_base)
    state.local.next_base += 1
    connection = Connection(flow, base, server, framer=Framer.turn(), is_open=False)
    connection.relay = relay
    state.local.flows[flow.number] = connection
    state.commands.append(OpenConnection(flow, Address(base.address.ip, 0), server, tls))
    return connection


def hang_up(state: AgentState, connection: Connection) -> None:
    """Close a connection, unless it has ended already."""
    if state.local.flows.pop(connection.flow.number, None) is not None:
        state.commands.append(CloseConnection(connection.flow))


def find(state: AgentState, flow: Flow) -> Connection | None:
    """The connection that a flow names: of a TCP candidate, or to a server."""
    return state.flows.get(flow.number) or state.local.flows.get(flow.number)
