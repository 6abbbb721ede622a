"""Looks up the names that a core asks for; each on its own, so that no dead one delays another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from sipice.aio.queue import Spawn
from sipice.net import Address, QueryKind, Resolve

if TYPE_CHECKING:
    from sipice.aio.resolver import Resolver


class NameCore(Protocol):
    """What lookups need of the core."""

    def name_resolved(self, now: float, query: Resolve, addresses: Sequence[Address]) -> None:
        """A ``Resolve`` succeeded."""

    def name_failed(self, now: float, query: Resolve, why: str) -> None:
        """A ``Resolve`` led nowhere."""


class Names:
    """The lookups of one core that are under way."""

    __slots__ = ("_core", "_loop", "_pump", "_resolver", "_spawn", "_tasks")

    def __init__(
        self,
        core: NameCore,
        pump: Callable[[], None],
        spawn: Spawn,
        resolver: Resolver | None = None,
    ) -> None:
        """``pump`` is due after each input; ``resolver`` is by default that of the system."""
        self._core = core
        self._pump = pump
        self._spawn = spawn
        self._resolver = resolver
        self._loop = asyncio.get_running_loop()
        self._tasks: dict[Resolve, asyncio.Task[None]] = {}

    def look_up(self, query: Resolve) -> None:
        """See net.Resolve."""
        self._tasks[query] = self._spawn(self._answer(query))

    def cancel(self, query: Resolve) -> None:
        """See net.CancelResolve."""
        task = self._tasks.pop(query, None)
        if task is not None:
            task.cancel()

    def stop(self) -> None:
        """Give up all lookups."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()

    async def _answer(self, query: Resolve) -> None:
        if query.kind is QueryKind.MDNS:
            found = await _find_hidden(query)
        else:
            found = await self._find(query)
        self._tasks.pop(query, None)
        if isinstance(found, str):
            self._core.name_failed(self._loop.time(), query, found)
        else:
            self._core.name_resolved(self._loop.time(), query, found)
        self._pump()

    async def _find(self, query: Resolve) -> tuple[Address, ...] | str:
        from sipice.aio.resolver import Unresolved, system_resolver  # costs more than the agent

        if self._resolver is None:
            self._resolver = system_resolver()
        found = await self._resolver.look_up(query)
        return found.why if isinstance(found, Unresolved) else found


async def _find_hidden(query: Resolve) -> tuple[Address, ...] | str:
    """On the local link."""
    try:
        from sipice.aio.mdns import Mdns
    except ImportError:
        return f"{query.name}: install sipice[mdns] to find names in .local"
    async with Mdns() as mdns:
        ip = await mdns.resolve(query.name)
    if ip is None:
        return f"{query.name}: nobody on the local link knows it"
    return (Address(ip, query.port),)
