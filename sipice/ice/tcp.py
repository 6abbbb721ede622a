"""RFC 6544 §6.2: which TCP candidates pair, and which are pruned."""

from __future__ import annotations

from sipice.ice.candidate import Candidate, TcpType

_PARTNER = {
    TcpType.ACTIVE: TcpType.PASSIVE,
    TcpType.PASSIVE: TcpType.ACTIVE,
    TcpType.SO: TcpType.SO,
}


def connects(local: TcpType | None, remote: TcpType | None) -> bool:
    """Whether a connection can come about between the two."""
    return local is not None and _PARTNER[local] is remote


def is_pruned(local: Candidate) -> bool:
    """A passive local candidate sends no checks: the peer connects and we answer (§6.2)."""
    return local.tcptype is TcpType.PASSIVE
