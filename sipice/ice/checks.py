"""RFC 8445 §7.2: the STUN client side of a connectivity check."""

from __future__ import annotations

from sipice.ice import checklist, conclude, media, tracing, transactions
from sipice.ice.candidate import (
    Candidate,
    CandidateType,
    check_priority,
    foundation_key,
)
from sipice.ice.foundation import foundation_of
from sipice.ice.pair import (
    CONTROLLED,
    CONTROLLING,
    FAILED,
    IN_PROGRESS,
    SUCCEEDED,
    WAITING,
    CandidatePair,
)
from sipice.ice.state import AgentState, Check, Component, Generation
from sipice.net import Address, Base
from sipice.stun import Message, verify_integrity
from sipice.stun.check import CheckResponse

ROLE_CONFLICT = 487


def send_next(state: AgentState) -> None:
    """Send the check whose turn it is."""
    found = checklist.next_check(state)
    if found is not None:
        generation, pair = found
        state.served = (generation.stream, generation.number)
        send(state, generation, pair)


def send(state: AgentState, generation: Generation, pair: CandidatePair) -> None:
    """Send a check on a pair (§7.2.4); with USE-CANDIDATE if it is to be nominated."""
    remote = generation.remote
    assert remote is not None
    nominating = pair.nominate and state.role is CONTROLLING
    if pair.transaction is not None:
        transactions.cancel(state, pair)
    identifier = state.draw_transaction_id()
    priority = check_priority(pair.local)
    data = remote.template.build(
        identifier, priority, state.tie_breaker, state.role is CONTROLLING, nominating
    )
    rto = transactions.rto(state)
    check = Check(
        identifier, pair, generation, data, state.role, priority, state.now, rto, nominating
    )
    pair.transaction = identifier
    pair.sent_at = state.now
    if pair.state is not SUCCEEDED:
        pair.state = IN_PROGRESS
    transactions.start(state, check)
    state.restless = True
    if state.role is CONTROLLING and not nominating:
        for component in generation.components:
            if component.valid:
                state.touch(generation)  # the stopping rule may have waited for this
    if state.tracer is not None:
        tracing.sent(state, check)


def receive_success(
    state: AgentState, check: Check, response: CheckResponse, base: Base, remote: Address
) -> None:
    """A success response that matches a check (§7.2.5.3)."""
    generation = check.generation
    assert generation.remote is not None
    if not generation.remote.key.verifies(response.signed, response.mac):
        state.counters.unauthenticated += 1
        if state.tracer is not None:
            tracing.dropped(state, base, remote, "wrong integrity in a response")
        return  # RFC 8489 §9.1.4: as if it had never come; retransmissions go on
    transactions.forget(state, check.id)
    pair = check.pair
    if base.number != pair.base.number or remote != pair.to:
        _fail(state, check, "the response came from elsewhere")  # §7.2.5.2.1
        return
    if pair.transaction is not None and pair.transaction != check.id:
        if not _is_nominating(state, pair.transaction):
            transactions.cancel(state, pair)  # an earlier check has done its work
    else:
        pair.transaction = None
    _measure(state, check)
    component = generation.component(pair.local.component)
    if component is not None:
        _succeed(state, check, response.mapped, component)
    state.touch(generation)


def receive_error(state: AgentState, check: Check, message: Message) -> None:
    """An error response that matches a check (§7.2.5.1, §7.2.5.2.4).

    Where it came from does not matter: it is authentic, and no address is learned from it.
    """
    generation, pair = check.generation, check.pair
    assert generation.remote is not None
    if not message.has_fingerprint or not verify_integrity(message, generation.remote.key):
        state.counters.unauthenticated += 1
        if state.tracer is not None:
            tracing.dropped(state, check.base, check.to, "an error response without integrity")
        return
    if state.tracer is not None:
        tracing.pair(state, "check-refused", generation, pair, code=message.error_code)
    transactions.forget(state, check.id)
    if message.error_code == ROLE_CONFLICT and pair.conflicts < state.config.max_role_conflicts:
        pair.conflicts += 1
        _resolve_conflict(state, check)
    else:
        _fail(state, check, f"error {message.error_code}")


def end(state: AgentState, identifier: bytes) -> None:
    """No response came to a check (§7.2.5.2.3)."""
    check = state.transactions.get(identifier)
    transactions.forget(state, identifier)
    if isinstance(check, Check) and not check.cancelled:
        _fail(state, check, "no response")


def abandon(state: AgentState, pair: CandidatePair, reason: str) -> None:
    """Wait no longer for the answer to the check of a pair that is under way, if there is one."""
    check = state.transactions.get(pair.transaction) if pair.transaction is not None else None
    if isinstance(check, Check):
        transactions.forget(state, check.id)
        _fail(state, check, reason)


def refuse(state: AgentState, base: Base, remote: Address, reason: str) -> None:
    """A hard error on a 5-tuple fails the check that is under way on it (§7.2.5.2.2)."""
    for check in list(state.transactions.values()):
        if not isinstance(check, Check) or check.cancelled:
            continue
        if check.pair.base.number == base.number and check.pair.to == remote:
            transactions.forget(state, check.id)
            _fail(state, check, reason)


def _succeed(state: AgentState, check: Check, mapped: Address, component: Component) -> None:
    generation, pair = check.generation, check.pair
    valid = pair.valid or _valid_pair(state, check, mapped)
    valid.rtt = pair.rtt
    valid.answered_at = pair.answered_at = state.now
    pair.heard_at = None
    pair.valid = valid
    was_new = pair.state is not SUCCEEDED
    pair.state = valid.state = SUCCEEDED
    if generation.triggered and not pair.nominate:
        checklist.dequeue(generation, pair)
    if valid not in component.valid:
        _insert_valid(component, valid)
        if len(generation.components) > 1:
            for other in generation.components:  # they may have waited for this one
                state.outdate(generation.stream, other.number)
    media.add_source(state, generation, (pair.base.number, pair.to), component.number)
    if was_new:
        checklist.unfreeze(state, pair.foundation)
    if state.tracer is not None:
        tracing.succeeded(state, check, mapped, valid, was_new)
    by_us = check.nominating and state.role is CONTROLLING
    by_peer = pair.nominate and state.role is CONTROLLED
    if by_us or by_peer:
        pair.nominate = False
        conclude.nominated(state, generation, valid)
    elif component.selected is None and component.valid[0] is valid:
        state.outdate(generation.stream, component.number)


def _measure(state: AgentState, check: Check) -> None:
    pair = check.pair
    if check.sent == 1:
        pair.rtt = state.now - check.started
    elif pair.rtt is None:
        # Which copy was answered is unknown (Karn): the last one gives a lower bound.
        pair.rtt = max(0.0, state.now - transactions.last_sent(check))


def _insert_valid(component: Component, valid: CandidatePair) -> None:
    at = 0
    while at < len(component.valid) and component.valid[at].priority >= valid.priority:
        at += 1
    component.valid.insert(at, valid)


def _valid_pair(state: AgentState, check: Check, mapped: Address) -> CandidatePair:
    """§7.2.5.3.2: the pair of the mapped address and the destination of the check."""
    pair, generation = check.pair, check.generation
    if mapped == pair.local.address:
        return pair
    for other in generation.checklist:
        if (
            other.local.address == mapped
            and other.to == pair.to
            and other.component == pair.component
        ):
            return other
    local = next(
        (
            candidate
            for candidate in (*generation.local.candidates, *generation.local.reflexive)
            if candidate.address == mapped
            and candidate.component == pair.component
            and candidate.transport is pair.local.transport
            and candidate.base == pair.base
        ),
        None,
    ) or _discover_local(state, check, mapped)
    valid = checklist.make_pair(state, local, pair.remote)
    valid.base = pair.base
    valid.source = pair
    return valid


def _discover_local(state: AgentState, check: Check, mapped: Address) -> Candidate:
    """§7.2.5.3.1: the peer saw an address we did not know: a peer-reflexive candidate."""
    pair, local = check.pair, check.generation.local
    candidate = Candidate(
        component=pair.component,
        type=CandidateType.PEER_REFLEXIVE,
        address=mapped,
        priority=check.priority,
        foundation="",
        transport=pair.local.transport,
        base=pair.base,
        related=pair.base.address,
        tcptype=pair.local.tcptype,
    )
    candidate = candidate._replace(foundation=foundation_of(local, foundation_key(candidate)))
    if len(local.reflexive) < state.config.max_remote_candidates:
        local.reflexive += (candidate,)
    if state.tracer is not None:
        tracing.candidate(state, local, candidate)
    return candidate


def _fail(state: AgentState, check: Check, reason: str) -> None:
    pair, generation = check.pair, check.generation
    if pair.transaction == check.id:
        pair.transaction = None
    elif check.cancelled or pair.transaction is not None:
        return  # another check of the pair decides
    by_us = check.nominating and state.role is CONTROLLING
    if pair.state is SUCCEEDED and not by_us:
        return
    pair.state = FAILED
    checklist.dequeue(generation, pair)  # it may wait there to be nominated again
    if state.tracer is not None:
        tracing.failed(state, check, reason)
    by_peer = pair.nominate and state.role is CONTROLLED
    if by_us or by_peer:
        conclude.nomination_failed(state, generation, pair)
    state.touch(generation)


def _resolve_conflict(state: AgentState, check: Check) -> None:
    """487: take the role opposite to the one this request claimed, draw a new tie-breaker."""
    conclude.switch_role(state, check.role.opposite, renew_tie_breaker=True)
    pair, generation = check.pair, check.generation
    if pair.transaction == check.id:
        pair.transaction = None
    if check.cancelled and pair.state is not IN_PROGRESS:
        return  # it waits in the queue or has succeeded already
    if pair.state is not SUCCEEDED:
        pair.state = WAITING
    if generation.is_running:
        checklist.enqueue(generation, pair)
        if state.tracer is not None:
            tracing.queued(state, generation, pair, "again after the role conflict", "7.2.5.1")
    state.touch(generation)


def _is_nominating(state: AgentState, identifier: bytes) -> bool:
    check = state.transactions.get(identifier)
    return isinstance(check, Check) and check.nominating
