"""The pump between a core without I/O and the network: commands out, events out, one timer."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from sipice.aio.endpoint import Endpoint
from sipice.aio.names import Names
from sipice.aio.queue import Spawn
from sipice.aio.tcp import Streams
from sipice.aio.udp import DEFAULT_OPTIONS, SocketOptions
from sipice.net import (
    Address,
    Base,
    CancelResolve,
    CloseConnection,
    Flow,
    Listen,
    OpenConnection,
    ReleaseBase,
    Resolve,
    SendDatagram,
    SendStream,
)

if TYPE_CHECKING:
    from sipice.aio.resolver import Resolver

E = TypeVar("E")

NO_SCOPES: Mapping[bytes, int] = {}


class Core(Protocol[E]):
    """What the driver drives: an agent, or a session that has one inside.

    Each input may lead to commands, events and another next timeout; ``Agent`` says when each
    input is due.
    """

    def receive_datagram(self, now: float, data: bytes, base: Base, remote: Address) -> None:
        """A datagram came to a base."""

    def receive_stream(self, now: float, flow: Flow, data: bytes) -> None:
        """Bytes came over a connection."""

    def connection_opened(self, now: float, flow: Flow) -> None:
        """An ``OpenConnection`` succeeded."""

    def connection_accepted(self, now: float, base: Base, remote: Address) -> Flow:
        """A peer connected to a listening base; names the connection."""

    def connection_closed(self, now: float, flow: Flow, why: str | None = None) -> None:
        """A connection failed or ended."""

    def writable(self, now: float, flow: Flow, ready: bool = True) -> None:
        """Whether a connection takes bytes."""

    def send_failed(self, now: float, base: Base, remote: Address, *, hard: bool = False) -> None:
        """The system refused to send, or a validated ICMP error came (hard)."""

    def name_resolved(self, now: float, query: Resolve, addresses: Sequence[Address]) -> None:
        """A ``Resolve`` succeeded; the best address comes first."""

    def name_failed(self, now: float, query: Resolve, why: str) -> None:
        """A ``Resolve`` led nowhere; why in one sentence."""

    def media_sent(self, now: float, stream: int, component: int) -> None:
        """Media went out past the core; told at most once a second."""

    def handle_timeout(self, now: float) -> None:
        """What was due is to be done."""

    def next_timeout(self) -> float | None:
        """When ``handle_timeout`` is due."""

    def take_commands(self) -> Sequence[object]:
        """What is to be done, taken and cleared."""

    def take_events(self) -> list[E]:
        """What happened, taken and cleared."""

    def close(self, now: float) -> None:
        """The end; every later input is ignored."""


def _none(command: object) -> None:
    """Most cores have no commands of their own."""


class Driver(Generic[E]):
    """Drives one core on the running loop.

    Whoever calls an input of the core himself calls ``pump`` after it. ``on_event`` gets each event
    in order; it may call inputs of the core.
    """

    __slots__ = (
        "_again",
        "_core",
        "_due",
        "_endpoints",
        "_idle",
        "_loop",
        "_names",
        "_on_command",
        "_on_event",
        "_pumping",
        "_timer",
        "streams",
    )

    def __init__(
        self,
        core: Core[E],
        on_event: Callable[[E], None],
        *,
        spawn: Spawn,
        options: SocketOptions = DEFAULT_OPTIONS,
        scopes: Mapping[bytes, int] = NO_SCOPES,
        tls: ssl.SSLContext | None = None,
        resolver: Resolver | None = None,
        on_command: Callable[[object], None] = _none,
    ) -> None:
        """``on_command`` gets the commands that are not those of sipice.net.

        For the other options see ``tcp.Streams`` and ``names.Names``.
        """
        self._core = core
        self._on_event = on_event
        self._on_command = on_command
        self._loop = asyncio.get_running_loop()
        self.streams = Streams(core, self.pump, spawn, options=options, scopes=scopes, tls=tls)
        """Its TCP listeners and connections."""
        self._names = Names(core, self.pump, spawn, resolver)
        self._endpoints: dict[int, Endpoint] = {}
        self._timer: asyncio.Handle | None = None
        self._due = 0.0
        """When the timer fires."""
        self._pumping = self._again = False
        self._idle: asyncio.Future[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether every bound socket has been released."""
        return not self._endpoints and self.streams.is_idle

    def now(self) -> float:
        """The time that inputs of the core are given, seconds."""
        return self._loop.time()

    def add(self, base: Base, endpoint: Endpoint) -> None:
        """Serve a base that the core has just been given with this endpoint."""
        self._endpoints[base.number] = endpoint

        def on_datagram(data: bytes, source: Address) -> None:
            self._core.receive_datagram(self._loop.time(), data, base, source)
            self.pump()

        def on_refused(to: Address, _: bytes) -> None:
            self._core.send_failed(self._loop.time(), base, to, hard=True)
            self.pump()

        endpoint.attach(on_datagram, on_refused)

    def endpoint(self, base: Base) -> Endpoint | None:
        """What serves a base; None when it has been released."""
        return self._endpoints.get(base.number)

    def pump(self) -> None:
        """Hand on the events, carry out the commands, arm the timer."""
        if self._pumping:
            self._again = True
            return
        self._pumping = self._again = True
        try:
            while self._again:
                self._again = False
                for event in self._core.take_events():
                    self._on_event(event)
                for command in self._core.take_commands():
                    if isinstance(command, SendDatagram):
                        self._send(command)
                    else:
                        self._carry_out(command)
        finally:
            self._pumping = False
        if self._idle is not None and self.is_idle and not self._idle.done():
            self._idle.set_result(None)
        self._arm()

    async def released(self, deadline: float) -> bool:
        """Wait until every socket has been released, ``deadline`` seconds at most."""
        if self.is_idle:
            return True
        self._idle = self._loop.create_future()
        return bool((await asyncio.wait([self._idle], timeout=deadline))[0])

    def stop(self) -> None:
        """End the core and let go of everything that is still held."""
        self._core.close(self._loop.time())
        self.pump()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for endpoint in self._endpoints.values():
            endpoint.release()
        self._endpoints.clear()
        self.streams.stop()
        self._names.stop()

    def _send(self, command: SendDatagram) -> None:
        data, base, to = command
        endpoint = self._endpoints.get(base.number)
        if endpoint is not None and not endpoint.send(data, to):
            self._core.send_failed(self._loop.time(), base, to)
            self._again = True

    def _carry_out(self, command: object) -> None:
        match command:
            case ReleaseBase(base):
                endpoint = self._endpoints.pop(base.number, None)
                if endpoint is not None:
                    endpoint.release()
                else:
                    self.streams.release(base)
            case SendStream():
                self.streams.send(command)
            case OpenConnection():
                self.streams.open(command)
            case CloseConnection(flow):
                self.streams.close(flow)
            case Listen(base):
                self.streams.listen(base)
            case Resolve():
                self._names.look_up(command)
            case CancelResolve(query):
                self._names.cancel(query)
            case _:
                self._on_command(command)

    def _arm(self) -> None:
        """Have the timer fire when the core wants it, or before: it looks again then."""
        due = self._core.next_timeout()
        if due is None or (self._timer is not None and self._due <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._due = self._loop.call_at(due, self._fire), due

    def _fire(self) -> None:
        self._timer = None
        # A loop may wake up a little early; the core is told the instant it asked for.
        now = max(self._loop.time(), self._due)
        due = self._core.next_timeout()
        if due is not None and due <= now:
            self._core.handle_timeout(now)
            self.pump()
        else:
            self._arm()
