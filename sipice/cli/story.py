"""What happened in one session, put together from its records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Record: TypeAlias = dict[str, Any]

DEFAULT_TA = 0.050


@dataclass(slots=True)
class Memory:
    """What is only needed while stories are put together."""

    ufrags: list[str] = field(default_factory=list[str])
    """Of the generations, in order."""
    packet: Record = field(default_factory=dict[str, Any])
    """The last message that came."""
    heard: set[str] = field(default_factory=set[str])
    """The transactions of the peer's checks."""


@dataclass(slots=True)
class Check:
    """One check that we sent, with its copies."""

    id: str
    at: float
    kind: str
    why: str
    copies: int = 1
    result: str = "unanswered"
    """Also ``succeeded``, ``failed``, ``refused``, ``replaced``."""
    ended_at: float | None = None
    reason: str = ""


@dataclass(slots=True)
class Pair:
    """A candidate pair of one component."""

    text: str
    component: int
    formed_at: float
    number: int = 0
    """Its name in tables and timeline, counted over the session."""
    local: str = "?"
    remote: str = "?"
    priority: int = 0
    checks: list[Check] = field(default_factory=list[Check])
    heard: list[float] = field(default_factory=list[float])
    """When checks of the peer came."""
    rtt: float | None = None
    succeeded_at: float | None = None
    failed: str = ""
    mapped: str = ""
    """Our address as the peer saw it."""

    @property
    def base(self) -> str:
        """Where we send from."""
        return self.text.partition(" > ")[0]

    @property
    def to(self) -> str:
        """Where we send to."""
        return self.text.partition(" > ")[2]


@dataclass(slots=True)
class Wait:
    """A nomination that waited for better pairs."""

    at: float
    until: float | None
    better: list[str]


@dataclass(slots=True)
class Selection:
    """A pair that was selected."""

    at: float
    pair: str
    local: str
    remote: str
    local_type: str
    remote_type: str
    by: str

    @property
    def is_relayed(self) -> bool:
        """Whether media takes a detour over a TURN server."""
        return "relay" in (self.local_type, self.remote_type)


@dataclass(slots=True)
class Part:
    """One component of a run."""

    number: int
    valid_at: float | None = None
    valid_pair: str = ""
    decided_at: float | None = None
    waits: list[Wait] = field(default_factory=list[Wait])
    selections: list[Selection] = field(default_factory=list[Selection])


@dataclass(slots=True)
class Run:
    """One generation of one stream: one run of ICE."""

    stream: int
    generation: int
    began_at: float
    components: int = 1
    ufrag: str = ""
    peer_ufrag: str = ""
    gathering: float | None = None
    """How long its servers were asked."""
    known_at: float | None = None
    """When the peer's description came."""
    peer_lite: bool = False
    peer_complete: bool = False
    pacing_ms: int | None = None
    """What the peer proposed."""
    local: list[Record] = field(default_factory=list[Record])
    remote: list[tuple[Record, str]] = field(default_factory=list[tuple[Record, str]])
    pairs: dict[str, Pair] = field(default_factory=dict[str, Pair])
    parts: dict[int, Part] = field(default_factory=dict[int, Part])
    heard: list[tuple[float, str, bool]] = field(default_factory=list[tuple[float, str, bool]])
    """The peer's checks: when, on which pair, whether they nominate."""
    repeats: int = 0
    """Copies of checks of the peer that had come before: our answers did not reach it."""
    early: int = 0
    completed_at: float | None = None
    failed_at: float | None = None
    failed_why: str = ""
    resumed: int = 0
    took_over_at: float | None = None

    @property
    def state(self) -> str:
        """How it stands at the end of the record."""
        if self.completed_at is not None:
            return "connected"
        if self.failed_at is not None:
            return "failed"
        if self.known_at is None:
            return "waiting"
        return "running"

    @property
    def checks(self) -> list[Check]:
        """All checks in order of sending."""
        found = [check for pair in self.pairs.values() for check in pair.checks]
        return sorted(found, key=lambda check: check.at)

    @property
    def ordered(self) -> list[Pair]:
        """The pairs by component and priority."""
        return sorted(self.pairs.values(), key=lambda pair: (pair.component, -pair.priority))

    def part(self, number: int) -> Part:
        """The component of this number."""
        return self.parts.setdefault(number, Part(number))


@dataclass(slots=True)
class Server:
    """One server asked from one base."""

    kind: str
    address: str
    base: str
    asked_at: float
    answered_at: float | None = None
    mapped: str = ""
    relayed: list[str] = field(default_factory=list[str])
    failed: str = ""
    code: int | None = None
    failed_at: float | None = None


@dataclass(slots=True)
class PathStory:
    """How the media path of a component fared."""

    stream: int
    component: int
    first_at: float | None = None
    sends: list[tuple[float, str | None]] = field(default_factory=list[tuple[float, str | None]])
    asked: int = 0
    answered: int = 0
    last_answer: float | None = None
    quiet: list[float] = field(default_factory=list[float])
    back: list[float] = field(default_factory=list[float])
    lost: tuple[float, str] | None = None


@dataclass(slots=True)
class Entry:
    """One line of the timeline."""

    at: float
    text: str
    weight: int = 1
    """0 for what is left out first where space is short, 3 for what decides."""
    pair: Pair | None = None
    """Stands for ``{pair}`` in the text."""


@dataclass(slots=True)
class Story:
    """One session, seen from the agent that recorded it."""

    source: str
    name: str = ""
    sibling: int = 1
    role: str = ""
    first_role: str = ""
    config: Record = field(default_factory=dict[str, Any])
    records: int = 0
    cut: bool = False
    epoch: float | None = None
    """The Unix time at which the agent's clock showed 0, if the record says so."""
    began_at: float | None = None
    """The first instant at which the agent was told the time."""
    ended_at: float = 0.0
    closed_at: float | None = None
    components: dict[int, int] = field(default_factory=dict[int, int])
    """Of each stream."""
    runs: list[Run] = field(default_factory=list[Run])
    servers: list[Server] = field(default_factory=list[Server])
    gather_at: dict[int, float] = field(default_factory=dict[int, float])
    """When each stream last began to ask its servers."""
    unanswered: int = 0
    conflicts: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    """When, and who had to change."""
    wanted: str = ""
    """The role that both sides wanted in the last of them."""
    switched: int = 0
    wrong_requests: Counter[str] = field(default_factory=Counter[str])
    """Requests of others that were answered with 401 or 400, by reason."""
    refused_by_peer: Counter[int] = field(default_factory=Counter[int])
    """Error answers to our checks, by code."""
    unsealed: Counter[int] = field(default_factory=Counter[int])
    """Error answers to our checks that nothing proves to be the peer's, by code."""
    dropped: Counter[str] = field(default_factory=Counter[str])
    forbidden: set[str] = field(default_factory=set[str])
    not_permitted: set[str] = field(default_factory=set[str])
    paths: dict[tuple[int, int], PathStory] = field(
        default_factory=dict[tuple[int, int], PathStory]
    )
    timeline: list[Entry] = field(default_factory=list[Entry])

    @property
    def is_lite(self) -> bool:
        """Whether the agent only answers."""
        return bool(self.config.get("lite"))

    @property
    def server_kinds(self) -> set[str]:
        """What kinds of servers were configured."""
        return {str(one["kind"]) for one in self.config.get("servers", ())}

    def ta(self, run: Run) -> float:
        """The pacing that both sides agreed on."""
        ours = float(self.config.get("ta", DEFAULT_TA))
        theirs = DEFAULT_TA if run.pacing_ms is None else run.pacing_ms / 1000
        return max(ours, theirs)

    def run(self, stream: int, generation: int | None = None) -> Run | None:
        """The run of a generation, the newest if none is named."""
        for run in reversed(self.runs):
            if run.stream == stream and generation in (None, run.generation):
                return run
        return None

    def note(self, at: float, text: str, weight: int = 1, pair: Pair | None = None) -> None:
        """One line more for the timeline."""
        self.timeline.append(Entry(at, text, weight, pair))

    def run_of(self, record: Record) -> Run:
        """The run that a record belongs to."""
        run = self.run(record["stream"], record.get("generation"))
        if run is None:
            raise ValueError(f"stream {record['stream']} has not been added")
        return run

    def pair_of(self, record: Record) -> Pair:
        """The pair that a record belongs to."""
        pairs, text = self.run_of(record).pairs, record["pair"]
        if text not in pairs:
            pairs[text] = Pair(text, record["component"], record["at"])
        return pairs[text]

    def fork(self, number: int) -> Story:
        """A sibling: the same local side, and nothing else yet."""
        story = Story(source=self.source, name=self.name, sibling=number, cut=self.cut)
        story.role = story.first_role = self.first_role
        story.config, story.servers = self.config, self.servers
        story.components, story.began_at = dict(self.components), self.began_at
        story.epoch = self.epoch
        for run in self.runs:
            copy = Run(run.stream, run.generation, run.began_at, run.components, run.ufrag)
            copy.local = deepcopy(run.local)
            story.runs.append(copy)
        return story

    def finish(self) -> None:
        """All records are in: give the pairs their numbers."""
        number = 0
        for run in self.runs:
            for pair in run.ordered:
                number += 1
                pair.number = number
            until = run.completed_at  # later checks ask for consent
            for at, text, _ in run.heard:
                if text in run.pairs and (until is None or at <= until):
                    run.pairs[text].heard.append(at)
        for entry in self.timeline:
            if entry.pair is not None:
                entry.text = entry.text.replace("{pair}", f"#{entry.pair.number}")

    def path(self, stream: int, component: int) -> PathStory:
        """The media path of a component."""
        return self.paths.setdefault((stream, component), PathStory(stream, component))


Tell: TypeAlias = Callable[[Memory, Story, float, Record], None]
"""What one kind of record adds to a story."""
