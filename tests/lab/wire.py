"""Cables that delay and lose, in userland: ``python -m tests.lab.wire [options] ONE:OTHER ...``

Each pair of interfaces of this namespace is joined; what arrives at one leaves the other later, or
never. Order is kept per direction. Address resolution (ARP, neighbour discovery) passes at once, so
that the first packet between two routers is no slower than the second. Says READY when it works,
and ends with its standard input.
"""

from __future__ import annotations

import argparse
import heapq
import random
import select
import socket
import sys
import time
from dataclasses import dataclass, field

_SOL_PACKET, _VNET_HDR, _IGNORE_OUTGOING = 263, 15, 23
_ALL_PROTOCOLS = 0x0003
_VNET = 10
"""Bytes of the header that carries checksum and segmentation offload along."""
_LARGEST = 1 << 17
_NEIGHBOUR_DISCOVERY = range(133, 138)


@dataclass(slots=True)
class End:
    """One interface and what is on its way to leave by it."""

    interface: str
    socket: socket.socket = field(init=False)
    last: float = 0.0

    def __post_init__(self) -> None:
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.setblocking(False)
        self.socket.setsockopt(_SOL_PACKET, _VNET_HDR, 1)
        self.socket.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
        self.socket.bind((self.interface, _ALL_PROTOCOLS))


@dataclass(slots=True)
class Wire:
    """All joined pairs with one clock; delay and jitter in seconds, loss from 0 to 1."""

    delay: float
    jitter: float
    loss: float
    chance: random.Random
    ends: dict[int, tuple[End, End]] = field(default_factory=dict)
    """File descriptor: where it came in, where it leaves."""
    waiting: list[tuple[float, int, End, bytes]] = field(default_factory=list)
    count: int = 0

    def join(self, one: End, other: End) -> None:
        self.ends[one.socket.fileno()] = (one, other)
        self.ends[other.socket.fileno()] = (other, one)

    def run(self) -> None:
        """Until standard input ends."""
        watched = [sys.stdin.fileno(), *self.ends]
        while True:
            wait = max(0.0, self.waiting[0][0] - time.monotonic()) if self.waiting else None
            ready, _, _ = select.select(watched, [], [], wait)
            for number in ready:
                if number not in self.ends:
                    return
                self._take(*self.ends[number])
            self._release(time.monotonic())

    def _take(self, source: End, target: End) -> None:
        while True:
            try:
                frame = source.socket.recv(_LARGEST)
            except BlockingIOError:
                return
            now = time.monotonic()
            if resolves_addresses(frame[_VNET:]):
                _send(target, frame)
            elif self.chance.random() >= self.loss:
                due = now + self.delay + self.jitter * self.chance.random()
                target.last = max(target.last, due)
                self.count += 1
                heapq.heappush(self.waiting, (target.last, self.count, target, frame))

    def _release(self, now: float) -> None:
        while self.waiting and self.waiting[0][0] <= now:
            _, _, target, frame = heapq.heappop(self.waiting)
            _send(target, frame)


def resolves_addresses(frame: bytes) -> bool:
    """Whether an Ethernet frame holds neither IPv4 nor IPv6 with anything but ND in it."""
    kind = frame[12:14]
    if kind == b"\x08\x00":
        return False
    if kind != b"\x86\xdd":
        return True
    return len(frame) > 54 and frame[20] == 58 and frame[54] in _NEIGHBOUR_DISCOVERY


def _send(target: End, frame: bytes) -> None:
    try:
        target.socket.send(frame)
    except OSError:
        return  # a cable has no way to tell anybody


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0, help="ms, one way")
    parser.add_argument("--jitter", type=float, default=0, help="ms, at most")
    parser.add_argument("--loss", type=float, default=0, help="percent of all packets")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("pairs", nargs="+", metavar="ONE:OTHER")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    wire = Wire(arguments.delay / 1000, arguments.jitter / 1000, arguments.loss / 100, chance)
    for pair in arguments.pairs:
        one, other = pair.split(":")
        wire.join(End(one), End(other))
    sys.stdout.write("READY\n")
    sys.stdout.flush()
    wire.run()


if __name__ == "__main__":
    main()
