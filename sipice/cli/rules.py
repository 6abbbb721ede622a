"""The rules that ``sipice lint`` asks: those of ``sdp.lint``, and those about the SIP message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sdp.lint import RULES, Finding, Severity, check, compare
from sdp.lint.rule import Kind
from sipice.cli.found import Found
from sipice.cli.report import UDP_LIMIT, size_warning


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFacts:
    """A rule as it is listed and explained."""

    code: str
    severity: Severity
    title: str
    rfc: str
    section: str
    why: str
    bad: bytes = b""
    good: bytes = b""


SIZE = RuleFacts(
    code="SIP001",
    severity=Severity.WARNING,
    title=f"A SIP message over UDP has more than {UDP_LIMIT:,} bytes",
    rfc="3261",
    section="18.1.1",
    why="It may travel in fragments, which NATs and firewalls often drop: the call then hangs "
    "without any answer. Send it over TCP, or with fewer candidates and codecs.",
)
FORM = RuleFacts(
    code="SIP002",
    severity=Severity.WARNING,
    title="The SIP message around the description is not well formed",
    rfc="3261",
    section="7",
    why="It could be read here, but a strict peer may cut the description off or drop the message.",
)


def _facts(bad: str | bytes) -> bytes:
    return bad if isinstance(bad, bytes) else bad.encode("utf-8", "surrogateescape")


ALL_RULES: tuple[RuleFacts, ...] = (
    *(
        RuleFacts(
            code=rule.code,
            severity=rule.severity,
            title=rule.title,
            rfc=rule.rfc,
            section=rule.section,
            why=rule.why,
            bad=_facts(rule.bad),
            good=_facts(rule.good),
        )
        for rule in RULES
    ),
    SIZE,
    FORM,
)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which codes are wanted; a code stands for all that begin with it."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def takes(self, code: str) -> bool:
        """Whether findings of this code are wanted."""
        if self.select and not code.startswith(self.select):
            return False
        return not (self.ignore and code.startswith(self.ignore))

    def unknown(self) -> list[str]:
        """What was asked for and names no rule."""
        return [
            wanted
            for wanted in (*self.select, *self.ignore)
            if not any(rule.code.startswith(wanted) for rule in ALL_RULES)
        ]


def codes(values: Iterable[str]) -> tuple[str, ...]:
    """``SDP001,ice`` and repeated options as one tuple of upper-case codes."""
    words = (word.strip().upper() for value in values for word in value.split(","))
    return tuple(word for word in words if word)


def findings(found: Found, kind: Kind | None, selection: Selection) -> list[Finding]:
    """All that is wrong with one description, with the step to it, and with its message."""
    role: Kind | None = found.role or kind
    all_findings = [*_of_carrier(found), *check(found.description, kind=role)]
    if found.previous is not None:
        all_findings += compare(found.previous.description, found.description)
    return [finding for finding in all_findings if selection.takes(finding.code)]


def _of_carrier(found: Found) -> Iterable[Finding]:
    carrier = found.carrier
    if carrier is None:
        return
    if (message := size_warning(carrier)) is not None:
        yield _finding(SIZE, message)
    for problem in carrier.problems:
        yield _finding(FORM, problem)


def _finding(rule: RuleFacts, message: str) -> Finding:
    return Finding(rule.code, rule.severity, message, rule.rfc, rule.section, None, None)
