"""RFC 8445 §8, RFC 8863: nomination, selection, completion and failure."""

from __future__ import annotations

from sipice.ice import checklist, likelihood, media, tracing, transactions
from sipice.ice.events import Failure, RoleSwitched, StreamCompleted, StreamFailed, StreamResumed
from sipice.ice.pair import (
    CONTROLLING,
    FAILED,
    FROZEN,
    IN_PROGRESS,
    SUCCEEDED,
    WAITING,
    CandidatePair,
    Role,
)
from sipice.ice.state import AgentState, ChecklistState, Component, Generation
from sipice.ice.timers import FreeCandidates, Pac, StopRule

_OPEN = (FROZEN, WAITING, IN_PROGRESS)


def begin(state: AgentState, generation: Generation) -> None:
    """Credentials of both sides are known: ICE processing begins (RFC 8863 §4)."""
    generation.pac_running = True
    state.timers.arm(Pac(generation.stream, generation.number), state.now + state.config.pac)


def expire_pac(state: AgentState, generation: Generation) -> None:
    """From now on the list may fail (RFC 8863 §4)."""
    generation.pac_running = False
    state.touch(generation)


def update(state: AgentState, generation: Generation) -> None:
    """Decide about nomination, completion and failure after something changed."""
    generation.touched = False
    if generation.state is not ChecklistState.RUNNING or generation.remote is None:
        return
    if state.role is CONTROLLING and not state.config.lite:
        for component in generation.components:
            _consider(state, generation, component)
    for component in generation.components:
        if component.selected is None:
            break
    else:
        _complete(state, generation)
        return
    if not state.config.lite and _is_hopeless(generation):
        fail(state, generation, Failure.NO_VALID_PAIR)


def nominated(state: AgentState, generation: Generation, pair: CandidatePair) -> None:
    """A valid pair was nominated; it becomes the selected one (§8.1.2).

    A legacy peer may nominate several: the one of highest priority counts (§8.1.1), until the
    time to free candidates has come.
    """
    component = generation.component(pair.local.component)
    if component is None:
        return
    pair.nominated = True
    before = component.selected
    if before is not None and (before is pair or before.priority >= pair.priority):
        return
    component.selected = pair
    component.nominating = pair
    _stop_waiting(state, generation, component)
    _drop_others(state, generation, component, pair.priority)
    media.announce_selected(state, generation, pair)
    state.touch(generation)
    if state.tracer is not None:
        tracing.selected(state, generation, component, pair)


def nomination_failed(state: AgentState, generation: Generation, pair: CandidatePair) -> None:
    """§7.2.5.3.4: the pair is valid no more, and the list fails.

    DEVIATION §7.2.5.3.4: while the PAC timer runs no list may fail (RFC 8863 §4); another valid
    pair may then be nominated, as nothing has been nominated yet.
    """
    component = generation.component(pair.component)
    pair.nominate = False
    valid = pair.valid
    if component is None or component.selected is not None:
        return  # a better pair was nominated, too, and did not come true
    if valid is not None and valid in component.valid:
        component.valid.remove(valid)
    pair.valid = None
    component.nominating = None
    if state.tracer is not None:
        tracing.pair(state, "nomination-failed", generation, pair, rule="7.2.5.3.4")
    state.outdate(generation.stream, component.number)
    if generation.pac_running:
        state.touch(generation)
    elif generation.is_running:
        fail(state, generation, Failure.NOMINATION_FAILED)


def fail(state: AgentState, generation: Generation, reason: Failure) -> None:
    """The checklist failed; its pairs stay, a check of the peer may bring it back."""
    generation.state = ChecklistState.FAILED
    for component in generation.components:
        state.outdate(generation.stream, component.number)
    state.events.append(StreamFailed(generation.stream, generation.number, reason))
    if state.tracer is not None:
        tracing.stream(state, "stream-failed", generation, why=reason.value, rule="7.2.5.4")


def resume(state: AgentState, generation: Generation, *, afresh: bool = False) -> None:
    """Check all failed pairs again, with a new PAC timer: the peer was not there until now.

    ``afresh``: checks under way begin anew, too, so that both sides walk their lists in the same
    order. The peer's first check does not ask for that: it is there, and may answer them.
    """
    failed = [pair for pair in generation.checklist if pair.state is FAILED]
    has_failed = generation.state is ChecklistState.FAILED
    if generation.remote is None or generation.state is ChecklistState.COMPLETED:
        return
    if not failed and not has_failed:
        return
    if has_failed:
        run_again(state, generation)
    for pair in failed:
        pair.state = FROZEN
        pair.conflicts = 0
    for pair in generation.checklist:
        pair.heard_at = None
    if afresh:
        for pair in generation.checklist:
            if pair.state is IN_PROGRESS:
                transactions.cancel(state, pair)
        checklist.form_again(state, generation)
    if state.tracer is not None:
        tracing.stream(state, "stream-resumed", generation, pairs=len(failed))
    begin(state, generation)
    state.touch(generation)


def run_again(state: AgentState, generation: Generation) -> None:
    """A failed checklist is Running again."""
    generation.state = ChecklistState.RUNNING
    state.events.append(StreamResumed(generation.stream, generation.number))
    for component in generation.components:
        state.outdate(generation.stream, component.number)


def switch_role(state: AgentState, role: Role, *, renew_tie_breaker: bool) -> None:
    """Take the other role: priorities change, and the nomination changes hands (§7.3.1.1)."""
    if renew_tie_breaker:
        state.tie_breaker = state.rng.getrandbits(64)
    if role is state.role:
        return
    state.role = role
    state.events.append(RoleSwitched(role))
    if state.tracer is not None:
        tracing.role(state)
    for stream in state.streams.values():
        for generation in stream.generations():
            checklist.sort(state, generation)
            for component in generation.components:
                if component.selected is None:
                    component.nominating = None
            for pair in generation.checklist:
                pair.nominate = False
            for pair in [p for p in generation.triggered if p.state is SUCCEEDED]:
                checklist.dequeue(generation, pair)  # it waited to be nominated only
            state.touch(generation)


def _consider(state: AgentState, generation: Generation, component: Component) -> None:
    """The stopping rule: nominate the best valid pair once no better one can still succeed.

    A better pair is waited for until its check has been sent, and then for max(3 RTT, the length
    of the peer's list times Ta + RTT): its own check may have to open the peer's NAT first.
    """
    if component.selected is not None or component.nominating is not None:
        return
    if not component.valid and not component.waits:
        return
    until = None
    for best in component.valid:
        if not best.consent_lost:
            until = _wait_until(state, generation, best)
            break
    else:
        _stop_waiting(state, generation, component)
        return
    if until is not None and until > state.now:
        if state.tracer is not None:
            tracing.waits(state, generation, best, until)
        if until == float("inf"):
            _stop_waiting(state, generation, component)
        else:
            component.waits = True
            state.timers.arm(
                StopRule(generation.stream, generation.number, component.number), until
            )
        return
    _stop_waiting(state, generation, component)
    component.nominating = best
    source = best.source or best
    source.nominate = True
    checklist.enqueue(generation, source)
    if state.tracer is not None:
        tracing.nominates(state, generation, best, source)


def _stop_waiting(state: AgentState, generation: Generation, component: Component) -> None:
    if component.waits:
        component.waits = False
        state.timers.disarm(StopRule(generation.stream, generation.number, component.number))


def _wait_until(state: AgentState, generation: Generation, best: CandidatePair) -> float | None:
    rtt = _rtt(generation, best)
    until: float | None = None
    for pair in generation.checklist:
        if pair.priority <= best.priority:
            break
        if pair.component == best.component and pair.state in _OPEN:
            hope = _hope(state, pair, _patience(state, generation, pair, rtt))
            until = hope if until is None else max(until, hope)
    return until


def _patience(state: AgentState, generation: Generation, pair: CandidatePair, rtt: float) -> float:
    """How long a check of this pair may take; see `_consider`.

    Where a private address in another network can be reached at all, no NAT is on the way.
    """
    if generation.remote is None or generation.remote.lite:
        return 3 * rtt
    is_doubtful = likelihood.is_doubtful(state, generation, pair)
    length = 1 if is_doubtful else checklist.count_pairs(state.running())
    return max(3 * rtt, length * state.ta + rtt)


def _hope(state: AgentState, pair: CandidatePair, patience: float) -> float:
    """Until when a check of this pair may be expected to succeed."""
    if pair.state is WAITING:
        return float("inf")
    if pair.state is IN_PROGRESS:
        return pair.sent_at + patience
    # Frozen: it goes when the active pair of its foundation has succeeded, or when there is none.
    active = [
        _hope(state, other, patience)
        for generation in state.running()
        for other in generation.checklist
        if other.foundation == pair.foundation and other.state in (WAITING, IN_PROGRESS)
    ]
    return max(active) if active else float("inf")


def _rtt(generation: Generation, best: CandidatePair) -> float:
    if best.rtt is not None:
        return best.rtt
    return min((pair.rtt for pair in generation.checklist if pair.rtt is not None), default=0.0)


def _drop_others(
    state: AgentState, generation: Generation, component: Component, least: int
) -> None:
    """§8.1.2: the pairs of a nominated component leave the checklist and the queue.

    Better ones that a legacy peer has nominated, too, stay: it uses the best that succeeds.
    """
    for pair in list(generation.checklist):
        if pair.local.component != component.number:
            continue
        if pair.nominate and pair.priority > least:
            continue
        transactions.forget_pair(state, pair)
        checklist.remove(generation, pair)


def _complete(state: AgentState, generation: Generation) -> None:
    generation.state = ChecklistState.COMPLETED
    generation.pac_running = False
    state.timers.disarm(Pac(generation.stream, generation.number))
    state.timers.arm(
        FreeCandidates(generation.stream, generation.number),
        state.now + state.config.free_after,
    )
    state.events.append(StreamCompleted(generation.stream, generation.number))
    if state.tracer is not None:
        tracing.stream(state, "stream-completed", generation, rule="8.1.2")


def _is_hopeless(generation: Generation) -> bool:
    """§7.2.5.4, with the further conditions of RFC 8838 §8 and RFC 8863 §4.

    DEVIATION §7.2.5.4: one component without hope is enough. The pairs of the others, Frozen until
    now behind the same foundation, could not save the list, and would cost 39.5 s each.
    """
    remote = generation.remote
    if generation.pac_running or generation.local.gathering:
        return False
    if remote is None or not remote.complete:
        return False
    hopeful = {pair.component for pair in generation.checklist if pair.state in _OPEN}
    return any(
        component.selected is None and not component.valid and component.number not in hopeful
        for component in generation.components
    )
