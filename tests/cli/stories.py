"""Stories from a few records each, or from whole sessions."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from sipice.cli.records import Record, Recorded
from sipice.cli.story import Story
from sipice.cli.telling import tell
from tests.cli.explained import record

OPEN = "192.0.2.1:5000 > 192.0.2.2:6000"
LOWER = "192.0.2.1:5000 > 192.0.2.3:6000"
DESCRIPTION = {"ufrag": "them", "pwd": "<>", "candidates": [], "lite": False, "complete": True}
BEGIN: tuple[tuple[float, str, dict[str, Any]], ...] = (
    (0.0, "agent", {"role": "controlling", "config": {}}),
    (0.0, "add-stream", {"components": 1}),
    (0.0, "draw", {"of": "credentials", "ufrag": "ours", "pwd": "<>"}),
)
KNOWN = (10.0, "set-remote-description", {"stream": 0, "description": DESCRIPTION})


def of_pair(pair: str = OPEN, **fields: Any) -> dict[str, Any]:
    return {"stream": 0, "generation": 1, "component": 1, "pair": pair, **fields}


def formed(pair: str = OPEN, priority: int = 9) -> tuple[float, str, dict[str, Any]]:
    return 10.0, "pair-formed", of_pair(pair, local="host", remote="srflx", priority=priority)


def sent(at: float, number: str, pair: str = OPEN, kind: str = "ordinary") -> Any:
    return at, "check-sent", of_pair(pair, id=number, kind=kind, why="")


def answered(at: float, number: str, pair: str = OPEN, rtt: float = 0.05) -> Any:
    return at, "check-succeeded", of_pair(pair, id=number, rtt=rtt, mapped="m", news=True)


def selected(at: float, pair: str = OPEN, by: str = "us") -> Any:
    fields = {"local": "l", "remote": "r", "local_type": "host", "remote_type": "srflx", "by": by}
    return at, "pair-selected", of_pair(pair, **fields)


def story(*records: tuple[float, str, dict[str, Any]]) -> Story:
    """A story that begins with an agent and one stream."""
    lines: list[Record] = [
        {"at": at, "is": name, **fields} for at, name, fields in (*BEGIN, *records)
    ]
    (told,) = tell(Recorded("file", "", tuple(lines), tuple(range(1, len(lines) + 1))))
    return told


@lru_cache
def whole(case: str) -> Story:
    """The story of a recorded session."""
    lines = [json.loads(line) for line in record(case).split("\n")[:-1]]
    (told,) = tell(Recorded("file", "", tuple(lines), tuple(range(1, len(lines) + 1))))
    return told
