"""RFC 3264, 4961 and 6263: media of a stream without ICE, over the same sockets and relays."""

from __future__ import annotations

from collections.abc import Sequence

from sipice.errors import UsageError
from sipice.ice import consent, free, media, restart, transactions
from sipice.ice.events import DataReceived
from sipice.ice.state import AgentState, LocalBase, Media, Plain, Stream
from sipice.ice.timers import Keepalive
from sipice.net import Address, Base
from sipice.stun import Class, Message, Method, encode, is_stun

Way = tuple[Base, Address | None]
"""Where one component leaves, and the peer's address; None: nothing is sent."""


def use(state: AgentState, stream: Stream, ways: Sequence[Way], latch: float) -> None:
    """End ICE of a stream: each component goes from its base to the peer's address.

    Media that comes from elsewhere within ``latch`` seconds moves the path there, once: the peer
    may be behind a NAT. The mappings are kept open, also while nothing is sent.
    """
    _end_ice(state, stream)
    for path, (base, peer) in zip(stream.media, ways, strict=False):
        if base.number not in state.local.bases:
            raise UsageError(f"base {base.number} is gone; name one that a candidate has")
        media.stop(state, stream, path)
        to = _permitted(state, peer)
        path.plain = Plain(base, to, state.now + latch, signalled=to)
        path.sent_at = state.now
        _open(state, path.plain)
        media.refresh(state, stream, path.component)
        _arm(state, stream, path)
    used = {
        number
        for path in stream.media
        if path.plain is not None
        for number in (path.plain.base.number, _socket(state, path.plain).number)
    }
    free.release_except(state, stream, used)


def yield_to_ice(state: AgentState, stream: Stream) -> None:
    """ICE begins again: the path stays until a pair is valid."""
    for path in stream.media:
        if path.plain is not None:
            path.plain.yields = True
            state.outdate(stream.id, path.component)


def receive(state: AgentState, local: LocalBase, remote: Address, data: bytes) -> bool:
    """Media that the table did not know came to a base; whether it was for a stream without ICE."""
    stream = state.streams.get(local.stream)
    path = None if stream is None else stream.media[local.component - 1]
    if stream is None or path is None or path.plain is None or is_stun(data):
        return False
    plain = path.plain
    if local.base.number != plain.base.number or not data:
        return False
    if remote not in (plain.peer, plain.signalled):
        if plain.latched or plain.peer is None or state.now > plain.until:
            return False
        if _permitted(state, remote) is None or remote.family != plain.base.address.family:
            return False
        plain.peer, plain.latched = remote, True
        _open(state, plain)
        media.refresh(state, stream, path.component)
    state.events.append(DataReceived(stream.id, path.component, data, remote))
    return True


def keepalive(state: AgentState, stream: Stream, path: Media) -> None:
    """Nothing was sent for Tr: open every NAT on the way again (RFC 8445 §11, RFC 6263 §4)."""
    plain = path.plain
    if plain is None:
        consent.keepalive(state, stream, path)
        return
    if plain.peer is None:
        return
    indication = Message(Method.BINDING, Class.INDICATION, state.draw_transaction_id())
    transactions.transmit(state, encode(indication), plain.base, plain.peer)
    sent(state, stream, path)


def send(state: AgentState, stream: Stream, path: Media, data: bytes) -> bool:
    """Send media for a caller who does not do it himself, with ICE or without."""
    plain = path.plain
    if plain is None:
        return consent.send(state, stream, path, data)
    if plain.peer is None:
        return False
    transactions.transmit(state, data, plain.base, plain.peer)
    sent(state, stream, path)
    return True


def sent(state: AgentState, stream: Stream, path: Media) -> None:
    """Something went out on the path, with ICE or without."""
    if path.plain is None:
        consent.sent(state, stream, path)
        return
    path.sent_at = state.now
    _arm(state, stream, path)


def _end_ice(state: AgentState, stream: Stream) -> None:
    for generation in stream.generations():
        restart.forget(state, stream, generation)
        generation.remote = None
        generation.pac_running = False
        for component in generation.components:
            component.valid.clear()
            component.selected = component.nominating = None
    stream.next = stream.retired = None
    stream.committed = False


def _permitted(state: AgentState, peer: Address | None) -> Address | None:
    config = state.config
    if peer is None:
        return None
    if config.destinations.permits(peer, allow_loopback=config.allow_loopback):
        return peer
    state.counters.refused_destinations += 1
    return None


def _open(state: AgentState, plain: Plain) -> None:
    local = state.local.bases[plain.base.number]
    if local.relay is not None and plain.peer is not None:
        local.relay.permit(state, [plain.peer])
        local.relay.bind(state, plain.peer)


def _arm(state: AgentState, stream: Stream, path: Media) -> None:
    state.timers.arm(Keepalive(stream.id, path.component), state.now + state.config.tr)


def _socket(state: AgentState, plain: Plain) -> Base:
    relay = state.local.bases[plain.base.number].relay
    return plain.base if relay is None else relay.socket
