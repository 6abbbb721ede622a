"""One call with ICE: its controller, driven on the loop, and the media of its streams."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import replace
from random import SystemRandom
from typing import Any

from sipice import errors
from sipice.aio import interfaces
from sipice.aio.bases import Bases
from sipice.aio.driver import Driver
from sipice.aio.interfaces import LocalAddress
from sipice.aio.media import MediaCounters
from sipice.aio.queue import Latest
from sipice.aio.session import PACER
from sipice.errors import SessionClosed
from sipice.net import Path, Transport
from sipice.plugins.config import PluginConfig
from sipice.plugins.descriptors import Grant
from sipice.plugins.leg import Habits, Leg
from sipice.plugins.media import Media
from sipice.session import (
    ClosePorts,
    Controller,
    DataReceived,
    DescriptionReady,
    IceOff,
    MediaChanged,
    OpenPorts,
    PathSelected,
    SessionEvent,
    SessionFailed,
    StreamFailed,
)
from sipice.sip.outputs import CallKey
from sipice.trace import JsonLines

MAX_EVENTS = 256
"""Events kept for a slow reader; beyond, the oldest is dropped and counted."""
CLOSE_DEADLINE = 1.0
"""Seconds that TURN servers have to confirm the end."""
_RNG = SystemRandom()
log = logging.getLogger("sipice")


class IceCall:
    """A call that has ICE; ``Plugin.calls`` has them."""

    def __init__(
        self,
        key: CallKey,
        config: PluginConfig,
        habits: Habits,
        *,
        grant: Grant,
        touched: Callable[[IceCall], None],
        happened: Callable[[CallKey, SessionEvent], None],
        exhausted: Callable[[CallKey], None],
        closing: Callable[[IceCall], None],
    ) -> None:
        self.key = key
        name = f"{key.call_id} {'out' if key.caller else 'in'}"
        tracer = None if config.record is None else JsonLines(config.record, name)
        self._controller = Controller(config.session, rng=_RNG, pacer=PACER, tracer=tracer)
        self.leg = Leg(self._controller, lambda: touched(self), habits)
        self.selections = 0
        """How often a path for media has been selected: more than once after a restart."""
        self._grant = grant
        self._happened = happened
        self._exhausted = exhausted
        self._closing = closing
        self._config = config
        self._policy = replace(
            config.interfaces, allow_loopback=config.session.agent.allow_loopback
        )
        self._scopes: dict[bytes, int] = {}
        self._driver: Driver[SessionEvent] = Driver(
            self._controller,
            self._event,
            spawn=self._spawn,
            options=config.sockets,
            scopes=self._scopes,
            on_command=self._command,
        )
        self._bases = Bases(
            self._controller,
            self._driver,
            options=config.sockets,
            port_range=config.port_range,
            bind=config.bind,
        )
        self._addresses: Sequence[LocalAddress] | None = None
        self._looking = asyncio.Lock()
        self._wanted: set[int] = set()
        """Streams that are to have ports."""
        self._media = Media(self._controller, self._driver, self.leg, bridge=config.bridge)
        self._events: Latest[SessionEvent] = Latest(MAX_EVENTS)
        self._paths: dict[tuple[int, int], Path] = {}
        self._without_ice: set[tuple[str, int]] = set()
        """Dialogs and their streams whose peer has no ICE."""
        self._failures: dict[tuple[str, int], str] = {}
        """Why a stream of a dialog has no path, until it has one."""
        self._failure: str | None = None
        """Why no stream has a path, until one has."""
        self._waiting: list[asyncio.Future[None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._ending = asyncio.Lock()

    def pump(self) -> None:
        """Carry out what inputs through ``leg`` have led to."""
        self._media.listen()
        self._driver.pump()

    async def events(self) -> AsyncIterator[SessionEvent]:
        """What happens in the call, until it ends; each event goes to one reader."""
        while True:
            try:
                yield await self._events.get()
            except SessionClosed:
                return

    async def path(self, stream: int = 0, component: int = 1) -> Path:
        """The selected path of a component, as soon as media may take it.

        That is when every component of the stream has a valid pair (RFC 8445 §12.1), or the peer
        has no ICE and has said where it listens. RTCP on the port of RTP has the path of RTP, a
        bundled m= section, which is named by its position, that of the section that carries it.
        Raises SessionFailed when the stream has no path, SessionClosed at the end of the call.
        """
        while (path := self._usable(stream, component)) is None:
            if self._closed:
                raise SessionClosed
            reason = self._why_none(stream, component)
            if reason is not None:
                raise errors.SessionFailed(stream, reason)
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter
        return path

    def _why_none(self, stream: int, component: int) -> str | None:
        """Why there will be no path, if that is so."""
        carrier = self._controller.carrier(self.leg.active, stream, component)
        number = stream if carrier is None else carrier[0]
        reason = self._failures.get((self.leg.active, number), self._failure)
        if reason is None and carrier is None:
            return "no m= section of the call has it"
        return reason

    def _carrier(self, stream: int, component: int) -> tuple[int, int]:
        found = self._controller.carrier(self.leg.active, stream, component)
        return (stream, component) if found is None else found

    def _usable(self, stream: int, component: int) -> Path | None:
        stream, component = self._carrier(stream, component)
        path = self._media.path(stream, component)
        if path is None or (self.leg.active, stream) in self._without_ice:
            return path
        return self._paths.get((stream, component))

    def send(self, data: bytes, stream: int = 0, component: int = 1) -> bool:
        """Send a packet on the path; False while there is none. For applications without bridge."""
        return self._media.send(data, *self._carrier(stream, component))

    async def receive(self, stream: int = 0, component: int = 1) -> bytes:
        """The next packet from the path; raises SessionClosed at the end. See ``send``."""
        await self.path(stream, component)
        return await self._media.receive(*self._carrier(stream, component))

    def counters(self, stream: int = 0, component: int = 1) -> MediaCounters:
        """What went over the path so far."""
        return self._media.counters(*self._carrier(stream, component))

    def restart(self) -> None:
        """Find a new path while the old one carries on (RFC 8445 §9); the stack re-offers."""
        self._failure = None
        self._failures.clear()
        self._controller.request_restart(self._driver.now(), self.leg.active)
        self._driver.pump()

    async def close(self) -> None:
        """Give everything back; TURN servers have ``CLOSE_DEADLINE`` seconds to confirm.

        Messages of the call that still come, like the stack's BYE, then pass as they are.
        """
        async with self._ending:
            if self._closed:
                return
            self._closed = True
            try:
                self._closing(self)
                self._grant.give_back()
                for task in self._tasks:
                    task.cancel()
                self._controller.close(self._driver.now())
                self._driver.pump()
                await self._driver.released(CLOSE_DEADLINE)
            finally:
                self._driver.stop()
                self._media.close()
                self._events.close(SessionClosed())
                self._wake()

    def _event(self, event: SessionEvent) -> None:
        match event:
            case MediaChanged(dialog, stream, component, table):
                self._media.change(dialog, stream, component, table)
            case DataReceived(_, stream, component, data):
                self._media.deliver(stream, component, data)
                return
            case PathSelected():
                self._failures.pop((event.dialog, event.stream), None)
                self._without_ice.discard((event.dialog, event.stream))
                if event.dialog == self.leg.active:
                    self._failure = None
                    self._paths[event.stream, event.component] = event.path
                    self.selections += event.component == 1
            case IceOff(dialog, stream):
                self._failure = None
                self._failures.pop((dialog, stream), None)
                self._without_ice.add((dialog, stream))
            case StreamFailed(dialog, stream, reason):
                self._failures[dialog, stream] = reason
            case SessionFailed(dialog, reason):
                if dialog == self.leg.active:
                    self._failure = reason
            case DescriptionReady():
                self._media.listen()
            case _:
                pass
        self._events.put(event)
        self._happened(self.key, event)
        self._wake()

    def _command(self, command: object) -> None:
        match command:
            case OpenPorts(stream, components):
                self._wanted.add(stream)
                self._spawn(self._open(stream, components))
            case ClosePorts(stream):
                self._wanted.discard(stream)
                self._media.drop(stream)

    async def _open(self, stream: int, components: int) -> None:
        """Bind the sockets of a stream, and its loopback pair."""
        async with self._looking:
            if self._addresses is None:
                self._addresses = await self._local_addresses()
                if not self._addresses:
                    log.warning("%s: there is no local address for media", self.key.call_id)
        if stream not in self._wanted:
            return
        ports = [(stream, component) for component in range(1, components + 1)]
        self._scopes.update((one.ip, one.scope) for one in self._addresses)
        if not self._grant.use(self._driver.now(), self._sockets(self._addresses, ports)):
            self._exhausted(self.key)
            return
        try:
            self._bases.open(self._addresses, ports)
        except OSError as error:
            log.warning("%s: no socket for media: %s", self.key.call_id, error)
        try:
            anchor = self._media.add(ports)
        except OSError as error:
            log.warning("%s: no loopback pair for media: %s", self.key.call_id, error)
            self._exhausted(self.key)
            return
        self._controller.ports_opened(self._driver.now(), stream, anchor)
        self.pump()

    def _sockets(self, addresses: Sequence[LocalAddress], ports: Sequence[tuple[int, int]]) -> int:
        """How many descriptors a stream takes at most."""
        servers = self._config.session.agent.servers
        connections = sum(server.transport is Transport.TCP for server in servers)
        bases = len(self._bases.missing(addresses, ports)) * (1 + connections)
        # one more watches the interfaces
        return bases + self._media.sockets(ports[0][0]) + (self._config.addresses is None)

    async def _local_addresses(self) -> Sequence[LocalAddress]:
        if self._config.addresses is not None:
            return [interfaces.explicit(host) for host in self._config.addresses]
        found = await interfaces.local_addresses(self._policy)
        self._spawn(self._watch(found))
        return found

    async def _watch(self, known: Sequence[LocalAddress]) -> None:
        """Roaming: a path whose address is gone, and only that, makes a restart necessary."""
        self._addresses = known
        async for came, gone in interfaces.watch(self._policy, known):
            self._addresses = [*(one for one in self._addresses if one not in gone), *came]
            self._bases.lose(gone)
            if came:
                self._scopes.update((one.ip, one.scope) for one in came)
                self._bases.open(came, self._media.ports)
            self._driver.pump()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("%s: a task failed", self.key.call_id, exc_info=task.exception())

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)
