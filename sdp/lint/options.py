"""RFC 8839 §5.2, §5.3, §5.5 and §5.6: options, pacing, lite, mismatch and remote-candidates."""

from __future__ import annotations

from sdp.errors import SdpError
from sdp.fields import ip_address
from sdp.ice import HOST, MAX_COMPONENT, is_ice_chars, parse_remote_candidates
from sdp.lines import number
from sdp.lint.rule import Hits, Scope, Severity, rule, shown
from sdp.lint.view import View

_M = "m=audio 5004 RTP/AVP 0\n"
_BOTH = "a=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\n"
_ICE = _M + _BOTH + "a=rtcp-mux\n"
_HOST = "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ host\n"
_SRFLX = "a=candidate:2 1 UDP 1694498815 198.51.100.1 5004 typ srflx raddr 192.0.2.1 rport 5004\n"
_REMOTE = "a=remote-candidates:1 192.0.2.3 5004\n"


@rule(
    "ICE110",
    Severity.INFO,
    "Option ice2 missing",
    ("8839", "4.2.1.5"),
    why="Whoever follows RFC 8445 says so with ice2. Peers take this one for an agent of RFC 5245, "
    "and send another offer when the selected pair is not the default one. Browsers leave it out.",
    bad=_ICE,
    good="a=ice-options:ice2\n" + _ICE,
    scope=Scope.DESCRIPTION,
)
def no_ice2(view: View) -> Hits:
    """Report the first stream that has ICE without ice2."""
    for stream in view.streams:
        if view.has_ice(stream) and not view.has_option(stream, "ice2"):
            message = "no a=ice-options:ice2; peers take this for an agent of RFC 5245"
            yield stream.hit(stream.at("ice-ufrag"), message)
            return


@rule(
    "ICE111",
    Severity.WARNING,
    "Empty ice-options",
    ("8839", "5.6"),
    why="At least one option must stand there; strict peers refuse the line.",
    bad="a=ice-options:\n" + _ICE,
    good="a=ice-options:ice2\n" + _ICE,
)
def empty_options(view: View) -> Hits:
    """Report ice-options without any word."""
    for level in view.levels:
        for position, value in level.lines("ice-options"):
            if not value:
                yield level.hit(position, "a=ice-options is empty; strict peers refuse the line")


@rule(
    "ICE112",
    Severity.WARNING,
    "Illegal character in an ICE option",
    ("8839", "5.6"),
    why="Options have letters, digits, + and /, and blanks between them. A comma makes one unknown "
    "option out of two.",
    bad="a=ice-options:trickle,ice2\n" + _ICE,
    good="a=ice-options:renomination ice2\n" + _ICE,
)
def odd_option(view: View) -> Hits:
    """Report the first option of each level that is not made of ice-chars, but for google-ice."""
    for level in view.levels:
        odd = sorted(o for o in level.options if not is_ice_chars(o) and o != "google-ice")
        if odd:
            message = f"option {shown(odd[0])} has characters that an option cannot have"
            yield level.hit(level.at("ice-options"), f"{message}; peers do not know it")


@rule(
    "ICE113",
    Severity.INFO,
    "Long ICE option",
    ("8839", "5.6"),
    why="Options should have no more than 20 characters.",
    bad="a=ice-options:averyveryverylongoption\n" + _ICE,
    good="a=ice-options:ice2\n" + _ICE,
)
def long_option(view: View) -> Hits:
    """Report the first option of each level over 20 characters."""
    for level in view.levels:
        long = sorted(option for option in level.options if len(option) > 20)
        if long:
            message = f"option {shown(long[0])} is over 20 characters long; peers may cut it"
            yield level.hit(level.at("ice-options"), message)


@rule(
    "ICE114",
    Severity.ERROR,
    "ice-pacing of a lite agent",
    ("8839", "4.3.1"),
    why="A lite agent sends no checks and must not ask for a pace.",
    bad="a=ice-lite\na=ice-pacing:50\n" + _ICE,
    good="a=ice-lite\n" + _ICE,
)
def lite_pacing(view: View) -> Hits:
    """Report pacing beside lite."""
    session = view.session
    if view.description.ice_lite and session.section.has("ice-pacing"):
        message = "a=ice-pacing beside a=ice-lite, which sends no checks; peers ignore it"
        yield session.hit(session.at("ice-pacing"), message)


@rule(
    "ICE115",
    Severity.ERROR,
    "ice-pacing cannot be read",
    ("8839", "5.5"),
    why="It is a number of milliseconds with at most ten digits; peers go on with 50.",
    bad="a=ice-pacing:50ms\n" + _ICE,
    good="a=ice-pacing:50\n" + _ICE,
)
def bad_pacing(view: View) -> Hits:
    """Report pacing that is no number."""
    for level in view.levels:
        for position, value in level.lines("ice-pacing"):
            if number(value) is None:
                message = f"ice-pacing {shown(value)} is no number of milliseconds; peers use 50"
                yield level.hit(position, message)


@rule(
    "ICE116",
    Severity.WARNING,
    "ice-pacing below 5 ms",
    ("8445", "14.2"),
    why="No agent may send checks faster than every 5 ms; the larger value of both sides counts.",
    bad="a=ice-pacing:1\n" + _ICE,
    good="a=ice-pacing:5\n" + _ICE,
)
def fast_pacing(view: View) -> Hits:
    """Report pacing below the floor."""
    for level in view.levels:
        for position, value in level.lines("ice-pacing"):
            asked = number(value)
            if asked is not None and asked < 5:
                message = f"ice-pacing {asked} is below the floor of 5 ms; peers will not follow"
                yield level.hit(position, message)


@rule(
    "ICE117",
    Severity.WARNING,
    "Lite agent with other than host candidates",
    ("8445", "5.2"),
    why="A lite agent has host candidates only; it cannot keep a mapping alive before the first "
    "check arrives. Often the attribute was left behind by a rewriting middlebox.",
    bad="a=ice-lite\n" + _ICE + _HOST + _SRFLX,
    good="a=ice-lite\n" + _ICE + _HOST,
)
def lite_candidates(view: View) -> Hits:
    """Report the first candidate of each stream of a lite agent that is no host candidate."""
    if not view.description.ice_lite:
        return
    for stream in view.streams:
        for position, candidate in stream.candidates:
            if candidate.type and candidate.type.lower() not in (HOST, "local"):
                message = f"a {shown(candidate.type)} candidate of a lite agent, which has none"
                yield stream.hit(position, f"{message}; peers may never reach it")
                break


@rule(
    "ICE118",
    Severity.ERROR,
    "remote-candidates in an answer",
    ("8839", "4.4.2"),
    why="Only the controlling agent's offers name the pairs it selected.",
    bad=_ICE + _HOST + _REMOTE,
    good=_ICE + _HOST,
    scope=Scope.DESCRIPTION,
    only="answer",
)
def remote_in_answer(view: View) -> Hits:
    """Report remote-candidates."""
    for stream in view.streams:
        if stream.has("remote-candidates"):
            message = "a=remote-candidates does not belong in an answer; peers ignore it"
            yield stream.hit(stream.at("remote-candidates"), message)


@rule(
    "ICE119",
    Severity.ERROR,
    "remote-candidates cannot be read",
    ("8839", "5.2"),
    why="It is made of triples: component, IP address and port. A peer that cannot read them "
    "answers before its pairs are valid.",
    bad=_ICE + _HOST + "a=remote-candidates:1 192.0.2.3\n",
    good=_ICE + _HOST + _REMOTE,
)
def bad_remote(view: View) -> Hits:
    """Report what is not triples in range."""
    for stream in view.streams:
        for position, value in stream.raw("remote-candidates"):
            if (reason := _why_unreadable(value)) is not None:
                yield stream.hit(position, f"a=remote-candidates: {reason}; peers ignore it")


def _why_unreadable(value: bytes) -> str | None:
    try:
        entries = parse_remote_candidates(value)
    except SdpError as error:
        return error.reason if "triples" in error.reason else "component or port is no number"
    for entry in entries:
        if not 1 <= entry.component <= MAX_COMPONENT or not 1 <= entry.port <= 65535:
            return f"component {entry.component} or port {entry.port} is out of range"
        if ip_address(entry.address) is None:
            return f"{shown(entry.address)} is no IP address"
    return None


@rule(
    "ICE120",
    Severity.ERROR,
    "ice-mismatch in an offer",
    ("8839", "5.3"),
    why="It answers an offer whose default destination was changed on the way.",
    bad=_M + "a=ice-mismatch\n",
    good=_M,
    scope=Scope.DESCRIPTION,
    only="offer",
)
def mismatch_in_offer(view: View) -> Hits:
    """Report ice-mismatch."""
    for stream in view.streams:
        if stream.has("ice-mismatch"):
            message = "a=ice-mismatch belongs in answers only; peers ignore it or drop ICE"
            yield stream.hit(stream.at("ice-mismatch"), message)


@rule(
    "ICE121",
    Severity.ERROR,
    "ice-mismatch with candidates",
    ("8839", "4.2.5"),
    why="Whoever reports a mismatch does no ICE for the stream and sends no candidates.",
    bad=_ICE + "a=ice-mismatch\n" + _HOST,
    good=_M + "a=ice-mismatch\n",
    scope=Scope.DESCRIPTION,
)
def mismatch_with_candidates(view: View) -> Hits:
    """Report candidates beside ice-mismatch."""
    for stream in view.streams:
        if stream.has("ice-mismatch") and stream.has("candidate"):
            message = "candidates beside a=ice-mismatch; peers end ICE for the stream"
            yield stream.hit(stream.at("candidate"), message)
