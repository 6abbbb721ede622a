"""RFC 3264 §4: what a controller knows of its dialogs, their streams and the open exchange."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import NamedTuple

import sdp
from sdp import SessionDescription
from sipice.ice import Agent, AgentConfig, Candidate, RestartId, StreamId
from sipice.net import Address, Command
from sipice.session.config import SessionConfig
from sipice.session.events import ClosePorts, OpenPorts, Reason, SessionEvent
from sipice.session.origin import Origin

SessionCommand = Command | OpenPorts | ClosePorts


class Mode(Enum):
    """How the media of an m= section travel."""

    ICE = "ICE"
    PLAIN = "without ICE"
    BUNDLED = "on the transport of another section (RFC 9143)"
    FOREIGN = "not over UDP, or to a group: none of our business"
    CLOSED = "port 0"


class Phase(Enum):
    """The offer/answer state of a dialog (RFC 3264, RFC 6337)."""

    STABLE = "no offer is open"
    LOCAL_OFFER = "our offer is open"
    REMOTE_OFFER = "the peer's offer is open"


class Step(Enum):
    """What an open exchange waits for."""

    PORTS = "sockets for its streams"
    GATHERING = "candidates for our offer"
    OUT = "the peer's answer"
    SHOWN = "the answer of our stack"
    RACING = "checks of pairs that the peer says it uses (RFC 8839 §4.4.2)"
    ANSWERING = "candidates for our answer"
    PREVIEWED = "the answer proper, behind a preview of it"


@dataclass(frozen=True, slots=True)
class Slot:
    """What one m= section is to us; its position is its identity (RFC 3264 §8)."""

    mode: Mode
    stream: StreamId | None = None
    """The ICE stream that serves it; of a bundled section that of the tagged one."""
    components: int = 1
    mux: bool = False
    """RTCP travels on the port of RTP, agreed by both (RFC 5761)."""
    mid: str | None = None
    own_mid: bool = False
    """The a=mid is ours; our stack does not see it."""
    mismatch: bool = False
    """Our answer has a=ice-mismatch."""

    @property
    def has_ports(self) -> bool:
        """Whether a stream of its own serves it."""
        return self.mode in (Mode.ICE, Mode.PLAIN)


CLOSED = Slot(Mode.CLOSED)


@dataclass(slots=True, eq=False)
class Exchange:
    """One offer on its way to an answer, and what becomes of the streams if it gets there."""

    step: Step
    plan: list[Slot]
    added: list[StreamId] = field(default_factory=list[StreamId])
    """Streams that exist for this exchange only until it stands."""
    restart: RestartId | None = None
    restarted: tuple[StreamId, ...] = ()
    marks: dict[StreamId, int] = field(default_factory=dict[StreamId, int])
    """The latest generation of each restarted stream before that."""
    local: SessionDescription | None = None
    """As our stack has it."""
    remote: SessionDescription | None = None
    budget: int | None = None
    leave_by: float | None = None
    """When our description leaves with the candidates that are there."""
    final: bool = True
    """The answer proper is to be sent, not only a preview."""
    refresh: bool = False
    """The peer repeats its last description: nothing changes (RFC 4028)."""
    sent: bytes = b""
    """Our offer or answer as it left."""
    shown: bytes = b""
    """The peer's preview as our stack has seen it."""
    told: dict[StreamId, tuple[Candidate, ...]] = field(
        default_factory=dict[StreamId, tuple[Candidate, ...]]
    )
    """The default candidates that our description names."""
    pinned: dict[StreamId, tuple[Candidate, ...]] = field(
        default_factory=dict[StreamId, tuple[Candidate, ...]]
    )
    """Our candidates of the pairs that the peer's offer says it uses (RFC 8839 §4.4.2)."""
    notes: list[str] = field(default_factory=list[str])

    @property
    def due(self) -> float | None:
        """When it has to go on by itself."""
        return self.leave_by if self.step in (Step.GATHERING, Step.ANSWERING) else None


class Selected(NamedTuple):
    """The selected pair of a component."""

    local: Candidate
    remote: Candidate


@dataclass(slots=True, eq=False)
class Stream:
    """What signalling remembers of one stream of a dialog."""

    floor: int = 0
    """Only generations above this one count: those before were restarted."""
    selected: dict[tuple[int, int], Selected] = field(
        default_factory=dict[tuple[int, int], Selected]
    )
    """By generation and component."""
    completed: set[int] = field(default_factory=set[int])
    """Generations in which every component has its pair."""
    failed: set[int] = field(default_factory=set[int])
    """Generations whose checklist has failed and did not come back."""
    capacity: int = 1
    """Components that it still has sockets for."""
    defaults: tuple[Candidate, ...] = ()
    """The default candidates that the peer knows."""
    ufrag: str = ""
    """Of the generation that ``known`` and ``ended`` are about."""
    known: tuple[Candidate, ...] = ()
    """The candidates that the peer has been told of it, in order (RFC 8840 §4.4)."""
    ended: bool = False
    """It has been told that there are no more."""
    peers: tuple[Address | None, ...] = ()
    """Without ICE: where the peer wants its media."""
    unended: str = ""
    """The ufrag whose end mark waits until the names of its candidates are known."""
    again: bool = False
    """An answer took ICE away: our next offer begins it anew (RFC 8839 §4.4.3.1)."""
    refused: bool = False
    """The peer cannot do what the stream needs: our next offer removes it (RFC 8858 §4.4)."""

    @property
    def nominated(self) -> tuple[Selected, ...]:
        """The selected pairs by component once all have one; of the agreed generation only."""
        agreed = max((one for one in self.completed if one > self.floor), default=None)
        parts = sorted(self.selected.items())
        return tuple(pair for (generation, _), pair in parts if generation == agreed)

    @property
    def has_failed(self) -> bool:
        """Whether the agreed generation has no path."""
        return any(one > self.floor for one in self.failed)

    @property
    def latest(self) -> int:
        """The highest generation that anything was heard of."""
        return max(self.floor, *self.completed, *self.failed, *(one for one, _ in self.selected), 0)

    def for_sibling(self) -> Stream:
        """The same local side, for another branch of a fork."""
        return Stream(capacity=self.capacity, ufrag=self.ufrag, known=self.known, ended=self.ended)

    def begin_anew(self, mark: int) -> None:
        """A restart stands: generations up to this one count no more."""
        self.floor, self.again = mark, False
        self._keep(lambda generation: generation > mark)

    def go_back(self, mark: int) -> None:
        """A restart came to nothing: generations above this one never were."""
        self._keep(lambda generation: generation <= mark)

    def _keep(self, wanted: Callable[[int], bool]) -> None:
        self.selected = {key: pair for key, pair in self.selected.items() if wanted(key[0])}
        self.completed = set(filter(wanted, self.completed))
        self.failed = set(filter(wanted, self.failed))


class Trickled(NamedTuple):
    """A candidate of the peer's that came by itself; None: there are no more."""

    stream: StreamId
    candidate: Candidate | None
    ufrag: str


@dataclass(slots=True, eq=False)
class Dialog:
    """One dialog: an agent, the state of offer/answer, and the last agreed descriptions."""

    name: str
    agent: Agent
    phase: Phase = Phase.STABLE
    slots: tuple[Slot, ...] = ()
    exchange: Exchange | None = None
    local: SessionDescription | None = None
    """Ours, as last agreed, as it was sent."""
    remote: SessionDescription | None = None
    """The peer's, as last agreed, as it came."""
    ours: Origin = field(default_factory=Origin)
    """The o= line that the peer sees."""
    theirs: Origin = field(default_factory=Origin)
    """The o= line that our stack sees."""
    streams: dict[StreamId, Stream] = field(default_factory=dict[StreamId, Stream])
    confirmed: bool = False
    trickles: bool | None = None
    """What SIP says about trickling to this peer; None: the descriptions decide."""
    restart: dict[StreamId, Reason] = field(default_factory=dict[StreamId, Reason])
    """Streams that our next offer has to restart, and why."""
    reported: set[tuple[Reason | int | None, ...]] = field(
        default_factory=set[tuple[Reason | int | None, ...]]
    )
    """What our owner has been told, and of which generations; None: that all have failed."""
    fragment: bytes = b""
    """The last one handed out."""
    waiting: list[Trickled] = field(default_factory=list["Trickled"])
    """What the peer has trickled before the agent may know of its description."""

    def stream(self, number: StreamId) -> Stream:
        """The memory of a stream, made when first asked for."""
        return self.streams.setdefault(number, Stream())

    @property
    def is_agreed(self) -> bool:
        """Whether an exchange stands and none is open."""
        return bool(self.slots) and self.exchange is None

    @property
    def plan(self) -> tuple[Slot, ...]:
        """The slots as the open exchange wants them, else as agreed."""
        return self.slots if self.exchange is None else tuple(self.exchange.plan)


@dataclass(slots=True, eq=False)
class Ports:
    """The sockets of one stream, as far as signalling cares."""

    anchor: tuple[Address, ...] = ()
    """Where our stack shall send; empty where media does not pass the stack."""
    opening: bool = True
    """The shell has been asked for sockets and has not said that they are there."""
    gathering: bool = False
    asked: bool = False
    """The shell knows of the stream."""


class Named(NamedTuple):
    """A candidate of the peer's with a name for an address."""

    dialog: str
    stream: StreamId
    candidate: sdp.Candidate
    ufrag: str


class Offered(NamedTuple):
    """The initial offer, kept for further branches of a fork."""

    sent: bytes
    local: SessionDescription
    plan: tuple[Slot, ...]
    ours: Origin
    told: dict[StreamId, tuple[Candidate, ...]]
    streams: dict[StreamId, Stream]


@dataclass(slots=True, eq=False)
class Leg:
    """Everything one controller knows: its dialogs share sockets, credentials and limits."""

    config: SessionConfig
    agent: AgentConfig
    rng: Random
    root: Agent
    """Owns the local side; it serves the first dialog."""
    now: float = 0.0
    dialogs: dict[str, Dialog] = field(default_factory=dict[str, Dialog])
    ports: dict[StreamId, Ports] = field(default_factory=dict[StreamId, Ports])
    bases: dict[int, StreamId] = field(default_factory=dict[int, StreamId])
    """The stream that each base, by its number, was bound for."""
    offered: Offered | None = None
    spare: Agent | None = None
    """Keeps the local side as it was offered while further branches may answer."""
    names: dict[str, list[Named]] = field(default_factory=dict[str, list["Named"]])
    """Candidates that wait for the address behind their name."""
    hosts: dict[str, tuple[Address, ...] | None] = field(
        default_factory=dict[str, "tuple[Address, ...] | None"]
    )
    """Names of peers without ICE, oldest first; None: asked for."""
    commands: list[SessionCommand] = field(default_factory=list[SessionCommand])
    events: list[SessionEvent] = field(default_factory=list[SessionEvent])
    begun: bool = False
    """The root has its dialog."""
    confirmed: bool = False
    """A 2xx has come: no further branch is expected."""
    closed: bool = False

    def agents(self) -> list[Agent]:
        """All that live, in the order of their dialogs."""
        found = [dialog.agent for dialog in self.dialogs.values()]
        for one in (self.root, self.spare):
            if one is not None and one not in found:
                found.append(one)
        return found
