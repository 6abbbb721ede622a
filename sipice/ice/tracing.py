"""What the agent records where it is traced; ``sipice.trace`` lists the records.

Each function is called inside ``if state.tracer is not None`` only.
"""

from __future__ import annotations

from collections.abc import Iterable

from sipice.ice.candidate import Candidate
from sipice.ice.config import NamedServer
from sipice.ice.pair import WAITING, CandidatePair, PairState, Role
from sipice.ice.recorded import TYPES, from_candidate
from sipice.ice.recorder import Recorder
from sipice.ice.state import (
    AgentState,
    Check,
    Component,
    EarlyCheck,
    Generation,
    LocalBase,
    LocalGeneration,
    ServerRequest,
    Stream,
)
from sipice.net import Address, Base, MediaTable
from sipice.stun import Class, Message
from sipice.trace import Field


def pair_text(pair: CandidatePair) -> str:
    """How a pair is called: where its checks leave, and where they go."""
    return f"{pair.base.address} > {pair.to}"


def stream(state: AgentState, name: str, generation: Generation, /, **fields: Field) -> None:
    """Something happened to a checklist."""
    fields = {"stream": generation.stream, "generation": generation.number, **fields}
    _recorder(state).record(state.now, name, **_with_rule(fields))


def pair(
    state: AgentState, name: str, generation: Generation, pair: CandidatePair, /, **fields: Field
) -> None:
    """Something happened to a pair."""
    stream(state, name, generation, component=pair.component, pair=pair_text(pair), **fields)


def pair_state(
    state: AgentState, generation: Generation, changed: CandidatePair, why: str, rule: str
) -> None:
    """A pair is in another state, and no check says so."""
    word = _STATES[changed.state]
    pair(state, "pair-state", generation, changed, state=word, why=why, rule=rule)


def formed(state: AgentState, generation: Generation, new: CandidatePair) -> None:
    """A pair is on the checklist (§6.1.2.2)."""
    pair(
        state,
        "pair-formed",
        generation,
        new,
        local=TYPES[new.local.type],
        remote=TYPES[new.remote.type],
        priority=new.priority,
        foundation=":".join(new.foundation),
        state=_STATES[new.state],
    )


def queued(
    state: AgentState, generation: Generation, waiting: CandidatePair, why: str, rule: str
) -> None:
    """A pair went into the triggered-check queue."""
    _recorder(state).queued[generation.number, pair_text(waiting)] = why
    pair(state, "check-triggered", generation, waiting, why=why, rule=rule)


BEST = "of those that wait it has the highest priority"
"""Why an ordinary check goes to a pair, nearly always."""


def sent(state: AgentState, check: Check) -> None:
    """A check went out: which kind, and why this pair."""
    key = check.generation.number, pair_text(check.pair)
    reason, listed = _recorder(state).queued.pop(key, None), check.generation.checklist
    if check.nominating:
        kind, why, rule = "nominating", "it is to be selected", "8.1.1"
    elif reason is not None:
        kind, why, rule = "triggered", reason, "6.1.4.2"
    elif any(one.state is WAITING and one.priority > check.pair.priority for one in listed):
        kind, why, rule = "ordinary", "better ones lead into another private network", "6.1.4.2"
    else:
        kind, why, rule = "ordinary", BEST, "6.1.4.2"
    pair(
        state,
        "check-sent",
        check.generation,
        check.pair,
        id=check.id.hex(),
        kind=kind,
        why=why,
        rto=round(check.rto, 6),
        rule=rule,
    )


def repeated(state: AgentState, check: Check | ServerRequest) -> None:
    """A request goes out again."""
    if isinstance(check, Check):
        fields: dict[str, Field] = {"id": check.id.hex(), "copy": check.sent}
        pair(state, "check-repeated", check.generation, check.pair, **fields)
    else:
        server(state, "server-asked-again", check.base, check.to, check.rank, copy=check.sent)


def succeeded(
    state: AgentState, check: Check, mapped: Address, valid: CandidatePair, news: bool
) -> None:
    """A check was answered: its pair has succeeded, and a pair is valid (§7.2.5.3)."""
    rtt = check.pair.rtt
    pair(
        state,
        "check-succeeded",
        check.generation,
        check.pair,
        id=check.id.hex(),
        rtt=None if rtt is None else round(rtt, 6),
        copies=check.sent,
        mapped=str(mapped),
        local=TYPES[valid.local.type],
        remote=TYPES[valid.remote.type],
        news=news,
        rule="7.2.5.3",
    )


def failed(state: AgentState, check: Check, why: str) -> None:
    """A check came to nothing."""
    fields: dict[str, Field] = {"id": check.id.hex(), "copies": check.sent, "why": why}
    pair(state, "check-failed", check.generation, check.pair, **fields, rule="7.2.5.2")


def waits(state: AgentState, generation: Generation, best: CandidatePair, until: float) -> None:
    """The stopping rule: a nomination waits for better pairs; told once for each wait."""
    recorder = _recorder(state)
    better: list[Field] = [
        pair_text(one)
        for one in generation.checklist
        if one.priority > best.priority
        and one.component == best.component
        and one.state < PairState.SUCCEEDED
    ]
    told = pair_text(best), until, len(better)
    key = generation.number, best.component
    if recorder.said.get(key) != told:
        recorder.said[key] = told
        limit = None if until == float("inf") else until
        pair(state, "nomination-waits", generation, best, until=limit, better=better)


def nominates(
    state: AgentState, generation: Generation, best: CandidatePair, checked: CandidatePair
) -> None:
    """A pair is going to be nominated: the check that made it valid will be repeated (§8.1.1)."""
    others = [
        one
        for one in generation.checklist
        if one.priority > best.priority and one.component == best.component
    ]
    open_ = sum(one.state < PairState.SUCCEEDED for one in others)
    why = "the best valid pair, and no better one can still succeed"
    if open_:
        why = "the best valid pair; the better ones had their time"
    pair(
        state,
        "nomination-decided",
        generation,
        checked,
        why=why,
        better=len(others),
        unanswered=open_,
        rule="8.1.1",
    )


def selected(
    state: AgentState, generation: Generation, component: Component, chosen: CandidatePair
) -> None:
    """A nominated pair is selected."""
    pair(
        state,
        "pair-selected",
        generation,
        chosen.source or chosen,
        local=str(chosen.local.address),
        remote=str(chosen.remote.address),
        local_type=TYPES[chosen.local.type],
        remote_type=TYPES[chosen.remote.type],
        by="us" if state.role is Role.CONTROLLING else "peer",
        rule="8.1.2",
    )


def role(state: AgentState) -> None:
    """We have the other role."""
    _recorder(state).record(state.now, "role-switched", role=state.role.value)


def conflict(state: AgentState, remote: Address, theirs: int, we_control: bool) -> None:
    """A check claims the role that we have (§7.3.1.1)."""
    _recorder(state).record(
        state.now,
        "role-conflict",
        remote=str(remote),
        role=state.role.value,
        ours=f"{state.tie_breaker:016x}",
        theirs=f"{theirs:016x}",
        who="us" if (state.role is Role.CONTROLLING) != we_control else "peer",
        rule="RFC 8445 7.3.1.1",
    )


def candidate(state: AgentState, local: LocalGeneration, made: Candidate) -> None:
    """A local candidate was found."""
    _recorder(state).record(
        state.now,
        "candidate",
        stream=local.stream,
        generation=local.number,
        candidate=from_candidate(made),
    )


def remote_candidate(
    state: AgentState, generation: Generation, found: Candidate, verdict: str
) -> None:
    """A candidate of the peer: taken, or why not."""
    stream(state, "remote-candidate", generation, candidate=from_candidate(found), verdict=verdict)


def late(state: AgentState, generation: Generation, candidates: Iterable[Candidate]) -> None:
    """Candidates came after the peer's end-of-candidates (RFC 8838 §14)."""
    for one in candidates:
        remote_candidate(state, generation, one, "after the end of candidates")


def heard(state: AgentState, generation: Generation, check: EarlyCheck) -> None:
    """A check of the peer came, and it is authentic (§7.3)."""
    stream(
        state,
        "check-received",
        generation,
        pair=f"{check.base.address} > {check.remote}",
        use_candidate=check.use_candidate,
        id=check.id.hex(),
        rule="7.3",
    )


def kept(state: AgentState, local: LocalGeneration, early: EarlyCheck) -> None:
    """A check was answered before the peer's description came; it is kept for that (§7.3)."""
    _recorder(state).record(
        state.now,
        "early-check",
        stream=local.stream,
        generation=local.number,
        remote=str(early.remote),
        ufrag=early.ufrag,
    )


def refused(state: AgentState, code: int, base: LocalBase, remote: Address) -> None:
    """A request was answered with an error."""
    fields: dict[str, Field] = {"base": str(base.base.address), "remote": str(remote)}
    _recorder(state).record(state.now, "request-refused", code=code, **fields)


def forbidden(state: AgentState, remote: Address) -> None:
    """The address filter lets nothing be sent there."""
    _recorder(state).record(state.now, "destination-refused", remote=str(remote))


def dropped(state: AgentState, base: LocalBase | Base, remote: Address, why: str) -> None:
    """Something that came was not used."""
    own = base.base if isinstance(base, LocalBase) else base
    fields: dict[str, Field] = {"base": str(own.address), "remote": str(remote)}
    _recorder(state).record(state.now, "dropped", **fields, why=why)


def server(
    state: AgentState, name: str, base: Base, address: Address, rank: int, /, **fields: Field
) -> None:
    """Something happened between a base and a server, the ``rank``-th of the configured."""
    fields = {"server": str(address), "base": str(base.address), **fields}
    configured = state.config.servers[rank]
    if isinstance(configured, NamedServer):
        fields["uri"] = str(configured)
    _recorder(state).record(state.now, name, **fields)


def answered(
    state: AgentState, request: ServerRequest, message: Message, mapped: Address | None
) -> None:
    """A STUN server answered."""
    if mapped is None or message.message_class is not Class.SUCCESS:
        code = message.error_code
        why = "no address in the answer" if code is None else f"error {code}"
        place = request.base, request.to, request.rank
        server(state, "server-failed", *place, kind="STUN", why=why, code=code)
    else:
        rtt = round(state.now - request.started, 6)
        server(
            state,
            "server-answered",
            request.base,
            request.to,
            request.rank,
            kind="STUN",
            mapped=str(mapped),
            rtt=rtt,
        )


def allocated(
    state: AgentState,
    base: Base,
    address: Address,
    rank: int,
    mapped: Address,
    relayed: Iterable[Address],
) -> None:
    """A TURN server relays for us."""
    relays: list[Field] = [str(one) for one in relayed]
    server(
        state,
        "server-answered",
        base,
        address,
        rank,
        kind="TURN",
        mapped=str(mapped),
        relayed=relays,
    )


def not_permitted(
    state: AgentState, base: Base, address: Address, rank: int, ip: bytes, code: int | None
) -> None:
    """A TURN server lets nothing through to or from a peer; nothing happens without a tracer."""
    if state.tracer is None:
        return
    peer = Address(ip, 0).host
    server(state, "permission-failed", base, address, rank, peer=peer, code=code)


def path(state: AgentState, name: str, stream: int, component: int, /, **fields: Field) -> None:
    """Something happened to the path of the media of a component."""
    _recorder(state).record(state.now, name, stream=stream, component=component, **fields)


def media(state: AgentState, stream: Stream, component: int, table: MediaTable) -> None:
    """The media of a component leaves on another path, or on none."""
    send = table.send
    if send is None:
        path(state, "media", stream.id, component, send=None)
        return
    fields: dict[str, Field] = {"send": f"{send.base.address} > {send.peer}"}
    if send.relayed:
        fields["relay"] = str(send.to)
        fields["channel"] = send.channel
    path(state, "media", stream.id, component, **fields)


_STATES = {one: one.name.title().replace("_P", "-P") for one in PairState}


def _with_rule(fields: dict[str, Field]) -> dict[str, Field]:
    """Rules are sections of RFC 8445 unless they name another one."""
    found = fields.get("rule")
    if isinstance(found, str) and not found.startswith("RFC"):
        fields["rule"] = f"RFC 8445 {found}"
    return fields


def _recorder(state: AgentState) -> Recorder:
    assert state.tracer is not None
    return state.tracer
