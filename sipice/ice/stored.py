"""How the values in an export look as JSON; see ``storage``."""

from __future__ import annotations

from typing import Any, TypeAlias

from sipice.ice.candidate import Candidate, CandidateType, TcpType
from sipice.net import Address, Base, Transport

Json: TypeAlias = Any
"""What json reads and writes; nothing of it leaves these modules."""


def age(later: float, earlier: float) -> float:
    """Nanoseconds are enough, and make the text the same whatever the clock says."""
    return round(later - earlier, 9)


def from_base(base: Base) -> Json:
    """A base."""
    return [base.number, base.transport.value, from_address(base.address)]


def to_base(entry: Json) -> Base:
    """A base."""
    return Base(entry[0], Transport(entry[1]), to_address(entry[2]))


def from_address(address: Address) -> Json:
    """An address."""
    return [address.ip.hex(), address.port]


def to_address(entry: Json) -> Address:
    """An address."""
    return Address(bytes.fromhex(entry[0]), entry[1])


def from_candidate(candidate: Candidate) -> Json:
    """A candidate."""
    return [
        candidate.component,
        candidate.type.name,
        from_address(candidate.address),
        candidate.priority,
        candidate.foundation,
        candidate.transport.value,
        None if candidate.base is None else from_base(candidate.base),
        None if candidate.related is None else from_address(candidate.related),
        None if candidate.tcptype is None else candidate.tcptype.value,
        None if candidate.server is None else from_address(candidate.server),
        candidate.hidden,
    ]


def to_candidate(entry: Json) -> Candidate:
    """A candidate."""
    component, kind, address, priority, foundation, transport, base, related, tcptype = entry[:9]
    server, hidden = entry[9:]
    return Candidate(
        component,
        CandidateType[kind],
        to_address(address),
        priority,
        foundation,
        Transport(transport),
        None if base is None else to_base(base),
        None if related is None else to_address(related),
        None if tcptype is None else TcpType(tcptype),
        None if server is None else to_address(server),
        hidden,
    )
