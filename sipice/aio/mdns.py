"""draft-ietf-mmusic-mdns-ice-candidates: names that hide host addresses, resolved and published.

Needs the extra ``mdns``: a lookup in the DNS library would never reach the local link.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Awaitable
from contextlib import suppress
from typing import Self

from zeroconf import AddressResolver, InterfaceChoice, IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

PATIENCE = 3.0
"""Seconds to wait for somebody who knows a name."""

_SERVICE = "_ice._udp.local."
_HIDDEN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.local", re.IGNORECASE)


def is_hidden(name: str) -> bool:
    """Whether a name may be resolved: a UUID in ``.local``; others would be a way to probe us."""
    return _HIDDEN.fullmatch(name) is not None


class Mdns:
    """One member of the multicast group for a process; ``async with Mdns() as mdns: ...``.

    Where multicast is not to be had, names are drawn all the same, and none is found.
    """

    def __init__(self, interfaces: list[str] | None = None) -> None:
        """``interfaces``: the addresses of those to use; all if None."""
        self._interfaces = InterfaceChoice.All if interfaces is None else interfaces
        self._zeroconf: AsyncZeroconf | None = None
        self._names: dict[bytes, str] = {}
        self._announcing: list[Awaitable[object]] = []

    async def __aenter__(self) -> Self:
        with suppress(OSError, RuntimeError):  # the latter when there is no interface
            self._zeroconf = AsyncZeroconf(self._interfaces)
            await self._zeroconf.zeroconf.async_wait_for_start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Take the names back and leave the group."""
        if self._zeroconf is not None:
            await asyncio.gather(*self._announcing)
            await self._zeroconf.async_unregister_all_services()
            await self._zeroconf.async_close()

    async def resolve(self, name: str, patience: float = PATIENCE) -> bytes | None:
        """The address behind a candidate's name; None for no answer, and for more than one."""
        if self._zeroconf is None or not is_hidden(name):
            return None
        resolver = AddressResolver(f"{name.lower()}.")
        await resolver.async_request(self._zeroconf.zeroconf, patience * 1000)
        found = {one.packed for one in resolver.ip_addresses_by_version(IPVersion.All)}
        return found.pop() if len(found) == 1 else None

    def name_of(self, ip: bytes) -> str | None:
        """The name that was published for an address."""
        return self._names.get(ip)

    async def publish(self, ip: bytes) -> str:
        """The name that stands for an address of ours, told to the link; the same each time."""
        name = self._names.get(ip)
        if name is None:
            label = str(uuid.uuid4())
            name = self._names[ip] = f"{label}.local"
            if self._zeroconf is not None:
                info = ServiceInfo(
                    _SERVICE, f"{label}.{_SERVICE}", port=9, server=f"{name}.", addresses=[ip]
                )
                # without the probing of RFC 6762 §8.1: nobody else draws this name
                self._announcing.append(
                    await self._zeroconf.async_register_service(info, cooperating_responders=True)
                )
        return name
