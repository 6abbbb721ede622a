"""The one table of deadlines; no other module stores an instant at which something is due."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

_K = TypeVar("_K", bound=type[Any])


def _shared(kind: _K) -> _K:
    """Agents have the same few streams and components: one key of each serves them all."""
    kind.__new__ = lru_cache(1024)(kind.__new__)  # type: ignore[assignment]
    return kind


class Pace(NamedTuple):
    """The next new transaction may leave (RFC 8445 §14.2)."""

    kind: int = 0


class Retransmit(NamedTuple):
    """A request is repeated (RFC 8489 §6.2.1)."""

    transaction: bytes
    kind: int = 1


class TransactionEnd(NamedTuple):
    """A transaction, cancelled or not, is over without a response."""

    transaction: bytes
    kind: int = 2


@_shared
class Consent(NamedTuple):
    """The next consent check of a component is due (RFC 7675 §5.1)."""

    stream: int
    component: int
    kind: int = 3


@_shared
class ConsentExpiry(NamedTuple):
    """Consent of a component ends (RFC 7675 §5.1)."""

    stream: int
    component: int
    kind: int = 4


@_shared
class Quiet(NamedTuple):
    """A consent check has been without an answer for too long to be called healthy."""

    stream: int
    component: int
    kind: int = 5


@_shared
class Keepalive(NamedTuple):
    """Nothing was sent on a selected pair for Tr (RFC 8445 §11)."""

    stream: int
    component: int
    kind: int = 6


@_shared
class Pac(NamedTuple):
    """From now on a checklist may fail (RFC 8863 §4)."""

    stream: int
    generation: int
    kind: int = 7


@_shared
class StopRule(NamedTuple):
    """A better pair of a component is no longer worth waiting for."""

    stream: int
    generation: int
    component: int
    kind: int = 8


@_shared
class FreeCandidates(NamedTuple):
    """Candidates that were not selected stop answering (RFC 8445 §8.3.1)."""

    stream: int
    generation: int
    kind: int = 9


class EarlyCheckExpiry(NamedTuple):
    """The early checks of a local generation are forgotten."""

    generation: int
    kind: int = 10


class RetireGeneration(NamedTuple):
    """The generation before a restart stops answering."""

    stream: int
    generation: int
    kind: int = 11


class GatherDeadline(NamedTuple):
    """Gathering ends with what has been found."""

    stream: int
    kind: int = 12


class Allocation(NamedTuple):
    """A TURN client has something to do: a resend, a refresh of allocation, permission, channel."""

    relay: int
    kind: int = 13


class ServerKeepalive(NamedTuple):
    """A server-reflexive mapping is kept open until ICE completes (RFC 8445 §5.1.1.4)."""

    base: int
    kind: int = 14


Key = (
    Pace
    | Retransmit
    | TransactionEnd
    | Consent
    | ConsentExpiry
    | Quiet
    | Keepalive
    | Pac
    | StopRule
    | FreeCandidates
    | EarlyCheckExpiry
    | RetireGeneration
    | GatherDeadline
    | Allocation
    | ServerKeepalive
)

PACE: Final = Pace()


_UNKNOWN: Final = float("-inf")
NEVER: Final = float("inf")


class Timers:
    """Deadlines by key, in order of arming; the earliest is remembered until it goes.

    An agent has a handful of them, most are armed behind the earliest, and nearly all are disarmed
    in time: a heap would have to be kept in order for nothing.
    """

    __slots__ = ("_at", "_first")

    def __init__(self) -> None:
        self._at: dict[Key, float] = {}
        self._first = NEVER

    def arm(self, key: Key, when: float) -> None:
        """Set the deadline of ``key``, replacing the one it had."""
        at = self._at
        before = at.get(key)
        if before == when:
            return
        if before is not None:
            del at[key]  # its place in the order is a new one
            if before == self._first:
                self._first = _UNKNOWN
        at[key] = when
        if when < self._first:
            self._first = when

    def disarm(self, key: Key) -> None:
        """Forget ``key``; nothing happens when it is not armed."""
        if self._at.pop(key, None) == self._first:
            self._first = _UNKNOWN

    def at(self, key: Key) -> float | None:
        """When ``key`` is due, None when it is not armed."""
        return self._at.get(key)

    def first(self) -> float:
        """The earliest deadline; infinity when there is none."""
        if self._first == _UNKNOWN:
            self._first = min(self._at.values(), default=NEVER)
        return self._first

    def next(self) -> tuple[float, Key] | None:
        """The earliest deadline and its key; of equal ones the first that was armed."""
        first = self.first()
        for key, when in self._at.items():
            if when == first:
                return when, key
        return None

    def pop_due(self, now: float) -> Key | None:
        """Take the earliest key that is due at ``now``; equal deadlines in order of arming."""
        first = self._first
        if first == _UNKNOWN:
            first = self.first()
        if first > now:
            return None
        for key, when in self._at.items():
            if when == first:
                del self._at[key]
                self._first = _UNKNOWN
                return key
        return None

    def keys(self) -> list[tuple[Key, float]]:
        """All armed keys with their deadlines, for export and for people."""
        return list(self._at.items())

    def clear(self) -> None:
        """Disarm everything."""
        self._at.clear()
        self._first = NEVER
