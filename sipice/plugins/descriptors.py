"""RLIMIT_NOFILE of getrlimit(2): what calls may open before the process has no descriptor left."""

from __future__ import annotations

import errno
import logging
import os
import resource
import sys
from collections.abc import Callable

MOST_SPARE = 256
_FRESH = 1.0
"""Seconds for which what was counted holds good; counting costs a microsecond per descriptor."""
log = logging.getLogger("sipice")

_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE})
_FOLDERS = ("/proc/self/fd", "/dev/fd")
_FIRST = 4
"""RTP and RTCP on one address, and the loopback pair."""


def limit() -> int | None:
    """How many descriptors the process may have now; None without a limit."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def count() -> int | None:
    """How many descriptors the process has; None where the system does not tell."""
    for folder in _FOLDERS:
        try:
            return len(os.listdir(folder)) - 1  # not the one that lists
        except OSError as error:
            if error.errno in _EXHAUSTED:
                return sys.maxsize
    return None


class Descriptors:
    """What is left for the calls of a plugin, promised call by call before anything is opened."""

    def __init__(
        self,
        spare: int | None = None,
        *,
        limit: Callable[[], int | None] = limit,
        count: Callable[[], int | None] = count,
    ) -> None:
        """``spare`` is left to the application; None: a quarter, ``MOST_SPARE`` at most."""
        self._spare = spare
        self._limit = limit
        self._count = count
        self._counted_at = float("-inf")
        self._free: int | None = None
        """None: nothing is known that would stop a call."""
        self._promised = 0
        self._usual = _FIRST
        self._told = False

    def grant(self, now: float) -> Grant | None:
        """What a call will need, by what the one before it needed; None when it is not there."""
        return Grant(self, self._usual) if self._promise(now, self._usual) else None

    def _promise(self, now: float, number: int) -> bool:
        if now >= self._counted_at + _FRESH:
            self._counted_at, self._free = now, self._look()
        if self._free is not None and number > self._free - self._promised:
            self._report()
            return False
        self._promised += number
        self._told = False
        return True

    def _look(self) -> int | None:
        most, have = self._limit(), self._count()
        return None if most is None or have is None else most - self._kept(most) - have

    def _kept(self, most: int) -> int:
        return min(most // 4, MOST_SPARE) if self._spare is None else self._spare

    def _report(self) -> None:
        """Said once until there is room again."""
        most = self._limit()
        if self._told or most is None:
            return
        self._told = True
        log.warning(
            "of the %d files that this process may open %d are kept for the application and the "
            "others are in use: new calls are refused; raise the limit (ulimit -n)",
            most,
            self._kept(most),
        )


class Grant:
    """What one call has been promised."""

    def __init__(self, descriptors: Descriptors, left: int) -> None:
        self._all = descriptors
        self._left = left
        self._is_first = True

    def use(self, now: float, number: int) -> bool:
        """The call opens so many now, all that was promised or more; False when it must not."""
        if number > self._left and not self._all._promise(now, number - self._left):
            return False
        if self._is_first:
            self._is_first, self._all._usual = False, number
        self._all._promised -= max(number, self._left)
        if self._all._free is not None:
            self._all._free -= number
        self._left = 0
        return True

    def give_back(self) -> None:
        """The call opens no more."""
        self._all._promised -= self._left
        self._left = 0
