"""The one table of deadlines; no other module stores an instant at which something is due."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple


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


class Consent(NamedTuple):
    """The next consent check of a component is due (RFC 7675 §5.1)."""

    stream: int
    component: int
    kind: int = 3


class ConsentExpiry(NamedTuple):
    """Consent of a component ends (RFC 7675 §5.1)."""

    stream: int
    component: int
    kind: int = 4


class Quiet(NamedTuple):
    """A consent check has been without an answer for too long to be called healthy."""

    stream: int
    component: int
    kind: int = 5


class Keepalive(NamedTuple):
    """Nothing was sent on a selected pair for Tr (RFC 8445 §11)."""

    stream: int
    component: int
    kind: int = 6


class Pac(NamedTuple):
    """From now on a checklist may fail (RFC 8863 §4)."""

    stream: int
    generation: int
    kind: int = 7


class StopRule(NamedTuple):
    """A better pair of a component is no longer worth waiting for."""

    stream: int
    generation: int
    component: int
    kind: int = 8


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


class Timers:
    """Deadlines by key: a heap beside a dictionary; stale entries go when they surface."""

    __slots__ = ("_at", "_heap", "_order")

    def __init__(self) -> None:
        self._at: dict[Key, float] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._order = 0

    def arm(self, key: Key, when: float) -> None:
        """Set the deadline of ``key``, replacing the one it had."""
        at = self._at
        if at.get(key) == when:
            return
        at[key] = when
        self._order += 1
        heappush(self._heap, (when, self._order, key))
        if len(self._heap) > 2 * len(at) + 8:
            self._compact()

    def disarm(self, key: Key) -> None:
        """Forget ``key``; nothing happens when it is not armed."""
        self._at.pop(key, None)

    def at(self, key: Key) -> float | None:
        """When ``key`` is due, None when it is not armed."""
        return self._at.get(key)

    def next(self) -> tuple[float, Key] | None:
        """The earliest deadline and its key."""
        heap, at = self._heap, self._at
        while heap:
            when, _, key = heap[0]
            if at.get(key) == when:
                return when, key
            heappop(heap)
        return None

    def pop_due(self, now: float) -> Key | None:
        """Take the earliest key that is due at ``now``; equal deadlines in order of arming."""
        first = self.next()
        if first is None or first[0] > now:
            return None
        heappop(self._heap)
        key = first[1]
        del self._at[key]
        return key

    def keys(self) -> list[tuple[Key, float]]:
        """All armed keys with their deadlines, for export and for people."""
        return list(self._at.items())

    def clear(self) -> None:
        """Disarm everything."""
        self._at.clear()
        self._heap.clear()

    def _compact(self) -> None:
        at = self._at
        live: dict[Key, tuple[float, int, Key]] = {}
        for entry in self._heap:
            if at.get(entry[2]) == entry[0]:
                live[entry[2]] = entry
        self._heap = list(live.values())
        heapify(self._heap)
