"""What could not be read in a capture, told once for each kind of trouble."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Trouble(StrEnum):
    """The kinds of trouble."""

    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    LINK_TYPE = "link-type"
    CUT = "cut"
    FRAGMENTS = "fragments"
    GAP = "gap"
    TLS = "tls"
    WEBSOCKET = "websocket"


_SENTENCES = {
    Trouble.TRUNCATED: "the capture ends in the middle of a packet",
    Trouble.CORRUPT: "the capture is damaged",
    Trouble.LINK_TYPE: "packets of an unknown link type are left out",
    Trouble.CUT: "packets were cut by the capture's snap length (capture with -s 0)",
    Trouble.FRAGMENTS: "IP fragments are missing, their datagrams are left out",
    Trouble.GAP: "bytes of a TCP connection are missing in the capture",
    Trouble.TLS: "TLS, cannot be read",
    Trouble.WEBSOCKET: "a WebSocket connection cannot be read",
}


@dataclass(frozen=True, slots=True)
class Note:
    """One kind of trouble: what it was the first time, where, and how often."""

    trouble: Trouble
    detail: str
    frame: int
    """The number of the first packet concerned, counted from 1."""
    count: int

    def __str__(self) -> str:
        detail = f": {self.detail}" if self.detail else ""
        again = f", {self.count} times" if self.count > 1 else ""
        return f"{_SENTENCES[self.trouble]} (packet {self.frame}{detail}{again})"


class Notes:
    """Collects the notes while a capture is read."""

    def __init__(self) -> None:
        self._notes: dict[Trouble, Note] = {}

    def add(self, trouble: Trouble, frame: int, detail: str = "") -> None:
        """Note a trouble; of its kind the first one is told, the others are counted."""
        note = self._notes.get(trouble)
        if note is None:
            self._notes[trouble] = Note(trouble, detail, frame, 1)
        else:
            self._notes[trouble] = Note(trouble, note.detail, note.frame, note.count + 1)

    def __iter__(self) -> Iterator[Note]:
        return iter(tuple(self._notes.values()))
