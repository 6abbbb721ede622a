"""docs/lint.md, made from the table of rules: ``python -m tests.lintdoc``, or ``--check`` it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import unified_diff
from pathlib import Path

from sdp.lines import CRLF, content, ending, split
from sdp.lint import RULES, Rule, Scope, Severity
from tests.capabilities import ROOT

PAGE = Path("docs") / "lint.md"
CHAPTERS = {
    "SDP0": "The text itself",
    "SDP1": "Which lines there are, and in which order",
    "SDP2": "Values of o=, c=, t=, b= and m=",
    "SDP3": "Formats, ports and direction",
    "SDP4": "RTCP",
    "SDP5": "a=mid, a=group and BUNDLE",
    "SDP7": "Two successive descriptions",
    "ICE0": "ufrag and password",
    "ICE1": "Levels, options and other attributes of ICE",
    "ICE2": "Single candidates",
    "ICE3": "The candidates of a stream",
    "ICE4": "Default destinations",
    "ICE5": "Candidates that come later",
    "ICE6": "Trickle fragments",
    "ICE7": "ICE in two successive descriptions",
    "ICE9": "Dialects from before and beside RFC 5245",
}
_INTRODUCTION = """\
# What `sipice lint` finds

This page is made from the table of rules in `sdp.lint` (`make docs`); do not edit it.

There are {count} rules: {errors} errors, {warnings} warnings and {infos} explanations.

* **error**: a rule of an RFC is broken, or a conforming peer will refuse or ignore something.
* **warning**: allowed or tolerated, yet known to go wrong with some peers.
* **info**: nothing is wrong; it explains what a peer will conclude.

Codes are stable. No message shows a password or a key. Each fact is told once: a line that cannot
be read is not also said to lack something. Examples stand below a complete session part, which is
left out here where it does not matter; what is wrong stands behind a minus, what is right behind a
plus.

Some rules hold for offers or answers only and are asked when it is known which of both it is.
"""
_LONGEST_LINE = 100
_MOST_LINES = 16
_CONTEXT = 3


def page() -> str:
    """The whole page."""
    severities = Counter(rule.severity for rule in RULES)
    text = _INTRODUCTION.format(
        count=len(RULES),
        errors=severities[Severity.ERROR],
        warnings=severities[Severity.WARNING],
        infos=severities[Severity.INFO],
    )
    return "\n".join((text, *_index(), *_chapters())) + "\n"


def _index() -> Iterator[str]:
    yield "| Code | | Rule | RFC |"
    yield "|---|---|---|---|"
    for rule in RULES:
        link = f"[{rule.code}](#{rule.code.lower()})"
        yield f"| {link} | {rule.severity} | {rule.title} | {_source(rule)} |"
    yield ""


def _source(rule: Rule) -> str:
    if rule.rfc == "mdns":
        return f"draft-ietf-mmusic-mdns-ice-candidates, {rule.section}"
    return f"RFC {rule.rfc} §{rule.section}"


def _chapters() -> Iterator[str]:
    for prefix, title in CHAPTERS.items():
        yield f"## {title}\n"
        for rule in RULES:
            if rule.code.startswith(prefix):
                yield from _entry(rule)


def _entry(rule: Rule) -> Iterator[str]:
    yield f'### <a id="{rule.code.lower()}"></a>{rule.code}: {rule.title}\n'
    yield f"{rule.severity}, {_source(rule)}{_limits(rule)}\n"
    yield f"{rule.why}\n"
    if rule.earlier:
        yield "After this:\n"
        yield from _block("", _lines(rule.earlier))
        yield "this:\n"
    yield from _difference(rule.bad, rule.good)


def _limits(rule: Rule) -> str:
    if rule.only is not None:
        return f"; in {rule.only}s only"
    return {
        Scope.ANY: "",
        Scope.DESCRIPTION: "; not in fragments",
        Scope.FRAGMENT: "; in fragments only",
        Scope.PAIR: "; between two descriptions",
    }[rule.scope]


def _difference(bad: str | bytes, good: str | bytes) -> Iterator[str]:
    """Both examples as one: what is wrong behind a minus, what is right behind a plus."""
    lines = list(unified_diff(_lines(bad), _lines(good), n=_CONTEXT, lineterm=""))[3:]
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f" … {len(lines) - _MOST_LINES + 1} more lines"]
    yield from _block("diff", (" …" if line.startswith("@@") else line for line in lines))


def _block(language: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"```{language}"
    for line in lines:
        yield line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…"
    yield "```\n"


def _lines(example: str | bytes) -> list[str]:
    """The lines of an example; where line ends matter they are written out."""
    data = example.replace("\n", "\r\n").encode() if isinstance(example, str) else example
    return [_visible(line) for line in split(data)]


def _visible(line: bytes) -> str:
    """A line of bytes; CRLF is left away, all else that cannot be seen is escaped."""
    value, end = content(line), ending(line)
    shown = value.decode("utf-8", "backslashreplace").replace("\0", "\\0")
    return shown + ("" if end == CRLF else repr(end)[2:-1] or "(no line end)")


def main() -> int:
    """Write the page, or with --check tell whether it is current."""
    path, text = ROOT / PAGE, page()
    if "--check" not in sys.argv[1:]:
        path.write_text(text, encoding="utf-8")
        return 0
    current = path.is_file() and path.read_text(encoding="utf-8") == text
    if not current:
        sys.stderr.write(f"{PAGE} is not current; run python -m tests.lintdoc\n")
    return 0 if current else 1


if __name__ == "__main__":
    sys.exit(main())
