"""RFC 8445 §14.2: all agents of a process together start at most one transaction per 5 ms."""

from __future__ import annotations

from heapq import heappop, heappush

FLOOR = 0.005
"""Seconds between two new transactions of one process."""


class Pacer:
    """Hands out instants to the agents that share it, in the order in which they ask."""

    __slots__ = ("_free", "_next", "floor", "longest_wait")

    def __init__(self, floor: float = FLOOR) -> None:
        self.floor = floor
        self.longest_wait = 0.0
        """The longest time any agent had to wait for its slot, seconds."""
        self._next = float("-inf")
        self._free: list[float] = []

    def reserve(self, now: float) -> float:
        """The next free slot, ``now`` or later; it does not move any more."""
        slot = self._returned(now) if self._free else None
        if slot is None:
            slot = max(now, self._next)
            self._next = slot + self.floor
        if slot - now > self.longest_wait:
            self.longest_wait = slot - now
        return slot

    def give_back(self, slot: float) -> None:
        """An agent needs its slot no longer."""
        if slot + self.floor == self._next:
            self._next = slot
        else:
            heappush(self._free, slot)

    def waiting(self, now: float) -> float:
        """How long an agent that asks at ``now`` would wait."""
        return max(0.0, self._next - now)

    def _returned(self, now: float) -> float | None:
        while self._free:
            slot = heappop(self._free)
            if slot >= now:
                return slot
        return None
