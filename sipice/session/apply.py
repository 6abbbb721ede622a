"""RFC 8839 §4.3, §4.4.3: what an answered offer means for the agent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from sdp import SessionDescription, effective
from sipice.ice import Candidate, Role, StreamId
from sipice.ice.plain import Way
from sipice.net import Address
from sipice.session import hosts, mapping, names, streams
from sipice.session.config import Trickle
from sipice.session.events import IceOff, StreamFailed
from sipice.session.state import Dialog, Exchange, Leg, Mode, Phase, Slot, Stream


def apply(leg: Leg, dialog: Dialog, exchange: Exchange, *, final: bool, ours: bool) -> None:
    """Tell the agent of the peer's description; ``ours``: the offer was ours.

    A preview of an answer starts ICE for what is new. What a failure of the exchange would have to
    bring back is touched by the answer proper only.
    """
    assert exchange.remote is not None
    if not any(slot.mode is Mode.ICE for slot in dialog.slots):
        # RFC 8839 §4.2.3: who made the initial offer begins as the controlling one.
        dialog.agent.set_role(leg.now, Role.CONTROLLING if ours else Role.CONTROLLED)
    for section, slot in enumerate(exchange.plan):
        if slot.stream is None or not slot.has_ports:
            continue
        free = final or slot.stream in exchange.added
        if slot.mux and free:
            _keep_one(leg, dialog, slot.stream)
        if slot.mode is Mode.ICE:
            _use_ice(leg, dialog, exchange, section, slot)
        elif free:
            had_ice = section < len(dialog.slots) and dialog.slots[section].mode is Mode.ICE
            dialog.stream(slot.stream).again |= ours and had_ice
            _use_plain(leg, dialog, exchange, section, slot)
    if exchange.restart is not None and final:
        dialog.agent.commit_restart(leg.now, exchange.restart)
    flush_waiting(leg, dialog)


def _keep_one(leg: Leg, dialog: Dialog, stream: StreamId) -> None:
    memory = dialog.stream(stream)
    if memory.capacity > 1:
        memory.capacity = 1
        dialog.agent.keep_components(leg.now, stream, 1)


def _use_ice(leg: Leg, dialog: Dialog, exchange: Exchange, section: int, slot: Slot) -> None:
    assert exchange.remote is not None
    assert slot.stream is not None
    trickles = (
        leg.config.trickle is not Trickle.OFF
        and dialog.trickles is not False
        and streams.says_trickle(exchange.remote)
    )
    description = mapping.description_of(
        exchange.remote, section, components=slot.components, trickles=trickles
    )
    if description is None:
        return
    memory = dialog.stream(slot.stream)
    description = replace(description, uses=_uses(exchange.remote, section))
    if memory.peers:
        memory.peers = ()
        dialog.agent.use_ice(leg.now, slot.stream)
    if names.ask(leg, dialog, exchange.remote, section, slot) and description.complete:
        memory.unended = description.credentials.ufrag
        description = replace(description, complete=False)
    dialog.agent.set_remote_description(leg.now, slot.stream, description)


def _uses(remote: SessionDescription, section: int) -> tuple[tuple[Address, Address], ...]:
    """The pairs that a=remote-candidates names, each from our side."""
    pairs = [
        (
            mapping.parsed(entry.address, entry.port),
            destination_of(remote, section, entry.component),
        )
        for entry in remote.media[section].remote_candidates
    ]
    return tuple((ours, theirs) for ours, theirs in pairs if ours and theirs)


def _use_plain(leg: Leg, dialog: Dialog, exchange: Exchange, section: int, slot: Slot) -> None:
    """RFC 3264: media from the base of our default candidate to the peer's c= and m=."""
    assert exchange.remote is not None
    assert slot.stream is not None
    memory = dialog.stream(slot.stream)
    hosts.ask(leg, exchange.remote, section, slot.components)
    peers = _peers(leg, exchange.remote, section, slot)
    if peers == memory.peers and _has_moved(dialog, slot.stream, peers):
        return  # to where the peer really is
    ways = _ways(dialog, _own(memory, exchange.told.get(slot.stream, ())), peers)
    if ways:
        if not memory.peers:
            reason = "the peer does no ICE for this stream"
            leg.events.append(IceOff(dialog.name, slot.stream, reason))
        memory.peers = peers
        dialog.agent.use_plain(leg.now, slot.stream, ways, leg.config.latch)


def _peers(
    leg: Leg, remote: SessionDescription, section: int, slot: Slot
) -> tuple[Address | None, ...]:
    components = range(1, slot.components + 1)
    return tuple(hosts.destination(leg, remote, section, component) for component in components)


class _Plain(NamedTuple):
    """A stream without ICE, and what the peer said of it last."""

    dialog: Dialog
    memory: Stream
    remote: SessionDescription
    section: int
    slot: Slot
    told: tuple[Candidate, ...]


def name_resolved(leg: Leg, name: str, addresses: Sequence[Address]) -> None:
    """Media may go to where a peer without ICE is."""
    hosts.resolved(leg, name, addresses)
    for one in _named(leg, name):
        peers = _peers(leg, one.remote, one.section, one.slot)
        if peers[0] is None:
            _fail(leg, one, f"{name} has no address of the family that c= says")
        ways = _ways(one.dialog, _own(one.memory, one.told), peers)
        if ways and one.slot.stream is not None:
            one.memory.peers = peers
            one.dialog.agent.use_plain(leg.now, one.slot.stream, ways, leg.config.latch)


def name_failed(leg: Leg, name: str, why: str) -> None:
    """Nobody knows where that peer is."""
    hosts.resolved(leg, name, ())
    for one in _named(leg, name):
        _fail(leg, one, why)


def _named(leg: Leg, name: str) -> list[_Plain]:
    """The streams without ICE whose peer gives this name for itself."""
    found: list[_Plain] = []
    for dialog in leg.dialogs.values():
        exchange, remote, plan = dialog.exchange, dialog.remote, dialog.slots
        told: dict[StreamId, tuple[Candidate, ...]] = {}
        if remote is None and exchange is not None:
            remote, plan, told = exchange.remote, tuple(exchange.plan), exchange.told
        if remote is None:
            continue
        for section, slot in enumerate(plan):
            memory = None if slot.stream is None else dialog.streams.get(slot.stream)
            if slot.mode is not Mode.PLAIN or slot.stream is None or memory is None:
                continue
            if memory.peers and name in hosts.names(remote, section, slot.components):
                own = told.get(slot.stream, ())
                found.append(_Plain(dialog, memory, remote, section, slot, own))
    return found


def _fail(leg: Leg, one: _Plain, why: str) -> None:
    if one.slot.stream is not None:
        leg.events.append(StreamFailed(one.dialog.name, one.slot.stream, why))


def expect_media(leg: Leg, dialog: Dialog) -> None:
    """The call is picked up: a peer without ICE may send only now, and from elsewhere."""
    for stream, memory in dialog.streams.items():
        if memory.peers and not _has_moved(dialog, stream, memory.peers):
            ways = _ways(dialog, _own(memory), memory.peers)
            if ways:
                dialog.agent.use_plain(leg.now, stream, ways, leg.config.latch)


def _has_moved(dialog: Dialog, stream: StreamId, peers: Sequence[Address | None]) -> bool:
    """Whether media goes elsewhere than the peer says: it was seen to send from there."""
    tables = [dialog.agent.media(stream, number) for number in range(1, len(peers) + 1)]
    ways = zip(tables, peers, strict=True)
    return any(table.send is not None and table.send.peer != peer for table, peer in ways)


def _own(memory: Stream, told: tuple[Candidate, ...] = ()) -> Sequence[Candidate]:
    """Our side of each component: what was nominated, else the default that the peer knows."""
    return [pair.local for pair in memory.nominated] or told or memory.defaults


def _ways(dialog: Dialog, own: Sequence[Candidate], peers: Sequence[Address | None]) -> list[Way]:
    """None once a base is gone: the shell has lost its socket."""
    if not all(one.base is None or dialog.agent.has_base(one.base) for one in own):
        return []
    return [
        (one.base, peer if peer is None or peer.family == one.address.family else None)
        for one, peer in zip(own, peers, strict=False)
        if one.base is not None
    ]


def destination_of(description: SessionDescription, section: int, component: int) -> Address | None:
    """Where a peer without ICE wants a component; None for "nowhere" and for names."""
    found = effective.default_destination(description, section, component)
    if found is None or found.is_placeholder:
        return None
    return mapping.parsed(found.address, found.port)


def flush_waiting(leg: Leg, dialog: Dialog) -> None:
    """Hand the agent what was trickled before it knew of the peer."""
    waiting, dialog.waiting = dialog.waiting, []
    for stream, candidate, ufrag in waiting:
        if stream not in dialog.streams:
            continue
        if candidate is None:
            dialog.agent.end_of_candidates(leg.now, stream, ufrag)
        else:
            dialog.agent.add_remote_candidate(leg.now, stream, candidate, ufrag)


def commit(leg: Leg, dialog: Dialog, exchange: Exchange) -> None:
    """The exchange stands: what it left out goes, what it agreed on is what counts now."""
    dialog.slots = tuple(exchange.plan)
    dialog.remote = exchange.remote
    dialog.exchange, dialog.phase = None, Phase.STABLE
    for stream, mark in exchange.marks.items():
        dialog.stream(stream).begin_anew(mark)
        dialog.restart.pop(stream, None)
    for stream, defaults in exchange.told.items():
        if stream in dialog.streams:
            dialog.stream(stream).defaults = defaults
    kept = {slot.stream for slot in dialog.slots if slot.has_ports}
    for stream in [stream for stream in dialog.streams if stream not in kept]:
        streams.drop(leg, dialog, stream)


def roll_back(leg: Leg, dialog: Dialog) -> None:
    """The open exchange came to nothing: all is as if it had never begun (RFC 8839 §4.4)."""
    exchange = dialog.exchange
    dialog.exchange, dialog.phase = None, Phase.STABLE
    if exchange is None:
        return
    if exchange.restart is not None:
        dialog.agent.rollback_restart(leg.now, exchange.restart)
        for stream, mark in exchange.marks.items():
            dialog.stream(stream).go_back(mark)
    for stream in exchange.added:
        if stream in dialog.streams:
            streams.drop(leg, dialog, stream)
