"""RFC 8656 §7.3, §7.4: what the answer to an Allocate or Refresh request means."""

from __future__ import annotations

from sipice.net import Address
from sipice.stun import attributes as a
from sipice.stun.message import Message
from sipice.turn.events import Allocated, FamilyRefused, Loss, Lost
from sipice.turn.requests import Answer, Ending

DEFAULT_LIFETIME = 600.0
"""Seconds, where a server forgets to name it (§3.2)."""
REFRESH_BEFORE = 60.0
"""Seconds before its end at which an allocation is refreshed (§8)."""
LEAST_REFRESH = 5.0
"""Seconds between refreshes at least, whatever lifetime a server names."""
CAPACITY_WAIT = 60.0
"""Seconds to wait after 486, 508 and server errors (§7.4)."""
MISMATCHES = 3
"""Local ports on which 437 is met before a pause (§7.4)."""
MISMATCH_WAIT = 120.0
"""The length of that pause in seconds."""

_WITHOUT_CODE = {
    Ending.TIMEOUT: Lost(Loss.TIMEOUT, retry_after=0.0),
    Ending.INTEGRITY: Lost(Loss.INTEGRITY),
    Ending.CREDENTIALS: Lost(Loss.CREDENTIALS, 401),
    Ending.MALFORMED: Lost(Loss.UNUSABLE),
}


def read_allocation(message: Message, families: frozenset[int]) -> Allocated | None:
    """The allocation that a success response tells of; None if it is not what was asked for."""
    relayed = tuple(message.get_all(a.XOR_RELAYED_ADDRESS))
    mapped = message.get(a.XOR_MAPPED_ADDRESS)
    if not relayed or mapped is None or not _is_usable(mapped):
        return None
    got = [address.family for address in relayed]
    if len(set(got)) != len(got) or not families.issuperset(got):
        return None
    if not all(map(_is_usable, relayed)):
        return None
    return Allocated(relayed, mapped, read_lifetime(message))


def _is_usable(address: Address) -> bool:
    return any(address.ip) and address.port != 0


def read_lifetime(message: Message) -> float:
    """How long the allocation lasts from now on."""
    lifetime = message.get(a.LIFETIME)
    return DEFAULT_LIFETIME if lifetime is None else float(lifetime)


def refresh_after(lifetime: float) -> float:
    """When to refresh, in seconds from the answer: a minute early, or in the middle if short."""
    return max(lifetime - REFRESH_BEFORE, lifetime / 2, LEAST_REFRESH)


def refused_families(message: Message, missing: frozenset[int]) -> list[FamilyRefused]:
    """The families asked for that a success response leaves out, with the server's reason."""
    codes = {family: error.code for family, error in message.get_all(a.ADDRESS_ERROR_CODE)}
    return [FamilyRefused(family, codes.get(family)) for family in sorted(missing)]


def loss_of(answer: Answer, mismatches: int = 0) -> Lost:
    """Why there is no allocation, after a request that did not succeed.

    ``mismatches`` counts the answers 437 to Allocate in a row, this one included.
    """
    code = answer.error_code
    if answer.ending in _WITHOUT_CODE:
        return _WITHOUT_CODE[answer.ending]
    if answer.ending is Ending.CHALLENGE:
        return Lost(Loss.CHALLENGE, code)
    if code == 437:
        return Lost(Loss.MISMATCH, code, MISMATCH_WAIT if mismatches >= MISMATCHES else 0.0)
    if code in (486, 508):
        return Lost(Loss.CAPACITY, code, CAPACITY_WAIT)
    if code is not None and code >= 500:
        return Lost(Loss.REFUSED, code, CAPACITY_WAIT)
    return Lost(Loss.REFUSED, code)
