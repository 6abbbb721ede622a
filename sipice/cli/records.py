"""Records of agents (docs/trace.md) from files, one session each."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from sipice.cli.inputs import STDIN, InputError, shown_name

MAX_RECORD = 1 << 28
"""Bytes of a file of records."""

Record: TypeAlias = dict[str, Any]


class Recorded(NamedTuple):
    """The records of one session in a file."""

    source: str
    name: str
    """What ``JsonLines`` called it; empty for an only one."""
    records: tuple[Record, ...]
    lines: tuple[int, ...]
    """The line of each record in the file."""
    cut: bool = False
    """The last line of the file is incomplete: it was still being written, or the disk was full."""


def read_records(name: str) -> list[Recorded]:
    """The sessions in a file, in the order of their beginnings; InputError says what is wrong."""
    data = _read(name)
    if not data.strip():
        raise InputError("is empty" if not data else "holds nothing but blanks")
    lines = data.split(b"\n")
    cut = bool(lines[-1].strip())
    found: list[tuple[int, Record]] = []
    for number, text in enumerate(lines, 1):
        record = _record(text)
        if record is not None:
            found.append((number, record))
        elif text.strip() and not (cut and number == len(lines) and found):
            raise InputError(
                f"is no record of an agent: line {number} is no JSON object with at and is"
            )
    return _sessions(shown_name(name), found, cut=cut and _record(lines[-1]) is None)


def _read(name: str) -> bytes:
    try:
        if name == STDIN:
            data = sys.stdin.buffer.read(MAX_RECORD + 1)
        else:
            path = Path(name)
            if path.is_dir():
                raise InputError(f"is a directory; name the files in it, for instance {path}/*")
            with path.open("rb") as file:
                data = file.read(MAX_RECORD + 1)
    except FileNotFoundError:
        raise InputError("does not exist") from None
    except OSError as error:
        raise InputError(f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    except ValueError:  # a NUL in the name
        raise InputError("is no file name") from None
    if len(data) > MAX_RECORD:
        raise InputError(f"is larger than {MAX_RECORD >> 20} MiB")
    return data


def _record(text: bytes) -> Record | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("is"), str):
        return None
    at = found.get("at")
    return found if isinstance(at, int | float) and not isinstance(at, bool) else None


def _sessions(source: str, found: Iterable[tuple[int, Record]], *, cut: bool) -> list[Recorded]:
    """An agent record begins a session; ``session`` tells apart those that run at one time."""
    sessions: list[list[tuple[int, Record]]] = []
    current: dict[str, list[tuple[int, Record]]] = {}
    for number, record in found:
        name = str(record.get("session", ""))
        if record["is"] == "agent":
            current[name] = []
            sessions.append(current[name])
        elif name not in current:
            raise InputError(
                f"does not begin with an agent: line {number} is {record['is']!r}; "
                "give the record from its first line on"
            )
        current[name].append((number, record))
    return [
        Recorded(
            source,
            str(session[0][1].get("session", "")),
            tuple(record for _, record in session),
            tuple(number for number, _ in session),
            cut,
        )
        for session in sessions
    ]
