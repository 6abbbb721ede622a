"""RFC 8866 §5: bytes to lines and back, with every line keeping its own ending.

This is where losslessness lives: a description is the concatenation of its lines, whatever they
hold. Lines end with CRLF, LF, CR or (as some gateways write) CR CR LF; the last may have no end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import product

from sdp.errors import SdpError

CRLF = b"\r\n"

_LINE = re.compile(rb"[^\r\n]*(?:\r\r\n|\r\n|\n|\r)|[^\r\n]+")

_LONE_CR = re.compile(rb"\r[^\n]")


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a description may be before it is refused with an SdpError."""

    size: int = 1 << 20
    """Bytes; sixteen times what a UDP datagram can carry."""

    lines: int = 1 << 16
    """Lines; real descriptions stay below 1,000."""

    media: int = 1024
    """Media sections; large conferences have a few hundred."""

    candidates: int = 4096
    """Candidate lines in the whole description; an agent uses a hundred at most."""

    smallest: int = field(init=False, repr=False)
    """The smallest of the counts: a text with fewer bytes is within all of them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "smallest", min(self.lines, self.media, self.candidates))


DEFAULT_LIMITS = Limits()


def split(data: bytes) -> list[bytes]:
    """The lines of ``data`` with their endings; joined they give ``data`` again."""
    if b"\r\r" in data:
        return _LINE.findall(data)
    return data.splitlines(keepends=True)


def split_sections(data: bytes) -> list[list[bytes]]:
    """The lines before the first m= line, then those of each media section."""
    if _LONE_CR.search(data):
        return _split_by_line(data)
    sections: list[list[bytes]] = []
    start = 0
    if data[:2] == b"m=":
        sections.append([])
    end = data.find(b"\nm=") + 1
    while end:
        sections.append(data[start:end].splitlines(keepends=True))
        start = end
        end = data.find(b"\nm=", start) + 1
    sections.append(data[start:].splitlines(keepends=True))
    return sections


def _split_by_line(data: bytes) -> list[list[bytes]]:
    """The same, where a line may end with CR alone."""
    sections: list[list[bytes]] = [[]]
    for line in split(data):
        if line[:2] == b"m=":
            sections.append([])
        sections[-1].append(line)
    return sections


def content(line: bytes) -> bytes:
    """A line without its ending."""
    return line.rstrip(CRLF)


def ending(line: bytes) -> bytes:
    """The ending of a line, empty where it has none."""
    return line[len(line.rstrip(CRLF)) :]


def spellings(start: bytes) -> frozenset[bytes]:
    """All ways to write the start of an attribute line, ``a=`` small and its name in any case."""
    letters = (sorted({letter, *bytes([letter]).upper()}) for letter in start[2:])
    return frozenset(start[:2] + bytes(spelling) for spelling in product(*letters))


def text(value: bytes) -> str:
    """Bytes as text; what is not UTF-8 survives the way back through ``octets``."""
    return value.decode("utf-8", "surrogateescape")


def octets(value: str) -> bytes:
    """The bytes of a text, the inverse of ``text``."""
    return value.encode("utf-8", "surrogateescape")


def tokens(value: bytes) -> list[str]:
    """The blank-separated tokens of a value; only ASCII blanks separate."""
    return b"\n".join(value.split()).decode("utf-8", "surrogateescape").split("\n")


def number(token: str, digits: int = 10) -> int | None:
    """The number that an all-digit token of at most ``digits`` digits names, else None."""
    if token.isascii() and token.isdigit() and len(token) <= digits:
        return int(token)
    return None


def writable(value: str, field: str) -> bytes:
    """The bytes of ``value`` for one line; refuses what would end or cut it."""
    if "\r" in value or "\n" in value or "\0" in value:
        raise SdpError("contains CR, LF or NUL", field=field)
    try:
        return octets(value)
    except UnicodeEncodeError:
        raise SdpError("contains characters that cannot be encoded", field=field) from None
