"""RFC 8445 §6.1.2 to §6.1.4: forming checklists, freezing and unfreezing, the next check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sipice.ice import likelihood, tcp, tracing
from sipice.ice.candidate import Candidate, CandidateType
from sipice.ice.destination import is_link_local
from sipice.ice.pair import (
    CONTROLLING,
    FAILED,
    FROZEN,
    IN_PROGRESS,
    SUCCEEDED,
    WAITING,
    CandidatePair,
    PairState,
    pair_priority,
)
from sipice.ice.state import AgentState, Generation
from sipice.net import Transport

_ACTIVE = (WAITING, IN_PROGRESS)


def form(state: AgentState, generation: Generation) -> None:
    """Make the initial checklist of a generation (§6.1.2.2 to §6.1.2.6)."""
    assert generation.remote is not None
    local = generation.local
    _pair_up(state, generation, local.candidates[: local.delivered], generation.remote.candidates)
    enforce_limit(state)
    _initial_states(state, generation, generation.checklist)


def form_again(state: AgentState, generation: Generation) -> None:
    """Begin with all pairs that have not succeeded as the list began.

    Those that the peer has just asked for stay where they are, at the head of all.
    """
    again = [
        pair
        for pair in generation.checklist
        if pair.state is not SUCCEEDED and pair not in generation.triggered
    ]
    for pair in again:
        pair.state = FROZEN
    _initial_states(state, generation, again)


def add_local(state: AgentState, generation: Generation, candidates: Sequence[Candidate]) -> None:
    """Pair local candidates that have just been told to the peer (RFC 8838 §10)."""
    if generation.remote is not None:
        _extend(state, generation, candidates, generation.remote.candidates)


def add_remote(state: AgentState, generation: Generation, candidates: Sequence[Candidate]) -> None:
    """Pair remote candidates that came later (RFC 8838 §11)."""
    local = generation.local
    _extend(state, generation, local.candidates[: local.delivered], candidates)


def priority_of(state: AgentState, local: Candidate, remote: Candidate) -> int:
    """The pair priority by our present role (§6.1.2.3)."""
    if state.role is CONTROLLING:
        return pair_priority(local.priority, remote.priority)
    return pair_priority(remote.priority, local.priority)


def is_compatible(local: Candidate, remote: Candidate) -> bool:
    """Whether the two may form a pair (§6.1.2.2; RFC 6544 §6.2)."""
    if local.component != remote.component or local.transport is not remote.transport:
        return False
    if len(local.address.ip) != len(remote.address.ip):
        return False
    if is_link_local(local.address.ip) != is_link_local(remote.address.ip):
        return False
    if remote.hidden and local.type is CandidateType.RELAYED:
        return False  # the server would learn what the name hides
    return local.transport is Transport.UDP or tcp.connects(local.tcptype, remote.tcptype)


def make_pair(state: AgentState, local: Candidate, remote: Candidate) -> CandidatePair:
    """A Frozen pair that is not on any list yet."""
    assert local.base is not None
    return CandidatePair(
        local.base,
        local,
        remote,
        priority_of(state, local, remote),
        foundation=(local.foundation, remote.foundation),
    )


def insert(generation: Generation, pair: CandidatePair) -> None:
    """Put a pair on the checklist at the place of its priority."""
    checklist = generation.checklist
    at = len(checklist)
    while at and checklist[at - 1].priority < pair.priority:
        at -= 1
    checklist.insert(at, pair)
    generation.index[pair.base.number, pair.remote.address] = pair


def remove(generation: Generation, pair: CandidatePair) -> None:
    """Take a pair off the checklist and out of the triggered-check queue."""
    if _is_listed(generation, pair):
        generation.checklist.remove(pair)
        del generation.index[pair.base.number, pair.remote.address]
    dequeue(generation, pair)


def sort(state: AgentState, generation: Generation) -> None:
    """Compute all priorities anew, after a change of role or of a remote candidate."""
    for pair in generation.checklist:
        pair.priority = priority_of(state, pair.local, pair.remote)
    generation.checklist.sort(key=lambda pair: -pair.priority)
    for component in generation.components:
        for pair in component.valid:
            pair.priority = priority_of(state, pair.local, pair.remote)
        component.valid.sort(key=lambda pair: -pair.priority)


def enqueue(generation: Generation, pair: CandidatePair) -> None:
    """Put a pair into the triggered-check queue, once (§6.1.4.1)."""
    if pair not in generation.triggered:
        generation.triggered += (pair,)


def dequeue(generation: Generation, pair: CandidatePair) -> None:
    """Take a pair out of the triggered-check queue."""
    queue = generation.triggered
    if pair in queue:
        at = queue.index(pair)
        generation.triggered = queue[:at] + queue[at + 1 :]


def unfreeze(state: AgentState, foundation: tuple[str, str]) -> None:
    """A pair of this foundation succeeded: all its Frozen ones may go (§7.2.5.3.3)."""
    for generation in state.running():
        for pair in generation.checklist:
            if pair.state is FROZEN and pair.foundation == foundation:
                pair.state = WAITING
                if state.tracer is not None:
                    why = "a pair of its foundation succeeded"
                    tracing.pair_state(state, generation, pair, why, "7.2.5.3.3")


def enforce_limit(state: AgentState, spare: CandidatePair | None = None) -> None:
    """§6.1.2.5: discard the lowest pairs evenly over the lists; RFC 8838 §10: failed ones first.

    ``spare`` stays: the peer has just shown that it is there.
    """
    lists = state.running()
    excess = count_pairs(lists) - state.config.max_pairs
    while excess > 0:
        victim = _victim(lists, (FAILED,), spare) or _victim(lists, (FROZEN, WAITING), spare)
        if victim is None:
            return
        remove(*victim)
        state.counters.limited += 1
        if state.tracer is not None:
            why = f"more than {state.config.max_pairs} pairs"
            tracing.pair(state, "pair-removed", *victim, why=why, rule="6.1.2.5")
        excess -= 1


def next_check(state: AgentState) -> tuple[Generation, CandidatePair] | None:
    """The pair to check now, as §6.1.4.2 picks it; a nomination goes before all else.

    Its state becomes the caller's business; a triggered one has left its queue.
    """
    lists = _in_turn(state)
    if state.role is CONTROLLING:
        for generation in lists:
            for pair in generation.triggered:
                if pair.nominate:
                    dequeue(generation, pair)
                    return generation, pair
    for generation in lists:
        if generation.triggered:
            first, *_ = generation.triggered
            dequeue(generation, first)
            return generation, first
        ordinary = _next_ordinary(state, generation)
        if ordinary is not None:
            return generation, ordinary
    return None


def is_ready(state: AgentState) -> bool:
    """Whether ``next_check`` would find a pair."""
    if state.config.lite:
        return False
    lists = state.running()
    frozen = False
    for generation in lists:
        if generation.triggered:
            return True
        for pair in generation.checklist:
            if pair.state is WAITING:
                return True
            if pair.state is FROZEN:
                frozen = True
    if not frozen:
        return False
    busy = _busy_foundations(lists)
    return any(
        pair.state is FROZEN and pair.foundation not in busy
        for generation in lists
        for pair in generation.checklist
    )


def count_pairs(lists: Iterable[Generation]) -> int:
    """The pairs on all of them."""
    count = 0
    for generation in lists:
        count += len(generation.checklist)
    return count


def count_active(state: AgentState) -> int:
    """Pairs Waiting and In-Progress over the checklist set (§14.3)."""
    return sum(
        pair.state in _ACTIVE for generation in state.running() for pair in generation.checklist
    )


def _in_turn(state: AgentState) -> list[Generation]:
    """The running lists, beginning behind the one that was served last."""
    lists = state.running()
    if len(lists) == 1:
        return lists
    for at, generation in enumerate(lists):
        if (generation.stream, generation.number) > state.served:
            return lists[at:] + lists[:at]
    return lists


def _next_ordinary(state: AgentState, generation: Generation) -> CandidatePair | None:
    best = _best_waiting(generation.checklist)
    if best is None:
        _unfreeze_idle(state, generation)
        best = _best_waiting(generation.checklist)
    if best is None or not likelihood.may_wait(state, generation, best):
        return best
    return _best_waiting(likelihood.promising(generation)) or best


def _best_waiting(pairs: Iterable[CandidatePair]) -> CandidatePair | None:
    best: CandidatePair | None = None
    for pair in pairs:
        if pair.state is not WAITING:
            continue
        if best is None:
            best = pair
        elif pair.priority < best.priority:
            break
        elif pair.component < best.component:
            best = pair
    return best


def _unfreeze_idle(state: AgentState, generation: Generation) -> None:
    """§6.1.4.2 step 2: one Frozen pair of each foundation that is idle in the whole set."""
    busy = _busy_foundations(state.running())
    for pair in sorted(generation.checklist, key=lambda pair: (pair.component, -pair.priority)):
        if pair.state is FROZEN and pair.foundation not in busy:
            pair.state = WAITING
            busy.add(pair.foundation)
            if state.tracer is not None:
                why = "nothing waits, and its foundation is idle"
                tracing.pair_state(state, generation, pair, why, "6.1.4.2")


def _busy_foundations(lists: Iterable[Generation]) -> set[tuple[str, str]]:
    return {
        pair.foundation
        for generation in lists
        for pair in generation.checklist
        if pair.state in _ACTIVE
    }


def _is_listed(generation: Generation, pair: CandidatePair) -> bool:
    return generation.index.get((pair.base.number, pair.remote.address)) is pair


def _pair_up(
    state: AgentState,
    generation: Generation,
    locals_: Iterable[Candidate],
    remotes: Sequence[Candidate],
) -> list[CandidatePair]:
    """Form and prune (§6.1.2.4): of equal base and remote candidate one pair remains."""
    added: list[CandidatePair] = []
    for local in locals_:
        # A reflexive candidate is replaced by its base, whose own pair has the higher priority.
        if local.type in (CandidateType.SERVER_REFLEXIVE, CandidateType.PEER_REFLEXIVE):
            continue
        if tcp.is_pruned(local) or generation.component(local.component) is None:
            continue
        assert local.base is not None
        for remote in remotes:
            if not is_compatible(local, remote):
                continue
            if (local.base.number, remote.address) in generation.index:
                continue
            pair = make_pair(state, local, remote)
            insert(generation, pair)
            added.append(pair)
            if state.tracer is not None:
                tracing.formed(state, generation, pair)
        base = state.local.bases.get(local.base.number)
        if base is not None and base.relay is not None:
            # §7.2.1: permissions first; without them the peer's checks do not get through either
            base.relay.permit(state, [r.address for r in remotes if is_compatible(local, r)])
    return added


def _extend(
    state: AgentState,
    generation: Generation,
    locals_: Iterable[Candidate],
    remotes: Sequence[Candidate],
) -> None:
    if not generation.is_running:
        return
    added = _pair_up(state, generation, locals_, remotes)
    if not added:
        return
    for pair in added:
        component = generation.component(pair.component)
        if component is not None and component.selected is not None:
            remove(generation, pair)  # §8.1.2: this component is done
            if state.tracer is not None:
                why = "its component has a selected pair"
                tracing.pair(state, "pair-removed", generation, pair, why=why, rule="8.1.2")
        elif _has_succeeded(state, pair.foundation) or _is_topmost(state, generation, pair):
            pair.state = WAITING  # RFC 8838 §12, rules 2 and 1; else Frozen
            if state.tracer is not None:
                why = "the first of its foundation, or one of it succeeded"
                tracing.pair_state(state, generation, pair, why, "RFC 8838 12")
    enforce_limit(state)
    state.touch(generation)


def _initial_states(
    state: AgentState, generation: Generation, added: Sequence[CandidatePair]
) -> None:
    """§6.1.2.6: exactly one pair of each foundation over the whole set begins Waiting."""
    busy = _busy_foundations(state.running())
    for pair in sorted(added, key=lambda pair: (pair.local.component, -pair.priority)):
        if pair.foundation not in busy or _has_succeeded(state, pair.foundation):
            pair.state = WAITING
            busy.add(pair.foundation)
            if state.tracer is not None:
                why = "the first of its foundation"
                tracing.pair_state(state, generation, pair, why, "6.1.2.6")
    state.restless = True


def _has_succeeded(state: AgentState, foundation: tuple[str, str]) -> bool:
    return any(
        pair.state is SUCCEEDED and pair.foundation == foundation
        for generation in state.running()
        for pair in generation.checklist
    )


def _is_topmost(state: AgentState, generation: Generation, pair: CandidatePair) -> bool:
    """RFC 8838 §12, rule 1: the first of its foundation by list, component and priority."""
    for other_list in state.running():
        for other in other_list.checklist:
            if other is pair or other.foundation != pair.foundation:
                continue
            if other_list is not generation:
                return (generation.stream, generation.number) < (
                    other_list.stream,
                    other_list.number,
                )
            if (other.component, -other.priority) < (pair.component, -pair.priority):
                return False
    return True


def _victim(
    lists: Iterable[Generation], states: tuple[PairState, ...], spare: CandidatePair | None
) -> tuple[Generation, CandidatePair] | None:
    for generation in sorted(lists, key=lambda generation: -len(generation.checklist)):
        for pair in reversed(generation.checklist):
            if pair.state in states and pair is not spare:
                return generation, pair
    return None
