"""Agents and aioice over real sockets on the loopback interface: for foreign eyes and benchmarks.

The smallest shell an agent can have: one non-blocking socket per base and one timer per agent.
"""

from __future__ import annotations

import asyncio
import socket
from random import SystemRandom

import aioice

from sipice.ice import (
    Agent,
    AgentConfig,
    Candidate,
    CandidateType,
    Credentials,
    Description,
    Event,
    Pacer,
    PathLost,
    Role,
    StreamCompleted,
    StreamFailed,
)
from sipice.net import Address, Base, ReleaseBase, SendDatagram

HOST = "127.0.0.1"
RNG = SystemRandom()
CONFIG = AgentConfig(allow_loopback=True)


class Endpoint:
    """One agent with its sockets on the running loop."""

    __slots__ = ("_loop", "_sockets", "_timer", "agent", "done", "events", "keep_events")

    def __init__(
        self, role: Role, config: AgentConfig = CONFIG, pacer: Pacer | None = None
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._sockets: dict[Base, socket.socket] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.agent = Agent(config, role=role, rng=RNG, pacer=pacer)
        self.events: list[Event] = []
        self.keep_events = True
        self.done: asyncio.Future[bool] = self._loop.create_future()
        """True once the stream is completed, False when it has failed or is lost."""

    def open(self, components: int = 1, host: str = HOST) -> None:
        """One stream with one host candidate per component."""
        stream = self.agent.add_stream(components)
        for component in range(1, components + 1):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setblocking(False)
            sock.bind((host, 0))
            address = Address.parse(*sock.getsockname())
            base = self.agent.add_local_address(self._loop.time(), stream, component, address)
            self._sockets[base] = sock
            self._loop.add_reader(sock, self._readable, base, sock)

    def description(self) -> Description:
        """What the peer gets to see."""
        own = self.agent.local_description(0)
        shown = tuple(c._replace(base=None, server=None) for c in own.candidates)
        return Description(
            own.credentials, shown, own.lite, own.pacing_ms, own.ice2, own.trickle, own.complete
        )

    def connect(self, remote: Description) -> None:
        """Start the checks."""
        self.agent.set_remote_description(self._loop.time(), 0, remote)
        self.pump()

    def pump(self) -> None:
        """Send what is to be sent, note what happened, arm the timer."""
        for command in self.agent.take_commands():
            if type(command) is SendDatagram:
                data, base, to = command
                self._sockets[base].sendto(data, (to.host, to.port))
            elif isinstance(command, ReleaseBase):
                self._close(command.base)
        for event in self.agent.take_events():
            self._note(event)
        at = self.agent.next_timeout()
        if self._timer is not None:
            if at == self._timer.when():
                return
            self._timer.cancel()
        self._timer = None if at is None else self._loop.call_at(at, self._due)

    def close(self) -> None:
        """End the agent and close its sockets."""
        self.agent.close(self._loop.time())
        self.pump()
        for base in list(self._sockets):
            self._close(base)

    def _close(self, base: Base) -> None:
        sock = self._sockets.pop(base, None)
        if sock is not None:
            self._loop.remove_reader(sock)
            sock.close()

    def _note(self, event: Event) -> None:
        if self.keep_events:
            self.events.append(event)
        if isinstance(event, StreamCompleted | StreamFailed | PathLost) and not self.done.done():
            self.done.set_result(isinstance(event, StreamCompleted))

    def _due(self) -> None:
        self._timer = None
        self.agent.handle_timeout(self._loop.time())
        self.pump()

    def _readable(self, base: Base, sock: socket.socket) -> None:
        now = self._loop.time()
        try:
            data, (host, port) = sock.recvfrom(2048)
        except OSError:
            return
        self.agent.receive_datagram(now, data, base, Address.parse(host, port))
        self.pump()


class Theirs(aioice.Connection):
    """aioice with one host candidate per component on the loopback interface."""

    async def gather_candidates(self) -> None:
        """Bind sockets on the loopback address, which aioice's own gathering leaves out."""
        self._local_candidates_start = True
        for component in self._components:
            self._local_candidates += await self.get_component_candidates(component, [HOST])
        self._local_candidates_end = True


def their_description(peer: aioice.Connection) -> Description:
    """What aioice offers, for us."""
    return Description(
        Credentials(peer.local_username, peer.local_password),
        tuple(
            Candidate(
                candidate.component,
                CandidateType.HOST,
                Address.parse(candidate.host, candidate.port),
                candidate.priority,
                candidate.foundation,
            )
            for candidate in peer.local_candidates
        ),
        ice2=False,
    )


async def tell_them(peer: aioice.Connection, ours: Description) -> None:
    """What we offer, for aioice."""
    peer.remote_username = ours.credentials.ufrag
    peer.remote_password = ours.credentials.pwd
    for candidate in ours.candidates:
        address = candidate.address
        await peer.add_remote_candidate(
            aioice.Candidate.from_sdp(
                f"{candidate.foundation} {candidate.component} udp {candidate.priority}"
                f" {address.host} {address.port} typ host"
            )
        )
    await peer.add_remote_candidate(None)
