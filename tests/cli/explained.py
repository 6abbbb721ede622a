"""Explanations that are kept in tests/golden/explain: ``python -m tests.cli.explained``."""

from __future__ import annotations

import os
import tempfile
from functools import lru_cache
from pathlib import Path

from tests.cli.run import Ended, run
from tests.scenarios.recorded import session

FOLDER = Path(__file__).resolve().parents[1] / "golden" / "explain"
WIDTH = 80
CASES = (
    "connected-a",
    "connected-b",
    "lost-packet-a",
    "conflict-b",
    "trickle-a",
    "restart-a",
    "failure-a",
    "relayed-a",
    "consent-lost-a",
    "lite-b",
    "one-way-a",
    "wrong-password-b",
    "silent-peer-a",
    "no-answer-a",
    "turn-refused-a",
    "other-family-a",
    "connections-a",
)
"""A session and the end that tells of it."""


@lru_cache
def record(case: str) -> str:
    """The record of a case."""
    name, _, end = case.rpartition("-")
    return session(name).a if end == "a" else session(name).b


def explain(case: str, *options: str, width: int = WIDTH) -> Ended:
    """What ``sipice explain`` says about a case, in a file that is called after it."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            Path(f"{case}.jsonl").write_text(record(case), encoding="utf-8")
            return run("explain", *options, f"{case}.jsonl", width=width)
        finally:
            os.chdir(before)


def write_again() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        (FOLDER / f"{case}.txt").write_text(explain(case).out, encoding="utf-8")


if __name__ == "__main__":
    write_again()
