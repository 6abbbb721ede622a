"""What happened in an agent and why, as records: for people, for explanations, for replay."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Protocol

Field = str | int | float | bool | None
"""What a record may hold. Never a password, a key or a MAC."""


class Tracer(Protocol):
    """Takes records; the core makes one only where a tracer was given."""

    def record(self, now: float, name: str, /, **fields: Field) -> None:
        """One thing that happened at ``now``: ``name`` says what, the fields to whom and why."""


class JsonLines:
    """Writes each record as one line of JSON, ``{"at": seconds, "is": name, ...}``."""

    __slots__ = ("_write",)

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    def record(self, now: float, name: str, /, **fields: Field) -> None:
        """Write one line."""
        line = {"at": round(now, 6), "is": name, **fields}
        self._write(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n")
