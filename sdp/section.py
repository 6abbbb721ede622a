"""One section of a description: its lines, edits that touch nothing else, and typed views.

The lines are the truth. A view is computed when it is asked for; a line that does not fit yields
no view (``sdp.lint`` says why) and stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TypeVar

from sdp.attributes import Crypto, Direction, Fingerprint, Fmtp, Rtcp, Rtpmap
from sdp.edit import attributes_end, check_line, insert, remove
from sdp.errors import SdpError
from sdp.fields import Bandwidth, Connection
from sdp.ice import Candidate, RemoteCandidate, parse_remote_candidates
from sdp.lines import CRLF, content, ending, number, text, tokens

T = TypeVar("T")

_DIRECTIONS = tuple(Direction)


class Section:
    """The session-level part or one media section of a description."""

    __slots__ = ("_eol", "_index", "_lines")

    def __init__(self, lines: list[bytes], eol: bytes = CRLF) -> None:
        self._lines = lines
        self._eol = eol
        self._index: dict[bytes, list[int]] | None = None  # built when asked for

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self._lines)} lines>"

    # Lines ---------------------------------------------------------------------------------------

    @property
    def lines(self) -> tuple[bytes, ...]:
        """The lines with their endings."""
        return tuple(self._lines)

    def positions(self, name: str) -> Sequence[int]:
        """Where the lines of one kind stand: ``"c="`` for a field, ``"mid"`` for an attribute."""
        index = self._index
        if index is None:
            index = self._index = _index_of(self._lines)
        return index.get(_key(name), ())

    def values(self, name: str) -> list[bytes]:
        """The raw values of all lines of one kind, in order and without line endings.

        For a field that is what follows ``x=``, for an attribute what follows the colon.
        """
        positions = self.positions(name)
        if not positions:
            return []
        lines = self._lines
        if name[1:] == "=":
            return [content(lines[i])[2:] for i in positions]
        return [content(lines[i]).partition(b":")[2] for i in positions]

    def attribute(self, name: str) -> str | None:
        """The value of the first attribute of that name without outer blanks; "" for a flag."""
        values = self.values(name)
        return text(values[0].strip()) if values else None

    def has(self, name: str) -> bool:
        """Whether there is a line of that kind."""
        return bool(self.positions(name))

    # Edits ---------------------------------------------------------------------------------------

    def replace(self, position: int, line: bytes) -> None:
        """Put another line in the place of one; its ending stays."""
        check_line(line)
        lines = self._lines.copy()
        lines[position] = line + ending(lines[position])
        self._set(lines)

    def insert(self, position: int, new: Iterable[bytes]) -> None:
        """Insert lines before ``position``, with the ending of their neighbour.

        Behind a last line that has no ending, that line gets one and the new last line has none.
        """
        block = list(new)
        for line in block:
            check_line(line)
        if block:
            lines = self._lines.copy()
            insert(lines, position, block, self._eol)
            self._set(lines)

    def remove(self, positions: Iterable[int]) -> None:
        """Remove the lines at these positions."""
        lines = self._lines.copy()
        remove(lines, positions)
        self._set(lines)

    def attributes_end(self) -> int:
        """Where a new attribute goes: behind the last ``x=`` line, before trailing junk."""
        return attributes_end(self._lines)

    def _set(self, lines: list[bytes]) -> None:
        """Take another list of lines; a list once taken is never changed."""
        self._lines = lines
        self._index = None

    # Typed views ---------------------------------------------------------------------------------

    def _views(self, name: str, parse: Callable[[bytes], T]) -> list[T]:
        views: list[T] = []
        for value in self.values(name):
            try:
                views.append(parse(value))
            except SdpError:
                continue  # a raw line that sdp.lint explains
        return views

    def _first(self, name: str, parse: Callable[[bytes], T]) -> T | None:
        for value in self.values(name):
            try:
                return parse(value)
            except SdpError:
                continue
        return None

    def _number(self, name: str) -> int | None:
        value = self.attribute(name)
        return None if value is None else number(value)

    @property
    def information(self) -> str | None:
        """The i= line (RFC 8866 §5.4)."""
        values = self.values("i=")
        return text(values[0]) if values else None

    @property
    def connections(self) -> list[Connection]:
        """The c= lines of this level (RFC 8866 §5.7)."""
        return self._views("c=", Connection.parse)

    @property
    def connection(self) -> Connection | None:
        """The first readable c= line of this level."""
        return self._first("c=", Connection.parse)

    @property
    def bandwidths(self) -> list[Bandwidth]:
        """The b= lines (RFC 8866 §5.8)."""
        return self._views("b=", Bandwidth.parse)

    @property
    def direction(self) -> Direction | None:
        """The first direction attribute of this level (RFC 8866 §6.7)."""
        found = [(self.positions(d.value)[0], d) for d in _DIRECTIONS if self.has(d.value)]
        return min(found)[1] if found else None

    @property
    def ice_ufrag(self) -> str | None:
        """The first a=ice-ufrag of this level (RFC 8839 §5.4)."""
        return self.attribute("ice-ufrag")

    @property
    def ice_pwd(self) -> str | None:
        """The first a=ice-pwd of this level (RFC 8839 §5.4)."""
        return self.attribute("ice-pwd")

    @property
    def ice_options(self) -> tuple[str, ...]:
        """The tags of all a=ice-options lines of this level (RFC 8839 §5.6)."""
        tags = [tag for value in self.values("ice-options") for tag in tokens(value) if tag]
        return tuple(dict.fromkeys(tags))

    @property
    def ice_lite(self) -> bool:
        """Whether a=ice-lite stands here (RFC 8839 §5.3; a session-level attribute)."""
        return self.has("ice-lite")

    @property
    def ice_mismatch(self) -> bool:
        """Whether a=ice-mismatch stands here (RFC 8839 §5.3; a media-level attribute)."""
        return self.has("ice-mismatch")

    @property
    def ice_pacing(self) -> int | None:
        """The a=ice-pacing of this level, milliseconds (RFC 8839 §5.5)."""
        return self._number("ice-pacing")

    @property
    def candidates(self) -> list[Candidate]:
        """The readable a=candidate lines, usable or not (RFC 8839 §5.1)."""
        return self._views("candidate", Candidate.parse)

    @property
    def remote_candidates(self) -> tuple[RemoteCandidate, ...]:
        """The entries of all a=remote-candidates lines (RFC 8839 §5.2)."""
        lines = self._views("remote-candidates", parse_remote_candidates)
        return tuple(entry for line in lines for entry in line)

    @property
    def end_of_candidates(self) -> bool:
        """Whether a=end-of-candidates stands here (RFC 8840 §8.2)."""
        return self.has("end-of-candidates")

    @property
    def setup(self) -> str | None:
        """a=setup (RFC 4145 §4)."""
        return self.attribute("setup")

    @property
    def fingerprints(self) -> list[Fingerprint]:
        """The a=fingerprint lines (RFC 8122 §5)."""
        return self._views("fingerprint", Fingerprint.parse)

    @property
    def tls_id(self) -> str | None:
        """a=tls-id (RFC 8842 §4)."""
        return self.attribute("tls-id")

    @property
    def cryptos(self) -> list[Crypto]:
        """The a=crypto lines, opaque (RFC 4568 §4)."""
        return self._views("crypto", Crypto.parse)

    @property
    def rtcp(self) -> Rtcp | None:
        """a=rtcp (RFC 3605 §2.1)."""
        return self._first("rtcp", Rtcp.parse)

    @property
    def rtcp_mux(self) -> bool:
        """Whether a=rtcp-mux stands here (RFC 5761 §5.1.1)."""
        return self.has("rtcp-mux")

    @property
    def rtcp_mux_only(self) -> bool:
        """Whether a=rtcp-mux-only stands here (RFC 8858 §3)."""
        return self.has("rtcp-mux-only")

    @property
    def rtpmaps(self) -> list[Rtpmap]:
        """The a=rtpmap lines (RFC 8866 §6.6)."""
        return self._views("rtpmap", Rtpmap.parse)

    @property
    def fmtps(self) -> list[Fmtp]:
        """The a=fmtp lines (RFC 8866 §6.15)."""
        return self._views("fmtp", Fmtp.parse)

    @property
    def ptime(self) -> str | None:
        """a=ptime, milliseconds as text: fractions occur (RFC 8866 §6.4)."""
        return self.attribute("ptime")

    @property
    def label(self) -> str | None:
        """a=label (RFC 4574 §4)."""
        return self.attribute("label")


@lru_cache(maxsize=1024)
def _key(name: str) -> bytes:
    """How an index has a kind of line: a field as ``c=``, an attribute in small letters."""
    key = name.encode("ascii", "replace")
    return key if key[1:] == b"=" else key.lower()


def _index_of(lines: list[bytes]) -> dict[bytes, list[int]]:
    """Where the lines of each kind stand."""
    index: dict[bytes, list[int]] = {}
    for position, line in enumerate(lines):
        if line[:2] == b"a=":
            key = line[2:].partition(b":")[0].rstrip().lower()
            if key[1:] == b"=":
                continue  # ``a=c=``: no attribute has a name that reads like a field
        elif line[1:2] == b"=":
            key = line[:2]
        else:
            continue
        index.setdefault(key, []).append(position)
    return index
