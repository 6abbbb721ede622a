"""What was found wrong with the inputs of ``sipice lint``, and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sdp.lint import Finding, Severity
from sipice.cli.found import Found
from sipice.cli.opened import Opened


@dataclass(frozen=True, slots=True)
class Linted:
    """An input with what was found in each of its descriptions."""

    opened: Opened
    results: tuple[tuple[Found, tuple[Finding, ...]], ...]

    @property
    def findings(self) -> list[Finding]:
        """All findings in order."""
        return [finding for _, found in self.results for finding in found]


def as_json(linted: Sequence[Linted]) -> dict[str, object]:
    """All inputs in the shape of docs/cli.md."""
    return {
        "inputs": [
            {
                "name": each.opened.name,
                "kind": each.opened.kind,
                "error": each.opened.error,
                "notes": each.opened.notes,
                "findings": [
                    _finding_json(found, finding)
                    for found, results in each.results
                    for finding in results
                ],
            }
            for each in linted
        ],
        "counts": counts(linted),
    }


def _finding_json(found: Found, finding: Finding) -> dict[str, object]:
    carrier = found.carrier
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "rfc": finding.rfc,
        "section": finding.section,
        "line": finding.line,
        "file_line": file_line(found, finding),
        "stream": finding.stream,
        "role": found.role,
        "carrier": None if carrier is None else carrier.name,
        "call": None if carrier is None else carrier.call,
        "call_id": None if carrier is None else carrier.call_id,
        "exchange": None if carrier is None else carrier.exchange,
        "message_size": None if carrier is None else carrier.size,
        "packet": None if carrier is None else carrier.packet,
        "time": None if carrier is None else carrier.time,
    }


def file_line(found: Found, finding: Finding) -> int | None:
    """The line of the file, None in a capture or where the finding has no line."""
    if finding.line is None or not found.first_line:
        return None
    return finding.line + found.first_line - 1


def counts(linted: Sequence[Linted]) -> dict[str, int]:
    """How many findings of each severity."""
    counter = Counter(finding.severity for each in linted for finding in each.findings)
    return {severity.value: counter[severity] for severity in Severity}


def place(found: Found, finding: Finding) -> str:
    """Where a finding is, in the form that editors jump to: ``file:line``."""
    number = file_line(found, finding)
    if number is not None:
        return f"{found.source}:{number}"
    if finding.line is None:
        return found.title
    return f"{found.title}, SDP line {finding.line}"
