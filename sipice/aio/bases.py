"""RFC 8445 §5.1.1.1: a socket, and with it a base, for each local address of each component."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Collection, Iterable, Sequence
from random import SystemRandom
from typing import Protocol, TypeVar

from sipice.aio.endpoint import Endpoint
from sipice.aio.interfaces import LocalAddress
from sipice.aio.tcp import Streams
from sipice.aio.udp import SocketOptions, UdpEndpoint
from sipice.errors import UsageError
from sipice.ice.candidate import BaseUse, TcpType
from sipice.net import Address, Base

T = TypeVar("T")

PortRange = tuple[int, int]
"""First and last port."""
_RNG = SystemRandom()
_TAKEN = frozenset({errno.EADDRINUSE, errno.EACCES})


_Place = tuple[int, int, TcpType | None]
"""Stream, component, and the kind of TCP candidate if it is one."""

BindUdp = Callable[[Address, SocketOptions, int], Endpoint]
"""Binds a UDP address; the number is the interface of a link-local one. Raises OSError."""


class BaseCore(Protocol):
    """What this needs of the core."""

    def add_local_address(
        self,
        now: float,
        stream: int,
        component: int,
        address: Address,
        tier: int = 0,
        use: BaseUse | None = None,
    ) -> Base:
        """A UDP socket was bound."""

    def add_local_tcp(
        self, now: float, stream: int, component: int, address: Address, tcptype: TcpType
    ) -> Base:
        """A TCP candidate is wanted."""

    def remove_local_address(self, now: float, base: Base) -> None:
        """The socket of a base was lost."""


class BaseDriver(Protocol):
    """What this needs of the driver."""

    @property
    def streams(self) -> Streams:
        """For the TCP sockets."""

    def now(self) -> float:
        """The time."""

    def add(self, base: Base, endpoint: Endpoint) -> None:
        """Serve a base."""

    def endpoint(self, base: Base) -> Endpoint | None:
        """What serves a base; None when it has been released."""


class Bases:
    """The bases of one session by local address."""

    __slots__ = ("_bind_udp", "_by_ip", "_core", "_driver", "_options", "_port_range", "_tcp")

    def __init__(
        self,
        core: BaseCore,
        driver: BaseDriver,
        *,
        options: SocketOptions,
        port_range: PortRange | None = None,
        tcp: Collection[TcpType] = (),
        bind: BindUdp = UdpEndpoint.bind,
    ) -> None:
        if port_range is not None and not 0 < port_range[0] <= port_range[1] < 65536:
            raise UsageError(f"{port_range} is no range of ports")
        self._core = core
        self._driver = driver
        self._options = options
        self._port_range = port_range
        self._tcp = tuple(tcp)
        self._bind_udp = bind
        self._by_ip: dict[bytes, dict[_Place, Base]] = {}

    def open(
        self, addresses: Sequence[LocalAddress], components: Iterable[tuple[int, int]]
    ) -> None:
        """Bind to these addresses, the preferred first, for these (stream, component).

        An address that cannot be bound to is left out; raises OSError when none is left. Where a
        socket is still in use there is nothing to do: a restart needs no other.
        """
        failures: list[OSError] = []
        for local, place in self.missing(addresses, components):
            try:
                self._by_ip[local.ip][place] = self._bind(local, *place)
            except OSError as error:
                failures.append(error)
        if failures and not any(self._by_ip.values()):
            raise failures[0]

    def missing(
        self, addresses: Sequence[LocalAddress], components: Iterable[tuple[int, int]]
    ) -> list[tuple[LocalAddress, _Place]]:
        """What ``open`` would bind, in order."""
        return [
            (local, place)
            for stream, component in components
            for local in addresses
            for place in ((stream, component, kind) for kind in (None, *self._tcp))
            if not self._serves(self._by_ip.setdefault(local.ip, {}).get(place))
        ]

    def _serves(self, base: Base | None) -> bool:
        return base is not None and self._driver.endpoint(base) is not None

    def lose(self, addresses: Iterable[LocalAddress]) -> None:
        """These addresses are gone."""
        for local in addresses:
            for base in self._by_ip.pop(local.ip, {}).values():
                self._core.remove_local_address(self._driver.now(), base)

    def _bind(self, local: LocalAddress, stream: int, component: int, kind: TcpType | None) -> Base:
        if kind is not None:
            return self._bind_tcp(local, stream, component, kind)
        endpoint = self._in_range(
            lambda address: self._bind_udp(address, self._options, local.scope), local.ip
        )
        try:
            base = self._core.add_local_address(
                self._driver.now(), stream, component, endpoint.address, local.tier
            )
        except BaseException:
            endpoint.release()
            raise
        self._driver.add(base, endpoint)
        return base

    def _bind_tcp(self, local: LocalAddress, stream: int, component: int, kind: TcpType) -> Base:
        now, core, streams = self._driver.now(), self._core, self._driver.streams
        if kind is TcpType.ACTIVE:
            return core.add_local_tcp(now, stream, component, Address(local.ip, 0), kind)
        sock = self._in_range(
            lambda address: streams.bind(address, shared=kind is TcpType.SO), local.ip
        )
        try:
            base = core.add_local_tcp(now, stream, component, _name(sock), kind)
        except BaseException:
            sock.close()
            raise
        streams.add(base, sock)
        return base

    def _in_range(self, bind: Callable[[Address], T], ip: bytes) -> T:
        """Bind to a free port of the range, looking from a random one on."""
        if self._port_range is None:
            return bind(Address(ip, 0))
        first, last = self._port_range
        size = last - first + 1
        start = _RNG.randrange(size)
        for step in range(size):
            address = Address(ip, first + (start + step) % size)
            try:
                return bind(address)
            except OSError as error:
                if error.errno not in _TAKEN:
                    raise
        host = Address(ip, 0).host
        raise OSError(errno.EADDRINUSE, f"no port from {first} to {last} is free on {host}")


def _name(sock: socket.socket) -> Address:
    name = sock.getsockname()
    return Address.parse(name[0], name[1])
