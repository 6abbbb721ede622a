"""A session for asyncio programs: an agent with its sockets, ready to be awaited."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path as FilePath
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, TextIO

from sipice.aio import interfaces, statistics
from sipice.aio.bases import Bases, BindUdp, PortRange
from sipice.aio.driver import Driver
from sipice.aio.entropy import Entropy
from sipice.aio.interfaces import EVERYWHERE, InterfacePolicy, LocalAddress
from sipice.aio.media import MediaPort, OnMedia
from sipice.aio.outcome import Outcome
from sipice.aio.port import SharedBases, SharedPort
from sipice.aio.queue import Latest
from sipice.aio.udp import DEFAULT_OPTIONS, SocketOptions, UdpEndpoint
from sipice.errors import SessionClosed, UsageError
from sipice.ice import (
    Agent,
    AgentConfig,
    Candidate,
    CandidateType,
    DataReceived,
    Description,
    Event,
    IceServer,
    MediaChanged,
    NamedServer,
    Pacer,
    RestartId,
    Role,
    ServerKind,
    ServerUri,
    TcpType,
)
from sipice.ice.config import DEFAULT
from sipice.net import Path
from sipice.trace import JsonLines, Tracer

if TYPE_CHECKING:
    from sipice.aio.mdns import Mdns
    from sipice.aio.resolver import Resolver

GATHER_DEADLINE = 0.5
"""Seconds that ``gather`` waits for servers; what they answer later is used all the same."""
CLOSE_DEADLINE = 1.0
"""Seconds that ``close`` waits for TURN servers to confirm."""
MAX_EVENTS = 1024
MAX_MEDIA = 512
"""Items kept for a slow reader; beyond, the oldest is dropped and counted."""

PACER = Pacer()
"""RFC 8445 §14.2 limits all sessions of a process together."""
_RNG = Entropy()


class NetworkChanged(NamedTuple):
    """Local addresses came or went; where a path was lost a restart finds another one."""

    came: tuple[LocalAddress, ...]
    gone: tuple[LocalAddress, ...]


SessionEvent = Event | NetworkChanged


class Session:
    """One ICE session with its sockets: ``async with sipice.open_session(role=...) as session``.

    ``role`` is CONTROLLING for the side that made the offer (RFC 8445 §6.1.1). Each of ``streams``
    has ``components``: 1, or 2 with RTCP beside RTP.

    ``servers`` are STUN and TURN servers by URI, like ``turn:relay.example.org?transport=tcp``,
    which may need ``username`` and ``password``, or ready values; ``config`` may have more.

    Sockets are bound to ``addresses``, IP literals; without these to what ``policy`` leaves of the
    machine's own, which are then watched for changes; with ``port`` they are shared with other
    sessions. ``port_range`` limits their ports, ``tcp`` adds TCP candidates of these kinds (with
    ``ice_tcp`` in ``config``), ``sockets`` holds DSCP and buffer sizes, ``tls`` verifies TURN
    servers, and ``resolver`` finds their names. ``bind`` makes other endpoints than sockets of this
    process. With ``mdns`` a description shows names in ``.local`` instead of addresses of ours,
    which peers on the same link can find.

    With ``on_media`` each packet goes there at once, past the queue of ``receive``. ``trace`` is a
    file for the record of docs/trace.md, or takes the records itself. ``pacer`` is shared by all
    sessions of a process.
    """

    def __init__(
        self,
        *,
        role: Role,
        streams: int = 1,
        components: int = 1,
        config: AgentConfig = DEFAULT,
        servers: Sequence[str | IceServer | NamedServer] = (),
        username: str = "",
        password: str = "",
        addresses: Sequence[str] | None = None,
        policy: InterfacePolicy = EVERYWHERE,
        port: SharedPort | None = None,
        port_range: PortRange | None = None,
        tcp: Collection[TcpType] = (),
        sockets: SocketOptions = DEFAULT_OPTIONS,
        tls: ssl.SSLContext | None = None,
        resolver: Resolver | None = None,
        mdns: Mdns | None = None,
        bind: BindUdp = UdpEndpoint.bind,
        pacer: Pacer = PACER,
        on_media: OnMedia | None = None,
        trace: str | FilePath | Tracer | None = None,
    ) -> None:
        if servers or mdns is not None:
            known = [_server(one, username, password) for one in servers]
            config = _extended(config, known, hides_hosts=mdns is not None)
        if config.lite and not set(tcp) <= {TcpType.PASSIVE}:
            raise UsageError("a lite agent has passive TCP candidates only (RFC 6544 §4.4)")
        self._trace: TextIO | None = None
        self._agent = Agent(config, role=role, rng=_RNG, pacer=pacer, tracer=self._tracer(trace))
        self._tasks = asyncio.TaskGroup()
        self._scopes: dict[bytes, int] = {}
        self._driver: Driver[Event] = Driver(
            self._agent,
            self._happened,
            spawn=self._tasks.create_task,
            options=sockets,
            scopes=self._scopes,
            tls=tls,
            resolver=resolver,
        )
        self._bases = Bases(
            self._agent, self._driver, options=sockets, port_range=port_range, tcp=tcp, bind=bind
        )
        self._has_relays = any(one.kind is ServerKind.TURN for one in config.servers)
        self._shared = None
        if port is not None:
            self._shared = SharedBases(port, self._agent, self._driver, relays=self._has_relays)
        self._addresses = addresses
        self._mdns = mdns
        self._tcp = tcp
        self._policy = policy
        self._config = config
        self._events: Latest[SessionEvent] = Latest(MAX_EVENTS)
        self._outcome = Outcome()
        self._ports: dict[tuple[int, int], MediaPort] = {}
        self._watching: asyncio.Task[None] | None = None
        for _ in range(streams):
            self._add_stream(components, on_media)

    async def __aenter__(self) -> Session:
        await self._tasks.__aenter__()
        try:
            await self._open()
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
        self._outcome.begin_gathering()
        self._agent.gather(now)
        self._driver.pump()
        streams = {stream for stream, _ in self._ports}
        if not self._outcome.has_gathered(streams):
            try:
                async with asyncio.timeout_at(now + deadline):
                    await self._outcome.until(lambda: self._outcome.has_gathered(streams))
            except TimeoutError:
                return False
        return True

    def description(self, stream: int = 0) -> Description:
        """What to tell the peer about one stream; in a restart, of the generation to come."""
        self._check_open()
        own = self._agent.local_description(stream)
        if self._shared is not None:
            self._shared.serve(stream, own.credentials.ufrag)
        self._driver.pump()
        return replace(
            own,
            candidates=(*self._named(stream), *map(_shown, own.candidates)),
            defaults=tuple(map(_shown, own.defaults)),
        )

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

    async def events(self) -> AsyncIterator[SessionEvent]:
        """What happens, in order, until the session is closed.

        ``MAX_EVENTS`` wait for their reader; beyond, the oldest is dropped and counted in the
        statistics. No other method depends on anybody reading them.
        """
        while True:
            try:
                yield await self._events.get()
            except SessionClosed:
                return

    async def path(self, stream: int = 0, component: int = 1) -> Path:
        """The selected path of a component; waits for it.

        Media may flow before, on the first pair that works: see ``MediaChanged``. Raises
        SessionFailed when the stream has failed or lost its path, SessionClosed at the end.
        """
        port = self._port(stream, component)
        return await self._outcome.path(port)

    def send(self, data: bytes, stream: int = 0, component: int = 1) -> bool:
        """Send a media packet on the best path there is; False when there is none."""
        return self._port(stream, component).send(data)

    async def receive(self, stream: int = 0, component: int = 1) -> bytes:
        """The next media packet; raises SessionClosed at the end."""
        return await self._port(stream, component).received.get()

    def restart(self, streams: Iterable[int] | None = None) -> Restart:
        """Begin an ICE restart of these streams or all (RFC 8445 §9); media goes on meanwhile.

        Then ``gather``, exchange the descriptions as at the beginning, and commit it.
        """
        self._check_open()
        restart = self._agent.prepare_restart(self._driver.now(), streams)
        self._driver.pump()
        return Restart(self._agent, self._driver, restart)

    def statistics(self) -> statistics.SessionStatistics:
        """What has been sent and received, and how the pairs stand."""
        return statistics.collect(self._agent, self._ports.values(), self._events.dropped)

    async def close(self) -> None:
        """Give allocations back, waiting ``CLOSE_DEADLINE`` at most, and close everything."""
        if self._outcome.closed:
            return
        try:
            self._outcome.close()
            if self._watching is not None:
                self._watching.cancel()
            if self._has_relays:
                for stream in {stream for stream, _ in self._ports}:
                    self._agent.remove_stream(self._driver.now(), stream)
                self._driver.pump()
                await self._driver.released(CLOSE_DEADLINE)
        finally:
            self._driver.stop()
            for port in self._ports.values():
                port.close(SessionClosed())
            self._events.close(SessionClosed())
            if self._trace is not None:
                self._trace.close()

    def _add_stream(self, components: int, on_media: OnMedia | None) -> None:
        stream = self._agent.add_stream(components)
        for component in range(1, components + 1):
            self._ports[stream, component] = MediaPort(
                self._agent, self._driver, stream, component, limit=MAX_MEDIA, on_media=on_media
            )

    def _tracer(self, trace: str | FilePath | Tracer | None) -> Tracer | None:
        if not isinstance(trace, str | FilePath):
            return trace
        self._trace = open(trace, "w", encoding="utf-8")  # noqa: SIM115 (until close)
        epoch = time.time() - asyncio.get_running_loop().time()
        return JsonLines(self._trace.write, epoch=epoch)

    async def _open(self) -> None:
        if self._shared is not None:
            for stream, component in self._ports:
                self._shared.open(stream, component, self._tcp)
        elif self._addresses is None:
            allowed = self._policy.allow_loopback or self._config.allow_loopback
            self._policy = replace(self._policy, allow_loopback=allowed)
            found = await interfaces.local_addresses(self._policy)
            await self._bind(found)
            self._watching = self._tasks.create_task(self._watch(found))
        else:
            await self._bind([interfaces.explicit(host) for host in self._addresses])
        self._driver.pump()

    async def _bind(self, addresses: Sequence[LocalAddress]) -> None:
        self._scopes.update((one.ip, one.scope) for one in addresses)
        if self._mdns is not None:
            for one in addresses:
                await self._mdns.publish(one.ip)
        self._bases.open(addresses, self._ports)

    def _named(self, stream: int) -> Iterator[Candidate]:
        """The host candidates that are told by name (draft-ietf-mmusic-mdns-ice-candidates)."""
        if self._mdns is not None:
            for candidate in self._agent.untold(stream):
                name = self._mdns.name_of(candidate.address.ip)
                if candidate.type is CandidateType.HOST and name is not None:
                    yield _shown(candidate)._replace(name=name)

    async def _watch(self, known: Sequence[LocalAddress]) -> None:
        """Roaming: bind to addresses that come, let go of those that go (§5.1.1.4)."""
        async for came, gone in interfaces.watch(self._policy, known):
            self._bases.lose(gone)
            if came:
                await self._bind(came)
                self._agent.gather(self._driver.now())
            self._driver.pump()
            self._events.put(NetworkChanged(came, gone))

    def _check_open(self) -> None:
        if self._outcome.closed:
            raise SessionClosed

    def _port(self, stream: int, component: int) -> MediaPort:
        port = self._ports.get((stream, component))
        if port is None:
            raise UsageError(f"there is no component {component} of stream {stream}")
        return port

    def _happened(self, event: Event) -> None:
        if isinstance(event, DataReceived):
            self._ports[event.stream, event.component].deliver(event.data)
            return
        if isinstance(event, MediaChanged):
            self._ports[event.stream, event.component].apply(event.table)
        self._outcome.note(event)
        self._events.put(event)


open_session = Session


class Restart:
    """An ICE restart under way."""

    __slots__ = ("_agent", "_driver", "_id")

    def __init__(self, agent: Agent, driver: Driver[Event], identifier: RestartId) -> None:
        self._agent = agent
        self._driver = driver
        self._id = identifier

    def commit(self) -> None:
        """The exchange stands: media moves once the new generation has its selected pairs."""
        self._agent.commit_restart(self._driver.now(), self._id)
        self._driver.pump()

    def roll_back(self) -> None:
        """The exchange was refused: as if nothing had been begun."""
        self._agent.rollback_restart(self._driver.now(), self._id)
        self._driver.pump()


def _extended(
    config: AgentConfig, servers: Iterable[IceServer | NamedServer], *, hides_hosts: bool
) -> AgentConfig:
    types = config.candidate_types - ({CandidateType.HOST} if hides_hosts else set())
    return replace(config, servers=(*config.servers, *servers), candidate_types=types)


def _shown(candidate: Candidate) -> Candidate:
    """A candidate as the peer may see it."""
    return candidate._replace(base=None, server=None)


def _server(
    server: str | IceServer | NamedServer, username: str, password: str
) -> IceServer | NamedServer:
    if isinstance(server, str):
        return NamedServer(ServerUri.parse(server), username, password)
    return server
