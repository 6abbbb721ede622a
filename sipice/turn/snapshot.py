"""What of an allocation outlives the process that made it: values only, and times as distances."""

from __future__ import annotations

from dataclasses import dataclass, field

from sipice.net import Address
from sipice.stun.attributes import PasswordAlgorithm


@dataclass(frozen=True, slots=True)
class PermissionSnapshot:
    """One permission; ``ask_in`` is 0 where a request was under way."""

    peers: tuple[Address, ...]
    is_active: bool
    ask_in: float


@dataclass(frozen=True, slots=True)
class ChannelSnapshot:
    """One channel; ``bind_in`` is None for a number that is only kept from others."""

    number: int
    peer: Address
    is_bound: bool
    bind_in: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationSnapshot:
    """An allocation with its peers."""

    server: Address
    realm: str | None
    nonce: bytes = field(repr=False)
    algorithms: tuple[PasswordAlgorithm, ...]
    families: tuple[int, ...]
    expires_in: float
    refresh_in: float
    """0 where a refresh was under way."""
    permissions: tuple[PermissionSnapshot, ...]
    channels: tuple[ChannelSnapshot, ...]
