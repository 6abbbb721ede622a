"""RFC 8445 §5.1.1: what servers told becomes candidates, and gathering comes to its end."""

from __future__ import annotations

from sipice.ice import hosts, tracing
from sipice.ice.candidate import BaseUse, Candidate, CandidateType, foundation_key
from sipice.ice.config import IceServer
from sipice.ice.events import GatheringFinished, ServerFailed
from sipice.ice.foundation import foundation_of
from sipice.ice.question import Asking, Question
from sipice.ice.state import AgentState, LocalBase, Stream
from sipice.ice.timers import GatherDeadline, ServerKeepalive
from sipice.ice.uri import ServerKind
from sipice.net import Address, Transport


def reachable(state: AgentState, base: LocalBase, rank: int) -> list[Address]:
    """The addresses of a server that can be asked from a base, the first to be asked first."""
    server = state.config.servers[rank]
    known = (
        (server.address,) if isinstance(server, IceServer) else state.local.addresses.get(rank, ())
    )
    relays, tells = _offers(state, rank)
    over_udp = server.transport is Transport.UDP
    if base.use is not None and (relays and over_udp) is not (base.use is BaseUse.RELAYS):
        return []  # allocations over UDP have a base of their own
    if not relays and not tells:
        return []
    return [address for address in known if address.family == base.base.address.family]


def is_wanted(state: AgentState, rank: int) -> bool:
    """Whether a server could give a candidate of a type that is told."""
    return any(_offers(state, rank))


def _offers(state: AgentState, rank: int) -> tuple[bool, bool]:
    """Whether a server is wanted for relayed addresses, and for reflexive ones.

    Over a connection it sees the address of that, which no check could use.
    """
    server, types = state.config.servers[rank], state.config.candidate_types
    relays = server.kind is ServerKind.TURN and CandidateType.RELAYED in types
    over_udp = server.transport is Transport.UDP
    return relays, over_udp and CandidateType.SERVER_REFLEXIVE in types


def question(
    state: AgentState, stream: Stream, base: LocalBase, rank: int, to: Address, attempt: int = 1
) -> None:
    """Ask a server at one of its addresses when the pacing allows."""
    relays = CandidateType.RELAYED in state.config.candidate_types
    turn = relays and state.config.servers[rank].kind is ServerKind.TURN
    asked = Question(stream.id, base.base, to, rank, turn=turn, attempt=attempt)
    state.questions += (asked,)


def failed(
    state: AgentState,
    stream: Stream,
    asked: Asking,
    why: str,
    *,
    to: Address | None = None,
    code: int | None = None,
) -> None:
    """A server gave nothing; where it did not answer at ``to``, its next address is asked."""
    base = state.local.bases.get(asked.base)
    if base is not None and to is not None:
        addresses = reachable(state, base, asked.rank)
        following = addresses[addresses.index(to) + 1 :] if to in addresses else []
        if following:
            question(state, stream, base, asked.rank, following[0])
            return
    if asked in stream.asking:
        tell(state, stream, asked, why, code)
        answered(state, stream, asked)


def tell(state: AgentState, stream: Stream, asked: Asking, why: str, code: int | None) -> None:
    """Say that a server gave nothing, or less than it should."""
    base = state.local.bases.get(asked.base)
    event = ServerFailed(
        stream.id,
        (stream.next or stream.current).number,
        str(state.config.servers[asked.rank]),
        None if base is None else base.base,
        why,
        code,
    )
    for member in state.local.members or (state,):
        member.events.append(event)


def finish(state: AgentState, stream: Stream) -> None:
    """Gathering of a stream is over, by its last answer or by its deadline."""
    state.timers.disarm(GatherDeadline(stream.id))
    unanswered = len(stream.asking)
    for asked in sorted(stream.asking):
        what = "no answer" if asked.base else "its name was not found"
        tell(state, stream, asked, f"{what} within {state.config.gather_timeout:g} s", None)
    stream.asking = ()
    drop_questions(state, stream)
    for local in (g.local for g in stream.generations()):
        local.gathering = False
    current = stream.next or stream.current
    current.local.finished = True
    for generation in stream.generations():
        state.touch(generation)
    if state.tracer is not None:
        tracing.stream(state, "gathering-finished", current, unanswered=unanswered)
    for member in state.local.members or (state,):
        member.events.append(GatheringFinished(stream.id, current.number))


def drop_questions(state: AgentState, stream: Stream) -> None:
    """No server is asked for this stream any more; what is under way goes on."""
    state.questions = tuple(
        [one for one in state.questions if one.stream != stream.id or one.data is not None]
    )


def reflexive(
    state: AgentState, stream: Stream, base: LocalBase, mapped: Address, server: Address, rank: int
) -> None:
    """A server, the ``rank``-th of the configured, saw a base as ``mapped``."""
    types = state.config.candidate_types
    if CandidateType.SERVER_REFLEXIVE not in types:
        return
    if mapped == base.base.address and CandidateType.HOST in types:
        return  # §5.1.3: no NAT, so it would be the host candidate again
    template = Candidate(
        component=base.component,
        type=CandidateType.SERVER_REFLEXIVE,
        address=mapped,
        priority=0,
        foundation="",
        base=base.base,
        related=hosts.related(state, base.base.address, CandidateType.HOST),
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


def answered(state: AgentState, stream: Stream, asked: Asking) -> None:
    """One question has its answer, or will not get one."""
    if asked in stream.asking:
        at = stream.asking.index(asked)
        stream.asking = stream.asking[:at] + stream.asking[at + 1 :]
        if not stream.asking:
            finish(state, stream)
