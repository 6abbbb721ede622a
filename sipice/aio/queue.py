"""Tasks and waiting: a bell that wakes all, and a queue that never makes its writer wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Generic, TypeVar

T = TypeVar("T")

Spawn = Callable[[Coroutine[object, object, None]], asyncio.Task[None]]
"""Makes a task that somebody waits for in the end: ``create_task`` of a TaskGroup."""


class Bell:
    """Wakes all who wait for it."""

    __slots__ = ("_waiters",)

    def __init__(self) -> None:
        self._waiters: tuple[asyncio.Future[None], ...] = ()

    async def wait(self) -> None:
        """Wait for the next ring."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters += (waiter,)
        try:
            await waiter
        finally:
            self._waiters = tuple(one for one in self._waiters if one is not waiter)

    def ring(self) -> None:
        """Wake them."""
        if self._waiters:
            waiters, self._waiters = self._waiters, ()
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)


class Latest(Bell, Generic[T]):
    """The latest ``limit`` items; read by any number of tasks, each item by one."""

    __slots__ = ("_error", "_items", "_limit", "dropped")

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.dropped = 0
        """Items that nobody read in time."""
        self._limit = limit
        self._items: list[T] | None = None
        self._error: Exception | None = None

    def __len__(self) -> int:
        return 0 if self._items is None else len(self._items)

    def put(self, item: T) -> None:
        """Add an item; ignored after ``close``."""
        if self._error is not None:
            return
        items = self._items
        if items is None:  # most queues of a server are never used
            items = self._items = []
        if len(items) >= self._limit:
            del items[0]
            self.dropped += 1
        items.append(item)
        self.ring()

    async def get(self) -> T:
        """The oldest item; waits for one. Raises what ``close`` gave once all are read."""
        while not self._items:
            if self._error is not None:
                raise self._error
            await self.wait()
        return self._items.pop(0)

    def close(self, error: Exception) -> None:
        """No item follows: readers get what is left, then ``error``."""
        self._error = error
        self.ring()
