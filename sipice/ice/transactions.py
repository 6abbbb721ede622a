"""RFC 8489 §6.2.1, RFC 8445 §14.3: how a check is sent, repeated, cancelled and forgotten."""

from __future__ import annotations

from sipice.ice import checklist, tcp, tracing
from sipice.ice.pair import CONTROLLING, CandidatePair
from sipice.ice.state import AgentState, Check, ConsentCheck, ServerRequest
from sipice.ice.timers import Retransmit, TransactionEnd
from sipice.net import Address, Base, SendDatagram, Transport
from sipice.stun.transaction import TI


def transmit(state: AgentState, data: bytes, base: Base, to: Address) -> None:
    """Send a STUN message from a base, through its relay if it is a relayed address."""
    local = state.local.bases.get(base.number)
    if local is None:
        return
    if local.relay is not None:
        local.relay.send(state, data, to)
    elif base.transport is Transport.TCP:
        tcp.send(state, data, base, to)
    else:
        state.commands.append(SendDatagram(data, base, to))


def rto(state: AgentState) -> float:
    """The retransmission time-out of a check sent now (§14.3, computed once).

    DEVIATION §14.3: the factor N, the number of all checks, counts the same pairs twice; without
    it the formula is that of RFC 5245, as other agents use it. ``rto_literal`` brings it back.
    """
    least = state.config.rto
    pairs = checklist.count_pairs(state.running())
    most = state.ta * pairs
    if most <= least and not state.config.rto_literal:
        return least  # however many of them are active
    value = state.ta * checklist.count_active(state)
    return max(least, value * pairs if state.config.rto_literal else value)


def whole(state: AgentState, rto: float) -> float:
    """How long a transaction lasts that nobody answers (RFC 8489 §6.2.1): 79 RTO by default."""
    config = state.config
    return rto * ((1 << config.rc - 1) - 1 + config.rm)


def start(state: AgentState, check: Check | ServerRequest) -> None:
    """Send a request for the first time."""
    if len(state.transactions) >= state.config.max_transactions:
        _make_room(state)
    state.transactions[check.id] = check
    transmit(state, check.data, check.base, check.to)
    _arm(state, check)


def renew(state: AgentState, check: Check) -> bytes | None:
    """A check that could not leave yet: its bytes by our present role; None if it is cancelled."""
    remote = check.generation.remote
    if check.cancelled or remote is None:
        return None
    controlling = state.role is CONTROLLING
    check.role = state.role
    check.nominating = check.nominating and controlling
    check.data = remote.template.build(
        check.id, check.priority, state.tie_breaker, controlling, check.nominating
    )
    return check.data


def retransmit(state: AgentState, identifier: bytes) -> None:
    """Send the same bytes again, twice as long after the last time."""
    check = state.transactions.get(identifier)
    if isinstance(check, (Check, ServerRequest)) and not check.cancelled:
        check.sent += 1
        if state.tracer is not None:
            tracing.repeated(state, check)
        transmit(state, check.data, check.base, check.to)
        _arm(state, check)


def cancel(state: AgentState, pair: CandidatePair) -> None:
    """§7.3.1.4: no more retransmissions, no failure on silence; a late response still counts."""
    identifier, pair.transaction = pair.transaction, None
    check = state.transactions.get(identifier) if identifier is not None else None
    if isinstance(check, Check):
        check.cancelled = True
        if state.tracer is not None:
            tracing.pair(state, "check-cancelled", check.generation, pair, id=check.id.hex())
        state.timers.disarm(Retransmit(check.id))
        state.timers.arm(TransactionEnd(check.id), _end(state, check))


def forget(state: AgentState, identifier: bytes) -> None:
    """The transaction is over."""
    check = state.transactions.pop(identifier, None)
    if check is None or isinstance(check, ConsentCheck):
        return  # a consent check has no deadline of its own
    # Only one of the two is armed, and making keys costs more than asking which.
    if check.cancelled or check.sent > 1 or not isinstance(check, Check):
        state.timers.disarm(TransactionEnd(identifier))
    if not check.cancelled:
        state.timers.disarm(Retransmit(identifier))
    if check.base.transport is Transport.TCP:
        state.timers.disarm(TransactionEnd(identifier))


def forget_pair(state: AgentState, pair: CandidatePair) -> None:
    """No response to any check of this pair is wanted any more."""
    pair.transaction = None
    for check in list(state.transactions.values()):
        if isinstance(check, Check) and check.pair is pair:
            forget(state, check.id)


def last_sent(check: Check) -> float:
    """When the latest copy of a check was due to leave."""
    return check.started + check.rto * ((1 << check.sent - 1) - 1)


def _arm(state: AgentState, check: Check | ServerRequest) -> None:
    if check.base.transport is Transport.TCP:
        # RFC 8489 §6.2.2: the transport repeats; the transaction ends as late as over UDP
        state.timers.arm(TransactionEnd(check.id), check.started + TI)
    elif check.sent < state.config.rc:
        due = check.started + check.rto * ((1 << check.sent) - 1)
        state.timers.arm(Retransmit(check.id), max(due, state.now + check.rto / 2))
    else:
        state.timers.arm(TransactionEnd(check.id), _end(state, check))


def _end(state: AgentState, check: Check | ServerRequest) -> float:
    return check.started + whole(state, check.rto)


def _make_room(state: AgentState) -> None:
    """A peer that keeps us re-checking must not fill our memory: cancelled ones go first."""
    state.counters.limited += 1
    for check in state.transactions.values():
        if isinstance(check, ConsentCheck) or check.cancelled:
            forget(state, check.id)
            return
