"""RFC 8445 §7.3: the STUN server side of a connectivity check; early checks."""

from __future__ import annotations

from sipice.ice import (
    checklist,
    checks,
    conclude,
    flows,
    lite,
    media,
    restart,
    tcp,
    tracing,
    transactions,
)
from sipice.ice.candidate import Candidate, CandidateType
from sipice.ice.pair import (
    CONTROLLED,
    CONTROLLING,
    FAILED,
    IN_PROGRESS,
    SUCCEEDED,
    WAITING,
    CandidatePair,
)
from sipice.ice.state import (
    AgentState,
    ChecklistState,
    Component,
    EarlyCheck,
    Generation,
    LocalBase,
    LocalGeneration,
    Stream,
)
from sipice.ice.timers import EarlyCheckExpiry, FreeCandidates
from sipice.net import Address
from sipice.stun import (
    Class,
    Message,
    encode,
    error_response,
    verify_integrity,
)
from sipice.stun import attributes as a
from sipice.stun.check import CheckRequest, success_response

BAD_REQUEST = 400
UNAUTHENTICATED = 401
UNKNOWN_ATTRIBUTE = 420
ROLE_CONFLICT = 487


def receive_request(
    state: AgentState, request: CheckRequest, local: LocalBase, remote: Address
) -> None:
    """An ordinary check: authenticate, settle roles, answer, learn, trigger, nominate."""
    stream = state.streams.get(local.stream)
    if stream is None:
        return
    ours, _, theirs = request.username.partition(":")
    generation: Generation | None = stream.current
    if stream.current.local.credentials.ufrag != ours:
        generation = _find(stream, ours)
    if generation is None or not generation.local.key.verifies(request.signed, request.mac):
        state.counters.unauthenticated += 1
        refuse(state, request.transaction_id, UNAUTHENTICATED, local, remote)
        return
    if generation is stream.retired:
        restart.delay_retirement(state, stream)
    if _conflicts(state, request, remote):
        refuse(state, request.transaction_id, ROLE_CONFLICT, local, remote, generation.local)
        return
    early = EarlyCheck(
        state.now,
        local.base,
        remote,
        theirs,
        request.priority,
        request.use_candidate,
        request.transaction_id,
    )
    if state.tracer is not None:
        tracing.heard(state, generation, early)
    accepted = True
    if generation.remote is not None and generation.remote.credentials.ufrag == theirs:
        accepted = learn(state, generation, local, early)
    else:
        # The description is still to come, or this is another answer of a fork (§7.3).
        _keep_early(state, generation.local, early)
    if request.use_candidate and not accepted:
        # §7.3.1.5: a nomination that is not taken is an error for the peer
        refuse(state, request.transaction_id, BAD_REQUEST, local, remote, generation.local)
        return
    answer = success_response(request.transaction_id, remote, generation.local.key)
    transactions.transmit(state, answer, local.base, remote)


def receive_odd_request(
    state: AgentState, message: Message, local: LocalBase, remote: Address
) -> None:
    """A request that is no ordinary check: say what is wrong with it (RFC 8489 §9.1.3, §6.3.1)."""
    if not message.has_fingerprint:
        if state.tracer is not None:
            tracing.dropped(state, local, remote, "a request without FINGERPRINT")
        return  # §7.1: FINGERPRINT is used on this port; without it this is no STUN
    stream = state.streams.get(local.stream)
    username = message.get(a.USERNAME)
    if stream is None:
        return
    identifier = message.transaction_id
    if username is None or not message.has_integrity:
        refuse(state, identifier, BAD_REQUEST, local, remote)
        return
    generation = _find(stream, username.partition(":")[0])
    if generation is None or not verify_integrity(message, generation.local.key):
        state.counters.unauthenticated += 1
        refuse(state, identifier, UNAUTHENTICATED, local, remote)
        return
    unknown = message.unknown_required
    code = UNKNOWN_ATTRIBUTE if unknown else BAD_REQUEST
    refuse(state, identifier, code, local, remote, generation.local, unknown)


def refuse(
    state: AgentState,
    identifier: bytes,
    code: int,
    local: LocalBase,
    remote: Address,
    signed_by: LocalGeneration | None = None,
    unknown: tuple[int, ...] = (),
) -> None:
    """Send an error response; only the answer to an authenticated request is signed."""
    if signed_by is None and not _may_refuse(state):
        state.counters.limited += 1
        if state.tracer is not None:
            tracing.dropped(state, local, remote, "too many wrong requests this second")
        return
    extra = (a.UNKNOWN_ATTRIBUTES(unknown),) if unknown else ()
    answer = error_response(Message(1, Class.REQUEST, identifier), code, *extra)
    key = signed_by.key if signed_by is not None else None
    transactions.transmit(state, encode(answer, key), local.base, remote)
    if state.tracer is not None:
        tracing.refused(state, code, local, remote)


def replay_early(state: AgentState, generation: Generation) -> None:
    """The peer's description has come: do what its early checks would have done (§7.3)."""
    assert generation.remote is not None
    early, local = generation.local.early, generation.local
    if not early:
        return
    ufrag = generation.remote.credentials.ufrag
    local.early = tuple([check for check in early if check.ufrag != ufrag])
    for check in early:
        base = state.local.bases.get(check.base.number)
        if check.ufrag == ufrag and base is not None:
            learn(state, generation, base, check)


def expire_early(state: AgentState, local: LocalGeneration) -> None:
    """Forget early checks that nobody's description came for."""
    lifetime = state.config.early_check_lifetime
    local.early = tuple([one for one in local.early if one.at + lifetime > state.now])
    if local.early:
        oldest = min(check.at for check in local.early)
        state.timers.arm(EarlyCheckExpiry(local.number), oldest + lifetime)


def learn(state: AgentState, generation: Generation, local: LocalBase, check: EarlyCheck) -> bool:
    """What a check tells us (§7.3.1.3 to §7.3.1.5); False when a nomination would be in vain."""
    component = generation.component(local.component)
    if component is None or not _is_welcome(state, generation, local, check.remote):
        return False
    selected = component.selected
    if selected is not None and state.connections and flows.returns(state, local, check.remote):
        return True
    if selected is not None and (selected.base, selected.to) == (local.base, check.remote):
        return True
    if selected is not None and not _may_move(state, generation, check):
        return False
    pair = _find_pair(generation, component, local, check) or _new_pair(
        state, generation, local, check
    )
    if pair is None:
        return False
    if state.config.lite:
        lite.receive_check(state, generation, component, pair, check.use_candidate)
        return True
    if check.use_candidate and state.role is CONTROLLED:
        if pair.state is SUCCEEDED:
            conclude.nominated(state, generation, pair.valid or pair)
            return True
        pair.nominate = True
    if pair.heard != check.id or pair.state is FAILED:
        pair.heard = check.id
        _trigger(state, generation, pair)
    return True


def _is_welcome(
    state: AgentState, generation: Generation, local: LocalBase, remote: Address
) -> bool:
    """Whether we may send to the source of a check; from now on media may come from there."""
    source = (local.base.number, remote)
    if source not in generation.sources:
        if not _may_send_to(state, remote):
            return False
        if not generation.sources:
            _wake(state)
        media.add_source(state, generation, source, local.component)
    return True


def _wake(state: AgentState) -> None:
    """The first sign of the peer: checks that ended in vain while it rang are made again."""
    for stream in state.streams.values():
        for generation in (stream.current, stream.next):
            if generation is not None and not generation.sources:
                conclude.resume(state, generation)


def remote_candidate(
    state: AgentState, generation: Generation, local: LocalBase, check: EarlyCheck
) -> Candidate | None:
    """The remote candidate a check came from, peer-reflexive if it was not known (§7.3.1.3)."""
    assert generation.remote is not None
    known = generation.remote.candidates
    for candidate in known:
        if (
            candidate.address == check.remote
            and candidate.component == local.component
            and candidate.transport is local.base.transport
        ):
            return candidate
    if len(known) >= state.config.max_remote_candidates:
        state.counters.limited += 1
        return None
    candidate = Candidate(
        component=local.component,
        type=CandidateType.PEER_REFLEXIVE,
        address=check.remote,
        priority=check.priority,
        foundation=_unused_foundation(known),
        transport=local.base.transport,
        tcptype=None if local.tcptype is None else tcp.partner(local.tcptype),
    )
    known.append(candidate)
    if state.tracer is not None:
        tracing.remote_candidate(state, generation, candidate, "new: a check came from there")
    return candidate


def _find(stream: Stream, ufrag: str) -> Generation | None:
    for generation in stream.generations():
        if generation.local.credentials.ufrag == ufrag:
            return generation
    return None


def _conflicts(state: AgentState, request: CheckRequest, remote: Address) -> bool:
    """§7.3.1.1: True when the peer has to change its role; we may change ours here."""
    if state.config.lite:
        return _is_no_controller(state, request)
    controlling = state.role is CONTROLLING
    if controlling != request.controlling:
        return False
    we_control = state.tie_breaker >= request.tie_breaker
    if state.tracer is not None:
        tracing.conflict(state, remote, request.tie_breaker, we_control)
    if we_control == controlling:
        return True
    conclude.switch_role(state, CONTROLLING if we_control else CONTROLLED, renew_tie_breaker=False)
    return False


def _is_no_controller(state: AgentState, request: CheckRequest) -> bool:
    """§6.1.1: who checks a lite agent is a full one, and controls, whatever was offered by whom."""
    if state.role is CONTROLLING:
        conclude.switch_role(state, CONTROLLED, renew_tie_breaker=False)
    return not request.controlling


def _keep_early(state: AgentState, local: LocalGeneration, early: EarlyCheck) -> None:
    for at, known in enumerate(local.early):
        if known[1:4] == early[1:4]:
            nominated = known.use_candidate or early.use_candidate
            merged = early._replace(use_candidate=nominated)
            local.early = (*local.early[:at], merged, *local.early[at + 1 :])
            return
    if len(local.early) >= state.config.max_early_checks:
        state.counters.limited += 1
        return
    local.early += (early,)
    if state.tracer is not None:
        tracing.kept(state, local, early)
    key = EarlyCheckExpiry(local.number)
    if state.timers.at(key) is None:
        state.timers.arm(key, state.now + state.config.early_check_lifetime)


def _may_send_to(state: AgentState, remote: Address) -> bool:
    config = state.config
    if config.destinations.permits(remote, allow_loopback=config.allow_loopback):
        return True
    state.counters.refused_destinations += 1
    if state.tracer is not None:
        tracing.forbidden(state, remote)
    return False


def _may_move(state: AgentState, generation: Generation, check: EarlyCheck) -> bool:
    """After selection only a legacy peer's further nomination counts, and not for long."""
    return (
        check.use_candidate
        and state.role is CONTROLLED
        and (
            generation.state is ChecklistState.RUNNING
            or state.timers.at(FreeCandidates(generation.stream, generation.number)) is not None
        )
    )


def _find_pair(
    generation: Generation, component: Component, local: LocalBase, check: EarlyCheck
) -> CandidatePair | None:
    pair = generation.index.get((local.base.number, check.remote))
    if pair is not None:
        return pair
    # Of a component with a selected pair, what was valid before has left the checklist.
    for valid in component.valid:
        if valid.base.number == local.base.number and valid.to == check.remote:
            return valid
    return None


def _new_pair(
    state: AgentState, generation: Generation, local: LocalBase, check: EarlyCheck
) -> CandidatePair | None:
    """§7.3.1.4: the pair of the address the check came to and its source."""
    unproven = sum(
        pair.base.number == local.base.number
        and pair.remote.type is CandidateType.PEER_REFLEXIVE
        and pair.state is not SUCCEEDED
        for pair in generation.checklist
    )
    if unproven >= state.config.max_reflexive:
        state.counters.limited += 1
        return None
    remote = remote_candidate(state, generation, local, check)
    own = next(
        (
            candidate
            for candidate in generation.local.candidates
            if candidate.base == local.base
            and candidate.type in (CandidateType.HOST, CandidateType.RELAYED)
        ),
        None,
    )
    if remote is None or own is None:
        return None
    pair = checklist.make_pair(state, own, remote)
    checklist.insert(generation, pair)
    if state.tracer is not None:
        tracing.formed(state, generation, pair)
    checklist.enforce_limit(state, spare=pair)
    return pair


def _trigger(state: AgentState, generation: Generation, pair: CandidatePair) -> None:
    """§7.3.1.4: have the pair checked, whatever its state but Succeeded.

    DEVIATION §7.3.1.4: not for ever. A peer whose checks come although none of ours is answered
    (one side has a wrong password) would keep the list Running as long as it checks its consent.
    """
    if pair.state is SUCCEEDED:
        return
    if pair.heard_at is None:
        pair.heard_at = state.now
    waited = state.now - pair.heard_at
    if not generation.pac_running and waited >= transactions.whole(state, state.config.rto):
        checks.abandon(state, pair, "the peer checks it and answers no check")
        return
    if pair.state is IN_PROGRESS:
        transactions.cancel(state, pair)
    pair.state = WAITING
    checklist.enqueue(generation, pair)
    if state.tracer is not None:
        tracing.queued(state, generation, pair, "the peer's check came", "7.3.1.4")
    if generation.state is ChecklistState.FAILED:
        conclude.run_again(state, generation)
        if state.tracer is not None:
            tracing.stream(state, "stream-resumed", generation, pairs=1)
    state.touch(generation)


def _unused_foundation(known: list[Candidate]) -> str:
    taken = {candidate.foundation for candidate in known}
    number = len(known) + 1
    while f"prflx{number}" in taken:
        number += 1
    return f"prflx{number}"


def _may_refuse(state: AgentState) -> bool:
    """§19.5: unauthenticated requests must not make us a source of packets."""
    if state.now - state.refusals_since >= 1.0:
        state.refusals_since = state.now
        state.refusals = 0
    state.refusals += 1
    return state.refusals <= state.config.max_refusals
