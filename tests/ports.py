"""Ports for who must name one before it is bound: the system gives none of these away by itself."""

from __future__ import annotations

import itertools
import socket
from random import SystemRandom

FIRST, LAST = 18_000, 32_000
"""Below the range that Linux takes ports of its own choice from."""

WIDEST = 4
"""So many may be asked for at once."""

KINDS = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}

_count = itertools.count(SystemRandom().randrange(LAST - FIRST))
"""Each process begins elsewhere and goes on from there: no port comes again soon."""


def spare(count: int = 1) -> int:
    """An even port of 127.0.0.1 that is free now for UDP and TCP, and as many behind it."""
    while True:
        start = FIRST + WIDEST * next(_count) % (LAST - FIRST)
        if all(is_free(start + more, kind) for more in range(count) for kind in KINDS):
            return start


def is_free(port: int, kind: str) -> bool:
    """Nobody is bound to this port of the loopback."""
    with socket.socket(socket.AF_INET, KINDS[kind]) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
