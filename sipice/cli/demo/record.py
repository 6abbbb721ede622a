"""What happened in a demonstration call, for the table, the report and the last line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from sipice.cli.story import Story


class Moment(NamedTuple):
    """Something that happened in the call, seconds on the loop's clock."""

    at: float
    text: str


class Described(NamedTuple):
    """One SDP as the stack wrote it and as it left."""

    at: float
    who: str
    what: str
    before: bytes
    after: bytes


@dataclass(slots=True)
class Heard:
    """The media that came to one side."""

    sent: int = 0
    """By the other side."""
    received: int = 0
    lost: int = 0
    jitter: float = 0.0
    """Seconds (RFC 3550 §6.4.1)."""
    tone: float | None = None
    """The frequency that was found, hertz."""
    expected_tone: float = 0.0
    times: list[float] = field(default_factory=list[float])
    """When packets came."""

    @property
    def is_right(self) -> bool:
        """Everything that was sent came, and it was the other side's tone."""
        return self.received > 0 and self.lost == 0 and self.tone == self.expected_tone


@dataclass(slots=True)
class Side:
    """One of the two user agents."""

    name: str
    stories: list[Story] = field(default_factory=list[Story])
    heard: Heard = field(default_factory=Heard)


@dataclass(slots=True)
class CallRecord:
    """The whole call."""

    stack: str
    nat: str
    sides: tuple[Side, Side]
    began_at: float = 0.0
    ended_at: float = 0.0
    moments: list[Moment] = field(default_factory=list[Moment])
    described: list[Described] = field(default_factory=list[Described])
    problems: list[str] = field(default_factory=list[str])
    """What was not as it should be; a call without any succeeded."""

    def note(self, at: float, text: str) -> None:
        """Something happened."""
        self.moments.append(Moment(at, text))
