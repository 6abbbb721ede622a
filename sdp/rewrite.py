"""RFC 8839 §4: put ICE into a description, take it out, send its streams elsewhere.

Everything here edits the description in place, touches only the lines it must, and returns a
Change that can be undone. Doing the same twice changes nothing. What is written is strictly valid
or refused with an SdpError that names the field; then nothing has changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sdp.anchor import Destinations, set_destination, set_origin, write_destinations
from sdp.change import Change, apply
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
from sdp.lines import content
from sdp.model import SessionDescription
from sdp.section import Section, attribute_line

__all__ = ["Change", "Ice", "StreamIce", "put", "set_destination", "set_origin", "strip"]

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
_ICE_STARTS = frozenset((b"a=ice-", b"a=cand", b"a=remo", b"a=end-"))


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamIce:
    """What one m= section says about ICE."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ice:
    """All that a description says about ICE."""

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


def put(description: SessionDescription, ice: Ice) -> Change:
    """Make the description say exactly this about ICE, in place of what it said.

    ``strip`` gives the bytes before back when these had no ICE lines and no ``destinations`` were
    given; ``undo`` of the Change always does.
    """
    if len(ice.streams) > len(description.media):
        raise SdpError(
            f"{len(ice.streams)} streams for {len(description.media)} m= sections", field="streams"
        )
    session, media = _session_lines(ice), [_stream_lines(ice, s) for s in ice.streams]
    media += [[]] * (len(description.media) - len(media))
    destinations = {i: s.destinations for i, s in enumerate(ice.streams) if s is not None}

    def edit() -> None:
        write_destinations(description, destinations)
        _set_ice_lines(description, session)
        for section, lines in zip(description.media, media, strict=True):
            _set_ice_lines(section, lines)

    return apply(description, edit)


def strip(description: SessionDescription, destinations: Destinations | None = None) -> Change:
    """Remove every ICE attribute.

    Where the m= and c= lines name an ICE candidate they still do afterwards, unless
    ``destinations`` says for a stream where else it shall go.
    """
    wanted: Mapping[int, Sequence[Destination]] = destinations or {}

    def edit() -> None:
        for section in description.sections:
            section.remove(_ice_positions(section))
        write_destinations(description, wanted)

    return apply(description, edit)


def _session_lines(ice: Ice) -> list[bytes]:
    lines = []
    if ice.lite:
        if ice.pacing is not None:
            raise SdpError("a lite agent does not send it", field="ice-pacing")
        lines.append(attribute_line("ice-lite"))
    if ice.options:
        lines.append(attribute_line("ice-options", checked_options(ice.options)))
    if ice.pacing is not None:
        lines.append(attribute_line("ice-pacing", checked_pacing(ice.pacing)))
    if ice.credentials is not None:
        lines += credential_lines(ice.credentials)
    if ice.end_of_candidates:
        lines.append(attribute_line("end-of-candidates"))
    return lines


def _stream_lines(ice: Ice, stream: StreamIce | None) -> list[bytes]:
    if stream is None:
        return []
    if stream.mismatch:
        if stream.candidates or stream.remote_candidates or stream.credentials is not None:
            raise SdpError("excludes credentials and candidates", field="ice-mismatch")
        return [attribute_line("ice-mismatch")]
    if stream.credentials is None and ice.credentials is None:
        raise SdpError("each stream needs ufrag and password", field="credentials")
    lines = [] if stream.credentials is None else credential_lines(stream.credentials)
    lines += [attribute_line("candidate", c.to_bytes()) for c in stream.candidates]
    if stream.remote_candidates:
        value = format_remote_candidates(stream.remote_candidates)
        lines.append(attribute_line("remote-candidates", value))
    if stream.end_of_candidates:
        lines.append(attribute_line("end-of-candidates"))
    return lines


def credential_lines(credentials: Credentials) -> list[bytes]:
    """The a=ice-ufrag and a=ice-pwd lines, strictly checked."""
    return [
        attribute_line("ice-ufrag", checked_ufrag(credentials.ufrag)),
        attribute_line("ice-pwd", checked_pwd(credentials.pwd)),
    ]


def _ice_positions(section: Section) -> list[int]:
    """Where the ICE lines of a section are, by one look at the start of each line."""
    return [
        position
        for position, line in enumerate(section._lines)
        if line[:6].lower() in _ICE_STARTS
        and line[2:].partition(b":")[0].strip().lower() in ICE_ATTRIBUTES
    ]


def _set_ice_lines(section: Section, new: list[bytes]) -> None:
    """Make the ICE lines of a section read ``new``; those that already do are not touched."""
    old = _ice_positions(section)
    if [content(section._lines[position]) for position in old] == new:
        return
    kept = _kept(section, old, new)
    gone = [position for position in old if position not in kept.values()]
    section.remove(gone)
    places = {k: p - sum(g < p for g in gone) for k, p in kept.items()}
    for place, block in reversed(_blocks(new, places, section)):
        section.insert(place, block)


def _kept(section: Section, old: list[int], new: list[bytes]) -> dict[int, int]:
    """Which of the new lines stand there already, in the same order: index in new → position."""
    where: dict[bytes, list[int]] = {}
    for position in reversed(old):
        where.setdefault(content(section._lines[position]), []).append(position)
    kept: dict[int, int] = {}
    last = -1
    for index, line in enumerate(new):
        spots = where.get(line, [])
        while spots and spots[-1] < last:
            spots.pop()
        if spots:
            last = kept[index] = spots.pop()
    return kept


def _blocks(
    new: list[bytes], places: dict[int, int], section: Section
) -> list[tuple[int, list[bytes]]]:
    """The lines to insert, gathered by the place before which they go, places ascending."""
    place = min(places.values(), default=section.attributes_end())
    blocks: list[tuple[int, list[bytes]]] = [(place, [])]
    for index, line in enumerate(new):
        if index in places:
            blocks.append((places[index] + 1, []))
        else:
            blocks[-1][1].append(line)
    return [block for block in blocks if block[1]]
