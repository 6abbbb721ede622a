"""RFC 8489 §8.1, RFC 8656 §6: server names by SRV, A and AAAA records; failures are values."""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from dns.asyncresolver import Resolver as DnsResolver
from dns.exception import DNSException, Timeout
from dns.rdatatype import RdataType
from dns.resolver import NXDOMAIN, LRUCache, NoAnswer, NoNameservers, NoResolverConfiguration

from sipice.net import Address, QueryKind, Resolve

LIFETIME = 5.0
"""Seconds after which a name counts as one that nobody knows."""
HEAD_START = 0.25
"""Seconds that the records of one family are waited for when those of the other are there."""
MAX_TARGETS = 8
"""SRV targets that are looked up for one service."""

SRV_PATIENCE = 1.5
"""Seconds after which a name counts as one without SRV records: some networks swallow those."""
CACHED = 1000
"""Answers kept as long as their records may be."""

_HOSTS, _RESOLV_CONF = Path("/etc/hosts"), Path("/etc/resolv.conf")


class Unresolved(NamedTuple):
    """A name without an address, and why in one sentence."""

    why: str


class Resolver:
    """Looks names up; each ``look_up`` is on its own and none waits for another.

    One serves a whole process: answers are kept for their time to live, and the system's name
    servers are read anew when they change.
    """

    def __init__(
        self,
        nameserver: Address | None = None,
        *,
        lifetime: float = LIFETIME,
        hosts: Path = _HOSTS,
        configuration: Path = _RESOLV_CONF,
    ) -> None:
        """``nameserver`` instead of those that the system uses by its ``configuration``."""
        self._lifetime = lifetime
        self._hosts = hosts
        self._nameserver = nameserver
        self._configuration = configuration
        self._read_at: float | None = None
        self._dns: DnsResolver | None = None

    async def look_up(self, query: Resolve) -> tuple[Address, ...] | Unresolved:
        """The addresses behind a name, the best first (for MDNS see ``sipice.aio.mdns``)."""
        if query.kind is QueryKind.SRV:
            return await self._service(query)
        return await self._host(query.name, query.port)

    async def _service(self, query: Resolve) -> tuple[Address, ...] | Unresolved:
        """The targets in their order; the host itself where there is no SRV record (§8.1)."""
        host = query.name.split(".", 2)[2]
        async with asyncio.TaskGroup() as group:
            plain = group.create_task(self._host(host, query.port))
            answer = await self._targets(query.name) if _literal(host) is None else []
            if not answer:
                return await plain
            plain.cancel()
        if answer[0][0] == ".":
            return Unresolved(f"{host} says by its SRV record {query.name} that it has no server")
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._host(*one)) for one in answer[:MAX_TARGETS]]
        found = [task.result() for task in tasks]
        addresses = [
            one for result in found if not isinstance(result, Unresolved) for one in result
        ]
        return tuple(dict.fromkeys(addresses)) or found[0]

    async def _targets(self, name: str) -> list[tuple[str, int]]:
        """Host and port by priority, by chance within the weights (RFC 2782)."""
        try:
            async with asyncio.timeout(SRV_PATIENCE):
                records = await self._query(name, RdataType.SRV)
        except TimeoutError:
            return []
        if isinstance(records, Unresolved):
            return []
        return [(str(one.target), one.port) for one in records]

    async def _host(self, host: str, port: int) -> tuple[Address, ...] | Unresolved:
        ip = _literal(host)
        if ip is not None:
            return (Address(ip, port),)
        found = _in_hosts_file(self._hosts, host) or await self._addresses(host)
        if isinstance(found, Unresolved):
            return found
        return tuple(Address(ip, port) for ip in found)

    async def _addresses(self, host: str) -> list[bytes] | Unresolved:
        """Both families at once; the slower one gets a head start, no more (RFC 8305 §3)."""
        async with asyncio.TaskGroup() as group:
            types = RdataType.AAAA, RdataType.A
            tasks = [group.create_task(self._query(host, one)) for one in types]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if any(task.done() and not isinstance(task.result(), Unresolved) for task in tasks):
                await asyncio.wait(tasks, timeout=HEAD_START)
            else:
                await asyncio.wait(tasks)
            for task in tasks:
                task.cancel()
        results = [task.result() for task in tasks if not task.cancelled()]
        records = [
            one for result in results if not isinstance(result, Unresolved) for one in result
        ]
        failures = [result for result in results if isinstance(result, Unresolved)]
        if not records:
            return failures[0] if failures else Unresolved(f"{host} has no A or AAAA record")
        return [Address.parse(str(record.address), 0).ip for record in records]

    async def _query(self, name: str, kind: RdataType) -> list[Any] | Unresolved:
        """The records of one type in their order; an empty list where there are others only."""
        resolver = self._current()
        if resolver is None:
            return Unresolved(f"{name}: no DNS server is configured on this machine")
        try:
            answer = await resolver.resolve(name, kind, lifetime=self._lifetime)
        except NoAnswer:
            return []
        except NXDOMAIN:
            return Unresolved(f"{name} does not exist (DNS)")
        except Timeout:
            return Unresolved(f"{name}: no answer from DNS within {self._lifetime:g} s")
        except NoNameservers:
            return Unresolved(f"{name}: the DNS servers failed or refused")
        except (DNSException, OSError, ValueError) as error:
            return Unresolved(f"{name}: {error}")
        return list(answer.rrset.processing_order()) if answer.rrset is not None else []

    def _current(self) -> DnsResolver | None:
        """The name servers as they are configured now."""
        if self._nameserver is not None:
            if self._dns is None:
                self._dns = DnsResolver(configure=False)
                self._dns.nameservers = [self._nameserver.host]
                self._dns.port = self._nameserver.port
                self._dns.cache = LRUCache(CACHED)
            return self._dns
        changed_at = _changed_at(self._configuration)
        if self._dns is None or changed_at != self._read_at:
            self._read_at = changed_at
            try:
                self._dns = DnsResolver(str(self._configuration))
            except NoResolverConfiguration:
                return None
            self._dns.cache = LRUCache(CACHED)
        return self._dns


@cache
def system_resolver() -> Resolver:
    """The one that all sessions share which were given no other."""
    return Resolver()


def _changed_at(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def _literal(host: str) -> bytes | None:
    try:
        return Address.parse(host, 0).ip
    except ValueError:
        return None


def _in_hosts_file(path: Path, host: str) -> list[bytes]:
    """What hosts(5) says, which no DNS server knows."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    wanted, found = host.lower().rstrip("."), list[bytes]()
    for line in text.splitlines():
        literal, *names = line.partition("#")[0].split() or [""]
        ip = _literal(literal)
        if ip is not None and wanted in map(str.lower, names):
            found.append(ip)
    return found
