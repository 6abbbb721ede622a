"""The smallest shell an agent can have: non-blocking sockets, one epoll, one heap of deadlines.

Every datagram goes through the kernel, every deadline of every agent is kept, and the clock is
read for each input. There is no event loop below: what is measured is the agent and its sockets.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from heapq import heappop, heappush
from select import EPOLLIN, epoll
from socket import AF_INET, SOCK_DGRAM, SOCK_NONBLOCK, inet_aton, inet_ntoa, socket
from time import monotonic
from typing import Protocol

from sipice.aio.entropy import Entropy
from sipice.ice import (
    Agent,
    AgentConfig,
    Candidate,
    CandidateType,
    Credentials,
    Pacer,
    PathLost,
    Role,
    StreamCompleted,
    StreamFailed,
)
from sipice.ice.description import Description
from sipice.net import Address, ReleaseBase, SendDatagram

HOST = "127.0.0.1"
_RNG = Entropy()
NEVER = float("inf")


class Reader(Protocol):
    """Whoever reads from a file descriptor."""

    def readable(self) -> None:
        """There is something to read."""


class Sleeper(Protocol):
    """Whoever waits for an instant."""

    def due(self, when: float) -> None:
        """It has come."""


class Shell:
    """Waits for all sockets and deadlines of its ends."""

    def __init__(self) -> None:
        self._epoll = epoll()
        self._readers: dict[int, Reader] = {}
        self._deadlines: list[tuple[float, int, Sleeper]] = []
        self._order = 0
        self.pending = 0
        """Ends that are neither connected nor failed yet."""

    def add(self, reader: Reader, number: int) -> None:
        """Tell ``reader`` when there is something to read from a file descriptor."""
        self._readers[number] = reader
        self._epoll.register(number, EPOLLIN)

    def remove(self, number: int) -> None:
        """The file is about to be closed, which takes it out of the epoll."""
        del self._readers[number]

    def arm(self, sleeper: Sleeper, when: float) -> None:
        """Wake ``sleeper`` at ``when``; whoever arms twice is woken twice."""
        self._order += 1
        heappush(self._deadlines, (when, self._order, sleeper))

    def run(self, until: Callable[[], bool], patience: float) -> bool:
        """Go on until something holds, once at least; False if it takes over ``patience`` s."""
        give_up = monotonic() + patience
        readers, deadlines = self._readers, self._deadlines
        while not until():
            now = monotonic()
            while deadlines and deadlines[0][0] <= now:
                when, _, sleeper = heappop(deadlines)
                sleeper.due(when)
            first = min(give_up, deadlines[0][0]) if deadlines else give_up
            for number, _ in self._epoll.poll(max(0.0, first - now)):
                reader = readers.get(number)
                if reader is not None:
                    reader.readable()
            if now >= give_up:
                return until()
        return True

    def close(self) -> None:
        """Close the epoll, and forget the deadlines of ends that are closed already."""
        self._epoll.close()
        self._deadlines.clear()


class End:
    """One agent with one stream of one component and its socket."""

    __slots__ = ("_armed", "_shell", "_socket", "agent", "base", "outcome")

    def __init__(
        self, shell: Shell, role: Role, config: AgentConfig, pacer: Pacer, host: str = HOST
    ) -> None:
        self._shell = shell
        self._armed = NEVER
        self.outcome: bool | None = None
        """True once the stream is completed, False when it has failed or is lost."""
        shell.pending += 1
        self.agent = agent = Agent(config, role=role, rng=_RNG, pacer=pacer)
        self._socket = sock = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK)
        sock.bind((host, 0))
        name, port = sock.getsockname()
        address = Address(inet_aton(name), port)
        self.base = agent.add_local_address(monotonic(), agent.add_stream(), 1, address)
        shell.add(self, sock.fileno())

    def description(self) -> Description:
        """What the peer gets to see."""
        description = self.agent.local_description(0)
        self._pump()
        return description

    def connect(self, remote: Description) -> None:
        """Start the checks."""
        self.agent.set_remote_description(monotonic(), 0, remote)
        self._pump()

    def close(self) -> None:
        """End the agent and close its socket."""
        self.agent.close(monotonic())
        self._pump()

    def readable(self) -> None:
        """A datagram waits."""
        try:
            data, (name, port) = self._socket.recvfrom(2048)
        except OSError:
            return
        remote = Address(inet_aton(name), port)
        self.agent.receive_datagram(monotonic(), data, self.base, remote)
        self._pump()

    def due(self, when: float) -> None:
        """A deadline has come that was armed for ``when``."""
        if when != self._armed:
            return  # an earlier one took its place
        self._armed = NEVER
        self.agent.handle_timeout(monotonic())
        self._pump()

    def _pump(self) -> None:
        """Send what is to be sent, note what happened, arm the timer."""
        agent = self.agent
        for command in agent.take_commands():
            if type(command) is SendDatagram:
                data, _, (ip, port) = command
                self._socket.sendto(data, (inet_ntoa(ip), port))
            elif type(command) is ReleaseBase:
                self._shell.remove(self._socket.fileno())
                self._socket.close()
        for event in agent.take_events():
            if type(event) in _OUTCOMES:
                if self.outcome is None:
                    self._shell.pending -= 1
                self.outcome = type(event) is StreamCompleted
        at = agent.next_timeout()
        if at is not None and at < self._armed:
            self._armed = at
            self._shell.arm(self, at)


_OUTCOMES = (StreamCompleted, StreamFailed, PathLost)


def to_line(description: Description) -> str:
    """For the process of the other side: one candidate and the credentials."""
    candidate, credentials = description.candidates[0], description.credentials
    address = candidate.address
    return f"{credentials.ufrag} {credentials.pwd} {address.host} {address.port}"


def from_line(line: str) -> Description:
    """What `to_line` wrote."""
    ufrag, pwd, host, port = line.split()
    address = Address.parse(host, int(port))
    candidate = Candidate(1, CandidateType.HOST, address, 2130706431, "1")
    return Description(Credentials(ufrag, pwd), (candidate,))


def allow_sockets(count: int) -> None:
    """Raise the limit of descriptors as far as it goes, or end the bench."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count + 100:
        sys.exit(f"bench: {count} sockets are needed, the limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
