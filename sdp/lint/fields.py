"""RFC 8866 §5: the values of o=, t=, b= and m= lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sdp.errors import SdpError
from sdp.fields import Bandwidth, MediaLine, Origin, Timing
from sdp.lint.rule import Hits, Scope, Severity, clipped, rule, shown
from sdp.lint.view import View

_HEAD = b"v=0\r\no=%s\r\ns=-\r\nt=0 0\r\n"
_ORIGIN = b"- 1 1 IN IP4 192.0.2.1"
_M = "m=audio 5004 RTP/AVP 0\n"
_BANDWIDTHS = frozenset(("CT", "AS", "TIAS", "RS", "RR"))
_LARGEST = 2**63 - 1


def _origin(value: bytes) -> bytes:
    return _HEAD % value


def unreadable(name: str, parse: Callable[[bytes], object], effect: str) -> Callable[[View], Hits]:
    """The check for lines of one kind that cannot be read."""

    def check(view: View) -> Hits:
        for level in view.levels:
            for position, value in level.raw(name):
                try:
                    parse(value)
                except SdpError as error:
                    yield level.hit(position, f"{clipped(error.reason)}; {effect}")

    return check


unreadable_origin = rule(
    "SDP201",
    Severity.ERROR,
    "o= cannot be read",
    ("8866", "5.2"),
    why="It has six fields: user name, id, version, network type, address type and address.",
    bad=_origin(b"- 1 IN IP4 192.0.2.1"),
    good=_origin(_ORIGIN),
)(unreadable("o=", Origin.parse, "peers refuse the description"))

unreadable_timing = rule(
    "SDP214",
    Severity.ERROR,
    "t= cannot be read",
    ("8866", "5.9"),
    why="It has two fields, start and stop.",
    bad=b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0\r\n",
    good=_origin(_ORIGIN),
)(unreadable("t=", Timing.parse, "strict peers refuse the description"))

unreadable_bandwidth = rule(
    "SDP215",
    Severity.WARNING,
    "b= cannot be read",
    ("8866", "5.8"),
    why="It is a type, a colon and a value.",
    bad=_M + "b=64\n",
    good=_M + "b=AS:64\n",
)(unreadable("b=", Bandwidth.parse, "peers ignore the line or refuse the description"))

unreadable_media = rule(
    "SDP217",
    Severity.ERROR,
    "m= cannot be read",
    ("8866", "5.14"),
    why="It has a media type, a port, a protocol and formats; a peer cannot even skip it safely.",
    bad="m=audio\n",
    good=_M,
    scope=Scope.DESCRIPTION,
)(unreadable("m=", MediaLine.parse, "peers refuse the description"))


def origins(view: View) -> Iterator[tuple[int, Origin]]:
    """The readable o= lines and where they stand."""
    for position, value in view.session.raw("o="):
        try:
            yield position, Origin.parse(value)
        except SdpError:
            continue


@rule(
    "SDP202",
    Severity.ERROR,
    "o= id or version is not a number",
    ("8866", "5.2"),
    why="Both are decimal digits; a peer that reads numbers takes them for 0 or refuses the line.",
    bad=_origin(b"- 1a 1 IN IP4 192.0.2.1"),
    good=_origin(_ORIGIN),
)
def origin_digits(view: View) -> Hits:
    """Report an id or version with other characters than digits."""
    for position, origin in origins(view):
        for what, value in (("id", origin.session_id), ("version", origin.session_version)):
            if not (value.isascii() and value.isdigit()):
                message = f"the session {what} {shown(value)} is no number; strict peers refuse o="
                yield view.session.hit(position, message)


@rule(
    "SDP203",
    Severity.WARNING,
    "o= id or version over 63 bits",
    ("3264", "5"),
    why="Both must fit a signed 64-bit integer; some peers wrap around and miss a new version.",
    bad=_origin(b"- 1 18446744073709551615 IN IP4 192.0.2.1"),
    good=_origin(b"- 1 9223372036854775807 IN IP4 192.0.2.1"),
)
def origin_size(view: View) -> Hits:
    """Report numbers over the signed 64-bit range."""
    for position, origin in origins(view):
        for what, value in (("id", origin.session_id), ("version", origin.session_version)):
            digits = value.lstrip("0")
            is_number = value.isascii() and value.isdigit()
            if is_number and (len(digits) > 19 or int(digits or "0") > _LARGEST):
                message = f"the session {what} {shown(value)} is over 2^63-1; peers may wrap it"
                yield view.session.hit(position, message)


@rule(
    "SDP216",
    Severity.INFO,
    "Unknown bandwidth type",
    ("8866", "5.8"),
    why="A peer ignores the line.",
    bad=_M + "b=X-MAX:64\n",
    good=_M + "b=TIAS:64000\n",
)
def unknown_bandwidth(view: View) -> Hits:
    """Report bandwidth types that no RFC defines."""
    for level in view.levels:
        for position, value in level.raw("b="):
            try:
                kind = Bandwidth.parse(value).type
            except SdpError:
                continue
            if kind.upper() not in _BANDWIDTHS:
                message = f"the bandwidth type {shown(kind)} is not registered; peers ignore it"
                yield level.hit(position, message)
