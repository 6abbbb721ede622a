"""``python -m tests.mutants``: each seeded fault must make a test of its row fail."""

# ruff: noqa: T201 - a program that prints a table

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from time import monotonic

from tests.conformance import read_marks, read_proven, read_rows
from tests.mutants.faults import Fault, read_faults, without_fault
from tests.mutants.runner import PATIENCE, Outcome, Verdict, Workshop

WORKERS = 2


def main(arguments: list[str] | None = None) -> int:
    """Run the faults; 0 if all were killed."""
    options = _options(arguments)
    faults = [fault for fault in read_faults() if not options.only or fault.id in set(options.only)]
    if not faults:
        print("no such fault")
        return 2
    begun = monotonic()
    with TemporaryDirectory(prefix="sipice-mutants-") as folder:
        workshops = [Workshop(Path(folder) / str(number)) for number in range(options.workers)]
        if failing := _already_failing(workshops[0], faults):
            print("these fail without any fault:", *failing, sep="\n  ")
            return 2
        outcomes: list[Outcome] = []
        for outcome in _outcomes(workshops, faults):
            outcomes.append(outcome)
            print(_line(outcome), flush=True)
    bad = [outcome for outcome in outcomes if not outcome.verdict.is_good]
    print(f"\n{len(outcomes) - len(bad)} of {len(outcomes)} faults killed", end=" ")
    print(f"in {monotonic() - begun:.0f} s")
    if not options.only:
        _say_what_lacks_faults()
    return 1 if bad else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", action="append", metavar="ID", help="this fault; may be repeated")
    parser.add_argument("--workers", type=int, default=WORKERS, metavar="N")
    return parser.parse_args(arguments)


def _already_failing(workshop: Workshop, faults: list[Fault]) -> list[str]:
    """Named tests that fail as it is: they could notice nothing."""
    tests = sorted({test for fault in faults for test in fault.tests})
    found = workshop.run(tests, PATIENCE * 5)
    if found is None:
        return ["the named tests do not come to an end"]
    return [*found["failed"], *found["broken"]]


def _outcomes(workshops: list[Workshop], faults: list[Fault]) -> Iterator[Outcome]:
    """As many at a time as there are workshops, in order."""
    free: SimpleQueue[Workshop] = SimpleQueue()
    for workshop in workshops:
        free.put(workshop)

    def judge(fault: Fault) -> Outcome:
        workshop = free.get()
        try:
            return workshop.judge(fault)
        finally:
            free.put(workshop)

    with ThreadPoolExecutor(len(workshops)) as pool:
        yield from pool.map(judge, faults)


def _line(outcome: Outcome) -> str:
    fault, verdict, tests = outcome
    line = f"{fault.id:44} {' '.join(fault.rows):36} {verdict.value}"
    if verdict is Verdict.KILLED:
        return line
    return "\n    ".join([f"{line}  ({fault.source}, {fault.file})", *tests[:6]])


def _say_what_lacks_faults() -> None:
    lacking = without_fault(read_proven(), read_rows(), read_marks())
    print(f"{len(lacking)} tested MUST rows have no fault yet; docs/conformance.md lists them")


if __name__ == "__main__":
    sys.exit(main())
