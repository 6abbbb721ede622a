"""Runs mutants in forks of one pytest session: only the tests that call the mutated function.

The session collects once. A first fork runs all tests and notes which functions of the agent each
calls and how long it takes; then each mutant gets a fork of its own, in which the code of the
function is replaced and its tests run, the quickest first, until one fails.
"""

from __future__ import annotations

import importlib
import os
import pickle
import resource
import signal
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from time import monotonic
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple

import pytest
from _pytest.runner import runtestprotocol

from tests.capabilities import ROOT
from tests.mutation.operators import Mutant

TESTS = ("tests/ice", "tests/rfc", "tests/scenarios", "tests/cli/test_explain.py")
PATIENCE = 20.0
"""Seconds of processor time for one test: so long no test takes that comes to an end."""
BUDGET = 60.0
"""Seconds of processor time for all tests of one mutant; what it survives until then is said."""
MEMORY = 3 << 30


class Verdict(Enum):
    """What came of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    UNREACHED = "no test calls it"
    CUT = "survived the tests that ran"
    NOTHING = "no Python, or the same"


class Outcome(NamedTuple):
    """A mutant, what came of it, and the test that noticed."""

    mutant: Mutant
    verdict: Verdict
    test: str = ""
    ran: int = 0


class Known(NamedTuple):
    """What the tests do without any mutant."""

    callers: dict[tuple[str, str], list[str]]
    """By file and function: the tests that call it, those of its module first, then the quick."""
    failing: list[str]
    """Tests that fail without any mutant, and so could notice nothing; they are left out."""


class Session:
    """A plugin that puts mutants in the place of the loop over the tests."""

    def __init__(
        self,
        mutants: list[Mutant],
        told: Callable[[Outcome], None],
        workers: int,
        seconds: float,
    ) -> None:
        self.mutants, self.told, self.workers = mutants, told, workers
        self.known: Known | None = None
        self.until = monotonic() + seconds

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        self.known = _in_fork(lambda: _look(list(items.values())))
        if self.known is None:
            return True
        running: dict[int, tuple[Mutant, int]] = {}
        for mutant in self.mutants:
            if monotonic() > self.until:
                break
            if len(running) >= self.workers:
                self._wait(running)
            tests = [items[one] for one in self._tests(mutant)]
            pid, reading = _start(lambda mutant=mutant, tests=tests: _judge(mutant, tests))  # type: ignore[misc]
            running[pid] = mutant, reading
        while running:
            self._wait(running)
        return True

    def _tests(self, mutant: Mutant) -> list[str]:
        assert self.known is not None
        found = self.known.callers.get((str(ROOT / mutant.file), mutant.function), [])
        return sorted(found, key=lambda test: f"/test_{Path(mutant.file).name}" not in test)

    def _wait(self, running: dict[int, tuple[Mutant, int]]) -> None:
        pid, _ = os.wait()
        mutant, reading = running.pop(pid)
        found = _read(reading)
        verdict, test, ran = found or (Verdict.KILLED, "it took the whole process down", 0)
        self.told(Outcome(mutant, verdict, test, ran))


def run(
    mutants: list[Mutant],
    told: Callable[[Outcome], None],
    *,
    workers: int = 2,
    seconds: float = float("inf"),
) -> Known | None:
    """Judge mutants and tell of each, as many as this time allows.

    Gives None if the tests could not be looked at.
    """
    session = Session(mutants, told, workers, seconds)
    options = ("-q", "-p", "no:cacheprovider", "-m", "not long and not lab", "--no-header")
    pytest.main([*options, *(str(ROOT / test) for test in TESTS)], plugins=[session])
    return session.known


def _look(items: list[pytest.Item]) -> Known:
    """Run all tests once and note what they call."""
    called: dict[str, set[tuple[str, str]]] = {}
    seconds: dict[str, float] = {}
    failing = []
    ours = str(ROOT / "sipice" / "ice")
    for item in items:
        found: set[tuple[str, str]] = set()

        def note(frame: FrameType, event: str, _: Any, found: set[tuple[str, str]] = found) -> None:
            code = frame.f_code
            if event == "call" and code.co_filename.startswith(ours):
                found.add((code.co_filename, code.co_qualname.partition(".<")[0]))

        before = os.times().user
        sys.setprofile(note)
        passed = _passes(item)
        sys.setprofile(None)
        seconds[item.nodeid] = os.times().user - before
        if passed:
            called[item.nodeid] = found
        else:
            failing.append(item.nodeid)
    callers: dict[tuple[str, str], list[str]] = defaultdict(list)
    for test in sorted(called, key=lambda one: seconds[one]):
        for place in called[test]:
            callers[place].append(test)
    return Known(dict(callers), failing)


def _judge(mutant: Mutant, tests: list[pytest.Item]) -> tuple[Verdict, str, int]:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    code = mutant.build()
    if code is None or not _apply(mutant, code):
        return Verdict.NOTHING, "", 0
    if not tests:
        return Verdict.UNREACHED, "", 0
    signal.signal(signal.SIGVTALRM, _too_long)
    for number, test in enumerate(tests, 1):
        signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
        if not _passes(test):
            return Verdict.KILLED, test.nodeid, number
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if os.times().user > BUDGET and number < len(tests):
            return Verdict.CUT, "", number
    return Verdict.SURVIVED, "", len(tests)


def _too_long(*_: object) -> None:
    raise TimeoutError("the test does not come to an end")


def _passes(item: pytest.Item) -> bool:
    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def _apply(mutant: Mutant, code: CodeType) -> bool:
    """Put the code into the function wherever it was imported to; False if it is no other."""
    module = importlib.import_module(mutant.file.removesuffix(".py").replace("/", "."))
    changed = False
    for function in _functions(vars(module), mutant.function.split(".")):
        if function.__code__ != code:
            function.__code__ = code
            changed = True
    return changed


def _functions(names: Any, path: list[str]) -> Iterator[FunctionType]:
    """The functions behind a qualified name: one, or those of a property."""
    found = names.get(path[0])
    if len(path) > 1:
        yield from _functions(vars(found), path[1:])
        return
    for one in (
        found,
        *(getattr(found, name, None) for name in ("fget", "__func__", "__wrapped__")),
    ):
        if isinstance(one, FunctionType):
            yield one
            return


def _in_fork(work: Callable[[], Any]) -> Any:
    pid, reading = _start(work)
    found = _read(reading)
    os.waitpid(pid, 0)
    return found


def _start(work: Callable[[], Any]) -> tuple[int, int]:
    """Do this in a fork; gives its process and where its result can be read."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    status = 1
    try:
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(work(), pipe)
        status = 0
    finally:
        os._exit(status)


def _read(reading: int) -> Any:
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    return pickle.loads(data) if data else None
