"""RFC 8866 §5: a description is a session-level section and one section per m= line."""

from __future__ import annotations

from itertools import chain

from sdp.attributes import Group
from sdp.errors import SdpError
from sdp.fields import MediaLine, Origin, Timing
from sdp.lines import CRLF, DEFAULT_LIMITS, Limits, ending, split_sections, text
from sdp.section import Section


class MediaDescription(Section):
    """One media section; its first line is the m= line."""

    __slots__ = ("_read",)

    def __init__(self, lines: list[bytes], eol: bytes = CRLF) -> None:
        super().__init__(lines, eol)
        self._read: tuple[list[bytes], MediaLine | None] | None = None  # of these lines

    @property
    def media_line(self) -> MediaLine | None:
        """The m= line (RFC 8866 §5.14), None where it cannot be read."""
        read = self._read
        if read is None or read[0] is not self._lines:
            read = self._read = self._lines, self._first("m=", MediaLine.parse)
        return read[1]

    @property
    def type(self) -> str:
        """``audio``, ``video`` … as it stands in the m= line, "" where that cannot be read."""
        line = self.media_line
        return "" if line is None else line.type

    @property
    def port(self) -> int | None:
        """The port of the m= line, None where there is none or it is not a number."""
        line = self.media_line
        return None if line is None else line.port

    @property
    def port_count(self) -> int | None:
        """The number behind the slash of the port, None where there is none."""
        line = self.media_line
        return None if line is None else line.port_count

    @property
    def proto(self) -> str:
        """``RTP/AVP``, ``UDP/TLS/RTP/SAVPF`` … as it stands in the m= line."""
        line = self.media_line
        return "" if line is None else line.proto

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats of the m= line as text."""
        line = self.media_line
        return () if line is None else line.formats

    @property
    def mid(self) -> str | None:
        """a=mid (RFC 5888 §4)."""
        return self.attribute("mid")

    @property
    def bundle_only(self) -> bool:
        """Whether a=bundle-only stands here (RFC 9143 §6)."""
        return self.has("bundle-only")


class SessionDescription(Section):
    """A whole description: itself the session-level section, with ``media`` below it.

    ``media`` is a plain list in the order of the m= lines; the position of a section is its
    identity in offer/answer (RFC 3264 §8), so add at the end only.
    """

    __slots__ = ("_facts", "media")

    def __init__(
        self, lines: list[bytes], media: list[MediaDescription], eol: bytes = CRLF
    ) -> None:
        self._lines = lines
        self._eol = eol
        self._index = None
        self._facts: object = None  # what sdp.facts has read
        self.media = media

    def to_bytes(self) -> bytes:
        """The text: byte for byte what was parsed, but for what was edited."""
        return b"".join([b"".join(section._lines) for section in self.sections])

    @property
    def sections(self) -> list[Section]:
        """The session-level section and the media sections."""
        return [self, *self.media]

    def line_number(self, section: Section, position: int = 0) -> int:
        """The line number, from 1, of a line in one of this description's sections."""
        before = 0
        for candidate in self.sections:
            if candidate is section:
                return before + position + 1
            before += len(candidate._lines)
        raise SdpError("this section is not part of the description")

    @property
    def version(self) -> str | None:
        """The v= line; "0" in every valid description."""
        values = self.values("v=")
        return text(values[0].strip()) if values else None

    @property
    def origin(self) -> Origin | None:
        """The o= line (RFC 8866 §5.2), None where it is missing or cannot be read."""
        return self._first("o=", Origin.parse)

    @property
    def session_name(self) -> str | None:
        """The s= line (RFC 8866 §5.3)."""
        values = self.values("s=")
        return text(values[0]) if values else None

    @property
    def timings(self) -> list[Timing]:
        """The t= lines (RFC 8866 §5.9)."""
        return self._views("t=", Timing.parse)

    @property
    def groups(self) -> list[Group]:
        """The a=group lines (RFC 5888 §5)."""
        return self._views("group", Group.parse)

    def section_of(self, mid: str) -> MediaDescription | None:
        """The first media section with that a=mid."""
        return next((section for section in self.media if section.mid == mid), None)


def parse(data: bytes, limits: Limits = DEFAULT_LIMITS) -> SessionDescription:
    """Read a description; ``to_bytes`` gives ``data`` back whatever it holds.

    Content never makes it fail: a line that fits nothing stays as it is. Raises SdpError when
    ``data`` is over one of the limits, TypeError when it is not bytes.
    """
    if not isinstance(data, bytes):
        raise TypeError(f"a description is bytes, not {type(data).__name__}")
    if len(data) > limits.size:
        raise SdpError(f"{len(data)} bytes, allowed are {limits.size}")
    session, *media = split_sections(data)
    if len(data) > limits.smallest:  # a line has at least one byte
        _check_counts(session, media, limits)
    usual = session and session[0][-2:] == CRLF
    eol = CRLF if usual else _first_ending(session, *media)
    return SessionDescription(session, [MediaDescription(lines, eol) for lines in media], eol)


def _first_ending(*sections: list[bytes]) -> bytes:
    """The ending of the first line, CRLF where it has none."""
    return ending(next(chain(*sections), b"")) or CRLF


def _check_counts(session: list[bytes], media: list[list[bytes]], limits: Limits) -> None:
    if len(media) > limits.media:
        raise SdpError(f"{len(media)} media sections, allowed are {limits.media}")
    count = len(session) + sum(map(len, media))
    if count > limits.lines:
        raise SdpError(f"{count} lines, allowed are {limits.lines}")
    if count <= limits.candidates:
        return
    lines = chain(session, *media)
    candidates = sum(line[:12].lower() == b"a=candidate:" for line in lines)
    if candidates > limits.candidates:
        raise SdpError(f"{candidates} candidates, allowed are {limits.candidates}")
