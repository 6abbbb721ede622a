"""What a benchmark reports, and the one table that all of them are printed in."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from typing import NamedTuple


class Row(NamedTuple):
    """One measured figure, beside what it is compared with."""

    what: str
    ours: str
    """With its unit, such as ``41 us``."""
    against: str = ""
    """Name and figure of the other side, such as ``sdp-transform 520 us``."""
    ratio: float | None = None
    """How many times as fast as the other side."""
    goal: float | None = None
    """The ratio that is to be reached."""

    @property
    def verdict(self) -> str:
        """Whether the goal is reached; empty where there is none."""
        if self.goal is None or self.ratio is None:
            return ""
        return "reached" if self.ratio >= self.goal else "MISSED"


def main(rows: Callable[[], Iterable[Row]]) -> None:
    """The command line of every bench_*.py: a table for people, JSON for ``make bench``."""
    measured = list(rows())
    if "--json" in sys.argv:
        json.dump(measured, sys.stdout)
    else:
        show(measured)


def show(rows: Iterable[Row]) -> None:
    """Print rows under their headings, columns aligned."""
    lines = [("what", "ours", "against", "ratio", "goal", "")]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.1f}x"
        goal = "" if row.goal is None else f"{row.goal:g}x"
        lines.append((row.what, row.ours, row.against, ratio, goal, row.verdict))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )
