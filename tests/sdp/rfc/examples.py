"""The worked examples in tests/data/examples, and what lint says in one word."""

import json
from pathlib import Path
from typing import Any

import sdp
from sdp import lint
from tests.sdp.text import described

FOLDER = Path(__file__).parents[2] / "data" / "examples"
EXPECTED: dict[str, dict[str, Any]] = json.loads((FOLDER / "expected.json").read_text("utf-8"))


def example(name: str) -> sdp.SessionDescription:
    """One example by the beginning of its name."""
    return sdp.parse(data(name))


def data(name: str) -> bytes:
    [path] = FOLDER.glob(f"{name}*.sdp*")
    return path.read_bytes()


def codes(
    description: sdp.SessionDescription | tuple[str, ...], kind: lint.Kind | None = None
) -> set[str]:
    """The codes of what is wrong with a description, or with the usual one with these lines."""
    if isinstance(description, tuple):
        description = described(*description)
    return {finding.code for finding in lint.check(description, kind=kind)}


def errors(description: sdp.SessionDescription, kind: lint.Kind | None = None) -> set[str]:
    """The codes of errors alone."""
    found = lint.check(description, kind=kind)
    return {finding.code for finding in found if finding.severity is lint.Severity.ERROR}


def step(earlier: tuple[str, ...], later: tuple[str, ...]) -> set[str]:
    """The codes of what is wrong with the step from one description to the next."""
    return {finding.code for finding in lint.compare(described(*earlier), described(*later))}
