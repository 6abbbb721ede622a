"""Randomness of the system, drawn in blocks: a system call costs more than most agents draw."""

from __future__ import annotations

import os
from random import SystemRandom
from weakref import WeakSet

BLOCK = 4096
"""Bytes drawn at a time."""


class Entropy(SystemRandom):
    """``SystemRandom`` with a store; what was handed out is not handed out again, nor in a fork."""

    def __init__(self) -> None:
        super().__init__()
        self._store = b""
        self._at = 0
        _ALL.add(self)

    def randbytes(self, n: int) -> bytes:
        """``n`` bytes fit for keys."""
        at, end = self._at, self._at + n
        if end > len(self._store):
            if n > BLOCK:
                return os.urandom(n)
            self._store, at, end = os.urandom(BLOCK), 0, n
        self._at = end
        return self._store[at:end]

    def getrandbits(self, k: int, /) -> int:
        """A number of ``k`` bits."""
        size = (k + 7) // 8
        return int.from_bytes(self.randbytes(size), "big") >> (8 * size - k)

    def random(self) -> float:
        """A fraction of 53 bits, below 1."""
        return (int.from_bytes(self.randbytes(7), "big") >> 3) * 2.0**-53

    def forget(self) -> None:
        """Drop what is left of the store."""
        self._store, self._at = b"", 0


_ALL: WeakSet[Entropy] = WeakSet()


def _forget_all() -> None:
    for one in _ALL:
        one.forget()


os.register_at_fork(after_in_child=_forget_all)  # or parent and child would draw the same
