"""RFC 3261 §18.3, RFC 5626 §4.4.1: SIP messages out of a byte stream, however it was cut."""

from __future__ import annotations

import re
from enum import Enum

from sipice.sip.headers import number, read_section
from sipice.sip.message import MAX_START_LINE, is_sip

MAX_HEADERS = 65_536
MAX_BODY = 1 << 20

_LINE_ENDS = re.compile(rb"[\r\n]+")
_BLANK_LINE = re.compile(rb"\n\r?\n")


class _State(Enum):
    BETWEEN = 0
    JUNK = 1
    """In a line that begins no message and is too long to be looked at whole."""
    HEADERS = 2
    BODY = 3


class StreamFramer:
    """Give it what arrives on one connection; it hands out whole messages.

    What does not begin like a message is skipped line by line until something does. It never holds
    more than one message of the allowed size and the bytes just received.
    """

    def __init__(self, max_headers: int = MAX_HEADERS, max_body: int = MAX_BODY) -> None:
        self.pings = 0
        """Keep-alives seen: a double CRLF between messages, each of which wants a CRLF back."""
        self.skipped = 0
        """Bytes that belong to no message."""
        self._max_headers = max_headers
        self._max_body = max_body
        self._buffer = bytearray()
        self._state = _State.BETWEEN
        self._newlines = 0
        self._searched = 0
        """How far the buffer has been searched in vain for the end of what is looked for."""
        self._need = 0
        """The size of the message whose headers are there."""

    def receive(self, data: bytes) -> list[bytes]:
        """Take the next bytes of the stream and return the messages that they complete."""
        self._buffer += data
        messages: list[bytes] = []
        while self._advance(messages):
            pass
        return messages

    @property
    def pending(self) -> int:
        """Bytes of a message that is not complete."""
        return len(self._buffer)

    def reset(self) -> None:
        """Bytes of the stream were lost: drop what is incomplete and look for a new beginning."""
        self._skip(len(self._buffer), _State.BETWEEN)
        self._newlines = 0

    def _advance(self, messages: list[bytes]) -> bool:
        """One step; False when it takes more bytes."""
        match self._state:
            case _State.BETWEEN:
                return self._begin()
            case _State.JUNK:
                return self._leave_junk()
            case _State.HEADERS:
                return self._find_end_of_headers()
            case _State.BODY:
                return self._finish(messages)

    def _begin(self) -> bool:
        """A message begins with a line that looks like one; any other line is skipped."""
        self._drop_line_ends()
        end = self._buffer.find(b"\n", self._searched, MAX_START_LINE) + 1
        if end:
            if is_sip(bytes(self._buffer[:end])):
                self._state, self._searched = _State.HEADERS, 0
            else:
                self._skip(end, _State.BETWEEN)
            return True
        self._searched = len(self._buffer)
        if self._searched < MAX_START_LINE:
            return False
        self._state = _State.JUNK
        return True

    def _drop_line_ends(self) -> None:
        """RFC 5626 §4.4.1: line ends between messages keep the connection alive."""
        match = _LINE_ENDS.match(self._buffer)
        if match:
            count = self._buffer.count(b"\n", 0, match.end())
            self.pings += (self._newlines % 2 + count) // 2
            self._newlines += count
            del self._buffer[: match.end()]
            self._searched = 0
        if self._buffer:
            self._newlines = 0

    def _leave_junk(self) -> bool:
        end = self._buffer.find(b"\n") + 1
        self._skip(end or len(self._buffer), _State.BETWEEN if end else _State.JUNK)
        return end > 0

    def _find_end_of_headers(self) -> bool:
        match = _BLANK_LINE.search(self._buffer, self._searched, self._max_headers)
        if match is None:
            self._searched = max(0, len(self._buffer) - 2)
            if len(self._buffer) < self._max_headers:
                return False
            self._skip(self._max_headers, _State.JUNK)
            return True
        length = _content_length(bytes(self._buffer[: match.end()]))
        if length > self._max_body:
            self._skip(match.end(), _State.BETWEEN)
        else:
            self._state, self._need = _State.BODY, match.end() + length
        return True

    def _finish(self, messages: list[bytes]) -> bool:
        if len(self._buffer) < self._need:
            return False
        messages.append(bytes(self._buffer[: self._need]))
        del self._buffer[: self._need]
        self._state, self._searched = _State.BETWEEN, 0
        return True

    def _skip(self, count: int, state: _State) -> None:
        self.skipped += count
        del self._buffer[:count]
        self._state, self._searched = state, 0


def _content_length(head: bytes) -> int:
    """What the first Content-Length says; on a stream a message without one has no body."""
    section = read_section(head, head.find(b"\n") + 1, len(head))
    values = (header.value for header in section.headers if header.key == "content-length")
    return number(next(values, "")) or 0
