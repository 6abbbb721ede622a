"""The media of one call: a port per component on the ICE side, a loopback pair on the stack's."""

from __future__ import annotations

from collections.abc import Sequence

from sipice.aio.driver import Driver
from sipice.aio.media import MediaCounters, MediaPort
from sipice.errors import SessionClosed
from sipice.net import Address, MediaTable, Path
from sipice.plugins.bridge import HOST, HOST6, Bridge, bind_pair
from sipice.plugins.leg import Leg
from sipice.session import Controller, SessionEvent

MAX_MEDIA = 512
"""Packets kept for a slow reader; beyond, the oldest is dropped and counted."""

Place = tuple[int, int]
"""Stream and component."""


class Media:
    """Connects both sides; what counts is the dialog that the leg calls the active one."""

    def __init__(
        self, controller: Controller, driver: Driver[SessionEvent], leg: Leg, *, bridge: bool
    ) -> None:
        self._controller = controller
        self._driver = driver
        self._leg = leg
        self._with_bridge = bridge
        self._ports: dict[Place, MediaPort] = {}
        self._bridges: dict[int, Bridge] = {}

    @property
    def ports(self) -> Sequence[Place]:
        """The components there are."""
        return list(self._ports)

    def sockets(self, stream: int) -> int:
        """How many ``add`` would open."""
        return 2 if self._with_bridge and stream not in self._bridges else 0

    def add(self, places: Sequence[Place]) -> tuple[Address, ...]:
        """The components of a stream, new or anew; what the stack is told to send to."""
        for place in places:
            if place not in self._ports:
                self._ports[place] = self._port(*place)
        if not self._with_bridge:
            return ()
        stream = places[0][0]
        if stream not in self._bridges:
            self._bridges[stream] = Bridge(
                bind_pair(HOST6 if self._leg.speaks_ipv6 else HOST),
                lambda data: self.send(data, stream, 1),
                lambda data: self.send(data, stream, 2),
            )
        return self._bridges[stream].anchor

    def _port(self, stream: int, component: int) -> MediaPort:
        return MediaPort(
            _Core(self._controller, self._leg),
            self._driver,
            stream,
            component,
            limit=MAX_MEDIA,
            on_media=self.deliver if self._with_bridge else None,
        )

    def drop(self, stream: int) -> None:
        """A stream is gone."""
        bridge = self._bridges.pop(stream, None)
        if bridge is not None:
            bridge.close()
        for place in [place for place in self._ports if place[0] == stream]:
            self._ports.pop(place).close(SessionClosed())

    def close(self) -> None:
        """The call is over."""
        for stream in {stream for stream, _ in self._ports}:
            self.drop(stream)

    def listen(self) -> None:
        """Deliver to where the stack says now that it listens, on the paths of its dialog."""
        dialog = self._leg.active
        streams = self._controller.streams(dialog)
        for stream, media in zip(streams, self._leg.stack_media, strict=False):
            bridge = None if stream is None else self._bridges.get(stream)
            if bridge is not None:
                bridge.listens_at(media)
        for (stream, component), port in self._ports.items():
            port.apply(self._controller.media(dialog, stream, component))

    def change(self, dialog: str, stream: int, component: int, table: MediaTable) -> None:
        """The table of a component was replaced in one of the dialogs."""
        port = self._ports.get((stream, component))
        if port is not None and dialog == self._leg.active:
            port.apply(table)

    def send(self, data: bytes, stream: int, component: int) -> bool:
        """Send on a component's path, on that of RTP where RTCP shares it."""
        port = self._ports.get((stream, component))
        if port is None or (component > 1 and port.table.send is None):
            port = self._ports.get((stream, 1))
        return port is not None and port.send(data)

    def path(self, stream: int, component: int) -> Path | None:
        """Where something would be sent now."""
        port = self._ports.get((stream, component))
        return None if port is None else port.table.send

    def deliver(self, stream: int, component: int, data: bytes) -> None:
        """A packet from the path."""
        bridge = self._bridges.get(stream)
        if bridge is not None:
            bridge.deliver(component, data)

    async def receive(self, stream: int, component: int) -> bytes:
        """The next packet of a component where no bridge takes them."""
        return await self._ports[stream, component].received.get()

    def counters(self, stream: int, component: int) -> MediaCounters:
        """What went over a component so far."""
        port = self._ports.get((stream, component))
        return MediaCounters() if port is None else port.counters


class _Core:
    """What a media port asks of its core, in the dialog that is active."""

    def __init__(self, controller: Controller, leg: Leg) -> None:
        self._leg = leg
        self._send = controller.send
        self.receive_datagram = controller.receive_datagram
        self.media_sent = controller.media_sent

    def send(self, now: float, stream: int, component: int, data: bytes) -> bool:
        """See MediaCore."""
        return self._send(now, self._leg.active, stream, component, data)
