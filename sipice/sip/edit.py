"""Changing some header fields of a message while every other byte stays (RFC 3261 §7.3)."""

from __future__ import annotations

import re
from typing import NamedTuple

from sipice.sip.headers import Header, key_of, parameters
from sipice.sip.message import SipMessage

_FIELD = re.compile(rb"([^:]*:[ \t]*).*?([ \t]*(?:\r?\n)?)", re.DOTALL)


class _Splice(NamedTuple):
    start: int
    end: int
    data: bytes


class Edit:
    """Collects changes of one message; ``done`` gives its bytes, the same ones without changes."""

    def __init__(self, message: SipMessage) -> None:
        self.message = message
        self._splices: list[_Splice] = []

    def splice(self, start: int, end: int, data: bytes) -> None:
        """Put other bytes in the place of some; places must not overlap."""
        self._splices.append(_Splice(start, end, data))

    def replace(self, header: Header, value: str) -> None:
        """Another value for a field, its name as it was written."""
        if value == header.value:
            return
        match = _FIELD.fullmatch(self.message.data[header.start : header.end])
        head, tail = (match[1], match[2]) if match else (header.name.encode() + b": ", b"\r\n")
        self.splice(header.start, header.end, head + as_bytes(value) + tail)

    def remove(self, header: Header) -> None:
        """Take a field out."""
        self.splice(header.start, header.end, b"")

    def drop(self, name: str) -> None:
        """Take all fields of this name out."""
        for header in self._all(name):
            self.remove(header)

    def append(self, name: str, value: str) -> None:
        """A new field behind all others."""
        headers = self.message.headers
        end = headers[-1].end if headers else self.message.body_start
        line = as_bytes(f"{name}: {value}") + b"\r\n"
        self.splice(end, end, line if self.message.data[:end].endswith(b"\n") else b"\r\n" + line)

    def put(self, name: str, value: str) -> None:
        """This value for the first field of this name, which is made if there is none."""
        header = self._first(name)
        if header is None:
            self.append(name, value)
        else:
            self.replace(header, value)

    def add_token(self, name: str, token: str) -> None:
        """See to it that a listed field names this token."""
        if token in self.message.tokens(name):
            return
        header = self._first(name)
        if header is None:
            self.append(name, token)
        else:
            self.replace(header, f"{header.value}, {token}" if header.value else token)

    def drop_tokens(self, name: str, tokens: frozenset[str]) -> None:
        """Take tokens out of all fields of this name; a field left empty goes too."""
        for header in self._all(name):
            values = [value.strip() for value in header.value.split(",")]
            kept = [one for one in values if parameters(one)[0].lower() not in tokens]
            if not kept:
                self.remove(header)
            elif len(kept) < len(values):
                self.replace(header, ", ".join(kept))

    def done(self) -> bytes:
        """The message with all changes."""
        if not self._splices:
            return self.message.data
        pieces: list[bytes] = []
        position = 0
        for start, end, data in sorted(self._splices, key=lambda one: one[:2]):
            pieces += [self.message.data[position:start], data]
            position = end
        return b"".join([*pieces, self.message.data[position:]])

    def _first(self, name: str) -> Header | None:
        return next(iter(self._all(name)), None)

    def _all(self, name: str) -> list[Header]:
        key = key_of(name)
        return [header for header in self.message.headers if header.key == key]


def as_bytes(text: str) -> bytes:
    """Header text as it was read."""
    return text.encode("utf-8", "surrogateescape")
