"""RFC 8445 §9: the next generation beside the current one, whose pair carries media until then."""

from __future__ import annotations

from collections.abc import Iterable

from sipice.errors import UsageError
from sipice.ice import media, tracing, transactions
from sipice.ice.candidate import MAX_LOCAL_PREFERENCE, CandidateType, foundation_key
from sipice.ice.credentials import Credentials
from sipice.ice.events import RestartFinished
from sipice.ice.pair import CandidatePair
from sipice.ice.state import (
    AgentState,
    Check,
    ChecklistState,
    Component,
    ConsentCheck,
    Generation,
    LocalGeneration,
    Stream,
)
from sipice.ice.timers import (
    EarlyCheckExpiry,
    FreeCandidates,
    Pac,
    RetireGeneration,
    StopRule,
)
from sipice.stun import Key


def new_generation(state: AgentState, stream_id: int, components: int) -> Generation:
    """Fresh credentials and nothing else yet (§5.3)."""
    local = state.local
    number, local.next_generation = local.next_generation, local.next_generation + 1
    credentials = Credentials.make(state.rng)
    return Generation(
        number,
        stream_id,
        LocalGeneration(number, stream_id, credentials, Key.short_term(credentials.pwd)),
        tuple(map(Component, range(1, components + 1))),
    )


def prepare(state: AgentState, streams: Iterable[Stream]) -> None:
    """Both generations answer checks from now on; the sockets are the same (§9)."""
    for stream in streams:
        if stream.next is not None:
            _retire(state, stream, stream.next)  # the peer may still be checking it
        following = new_generation(state, stream.id, stream.components)
        current = stream.current.local
        for candidate in current.candidates:
            following.local.foundations[foundation_key(candidate)] = candidate.foundation
            if candidate.type is CandidateType.HOST and candidate.tcptype is None:
                rank = candidate.priority >> 8 & MAX_LOCAL_PREFERENCE
                following.local.preferences[candidate.address.ip] = rank
        following.local.candidates = list(current.candidates)
        following.local.delivered = len(current.candidates)
        shown = {candidate.base for candidate in current.candidates}
        for base in state.local.bases.values():
            if base.stream == stream.id and base.relay is None and base.base not in shown:
                base.listed = False  # it came after completion, or in a restart that was refused
        stream.next = following
        stream.committed = False
        if state.tracer is not None:
            tracing.stream(state, "restart-prepared", following)


def end(state: AgentState, restart_id: int) -> list[Stream]:
    """A restart is committed or rolled back: its streams that are still there."""
    streams = state.restarts.pop(restart_id, None)
    if streams is None:
        raise UsageError(f"restart {restart_id} is not under way")
    return [state.streams[stream] for stream in streams if stream in state.streams]


def commit(state: AgentState, stream: Stream) -> None:
    """The exchange stands; see ``take_over``."""
    if stream.next is not None:
        stream.committed = True
        take_over(state, stream)


def take_over(state: AgentState, stream: Stream) -> None:
    """Once every component of the next generation has its selected pair, it is the current one."""
    following = stream.next
    if following is None or not stream.committed:
        return
    carries = any(path.table.send is not None for path in stream.media)
    if carries and following.state is not ChecklistState.COMPLETED:
        return  # a current generation without any path is not worth waiting for
    _retire(state, stream, stream.current)
    stream.current, stream.next, stream.committed = following, None, False
    for number in range(1, stream.components + 1):
        media.refresh(state, stream, number)
    state.events.append(RestartFinished(stream.id, following.number))
    if state.tracer is not None:
        tracing.stream(state, "generation-took-over", following)


def _retire(state: AgentState, stream: Stream, generation: Generation) -> None:
    """It only answers from now on, and that for a short while."""
    retired, stream.retired = stream.retired, generation
    if retired is not None:
        forget(state, stream, retired)
    _stop_checks(state, stream, generation)
    delay_retirement(state, stream)


def delay_retirement(state: AgentState, stream: Stream) -> None:
    """The peer may still be using the generation before the restart."""
    if stream.retired is not None:
        key = RetireGeneration(stream.id, stream.retired.number)
        state.timers.arm(key, state.now + state.config.retire_after)


def roll_back(state: AgentState, stream: Stream) -> None:
    """As if the next generation had never been prepared."""
    following, stream.next, stream.committed = stream.next, None, False
    if following is not None:
        forget(state, stream, following)
        for number in range(1, stream.components + 1):
            media.refresh(state, stream, number)


def retire(state: AgentState, stream: Stream) -> None:
    """The generation before the restart stops answering."""
    retired, stream.retired = stream.retired, None
    if retired is not None:
        forget(state, stream, retired)
        for number in range(1, stream.components + 1):
            media.refresh(state, stream, number)


def forget(state: AgentState, stream: Stream, generation: Generation) -> None:
    """Drop what belongs to a generation: transactions and timers."""
    _stop_checks(state, stream, generation)
    for key in (
        RetireGeneration(stream.id, generation.number),
        FreeCandidates(stream.id, generation.number),
        EarlyCheckExpiry(generation.number),
    ):
        state.timers.disarm(key)
    if generation in state.touched:
        state.touched = tuple([one for one in state.touched if one is not generation])


def _stop_checks(state: AgentState, stream: Stream, generation: Generation) -> None:
    for outstanding in list(state.transactions.values()):
        if isinstance(outstanding, Check):
            if outstanding.generation is generation:
                transactions.forget(state, outstanding.id)
        elif isinstance(outstanding, ConsentCheck) and _belongs(generation, outstanding):
            transactions.forget(state, outstanding.id)
    generation.checklist.clear()
    generation.index.clear()
    generation.triggered = ()
    state.timers.disarm(Pac(stream.id, generation.number))
    for component in generation.components:
        state.timers.disarm(StopRule(stream.id, generation.number, component.number))


def _belongs(generation: Generation, check: ConsentCheck) -> bool:
    pair: CandidatePair = check.pair
    return any(pair is component.selected for component in generation.components)
