"""What a rule of the table is, what it finds, and how values are shown in its sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Literal

from sdp.ice import Candidate
from sdp.lint.view import Hit, View

Kind = Literal["offer", "answer"]
Hits = Iterator[Hit]
Check = Callable[[View], Hits]

_SHOWN = 40
_CLIPPED = 120
_SECRET = re.compile(r"pwd|passw|inline:", re.IGNORECASE)
_LONG_WORD = re.compile(r"([A-Za-z0-9+/]{6})[A-Za-z0-9+/]{16,}")
"""What is long enough for a password (RFC 8839 §5.4), wherever a damaged line has put it."""


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """A rule of an RFC is broken, or a conforming peer will refuse or ignore something."""

    WARNING = "warning"
    """Allowed or tolerated, yet known to go wrong with some peers."""

    INFO = "info"
    """Nothing is wrong; it explains what a peer will conclude."""


class Scope(Enum):
    """What a rule looks at."""

    ANY = "description or fragment"
    DESCRIPTION = "description"
    FRAGMENT = "fragment"
    PAIR = "two successive descriptions of one side"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact about one place of a description, worded for a SIP engineer."""

    code: str
    """Stable; the key of the rule in docs/lint.md."""

    severity: Severity
    message: str
    rfc: str
    section: str
    line: int | None
    """From 1; None only where there is no line at all."""

    stream: int | None
    """The position of the m= section, None at session level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the table."""

    code: str
    severity: Severity
    title: str
    rfc: str
    section: str
    why: str
    """What goes wrong, for people who meet the finding for the first time."""

    bad: str | bytes
    """A tiny example: bytes are all of it, a text stands below a complete session head."""

    good: str | bytes
    """The same without the fault."""

    check: Check
    scope: Scope = Scope.ANY
    only: Kind | None = None
    """Whether the rule holds for offers or answers only."""

    earlier: str = ""
    """For a PAIR: the description that came before the example."""

    def applies(self, scope: Scope, kind: Kind | None) -> bool:
        """Whether the rule is to be asked about a text of that scope and kind."""
        if self.scope is not scope and (self.scope is not Scope.ANY or scope is Scope.PAIR):
            return False
        return self.only is None or self.only == kind

    def findings(self, view: View) -> Iterator[Finding]:
        """What the rule has to say."""
        for message, line, stream in self.check(view):
            yield Finding(self.code, self.severity, message, self.rfc, self.section, line, stream)


def rule(
    code: str,
    severity: Severity,
    title: str,
    where: tuple[str, str],
    *,
    why: str,
    bad: str | bytes,
    good: str | bytes,
    scope: Scope = Scope.ANY,
    only: Kind | None = None,
    earlier: str = "",
) -> Callable[[Check], Rule]:
    """Make the decorated function a row of the table."""

    def row(check: Check) -> Rule:
        return Rule(
            code=code,
            severity=severity,
            title=title,
            rfc=where[0],
            section=where[1],
            why=why,
            bad=bad,
            good=good,
            check=check,
            scope=scope,
            only=only,
            earlier=earlier,
        )

    return row


def each_candidate(judge: Callable[[Candidate], str | None]) -> Check:
    """Ask the decorated function about every readable candidate; its text is the message."""

    def check(view: View) -> Hits:
        for level in view.levels:
            for position, candidate in level.candidates:
                message = judge(candidate)
                if message is not None:
                    yield level.hit(position, message)

    return check


def shown(value: str) -> str:
    """A value for a message: quoted, without odd characters, of bounded length, no secrets."""
    if _SECRET.search(value):
        return "(not shown, it may hold a password)"
    short = _LONG_WORD.sub(r"\1…", value[:_SHOWN])
    if len(value) <= _SHOWN:
        return repr(short)
    return f"{short!r}… ({len(value)} characters)"


def clipped(reason: str) -> str:
    """A reason for a message, which may quote a value, of bounded length and without secrets."""
    if _SECRET.search(reason):
        return "the value cannot be read"
    short = _LONG_WORD.sub(r"\1…", reason)
    return short if len(short) <= _CLIPPED else f"{short[:_CLIPPED]}…"


def plural(count: int, noun: str) -> str:
    """``1 line``, ``2 lines``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
