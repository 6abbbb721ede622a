"""RFC 3264 and 8839 §4.2.1.2: where media go: the addresses and ports of c=, m=, a=rtcp and o=."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from sdp.attributes import Rtcp
from sdp.change import Change
from sdp.effective import Destination
from sdp.errors import SdpError
from sdp.fields import Connection, same_address
from sdp.ice import checked_ip
from sdp.lines import content, ending, spellings, writable
from sdp.model import MediaDescription, SessionDescription
from sdp.section import Section

Destinations = Mapping[int, Sequence[Destination]]
"""Stream → the destination of component 1 and, where RTCP has its own, of component 2."""

_MEDIA_PORT = re.compile(rb"m=[ \t]*[^ \t]+[ \t]+([0-9]+)(?=[ \t/])")
_RTCP_STARTS = spellings(b"a=rtcp:")
_BLANKS = re.compile(rb"([ \t]+)")


def set_destination(
    description: SessionDescription, stream: int, *destinations: Destination
) -> Change:
    """Send a stream elsewhere: its m= port, its c= address and its a=rtcp.

    The first destination is that of RTP, the second that of RTCP; without a second an a=rtcp line
    is removed, because it would name the old place. Other streams keep their destinations.
    """
    anchors = {stream: Anchor.of(destinations)} if destinations else {}
    with Change(description) as change:
        write_anchors(description, anchors)
    return change


def set_origin(
    description: SessionDescription,
    *,
    username: str | None = None,
    session_id: int | str | None = None,
    version: int | str | None = None,
    address: str | None = None,
) -> Change:
    """Change fields of the o= line (RFC 8866 §5.2); what is None stays as it is."""
    new = {
        1: _digits(session_id, "o= session id"),
        2: _digits(version, "o= version"),
    }
    if username is not None:
        new[0] = _word(username, "o= username")
    if address is not None:
        new[5] = checked_ip(address, "o= address").encode("ascii")
        new[4] = _address_type(address)
        new[3] = b"IN"
    wanted = {place: value for place, value in new.items() if value is not None}
    with Change(description) as change:
        _write_origin(description, wanted)
    return change


class Anchor(NamedTuple):
    """The destinations of one stream, checked and ready to be written."""

    port: bytes
    connection: bytes
    """The whole c= line."""

    rtcp: bytes | None
    """The whole a=rtcp line, None where there shall be none."""

    destinations: Sequence[Destination]

    @classmethod
    def of(cls, destinations: Sequence[Destination]) -> Anchor:
        """Check destinations: IP addresses, no names (RFC 8839 §4.2.1.2), and ports."""
        for address, port, _ in destinations:
            checked_ip(address, "destination address")
            if not 0 <= port <= 65535:
                raise SdpError(f"{port} is no port", field="destination port")
        first, rtcp = destinations[0], None
        # RFC 8840 §4.1.1: no a=rtcp while the destination is the placeholder.
        if len(destinations) > 1 and not first.is_placeholder:
            second = destinations[1]
            rtcp = b"a=rtcp:%d " % second.port + _connection_line(second.address)[2:]
        return cls(b"%d" % first.port, _connection_line(first.address), rtcp, destinations)


def anchors_of(destinations: Destinations) -> dict[int, Anchor]:
    """The anchors of several streams; a stream without destinations has none."""
    return {stream: Anchor.of(places) for stream, places in destinations.items() if places}


def write_anchors(description: SessionDescription, anchors: Mapping[int, Anchor]) -> None:
    """Write the destinations of any number of streams at once."""
    inheriting: dict[int, bytes] = {}
    for stream, anchor in anchors.items():
        section = description.media[stream]
        _write_port(section, anchor.port)
        _write_rtcp(section, anchor)
        own = _connection_lines(section)
        if own:
            _write_connection(section, own[0], anchor.connection)
            section.remove(own[1:])  # several c= lines are for layered multicast (RFC 8866 §5.7)
        else:
            inheriting[stream] = anchor.connection
    if inheriting:
        _write_inherited(description, inheriting)


def _write_port(section: MediaDescription, port: bytes) -> None:
    line = section._lines[0]
    match = _MEDIA_PORT.match(line)
    if match is None:
        raise SdpError("the m= line has no port", field="m=")
    if match[1] != port and match[1].lstrip(b"0") != port.lstrip(b"0"):
        section._replace(0, line[: match.start(1)] + port + line[match.end() :])


def _write_rtcp(section: MediaDescription, anchor: Anchor) -> None:
    lines = section._lines
    old = [i for i, line in enumerate(lines) if line[:7] in _RTCP_STARTS]
    if not old and anchor.rtcp is None:
        return
    if anchor.rtcp is None:
        section.remove(old)
    elif not old:
        section._insert(_first_attribute(section), [anchor.rtcp])
    else:
        section.remove(old[1:])
        if not _reads(content(section._lines[old[0]])[7:], *anchor.destinations[:2]):
            section.replace(old[0], anchor.rtcp)


def _reads(value: bytes, rtp: Destination, rtcp: Destination) -> bool:
    """Whether an a=rtcp value already names ``rtcp``."""
    try:
        known = Rtcp.parse(value)
    except SdpError:
        return False
    return known.port == rtcp.port and same_address(known.address or rtp.address, rtcp.address)


def _write_inherited(description: SessionDescription, wanted: dict[int, bytes]) -> None:
    """Set the address of streams that have no c= of their own.

    The session-level c= is changed when all streams that live by it go to the same place, else
    each stream gets a line of its own.
    """
    session = _connection_lines(description)
    together = bool(session) and _is_shared(description, wanted)
    for stream, line in wanted.items():
        if session and (together or _says(description._lines[session[0]], line)):
            _write_connection(description, session[0], line)
            if together:
                return
        else:
            section = description.media[stream]
            section._insert(_behind_title(section), [line])


def _is_shared(description: SessionDescription, wanted: dict[int, bytes]) -> bool:
    """Whether all live streams without an own c= are among those wanted, with one address."""
    lines = set(wanted.values())
    if len(lines) > 1:
        return False
    return len(wanted) == len(description.media) or not any(
        section.port and stream not in wanted and not _connection_lines(section)
        for stream, section in enumerate(description.media)
    )


def _write_connection(section: Section, position: int, line: bytes) -> None:
    old = section._lines[position]
    if not _says(old, line):
        section._replace(position, line + ending(old))


def _connection_lines(section: Section) -> list[int]:
    return [i for i, line in enumerate(section._lines) if line[:2] == b"c="]


def _connection_line(address: str) -> bytes:
    return b"c=IN %b %b" % (_address_type(address), address.encode("ascii"))


def _says(old: bytes, line: bytes) -> bool:
    """Whether a c= line says the same as ``line``, perhaps with other blanks or IPv6 spelling."""
    if content(old) == line:
        return True
    if line[9:] not in old and b":" not in line:
        return False
    try:
        known, wanted = Connection.parse(content(old)[2:]), Connection.parse(line[2:])
    except SdpError:
        return False
    if not same_address(known.address, wanted.address):
        return False
    return replace(known, address=wanted.address) == wanted


def _address_type(address: str) -> bytes:
    return b"IP6" if ":" in address else b"IP4"


def _behind_title(section: Section) -> int:
    """Behind m= and i=, where c= belongs (RFC 8866 §5)."""
    position = 1
    while position < len(section._lines) and section._lines[position][:2] == b"i=":
        position += 1
    return position


def _first_attribute(section: Section) -> int:
    lines = enumerate(section._lines)
    return next((i for i, line in lines if line[:2] == b"a="), section.attributes_end())


def _write_origin(description: SessionDescription, wanted: dict[int, bytes]) -> None:
    position = next((i for i, line in enumerate(description._lines) if line[:2] == b"o="), None)
    if position is None:
        raise SdpError("there is no o= line", field="o=")
    words = _BLANKS.split(content(description._lines[position])[2:])
    if len(words) != 11 or not words[0] or not words[10]:
        raise SdpError("the o= line has not six fields", field="o=")
    new = list(words)
    for place, value in wanted.items():
        new[2 * place] = value
    if new != words:
        description.replace(position, b"o=" + b"".join(new))


def _digits(value: int | str | None, field: str) -> bytes | None:
    if value is None:
        return None
    digits = str(value)
    if not (digits.isascii() and digits.isdigit()):
        raise SdpError(f"{digits!r} is not a number", field=field)
    return digits.encode("ascii")


def _word(value: str, field: str) -> bytes:
    word = writable(value, field)
    if not word or word.split() != [word]:
        raise SdpError("must be one word without blanks", field=field)
    return word
