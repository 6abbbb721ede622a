"""RFC 8840 §9: trickle fragments, the bodies of type application/trickle-ice-sdpfrag.

A fragment is read into the same lines and sections as a description; its pseudo m= lines may lack
the port. Sections are matched by a=mid only (§4.4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sdp.errors import SdpError
from sdp.ice import PORT, Candidate, Credentials, checked_token
from sdp.lines import CRLF, DEFAULT_LIMITS, Limits
from sdp.model import MediaDescription, SessionDescription, parse
from sdp.rewrite import END_OF_CANDIDATES, candidate_lines, credential_lines
from sdp.section import Section

CONTENT_TYPE = "application/trickle-ice-sdpfrag"
PSEUDO_MEDIA_LINE = "m=audio 9 RTP/AVP 0"
"""What stands for an m= line that is not known (RFC 8840 §4.4)."""

_MEDIA_LINE = re.compile(rf"m=[!-~]+(?: (?:0|{PORT})(?:/[1-9][0-9]*)?)? [A-Za-z][!-~]*(?: [!-~]+)+")
"""The port may be missing, as in RFC 9725."""


class Fragment(SessionDescription):
    """A trickle fragment: session-level lines, then one section per updated m= section."""

    __slots__ = ()

    @property
    def mids(self) -> tuple[str, ...]:
        """The a=mid of each section that has one."""
        return tuple(section.mid for section in self.media if section.mid is not None)

    def credentials(self, mid: str | None = None) -> Credentials | None:
        """The generation that the fragment speaks of, for one section or for all (§4.4)."""
        section: Section | None = self.section_of(mid) if mid is not None else None
        ufrag = (section.ice_ufrag if section else None) or self.ice_ufrag
        pwd = (section.ice_pwd if section else None) or self.ice_pwd
        return Credentials(ufrag, pwd) if ufrag and pwd else None

    def has_ended(self, mid: str) -> bool:
        """Whether no more candidates follow for a section; a session-level mark means all."""
        section = self.section_of(mid)
        return self.end_of_candidates or (section is not None and section.end_of_candidates)


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentStream:
    """What a fragment says of one m= section."""

    mid: str
    candidates: Sequence[Candidate] = ()
    """All candidates of this generation sent so far, in their order (§4.4: cumulative)."""

    end_of_candidates: bool = False
    media_line: str = PSEUDO_MEDIA_LINE
    credentials: Credentials | None = None
    """Given here when the description has them at media level."""


def parse_fragment(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Fragment:
    """Read a fragment; lossless and tolerant as ``parse`` is, and with the same limits."""
    description = parse(data, limits)
    return Fragment(description._lines, description.media, description._eol)


def build_fragment(
    streams: Iterable[FragmentStream],
    *,
    credentials: Credentials | None = None,
    end_of_candidates: bool = False,
    bundle: Sequence[str] = (),
) -> Fragment:
    """Write a fragment with CRLF line ends (RFC 8840 §4.4, §9).

    ``credentials`` at session level unless each stream brings its own; ``bundle`` gives the mids
    of a=group:BUNDLE in the answer's order (§7). Raises SdpError for what RFC 8840 forbids.
    """
    head: list[bytes] = []
    if bundle:
        mids = " ".join(checked_token(mid, "mid") for mid in bundle)
        head.append(f"a=group:BUNDLE {mids}".encode("ascii"))
    if credentials is not None:
        head += credential_lines(credentials)
    if end_of_candidates:
        head.append(END_OF_CANDIDATES)
    media: list[MediaDescription] = []
    for stream in streams:
        if credentials is None and stream.credentials is None:
            raise SdpError("every fragment carries ufrag and password", field="credentials")
        media.append(MediaDescription(_ended(_stream_lines(stream))))
    if credentials is None and not media:
        raise SdpError("every fragment carries ufrag and password", field="credentials")
    return Fragment(_ended(head), media)


def is_media_line(line: str) -> bool:
    """Whether a fragment may have this m= line (§9.2)."""
    return _MEDIA_LINE.fullmatch(line) is not None


def additions(earlier: Iterable[Candidate], later: Iterable[Candidate]) -> list[Candidate]:
    """The candidates of ``later`` that are not in ``earlier``, in order and each once.

    Two are the same when address, port, transport and component are (RFC 8840 §4.4), so a
    repeated or older fragment adds nothing.
    """
    known = {_identity(candidate) for candidate in earlier}
    new = []
    for candidate in later:
        identity = _identity(candidate)
        if identity not in known:
            known.add(identity)
            new.append(candidate)
    return new


def _identity(candidate: Candidate) -> tuple[str, int, str, int]:
    address = candidate.ip or candidate.address.lower()
    return address, candidate.port, candidate.transport.upper(), candidate.component


def _stream_lines(stream: FragmentStream) -> list[bytes]:
    if not is_media_line(stream.media_line):
        raise SdpError("is not m=type port protocol formats", field="media_line")
    lines = [stream.media_line.encode("ascii")]
    if stream.credentials is not None:
        lines += credential_lines(stream.credentials)
    lines.append(b"a=mid:" + checked_token(stream.mid, "mid").encode("ascii"))
    lines += candidate_lines(stream.candidates)
    if stream.end_of_candidates:
        lines.append(END_OF_CANDIDATES)
    return lines


def _ended(lines: list[bytes]) -> list[bytes]:
    return [line + CRLF for line in lines]
