"""RFC 8445 §12: which pair carries the data of a component, and who may deliver to it."""

from __future__ import annotations

from math import ceil

from sipice.ice import tracing
from sipice.ice.events import MediaChanged, PairSelected
from sipice.ice.pair import CandidatePair
from sipice.ice.state import AgentState, ChecklistState, Generation, LocalBase, Media, Stream
from sipice.ice.timers import Consent, ConsentExpiry, Keepalive, Quiet
from sipice.net import Address, Base, MediaTable, Path, Source, Transport

MIN_CONSENT_INTERVAL = 4.0
"""RFC 7675 §5.1: never more often."""


def refresh(state: AgentState, stream: Stream, component: int) -> None:
    """Make the table of a component anew, all of it, and announce it if it differs."""
    stream.media[component - 1].heard_more = True
    _renew(state, stream, component)


def _renew(state: AgentState, stream: Stream, component: int) -> None:
    media = stream.media[component - 1]
    pair = _choose(state, stream.current, component)
    if media.plain is not None and media.plain.yields and pair is not None:
        media.plain = None
    if pair is not media.pair:
        _use(state, stream, media, pair)
    elif not media.heard_more and media.plain is None and _is_steady(pair):
        return
    if media.heard_more:
        media.heard_more = False
        receive = _sources(state, stream, component)
    else:
        receive = media.table.receive
    table = MediaTable(_path(state, media), receive)
    if table != media.table:
        if state.tracer is not None and table.send != media.table.send:
            tracing.media(state, stream, component, table)
        media.table = table
        state.events.append(MediaChanged(stream.id, stream.current.number, component, table))


def refresh_stale(state: AgentState) -> None:
    """Make the tables anew that the present input has outdated."""
    for number, component in state.stale:
        stream = state.streams.get(number)
        if stream is not None:
            _renew(state, stream, component)
    state.stale = ()


def may_send(state: AgentState, media: Media) -> bool:
    """Whether the pair in use may carry data now."""
    usable = media.pair is not None and not media.lost and not media.broken
    return usable and not has_lapsed(state, media)


def has_lapsed(state: AgentState, media: Media) -> bool:
    """Whether nobody renewed consent while the pair was not in use (RFC 7675 §5.1).

    It must be regained before data is sent.
    """
    return runs_consent(state) and state.now >= media.consent_at + state.config.consent_lifetime


def path_of(state: AgentState, pair: CandidatePair) -> Path:
    """How media leaves on a pair."""
    return _way(state, pair.base, pair.remote.address)


def _path(state: AgentState, media: Media) -> Path | None:
    plain, pair = media.plain, media.pair
    if plain is not None:
        return None if plain.peer is None else _way(state, plain.base, plain.peer)
    return path_of(state, pair) if pair is not None and may_send(state, media) else None


def _way(state: AgentState, base: Base, to: Address) -> Path:
    local = state.local.bases.get(base.number)
    if local is not None and local.relay is not None:
        socket, server, channel = local.relay.path(to)
        return Path(socket, server, to, channel, local.relay.flow, relayed=True)
    connection = state.connections.get((base.number, to)) if state.connections else None
    return Path(base, to, to, None, None if connection is None else connection.flow)


def _is_steady(pair: CandidatePair | None) -> bool:
    """Whether its way is what it was; a connection may be another one without anybody's saying."""
    return pair is None or pair.base.transport is Transport.UDP


def announce_selected(state: AgentState, generation: Generation, pair: CandidatePair) -> None:
    """Say which pair was selected, and let media use it when the generation is the current one."""
    state.events.append(
        PairSelected(
            generation.stream,
            generation.number,
            pair.local.component,
            path_of(state, pair),
            pair.local,
            pair.remote,
        )
    )
    local = state.local.bases.get(pair.base.number)
    if local is not None and local.relay is not None:
        local.relay.bind(state, pair.to)
    state.outdate(generation.stream, pair.local.component)


def add_source(
    state: AgentState, generation: Generation, pair_key: tuple[int, Address], component: int
) -> None:
    """An authenticated message came from there: media may as well (§12.2)."""
    if pair_key in generation.sources or len(generation.sources) >= state.config.max_pairs:
        return
    generation.sources += (pair_key,)
    state.streams[generation.stream].media[component - 1].heard_more = True
    state.outdate(generation.stream, component)


def may_deliver(state: AgentState, base: LocalBase, peer: Address) -> bool:
    """Whether media of this source has shown who it is."""
    stream = state.streams.get(base.stream)
    return stream is not None and any(
        (base.base.number, peer) in generation.sources for generation in stream.generations()
    )


def stop(state: AgentState, stream: Stream, media: Media) -> None:
    """No timer of this component's path runs any more."""
    for key in (
        Consent(stream.id, media.component),
        ConsentExpiry(stream.id, media.component),
        Quiet(stream.id, media.component),
        Keepalive(stream.id, media.component),
    ):
        state.timers.disarm(key)


def arm_consent(state: AgentState, stream: Stream, media: Media) -> None:
    """The next consent check: 0.8 to 1.2 of the interval from now, never below 4 s.

    Within these bounds it waits for the next whole tick, so that agents that share a process
    wake it together.
    """
    config = state.config
    interval = config.consent_interval * (0.8 + 0.4 * state.rng.random())
    due = state.now + max(interval, MIN_CONSENT_INTERVAL)
    tick = config.consent_tick
    if tick:
        whole = ceil(due / tick) * tick
        if due < whole <= state.now + 1.2 * config.consent_interval:
            due = whole
    state.timers.arm(Consent(stream.id, media.component), due)


def runs_consent(state: AgentState) -> bool:
    """A lite agent answers consent checks and sends none (RFC 7675 §4)."""
    return state.config.consent and not state.config.lite


def _choose(state: AgentState, generation: Generation, number: int) -> CandidatePair | None:
    component = generation.component(number)
    if component is None or generation.state is ChecklistState.FAILED:
        return None  # §12.1: a stream that lacks a pair for one component sends nothing at all
    for other in generation.components:
        if not other.valid:
            return None  # RFC 8839 §7.1.1, and §12.1.1: each component needs a valid pair
    if component.selected is not None:
        return component.selected
    # The peer may know of the nomination before we do, and give up the other pairs.
    for pair in (component.nominating, *component.valid):
        if pair is not None and not pair.consent_lost:
            return pair
    return None


def _use(state: AgentState, stream: Stream, media: Media, pair: CandidatePair | None) -> None:
    if media.pair is not None:
        stop(state, stream, media)
    media.pair = pair
    media.generation = stream.current.number
    media.lost = media.quiet = media.broken = False
    media.watched = None
    if pair is None:
        return
    media.sent_at = state.now
    media.consent_at = pair.answered_at
    media.lost = pair.consent_lost
    if runs_consent(state):
        if not media.lost:
            _watch(state, stream, media)
    else:
        state.timers.arm(Keepalive(stream.id, media.component), state.now + state.config.tr)


def _watch(state: AgentState, stream: Stream, media: Media) -> None:
    if has_lapsed(state, media):
        since = state.now
        state.timers.arm(Consent(stream.id, media.component), state.now)
    else:
        since = media.consent_at
        arm_consent(state, stream, media)
    state.timers.arm(
        ConsentExpiry(stream.id, media.component), since + state.config.consent_lifetime
    )


def _sources(state: AgentState, stream: Stream, component: int) -> frozenset[Source]:
    found: list[Source] = []
    bases = state.local.bases
    known = [key for generation in stream.generations() for key in generation.sources]
    plain = stream.media[component - 1].plain
    if plain is not None:
        known += [(plain.base.number, peer) for peer in (plain.peer, plain.signalled) if peer]
    for number, remote in known:
        local = bases.get(number)
        if local is not None and local.component == component:
            if local.relay is None:
                found.append(Source(local.base, remote))
            elif local.relay.flow is None:  # else the agent reads what the connection brings
                base, server, channel = local.relay.path(remote)
                found.append(Source(base, server, channel, relayed=True))
    return frozenset(found)
