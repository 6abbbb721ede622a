"""The clock of the virtual network: one heap of events, one seed, no real time at all."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from random import Random
from typing import NamedTuple, Protocol

from sipice.net import Address
from tests.simnet.trace import Trace

TCP_MARK = b"\xffTCP"


class Packet(NamedTuple):
    """One UDP datagram, or one marked TCP segment, on its way."""

    src: Address
    dst: Address
    data: bytes

    @property
    def is_tcp(self) -> bool:
        return self.data.startswith(TCP_MARK)


class Timed(Protocol):
    """Somebody who wants to be called at an instant of his own choice."""

    def next_timeout(self) -> float | None: ...

    def handle_timeout(self, now: float) -> None: ...


class World:
    """Virtual time: jumps to the earlier of the next event and the next timeout of anybody."""

    def __init__(self, seed: int = 0, *, start: float = 0.0) -> None:
        self.now = start
        self.rng = Random(seed)
        self.trace = Trace()
        self.timed: list[Timed] = []
        self.sent: list[Callable[[float, str, Packet], None]] = []
        """Told of every datagram that leaves a socket: (now, host, packet)."""
        self.received: list[Callable[[float, str, Packet], None]] = []
        """Told of every datagram that reaches a socket."""
        self.frames_sent: list[Callable[[float, str, Packet], None]] = []
        """Told of every frame written to a connection, as if it were a datagram."""
        self.frames_received: list[Callable[[float, str, Packet], None]] = []
        self.losses: list[Callable[[str, Packet], bool]] = []
        """Asked once for each datagram that leaves a socket; True loses it."""
        self.stepped: list[Callable[[], None]] = []
        """Called after every step."""
        self._heap: list[tuple[float, int, Callable[[], object]]] = []
        self._count = 0

    def at(self, when: float, action: Callable[[], object]) -> None:
        """Run ``action`` at an instant; events of one instant run in the order of asking."""
        if when < self.now:
            raise ValueError(f"{when} is past, it is {self.now}")
        self._count += 1
        heapq.heappush(self._heap, (when, self._count, action))

    def after(self, delay: float, action: Callable[[], object]) -> None:
        self.at(self.now + delay, action)

    def next_instant(self) -> float | None:
        """When the next step would happen."""
        earliest = self._heap[0][0] if self._heap else None
        for one in self.timed:
            due = one.next_timeout()
            if due is not None and (earliest is None or due < earliest):
                earliest = due
        return earliest

    def step(self) -> bool:
        """Jump to the next event or timeout and handle it; False when there is none."""
        instant = self.next_instant()
        if instant is not None:
            self._step(instant)
        return instant is not None

    def _step(self, instant: float) -> None:
        self.now = max(self.now, instant)
        # What is in the air arrives before what the same instant makes due: a packet that
        # comes exactly with a retransmission timer stops it.
        if self._heap and self._heap[0][0] <= self.now:
            heapq.heappop(self._heap)[2]()
        else:
            self._fire_one()
        for callback in self.stepped:
            callback()

    def _fire_one(self) -> None:
        for one in self.timed:
            due = one.next_timeout()
            if due is not None and due <= self.now:
                one.handle_timeout(self.now)
                return

    def run(
        self,
        until: float | None = None,
        *,
        stop: Callable[[], bool] | None = None,
        steps: int = 200_000,
    ) -> bool:
        """Step until an instant, a condition, or silence; True if ``stop`` came true.

        With ``until`` the clock ends there even when nothing happens any more.
        """
        for _ in range(steps):
            if stop is not None and stop():
                return True
            instant = self.next_instant()
            if instant is None or (until is not None and instant > until):
                break
            self._step(instant)
        else:
            raise AssertionError(f"still busy after {steps} steps\n{self.trace.text(last=60)}")
        if until is not None:
            self.now = max(self.now, until)
        return stop is not None and stop()
