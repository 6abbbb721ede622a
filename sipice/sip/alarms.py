"""The deadlines of a tap: one table, each named by what it is for."""

from __future__ import annotations

from enum import Enum
from heapq import heappop, heappush
from typing import NamedTuple

from sipice.sip.outputs import CallKey


class Alarm(Enum):
    """What is due."""

    TRYING = 0
    """An INVITE of the peer wants at least a 100."""
    DESCRIBE = 1
    """A controller took too long."""
    RESEND = 2
    """A message of ours is sent once more."""
    EXPIRE = 3
    """A request was never answered."""
    SILENCE = 4
    """Nothing follows a failed INVITE."""
    FORGET = 5
    """Retransmissions of a finished call have died out."""
    FORKS = 6
    """No other fork can still answer (RFC 3261 §13.2.2.4)."""
    INFO = 7
    """An INFO was never answered, or is tried again."""
    REOFFER = 8
    """An offer of our own is tried, or tried again."""
    ALERT = 9
    """A phone has waited long enough to be said to ring."""


class Due(NamedTuple):
    """A deadline: of which call, and of what in it."""

    key: CallKey
    alarm: Alarm
    detail: object = None


class Alarms:
    """Set, cancel and take deadlines; the earliest first, equal ones in the order of setting."""

    def __init__(self) -> None:
        self._at: dict[CallKey, dict[Due, float]] = {}
        self._heap: list[tuple[float, int, Due]] = []
        self._count = 0

    def set(self, due: Due, at: float) -> None:
        """Set or move a deadline."""
        self._at.setdefault(due.key, {})[due] = at
        self._count += 1
        heappush(self._heap, (at, self._count, due))

    def cancel(self, due: Due) -> None:
        """It is no longer needed."""
        self._at.get(due.key, {}).pop(due, None)

    def cancel_call(self, key: CallKey) -> None:
        """Nothing of this call is due any more."""
        self._at.pop(key, None)

    def next(self) -> float | None:
        """When the earliest one is due."""
        self._drop_stale()
        return self._heap[0][0] if self._heap else None

    def take(self, now: float) -> Due | None:
        """One that is due, which is then no longer set."""
        self._drop_stale()
        if not self._heap or self._heap[0][0] > now:
            return None
        due = heappop(self._heap)[2]
        self.cancel(due)
        return due

    def _drop_stale(self) -> None:
        while self._heap:
            at, _, due = self._heap[0]
            if self._at.get(due.key, {}).get(due) == at:
                return
            heappop(self._heap)
