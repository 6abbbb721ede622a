"""Which lines a rewrite changed, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from sdp.lines import content, split, text
from sipice.cli.printable import printable

_PASSWORD = re.compile(r"(a=ice-pwd:[ \t]*)(\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """One line that went or came."""

    sign: str
    """``-`` or ``+``."""
    line: int
    """Of the old text for ``-``, of the new one for ``+``."""
    text: str


def line_changes(old: bytes, new: bytes, *, secrets: bool = False) -> list[LineChange]:
    """The lines that differ; passwords only with ``secrets``."""
    before, after = split(old), split(new)
    matcher = SequenceMatcher(a=before, b=after, autojunk=False)
    changes: list[LineChange] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            continue
        ends = {content(line) for line in before[i:j]} & {content(line) for line in after[k:m]}
        changes += _side("-", before, range(i, j), ends)
        changes += _side("+", after, range(k, m), ends)
    return changes if secrets else [_masked(change) for change in changes]


def _side(sign: str, lines: list[bytes], places: range, ends: set[bytes]) -> Iterator[LineChange]:
    """With its line ending where only that differs."""
    for place in places:
        plain = content(lines[place])
        shown = lines[place] if plain in ends else plain
        yield LineChange(sign=sign, line=place + 1, text=printable(text(shown)))


def _masked(change: LineChange) -> LineChange:
    shown = _PASSWORD.sub(lambda found: f"{found[1]}<{len(found[2])} characters>", change.text)
    return LineChange(sign=change.sign, line=change.line, text=shown)
