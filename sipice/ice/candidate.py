"""RFC 8445 §5.1: candidates, their priority, foundation and redundancy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum, StrEnum
from typing import NamedTuple

from sipice.net import Address, Base, Transport

MAX_LOCAL_PREFERENCE = 65535
MAX_PRIORITY = 2**32 - 1
"""We send at most 2^31 - 1 (§5.1.2); larger ones of a peer are taken (RFC 5245 erratum 3952)."""


class CandidateType(IntEnum):  # Enum hashes and gives values in Python, for each candidate
    """The four types; the value is the recommended type preference (§5.1.2.2)."""

    HOST = 126
    PEER_REFLEXIVE = 110
    SERVER_REFLEXIVE = 100
    RELAYED = 0


class TcpType(StrEnum):
    """How a TCP candidate connects (RFC 6544 §4.5)."""

    ACTIVE = "active"
    PASSIVE = "passive"
    SO = "so"


class BaseUse(StrEnum):
    """What a UDP socket serves alone, where sessions share a port; an ordinary one serves all."""

    SHARED = "shared"
    """Other sessions use it too: no allocation is made, for a server keeps one per 5-tuple."""
    RELAYS = "relays"
    """Allocations are made from it, and nothing else."""


class Candidate(NamedTuple):
    """One transport address of a component.

    Local candidates have a ``base``: the socket they send from, or for a relayed candidate a base
    of its own, whose packets the agent wraps. Remote candidates have none.
    """

    component: int
    type: CandidateType
    address: Address
    priority: int
    foundation: str
    transport: Transport = Transport.UDP
    base: Base | None = None
    related: Address | None = None
    """What raddr and rport show: the base, or for a relayed candidate the mapped address."""
    tcptype: TcpType | None = None
    server: Address | None = None
    """The STUN or TURN server a local candidate was learned from."""
    hidden: bool = False
    """The peer gave a name in ``.local`` for this address: no relay of ours gets to know it."""
    name: str = ""
    """The name in ``.local`` that our description shows instead of the address."""


def priority(type_preference: int, local_preference: int, component: int) -> int:
    """The formula of §5.1.2.1."""
    return (type_preference << 24) + (local_preference << 8) + (256 - component)


def check_priority(candidate: Candidate) -> int:
    """PRIORITY of a check: the local candidate's as if it were peer-reflexive (§7.1.1)."""
    return (CandidateType.PEER_REFLEXIVE << 24) | (candidate.priority & 0xFFFFFF)


def foundation_key(candidate: Candidate) -> tuple[object, ...]:
    """What makes two foundations equal (§5.1.1.3; tcptype is our addition for RFC 6544)."""
    base = candidate.base
    return (
        candidate.type,
        base.address.ip if base is not None else candidate.address.ip,
        candidate.server.ip if candidate.server is not None else None,
        candidate.transport,
        candidate.tcptype,
    )


def is_redundant(candidate: Candidate, others: Iterable[Candidate]) -> bool:
    """Whether another one of the component has the same address and the same base (§5.1.3)."""
    for other in others:
        if (
            other.address == candidate.address
            and other.base == candidate.base
            and other.component == candidate.component
            and other.tcptype == candidate.tcptype
        ):
            return True
    return False


def interleave(addresses: Sequence[bytes]) -> list[bytes]:
    """Order IP addresses by preference: IPv6 gets a head start, then families alternate.

    RFC 8421 §4: ``(N4 + N6) / N4`` IPv6 addresses come before the first IPv4 one.
    """
    if len(addresses) < 2:
        return list(addresses)
    six = [ip for ip in addresses if len(ip) == 16]
    four = [ip for ip in addresses if len(ip) == 4]
    if not four or not six:
        return list(addresses)
    start = (len(four) + len(six)) // len(four)
    order, six = six[:start], six[start:]
    for ip in four:
        order.append(ip)
        if six:
            order.append(six.pop(0))
    return order + six


def tcp_preference(candidate_type: CandidateType, tcptype: TcpType, other: int) -> int:
    """The local preference of a TCP candidate (RFC 6544 §4.2); ``other`` is 0 to 8191."""
    return (_direction_preference(candidate_type, tcptype) << 13) + other


def _direction_preference(candidate_type: CandidateType, tcptype: TcpType) -> int:
    if candidate_type in (CandidateType.SERVER_REFLEXIVE, CandidateType.PEER_REFLEXIVE):
        return {TcpType.SO: 6, TcpType.ACTIVE: 4, TcpType.PASSIVE: 2}[tcptype]
    return {TcpType.ACTIVE: 6, TcpType.PASSIVE: 4, TcpType.SO: 2}[tcptype]
