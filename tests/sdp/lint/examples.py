"""From a rule's tiny example to the whole text that it stands for."""

from __future__ import annotations

import sdp
from sdp import SessionDescription, parse_fragment
from sdp.lint import Finding, Kind, Rule, Scope, check, compare

HEAD = "v=0\no=- 1 {} IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n"


def whole(example: str | bytes, version: int | None = 1) -> bytes:
    """Bytes as they are; a text with CRLF below a session head, unless it has one or needs none."""
    if isinstance(example, bytes):
        return example
    head = "" if version is None or example.startswith("v=") else HEAD.format(version)
    return (head + example).replace("\n", "\r\n").encode()


def read(rule: Rule, example: str | bytes) -> SessionDescription:
    """The example of a rule as what the rule looks at; of two, the later one."""
    if rule.scope is Scope.FRAGMENT:
        return parse_fragment(whole(example, None))
    return sdp.parse(whole(example, 2 if rule.scope is Scope.PAIR else 1))


def findings(rule: Rule, example: str | bytes) -> list[Finding]:
    """All findings on one example of a rule, asked as the rule demands."""
    description = read(rule, example)
    if rule.scope is Scope.PAIR:
        return compare(sdp.parse(whole(rule.earlier)), description)
    return check(description, kind=rule.only)


def codes(text: str | bytes, kind: Kind | None = None) -> list[str]:
    """The codes of the findings on a text, which may lack its session head."""
    return [finding.code for finding in check(sdp.parse(whole(text)), kind=kind)]
