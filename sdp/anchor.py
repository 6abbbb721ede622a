"""RFC 3264 and 8839 §4.2.1.2: where media go: the addresses and ports of c=, m=, a=rtcp and o=."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from sdp.attributes import Rtcp
from sdp.change import Change, copies
from sdp.edit import attributes_end, connection_positions, insert, remove, rtcp_positions
from sdp.effective import Destination
from sdp.errors import SdpError
from sdp.fields import Connection, same_address
from sdp.ice import checked_ip
from sdp.lines import content, ending, writable
from sdp.model import SessionDescription

Destinations = Mapping[int, Sequence[Destination]]
"""Stream → the destination of component 1 and, where RTCP has its own, of component 2."""

_MEDIA_PORT = re.compile(rb"(m=\s*\S+\s+)([0-9]{1,7})((?:/\S*)?\s+\S.*)", re.DOTALL)
_PORT_ZERO = re.compile(rb"m=\s*\S+\s+0{1,7}(?:/\S*)?\s+\S")
"""The words of these lines are those that ``sdp.lines.tokens`` makes of them."""

_WORD = re.compile(rb"\S+")
_VISIBLE_WORD = re.compile(rb"[!-~\x80-\xff]+")


def set_destination(
    description: SessionDescription, stream: int, *destinations: Destination
) -> Change:
    """Send a stream elsewhere: its m= port, its c= address and its a=rtcp.

    The first destination is that of RTP, the second that of RTCP; without a second an a=rtcp line
    is removed, because it would name the old place. Other streams keep their destinations.
    """
    anchors = {stream: Anchor.of(destinations)} if destinations else {}
    texts = copies(description)
    write_anchors(texts, anchors, [False] * len(texts), description._eol)
    return Change(description, texts)


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
    texts = copies(description)
    _write_origin(texts[0], wanted)
    return Change(description, texts)


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


def write_anchors(
    texts: list[list[bytes]], anchors: Mapping[int, Anchor], plain: list[bool], eol: bytes
) -> None:
    """Write the destinations of any number of streams into copies of the sections' lines.

    Where ``plain`` is true for a section it is known to have no a=rtcp line.
    """
    inheriting: dict[int, bytes] = {}
    for stream, anchor in anchors.items():
        if not 0 <= stream < len(texts) - 1:
            raise SdpError(f"there is no stream {stream}", field="streams")
        lines = texts[stream + 1]
        _write_port(lines, anchor.port)
        if anchor.rtcp is not None or not plain[stream + 1]:
            _write_rtcp(lines, anchor, eol)
        own = connection_positions(lines)
        if own:
            _write_connection(lines, own[0], anchor.connection)
            if own[1:]:
                remove(lines, own[1:])  # several c= are for layered multicast (RFC 8866 §5.7)
        else:
            inheriting[stream] = anchor.connection
    if inheriting:
        _write_inherited(texts, inheriting, eol)


def _write_port(lines: list[bytes], port: bytes) -> None:
    match = _MEDIA_PORT.match(lines[0])
    if match is None:
        raise SdpError("the m= line has no port", field="m=")
    start, old, end = match.groups()
    if old != port and (old[:1] != b"0" or old.lstrip(b"0") != port.lstrip(b"0")):
        lines[0] = start + port + end


def _write_rtcp(lines: list[bytes], anchor: Anchor, eol: bytes) -> None:
    old = rtcp_positions(lines)
    if anchor.rtcp is None:
        if old:
            remove(lines, old)
    elif not old:
        attributes = (i for i, line in enumerate(lines) if line[:2] == b"a=")
        insert(lines, next(attributes, attributes_end(lines)), [anchor.rtcp], eol)
    else:
        if not _reads(content(lines[old[0]]).partition(b":")[2], *anchor.destinations[:2]):
            lines[old[0]] = anchor.rtcp + ending(lines[old[0]])
        remove(lines, old[1:])


def _reads(value: bytes, rtp: Destination, rtcp: Destination) -> bool:
    """Whether an a=rtcp value already names ``rtcp``."""
    try:
        known = Rtcp.parse(value)
    except SdpError:
        return False
    return known.port == rtcp.port and same_address(known.address or rtp.address, rtcp.address)


def _write_inherited(texts: list[list[bytes]], wanted: dict[int, bytes], eol: bytes) -> None:
    """Set the address of streams that have no c= of their own.

    The session-level c= is changed when all streams that live by it go to the same place, else
    each stream gets a line of its own.
    """
    session = connection_positions(texts[0])
    shared = session and _is_shared(texts, wanted)
    for stream, line in wanted.items():
        if shared:
            _write_connection(texts[0], session[0], line)
            return
        if not session or not _says(texts[0][session[0]], line):
            lines = texts[stream + 1]
            insert(lines, _behind_title(lines), [line], eol)


def _is_shared(texts: list[list[bytes]], wanted: dict[int, bytes]) -> bool:
    """Whether all live streams without an own c= are among those wanted, with one address."""
    if len(wanted) > 1 and len(set(wanted.values())) > 1:
        return False
    if len(wanted) == len(texts) - 1:
        return True
    return not any(
        stream not in wanted and not _PORT_ZERO.match(lines[0]) and not _has_connection(lines)
        for stream, lines in enumerate(texts[1:])
    )


def _has_connection(lines: list[bytes]) -> bool:
    """Whether a section has a c= that can be read; one that cannot leaves it to the session."""
    for position in connection_positions(lines):
        try:
            Connection.parse(content(lines[position])[2:])
        except SdpError:
            continue
        return True
    return False


def _write_connection(lines: list[bytes], position: int, line: bytes) -> None:
    old = lines[position]
    if not _says(old, line):
        lines[position] = line + ending(old)


def _connection_line(address: str) -> bytes:
    return b"c=IN %b %b" % (_address_type(address), address.encode("ascii"))


def _says(old: bytes, line: bytes) -> bool:
    """Whether a c= line says the same as ``line``, perhaps with other blanks or IPv6 spelling."""
    if b":" not in line:
        return line[9:] in old and old.split() == line.split()
    try:
        known, wanted = Connection.parse(content(old)[2:]), Connection.parse(line[2:])
    except SdpError:
        return False
    if not same_address(known.address, wanted.address):
        return False
    return replace(known, address=wanted.address) == wanted


def _address_type(address: str) -> bytes:
    return b"IP6" if ":" in address else b"IP4"


def _behind_title(lines: list[bytes]) -> int:
    """Behind m= and i=, where c= belongs (RFC 8866 §5)."""
    position = 1
    while position < len(lines) and lines[position][:2] == b"i=":
        position += 1
    return position


def _write_origin(lines: list[bytes], wanted: dict[int, bytes]) -> None:
    for position, line in enumerate(lines):
        if line[:2] != b"o=":
            continue
        words = list(_WORD.finditer(line, 2))
        if len(words) == 6:
            for place in sorted(wanted, reverse=True):
                line = line[: words[place].start()] + wanted[place] + line[words[place].end() :]
            lines[position] = line
            return
    raise SdpError("there is no o= line with six fields", field="o=")


def _digits(value: int | str | None, field: str) -> bytes | None:
    if value is None:
        return None
    try:
        digits = str(value)
    except ValueError:
        raise SdpError("a number of thousands of digits", field=field) from None
    if not (digits.isascii() and digits.isdigit()):
        raise SdpError(f"{digits!r} is not a number", field=field)
    return digits.encode("ascii")


def _word(value: str, field: str) -> bytes:
    word = writable(value, field)
    if not _VISIBLE_WORD.fullmatch(word):
        raise SdpError("must be one word of visible characters", field=field)
    return word
