"""RFC 8445 §5.3, §6.1: our description, and what the peer's one starts."""

from __future__ import annotations

from collections.abc import Sequence

from sipice.errors import UsageError
from sipice.ice import checklist, conclude, hosts, lite, respond, trickle
from sipice.ice.candidate import Candidate
from sipice.ice.description import Description
from sipice.ice.pair import Role
from sipice.ice.state import AgentState, Generation, Remote, Stream
from sipice.stun import Key
from sipice.stun.check import CheckTemplate

DEFAULT_TA_MS = 50


def describe(state: AgentState, stream: Stream, generation: Generation) -> Description:
    """What the peer has to know of one generation."""
    hosts.make(state, stream)
    local = generation.local
    local.delivered = len(local.candidates)
    told = tuple([one for one in local.candidates if hosts.is_told(state, one)])
    pacing_ms = round(state.config.ta * 1000)
    return Description(
        credentials=local.credentials,
        candidates=told,
        lite=state.config.lite,
        pacing_ms=None if pacing_ms == DEFAULT_TA_MS else pacing_ms,
        trickle=state.config.trickle,
        complete=not local.gathering,
        defaults=_defaults(stream, told),
    )


def untold(state: AgentState, generation: Generation) -> tuple[Candidate, ...]:
    """The local candidates of a generation that its description does not have."""
    candidates = generation.local.candidates
    return tuple([one for one in candidates if not hosts.is_told(state, one)])


def accept(
    state: AgentState, stream: Stream, generation: Generation, description: Description
) -> None:
    """Take the peer's description: the first starts ICE, further ones add candidates."""
    remote = generation.remote
    if remote is not None:
        if remote.credentials != description.credentials:
            state.counters.unmatched += 1
            return  # a restart of the peer's is prepared by the signalling first (§9)
        if not remote.ended:
            remote.complete = False  # RFC 8839 §4.4.1.2.1: a later description may name more
        trickle.add(state, generation, description.candidates)
        if description.complete:
            trickle.end(state, generation, mark=description.trickle)
        if state.config.lite and remote.lite:
            lite.adopt(state, generation, description.uses)
        return
    hosts.make(state, stream)
    _start(state, stream, generation, description)


def _start(
    state: AgentState, stream: Stream, generation: Generation, description: Description
) -> None:
    key = Key.short_term(description.credentials.pwd)
    username = f"{description.credentials.ufrag}:{generation.local.credentials.ufrag}"
    if len(username.encode()) >= 509:
        raise UsageError("the ufrags of both sides together are longer than a USERNAME may be")
    generation.remote = Remote(
        description.credentials,
        key,
        CheckTemplate(username, key),
        description.lite,
        complete=description.complete,
        ended=description.complete and description.trickle,
    )
    generation.local.delivered = len(generation.local.candidates)
    if description.lite or state.config.lite:
        _settle_role(state, description)
    _settle_pacing(state, description)
    generation.remote.candidates += trickle.usable(state, generation, description.candidates)
    trickle.settle_components(generation)
    if not state.config.lite:
        checklist.form(state, generation)
        conclude.begin(state, generation)
    elif description.lite:
        checklist.form(state, generation)
        lite.select_towards_lite(state, generation)
    respond.replay_early(state, generation)


def _settle_role(state: AgentState, description: Description) -> None:
    """§6.1.1: of a full and a lite agent the full one controls."""
    if state.config.lite and not description.lite:
        conclude.switch_role(state, Role.CONTROLLED, renew_tie_breaker=False)
    elif description.lite and not state.config.lite:
        conclude.switch_role(state, Role.CONTROLLING, renew_tie_breaker=False)


def _settle_pacing(state: AgentState, description: Description) -> None:
    """§14.2: both use the larger proposal, 50 ms standing for none."""
    theirs = DEFAULT_TA_MS if description.pacing_ms is None else description.pacing_ms
    state.ta = max(state.config.ta, min(theirs, 10_000) / 1000)


def _defaults(stream: Stream, told: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The candidate of each component most likely to work with any peer (RFC 5245 §4.1.4).

    Relayed before server-reflexive before host; of these the one of highest priority.
    """
    chosen: list[Candidate] = []
    for number in range(1, stream.components + 1):
        own = [one for one in told if one.component == number and one.tcptype is None]
        if len(own) > 1:
            own.sort(key=lambda candidate: (candidate.type, -candidate.priority))
        chosen += own[:1]
    return tuple(chosen)
