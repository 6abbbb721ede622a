"""Seeded faults: small edits, each of which breaks one rule and must be noticed.

A file ``faults_*.toml`` beside this one holds tables of this form::

    [[fault]]
    id = "request-integrity-unchecked"
    rows = ["8445-7.3-2"]             # each row must have a test with its mark that fails
    file = "sipice/ice/respond.py"
    old = "if condition:"             # must be found exactly once in the file
    new = "if False:"
    tests = ["tests/ice/test_respond.py::test_a_name"]  # run first; each must carry a row's mark

Prefer expressions that say the rule itself over long pieces of text: they live longer.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.capabilities import ROOT

if TYPE_CHECKING:
    from tests.conformance import Mark, Row

FOLDER = Path(__file__).parent
FIELDS = ("file", "id", "new", "old", "rows", "tests")


class Fault(NamedTuple):
    """One edit and who must notice it."""

    id: str
    rows: tuple[str, ...]
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    source: str
    """The fault file it stands in."""

    def applied_to(self, text: str) -> str | None:
        """The source with the fault, None if the fault does not apply exactly once."""
        return text.replace(self.old, self.new) if text.count(self.old) == 1 else None


def read_faults(folder: Path = FOLDER) -> list[Fault]:
    """All faults of all files."""
    return [fault for path in sorted(folder.glob("faults_*.toml")) for fault in read_file(path)]


def read_file(path: Path) -> Iterator[Fault]:
    """The faults of one file; raises ValueError for one that lacks something."""
    for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("fault", []):
        if tuple(sorted(entry)) != FIELDS:
            raise ValueError(f"{path.name}: {entry.get('id')}: wants {', '.join(FIELDS)}")
        yield Fault(
            entry["id"],
            tuple(entry["rows"]),
            entry["file"],
            entry["old"],
            entry["new"],
            tuple(entry["tests"]),
            path.name,
        )


def problems(faults: list[Fault], rows: list[Row], marks: list[Mark]) -> Iterator[str]:
    """What is wrong with the faults themselves, as far as it shows without running them."""
    for name, count in Counter(fault.id for fault in faults).items():
        if count > 1:
            yield f"{name}: used {count} times"
    known = {row.id for row in rows}
    carried: dict[str, set[str]] = {}
    for mark in marks:
        carried.setdefault(f"{mark.file}::{mark.test}", set()).add(mark.row)
    for fault in faults:
        where = f"{fault.source}: {fault.id}"
        path = ROOT / fault.file
        if not path.is_file():
            yield f"{where}: there is no file {fault.file}"
        elif fault.applied_to(path.read_text(encoding="utf-8")) is None:
            yield f"{where}: the old text is not found exactly once in {fault.file}"
        if fault.old == fault.new or not fault.rows or not fault.tests:
            yield f"{where}: changes nothing, or names no row or no test"
        for row in fault.rows:
            if row not in known:
                yield f"{where}: there is no row {row}"
            elif not any(row in carried.get(_function(test), ()) for test in fault.tests):
                yield f"{where}: none of its tests carries the mark of {row}"
        for test in fault.tests:
            if _function(test) not in carried:
                yield f"{where}: {test} is no test with marks"


def without_fault(proven: Collection[str], rows: list[Row], marks: list[Mark]) -> list[str]:
    """The MUST rows that are tested but that no fault proves."""
    tested = {mark.row for mark in marks}
    return [
        row.id
        for row in rows
        if row.level.startswith("MUST") and row.id in tested and row.id not in proven
    ]


def _function(test: str) -> str:
    return "::".join(test.partition("[")[0].split("::")[:2])
