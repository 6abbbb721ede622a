"""Edits of a list of lines that touch no line but those they are about (RFC 8866 §5).

Every line carries its own ending. These functions change the list in place; a section takes an
edited copy, never the other way round, so an edit that fails half-way has changed nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter

from sdp.errors import SdpError
from sdp.lines import CRLF, content, ending, spellings, text

ICE_ATTRIBUTES = frozenset(
    (
        b"candidate",
        b"remote-candidates",
        b"end-of-candidates",
        b"ice-lite",
        b"ice-mismatch",
        b"ice-options",
        b"ice-pacing",
        b"ice-pwd",
        b"ice-ufrag",
    )
)
_RTCP_STARTS = frozenset().union(*(spellings(b"a=rtcp" + after) for after in (b":", b" ", b"\t")))
_ICE_STARTS = frozenset().union(*(spellings(b"a=" + name[:5]) for name in ICE_ATTRIBUTES))
_STARTS = _RTCP_STARTS | _ICE_STARTS
"""The first seven bytes of every line that a rewrite may have to touch, but c= and m=."""

_start = itemgetter(slice(7))


FEW = 16
"""Up to here single deletions are faster than a new list."""


def insert(lines: list[bytes], position: int, new: list[bytes], eol: bytes) -> None:
    """Insert lines before ``position``, with the ending of their neighbour, else ``eol``.

    Behind a last line that has no ending, that line gets one and the new last line has none.
    """
    before = lines[position - 1] if position else eol
    end = before[len(before.rstrip(CRLF)) :]
    if not new:
        return
    block = [line + (end or eol) for line in new]
    if not end:
        lines[position - 1] += eol
        block[-1] = new[-1]
    lines[position:position] = block


def remove(lines: list[bytes], positions: Iterable[int]) -> bytes:
    """Remove the lines at these positions.

    Where the text ended without a line ending behind lines that ``insert`` had put after a line
    other than ``a=``, that line loses its ending again. The ending it lost is returned.
    """
    gone = set(positions)
    if not gone:
        return b""
    unterminated = len(lines) - 1 in gone and not ending(lines[-1])
    if len(gone) < FEW:
        for position in sorted(gone, reverse=True):
            del lines[position]
    else:
        lines[:] = [line for position, line in enumerate(lines) if position not in gone]
    last = lines[-1] if lines else b""
    if not unterminated or last[:2] == b"a=" or last[:1] in CRLF:  # an empty line would vanish
        return b""
    lines[-1] = content(last)
    return ending(last)


def attributes_end(lines: list[bytes]) -> int:
    """Where a new attribute goes: behind the last ``x=`` line, before trailing junk.

    A last attribute that has no line ending stays last, so that it is not touched.
    """
    position = len(lines)
    while position and lines[position - 1][1:2] != b"=":
        position -= 1
    if position:
        last = lines[position - 1]
        if last[-1:] not in CRLF and last[:2] == b"a=":
            position -= 1
    return position


def is_plain(lines: list[bytes]) -> bool:
    """Whether a section has no ICE and no a=rtcp line and ends, as nearly all do, ``x=…`` CRLF."""
    last = lines[-1] if lines else b""
    return (
        last[-2:] == CRLF
        and last[-3:-2] != b"\r"
        and last[1:2] == b"="
        and _STARTS.isdisjoint(map(_start, lines))
    )


def ice_positions(lines: list[bytes]) -> list[int]:
    """Where the ICE attributes are, by one look at the start of each line."""
    return [
        position
        for position in [i for i, line in enumerate(lines) if line[:7] in _ICE_STARTS]
        if lines[position][2:].partition(b":")[0].strip().lower() in ICE_ATTRIBUTES
    ]


def rtcp_positions(lines: list[bytes]) -> list[int]:
    """Where a=rtcp lines are (RFC 3605 §2.1)."""
    return [
        position
        for position in [i for i, line in enumerate(lines) if line[:7] in _RTCP_STARTS]
        if b":" in lines[position] and not lines[position][6:].partition(b":")[0].strip()
    ]


def connection_positions(lines: list[bytes]) -> list[int]:
    """Where c= lines are."""
    return [i for i, line in enumerate(lines) if line[:2] == b"c="]


def check_line(line: bytes) -> None:
    """Refuse what would end a line early."""
    if b"\r" in line or b"\n" in line or b"\0" in line:
        raise SdpError("a line cannot hold CR, LF or NUL", field=text(line[:2]))
