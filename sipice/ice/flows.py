"""RFC 6544 §7, §10, §11: what happens on the connections of TCP candidates."""

from __future__ import annotations

from sipice.errors import DecodeError
from sipice.ice import checks, consent, inputs, tcp, transactions
from sipice.ice.events import Loss
from sipice.ice.state import AgentState, Connection, Generation, LocalBase, Media, Stream
from sipice.net import Address, Base, Flow
from sipice.stun import is_stun


def opened(state: AgentState, connection: Connection) -> None:
    """A connect succeeded: what waited for it goes out."""
    connection.is_open = True
    tcp.flush(state, connection)


def accepted(state: AgentState, base: Base, remote: Address) -> Flow:
    """A peer connected to a listener (§7.2)."""
    old = state.connections.get((base.number, remote)) or _one_too_many(state, base)
    if old is not None:
        tcp.forget(state, old, close=True)
    return tcp.add(state, base, remote, accepted=True).flow


def _one_too_many(state: AgentState, base: Base) -> Connection | None:
    """The oldest connection on which nothing authentic has come, when there are too many such."""
    strangers = [
        connection
        for connection in state.flows.values()
        if connection.accepted
        and connection.base == base
        and not any(
            (base.number, connection.remote) in generation.sources
            for stream in state.streams.values()
            for generation in stream.generations()
        )
    ]
    return strangers[0] if len(strangers) >= state.config.max_strangers else None


def closed(state: AgentState, connection: Connection) -> None:
    """A connect failed, or a connection ended."""
    was_open = connection.is_open
    found = _in_use(state, connection)
    tcp.forget(state, connection, close=False)
    checks.refuse(state, connection.base, connection.remote, "no connection")  # §7.1
    if found is None:
        return
    if was_open:
        consent.interrupt(state, *found)
    else:
        consent.lose(state, *found, Loss.CONNECTION_CLOSED)


def returns(state: AgentState, local: LocalBase, remote: Address) -> bool:
    """§11.1: whether this check came over what replaces the lost connection of a selected pair.

    The peer may have another port now. Media follows once our own check there has succeeded. A
    connection that has gone quiet is lost, too, whether or not our system has noticed.
    """
    stream = state.streams[local.stream]
    path = stream.media[local.component - 1]
    pair = path.pair
    if pair is None or pair.base.number != local.base.number:
        return False
    if path.quiet and not path.broken and pair.to != remote:
        silent = state.connections.get((pair.base.number, pair.to))
        if silent is not None:
            tcp.forget(state, silent, close=True)
            consent.interrupt(state, stream, path)
    if not path.broken:
        return False
    waiting = consent.outstanding(state, pair)
    if pair.to == remote and waiting:
        return True
    for identifier in waiting:
        transactions.forget(state, identifier)
    pair.remote = pair.remote._replace(address=remote)
    if state.config.lite:
        consent.mend(state, stream, path)
    else:
        consent.check(state, stream, path)
    return True


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
