"""How the values in an export look as JSON; see ``storage``."""

from __future__ import annotations

from typing import Any, TypeAlias

from sipice.ice.candidate import Candidate, CandidateType, TcpType
from sipice.net import Address, Base, Transport
from sipice.stun.attributes import PasswordAlgorithm
from sipice.turn import AllocationSnapshot, ChannelSnapshot, PermissionSnapshot

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
    ]


def to_candidate(entry: Json) -> Candidate:
    """A candidate."""
    component, kind, address, priority, foundation, transport, base, related, tcptype, server = (
        entry
    )
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
    )


def from_allocation(snapshot: AllocationSnapshot) -> Json:
    """An allocation, without the password."""
    return {
        "server": from_address(snapshot.server),
        "realm": snapshot.realm,
        "nonce": snapshot.nonce.hex(),
        "algorithms": [[one.number, one.parameters.hex()] for one in snapshot.algorithms],
        "families": list(snapshot.families),
        "expires": round(snapshot.expires_in, 9),
        "refresh": round(snapshot.refresh_in, 9),
        "permissions": [
            [[from_address(peer) for peer in one.peers], one.is_active, round(one.ask_in, 9)]
            for one in snapshot.permissions
        ],
        "channels": [
            [
                one.number,
                from_address(one.peer),
                one.is_bound,
                None if one.bind_in is None else round(one.bind_in, 9),
            ]
            for one in snapshot.channels
        ],
    }


def to_allocation(entry: Json) -> AllocationSnapshot:
    """An allocation."""
    return AllocationSnapshot(
        server=to_address(entry["server"]),
        realm=entry["realm"],
        nonce=bytes.fromhex(entry["nonce"]),
        algorithms=tuple(
            PasswordAlgorithm(number, bytes.fromhex(more)) for number, more in entry["algorithms"]
        ),
        families=tuple(entry["families"]),
        expires_in=entry["expires"],
        refresh_in=entry["refresh"],
        permissions=tuple(
            PermissionSnapshot(tuple(map(to_address, peers)), is_active, ask_in)
            for peers, is_active, ask_in in entry["permissions"]
        ),
        channels=tuple(
            ChannelSnapshot(number, to_address(peer), is_bound, bind_in)
            for number, peer, is_bound, bind_in in entry["channels"]
        ),
    )
