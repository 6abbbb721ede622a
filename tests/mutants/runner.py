"""Applies seeded faults in private copies of the tree and asks the tests what they notice."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from tests.capabilities import ROOT
from tests.mutants.faults import Fault
from tests.mutants.report import VARIABLE

COPIED = ("sipice", "sdp", "tests", "docs", "sample_configs", "benchmarks", ".ci")
FAST = "not long and not lab"
WHOLE = ("--continue-on-collection-errors", "--ignore=tests/mutants", "tests")
PATIENCE = 60.0
"""Seconds for the named tests; a fault that hangs them is a bad fault."""
LONG_PATIENCE = 300.0
"""Seconds for the whole fast suite."""


class Verdict(Enum):
    """What came of a fault; only the first is good."""

    KILLED = "killed"
    ELSEWHERE = "killed, but not by the tests it names"
    UNMARKED = "noticed only by tests without the mark"
    SURVIVED = "SURVIVED"
    STALE = "does not apply"
    BROKEN = "does not import"
    HANGS = "hangs"

    @property
    def is_good(self) -> bool:
        """Whether a test of each row of the fault has failed."""
        return self in (Verdict.KILLED, Verdict.ELSEWHERE)


class Outcome(NamedTuple):
    """A fault, what came of it, and the tests that noticed."""

    fault: Fault
    verdict: Verdict
    tests: tuple[str, ...] = ()


class Workshop:
    """A private copy of the tree, with one fault at a time in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "tree"
        self._report = folder / "report.json"
        self._edits = 0
        nothing = shutil.ignore_patterns("__pycache__")
        for name in COPIED:
            if (ROOT / name).is_dir():  # git keeps no empty folder
                shutil.copytree(ROOT / name, self.folder / name, ignore=nothing)
        for path in ROOT.iterdir():
            if path.is_file():
                shutil.copy2(path, self.folder)
        # The copy must win over the editable install, or every fault would survive.
        where = self._python("-c", "import sipice; print(sipice.__file__)").stdout
        assert Path(where.strip()).is_relative_to(self.folder), where

    def run(self, tests: Iterable[str], timeout: float) -> dict[str, Any] | None:
        """What the tests say about the copy as it is; None if they do not come to an end."""
        self._report.unlink(missing_ok=True)
        options = ("-q", "-p", "tests.mutants.report", "-p", "no:cacheprovider", "-m", FAST)
        try:
            self._python("-m", "pytest", *options, *tests, timeout=timeout)
        except subprocess.TimeoutExpired:
            return None
        if not self._report.exists():
            return {"failed": {}, "passed": [], "broken": ["conftest"]}
        found: dict[str, Any] = json.loads(self._report.read_text(encoding="utf-8"))
        return found

    def judge(self, fault: Fault) -> Outcome:
        """Apply a fault, see what notices, and take it back."""
        path = self.folder / fault.file
        before = path.read_text(encoding="utf-8")
        after = fault.applied_to(before)
        if after is None:
            return Outcome(fault, Verdict.STALE)
        self._write(path, after)
        try:
            return self._judge(fault)
        finally:
            self._write(path, before)

    def _judge(self, fault: Fault) -> Outcome:
        first = self._look(fault, fault.tests, PATIENCE)
        if first.verdict is not Verdict.SURVIVED and first.verdict is not Verdict.UNMARKED:
            return first
        whole = self._look(fault, WHOLE, LONG_PATIENCE)
        if whole.verdict is Verdict.KILLED:
            return whole._replace(verdict=Verdict.ELSEWHERE)
        return whole

    def _look(self, fault: Fault, tests: tuple[str, ...], timeout: float) -> Outcome:
        found = self.run(tests, timeout)
        if found is None:
            return Outcome(fault, Verdict.HANGS)
        if not (found["failed"] or found["passed"]):
            return Outcome(fault, Verdict.BROKEN, tuple(found["broken"]))
        failed: dict[str, list[str]] = found["failed"]
        noticed = {row for rows in failed.values() for row in rows}
        verdict = Verdict.UNMARKED if failed else Verdict.SURVIVED
        if noticed.issuperset(fault.rows):
            verdict = Verdict.KILLED
        return Outcome(fault, verdict, tuple(failed))

    def _write(self, path: Path, text: str) -> None:
        """Each edit gets a time of its own: compiled files are told apart by second and size."""
        self._edits += 1
        path.write_text(text, encoding="utf-8", newline="")
        os.utime(path, (self._edits, self._edits))

    def _python(self, *arguments: str, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "PYTHONPATH": str(self.folder),
            "SIPICE_PROFILE": "cover",
            VARIABLE: str(self._report),
        }
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
