"""RFC 8866, 8839, 8840 and their neighbours as rules: what is wrong with a description, and why.

``check`` asks every rule of the table about one description or fragment, ``compare`` asks those
about two successive descriptions of one side. Both never raise on what ``sdp.parse`` accepts.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from types import ModuleType

from sdp.lint import (
    addresses,
    bundle,
    candidate,
    connections,
    credentials,
    destination,
    dialects,
    fields,
    fragments,
    kinds,
    levels,
    media,
    options,
    order,
    restart,
    rtcp,
    streams,
    successive,
    text,
)
from sdp.lint.rule import Finding, Kind, Rule, Scope, Severity
from sdp.lint.view import View
from sdp.model import SessionDescription

__all__ = ["RULES", "Finding", "Kind", "Rule", "Scope", "Severity", "check", "compare"]


def _table(modules: Iterable[ModuleType]) -> tuple[Rule, ...]:
    rules = [row for module in modules for row in vars(module).values() if isinstance(row, Rule)]
    return tuple(sorted(rules, key=lambda row: row.code))


RULES: tuple[Rule, ...] = _table(
    (
        addresses,
        bundle,
        candidate,
        connections,
        credentials,
        destination,
        dialects,
        fields,
        fragments,
        kinds,
        levels,
        media,
        options,
        order,
        restart,
        rtcp,
        streams,
        successive,
        text,
    )
)
"""The table of all rules, by code."""


def check(description: SessionDescription, *, kind: Kind | None = None) -> list[Finding]:
    """What is wrong with a description or a fragment, in the order of its lines.

    Some rules hold for offers or for answers only and are asked when ``kind`` says which it is.
    """
    view = View(description)
    return _ask(view, Scope.FRAGMENT if view.is_fragment else Scope.DESCRIPTION, kind)


def compare(earlier: SessionDescription, later: SessionDescription) -> list[Finding]:
    """What is wrong with the step from one description to the next of the same side.

    Lines and streams are those of ``later``.
    """
    return _ask(View(later, View(earlier)), Scope.PAIR, None)


def _ask(view: View, scope: Scope, kind: Kind | None) -> list[Finding]:
    found = [finding for row in _asked(scope, kind) for finding in row.findings(view)]
    return sorted(found, key=lambda finding: (finding.line or 0, finding.code))


@cache
def _asked(scope: Scope, kind: Kind | None) -> tuple[Rule, ...]:
    """The rules that speak about texts of that scope and kind."""
    return tuple(row for row in RULES if row.applies(scope, kind))
