"""Own UDP sockets on an asyncio loop, plain or uvloop: non-blocking, without transports.

A datagram costs one system call and no object but its bytes; asyncio's datagram transports cost
two to three times as much.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from sipice.net import Address
from sipice.stun import is_stun

SocketAddress = tuple[str, int] | tuple[str, int, int, int]

READS = 32
"""Datagrams taken from one socket before the others get their turn."""
MAX_REMEMBERED = 128
"""Destinations of which the last STUN message is kept, to recognize it in an ICMP error."""
STUN_HEADER = 20
_LARGEST = 65_535

_BUSY = frozenset({errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM, errno.EINTR})
"""The datagram is lost; the next one may go."""
_HARD = frozenset({errno.ECONNREFUSED, errno.ENOPROTOOPT})
"""RFC 1122 §4.1.3.3, §3.2.2.1: port and protocol unreachable."""


class _Option(IntEnum):
    """Numbers of Linux that the module socket lacks."""

    IP_RECVERR = 11
    IPV6_RECVERR = 25


class _Buffer(threading.local):
    """What all sockets of a thread receive into."""

    def __init__(self) -> None:
        self.view = memoryview(bytearray(_LARGEST))


_buffer = _Buffer()


@dataclass(slots=True)
class UdpCounters:
    """What a socket did not send or receive."""

    lost: int = 0
    """Not sent because a buffer was full."""
    refused: int = 0
    """The system refused the destination, by a rule, a route or the size."""
    unreachable: int = 0
    """ICMP errors."""
    errors: int = 0
    """Errors while receiving."""


@dataclass(frozen=True, slots=True)
class SocketOptions:
    """How the sockets of a session are made."""

    tos: int | None = None
    """The TOS or traffic class byte: DSCP in its upper six bits (EF is 184)."""
    receive_buffer: int | None = None
    """Bytes asked of the system; its own default when None."""
    send_buffer: int | None = None

    def apply(self, sock: socket.socket) -> None:
        """Set them on a socket."""
        set_tos(sock, self.tos)
        if self.receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        if self.send_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.send_buffer)


DEFAULT_OPTIONS = SocketOptions()


def set_tos(sock: socket.socket, tos: int | None) -> None:
    """Mark what leaves a socket."""
    if tos is None:
        return
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, tos)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)


def family_of(address: Address) -> socket.AddressFamily:
    """AF_INET or AF_INET6."""
    return socket.AF_INET if address.family == 4 else socket.AF_INET6


def socket_address(address: Address, scope: int = 0) -> SocketAddress:
    """What the system calls an address; ``scope`` is the interface of a link-local one."""
    if address.family == 4:
        return address.host, address.port
    return address.host, address.port, 0, scope if is_link_local(address) else 0


def is_link_local(address: Address) -> bool:
    """Whether an IPv6 address has a meaning on one link only."""
    return address.family == 6 and address.ip[0] == 0xFE and address.ip[1] & 0xC0 == 0x80


class UdpEndpoint:
    """One bound UDP socket; implements ``Endpoint``."""

    __slots__ = (
        "_last",
        "_loop",
        "_on_datagram",
        "_on_refused",
        "_options",
        "_routes",
        "_scope",
        "_socket",
        "_view",
        "address",
        "counters",
    )

    def __init__(
        self, sock: socket.socket, options: SocketOptions = DEFAULT_OPTIONS, scope: int = 0
    ) -> None:
        """Take over a bound, non-blocking socket; it needs a running loop."""
        name = sock.getsockname()
        self.address = Address.parse(name[0], name[1])
        self.counters = UdpCounters()
        self._socket = sock
        self._options = options
        self._scope = scope
        self._loop = asyncio.get_running_loop()
        self._view = _buffer.view
        self._routes: dict[SocketAddress, Callable[[bytes], None]] = {}
        self._last: dict[SocketAddress, bytes] = {}
        self._on_datagram: Callable[[bytes, Address], None] | None = None
        self._on_refused: Callable[[Address, bytes], None] | None = None

    @classmethod
    def bind(
        cls, address: Address, options: SocketOptions = DEFAULT_OPTIONS, scope: int = 0
    ) -> UdpEndpoint:
        """Bind a new socket; port 0 takes a free one. Raises OSError."""
        sock = socket.socket(family_of(address), socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            if address.family == 6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                sock.setsockopt(socket.IPPROTO_IPV6, _Option.IPV6_RECVERR, 1)
            else:
                sock.setsockopt(socket.IPPROTO_IP, _Option.IP_RECVERR, 1)
            options.apply(sock)
            sock.bind(socket_address(address, scope))
            return cls(sock, options, scope)
        except BaseException:
            sock.close()
            raise

    def sibling(self) -> UdpEndpoint:
        """Another socket like this one, on a free port. Raises OSError."""
        return self.bind(Address(self.address.ip, 0), self._options, self._scope)

    def attach(
        self,
        on_datagram: Callable[[bytes, Address], None],
        on_refused: Callable[[Address, bytes], None],
    ) -> None:
        """See Endpoint."""
        self._on_datagram, self._on_refused = on_datagram, on_refused
        self._loop.add_reader(self._socket.fileno(), self._readable)

    def send(self, data: bytes, to: Address) -> bool:
        """See Endpoint."""
        target = socket_address(to, self._scope)
        if is_stun(data):
            self._remember(target, data)
        return self._send(data, target)

    def sender(self, to: Address) -> Callable[[bytes], bool]:
        """See Endpoint."""
        sendto, target = self._socket.sendto, socket_address(to, self._scope)

        def send(data: bytes) -> bool:
            try:
                sendto(data, target)
            except OSError:
                return self._send(data, target)
            return True

        return send

    def route(self, source: Address, deliver: Callable[[bytes], None]) -> None:
        """See Endpoint."""
        self._routes[socket_address(source, self._scope)] = deliver

    def unroute(self, source: Address) -> None:
        """See Endpoint."""
        self._routes.pop(socket_address(source, self._scope), None)

    def release(self) -> None:
        """See Endpoint."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
        self._on_datagram = self._on_refused = None
        self._routes.clear()

    def _remember(self, target: SocketAddress, data: bytes) -> None:
        self._last.pop(target, None)
        if len(self._last) >= MAX_REMEMBERED:
            del self._last[next(iter(self._last))]
        self._last[target] = data

    def _send(self, data: bytes, target: SocketAddress) -> bool:
        for _ in range(2):
            try:
                self._socket.sendto(data, target)
            except OSError as error:
                if error.errno in _HARD:
                    self._drain_errors()  # an older ICMP error, maybe of another destination
                elif error.errno in _BUSY:
                    self.counters.lost += 1
                    return True
                else:
                    break
            else:
                return True
        self.counters.refused += 1
        return False

    def _readable(self) -> None:
        receive, view, routes = self._socket.recvfrom_into, self._view, self._routes
        for _ in range(READS):
            try:
                size, source = receive(view)
            except BlockingIOError:
                return
            except OSError:
                self._failed()
                return
            data = view[:size].tobytes()
            if (size and data[0] > 63) or not is_stun(data):
                deliver = routes.get(source)
                if deliver is not None:
                    deliver(data)
                    continue
            if self._on_datagram is None:
                return
            self._on_datagram(data, Address.parse(source[0], source[1]))

    def _failed(self) -> None:
        """An ICMP error is reported instead of a datagram."""
        self.counters.errors += 1
        self._drain_errors()
        if self._on_datagram is not None:
            # uvloop stops to watch a socket that had an error
            self._loop.remove_reader(self._socket.fileno())
            self._loop.add_reader(self._socket.fileno(), self._readable)

    def _drain_errors(self) -> None:
        """Take the ICMP errors; hard is one that quotes the last STUN message sent there.

        Anyone can send ICMP; only someone on the way of our message can quote its transaction id.
        """
        for _ in range(READS):
            try:
                quoted, ancillary, _, target = self._socket.recvmsg(
                    _LARGEST, 512, socket.MSG_ERRQUEUE
                )
            except OSError:
                return
            self.counters.unreachable += 1
            code = _error_code(ancillary)
            sent = self._last.get(target, b"")
            if code in _HARD and len(quoted) >= STUN_HEADER and sent.startswith(quoted):
                del self._last[target]
                if self._on_refused is not None:
                    self._on_refused(Address.parse(target[0], target[1]), sent)


def _error_code(ancillary: list[tuple[int, int, bytes]]) -> int:
    """The errno at the beginning of struct sock_extended_err."""
    for _, kind, data in ancillary:
        if kind in (_Option.IP_RECVERR, _Option.IPV6_RECVERR):
            return int.from_bytes(data[:4], sys.byteorder)
    return 0
