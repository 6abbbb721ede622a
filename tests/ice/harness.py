"""Two agents, one clock, one wire: the smallest world in which sentences can be tested."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from typing import TypeVar

from sipice.ice import (
    Agent,
    AgentConfig,
    Candidate,
    CandidateType,
    Credentials,
    Description,
    Event,
    Pacer,
    PairSelected,
    Role,
)
from sipice.net import Address, Base, Command, ReleaseBase, SendDatagram
from sipice.stun import Class, Key, Message, Method, decode, encode
from sipice.stun import attributes as a

E = TypeVar("E", bound=Event)

PLAIN = AgentConfig()


def address(text: str) -> Address:
    """``10.0.0.1:5000`` or ``[2001:db8::1]:5000``."""
    host, _, port = text.rpartition(":")
    return Address.parse(host.strip("[]"), int(port))


@dataclass
class Sent:
    """One datagram that an agent sent."""

    at: float
    side: Side
    source: Address
    to: Address
    message: Message
    data: bytes

    @property
    def is_request(self) -> bool:
        return self.message.message_class is Class.REQUEST

    @property
    def nominates(self) -> bool:
        return self.message.get(a.USE_CANDIDATE) is not None


class Side:
    """An agent with its sockets, commands and events."""

    def __init__(
        self,
        name: str,
        role: Role,
        addresses: Iterable[str] = (),
        config: AgentConfig = PLAIN,
        *,
        streams: int = 1,
        components: int = 1,
        seed: int = 1,
        pacer: Pacer | None = None,
        agent: Agent | None = None,
    ) -> None:
        self.name = name
        self.agent = agent or Agent(config, role=role, rng=Random(f"{name}{seed}"), pacer=pacer)
        self.config = config
        self.components = components
        self.events: list[Event] = []
        self.timed_events: list[tuple[float, Event]] = []
        self.commands: list[Command] = []
        self.bases: dict[Address, Base] = {}
        self.released: list[Base] = []
        self.streams = [] if agent else [self.agent.add_stream(components) for _ in range(streams)]
        for text in addresses:
            host = address(text)
            for stream in self.streams:
                for component in range(1, components + 1):
                    port = host.port + 10 * stream + component - 1
                    self.bind(0.0, Address(host.ip, port), stream, component)

    def bind(self, now: float, host: Address, stream: int = 0, component: int = 1) -> Base:
        base = self.agent.add_local_address(now, stream, component, host)
        self.bases[host] = base
        return base

    def description(self, stream: int = 0, generation: int | None = None) -> Description:
        """What the peer gets to see of it."""
        own = self.agent.local_description(stream, generation)
        shown = tuple(c._replace(base=None, server=None) for c in own.candidates)
        return Description(
            own.credentials,
            shown,
            own.lite,
            own.pacing_ms,
            own.ice2,
            own.trickle,
            own.complete,
        )

    def take(self, now: float) -> list[SendDatagram]:
        commands = self.agent.take_commands()
        events = self.agent.take_events()
        self.commands += commands
        self.events += events
        self.timed_events += [(now, event) for event in events]
        self.released += [c.base for c in commands if isinstance(c, ReleaseBase)]
        return [command for command in commands if isinstance(command, SendDatagram)]

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def when(self, kind: type[Event]) -> float | None:
        """When the first event of this kind came."""
        return next((at for at, event in self.timed_events if isinstance(event, kind)), None)

    def selected(self, stream: int = 0, component: int = 1) -> PairSelected | None:
        found = [
            event
            for event in self.all(PairSelected)
            if (event.stream, event.component) == (stream, component)
        ]
        return found[-1] if found else None


@dataclass
class Wire:
    """Moves datagrams between two sides in virtual time; arrivals go before timeouts."""

    a: Side
    b: Side
    delay: float = 0.010
    now: float = 0.0
    log: list[Sent] = field(default_factory=list)
    lose: Callable[[Sent], bool] | None = None
    nat: dict[Address, Address] = field(default_factory=dict)
    """Source addresses that are seen from outside as others."""
    _air: list[tuple[float, int, Side, Address, Address, bytes]] = field(default_factory=list)
    _order: int = 0

    def connect(self, streams: Iterable[int] | None = None) -> Wire:
        """Exchange descriptions of the newest generations and start."""
        for stream in self.a.streams if streams is None else streams:
            offer, answer = self.a.description(stream), self.b.description(stream)
            self.b.agent.set_remote_description(self.now, stream, offer)
            self.a.agent.set_remote_description(self.now, stream, answer)
        self.drain()
        return self

    def drain(self) -> None:
        for side, other in ((self.a, self.b), (self.b, self.a)):
            for data, base, to in side.take(self.now):
                sent = Sent(self.now, side, base.address, to, decode(data), data)
                self.log.append(sent)
                if self.lose is None or not self.lose(sent):
                    source = self.nat.get(base.address, base.address)
                    self.inject(other, source, to, data)

    def inject(self, to: Side, source: Address, destination: Address, data: bytes) -> None:
        """Put a datagram in the air."""
        self._order += 1
        entry = (self.now + self.delay, self._order, to, source, destination, data)
        heappush(self._air, entry)

    def next(self) -> float | None:
        instants = [s.agent.next_timeout() for s in (self.a, self.b)]
        if self._air:
            instants.append(self._air[0][0])
        return min((t for t in instants if t is not None), default=None)

    def step(self) -> bool:
        instant = self.next()
        if instant is None:
            return False
        self.now = max(self.now, instant)
        if self._air and self._air[0][0] <= self.now:
            _, _, side, source, destination, data = heappop(self._air)
            inverse = {outside: inside for inside, outside in self.nat.items()}
            base = side.bases.get(inverse.get(destination, destination))
            if base is not None:
                side.agent.receive_datagram(self.now, data, base, source)
        else:
            for side in (self.a, self.b):
                due = side.agent.next_timeout()
                if due is not None and due <= self.now:
                    side.agent.handle_timeout(self.now)
                    left = side.agent.next_timeout()
                    assert left is None or left > self.now
        self.drain()
        return True

    def run(self, until: float, stop: Callable[[], bool] = lambda: False) -> Wire:
        while not stop():
            instant = self.next()
            if instant is None or instant > until:
                self.now = max(self.now, until)
                break
            self.step()
        return self

    def requests(self, side: Side) -> list[Sent]:
        return [sent for sent in self.log if sent.side is side and sent.is_request]


def pair_of(
    a_hosts: Iterable[str] = ("10.0.0.1:5000",),
    b_hosts: Iterable[str] = ("10.0.0.2:6000",),
    a_config: AgentConfig = PLAIN,
    b_config: AgentConfig = PLAIN,
    *,
    streams: int = 1,
    components: int = 1,
    delay: float = 0.010,
    seed: int = 1,
) -> Wire:
    """A controlling side a and a controlled side b on one wire, not yet connected."""
    one = Side(
        "a", Role.CONTROLLING, a_hosts, a_config, streams=streams, components=components, seed=seed
    )
    two = Side(
        "b", Role.CONTROLLED, b_hosts, b_config, streams=streams, components=components, seed=seed
    )
    return Wire(one, two, delay)


def remote(
    text: str = "10.0.0.2:6000",
    *,
    component: int = 1,
    foundation: str = "1",
    kind: CandidateType = CandidateType.HOST,
    priority: int = 2130706431,
) -> Candidate:
    """A candidate as a peer would signal it."""
    return Candidate(component, kind, address(text), priority, foundation)


class Puppet:
    """A peer made by hand: it says exactly what a test wants it to say."""

    def __init__(
        self,
        side: Side,
        host: str = "10.0.0.2:6000",
        *,
        candidates: Iterable[Candidate] | None = None,
    ) -> None:
        self.side = side
        self.host = address(host)
        self.credentials = Credentials("PUPPETuf", "PUPPETpasswordPUPPETpass")
        self.key = Key.short_term(self.credentials.pwd)
        self.tie_breaker = 1
        own = (remote(host),) if candidates is None else tuple(candidates)
        self.description = Description(self.credentials, own)
        self._serial = 0

    @property
    def peer(self) -> Credentials:
        """The credentials of the agent under test."""
        return self.side.agent.local_description(0).credentials

    def identifier(self) -> bytes:
        self._serial += 1
        return self._serial.to_bytes(12, "big")

    def request(
        self,
        *,
        controlling: bool = False,
        nominate: bool = False,
        priority: int | None = 1862270975,
        username: str | None = None,
        pwd: str | None = None,
        extra: tuple[tuple[int, object], ...] = (),
        identifier: bytes | None = None,
        tie_breaker: int | None = None,
    ) -> bytes:
        tie = self.tie_breaker if tie_breaker is None else tie_breaker
        name = f"{self.peer.ufrag}:{self.credentials.ufrag}" if username is None else username
        attributes: list[tuple[int, object]] = [a.USERNAME(name)]
        if priority is not None:
            attributes.append(a.PRIORITY(priority))
        attributes.append(a.ICE_CONTROLLING(tie) if controlling else a.ICE_CONTROLLED(tie))
        if nominate:
            attributes.append(a.USE_CANDIDATE(True))
        message = Message(
            Method.BINDING,
            Class.REQUEST,
            identifier or self.identifier(),
            (*attributes, *extra),
        )
        return encode(message, Key.short_term(self.peer.pwd if pwd is None else pwd))

    def success(self, request: Message, mapped: Address, *, pwd: str | None = None) -> bytes:
        message = Message(
            Method.BINDING,
            Class.SUCCESS,
            request.transaction_id,
            (a.XOR_MAPPED_ADDRESS(mapped),),
        )
        return encode(message, self.key if pwd is None else Key.short_term(pwd))

    def error(self, request: Message, code: int, *, signed: bool = True) -> bytes:
        message = Message(
            Method.BINDING,
            Class.ERROR,
            request.transaction_id,
            (a.ERROR_CODE(a.ErrorCode(code, "")),),
        )
        return encode(message, self.key if signed else None)


def sent_by(side: Side, now: float | None = None) -> list[Sent]:
    """What an agent has sent since it was last asked; ``now`` is its last input's if not given."""
    now = side.agent._state.now if now is None else now
    return [
        Sent(now, side, base.address, to, decode(data), data) for data, base, to in side.take(now)
    ]


def advance(side: Side, until: float) -> list[Sent]:
    """Run an agent alone to an instant and collect what it sends."""
    found = sent_by(side)
    while (due := side.agent.next_timeout()) is not None and due <= until:
        side.agent.handle_timeout(due)
        found += sent_by(side, due)
    return found
