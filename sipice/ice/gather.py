"""RFC 8445 §5.1.1.2: server-reflexive and relayed candidates from STUN and TURN servers."""

from __future__ import annotations

from collections.abc import Sequence

from sipice.ice import gathered, hosts, relay, tracing, transactions
from sipice.ice.candidate import CandidateType
from sipice.ice.config import NamedServer
from sipice.ice.question import Asking, Question
from sipice.ice.relay import RelayPort
from sipice.ice.state import (
    AgentState,
    ChecklistState,
    LocalBase,
    LocalGeneration,
    ServerRequest,
    Stream,
)
from sipice.ice.timers import GatherDeadline, ServerKeepalive, TransactionEnd
from sipice.ice.uri import ServerKind
from sipice.net import Address, Resolve, Transport
from sipice.stun import Class, Message, Method, encode
from sipice.stun import attributes as a

TAKEN = "a socket has one allocation at a server: name both families in one entry, or use TCP"
OVER_STREAM = "a STUN server over TCP or TLS tells nothing of use to media; take stun: or turn:"
NO_FAMILY = "it has no address of a family that we have"


def start(state: AgentState, stream: Stream) -> None:
    """Ask every server from every base of the stream; in a restart once more (§9).

    A NAT may have started anew since: what its mappings were then counts no more.
    """
    hosts.make(state, stream)
    local = (stream.next or stream.current).local
    bases = [
        base
        for base in state.local.bases.values()
        if base.stream == stream.id and base.asked != local.number and base.relay is None
    ]
    usable = []
    for base in bases:
        if base.asked:
            _drop_reflexive(local, base)
        base.asked = local.number
        if base.base.transport is Transport.UDP and not state.config.lite:  # §5.2: hosts only
            usable.append(base)
            for rank in range(len(state.config.servers)):
                _ask(state, stream, base, rank)
    for rank in range(len(state.config.servers)) if usable else ():
        _tell_unasked(state, stream, usable, rank)
    if not stream.asking:
        gathered.finish(state, stream)
        return
    local.gathering = True
    state.timers.arm(GatherDeadline(stream.id), state.now + state.config.gather_timeout)


def resume(state: AgentState, stream: Stream, asking: Sequence[Asking]) -> None:
    """Ask again what another process had asked when it handed over this session."""
    for asked in asking:
        for base in list(state.local.bases.values()):
            if base.base.number == asked.base or (not asked.base and _is_asked(stream, base)):
                _ask(state, stream, base, asked.rank)
    if asking and not stream.asking:
        gathered.finish(state, stream)


def resolved(state: AgentState, query: Resolve, addresses: Sequence[Address]) -> None:
    """The name of a server is known: it is asked from all bases of the streams that gather."""
    for rank in _asking_for(state, query):
        state.local.addresses[rank] = tuple(addresses)
        for stream in state.streams.values():
            bases = [base for base in state.local.bases.values() if _is_asked(stream, base)]
            for base in bases:
                _ask(state, stream, base, rank)
            if Asking(rank) in stream.asking:
                _tell_unasked(state, stream, bases, rank)
            gathered.answered(state, stream, Asking(rank))


def unresolved(state: AgentState, query: Resolve, why: str) -> None:
    """The name of a server leads nowhere."""
    for rank in _asking_for(state, query):
        for stream in state.streams.values():
            gathered.failed(state, stream, Asking(rank), why)


def _asking_for(state: AgentState, query: Resolve) -> list[int]:
    """The servers that wait for the answer to this query, which has come."""
    if query not in state.local.queries:
        return []
    state.local.queries = tuple([one for one in state.local.queries if one != query])
    return [
        rank
        for rank, server in enumerate(state.config.servers)
        if isinstance(server, NamedServer) and server.uri.query == query
    ]


def _is_asked(stream: Stream, base: LocalBase) -> bool:
    local = (stream.next or stream.current).local
    return base.stream == stream.id and base.asked == local.number and base.relay is None


def _tell_unasked(state: AgentState, stream: Stream, bases: Sequence[LocalBase], rank: int) -> None:
    """A server that no base can ask would be missed without a word."""
    server = state.config.servers[rank]
    is_awaited = isinstance(server, NamedServer) and rank not in state.local.addresses
    if any(gathered.reachable(state, base, rank) for base in bases):
        return
    if server.kind is ServerKind.STUN and server.transport is Transport.TCP:
        gathered.tell(state, stream, Asking(rank), OVER_STREAM, None)
    elif gathered.is_wanted(state, rank) and not is_awaited:
        gathered.tell(state, stream, Asking(rank), NO_FAMILY, None)


def _ask(state: AgentState, stream: Stream, base: LocalBase, rank: int) -> None:
    if not gathered.is_wanted(state, rank):
        return
    server = state.config.servers[rank]
    if isinstance(server, NamedServer) and rank not in state.local.addresses:
        if server.uri.query not in state.local.queries:
            state.local.queries += (server.uri.query,)
            state.commands.append(server.uri.query)
        if Asking(rank) not in stream.asking:
            stream.asking += (Asking(rank),)
        return
    for address in gathered.reachable(state, base, rank)[:1]:
        asked = Asking(rank, base.base.number)
        stream.asking += (asked,)
        if _is_taken(state, base, rank, address):
            gathered.failed(state, stream, asked, TAKEN)
        else:
            gathered.question(state, stream, base, rank, address)


def _is_taken(state: AgentState, base: LocalBase, rank: int, address: Address) -> bool:
    """Whether this 5-tuple has, or will have, the allocation of another entry (RFC 8656 §5)."""
    server = state.config.servers[rank]
    if server.kind is not ServerKind.TURN or server.transport is not Transport.UDP:
        return False
    present = state.local.relays.get((base.base.number, address))
    waiting = [one for one in state.questions if one.turn and one.base == base.base]
    return (isinstance(present, RelayPort) and present.rank != rank) or any(
        one.to == address
        and one.rank != rank
        and state.config.servers[one.rank].transport is Transport.UDP
        for one in waiting
    )


def _drop_reflexive(local: LocalGeneration, base: LocalBase) -> None:
    for at, candidate in reversed(list(enumerate(local.candidates))):
        if candidate.type is CandidateType.SERVER_REFLEXIVE and candidate.base == base.base:
            del local.candidates[at]
            local.delivered -= at < local.delivered


def ask(state: AgentState) -> None:
    """The pacing allows one more new transaction: take the next question (§14.2)."""
    question, *rest = state.questions
    state.questions = tuple(rest)
    if question.data is not None:
        relay.send_ready(state, question)
    elif question.base.number not in state.local.bases:
        return
    elif question.turn:
        relay.allocate(state, question)
    else:
        _bind(state, question)


def receive_binding(state: AgentState, request: ServerRequest, message: Message) -> None:
    """The answer of a STUN server (no integrity: §5.1.1.2)."""
    transactions.forget(state, request.id)
    if request.keepalive:
        return
    stream = state.streams.get(request.stream)
    mapped = message.get(a.XOR_MAPPED_ADDRESS) or message.get(a.MAPPED_ADDRESS)
    base = state.local.bases.get(request.base.number)
    if stream is None:
        return
    if state.tracer is not None:
        tracing.answered(state, request, message, mapped)
    asked = Asking(request.rank, request.base.number)
    if message.message_class is Class.SUCCESS and mapped is not None:
        if base is not None:
            gathered.reflexive(state, stream, base, mapped, request.to, request.rank)
        gathered.answered(state, stream, asked)
    else:
        code = message.error_code
        why = "there is no address in its answer" if code is None else f"it answers error {code}"
        gathered.failed(state, stream, asked, why, to=request.to, code=code)


def give_up(state: AgentState, request: ServerRequest) -> None:
    """A STUN server did not answer."""
    stream = state.streams.get(request.stream)
    if stream is not None and not request.keepalive:
        if state.tracer is not None:
            why = "no answer"
            place = request.base, request.to, request.rank
            tracing.server(state, "server-failed", *place, kind="STUN", why=why)
        asked = Asking(request.rank, request.base.number)
        gathered.failed(state, stream, asked, "it does not answer", to=request.to)


def keep_open(state: AgentState, number: int) -> None:
    """§5.1.1.4: keep the mapping of a base open until ICE has completed."""
    base = state.local.bases.get(number)
    stream = state.streams.get(base.stream) if base is not None else None
    if base is None or stream is None:
        return
    if all(g.state is ChecklistState.COMPLETED for g in (stream.current, stream.next) if g):
        return
    to = next(
        (
            address
            for rank, server in enumerate(state.config.servers)
            if server.kind is ServerKind.STUN
            for address in gathered.reachable(state, base, rank)
        ),
        None,
    )
    if to is not None:
        request = _request(state, Question(stream.id, base.base, to, 0))
        request.keepalive = True
        state.transactions[request.id] = request
        transactions.transmit(state, request.data, request.base, request.to)
        state.timers.arm(TransactionEnd(request.id), state.now + request.rto)
        state.timers.arm(ServerKeepalive(number), state.now + state.config.tr)


def _bind(state: AgentState, question: Question) -> None:
    transactions.start(state, _request(state, question))
    if state.tracer is not None:
        place = question.base, question.to, question.rank
        tracing.server(state, "server-asked", *place, kind="STUN")


def _request(state: AgentState, question: Question) -> ServerRequest:
    identifier = state.draw_transaction_id()
    data = encode(Message(Method.BINDING, Class.REQUEST, identifier))
    count = sum(len(stream.asking) for stream in state.streams.values())
    return ServerRequest(
        id=identifier,
        base=question.base,
        to=question.to,
        data=data,
        stream=question.stream,
        started=state.now,
        rto=max(state.config.rto, state.ta * count),  # §14.3
        rank=question.rank,
    )
