"""RFC 8445 §8.3, §5.1.1.4: giving back what is not used, and losing what was."""

from __future__ import annotations

from collections.abc import Collection

from sipice.ice import (
    checklist,
    consent,
    flows,
    gathered,
    link,
    media,
    pace,
    restart,
    transactions,
)
from sipice.ice.events import Loss, MediaChanged
from sipice.ice.state import AgentState, ChecklistState, Generation, LocalBase, Stream
from sipice.ice.timers import Allocation, ServerKeepalive
from sipice.net import SILENT, Base, CancelResolve, ReleaseBase


def candidates(state: AgentState, stream: Stream, generation: Generation) -> None:
    """3 s after completion: keep the selected pairs and the bases they need (§8.3.1)."""
    if generation.state is not ChecklistState.COMPLETED:
        return
    for listed in list(generation.checklist):
        transactions.forget_pair(state, listed)
        checklist.remove(generation, listed)
    remote = generation.remote
    selected = [part.selected for part in generation.components if part.selected is not None]
    for component in generation.components:
        pair = component.selected
        if pair is not None:
            component.valid = [pair]
            component.nominating = pair
            pair.source = pair.valid = None  # no cycles, and nothing nominates again
    if remote is not None:
        remote.candidates = list(dict.fromkeys(pair.remote for pair in selected))
    # Not only of the selected pair: a peer may send media on another one (§12.2).
    kept = {pair.base.number for pair in selected}
    generation.sources = tuple([key for key in generation.sources if key[0] in kept])
    if stream.current is generation and stream.next is None:
        release_unused(state, stream)
        if state.connections:
            flows.close_unused(state, stream)
    for number in range(1, stream.components + 1):
        media.refresh(state, stream, number)
    _shrink(state, generation)


def _shrink(state: AgentState, generation: Generation) -> None:
    """An emptied dictionary keeps its size, and most agents live on like this for minutes."""
    generation.checklist, generation.triggered, generation.index = [], (), {}
    if not state.transactions:
        state.transactions = {}
    if not state.local.members:
        # A restart makes them anew from the candidates that are left.
        generation.local.preferences, generation.local.foundations = {}, {}


def release_unused(state: AgentState, stream: Stream) -> None:
    """Release the bases of a stream on which no living generation has a selected pair."""
    used: set[int] = set()
    for generation in stream.generations():
        for component in generation.components:
            if component.selected is not None:
                used.add(component.selected.base.number)
                used.add(media.path_of(state, component.selected).base.number)
    release_except(state, stream, used)


def release_except(state: AgentState, stream: Stream, used: Collection[int]) -> None:
    """Release the bases of a stream but those with these numbers."""
    for base in _relays_first(state, stream):
        if base.base.number not in used:
            release(state, base)


def release(state: AgentState, base: LocalBase) -> None:
    """This agent needs the base no more; with its last sibling the socket goes (§8.3.1)."""
    base.users &= ~state.member
    if base.users:
        return
    relays = [relay for key, relay in state.local.relays.items() if key[0] == base.base.number]
    for relay in relays:  # one under way is given back when it comes, and then the socket
        relay.release(state)
    for relay in list(state.local.relays.values()):
        if relay.flow is not None and relay.socket == base.base and relay.is_under_way:
            relay.release(state)
    if relays:
        return
    forget(state, base)
    if base.relay is not None:
        base.relay.release(state)
    else:
        state.commands.append(ReleaseBase(base.base))


def release_socket(state: AgentState, socket: Base) -> None:
    """An allocation has ended: its socket goes too if it waited for that only."""
    base = state.local.bases.get(socket.number)
    if base is not None and not base.users:
        release(state, base)


def _relays_first(state: AgentState, stream: Stream) -> list[LocalBase]:
    """A socket goes when no allocation uses it any more."""
    own = [base for base in state.local.bases.values() if base.stream == stream.id]
    if state.local.relays:
        own.sort(key=lambda base: base.relay is None)
    return own


def forget(state: AgentState, base: LocalBase) -> None:
    """Drop a base and the candidates that had it."""
    state.local.bases.pop(base.base.number, None)
    stream = state.streams.get(base.stream)
    if stream is None:
        return
    for generation in stream.generations():
        local = generation.local
        kept = local.delivered
        for at, candidate in reversed(list(enumerate(local.candidates))):
            if candidate.base == base.base:
                del local.candidates[at]
                kept -= at < local.delivered
        local.delivered = kept
        local.reflexive = tuple([c for c in local.reflexive if c.base != base.base])


def stream(state: AgentState, stream: Stream) -> None:
    """The stream is over: its transactions, timers and bases go."""
    for generation in stream.generations():
        restart.forget(state, stream, generation)
    for path in stream.media:
        media.stop(state, stream, path)
    gathered.drop_questions(state, stream)
    for base in _relays_first(state, stream):
        release(state, base)
    del state.streams[stream.id]


def _untie(generation: Generation) -> None:
    """Leave no cycles for the collector to find: most pairs are valid by their own check."""
    for component in generation.components:
        for pair in component.valid:
            pair.valid = pair.source = None


def everything(state: AgentState) -> None:
    """The session is over: give back all bases, and the pacer's slot."""
    streams = list(state.streams.values())
    others = [member for member in state.local.members if member is not state]
    if not others:
        state.streams.clear()  # no sibling shows their candidates to anybody
    for stream in streams:
        for base in _relays_first(state, stream):
            release(state, base)
        for generation in stream.generations():
            _untie(generation)
    pace.release(state)
    if others:
        _hand_over(state, streams, others)
    else:
        for base in state.local.bases.values():
            if not base.users and base.relay is None:
                state.commands.append(ReleaseBase(base.base))  # its allocation ends with the socket
        for connection in list(state.local.flows.values()):
            link.hang_up(state, connection)
        state.commands += map(CancelResolve, state.local.queries)
        state.local.queries = ()
    state.timers.clear()
    state.transactions.clear()
    state.touched = ()
    state.streams.clear()
    state.closed = True


def _hand_over(state: AgentState, streams: list[Stream], others: list[AgentState]) -> None:
    """What keeps allocations and mappings alive goes on with a sibling; gathering ends."""
    for stream in streams:
        if stream.asking:
            gathered.finish(state, stream)  # nobody else hears the answers
    for key, when in state.timers.keys():  # noqa: SIM118 (a table, not a dictionary)
        if isinstance(key, Allocation):
            others[0].timers.arm(key, when)
        elif isinstance(key, ServerKeepalive) and key.base in state.local.bases:
            number = state.local.bases[key.base].stream
            for heir in [one for one in others if number in one.streams][:1]:
                heir.timers.arm(key, when)


def components(state: AgentState, stream: Stream, count: int) -> None:
    """Both sides agreed to do with fewer components, as with RTCP on the port of RTP (RFC 5761)."""
    for generation in stream.generations():
        for pair in [pair for pair in generation.checklist if pair.component > count]:
            transactions.forget_pair(state, pair)
            checklist.remove(generation, pair)
        generation.components = generation.components[:count]
        state.touch(generation)
    gone, stream.media = stream.media[count:], stream.media[:count]
    for given_up in gone:
        media.stop(state, stream, given_up)
        if given_up.table != SILENT:
            number = stream.current.number
            state.events.append(MediaChanged(stream.id, number, given_up.component, SILENT))
    stream.components = count
    for base in _relays_first(state, stream):
        if base.component > count:
            release(state, base)
    for path in stream.media:
        state.outdate(stream.id, path.component)


def lose_base(state: AgentState, base: Base, reason: Loss = Loss.BASE_REMOVED) -> None:
    """The socket is gone: so are its candidates, its pairs, and media on them (§5.1.1.4)."""
    local = state.local.bases.get(base.number)
    if local is None:
        return
    forget(state, local)
    for member in state.local.members or (state,):
        stream = member.streams.get(local.stream)
        if stream is not None:
            _lose_pairs(member, stream, base, reason)


def _lose_pairs(state: AgentState, stream: Stream, base: Base, reason: Loss) -> None:
    for generation in stream.generations():
        for pair in [p for p in generation.checklist if p.base.number == base.number]:
            transactions.forget_pair(state, pair)
            checklist.remove(generation, pair)
        for component in generation.components:
            component.valid = [
                pair
                for pair in component.valid
                if pair.base.number != base.number or pair is component.selected
            ]
            nominating = component.nominating
            if nominating is not None and nominating.base.number == base.number:
                component.nominating = component.selected
        generation.sources = tuple([key for key in generation.sources if key[0] != base.number])
        state.touch(generation)
    for path in stream.media:
        if path.pair is not None and path.pair.base.number == base.number:
            consent.lose(state, stream, path, reason)
        media.refresh(state, stream, path.component)
