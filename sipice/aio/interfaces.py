"""RFC 8445 §5.1.1.1: the addresses of this machine that host candidates may have, and changes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from sipice.ice.destination import Network, is_candidate_address, is_link_local
from sipice.net import Address

CONTAINERS = (
    "docker*", "br-*", "veth*", "virbr*", "vnet*", "lxc*", "lxd*", "cni*", "flannel*", "podman*",
    "vboxnet*", "vmnet*",
)  # fmt: skip
"""Bridges and ports of containers and virtual machines: hardly any peer can reach what is there."""

SETTLE = 0.1
"""Seconds to wait after a change: addresses go and come in groups."""
POLL = 5.0
"""Seconds between two looks at a system that cannot tell of changes."""

_NETLINK_GROUPS = 0x1 | 0x10 | 0x100  # RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR
_IFF_UP, _IFF_RUNNING = 0x1, 0x40
_TEMPORARY, _STABLE_PRIVACY = 0x1, 0x800  # IFA_F_*
_DAD_FAILED, _DEPRECATED, _TENTATIVE = 0x8, 0x20, 0x40
_UNUSABLE = _DAD_FAILED | _DEPRECATED | _TENTATIVE
_TUNNELS = (Network.parse("2002::/16"), Network.parse("2001::/32"))  # 6to4, Teredo


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfacePolicy:
    """Which addresses may be used, and in which order; names are patterns like ``eth*``."""

    interfaces: tuple[str, ...] = ()
    """Use these only; empty: all."""
    exclude_interfaces: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()
    """Use addresses in these only; empty: all."""
    exclude_networks: tuple[Network, ...] = ()
    families: tuple[int, ...] = (4, 6)
    allow_loopback: bool = False
    link_local: bool = False
    """Use link-local addresses too; only a peer on the same link can reach them."""
    preferred: tuple[str, ...] = ()
    """Interfaces whose addresses come first, in this order."""
    last_resort: tuple[str, ...] = CONTAINERS
    """Interfaces whose addresses come last (RFC 8421 §3), with those of IPv6 tunnels."""


EVERYWHERE = InterfacePolicy()


class LocalAddress(NamedTuple):
    """An address to bind to."""

    ip: bytes
    interface: str
    scope: int
    """The number of the interface, which the socket of a link-local address needs."""
    tier: int = 0
    """Addresses of a lower tier are better than all of a higher one."""

    def __str__(self) -> str:
        return f"{Address(self.ip, 0).host} ({self.interface})"


class Found(NamedTuple):
    """An address as the system tells it; ``flags`` are the kernel's IFA_F numbers."""

    ip: bytes
    interface: str
    scope: int
    prefix: int
    flags: int = 0


class Change(NamedTuple):
    """What is different since the list before."""

    came: tuple[LocalAddress, ...]
    gone: tuple[LocalAddress, ...]


async def local_addresses(policy: InterfacePolicy = EVERYWHERE) -> list[LocalAddress]:
    """The addresses that may be bound to now, the best first; equal systems give equal lists."""
    return choose(await asyncio.to_thread(_read), policy)


def explicit(host: str) -> LocalAddress:
    """An IP literal, with the interface behind ``%`` where it needs one. Raises ValueError."""
    literal, _, zone = host.partition("%")
    scope = socket.if_nametoindex(zone) if zone else 0
    return LocalAddress(Address.parse(literal, 0).ip, zone, scope)


async def watch(
    policy: InterfacePolicy = EVERYWHERE, known: Collection[LocalAddress] | None = None
) -> AsyncIterator[Change]:
    """Each change of ``local_addresses`` from ``known`` on (None: from now on)."""
    loop, changed = asyncio.get_running_loop(), asyncio.Event()
    sock = _subscribe()
    if sock is not None:
        loop.add_reader(sock, _drain, sock, changed)
    try:
        before = await local_addresses(policy) if known is None else list(known)
        while True:
            now = await local_addresses(policy)
            change = Change(_without(now, before), _without(before, now))
            before = now
            if change.came or change.gone:
                yield change
            if sock is None:
                await asyncio.sleep(POLL)
            else:
                await changed.wait()
                await asyncio.sleep(SETTLE)
                changed.clear()
    finally:
        if sock is not None:
            loop.remove_reader(sock)
            sock.close()


def choose(found: Iterable[Found], policy: InterfacePolicy) -> list[LocalAddress]:
    """The addresses that ``policy`` and the rules of §5.1.1.1 leave, the best first."""
    usable = _without_trackable([one for one in found if _is_usable(one, policy)])
    chosen = [LocalAddress(one.ip, one.interface, one.scope, _tier(one, policy)) for one in usable]
    return sorted(dict.fromkeys(chosen), key=lambda one: (one.tier, one.scope))


def _is_usable(one: Found, policy: InterfacePolicy) -> bool:
    return (
        not one.flags & _UNUSABLE
        and is_candidate_address(one.ip, allow_loopback=policy.allow_loopback)
        and (policy.link_local or not _is_link_local(one.ip))
        and (4 if len(one.ip) == 4 else 6) in policy.families
        and (not policy.interfaces or _matches(one.interface, policy.interfaces))
        and not _matches(one.interface, policy.exclude_interfaces)
        and (not policy.networks or _lies_in(one.ip, policy.networks))
        and not _lies_in(one.ip, policy.exclude_networks)
    )


def _without_trackable(found: list[Found]) -> list[Found]:
    """Beside an address that hides where the host has been none that tells it (§5.1.1.1).

    A temporary address counts more than a stable one that was drawn for its network (RFC 7217).
    """
    best: dict[tuple[int, Network], int] = {}
    for one in found:
        if len(one.ip) == 16:
            best[_subnet(one)] = max(best.get(_subnet(one), 0), _privacy(one))
    is_private = any(best.values())
    return [
        one
        for one in found
        if len(one.ip) == 4
        or (_privacy(one) == best[_subnet(one)] and not (is_private and is_link_local(one.ip)))
    ]


def _privacy(one: Found) -> int:
    if is_link_local(one.ip):
        return 0  # it never leaves its link, however it was made
    return 2 if one.flags & _TEMPORARY else 1 if one.flags & _STABLE_PRIVACY else 0


def _subnet(one: Found) -> tuple[int, Network]:
    host_bits = 128 - one.prefix
    value = int.from_bytes(one.ip, "big") >> host_bits << host_bits
    return one.scope, Network(value.to_bytes(16, "big"), one.prefix)


def _tier(one: Found, policy: InterfacePolicy) -> int:
    for place, pattern in enumerate(policy.preferred):
        if fnmatchcase(one.interface, pattern):
            return place
    last = _matches(one.interface, policy.last_resort) or _lies_in(one.ip, _TUNNELS)
    return len(policy.preferred) + last


def _is_link_local(ip: bytes) -> bool:
    return is_link_local(ip) or ip[:2] == b"\xa9\xfe"  # 169.254.0.0/16


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _lies_in(ip: bytes, networks: tuple[Network, ...]) -> bool:
    return any(network.contains(ip) for network in networks)


def _without(these: list[LocalAddress], those: list[LocalAddress]) -> tuple[LocalAddress, ...]:
    return tuple(one for one in these if one not in those)


def _read() -> list[Found]:
    """Ask the kernel; where it has no netlink the addresses come without their flags."""
    try:
        from pyroute2 import IPRoute, NetlinkError  # costs more than all else a session imports
    except ImportError:
        return _read_adapters()
    try:
        with IPRoute() as route:
            return _read_netlink(list(route.get_links()), list(route.get_addr()))
    except (OSError, NetlinkError):
        return _read_adapters()


def _read_netlink(messages: list[Any], addresses: list[Any]) -> list[Found]:
    links = {link["index"]: link for link in messages}
    found: list[Found] = []
    for one in addresses:
        link = links.get(one["index"])
        if link is None or link["flags"] & (_IFF_UP | _IFF_RUNNING) != _IFF_UP | _IFF_RUNNING:
            continue
        text = one.get_attr("IFA_LOCAL") or one.get_attr("IFA_ADDRESS")
        flags = one.get_attr("IFA_FLAGS") or one["flags"]
        ip = Address.parse(text, 0).ip
        name = link.get_attr("IFLA_IFNAME")
        found.append(Found(ip, name, one["index"], one["prefixlen"], flags))
    return found


def _read_adapters() -> list[Found]:
    from ifaddr import get_adapters

    return [
        Found(
            Address.parse(ip.ip if isinstance(ip.ip, str) else ip.ip[0], 0).ip,
            adapter.nice_name,
            adapter.index or 0,
            ip.network_prefix,
        )
        for adapter in get_adapters()
        for ip in adapter.ips
    ]


def _subscribe() -> socket.socket | None:
    """A socket that becomes readable when links or addresses change; None without netlink."""
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        return None
    try:
        with ExitStack() as undo:
            sock = undo.enter_context(socket.socket(family, socket.SOCK_RAW))
            sock.setblocking(False)
            sock.bind((0, _NETLINK_GROUPS))
            undo.pop_all()
    except OSError:
        return None
    return sock


def _drain(sock: socket.socket, changed: asyncio.Event) -> None:
    """What changed is not read from the messages: the whole list is read again."""
    changed.set()
    with suppress(OSError):  # no more of them, or more than the socket could keep
        while sock.recv(65536):
            pass
