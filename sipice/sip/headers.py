"""RFC 3261 §7.3: header fields with their places in the message, and how their values are split."""

from __future__ import annotations

import re
from typing import NamedTuple

_COMPACT = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "n": "identity-info",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
    "y": "identity",
}
"""The one-letter names of RFC 3261 §7.3.3 and of later extensions."""

_MAX_DIGITS = 20


class Problem(NamedTuple):
    """Something that is not as the standard has it; the message was read all the same."""

    code: str
    text: str
    offset: int
    """Where in the message, in bytes."""


class Header(NamedTuple):
    """One header field: its unfolded value, and the bytes it takes up with its line end."""

    name: str
    """As written."""
    key: str
    """Lower case, compact names spelt out."""
    value: str
    start: int
    end: int


class Section(NamedTuple):
    """The header fields of a message or of a body part, and where they end."""

    headers: tuple[Header, ...]
    problems: tuple[Problem, ...]
    end: int
    """Behind the blank line."""


def as_text(data: bytes) -> str:
    """Header text; bytes that are not UTF-8 survive the way back."""
    return data.decode("utf-8", "surrogateescape")


def key_of(name: str) -> str:
    """The name by which a header field is looked up."""
    lower = name.lower()
    return _COMPACT.get(lower, lower)


def read_section(data: bytes, start: int, end: int) -> Section:
    """Read header fields up to a blank line or the end; folded lines become one value."""
    headers: list[Header] = []
    problems: list[Problem] = []
    position = start
    while position < end:
        line_end = _line_end(data, position, end)
        line = data[position:line_end].rstrip(b"\r\n")
        if not line:
            return Section(tuple(headers), tuple(problems), line_end)
        first, position = position, line_end
        while position < end and data[position] in b" \t":
            line_end = _line_end(data, position, end)
            position = line_end
        header = _header(data, first, position)
        if header is None:
            problems.append(Problem("no-colon", "a header line has no colon", first))
        else:
            headers.append(header)
    problems.append(Problem("no-blank-line", "the header fields do not end in a blank line", end))
    return Section(tuple(headers), tuple(problems), end)


def _line_end(data: bytes, start: int, end: int) -> int:
    found = data.find(b"\n", start, end)
    return end if found < 0 else found + 1


def _header(data: bytes, start: int, end: int) -> Header | None:
    name, colon, value = data[start:end].partition(b":")
    if not colon:
        return None
    text = as_text(name).strip()
    folded = b" ".join(part.strip() for part in value.split(b"\n"))
    return Header(text, key_of(text), as_text(folded.strip()), start, end)


def split_values(value: str, separator: str = ",") -> list[str]:
    """Split at a separator that stands outside quotes and angle brackets."""
    parts, complete = _split(value, separator, quotes=True)
    # RFC 4475 §3.1.2.6 "quotbal": a quote that never ends quotes nothing
    return parts if complete else _split(value, separator, quotes=False)[0]


def _split(value: str, separator: str, *, quotes: bool) -> tuple[list[str], bool]:
    parts: list[str] = []
    start = skip = 0
    quoted = bracketed = False
    for match in re.finditer(rf'["<>\\{separator}]', value):
        if match.start() < skip:
            continue
        sign = match[0]
        if quoted:
            skip = match.end() + 1 if sign == "\\" else 0
            quoted = sign != '"'
        elif bracketed:
            bracketed = sign != ">"
        elif sign == separator:
            parts.append(value[start : match.start()].strip())
            start = match.end()
        else:
            quoted = quotes and sign == '"'
            bracketed = sign == "<"
    parts.append(value[start:].strip())
    return parts, not quoted


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """The value itself and its parameters; of a parameter given twice the first."""
    first, *rest = split_values(value, ";")
    found: dict[str, str] = {}
    for part in rest:
        name, _, text = part.partition("=")
        found.setdefault(name.strip().lower(), unquote(text.strip()))
    return first, found


def unquote(text: str) -> str:
    """The inside of a quoted string, or the text itself."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def number(text: str) -> int | None:
    """A plain decimal number of sane length."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else None
