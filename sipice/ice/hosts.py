"""RFC 8445 §5.1.1.1, §5.2: host candidates from the bases that the shell has bound."""

from __future__ import annotations

from collections.abc import Iterable

from sipice.errors import UsageError
from sipice.ice import checklist, tcp, tracing
from sipice.ice.candidate import (
    MAX_LOCAL_PREFERENCE,
    BaseUse,
    Candidate,
    CandidateType,
    TcpType,
    interleave,
    is_redundant,
    priority,
    tcp_preference,
)
from sipice.ice.destination import is_candidate_address
from sipice.ice.events import CandidateGathered
from sipice.ice.foundation import foundation_of
from sipice.ice.state import (
    AgentState,
    ChecklistState,
    Generation,
    LocalBase,
    LocalGeneration,
    Stream,
)
from sipice.net import Address, Base, Listen, Transport


def add_base(
    state: AgentState,
    stream: Stream,
    component: int,
    address: Address,
    tcptype: TcpType | None = None,
    tier: int = 0,
    use: BaseUse | None = None,
) -> Base:
    """Take note of a bound socket; its candidate is made when candidates are needed."""
    transport = Transport.UDP if tcptype is None else Transport.TCP
    if not 1 <= component <= stream.components:
        raise UsageError(f"stream {stream.id} has components 1 to {stream.components}")
    if not is_candidate_address(address.ip, allow_loopback=state.config.allow_loopback):
        raise UsageError(
            f"{address.host} cannot be a candidate (RFC 8445 §5.1.1.1); "
            "for loopback set allow_loopback"
        )
    local = state.local
    base = Base(local.next_base, transport, address)
    local.next_base += 1
    users = _users(state, stream)
    local.bases[base.number] = LocalBase(
        base, stream.id, component, users, tcptype=tcptype, tier=tier, use=use
    )
    return base


def _users(state: AgentState, stream: Stream) -> int:
    """The siblings that have the stream: others may have added streams of their own."""
    if not state.local.members:
        return state.member
    return sum(member.member for member in state.local.members if stream.id in member.streams)


def add_udp(
    state: AgentState,
    stream: Stream,
    component: int,
    address: Address,
    tier: int,
    use: BaseUse | None,
) -> Base:
    """A UDP base; while checks run its candidate is made at once."""
    base = add_base(state, stream, component, address, tier=tier, use=use)
    if any(generation.is_running for generation in stream.generations()):
        make(state, stream)
    return base


def add_tcp(
    state: AgentState, stream: Stream, component: int, address: Address, tcptype: TcpType
) -> Base:
    """A TCP base; one that others connect to has to be listened on (RFC 6544 §4.1)."""
    if not state.config.ice_tcp:
        raise UsageError("TCP candidates are switched off; set ice_tcp")
    if tcptype is TcpType.ACTIVE:
        return add_base(state, stream, component, Address(address.ip, 0), tcptype)
    base = add_base(state, stream, component, address, tcptype)
    state.commands.append(Listen(base))
    return base


def make(state: AgentState, stream: Stream) -> None:
    """Make the host candidates of all bases that have none yet.

    Local preferences follow the tiers and the order of addition, families interleaved by RFC 8421;
    addresses that come later rank behind.
    """
    new = [
        base
        for base in state.local.bases.values()
        if not base.listed
        and base.stream == stream.id
        and base.relay is None
        and base.use is not BaseUse.RELAYS
    ]
    if not new:
        return
    # RFC 8838 §13: a generation that is done gets no candidates any more
    open_ = [
        generation
        for generation in (stream.current, stream.next)
        if generation is not None and generation.state is not ChecklistState.COMPLETED
    ]
    if not open_:
        return
    for base in new:
        base.listed = True
    if state.config.candidate_types <= {CandidateType.RELAYED}:
        return  # nothing leaves from a socket itself
    for generation in open_:
        _rank(generation.local, new)
        for base in new:
            for address in _shown(state, base.base.address):
                _make_one(state, generation.local, base, address)


def publish(state: AgentState, local: LocalGeneration, candidate: Candidate) -> bool:
    """Add a local candidate for this agent and its siblings, unless it is redundant (§5.1.3).

    After the end of gathering, or once a pair of its component is nominated, none is told any more
    (RFC 8838 §13): it serves as a base for checks, which show it to the peer, and is in the next
    description.
    """
    told = is_told(state, candidate)
    if told and local.candidates:
        known = [one for one in local.candidates if is_told(state, one)]
        if is_redundant(candidate, known):
            return False
    if told:
        local.candidates.append(candidate)
    else:
        local.candidates.insert(local.delivered, candidate)
        local.delivered += 1
    if state.tracer is not None:
        tracing.candidate(state, local, candidate)
    if local.finished:
        local.delivered = len(local.candidates)
    for member in state.local.members or (state,):
        generation = member.find(local.stream, local.number)
        if not told or local.finished or _is_nominated(generation, candidate.component):
            if generation is not None:
                checklist.add_local(member, generation, [candidate])
        else:
            member.events.append(CandidateGathered(local.stream, local.number, candidate))
    return True


def is_told(state: AgentState, candidate: Candidate) -> bool:
    """Whether the peer gets to know a local candidate; others serve as bases for checks only."""
    return candidate.type in state.config.candidate_types


def related(state: AgentState, address: Address, kind: CandidateType) -> Address:
    """What a candidate shows of the one it was made from: nothing if that is not told (§5.3)."""
    return address if kind in state.config.candidate_types else Address(bytes(len(address.ip)), 9)


def _is_nominated(generation: Generation | None, number: int) -> bool:
    component = None if generation is None else generation.component(number)
    return component is not None and component.nominating is not None


def unique_priority(
    local: LocalGeneration, kind: CandidateType, component: int, preference: int
) -> int:
    """The formula's priority with the nearest free local preference (§5.1.2.1: each is unique)."""
    value = priority(kind, preference, component)
    if not local.candidates:
        return value
    taken = {known.priority for known in local.candidates}
    while value in taken and preference:
        preference -= 1
        value = priority(kind, preference, component)
    return value


def _rank(local: LocalGeneration, bases: Iterable[LocalBase]) -> None:
    """Preferences fall from tier to tier; within each the families take turns (RFC 8421 §4)."""
    ranks = local.preferences
    tiers: dict[int, list[bytes]] = {}
    for base in bases:
        found = tiers.setdefault(base.tier, [])
        if base.base.address.ip not in ranks and base.base.address.ip not in found:
            found.append(base.base.address.ip)
    following = min(ranks.values()) if ranks else MAX_LOCAL_PREFERENCE + 1
    for tier in sorted(tiers):
        for ip in interleave(tiers[tier]):
            following -= 1
            ranks[ip] = following


def _shown(state: AgentState, own: Address) -> list[Address]:
    """What the host candidates of an address show: it, or the public one that stands for it."""
    if not state.config.advertised:
        return [own]
    public = [one for one in state.config.advertised if one.covers(own.ip)]
    shown = [Address(one.ip, own.port) for one in public]
    return shown if public and not any(one.keep for one in public) else [*shown, own]


def _make_one(state: AgentState, local: LocalGeneration, base: LocalBase, shown: Address) -> None:
    at, kind = base.base.address, CandidateType.HOST
    preference = local.preferences[at.ip]
    if base.tcptype is not None:
        other = max(0, 8191 - (MAX_LOCAL_PREFERENCE - preference))
        preference = tcp_preference(kind, base.tcptype, other)
    candidate = Candidate(
        base.component,
        kind,
        Address(shown.ip, tcp.ACTIVE_PORT) if base.tcptype is TcpType.ACTIVE else shown,
        unique_priority(local, kind, base.component, preference),
        foundation_of(local, (kind, at.ip, None, base.base.transport, base.tcptype)),
        base.base.transport,
        base.base,
        None,
        base.tcptype,
    )
    publish(state, local, candidate)
