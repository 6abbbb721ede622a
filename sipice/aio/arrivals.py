"""One TCP port for many sessions: a connection belongs to the one that its first check names."""

from __future__ import annotations

import asyncio
import socket
from typing import cast

from sipice.aio.mux import local_ufrag, serve
from sipice.aio.tcp import Connection, Crowd, Streams, stop_serving
from sipice.net import Address, Base

MAX_ARRIVALS = 256
"""Connections that have not said yet whose they are; beyond, the oldest goes."""
PATIENCE = 10.0
"""Seconds that such a connection may take."""
MAX_FIRST = 1280
"""Bytes of a first check, with its frame."""


class SharedListener:
    """One listening TCP socket and the sessions behind it."""

    def __init__(self, sock: socket.socket) -> None:
        name = sock.getsockname()
        self.address = Address.parse(name[0], name[1])
        self.by_ufrag: dict[str, StreamShare] = {}
        self.unknown = 0
        """Connections that were nobody's."""
        self._socket = sock
        self._server: asyncio.Server | None = None
        self._has_closed = False
        self._arrivals: dict[_Arrival, None] = {}

    async def listen(self) -> None:
        """Accept connections from now on."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Arrival(self), sock=self._socket)

    def share(self, streams: Streams) -> StreamShare:
        """One more session's part."""
        return StreamShare(self, streams)

    def close(self) -> None:
        """Accept no more; connections that belong to a session live on."""
        self._has_closed = True
        if self._server is None:
            self._socket.close()
        else:
            stop_serving(self._server, self._socket)
        for arrival in list(self._arrivals):
            arrival.refuse()

    def came(self, arrival: _Arrival) -> None:
        """Somebody has connected."""
        if len(self._arrivals) >= MAX_ARRIVALS:
            next(iter(self._arrivals)).refuse()
        self._arrivals[arrival] = None
        if self._has_closed:
            arrival.refuse()

    def went(self, arrival: _Arrival) -> None:
        """It has been handed over, or has ended."""
        self._arrivals.pop(arrival, None)


class StreamShare:
    """One session's part of a shared listener; implements ``tcp.Listening``."""

    def __init__(self, shared: SharedListener, streams: Streams) -> None:
        self._shared = shared
        self._streams = streams
        self._ufrags: list[str] = []
        self._crowd: Crowd | None = None

    @property
    def address(self) -> Address:
        """Where it listens."""
        return self._shared.address

    def add(self, base: Base) -> None:
        """The core has given a base to this address."""
        self._crowd = Crowd(base)
        self._streams.add_listener(base, self)

    def serve(self, ufrag: str) -> None:
        """See Owner."""
        serve(self, ufrag, self._ufrags, self._shared.by_ufrag)

    def listen(self) -> None:
        """See Listening: it does already."""

    def close(self) -> None:
        """See Listening; the shared socket stays."""
        for ufrag in self._ufrags:
            del self._shared.by_ufrag[ufrag]
        self._ufrags.clear()

    def adopt(self, transport: asyncio.Transport, data: bytes) -> None:
        """A connection of this session, and what has come over it so far."""
        connection = Connection(self._streams, crowd=self._crowd)
        transport.set_protocol(connection)
        connection.connection_made(transport)
        connection.data_received(data)


class _Arrival(asyncio.Protocol):
    """A connection until its first check says whose it is."""

    def __init__(self, listener: SharedListener) -> None:
        self._listener = listener
        self._data = b""
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast("asyncio.Transport", transport)  # see tcp.Connection
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, self.refuse)
        self._listener.came(self)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._data += data
        size = 2 + int.from_bytes(self._data[:2], "big")
        if len(self._data) < min(size, MAX_FIRST):
            return
        ufrag = local_ufrag(self._data[2:size])
        owner = None if ufrag is None else self._listener.by_ufrag.get(ufrag)
        if owner is None or self._transport is None:
            self._listener.unknown += 1
            self.refuse()
        else:
            self._leave()
            owner.adopt(self._transport, self._data)

    def connection_lost(self, _: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._leave()

    def refuse(self) -> None:
        """Nobody wants it, or there are too many."""
        self._leave()
        if self._transport is not None:
            self._transport.abort()

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._listener.went(self)
