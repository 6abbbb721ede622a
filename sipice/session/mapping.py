"""RFC 8839 §5: the values of descriptions as those of the agent, and back: the only converter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sdp
from sdp import Destination, SessionDescription, effective
from sipice.ice import Candidate, CandidateType, Credentials, Description, TcpType
from sipice.net import Address, Transport

_TYPES = {
    CandidateType.HOST: sdp.ice.HOST,
    CandidateType.SERVER_REFLEXIVE: sdp.ice.SERVER_REFLEXIVE,
    CandidateType.PEER_REFLEXIVE: sdp.ice.PEER_REFLEXIVE,
    CandidateType.RELAYED: sdp.ice.RELAYED,
}
_KINDS = {text: kind for kind, text in _TYPES.items()}
PLACEHOLDER = Destination("0.0.0.0", sdp.fields.PLACEHOLDER_PORT)
"""No address yet, or none that fits (RFC 8839 §4.3.1)."""


def to_sdp(candidate: Candidate) -> sdp.Candidate:
    """A local candidate as it is written."""
    related = None if candidate.type is CandidateType.HOST else _related(candidate)
    return sdp.Candidate(
        foundation=candidate.foundation,
        component=candidate.component,
        transport=candidate.transport.value,
        priority=min(candidate.priority, sdp.ice.MAX_PRIORITY),
        address=candidate.name or candidate.address.host,
        port=candidate.address.port,
        type=_TYPES[candidate.type],
        related_address=None if related is None else related.host,
        related_port=None if related is None else related.port,
        tcptype=None if candidate.tcptype is None else candidate.tcptype.value,
    )


def _related(candidate: Candidate) -> Address:
    if candidate.related is not None:
        return candidate.related
    return candidate.address if candidate.base is None else candidate.base.address


def to_ice(candidate: sdp.Candidate) -> Candidate | None:
    """A candidate of the peer; None when the agent cannot use it (RFC 8839 §5.1)."""
    host = candidate.ip
    if host is None or sdp.ice.why_unusable(candidate) is not None:
        return None
    related = None
    if candidate.related_address is not None and candidate.related_port is not None:
        related = parsed(candidate.related_address, candidate.related_port)
    return Candidate(
        component=candidate.component,
        type=_KINDS[candidate.type.lower()],
        address=Address.parse(host, candidate.port),
        priority=candidate.priority,
        foundation=candidate.foundation,
        transport=Transport(candidate.transport.upper()),
        related=related,
        tcptype=None if candidate.tcptype is None else TcpType(candidate.tcptype),
    )


def parsed(host: str, port: int) -> Address | None:
    """An address of a description, None for a name and for a port out of range."""
    known = sdp.fields.ip_address(host)
    if known is None or not 0 <= port <= 65535:
        return None
    return Address.parse(str(known), port)


def description_of(
    description: SessionDescription, section: int, *, components: int, trickles: bool
) -> Description | None:
    """What the peer says of one stream; None when it says nothing of ICE there."""
    credentials = effective.credentials(description, section)
    if credentials is None:
        return None
    usable = effective.usable_candidates(description, section)
    candidates = [to_ice(one) for one in usable if one.component <= components]
    return Description(
        Credentials(credentials.ufrag, credentials.pwd),
        tuple(one for one in candidates if one is not None),
        lite=effective.is_lite(description),
        pacing_ms=effective.pacing(description),
        ice2=effective.support(description, section) is sdp.Support.FULL,
        trickle=trickles,
        complete=not trickles or effective.has_ended(description, section),
    )


def default_candidates(
    candidates: Iterable[Candidate],
    components: int,
    order: Sequence[CandidateType],
    family: int = 4,
) -> tuple[Candidate, ...]:
    """The candidate of each component that a peer without ICE has the best chances with.

    By type in the given order, by family, then by priority; the other components follow the first
    one's type and address. TCP candidates are none (RFC 6544 §4.3).
    """
    ranks = {kind: rank for rank, kind in enumerate(order)}
    own = [one for one in candidates if one.tcptype is None]
    chosen: list[Candidate] = []
    for number in range(1, components + 1):
        fitting = [one for one in own if one.component == number]
        if not fitting:
            break
        first = chosen[0] if chosen else None
        chosen.append(min(fitting, key=lambda one: _rank(one, ranks, family, first)))
    return tuple(chosen)


def _rank(
    candidate: Candidate, ranks: dict[CandidateType, int], family: int, first: Candidate | None
) -> tuple[object, ...]:
    strays = first is not None and (
        candidate.type is not first.type or candidate.address.ip != first.address.ip
    )
    place = ranks.get(candidate.type, len(ranks))
    return strays, place, candidate.address.family != family, -candidate.priority


def destinations_of(candidates: Sequence[Candidate]) -> tuple[Destination, ...]:
    """Where c=, m= and a=rtcp point for these default candidates; the placeholder for none."""
    if not candidates:
        return (PLACEHOLDER,)
    return tuple(
        Destination(one.address.host, one.address.port, one.transport.value) for one in candidates
    )
