"""What happened in an agent and why, as records: for people, for explanations, for replay."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

Field: TypeAlias = "str | int | float | bool | Sequence[Field] | Mapping[str, Field] | None"
"""What a record may hold. Never a password, a key or a MAC."""


class Tracer(Protocol):
    """Takes records; the core makes one only where a tracer was given."""

    def record(self, now: float, name: str, /, **fields: Field) -> None:
        """One thing that happened at ``now``: ``name`` says what, the fields to whom and why."""


class JsonLines:
    """Writes each record as one line of JSON, ``{"at": seconds, "is": name, ...}``.

    ``session`` tells apart the agents that write into one file. Times are not rounded: a replay
    needs them to the last bit.
    """

    __slots__ = ("_session", "_write")

    def __init__(self, write: Callable[[str], object], session: str | None = None) -> None:
        self._write = write
        self._session: dict[str, Field] = {} if session is None else {"session": session}

    def record(self, now: float, name: str, /, **fields: Field) -> None:
        """Write one line."""
        line = {"at": now, "is": name, **self._session, **fields}
        self._write(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n")
