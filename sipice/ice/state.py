"""The data of an agent (RFC 8445 §6.1): what the procedures read and change, and nothing else.

Agents are many and live long. So what is empty most of the time is a tuple, which costs nothing
while it is empty, and what comes and goes all the time is a list or a dictionary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import NamedTuple, Protocol

from sipice.ice.candidate import BaseUse, Candidate, TcpType
from sipice.ice.config import AgentConfig
from sipice.ice.credentials import Credentials
from sipice.ice.events import Event
from sipice.ice.pacer import Pacer
from sipice.ice.pair import CandidatePair, Role
from sipice.ice.question import Asking, Question
from sipice.ice.recorder import Recorder
from sipice.ice.timers import Timers
from sipice.net import SILENT, Address, Base, Command, Flow, MediaTable, Resolve
from sipice.stun import Key
from sipice.stun.check import CheckTemplate
from sipice.stun.framing import Framer

StreamId = int
"""The position of an m= section in the order of ``add_stream``."""

_ID_BLOCK = 12 * 8


class ChecklistState(Enum):
    """The states of §6.1.2.1."""

    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"


_RUNNING = ChecklistState.RUNNING


class Relay(Protocol):
    """What the procedures need of an allocation; ``RelayPort`` puts the TURN client behind it."""

    socket: Base

    def send(self, state: AgentState, data: bytes, peer: Address) -> None:
        """Send ``data`` to ``peer`` from the relayed address, permission included."""

    def path(self, peer: Address) -> tuple[Base, Address, int | None]:
        """The socket, the server and the channel by which media reaches ``peer``."""

    @property
    def flow(self) -> Flow | None:
        """The connection to the server, instead of the socket."""

    @property
    def is_under_way(self) -> bool:
        """Whether the allocation has neither come nor failed."""

    def permit(self, state: AgentState, peers: list[Address]) -> None:
        """Let these peers through before they are checked (RFC 8445 §7.2.1)."""

    def bind(self, state: AgentState, peer: Address) -> None:
        """Ask for a channel: ``peer`` was selected (RFC 8445 §12.1)."""

    def release(self, state: AgentState) -> None:
        """Give the allocation back."""

    @property
    def key(self) -> Key | None:
        """What the server's answers are sealed with."""


class EarlyCheck(NamedTuple):
    """A check that was answered before the peer's description was known (§7.3)."""

    at: float
    base: Base
    remote: Address
    ufrag: str
    priority: int
    use_candidate: bool
    id: bytes


@dataclass(slots=True, eq=False)
class LocalGeneration:
    """Our half of a generation; forked agents share it (one offer, several answers)."""

    number: int
    stream: StreamId
    credentials: Credentials
    key: Key
    candidates: list[Candidate] = field(default_factory=list)
    delivered: int = 0
    """So many of the candidates have been handed to the signalling and may be paired."""
    reflexive: tuple[Candidate, ...] = ()
    """Peer-reflexive ones; they are not signalled (§7.2.5.3.1)."""
    preferences: dict[bytes, int] = field(default_factory=dict)
    """The local preference of each IP address (§5.1.2.1)."""
    gathering: bool = False
    finished: bool = False
    """The end of gathering has been told (RFC 8838 §13)."""
    early: tuple[EarlyCheck, ...] = ()
    foundations: dict[tuple[object, ...], str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class LocalBase:
    """A base with the component it serves and the agents that use it."""

    base: Base
    stream: StreamId
    component: int
    users: int
    """One bit for each sibling that still uses it."""
    listed: bool = False
    """Its host candidate has been made."""
    asked: int = 0
    """The local generation for which servers were last asked from it."""
    tcptype: TcpType | None = None
    relay: Relay | None = None
    tier: int = 0
    """Addresses of a lower tier are preferred to all of a higher one."""
    use: BaseUse | None = None


class Connection:
    """A byte stream between a TCP base and a remote address, or to a TURN server."""

    __slots__ = (
        "accepted",
        "base",
        "flow",
        "framer",
        "is_open",
        "is_writable",
        "kept",
        "relay",
        "remote",
        "requested",
        "spoken",
    )

    def __init__(
        self, flow: Flow, base: Base, remote: Address, *, framer: Framer, is_open: bool
    ) -> None:
        self.flow = flow
        self.base = base
        self.remote = remote
        self.framer = framer
        self.relay: Relay | None = None
        """The allocation that the server at its end keeps for us."""
        self.is_open = is_open
        self.is_writable = True
        self.requested = False
        """The shell has been asked to connect."""
        self.accepted = False
        self.spoken = False
        """A STUN message has come over it."""
        self.kept: list[bytes] = []
        """Frames that wait until it takes bytes."""

    @property
    def kept_bytes(self) -> int:
        """How much waits."""
        return sum(map(len, self.kept))


@dataclass(slots=True, eq=False)
class LocalSide:
    """What siblings of a fork share: bases, allocations and the counters that name things."""

    bases: dict[int, LocalBase] = field(default_factory=dict)
    members: tuple[AgentState, ...] = ()
    next_stream: StreamId = 0
    next_base: int = 1
    next_generation: int = 1
    next_member: int = 1
    relays: dict[tuple[int, Address], Relay] = field(default_factory=dict)
    """Allocations by number of base, or of the flow to the server, and address of the server."""
    flows: dict[int, Connection] = field(default_factory=dict)
    """Connections to servers by the number of the flow."""
    addresses: dict[int, Sequence[Address]] = field(default_factory=dict)
    """What the names of servers stand for, by the server's position in the configuration."""
    queries: tuple[Resolve, ...] = ()
    """Names that are being looked up."""


@dataclass(slots=True, eq=False)
class Remote:
    """The peer's half of a generation."""

    credentials: Credentials
    key: Key
    template: CheckTemplate
    lite: bool
    candidates: list[Candidate] = field(default_factory=list)
    complete: bool = False
    """No candidate is awaited."""
    ended: bool = False
    """By an end mark: none counts any more (RFC 8838 §14)."""


@dataclass(slots=True, eq=False)
class Component:
    """One component of a generation while checks run and after."""

    number: int
    valid: list[CandidatePair] = field(default_factory=list)
    """Valid pairs, best first (§7.2.5.3.2)."""
    selected: CandidatePair | None = None
    nominating: CandidatePair | None = None
    """The pair whose nomination is under way or done; there is never a second (§8.1.1)."""
    waits: bool = False
    """A deadline of the stopping rule may be armed."""


@dataclass(slots=True, eq=False)
class Generation:
    """One run of ICE over a stream: credentials, candidates, checklist (§9 starts the next)."""

    number: int
    stream: StreamId
    local: LocalGeneration
    components: tuple[Component, ...]
    remote: Remote | None = None
    state: ChecklistState = ChecklistState.RUNNING
    checklist: list[CandidatePair] = field(default_factory=list)
    """By decreasing priority."""
    index: dict[tuple[int, Address], CandidatePair] = field(default_factory=dict)
    """The pairs of the checklist by number of base and remote address."""
    triggered: tuple[CandidatePair, ...] = ()
    sources: tuple[tuple[int, Address], ...] = ()
    """Where authenticated messages came from: media may come from there too (§12.2)."""
    pac_running: bool = False
    touched: bool = False
    """Something changed that may decide about nomination, completion or failure."""

    @property
    def is_running(self) -> bool:
        """Whether its checklist takes part in the round robin of §6.1.4.2."""
        return self.remote is not None and self.state is ChecklistState.RUNNING

    def component(self, number: int) -> Component | None:
        """The component of this number, None when the peer has no such."""
        return self.components[number - 1] if 0 < number <= len(self.components) else None


@dataclass(slots=True, eq=False)
class Plain:
    """The path of a component whose stream does no ICE (RFC 3264)."""

    base: Base
    peer: Address | None
    """Where media goes; None: nowhere."""
    until: float
    """So long media from elsewhere may move the path."""
    latched: bool = False
    """It has moved."""
    yields: bool = False
    """A valid pair ends it."""
    signalled: Address | None = None


@dataclass(slots=True, eq=False)
class Media:
    """The pair that carries one component now, and our consent to use it."""

    component: int
    table: MediaTable = SILENT
    pair: CandidatePair | None = None
    plain: Plain | None = None
    """The path without ICE, while there is one."""
    generation: int = 0
    consent_at: float = 0.0
    """When the last authenticated response came (RFC 7675 §5.1)."""
    sent_at: float = 0.0
    """When something was last sent on the pair."""
    lost: bool = False
    broken: bool = False
    """Its connection is gone; media waits for a check that succeeds on another (RFC 6544 §11.1)."""
    quiet: bool = False
    heard_more: bool = False
    """The sources of its table are to be collected anew."""
    watched: float | None = None
    """When the first consent check was sent that nothing answered yet."""


@dataclass(slots=True, eq=False)
class Stream:
    """One m= section."""

    id: StreamId
    components: int
    current: Generation
    media: tuple[Media, ...]
    next: Generation | None = None
    """Prepared by a restart, beside the current one until it takes over."""
    committed: bool = False
    asking: tuple[Asking, ...] = ()
    """The servers that have not answered yet."""
    retired: Generation | None = None
    """The one before the current, still answering for a short while."""

    def generations(self) -> tuple[Generation, ...]:
        """The living ones; the current one first."""
        if self.next is None and self.retired is None:
            return (self.current,)
        living = (self.current, self.next, self.retired)
        return tuple(generation for generation in living if generation is not None)


@dataclass(slots=True, eq=False)
class Check:
    """An outstanding connectivity check (§7.2)."""

    id: bytes
    pair: CandidatePair
    generation: Generation
    data: bytes
    role: Role
    priority: int
    started: float
    rto: float
    nominating: bool = False
    sent: int = 1
    cancelled: bool = False

    @property
    def base(self) -> Base:
        """Where it leaves."""
        return self.pair.base

    @property
    def to(self) -> Address:
        """Where it goes."""
        return self.pair.remote.address


@dataclass(slots=True, eq=False)
class ServerRequest:
    """A Binding request to a STUN server (§5.1.1.2)."""

    id: bytes
    base: Base
    to: Address
    data: bytes
    stream: StreamId
    started: float
    rto: float
    rank: int = 0
    """The position of the server among the configured ones."""
    keepalive: bool = False
    sent: int = 1
    cancelled: bool = False


@dataclass(slots=True, eq=False)
class ConsentCheck:
    """An outstanding consent check (RFC 7675 §5.1); sent once."""

    id: bytes
    pair: CandidatePair
    stream: StreamId
    component: int
    started: float
    role: Role


Outstanding = Check | ConsentCheck | ServerRequest


@dataclass(slots=True, eq=False)
class Counters:
    """What was dropped and why, for people; never a reason to act."""

    not_stun: int = 0
    malformed: int = 0
    unauthenticated: int = 0
    unmatched: int = 0
    refused_destinations: int = 0
    limited: int = 0


@dataclass(slots=True, eq=False)
class AgentState:
    """Everything one agent knows."""

    config: AgentConfig
    rng: Random
    role: Role
    tie_breaker: int
    pacer: Pacer
    local: LocalSide
    ta: float
    member: int = 1
    """Our bit in the users of a base."""
    tracer: Recorder | None = None
    now: float = 0.0
    timers: Timers = field(default_factory=Timers)
    streams: dict[StreamId, Stream] = field(default_factory=dict)
    transactions: dict[bytes, Outstanding] = field(default_factory=dict)
    connections: dict[tuple[int, Address], Connection] = field(default_factory=dict)
    """By number of the base and remote address."""
    flows: dict[int, Connection] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    commands: list[Command] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    counters: Counters = field(default_factory=Counters)
    last_new: float = float("-inf")
    """When the last new transaction was started (§14.2)."""
    slot: float | None = None
    """The slot the pacer gave us, until it is used or given back."""
    served: tuple[StreamId, int] = (-1, -1)
    """Stream and generation of the checklist that was served last (§6.1.4.2)."""
    restless: bool = False
    """Something may have become ready to be sent, or is so no more."""
    touched: tuple[Generation, ...] = ()
    """Generations to be looked at when the present input has been dealt with."""
    stale: tuple[tuple[StreamId, int], ...] = ()
    """Streams and components whose media table is to be made anew after the present input."""
    refusals: int = 0
    """Error responses to unauthenticated requests within the second since ``refusals_since``."""
    refusals_since: float = float("-inf")
    restarts: dict[int, tuple[StreamId, ...]] = field(default_factory=dict)
    """The streams of each restart that is under way."""
    next_restart: int = 1
    closed: bool = False
    identifiers: bytes = b""

    def draw_transaction_id(self) -> bytes:
        """96 random bits (RFC 8489 §5), drawn in blocks."""
        block = self.identifiers or self.rng.randbytes(_ID_BLOCK)
        self.identifiers = block[12:]
        return block[:12]

    def touch(self, generation: Generation) -> None:
        """Have ``generation`` looked at when the present input has been dealt with."""
        if not generation.touched:
            generation.touched = True
            self.touched += (generation,)

    def outdate(self, stream: StreamId, component: int) -> None:
        """Have a media table made anew when the present input has been dealt with."""
        if (stream, component) not in self.stale:
            self.stale += ((stream, component),)

    def running(self) -> list[Generation]:
        """The checklists with something to do, in order of streams.

        A completed one comes back while a legacy peer's further nomination is being checked.
        """
        found: list[Generation] = []
        for stream in self.streams.values():
            one, following = stream.current, stream.next
            if one.remote is not None and (one.state is _RUNNING or one.triggered):
                found.append(one)
            if following is not None and (following.is_running or following.triggered):
                found.append(following)
        return found

    def find(self, stream: StreamId, generation: int) -> Generation | None:
        """The living generation of a stream by its number."""
        found = self.streams.get(stream)
        if found is not None:
            for candidate in found.generations():
                if candidate.number == generation:
                    return candidate
        return None
