"""RFC 8866 §5: which lines there must be, how often, at which level and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sdp.lint.rule import Hits, Scope, Severity, rule, shown
from sdp.lint.view import Level, Stream, View

_SESSION_ORDER = {letter: place for place, letter in enumerate("vosiuepcb")}
_SESSION_ORDER |= {"t": 9, "r": 9, "z": 9, "k": 10, "a": 11}
_MEDIA_ORDER = {letter: place for place, letter in enumerate("micbka")}
_ONCE = {None: ("v=", "o=", "s=", "i=", "u=", "k="), 0: ("i=", "k=")}
_SESSION_ONLY = ("v=", "o=", "s=", "u=", "e=", "p=", "t=", "r=", "z=")
_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")

_V, _O, _S = b"v=0\r\n", b"o=- 1 1 IN IP4 192.0.2.1\r\n", b"s=-\r\n"
_C, _T = b"c=IN IP4 192.0.2.1\r\n", b"t=0 0\r\n"
_M = b"m=audio 5004 RTP/AVP 0\r\n"
_GOOD = _V + _O + _S + _C + _T + _M


def _absent(name: str, message: str) -> Callable[[View], Hits]:
    def check(view: View) -> Hits:
        if not view.description.has(name):
            yield view.missing(message)

    return check


no_version = rule(
    "SDP101",
    Severity.ERROR,
    "No v= line",
    ("8866", "5.1"),
    why="Every description begins with v=0; many parsers refuse anything else as no SDP.",
    bad=_O + _S + _C + _T + _M,
    good=_GOOD,
    scope=Scope.DESCRIPTION,
)(_absent("v=", "there is no v= line; peers may not take this for SDP"))

no_origin = rule(
    "SDP103",
    Severity.ERROR,
    "No o= line",
    ("8866", "5.2"),
    why="Without it a peer cannot tell a changed description from a repeated one.",
    bad=_V + _S + _C + _T + _M,
    good=_GOOD,
    scope=Scope.DESCRIPTION,
)(_absent("o=", "there is no o= line; peers refuse the description or miss later changes"))

no_session_name = rule(
    "SDP104",
    Severity.ERROR,
    "No s= line",
    ("8866", "5.3"),
    why="The line is mandatory; write s=- where there is no name.",
    bad=_V + _O + _C + _T + _M,
    good=_GOOD,
    scope=Scope.DESCRIPTION,
)(_absent("s=", "there is no s= line; strict peers refuse the description"))

no_timing = rule(
    "SDP106",
    Severity.ERROR,
    "No t= line",
    ("8866", "5.9"),
    why="The line is mandatory; calls write t=0 0.",
    bad=_V + _O + _S + _C + _M,
    good=_GOOD,
    scope=Scope.DESCRIPTION,
)(_absent("t=", "there is no t= line; strict peers refuse the description"))


@rule(
    "SDP102",
    Severity.ERROR,
    "v= is not 0",
    ("8866", "5.1"),
    why="There is no other version of SDP.",
    bad=b"v=1\r\n" + _O + _S + _C + _T + _M,
    good=_GOOD,
)
def wrong_version(view: View) -> Hits:
    """Report a version other than 0."""
    for position, value in view.session.lines("v="):
        if value != "0":
            yield view.session.hit(position, f"the version is {shown(value)}, peers know only 0")


@rule(
    "SDP105",
    Severity.WARNING,
    "Empty s= line",
    ("8866", "5.3"),
    why="A session name has at least one byte, so write s=-; most peers accept an empty one.",
    bad=_V + _O + b"s=\r\n" + _C + _T + _M,
    good=_GOOD,
)
def empty_session_name(view: View) -> Hits:
    """Report s= without a byte behind it."""
    for position, value in view.session.raw("s="):
        if not value:
            yield view.session.hit(position, "s= is empty; strict peers refuse it, write s=-")


def _letters(level: Level) -> Iterator[tuple[int, str]]:
    known = _SESSION_ORDER if level.stream is None else _MEDIA_ORDER
    for position, line in enumerate(level.section.lines):
        letter = chr(line[0])
        if line[1:2] == b"=" and letter in known:
            yield position, letter


@rule(
    "SDP107",
    Severity.WARNING,
    "Lines out of order",
    ("8866", "5"),
    why="The order is fixed; parsers that rely on it refuse the body or miss the line.",
    bad=_V + _O + _S + _T + _C + _M,
    good=_GOOD,
    scope=Scope.DESCRIPTION,
)
def out_of_order(view: View) -> Hits:
    """Report the first line of each level that should stand before an earlier one."""
    for level in view.levels:
        order = _SESSION_ORDER if level.stream is None else _MEDIA_ORDER
        highest = "v" if level.stream is None else "m"
        for position, letter in _letters(level):
            if order[letter] < order[highest]:
                message = f"{letter}= stands behind {highest}=; a strict peer refuses the body"
                yield level.hit(position, message)
                break
            highest = letter


@rule(
    "SDP108",
    Severity.ERROR,
    "Line repeated that may stand once",
    ("8866", "5"),
    why="Peers take the first or the last of them, or refuse the body.",
    bad=_V + _O + _O + _S + _C + _T + _M,
    good=_GOOD,
    scope=Scope.DESCRIPTION,
)
def repeated(view: View) -> Hits:
    """Report the second line of a kind that occurs once per level."""
    for level in view.levels:
        for name in _ONCE[None if level.stream is None else 0]:
            for position in level.section.positions(name)[1:2]:
                yield level.hit(position, f"a second {name} line; which one counts is up to chance")


@rule(
    "SDP109",
    Severity.ERROR,
    "Session-level line in an m= section",
    ("8866", "5"),
    why="Below the first m= line such a line has no meaning; the body may be two glued together.",
    bad=_V + _O + _S + _C + _T + _M + b"t=0 0\r\n",
    good=_GOOD,
    scope=Scope.DESCRIPTION,
)
def session_line_in_media(view: View) -> Hits:
    """Report v=, o=, s=, t= and their like below an m= line."""
    for stream in view.streams:
        for name in _SESSION_ONLY:
            for position in stream.section.positions(name)[:1]:
                message = f"{name} belongs above the first m= line; peers may refuse the body"
                yield stream.hit(position, message)


def _lacks_connection(view: View, stream: Stream) -> bool:
    has = stream.has("c=") or view.description.has("c=")
    return not has and stream.port != 0


@rule(
    "SDP110",
    Severity.ERROR,
    "No c= line for a stream",
    ("8866", "5.7"),
    why="A section needs a c= line of its own or one at session level.",
    bad=_V + _O + _S + _T + _M,
    good=_V + _O + _S + _T + _M + _C,
    scope=Scope.DESCRIPTION,
)
def no_connection(view: View) -> Hits:
    """Report streams in use for which no c= line holds."""
    for stream in view.streams:
        if _lacks_connection(view, stream):
            yield stream.hit(0, "no c= line holds for this stream; a peer knows no address for it")


@rule(
    "SDP111",
    Severity.WARNING,
    "k= line",
    ("8866", "5.12"),
    why="k= is obsolete, must not be sent and is discarded; it shows a key in clear text.",
    bad=_V + _O + _S + _C + _T + b"k=prompt\r\n" + _M,
    good=_GOOD,
)
def key(view: View) -> Hits:
    """Report k= lines; never what is in them."""
    for level in view.levels:
        for position in level.section.positions("k="):
            yield level.hit(position, "k= must not be sent any more; peers discard it")


def _is_multicast(address: str) -> bool:
    return address.partition(".")[0] in {str(n) for n in range(224, 240)} or (
        ":" in address and address[:2].lower() == "ff"
    )


@rule(
    "SDP112",
    Severity.WARNING,
    "Several c= lines at one level",
    ("8866", "5.7"),
    why="Only layered multicast may have them; peers take the first or the last one.",
    bad=_V + _O + _S + _T + _M + _C + b"c=IN IP4 192.0.2.2\r\n",
    good=_V + _O + _S + _T + _M + b"c=IN IP4 233.252.0.1/9\r\nc=IN IP4 233.252.0.2/9\r\n",
)
def several_connections(view: View) -> Hits:
    """Report the second c= line, unless they are multicast in an m= section."""
    for level in view.levels:
        positions = level.section.positions("c=")
        layered = level.stream is not None and all(
            _is_multicast(connection.address) for connection in level.section.connections
        )
        if len(positions) > 1 and not layered:
            message = f"{len(positions)} c= lines at one level; peers differ in which one counts"
            yield level.hit(positions[1], message)


@rule(
    "SDP113",
    Severity.INFO,
    "No m= line",
    ("3264", "5"),
    why="Such an offer is allowed; it starts a call without any stream.",
    bad=_V + _O + _S + _T,
    good=_GOOD,
    scope=Scope.DESCRIPTION,
)
def no_media(view: View) -> Hits:
    """Report a description without sections."""
    if not view.streams:
        yield view.missing("there is no m= line; the peer will set up no stream")


@rule(
    "SDP114",
    Severity.WARNING,
    "Several directions at one level",
    ("8866", "6.7"),
    why="At most one of sendrecv, sendonly, recvonly and inactive may stand at a level.",
    bad=_V + _O + _S + _C + _T + _M + b"a=sendrecv\r\na=inactive\r\n",
    good=_V + _O + _S + _C + _T + _M + b"a=inactive\r\n",
)
def several_directions(view: View) -> Hits:
    """Report the second direction attribute of a level."""
    for level in view.levels:
        found = sorted((p, name) for name in _DIRECTIONS for p in level.section.positions(name))
        for position, name in found[1:2]:
            message = f"a={name} follows a={found[0][1]}; peers differ in which direction counts"
            yield level.hit(position, message)
