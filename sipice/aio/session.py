"""A session for asyncio programs: an agent with its sockets, ready to be awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from random import SystemRandom
from types import TracebackType

from sipice.aio.driver import Driver
from sipice.aio.media import MediaPort, OnMedia
from sipice.aio.queue import Latest
from sipice.aio.udp import DEFAULT_OPTIONS, SocketOptions, UdpEndpoint
from sipice.errors import SessionClosed, SessionFailed, UsageError
from sipice.ice import (
    Agent,
    AgentConfig,
    Candidate,
    DataReceived,
    Description,
    Event,
    Failure,
    GatheringFinished,
    Loss,
    MediaChanged,
    Pacer,
    PairSelected,
    PathLost,
    RestartFinished,
    Role,
    StreamFailed,
    StreamResumed,
)
from sipice.ice.config import DEFAULT
from sipice.net import Address, Path

GATHER_DEADLINE = 0.5
"""Seconds that ``gather`` waits for servers; what they answer later is used all the same."""
CLOSE_DEADLINE = 1.0
"""Seconds that ``close`` waits for TURN servers to confirm."""
MAX_EVENTS = 1024
MAX_MEDIA = 512
"""Items kept for a slow reader; beyond, the oldest is dropped and counted."""

PACER = Pacer()
"""RFC 8445 §14.2 limits all sessions of a process together."""
_RNG = SystemRandom()


class Session:
    """See ``open_session``; usable inside its ``async with`` only."""

    def __init__(
        self,
        role: Role,
        streams: int,
        components: int,
        config: AgentConfig,
        addresses: Sequence[str],
        options: SocketOptions,
        pacer: Pacer,
        on_media: OnMedia | None,
    ) -> None:
        self._agent = Agent(config, role=role, rng=_RNG, pacer=pacer)
        self._driver: Driver[Event] = Driver(self._agent, self._happened)
        self._events: Latest[Event] = Latest(MAX_EVENTS)
        self._tasks = asyncio.TaskGroup()
        self._addresses = [Address.parse(host, 0) for host in addresses]
        self._options = options
        self._changed: list[asyncio.Future[None]] = []
        self._gathered: set[int] = set()
        self._selected: dict[tuple[int, int], Path] = {}
        self._failures: dict[int, Failure | Loss] = {}
        self._closed = False
        self._ports: dict[tuple[int, int], MediaPort] = {}
        for _ in range(streams):
            stream = self._agent.add_stream(components)
            for component in range(1, components + 1):
                self._ports[stream, component] = MediaPort(
                    self._agent,
                    self._driver,
                    stream,
                    component,
                    limit=MAX_MEDIA,
                    on_media=on_media,
                )

    async def __aenter__(self) -> Session:
        await self._tasks.__aenter__()
        try:
            self._bind()
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self.close()
        finally:
            # A task group would wrap what the body raised; only cancellation is its business.
            if not isinstance(error, asyncio.CancelledError):
                kind = error = traceback = None
            await self._tasks.__aexit__(kind, error, traceback)

    @property
    def role(self) -> Role:
        """Controlling or controlled now."""
        return self._agent.role

    async def gather(self, deadline: float = GATHER_DEADLINE) -> bool:
        """Ask the servers for candidates; True when all have answered within ``deadline`` seconds.

        Whatever comes later is still used, and told by ``CandidateGathered``.
        """
        now = self._driver.now()
        self._gathered.clear()
        self._agent.gather(now)
        self._driver.pump()
        streams = {stream for stream, _ in self._ports}
        try:
            async with asyncio.timeout_at(now + deadline):
                await self._until(lambda: streams <= self._gathered)
        except TimeoutError:
            return False
        return True

    def description(self, stream: int = 0) -> Description:
        """What to tell the peer about one stream."""
        own = self._agent.local_description(stream)
        self._driver.pump()
        shown = tuple(_shown(candidate) for candidate in own.candidates)
        return Description(
            own.credentials, shown, own.lite, own.pacing_ms, own.ice2, own.trickle, own.complete,
            tuple(_shown(candidate) for candidate in own.defaults),
        )  # fmt: skip

    async def set_remote(self, description: Description, stream: int = 0) -> None:
        """What the peer told about one stream; checks start."""
        self._agent.set_remote_description(self._driver.now(), stream, description)
        self._driver.pump()

    async def add_remote_candidate(
        self, candidate: Candidate, stream: int = 0, ufrag: str | None = None
    ) -> None:
        """A trickled candidate of the peer."""
        self._agent.add_remote_candidate(self._driver.now(), stream, candidate, ufrag)
        self._driver.pump()

    async def end_of_candidates(self, stream: int = 0, ufrag: str | None = None) -> None:
        """The peer has no further candidates."""
        self._agent.end_of_candidates(self._driver.now(), stream, ufrag)
        self._driver.pump()

    async def events(self) -> AsyncIterator[Event]:
        """What happens, until the session is closed.

        At most ``MAX_EVENTS`` wait for their reader; beyond, the oldest is dropped and counted.
        """
        while True:
            try:
                yield await self._events.get()
            except SessionClosed:
                return

    async def path(self, stream: int = 0, component: int = 1) -> Path:
        """The selected path of a component; waits for it.

        Raises SessionFailed when the stream has failed, and SessionClosed at the end.
        """
        port = self._port(stream, component)
        key = port.stream, port.component
        await self._until(lambda: key in self._selected or stream in self._failures)
        if stream in self._failures:
            raise SessionFailed(stream, self._failures[stream].value)
        return self._selected[key]

    def send(self, data: bytes, stream: int = 0, component: int = 1) -> bool:
        """Send a media packet on the best path there is; False when there is none."""
        return self._port(stream, component).send(data)

    async def receive(self, stream: int = 0, component: int = 1) -> bytes:
        """The next media packet; raises SessionClosed at the end."""
        return await self._port(stream, component).received.get()

    async def close(self) -> None:
        """Give allocations back, within a bounded time, and close everything."""
        if self._closed:
            return
        self._closed = True
        try:
            for stream in {stream for stream, _ in self._ports}:
                self._agent.remove_stream(self._driver.now(), stream)
            self._driver.pump()
        finally:
            self._driver.stop()
            for port in self._ports.values():
                port.close(SessionClosed())
            self._events.close(SessionClosed())
            self._wake()

    def _bind(self) -> None:
        for stream, component in self._ports:
            for address in self._addresses:
                endpoint = UdpEndpoint.bind(address, self._options)
                base = self._agent.add_local_address(
                    self._driver.now(), stream, component, endpoint.address
                )
                self._driver.add(base, endpoint)
        self._driver.pump()

    def _port(self, stream: int, component: int) -> MediaPort:
        port = self._ports.get((stream, component))
        if port is None:
            raise UsageError(f"there is no component {component} of stream {stream}")
        return port

    def _happened(self, event: Event) -> None:
        match event:
            case DataReceived(stream, component, data, _):
                self._ports[stream, component].deliver(data)
                return
            case MediaChanged(stream, _, component, table):
                self._ports[stream, component].apply(table)
            case GatheringFinished(stream):
                self._gathered.add(stream)
            case PairSelected(stream, _, component, path):
                self._selected[stream, component] = path
                self._failures.pop(stream, None)
            case StreamFailed(stream, _, reason) | PathLost(stream, _, _, reason):
                self._failures[stream] = reason
            case StreamResumed(stream) | RestartFinished(stream):
                self._failures.pop(stream, None)
            case _:
                pass
        self._events.put(event)
        self._wake()

    async def _until(self, is_so: Callable[[], bool]) -> None:
        """Wait until an event has made something true."""
        while not is_so():
            if self._closed:
                raise SessionClosed
            waiter = asyncio.get_running_loop().create_future()
            self._changed.append(waiter)
            await waiter

    def _wake(self) -> None:
        waiters, self._changed = self._changed, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


def _shown(candidate: Candidate) -> Candidate:
    """A candidate as the peer may see it."""
    return candidate._replace(base=None, server=None)


def open_session(
    *,
    role: Role,
    streams: int = 1,
    components: int = 1,
    config: AgentConfig = DEFAULT,
    addresses: Sequence[str],
    options: SocketOptions = DEFAULT_OPTIONS,
    pacer: Pacer = PACER,
    on_media: OnMedia | None = None,
) -> Session:
    """Open a session: ``async with sipice.open_session(role=...) as session``.

    ``role`` is CONTROLLING for the side that made the offer (RFC 8445 §6.1.1). Each stream has
    ``components`` (1, or 2 with RTCP beside RTP). Sockets are bound to ``addresses``. With
    ``on_media`` each packet goes there at once, without a queue.
    """
    return Session(role, streams, components, config, addresses, options, pacer, on_media)
