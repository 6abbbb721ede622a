"""RFC 8838: candidates that come later, on both sides, and end-of-candidates."""

from __future__ import annotations

from collections.abc import Iterable

from sipice.ice import checklist, tracing
from sipice.ice.candidate import MAX_PRIORITY, Candidate, CandidateType
from sipice.ice.events import CandidateGathered, Event
from sipice.ice.state import AgentState, Generation, Stream
from sipice.net import Transport

MAX_FOUNDATION = 32


def add(state: AgentState, generation: Generation, candidates: Iterable[Candidate]) -> None:
    """Remote candidates of a generation whose checklist exists (§11)."""
    remote = generation.remote
    if remote is None:
        return
    if remote.complete:
        state.counters.unmatched += 1
        if state.tracer is not None:
            tracing.late(state, generation, candidates)
        return  # §14: nothing counts after the end mark
    new = usable(state, generation, candidates)
    remote.candidates.extend(new)
    checklist.add_remote(state, generation, new)


def end(state: AgentState, generation: Generation, *, mark: bool = True) -> None:
    """The peer has no more candidates (§14); without a ``mark`` a later description may."""
    if generation.remote is not None and not generation.remote.complete:
        generation.remote.complete, generation.remote.ended = True, mark
        settle_components(generation)
        for component in generation.components:
            state.outdate(generation.stream, component.number)
        state.touch(generation)


def generation_of(state: AgentState, stream: Stream, ufrag: str | None) -> Generation | None:
    """The generation that a trickled line belongs to, None for a stale one (RFC 8838 §9)."""
    for generation in (stream.next, stream.current):
        remote = None if generation is None else generation.remote
        if remote is not None and ufrag in (None, remote.credentials.ufrag):
            return generation
    state.counters.unmatched += 1
    return None


def deliver(state: AgentState, events: Iterable[Event]) -> None:
    """Local candidates among these have gone to the signalling: now they may be paired (§10)."""
    for event in events:
        if isinstance(event, CandidateGathered):
            generation = state.find(event.stream, event.generation)
            candidate = event.candidate
            if generation is None or candidate not in generation.local.candidates:
                continue
            local = generation.local
            local.delivered = max(local.delivered, local.candidates.index(candidate) + 1)
            checklist.add_local(state, generation, [candidate])


def usable(
    state: AgentState, generation: Generation, candidates: Iterable[Candidate]
) -> list[Candidate]:
    """Those that are new, well formed, and lead where a peer may send us (D2.4)."""
    assert generation.remote is not None
    known = generation.remote.candidates
    found: list[Candidate] = []
    for candidate in candidates:
        verdict = "taken"
        if not _is_well_formed(candidate) or not _may_send_to(state, candidate):
            state.counters.refused_destinations += 1
            verdict = "malformed, or nothing may be sent there"
        elif _is_known(state, generation, known, candidate) or (found and _is_in(found, candidate)):
            verdict = "known already"
        elif len(known) + len(found) >= state.config.max_remote_candidates:
            state.counters.limited += 1
            verdict = "one too many"
        else:
            found.append(candidate if candidate.base is None else candidate._replace(base=None))
        if state.tracer is not None:
            tracing.remote_candidate(state, generation, candidate, verdict)
    return found


def settle_components(generation: Generation) -> None:
    """§6.1.2.2: a stream has as many components as the side that has fewer of them."""
    remote = generation.remote
    if remote is None or not remote.complete or len(generation.components) == 1:
        return
    most = max([0, *[candidate.component for candidate in remote.candidates]])
    if 0 < most < len(generation.components):
        generation.components = generation.components[:most]
        for pair in [pair for pair in generation.checklist if pair.component > most]:
            checklist.remove(generation, pair)


def _is_well_formed(candidate: Candidate) -> bool:
    return (
        1 <= candidate.component <= 256
        and 0 < candidate.priority <= MAX_PRIORITY
        and 0 < len(candidate.foundation) <= MAX_FOUNDATION
        and (candidate.transport is Transport.UDP or candidate.tcptype is not None)
    )


def _may_send_to(state: AgentState, candidate: Candidate) -> bool:
    config = state.config
    return config.destinations.permits(candidate.address, allow_loopback=config.allow_loopback)


def _is_in(candidates: Iterable[Candidate], candidate: Candidate) -> bool:
    return any(_is_same(other, candidate) for other in candidates)


def _is_same(one: Candidate, other: Candidate) -> bool:
    return (
        one.address == other.address
        and one.component == other.component
        and one.transport is other.transport
        and one.tcptype is other.tcptype
    )


def _is_known(
    state: AgentState, generation: Generation, known: list[Candidate], candidate: Candidate
) -> bool:
    """Whether the address is known; if by a check only, its true type and foundation count now.

    RFC 8838 §11 as decided: one candidate and one pair stay, with the state of their check; the
    priority is computed anew so that both ends agree on the order.
    """
    for at, other in enumerate(known):
        if not _is_same(other, candidate):
            continue
        if other.type is CandidateType.PEER_REFLEXIVE:
            known[at] = candidate = candidate._replace(base=None)
            _replace_remote(state, generation, other, candidate)
        return True
    return False


def _replace_remote(
    state: AgentState, generation: Generation, before: Candidate, after: Candidate
) -> None:
    pairs = list(generation.checklist)
    for component in generation.components:
        pairs += component.valid
    for pair in pairs:
        if pair.remote is before:
            pair.remote = after
            pair.foundation = (pair.foundation[0], after.foundation)
    checklist.sort(state, generation)
    state.touch(generation)
