"""Media past the agent: by the table of a component, without an object per packet (D2.9)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sipice.aio.endpoint import Endpoint
from sipice.aio.queue import Latest
from sipice.aio.tcp import Streams
from sipice.net import SILENT, Address, Base, MediaTable, Path
from sipice.stun import is_stun
from sipice.stun.framing import frame_rfc4571
from sipice.turn.channel import channel_data, parse_channel_data

TELL_EVERY = 1.0
"""Seconds between two reports that media was sent."""

OnMedia = Callable[[int, int, bytes], None]
"""Called with stream, component and packet; must not block."""


class MediaCore(Protocol):
    """What media needs of the core besides its tables."""

    def receive_datagram(self, now: float, data: bytes, base: Base, remote: Address) -> None:
        """For STUN that came through a channel."""

    def send(self, now: float, stream: int, component: int, data: bytes) -> bool:
        """The slow path: a relay without channel."""

    def media_sent(self, now: float, stream: int, component: int) -> None:
        """Media went out past the core."""


class Carrier(Protocol):
    """What media needs of the driver."""

    @property
    def streams(self) -> Streams:
        """Its connections."""

    def endpoint(self, base: Base) -> Endpoint | None:
        """What serves a base."""

    def pump(self) -> None:
        """To be called after an input of the core."""


@dataclass(slots=True)
class MediaCounters:
    """Packets of one component, and their bytes without any header of ours."""

    packets_sent: int = 0
    bytes_sent: int = 0
    packets_received: int = 0
    bytes_received: int = 0
    not_sent: int = 0
    """Handed over while nothing could be sent: no path yet, no consent, refused."""


class MediaPort:
    """How one component sends and receives now."""

    __slots__ = (
        "_carrier",
        "_core",
        "_loop",
        "_routes",
        "_send",
        "_tell_at",
        "component",
        "counters",
        "on_media",
        "received",
        "stream",
        "table",
    )

    def __init__(
        self,
        core: MediaCore,
        carrier: Carrier,
        stream: int,
        component: int,
        *,
        limit: int,
        on_media: OnMedia | None = None,
    ) -> None:
        """Packets go to ``on_media`` or, without it, into a queue that keeps the latest."""
        self.stream = stream
        self.component = component
        self.table = SILENT
        self.counters = MediaCounters()
        self.received: Latest[bytes] = Latest(limit)
        self.on_media = on_media
        self._core = core
        self._carrier = carrier
        self._loop = asyncio.get_running_loop()
        self._send: Callable[[bytes], bool] | None = None
        self._routes: list[tuple[Endpoint, Address]] = []
        self._tell_at = 0.0

    def apply(self, table: MediaTable) -> None:
        """The core has replaced the table."""
        if table.send != self.table.send:
            self._send = None if table.send is None else self._sender(table.send)
        if table.receive != self.table.receive:
            self._listen(table)
        self.table = table

    def send(self, data: bytes) -> bool:
        """Send one packet; False when it was not sent."""
        send, counters = self._send, self.counters
        if send is None or not send(data):
            counters.not_sent += 1
            return False
        counters.packets_sent += 1
        counters.bytes_sent += len(data)
        now = self._loop.time()
        if now >= self._tell_at:
            self._tell_at = now + TELL_EVERY
            self._core.media_sent(now, self.stream, self.component)
            self._carrier.pump()
        return True

    def deliver(self, data: bytes) -> None:
        """One packet that came for this component."""
        self.counters.packets_received += 1
        self.counters.bytes_received += len(data)
        if self.on_media is None:
            self.received.put(data)
        else:
            self.on_media(self.stream, self.component, data)

    def close(self, error: Exception) -> None:
        """Nothing is sent or received any more."""
        self.apply(SILENT)
        self.received.close(error)

    def _sender(self, path: Path) -> Callable[[bytes], bool] | None:
        if path.relayed and path.channel is None:
            return self._send_slowly
        number = path.channel
        if path.flow is not None:
            write = self._carrier.streams.sender(path.flow)
            if write is None:
                return None
            if number is None:
                return lambda data: write(frame_rfc4571(data))
            return lambda data: write(channel_data(number, data, padded=True))
        endpoint = self._carrier.endpoint(path.base)
        if endpoint is None:
            return None
        send = endpoint.sender(path.to)
        return send if number is None else lambda data: send(channel_data(number, data))

    def _send_slowly(self, data: bytes) -> bool:
        sent = self._core.send(self._loop.time(), self.stream, self.component, data)
        self._carrier.pump()
        return sent

    def _listen(self, table: MediaTable) -> None:
        for endpoint, address in self._routes:
            endpoint.unroute(address)
        self._routes = []
        channels: dict[tuple[Base, Address], set[int]] = {}
        for source in table.receive:
            if source.channel is not None:
                channels.setdefault((source.base, source.remote), set()).add(source.channel)
            elif not source.relayed:
                self._route(source.base, source.remote, self.deliver)
        for (base, server), numbers in channels.items():
            self._route(base, server, self._unwrapper(base, server, frozenset(numbers)))

    def _route(self, base: Base, source: Address, deliver: Callable[[bytes], None]) -> None:
        endpoint = self._carrier.endpoint(base)
        if endpoint is not None:
            endpoint.route(source, deliver)
            self._routes.append((endpoint, source))

    def _unwrapper(
        self, base: Base, server: Address, numbers: frozenset[int]
    ) -> Callable[[bytes], None]:
        """What takes ChannelData of a TURN server: media for us, checks for the core."""

        def unwrap(packet: bytes) -> None:
            found = parse_channel_data(packet)
            if found is not None and found[0] in numbers and not is_stun(found[1]):
                self.deliver(found[1])
            else:
                self._core.receive_datagram(self._loop.time(), packet, base, server)
                self._carrier.pump()

        return unwrap
