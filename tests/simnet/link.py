"""Links: delay, jitter, loss, duplication, reordering, MTU, and hooks that drop the nth packet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from tests.simnet.world import Packet, World

IP_AND_UDP = {4: 28, 16: 48}
"""Header bytes by the length of the IP address."""


@dataclass(slots=True, kw_only=True)
class Link:
    """One direction of a wire; every probability is decided by the seed of the world."""

    delay: float = 0.0
    jitter: float = 0.0
    """At most so much is added; the order is kept."""
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    reorder_delay: float = 0.030
    mtu: int = 1500
    """Of the IP packet; larger ones vanish without a word, as on many real paths."""
    cut: bool = False
    drops: list[Callable[[Packet], bool]] = field(default_factory=list)
    mangle: Callable[[Packet], Packet] | None = None
    carried: int = 0
    _last: float = 0.0

    def carry(
        self,
        world: World,
        where: str,
        packet: Packet,
        deliver: Callable[[Packet], None],
        *,
        passing: bool = False,
    ) -> None:
        """Take a packet; it comes out later, twice, or not at all.

        ``passing``: whoever takes it only hands it on, so a wire without delay needs no event.
        """
        self.carried += 1
        lost = self._reason_to_lose(world, packet)
        if lost is not None:
            world.trace.packet(world.now, where, lost, packet)
            return
        if self.mangle is not None and not packet.is_tcp:
            packet = self.mangle(packet)
        if passing and not (self.delay or self.jitter or self.reorder or self.duplicate):
            deliver(packet)
            return
        twice = self.duplicate and not packet.is_tcp and world.rng.random() < self.duplicate
        for _ in range(2 if twice else 1):
            world.at(self._arrival(world, packet), partial(deliver, packet))

    def _reason_to_lose(self, world: World, packet: Packet) -> str | None:
        if self.cut:
            return "cut"
        if packet.is_tcp:
            return "dropped" if self._drops(packet) else None
        if len(packet.data) + IP_AND_UDP[len(packet.dst.ip)] > self.mtu:
            return "too big"
        if self._drops(packet):
            return "dropped"
        if self.loss and world.rng.random() < self.loss:
            return "lost"
        return None

    def _drops(self, packet: Packet) -> bool:
        return bool(self.drops) and any(drop(packet) for drop in self.drops)

    def _arrival(self, world: World, packet: Packet) -> float:
        arrival = world.now + self.delay
        if self.reorder and not packet.is_tcp and world.rng.random() < self.reorder:
            return arrival + self.reorder_delay
        if self.jitter:
            arrival = max(arrival + world.rng.random() * self.jitter, self._last)
            self._last = arrival
        return arrival

    def drop_next(
        self, count: int = 1, *, skip: int = 0, match: Callable[[Packet], bool] | None = None
    ) -> None:
        """Lose the next ``count`` packets, after letting ``skip`` pass; only those that match."""
        self.drops.append(drop_nth(range(skip, skip + count), match))


def drop_nth(
    numbers: range | set[int], match: Callable[[Packet], bool] | None = None
) -> Callable[[Packet], bool]:
    """A hook that loses the packets with these numbers, counted from 0 among those that match."""
    seen = 0

    def drop(packet: Packet) -> bool:
        nonlocal seen
        if match is not None and not match(packet):
            return False
        seen += 1
        return seen - 1 in numbers

    return drop
