"""``python -m tests.mutation``: a sample of all mutants of sipice.ice, and docs/mutation.md."""

# ruff: noqa: T201 - a program that prints what it finds

from __future__ import annotations

import argparse
import os
import sys
from random import Random
from time import monotonic

os.environ["SIPICE_PROFILE"] = "cover"  # few examples, always the same ones

from tests.capabilities import ROOT
from tests.mutation.operators import Mutant, mutants, sources
from tests.mutation.page import PAGE, read_judgements, render
from tests.mutation.runner import Outcome, Verdict, run


def main(arguments: list[str] | None = None) -> int:
    """Run a sample; 1 if a mutant survived that tests/data/survivors.toml does not judge."""
    options = _options(arguments)
    found = [mutant for file in sources() for mutant in mutants(file)]
    for key in set(read_judgements()) - {mutant.key for mutant in found}:
        print(f"judged, but it cannot be made any more: {key}")
    chosen = _sample(found, options)
    print(f"{len(chosen)} of {len(found)} mutants")
    outcomes: list[Outcome] = []

    def told(outcome: Outcome) -> None:
        outcomes.append(outcome)
        if outcome.verdict is not Verdict.KILLED or options.verbose:
            _, verdict, test, ran = outcome
            print(f"\n{outcome.mutant.key}\n    {verdict.value} ({ran} tests) {test}", flush=True)

    begun = monotonic()
    known = run(chosen, told, workers=options.workers, seconds=options.minutes * 60)
    if known is None:
        print("the tests could not be run")
        return 2
    if known.failing:
        print("left out, as they fail without any mutant:", *known.failing, sep="\n  ")
    page, unjudged = render(outcomes, len(found), options.seed)
    print(f"\n{len(outcomes)} mutants in {monotonic() - begun:.0f} s, {unjudged} not judged yet")
    if options.write:
        (ROOT / PAGE).write_text(page, encoding="utf-8", newline="\n")
    return 1 if unjudged else 0


def _sample(found: list[Mutant], options: argparse.Namespace) -> list[Mutant]:
    if options.only:
        return [mutant for mutant in found if options.only in mutant.key]
    return Random(options.seed).sample(found, min(options.number, len(found)))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--number", type=int, default=300, help="so many, drawn by lot")
    parser.add_argument("--seed", type=int, default=8445)
    parser.add_argument("--only", metavar="TEXT", help="all whose key holds this text")
    parser.add_argument("--workers", type=int, default=2, metavar="N")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="then no more")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE}")
    parser.add_argument("--verbose", action="store_true", help="tell of the killed ones, too")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
