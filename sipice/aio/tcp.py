"""RFC 6544 §7: the connections of a session, with back-pressure and TLS, plain or uvloop."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Protocol, cast

from sipice.aio.queue import Spawn
from sipice.aio.udp import SocketOptions, family_of, socket_address
from sipice.net import Address, Base, Flow, OpenConnection, SendStream

MAX_UNSENT = 32_768
"""Bytes that may wait in a connection before it counts as not writable."""
MAX_ACCEPTED = 64
"""Living connections that one listener has accepted; beyond, the oldest silent one goes."""


class StreamCore(Protocol):
    """What connections need of the core."""

    def receive_stream(self, now: float, flow: Flow, data: bytes) -> None:
        """Bytes came."""

    def connection_opened(self, now: float, flow: Flow) -> None:
        """A connect succeeded, TLS included."""

    def connection_accepted(self, now: float, base: Base, remote: Address) -> Flow:
        """A peer connected."""

    def connection_closed(self, now: float, flow: Flow, why: str | None = None) -> None:
        """A connection failed or ended."""

    def writable(self, now: float, flow: Flow, ready: bool = True) -> None:
        """Whether a connection takes bytes."""


class Streams:
    """All listeners and connections of one core."""

    __slots__ = (
        "_connections",
        "_listeners",
        "_options",
        "_scopes",
        "_spawn",
        "_tls",
        "core",
        "has_stopped",
        "loop",
        "pump",
    )

    def __init__(
        self,
        core: StreamCore,
        pump: Callable[[], None],
        spawn: Spawn,
        *,
        options: SocketOptions,
        scopes: Mapping[bytes, int],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``spawn`` makes a task that somebody waits for; ``pump`` is due after each input.

        ``scopes`` are the interfaces of link-local addresses, ``tls`` the context for servers,
        by default one that trusts what the system trusts.
        """
        self.core = core
        self.pump = pump
        self.loop = asyncio.get_running_loop()
        self.has_stopped = False
        """A connection that is made after that, having been accepted before, is closed."""
        self._spawn = spawn
        self._options = options
        self._scopes = scopes
        self._tls = tls
        self._listeners: dict[int, Listening] = {}
        self._connections: dict[int, Connection] = {}

    @property
    def is_idle(self) -> bool:
        """Whether there is no listener."""
        return not self._listeners

    def bind(self, address: Address, *, shared: bool = False) -> socket.socket:
        """A socket for a TCP candidate. Raises OSError.

        ``shared`` for simultaneous open, which connects from the port that is listened on (RFC 6544
        §7.1).
        """
        scope = self._scopes.get(address.ip, 0)
        return bind_stream(address, self._options, scope, shared=shared)

    def add(self, base: Base, sock: socket.socket) -> None:
        """The bound socket of a base that the core has just been given."""
        self._listeners[base.number] = _Listener(self, base, sock, self._spawn)

    def add_listener(self, base: Base, listener: Listening) -> None:
        """Something else brings the connections of this base."""
        self._listeners[base.number] = listener

    def listen(self, base: Base) -> None:
        """See net.Listen."""
        listener = self._listeners.get(base.number)
        if listener is not None:
            listener.listen()

    def release(self, base: Base) -> None:
        """See net.ReleaseBase."""
        listener = self._listeners.pop(base.number, None)
        if listener is not None:
            listener.close()

    def open(self, command: OpenConnection) -> None:
        """See net.OpenConnection."""
        connection = Connection(self, command.flow)
        self._connections[command.flow.number] = connection
        connection.task = self._spawn(self._connect(connection, command))

    def send(self, command: SendStream) -> None:
        """See net.SendStream."""
        connection = self._connections.get(command.flow.number)
        if connection is not None:
            connection.write(command.data)

    def sender(self, flow: Flow) -> Callable[[bytes], bool] | None:
        """What writes media, already framed, to a connection; False while it is not writable."""
        connection = self._connections.get(flow.number)
        return None if connection is None else connection.write_media

    def close(self, flow: Flow) -> None:
        """See net.CloseConnection."""
        connection = self._connections.pop(flow.number, None)
        if connection is not None:
            connection.abandon()

    def stop(self) -> None:
        """Close everything; nothing is told any more."""
        self.has_stopped = True
        for listener in self._listeners.values():
            listener.close()
        for connection in self._connections.values():
            connection.abandon()
        self._listeners.clear()
        self._connections.clear()

    def accepted(self, connection: Connection, flow: Flow) -> None:
        """A listener's connection has got its name."""
        self._connections[flow.number] = connection

    def ended(self, connection: Connection, flow: Flow, why: str | None = None) -> None:
        """A connection failed, was refused or ended."""
        if self._connections.get(flow.number) is connection:
            del self._connections[flow.number]
            self.core.connection_closed(self.loop.time(), flow, why)
            self.pump()

    async def _connect(self, connection: Connection, command: OpenConnection) -> None:
        try:
            sock = await self._connected(command.local, command.remote)
            await self.loop.create_connection(
                lambda: connection,
                sock=sock,
                ssl=None if command.tls is None else self._context(),
                server_hostname=command.tls,
            )
        except OSError as error:  # errors of TLS among them
            self.ended(connection, command.flow, _sentence(error, command.tls))

    async def _connected(self, local: Address, remote: Address) -> socket.socket:
        sock = self.bind(local, shared=bool(local.port))
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            target = socket_address(remote, self._scopes.get(local.ip, 0))
            await self.loop.sock_connect(sock, target)
        except BaseException:
            sock.close()
            raise
        return sock

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls


def _sentence(error: OSError, name: str | None) -> str | None:
    """Why no connection came about, for people; None where there is nothing to add."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not valid for {name}: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS with it failed: {error.reason or error}"
        case ConnectionRefusedError():
            return "it refuses the connection"
        case _:
            return None if error.strerror is None else f"it cannot be reached: {error.strerror}"


def bind_stream(
    address: Address, options: SocketOptions, scope: int = 0, *, shared: bool = False
) -> socket.socket:
    """A bound, non-blocking TCP socket; see ``Streams.bind``."""
    sock = socket.socket(family_of(address), socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        if shared or address.port:  # a port of an earlier process may still be in TIME-WAIT
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if address.family == 6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        options.apply(sock)
        sock.bind(socket_address(address, scope))
    except BaseException:
        sock.close()
        raise
    return sock


class Listening(Protocol):
    """What brings the connections of a base."""

    def listen(self) -> None:
        """From now on."""

    def close(self) -> None:
        """No more; the connections live on."""


class Crowd:
    """The accepted connections of one base, so many that nobody can use up all descriptors."""

    __slots__ = ("_connections", "base")

    def __init__(self, base: Base) -> None:
        self.base = base
        self._connections: dict[Connection, None] = {}
        """In the order in which they came."""

    def admit(self, connection: Connection) -> bool:
        """Whether there is room for one more; who never said a word makes room."""
        if len(self._connections) >= MAX_ACCEPTED:
            oldest = next((one for one in self._connections if one.is_silent), None)
            if oldest is None:
                return False
            del self._connections[oldest]
            oldest.hang_up()
        self._connections[connection] = None
        return True

    def leave(self, connection: Connection) -> None:
        """It has ended."""
        self._connections.pop(connection, None)


class Connection(asyncio.Protocol):
    """One byte stream; one of a ``crowd`` gets its flow when it is made."""

    def __init__(
        self, streams: Streams, flow: Flow | None = None, crowd: Crowd | None = None
    ) -> None:
        self.task: asyncio.Task[None] | None = None
        self.is_silent = True
        """Nothing has come over it."""
        self._streams = streams
        self._flow = flow
        self._crowd = crowd
        self._transport: asyncio.Transport | None = None
        self._is_writable = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol: TCP, and TLS where it is wanted, stand."""
        # those of uvloop do not inherit from asyncio's
        self._transport = transport = cast("asyncio.Transport", transport)
        transport.set_write_buffer_limits(MAX_UNSENT)
        streams = self._streams
        if streams.has_stopped:
            transport.abort()
            return
        if self._flow is not None:
            streams.core.connection_opened(streams.loop.time(), self._flow)
        elif self._crowd is not None:
            remote = peer_of(transport)
            if remote is None or not self._crowd.admit(self):
                transport.abort()
                return
            self._flow = streams.core.connection_accepted(
                streams.loop.time(), self._crowd.base, remote
            )
            streams.accepted(self, self._flow)
        streams.pump()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self.is_silent = False
        streams = self._streams
        if self._flow is not None:
            streams.core.receive_stream(streams.loop.time(), self._flow, data)
            streams.pump()

    def pause_writing(self) -> None:
        """See asyncio.Protocol: too much waits to be sent."""
        self._writable(ready=False)

    def resume_writing(self) -> None:
        """See asyncio.Protocol: it is sent."""
        self._writable(ready=True)

    def connection_lost(self, _: Exception | None) -> None:
        """See asyncio.Protocol."""
        if self._crowd is not None:
            self._crowd.leave(self)
        if self._flow is not None:
            self._streams.ended(self, self._flow)

    def write(self, data: bytes) -> None:
        """Write what the core has framed; it has been told whether the connection is writable."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def write_media(self, data: bytes) -> bool:
        """Write a packet, unless others wait already: late media is worth nothing."""
        if not self._is_writable or self._transport is None or self._transport.is_closing():
            return False
        self._transport.write(data)
        return True

    def hang_up(self) -> None:
        """Close it at once; the core is told."""
        if self._transport is not None:
            self._transport.abort()

    def abandon(self) -> None:
        """Close it at once; nobody wants to know how it ends."""
        if self.task is not None:
            self.task.cancel()
        self.hang_up()

    def _writable(self, *, ready: bool) -> None:
        self._is_writable = ready
        streams = self._streams
        if self._flow is not None:
            streams.core.writable(streams.loop.time(), self._flow, ready)
            streams.pump()


class _Listener:
    """A bound TCP socket; it accepts once the core says so."""

    def __init__(self, streams: Streams, base: Base, sock: socket.socket, spawn: Spawn) -> None:
        self._streams = streams
        self._crowd = Crowd(base)
        self._socket = sock
        self._spawn = spawn
        self._task: asyncio.Task[None] | None = None
        self._server: asyncio.Server | None = None

    def listen(self) -> None:
        """See Listening."""
        self._socket.listen(MAX_ACCEPTED)
        self._task = self._spawn(self._serve())

    def close(self) -> None:
        """See Listening."""
        if self._task is not None:
            self._task.cancel()
        if self._server is None:
            self._socket.close()
        else:
            stop_serving(self._server, self._socket)

    async def _serve(self) -> None:
        self._server = await self._streams.loop.create_server(
            lambda: Connection(self._streams, crowd=self._crowd),
            sock=self._socket,
            start_serving=False,  # so that there is something to close from the first accept on
        )
        await self._server.start_serving()


def stop_serving(server: asyncio.Server, sock: socket.socket) -> None:
    """Accept no more, and close the socket.

    A little later: asyncio forgets a connection that it has accepted if its server closes before it
    is made.
    """
    loop = server.get_loop()
    loop.remove_reader(sock)
    loop.call_soon(server.close)


def peer_of(transport: asyncio.Transport) -> Address | None:
    """Who is at the other end; None if it has gone already."""
    peer = transport.get_extra_info("peername")
    return Address.parse(peer[0].partition("%")[0], peer[1]) if peer else None
