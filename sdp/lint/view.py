"""What the rules look at: a description with everything that several of them ask for.

Each question is answered once for the whole description, so that a check stays linear in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from sdp.attributes import Group
from sdp.effective import Destination
from sdp.errors import SdpError
from sdp.fields import Connection, MediaLine
from sdp.fragment import Fragment
from sdp.ice import Candidate
from sdp.lines import text
from sdp.model import SessionDescription
from sdp.section import Section

Address = tuple[int, str, str, int]
"""Component, transport, IP address or name, and port of a candidate."""


class Hit(NamedTuple):
    """What a rule has found, and where."""

    message: str
    line: int | None
    stream: int | None


class Level:
    """The session level or one m= section, with its place in the text."""

    def __init__(self, section: Section, first: int, stream: int | None) -> None:
        self.section = section
        self.first = first
        self.stream = stream

    def hit(self, position: int, message: str) -> Hit:
        """A finding at one line of this level."""
        return Hit(message, self.first + position, self.stream)

    def lines(self, name: str) -> Iterator[tuple[int, str]]:
        """Position and value, without outer blanks, of all lines of one kind."""
        positions = self.section.positions(name)
        if not positions:
            return
        for position, value in zip(positions, self.section.values(name), strict=True):
            yield position, text(value.strip())

    def raw(self, name: str) -> Iterator[tuple[int, bytes]]:
        """Position and raw value of all lines of one kind."""
        positions = self.section.positions(name)
        if positions:
            yield from zip(positions, self.section.values(name), strict=True)

    def at(self, name: str) -> int:
        """Where the first line of one kind stands; the top of the level where there is none."""
        positions = self.section.positions(name)
        return positions[0] if positions else 0

    @cached_property
    def candidates(self) -> list[tuple[int, Candidate]]:
        """The readable candidates and where they stand."""
        found = []
        for position, value in self.raw("candidate"):
            try:
                found.append((position, Candidate.parse(value)))
            except SdpError:
                continue  # the business of the rule about unreadable ones
        return found

    @cached_property
    def credentials(self) -> dict[str, str | None]:
        """The first ice-ufrag and ice-pwd of this level."""
        return {"ice-ufrag": self.section.ice_ufrag, "ice-pwd": self.section.ice_pwd}

    @cached_property
    def connection(self) -> Connection | None:
        """The first readable c= line."""
        return self.section.connection

    @cached_property
    def options(self) -> frozenset[str]:
        """The ICE options of this level."""
        return frozenset(self.section.ice_options)

    @cached_property
    def rtcp_off(self) -> frozenset[str]:
        """Which of RS and RR have bandwidth 0 here."""
        zero = {line.type.upper() for line in self.section.bandwidths if line.amount == 0}
        return frozenset(zero & {"RS", "RR"})


class Stream(Level):
    """One m= section."""

    @cached_property
    def media_line(self) -> MediaLine | None:
        """The m= line, None where it cannot be read."""
        for value in self.section.values("m="):
            try:
                return MediaLine.parse(value)
            except SdpError:
                break
        return None

    @property
    def port(self) -> int | None:
        """The port of the m= line, None where it is not a number."""
        return None if self.media_line is None else self.media_line.port

    @property
    def is_rtp(self) -> bool:
        """Whether the section carries RTP."""
        return self.media_line is not None and "RTP/" in self.media_line.proto.upper()

    @cached_property
    def mid(self) -> str | None:
        """a=mid."""
        return self.section.attribute("mid")

    @cached_property
    def addresses(self) -> frozenset[Address]:
        """The transport addresses of the candidates."""
        return frozenset(address_of(candidate) for _, candidate in self.candidates)

    def has(self, name: str) -> bool:
        """Whether there is a line of that kind."""
        return self.section.has(name)


class View:
    """A description or a fragment, or the later one of two descriptions."""

    def __init__(self, description: SessionDescription, earlier: View | None = None) -> None:
        self.description = description
        self.is_fragment = isinstance(description, Fragment)
        self.earlier = self if earlier is None else earlier
        """The description before this one; itself where there is none."""

        self.session = Level(description, 1, None)
        self.streams: list[Stream] = []
        first = 1 + len(description.lines)
        for index, section in enumerate(description.media):
            self.streams.append(Stream(section, first, index))
            first += len(section.lines)
        self.levels: list[Level] = [self.session, *self.streams]
        self.last = first - 1
        """The number of the last line, 0 where there is none."""

    def missing(self, message: str) -> Hit:
        """Something that is nowhere, told at the first line if there is one."""
        return Hit(message, 1 if self.last else None, None)

    # BUNDLE --------------------------------------------------------------------------------------

    @cached_property
    def bundles(self) -> list[Group]:
        """The BUNDLE groups."""
        return [g for g in self.description.groups if g.semantics.upper() == "BUNDLE"]

    @cached_property
    def by_mid(self) -> dict[str, Stream]:
        """The first section with each mid."""
        found: dict[str, Stream] = {}
        for stream in self.streams:
            if stream.mid is not None:
                found.setdefault(stream.mid, stream)
        return found

    @cached_property
    def _tags(self) -> dict[str, Group]:
        found: dict[str, Group] = {}
        for group in self.bundles:
            for mid in group.mids:
                found.setdefault(mid, group)
        return found

    def bundle(self, stream: Stream) -> Group | None:
        """The BUNDLE group of a stream."""
        return None if stream.mid is None else self._tags.get(stream.mid)

    def tagged(self, stream: Stream) -> Stream:
        """The section whose transport a stream uses: the group's first one, or its own."""
        group = self.bundle(stream)
        return stream if group is None else self.by_mid.get(group.mids[0], stream)

    def home(self, stream: Stream) -> Stream:
        """The section that has the ICE attributes of a stream (RFC 9143 §10)."""
        has_ice = stream.has("ice-ufrag") or stream.has("candidate")
        return stream if has_ice else self.tagged(stream)

    def is_alive(self, stream: Stream) -> bool:
        """Whether a stream is in use: a port, or port 0 and bundle-only in a group."""
        if stream.port == 0:
            return stream.has("bundle-only") and self.bundle(stream) is not None
        return True

    # ICE -----------------------------------------------------------------------------------------

    def effective(self, stream: Stream, name: str) -> str | None:
        """ice-ufrag or ice-pwd of a stream, media level over session level."""
        own = self.home(stream).credentials[name]
        return self.session.credentials[name] if own is None else own

    def has_ice(self, stream: Stream) -> bool:
        """Whether a stream has ufrag and password (RFC 8839 §4.2.5)."""
        return bool(self.effective(stream, "ice-ufrag") and self.effective(stream, "ice-pwd"))

    def has_any_credential(self, stream: Stream) -> bool:
        """Whether a stream has ufrag or password, be it an empty one."""
        return any(self.effective(stream, name) is not None for name in ("ice-ufrag", "ice-pwd"))

    def has_option(self, stream: Stream, option: str) -> bool:
        """Whether an ICE option is given for a stream, at either level."""
        return option in self.home(stream).options or option in self.session.options

    def expects_more(self, stream: Stream) -> bool:
        """Whether more candidates of a stream may follow (RFC 8838)."""
        ended = self.description.end_of_candidates
        ended = ended or self.home(stream).section.end_of_candidates
        return self.has_option(stream, "trickle") and not ended

    # Destinations --------------------------------------------------------------------------------

    def connection(self, stream: Stream) -> Connection | None:
        """The c= line that holds for a stream."""
        return stream.connection or self.session.connection

    def uses_rtcp(self, stream: Stream) -> bool:
        """Whether a stream is RTP and its RTCP is not switched off."""
        return stream.is_rtp and len(stream.rtcp_off | self.session.rtcp_off) < 2

    def destination(self, stream: Stream) -> Destination | None:
        """Where a peer without ICE sends the media of a stream."""
        connection, line = self.connection(stream), stream.media_line
        if connection is None or line is None or not line.port or line.port > 65535:
            return None
        return Destination(connection.address, line.port, line.transport)


def address_of(candidate: Candidate) -> Address:
    """The transport address of a candidate, in one spelling."""
    address = candidate.ip or candidate.address.lower()
    return candidate.component, candidate.transport.upper(), address, candidate.port
