"""``python -m tests.explorer``: explore all setups and print the report; ``--write`` keeps it."""

# ruff: noqa: T201 - a program that prints a report

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.capabilities import ROOT
from tests.explorer.search import Report, explore
from tests.explorer.setups import all_setups

PAGE = Path("docs") / "explorer.md"
_HEAD = """\
# All that may happen to two small agents

Two agents of one stream, and between them an adversary who may deliver any datagram in flight, lose
it, double it, or let the next deadline pass first, while letters of the signalling arrive when they
like. Breadth first, each state once; states that differ in absolute times or random names only are
one. In every state the invariants of `tests/simnet/invariants.py` hold, an input makes at most six
datagrams leave, and no session sends more than 400. Each fourth state was followed to its end
without further loss: both sides must have selected the same pairs, and have a path for media.

Each setup is explored from several starts, after so many steps in which nothing went wrong. Two
losses and one doubled datagram are allowed on a way. *Complete to* says how many steps were gone in
all ways; the bound on the number of states cut off the rest.

"""


def main(arguments: list[str] | None = None) -> int:
    """Explore; a rule that is broken ends it with the way there."""
    parser = argparse.ArgumentParser(prog="python -m tests.explorer", description=__doc__)
    parser.add_argument("--states", type=int, default=10_000, help="for each setup and start")
    parser.add_argument("--depth", type=int, default=30)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE}")
    options = parser.parse_args(arguments)
    reports = []
    for setup in all_setups():
        reports.append(explore(setup, depth=options.depth, states=options.states, follow=4))
        print(reports[-1].line(), flush=True)
    if options.write:
        (ROOT / PAGE).write_text(_page(reports, options.states), encoding="utf-8", newline="\n")
    return 0


def _page(reports: list[Report], bound: int) -> str:
    seconds = sum(one.seconds for one in reports)
    states, steps = sum(one.states for one in reports), sum(one.steps for one in reports)
    lines = [
        f"Written by `python -m tests.explorer --states {bound} --write` on",
        f"{datetime.now(UTC):%Y-%m-%d}, in {seconds:.0f} s of processor time:",
        f"{states} states by {steps} steps, nothing broken.",
        "",
        "| setup | from step | states | steps | complete to | farthest | not gone on from | ends |",
        "| --- | --: | --: | --: | --: | --: | --: | --- |",
    ]
    for one in reports:
        ends = ", ".join(f"{number} × {end}" for end, number in sorted(one.ends.items()))
        cells = (one.setup.name, one.setup.ahead, one.states, one.steps, one.complete)
        row = (*cells, one.depth, one.cut, ends)
        lines.append("| " + " | ".join(map(str, row)) + " |")
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
