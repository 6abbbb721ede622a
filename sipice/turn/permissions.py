"""RFC 8656 §9, §10: permissions, one for each IP address of a peer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sipice.net import Address
from sipice.turn.snapshot import PermissionSnapshot

RENEW = 240.0
"""Seconds after which a permission is renewed; it lasts 300 s, whatever the traffic (§9)."""
TOGETHER = 30.0
"""What is due within this time is renewed in the same request."""
BATCH = 16
"""Addresses in one CreatePermission; 16 of IPv6 keep it below 576 bytes (§3.7)."""


@dataclass(slots=True, eq=False)
class _Permission:
    peers: dict[Address, None] = field(default_factory=dict)
    """Those that want it, in order; the first is named in requests."""
    is_active: bool = False
    ask_at: float | None = None
    """When to send CreatePermission (again); None while one is under way."""


class Permissions:
    """The permissions of one allocation that somebody wants."""

    __slots__ = ("_by_ip",)

    def __init__(self) -> None:
        self._by_ip: dict[bytes, _Permission] = {}

    def want(self, now: float, peer: Address) -> None:
        """Let this peer through, from now on."""
        permission = self._by_ip.get(peer.ip)
        if permission is None:
            permission = self._by_ip[peer.ip] = _Permission(ask_at=now)
        permission.peers[peer] = None

    def forget(self, peer: Address) -> None:
        """Nobody wants this peer any more; its permission is left to expire."""
        permission = self._by_ip.get(peer.ip)
        if permission is not None:
            permission.peers.pop(peer, None)
            if not permission.peers:
                del self._by_ip[peer.ip]

    def is_wanted(self, ip: bytes) -> bool:
        """Whether data from this address is accepted: the permission is active or about to be."""
        return ip in self._by_ip

    def is_active(self, ip: bytes) -> bool:
        """Whether data may be sent to this address."""
        permission = self._by_ip.get(ip)
        return permission is not None and permission.is_active

    def take_due(self, now: float) -> list[tuple[Address, ...]]:
        """The peers to ask for now, in batches; what is nearly due goes with them."""
        if not any(p.ask_at is not None and p.ask_at <= now for p in self._by_ip.values()):
            return []
        due = []
        for permission in self._by_ip.values():
            if permission.ask_at is not None and permission.ask_at <= now + TOGETHER:
                permission.ask_at = None
                due.append(next(iter(permission.peers)))
        return [tuple(due[i : i + BATCH]) for i in range(0, len(due), BATCH)]

    def grant(self, now: float, peers: Iterable[Address]) -> list[bytes]:
        """The server let them through; the addresses for which that is news."""
        news = []
        for peer in peers:
            permission = self._by_ip.get(peer.ip)
            if permission is not None:
                if not permission.is_active:
                    news.append(peer.ip)
                permission.is_active, permission.ask_at = True, now + RENEW
        return news

    def fail(self, peers: Iterable[Address]) -> list[bytes]:
        """The server did not let them through; the addresses that were wanted."""
        return [peer.ip for peer in peers if self._by_ip.pop(peer.ip, None) is not None]

    def next_timeout(self) -> float | None:
        """When ``take_due`` has something."""
        return min((p.ask_at for p in self._by_ip.values() if p.ask_at is not None), default=None)

    def export(self, now: float) -> tuple[PermissionSnapshot, ...]:
        """All permissions."""
        return tuple(
            PermissionSnapshot(
                tuple(one.peers), one.is_active, 0.0 if one.ask_at is None else one.ask_at - now
            )
            for one in self._by_ip.values()
        )

    def restore(self, now: float, permissions: tuple[PermissionSnapshot, ...]) -> None:
        """Take up what was exported."""
        for one in permissions:
            self._by_ip[one.peers[0].ip] = _Permission(
                dict.fromkeys(one.peers), one.is_active, now + one.ask_in
            )
