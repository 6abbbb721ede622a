"""Which procedure each deadline of the timer table belongs to."""

from __future__ import annotations

from typing import assert_never

from sipice.ice import (
    checks,
    conclude,
    consent,
    flows,
    free,
    gather,
    gathered,
    pace,
    plain,
    receive,
    relay,
    respond,
    restart,
    transactions,
)
from sipice.ice.events import Loss
from sipice.ice.state import AgentState, Media, ServerRequest, Stream
from sipice.ice.timers import (
    Allocation,
    Consent,
    ConsentExpiry,
    EarlyCheckExpiry,
    FreeCandidates,
    GatherDeadline,
    Keepalive,
    Key,
    Pac,
    Pace,
    Quiet,
    RetireGeneration,
    Retransmit,
    ServerKeepalive,
    StopRule,
    TransactionEnd,
)


def handle(state: AgentState, due: Key) -> None:
    """Do what is due; the key has left the table."""
    match due:
        case Pace():
            _send_next(state)
        case Retransmit(identifier):
            transactions.retransmit(state, identifier)
        case TransactionEnd(identifier):
            _end(state, identifier)
        case Consent() | ConsentExpiry() | Quiet() | Keepalive():
            _path(state, due)
        case Pac() | StopRule() | FreeCandidates() | RetireGeneration():
            _generation(state, due)
        case EarlyCheckExpiry(number):
            _early(state, number)
        case GatherDeadline() | Allocation() | ServerKeepalive():
            _server(state, due)
        case _:
            assert_never(due)


def _send_next(state: AgentState) -> None:
    """Spend the slot: triggered checks and nominations, questions to servers, ordinary checks."""
    if not pace.take(state):
        return
    if state.questions and not any(generation.triggered for generation in state.running()):
        gather.ask(state)
        pace.arm(state)  # nothing else looks for the checks that wait behind it
    else:
        checks.send_next(state)


def _end(state: AgentState, identifier: bytes) -> None:
    request = state.transactions.get(identifier)
    if isinstance(request, ServerRequest):
        transactions.forget(state, identifier)
        gather.give_up(state, request)
    else:
        checks.end(state, identifier)


def _server(state: AgentState, due: GatherDeadline | Allocation | ServerKeepalive) -> None:
    match due:
        case GatherDeadline(number):
            if number in state.streams:
                gathered.finish(state, state.streams[number])
        case Allocation(number):
            port = relay.find(state, number)
            if port is not None:
                receive.carried(state, port, relay.fire(state, port))
        case ServerKeepalive(number):
            gather.keep_open(state, number)
        case _:
            assert_never(due)


def _path(state: AgentState, due: Consent | ConsentExpiry | Quiet | Keepalive) -> None:
    found = _media(state, due.stream, due.component)
    if found is None:
        return
    stream, media = found
    match due:
        case Consent():
            consent.check(state, stream, media)
        case ConsentExpiry():
            consent.lose(state, stream, media, Loss.CONSENT_EXPIRED)
        case Quiet():
            consent.quiet(state, stream, media)
        case Keepalive():
            plain.keepalive(state, stream, media)
        case _:
            assert_never(due)


def _generation(state: AgentState, due: Pac | StopRule | FreeCandidates | RetireGeneration) -> None:
    stream = state.streams.get(due.stream)
    generation = state.find(due.stream, due.generation)
    if stream is None or generation is None:
        return
    match due:
        case Pac():
            conclude.expire_pac(state, generation)
        case StopRule():
            state.touch(generation)
        case FreeCandidates():
            free.candidates(state, stream, generation)
        case RetireGeneration():
            restart.retire(state, stream)
            if state.connections:
                flows.close_unused(state, stream)  # RFC 6544 §9.2
        case _:
            assert_never(due)


def _early(state: AgentState, number: int) -> None:
    for stream in state.streams.values():
        for generation in stream.generations():
            if generation.number == number:
                respond.expire_early(state, generation.local)


def _media(state: AgentState, stream: int, component: int) -> tuple[Stream, Media] | None:
    found = state.streams.get(stream)
    return None if found is None else (found, found.media[component - 1])
