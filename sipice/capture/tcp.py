"""RFC 9293 §3.4: the bytes of one direction of a TCP connection, in order."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from typing import NamedTuple

MAX_AHEAD = 1 << 22
"""Bytes: a segment farther away than any window is the beginning of something new."""
PATIENCE = 1.0
"""Seconds of captured time for which acknowledged bytes may still turn up in the capture."""


class Piece(NamedTuple):
    """Bytes of the stream with the packet that brought them."""

    data: bytes
    time: float
    frame: int
    lost: bool
    """Bytes before these are not in the capture."""


class _Waiting(NamedTuple):
    start: int
    order: int
    piece: Piece


@dataclass(slots=True, eq=False)
class Direction:
    """Puts the segments of one sender in order. Sequence numbers are unwrapped inside."""

    max_bytes: int = 1 << 20
    """Of segments that wait for one before them."""
    max_segments: int = 1024
    _first: int | None = None
    """The sequence number of the SYN."""
    _next: int | None = None
    _waiting: list[_Waiting] = field(default_factory=list[_Waiting])
    _waiting_bytes: int = 0
    _acknowledged_since: float | None = None
    _order: int = 0

    def begin(self, sequence: int) -> bool:
        """A SYN; False if it belongs to another connection between the same ports."""
        if self._next is None:
            self._first = sequence
            self._next = sequence + 1
        return self._first == sequence

    def receive(self, sequence: int, piece: Piece) -> list[Piece]:
        """Take the payload of a segment; what is next in the stream comes out."""
        if not piece.data:
            return []
        if self._next is None:
            if len(piece.data) == 1:
                return []  # without SYN this may be a keep-alive (RFC 9293 §3.8.4), not data
            self._next = sequence
        start = self._unwrap(sequence)
        if abs(start - self._next) > MAX_AHEAD:
            return self._restart(sequence, piece)
        if start + len(piece.data) > self._next:
            self._wait(start, piece)
        ready = self._ready()
        if self._waiting_bytes > self.max_bytes or len(self._waiting) > self.max_segments:
            ready += self._jump()
        return ready

    def acknowledged(self, number: int, time: float) -> list[Piece]:
        """The other side has everything before this: what the capture lacks will not come."""
        if self._next is None or not self._waiting:
            self._acknowledged_since = None
            return []
        if not 0 < self._unwrap(number) - self._next <= MAX_AHEAD:
            return []
        if self._acknowledged_since is None:
            self._acknowledged_since = time
        return self._jump() if time - self._acknowledged_since > PATIENCE else []

    def finish(self) -> list[Piece]:
        """No more segments will come: what waits comes out, across the gaps."""
        pieces: list[Piece] = []
        while self._waiting:
            pieces += self._jump()
        return pieces

    def _unwrap(self, sequence: int) -> int:
        """The sequence number nearest to where the stream is."""
        here = self._next or 0
        return here + (sequence - here + 0x8000_0000) % 0x1_0000_0000 - 0x8000_0000

    def _wait(self, start: int, piece: Piece) -> None:
        self._order += 1
        insort(self._waiting, _Waiting(start, self._order, piece))
        self._waiting_bytes += len(piece.data)

    def _ready(self, *, lost: bool = False) -> list[Piece]:
        """What is waiting no longer; bytes that were there before are not replaced."""
        pieces: list[Piece] = []
        count = 0
        for waiting in self._waiting:
            here = self._next or 0
            if waiting.start > here:
                break
            count += 1
            self._waiting_bytes -= len(waiting.piece.data)
            fresh = waiting.piece.data[here - waiting.start :]
            if fresh:
                pieces.append(waiting.piece._replace(data=fresh, lost=lost))
                self._next = here + len(fresh)
                lost = False
        if count:
            del self._waiting[:count]
            self._acknowledged_since = None
        return pieces

    def _jump(self) -> list[Piece]:
        """Go on behind a gap."""
        self._next = self._waiting[0].start
        return self._ready(lost=True)

    def _restart(self, sequence: int, piece: Piece) -> list[Piece]:
        pieces = self.finish()
        self._next = sequence + len(piece.data)
        return [*pieces, piece._replace(lost=True)]
