"""RFC 8445 §5.1.1: what servers told becomes candidates, and gathering comes to its end."""

from __future__ import annotations

from sipice.ice import hosts, tracing
from sipice.ice.candidate import Candidate, CandidateType, foundation_key
from sipice.ice.events import GatheringFinished
from sipice.ice.foundation import foundation_of
from sipice.ice.state import AgentState, LocalBase, Stream
from sipice.ice.timers import GatherDeadline, ServerKeepalive
from sipice.net import Address


def finish(state: AgentState, stream: Stream) -> None:
    """Gathering of a stream is over, by its last answer or by its deadline."""
    state.timers.disarm(GatherDeadline(stream.id))
    unanswered, stream.asking = stream.asking, 0
    state.questions = [
        question
        for question in state.questions
        if question.stream != stream.id or question.data is not None
    ]
    for local in (g.local for g in stream.generations()):
        local.gathering = False
    current = stream.next or stream.current
    current.local.finished = True
    for generation in stream.generations():
        state.touch(generation)
    if state.tracer is not None:
        tracing.stream(state, "gathering-finished", current, unanswered=unanswered)
    for member in state.local.members or [state]:
        member.events.append(GatheringFinished(stream.id, current.number))


def reflexive(
    state: AgentState, stream: Stream, base: LocalBase, mapped: Address, server: Address, rank: int
) -> None:
    """A server, the ``rank``-th of the configured, saw a base as ``mapped``."""
    if mapped == base.base.address:
        return  # §5.1.3: no NAT, so it would be the host candidate again
    template = Candidate(
        component=base.component,
        type=CandidateType.SERVER_REFLEXIVE,
        address=mapped,
        priority=0,
        foundation="",
        base=base.base,
        related=base.base.address,
        server=server,
    )
    if publish(state, stream, template, base.base.address.ip, rank):
        state.timers.arm(ServerKeepalive(base.base.number), state.now + state.config.tr)


def publish(state: AgentState, stream: Stream, template: Candidate, ip: bytes, rank: int) -> bool:
    """Add a candidate of a base on ``ip``, told by the ``rank``-th server."""
    local = (stream.next or stream.current).local
    if template.type is CandidateType.RELAYED and any(
        known.address == template.address for known in local.candidates
    ):
        return False  # §5.1.1.2: a relayed candidate that is a host candidate is dropped
    # Servers are told apart by steps of 256, addresses by steps of one (§5.1.2.2).
    preference = max(0, local.preferences.get(ip, 0) - 256 * rank)
    candidate = template._replace(
        priority=hosts.unique_priority(local, template.type, template.component, preference),
        foundation=foundation_of(local, foundation_key(template)),
    )
    return hosts.publish(state, local, candidate)


def answered(state: AgentState, stream: Stream) -> None:
    """One question has its answer, or will not get one."""
    if stream.asking:
        stream.asking -= 1
        if not stream.asking:
            finish(state, stream)
