"""RFC 3264 and 8839 §4.2.1.2: where media go: the addresses and ports of c=, m=, a=rtcp and o=."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sdp.attributes import Rtcp
from sdp.change import Change, apply
from sdp.effective import Destination
from sdp.errors import SdpError
from sdp.fields import Connection, same_address
from sdp.ice import checked_ip
from sdp.lines import content, writable
from sdp.model import MediaDescription, SessionDescription
from sdp.section import Section

Destinations = Mapping[int, Sequence[Destination]]
"""Stream → the destination of component 1 and, where RTCP has its own, of component 2."""

_MEDIA_PORT = re.compile(rb"(m=[ \t]*[^ \t]+[ \t]+)([0-9]+)(?=[ \t/])")
_BLANKS = re.compile(rb"([ \t]+)")


def set_destination(
    description: SessionDescription, stream: int, *destinations: Destination
) -> Change:
    """Send a stream elsewhere: its m= port, its c= address and its a=rtcp.

    The first destination is that of RTP, the second that of RTCP; without a second an a=rtcp line
    is removed, because it would name the old place. Other streams keep their destinations.
    """
    return apply(description, lambda: write_destinations(description, {stream: destinations}))


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
    return apply(description, lambda: _write_origin(description, wanted))


def write_destinations(description: SessionDescription, wanted: Destinations) -> None:
    """The edit behind ``set_destination`` for any number of streams at once."""
    wanted = {stream: destinations for stream, destinations in wanted.items() if destinations}
    for destinations in wanted.values():
        for destination in destinations:
            checked_ip(destination.address, "destination address")
            if not 0 <= destination.port <= 65535:
                raise SdpError(f"{destination.port} is no port", field="destination port")
    for stream, destinations in wanted.items():
        section = description.media[stream]
        _write_port(section, destinations[0].port)
        _write_rtcp(section, destinations)
    _write_connections(description, wanted)


def _write_port(section: MediaDescription, port: int) -> None:
    line = content(section._lines[0])
    match = _MEDIA_PORT.match(line)
    if match is None:
        raise SdpError("the m= line has no port", field="m=")
    if int(match[2]) != port:
        section.replace(0, match[1] + str(port).encode("ascii") + line[match.end() :])


def _write_rtcp(section: MediaDescription, destinations: Sequence[Destination]) -> None:
    old = [i for i, line in enumerate(section._lines) if line[:7].lower() == b"a=rtcp:"]
    # RFC 8840 §4.1.1: no a=rtcp while the destination is the placeholder.
    if len(destinations) < 2 or destinations[0].is_placeholder:
        section.remove(old)
        return
    rtp, rtcp = destinations[:2]
    if old and _reads(content(section._lines[old[0]])[7:], rtp, rtcp):
        section.remove(old[1:])
        return
    value = f"a=rtcp:{rtcp.port} IN {_address_type(rtcp.address).decode()} {rtcp.address}"
    if old:
        section.remove(old[1:])
        section.replace(old[0], value.encode("ascii"))
    else:
        section.insert(_first_attribute(section), [value.encode("ascii")])


def _reads(value: bytes, rtp: Destination, rtcp: Destination) -> bool:
    """Whether an a=rtcp value already names ``rtcp``."""
    try:
        known = Rtcp.parse(value)
    except SdpError:
        return False
    return known.port == rtcp.port and same_address(known.address or rtp.address, rtcp.address)


def _write_connections(description: SessionDescription, wanted: Destinations) -> None:
    inheriting = {
        stream: destinations[0].address
        for stream, destinations in wanted.items()
        if not _write_own_connection(description.media[stream], destinations[0].address)
    }
    if not inheriting:
        return
    session_lines = _connection_lines(description)
    others = (i for i in range(len(description.media)) if i not in inheriting)
    shared = len(set(inheriting.values())) == 1 and not any(
        not _connection_lines(description.media[i]) and description.media[i].port for i in others
    )
    for stream, address in inheriting.items():
        if session_lines and _names(description, session_lines[0], address):
            continue
        if session_lines and shared:
            description.replace(session_lines[0], _connection(address))
        else:
            section = description.media[stream]
            section.insert(_behind_title(section), [_connection(address)])


def _write_own_connection(section: MediaDescription, address: str) -> bool:
    """Point the section's own c= to ``address``; False where it has none."""
    own = _connection_lines(section)
    if not own:
        return False
    if not _names(section, own[0], address):
        section.replace(own[0], _connection(address))
    section.remove(own[1:])  # several c= lines are for layered multicast (RFC 8866 §5.7)
    return True


def _connection_lines(section: Section) -> list[int]:
    return [i for i, line in enumerate(section._lines) if line[:2] == b"c="]


def _names(section: Section, position: int, address: str) -> bool:
    """Whether a c= line names this very address, with the right address type."""
    try:
        known = Connection.parse(content(section._lines[position])[2:])
    except SdpError:
        return False
    return (
        known.addrtype == _address_type(address).decode()
        and known.ttl is None
        and known.count is None
        and same_address(known.address, address)
    )


def _connection(address: str) -> bytes:
    return b"c=IN " + _address_type(address) + b" " + address.encode("ascii")


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
