"""RFC 6544 §7, §10, §11: what happens on the connections of TCP candidates."""

from __future__ import annotations

from sipice.errors import DecodeError
from sipice.ice import checks, consent, inputs, media, tcp
from sipice.ice.candidate import TcpType
from sipice.ice.events import Loss
from sipice.ice.state import AgentState, Connection, Generation, Media, Stream
from sipice.net import Address, Base, Flow
from sipice.stun import is_stun


def opened(state: AgentState, connection: Connection) -> None:
    """A connect succeeded: what waited for it goes out."""
    connection.is_open = True
    tcp.flush(state, connection)
    found = _in_use(state, connection)
    if found is not None:  # §11.1: the connection of a selected pair is back: check it
        consent.check(state, *found)
        media.refresh(state, found[0], found[1].component)


def accepted(state: AgentState, base: Base, remote: Address) -> Flow:
    """A peer connected to a listener (§7.2)."""
    old = state.connections.get((base.number, remote))
    if old is not None:
        tcp.forget(state, old, close=True)
    return tcp.add(state, base, remote, accepted=True).flow


def closed(state: AgentState, connection: Connection) -> None:
    """A connect failed, or a connection ended."""
    was_open = connection.is_open
    found = _in_use(state, connection)
    tcp.forget(state, connection, close=False)
    checks.refuse(state, connection.base, connection.remote, "no connection")  # §7.1
    if found is None:
        return
    stream, path = found
    local = state.local.bases.get(connection.base.number)
    if was_open and local is not None and local.tcptype is not TcpType.PASSIVE:
        consent.check(state, stream, path)  # §11.1: connect again, and check
        media.refresh(state, stream, path.component)
    else:
        consent.lose(state, stream, path, Loss.CONNECTION_CLOSED)


def received(state: AgentState, connection: Connection, data: bytes) -> list[bytes]:
    """The STUN messages and media packets that these bytes complete (§10.2)."""
    try:
        packets = connection.framer.feed(data)
    except DecodeError:
        packets = [b""]
    if packets and state.tracer is not None:
        inputs.frames(state, connection, packets if packets != [b""] else None)
    if not packets:
        return []
    if not connection.spoken and not is_stun(packets[0]):
        # §7.1: whoever does not answer a check with STUN is no ICE peer
        tcp.forget(state, connection, close=True)
        checks.refuse(state, connection.base, connection.remote, "the answer was no STUN")
        return []
    connection.spoken = True
    return [packet for packet in packets if packet]


def close_unused(state: AgentState, stream: Stream) -> None:
    """§8: after completion only the connections of selected pairs stay."""
    used = {
        (component.selected.base.number, component.selected.to)
        for generation in stream.generations()
        for component in generation.components
        if component.selected is not None
    }
    for key, connection in list(state.connections.items()):
        local = state.local.bases.get(key[0])
        if key not in used and (local is None or local.stream == stream.id):
            tcp.forget(state, connection, close=True)


def _in_use(state: AgentState, connection: Connection) -> tuple[Stream, Media] | None:
    for stream in state.streams.values():
        for path in stream.media:
            pair = path.pair
            if pair is None or not _is_selected(stream.current, path.component):
                continue
            if pair.base.number == connection.base.number and pair.to == connection.remote:
                return stream, path
    return None


def _is_selected(generation: Generation, component: int) -> bool:
    found = generation.component(component)
    return found is not None and found.selected is not None
