"""RFC 8839 §4: put ICE into a description, take it out, send its streams elsewhere.

Everything here edits the description in place, touches only the lines it must, and returns a
Change that can be undone. Doing the same twice changes nothing. What is written is strictly valid
or refused with an SdpError that names the field; then nothing has changed.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field

from sdp.anchor import (
    Anchor,
    Destinations,
    anchors_of,
    set_destination,
    set_origin,
    write_anchors,
)
from sdp.change import Change, copies
from sdp.edit import attributes_end, ice_positions, insert, is_plain, remove
from sdp.effective import Destination
from sdp.errors import SdpError
from sdp.ice import (
    Candidate,
    Credentials,
    RemoteCandidate,
    checked_options,
    checked_pacing,
    checked_pwd,
    checked_ufrag,
    format_remote_candidates,
)
from sdp.lines import CRLF, content
from sdp.model import SessionDescription

__all__ = ["Change", "Ice", "StreamIce", "put", "set_destination", "set_origin", "strip"]

END_OF_CANDIDATES = b"a=end-of-candidates"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamIce:
    """What one m= section says about ICE; SdpError names what must not be written."""

    candidates: Sequence[Candidate] = ()
    credentials: Credentials | None = None
    """At media level; None where the session-level ones hold."""

    end_of_candidates: bool = False
    mismatch: bool = False
    """a=ice-mismatch, in answers only and without candidates (RFC 8839 §4.2.5)."""

    remote_candidates: tuple[RemoteCandidate, ...] = ()
    """In offers of the controlling agent only (RFC 8839 §5.2)."""

    destinations: Sequence[Destination] = ()
    """The default of component 1, then of 2, for m=, c= and a=rtcp; empty leaves these alone."""

    _lines: list[bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_lines", _stream_lines(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ice:
    """All that a description says about ICE; SdpError names what must not be written."""

    streams: Sequence[StreamIce | None]
    """By the position of the m= section; None, and what is missing at the end: no ICE there."""

    credentials: Credentials | None = None
    """At session level; None where every stream brings its own."""

    options: tuple[str, ...] = ("ice2",)
    pacing: int | None = None
    """Milliseconds; a lite agent must not send it (RFC 8839 §4.3.1)."""

    lite: bool = False
    end_of_candidates: bool = False
    """For all streams at once (RFC 8840 §8.2)."""

    _blocks: list[list[bytes]] = field(init=False, repr=False, compare=False)
    """The lines of the session, then those of each stream, ended with CRLF."""

    _anchors: dict[int, Anchor] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_credentials(self)
        places = {i: stream.destinations for i, stream in enumerate(self.streams) if stream}
        blocks = [_session_lines(self), *(s._lines if s else [] for s in self.streams)]
        terminated = [[line + CRLF for line in block] for block in blocks]
        object.__setattr__(self, "_blocks", terminated)
        object.__setattr__(self, "_anchors", anchors_of(places))


def put(description: SessionDescription, ice: Ice) -> Change:
    """Make the description say exactly this about ICE, in place of what it said.

    ``strip`` gives the bytes before back when these had no ICE lines and no ``destinations`` were
    given; ``undo`` of the Change always does.
    """
    missing = len(description.media) - len(ice.streams)
    if missing < 0:
        raise SdpError(f"{-missing} streams more than there are m= sections", field="streams")
    texts, eol = copies(description), description._eol
    blocks = ice._blocks + [[]] * missing if missing else ice._blocks
    plain = list(map(is_plain, texts))
    if ice._anchors:
        write_anchors(texts, ice._anchors, plain, eol)
    for lines, new, simple in zip(texts, blocks, plain, strict=True):
        if simple:
            lines += new
        else:
            _set_ice_lines(lines, [content(line) for line in new], eol)
    return Change(description, texts)


def strip(description: SessionDescription, destinations: Destinations | None = None) -> Change:
    """Remove every ICE attribute.

    Where the m= and c= lines name an ICE candidate they still do afterwards, unless
    ``destinations`` says for a stream where else it shall go.
    """
    anchors = anchors_of(destinations or {})
    texts = copies(description)
    for lines in texts:
        remove(lines, ice_positions(lines))
    write_anchors(texts, anchors, [False] * len(texts), description._eol)
    return Change(description, texts)


def credential_lines(credentials: Credentials) -> list[bytes]:
    """The a=ice-ufrag and a=ice-pwd lines, strictly checked."""
    return [
        b"a=ice-ufrag:" + checked_ufrag(credentials.ufrag),
        b"a=ice-pwd:" + checked_pwd(credentials.pwd),
    ]


def candidate_lines(candidates: Sequence[Candidate]) -> list[bytes]:
    """The a=candidate lines, strictly checked."""
    return [b"a=candidate:" + candidate.to_bytes() for candidate in candidates]


def _session_lines(ice: Ice) -> list[bytes]:
    lines = []
    if ice.lite:
        if ice.pacing is not None:
            raise SdpError("a lite agent does not send it", field="ice-pacing")
        lines.append(b"a=ice-lite")
    if ice.options:
        lines.append(b"a=ice-options:" + checked_options(ice.options))
    if ice.pacing is not None:
        lines.append(b"a=ice-pacing:" + checked_pacing(ice.pacing))
    if ice.credentials is not None:
        lines += credential_lines(ice.credentials)
    if ice.end_of_candidates:
        lines.append(END_OF_CANDIDATES)
    return lines


def _stream_lines(stream: StreamIce) -> list[bytes]:
    own = stream.credentials
    if stream.mismatch:
        if stream.candidates or stream.remote_candidates or own is not None:
            raise SdpError("excludes credentials and candidates", field="ice-mismatch")
        return [b"a=ice-mismatch"]
    lines = [] if own is None else credential_lines(own)
    lines += candidate_lines(stream.candidates)
    if stream.remote_candidates:
        lines.append(b"a=remote-candidates:" + format_remote_candidates(stream.remote_candidates))
    if stream.end_of_candidates:
        lines.append(END_OF_CANDIDATES)
    return lines


def _check_credentials(ice: Ice) -> None:
    """Every stream that does ICE has credentials at one of the levels (RFC 8839 §5.4)."""
    if ice.credentials is not None:
        return
    for number, stream in enumerate(ice.streams):
        if stream and not stream.mismatch and stream.credentials is None:
            raise SdpError(f"stream {number} has no ufrag and password", field="credentials")


def _set_ice_lines(lines: list[bytes], new: list[bytes], eol: bytes) -> None:
    """Make the ICE lines of a section read ``new``; those that already do are not touched."""
    old = ice_positions(lines)
    if not old:
        if new:
            insert(lines, attributes_end(lines), new, eol)
        return
    present = [content(lines[position]) for position in old]
    if present == new:
        return
    kept = {} if set(new).isdisjoint(present) else _kept(old, present, new)
    if not kept:
        end = remove(lines, old)
        insert(lines, attributes_end(lines), new, end or eol)
        return
    stay = set(kept.values())
    gone = [position for position in old if position not in stay]
    remove(lines, gone)
    places = {index: position - bisect(gone, position) for index, position in kept.items()}
    for place, block in reversed(_blocks(new, places)):
        insert(lines, place, block, eol)


def _kept(old: list[int], present: list[bytes], new: list[bytes]) -> dict[int, int]:
    """Which of the new lines stand there already, in the same order: index in new → position."""
    where: dict[bytes, list[int]] = {}
    for position, line in zip(reversed(old), reversed(present), strict=True):
        where.setdefault(line, []).append(position)
    kept: dict[int, int] = {}
    last = -1
    for index, line in enumerate(new):
        spots = where.get(line, [])
        while spots and spots[-1] < last:
            spots.pop()
        if spots:
            last = kept[index] = spots.pop()
    return kept


def _blocks(new: list[bytes], places: dict[int, int]) -> list[tuple[int, list[bytes]]]:
    """The lines to insert, gathered by the place before which they go, places ascending."""
    blocks: list[tuple[int, list[bytes]]] = [(min(places.values()), [])]
    for index, line in enumerate(new):
        if index in places:
            blocks.append((places[index] + 1, []))
        else:
            blocks[-1][1].append(line)
    return [block for block in blocks if block[1]]
