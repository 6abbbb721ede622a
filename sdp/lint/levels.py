"""RFC 8839 §5 and its neighbours: attributes at the wrong level, and how attributes are written."""

from __future__ import annotations

from collections.abc import Callable

from sdp.lines import content
from sdp.lines import text as decoded
from sdp.lint.rule import Hits, Severity, rule, shown
from sdp.lint.view import View

_M = "m=audio 5004 RTP/AVP 0\n"
_ICE = _M + "a=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\na=rtcp-mux\n"
_CANDIDATE = "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ host\n"
_FLAGS = (
    "ice-lite",
    "ice-mismatch",
    "end-of-candidates",
    "rtcp-mux",
    "rtcp-mux-only",
    "bundle-only",
)
_VALUES = ("candidate", "remote-candidates", "ice-ufrag", "ice-pwd", "ice-options", "ice-pacing")
_KNOWN = frozenset((*_FLAGS, *_VALUES, "mid", "rtcp", "group", "rtpmap", "fmtp", "setup"))
_KNOWN |= {"sendrecv", "sendonly", "recvonly", "inactive", "fingerprint", "crypto", "ptime"}


def _at_session(name: str, effect: str) -> Callable[[View], Hits]:
    def check(view: View) -> Hits:
        for position in view.session.section.positions(name)[:1]:
            yield view.session.hit(position, f"a={name} stands at session level; {effect}")

    return check


candidates_at_session = rule(
    "ICE101",
    Severity.ERROR,
    "Candidates at session level",
    ("8839", "5.1"),
    why="Each candidate belongs to one m= section; above the first m= line peers ignore it.",
    bad=_CANDIDATE + _ICE,
    good=_ICE + _CANDIDATE,
)(_at_session("candidate", "peers ignore all candidates above the first m= line"))

remote_at_session = rule(
    "ICE102",
    Severity.ERROR,
    "remote-candidates at session level",
    ("8839", "5.2"),
    why="The attribute belongs to one m= section; elsewhere peers ignore it.",
    bad="a=remote-candidates:1 192.0.2.3 5004\n" + _M,
    good=_M + "a=remote-candidates:1 192.0.2.3 5004\n",
)(_at_session("remote-candidates", "peers ignore it there"))

mismatch_at_session = rule(
    "ICE103",
    Severity.ERROR,
    "ice-mismatch at session level",
    ("8839", "5.3"),
    why="A mismatch is that of one stream; at session level peers ignore it and wait for checks.",
    bad="a=ice-mismatch\n" + _M,
    good=_M + "a=ice-mismatch\n",
)(_at_session("ice-mismatch", "peers ignore it there and go on with ICE"))

rtcp_at_session = rule(
    "SDP401",
    Severity.ERROR,
    "a=rtcp at session level",
    ("3605", "2.1"),
    why="It belongs to one m= section; peers send RTCP to the port above RTP.",
    bad="a=rtcp:5009\n" + _M,
    good=_M + "a=rtcp:5009\n",
)(_at_session("rtcp", "peers send RTCP to the port above RTP"))

mux_at_session = rule(
    "SDP411",
    Severity.ERROR,
    "rtcp-mux at session level",
    ("5761", "5.1.1"),
    why="It belongs to each m= section; peers do not multiplex.",
    bad="a=rtcp-mux\n" + _M,
    good=_M + "a=rtcp-mux\n",
)(_at_session("rtcp-mux", "peers do not multiplex"))

mux_only_at_session = rule(
    "SDP412",
    Severity.ERROR,
    "rtcp-mux-only at session level",
    ("8858", "3"),
    why="It belongs to each m= section; peers do not see it.",
    bad="a=rtcp-mux-only\n" + _M,
    good=_M + "a=rtcp-mux\na=rtcp-mux-only\n",
)(_at_session("rtcp-mux-only", "peers ignore it there"))

mid_at_session = rule(
    "SDP510",
    Severity.ERROR,
    "a=mid at session level",
    ("5888", "4"),
    why="It names one m= section; peers find no section of that name.",
    bad="a=mid:a\n" + _M,
    good=_M + "a=mid:a\n",
)(_at_session("mid", "peers find no section of that name"))

bundle_only_at_session = rule(
    "SDP515",
    Severity.ERROR,
    "bundle-only at session level",
    ("9143", "6"),
    why="It is said of one m= section; peers discard it.",
    bad="a=bundle-only\n" + _M,
    good=_M,
)(_at_session("bundle-only", "peers discard it"))


def _in_media(name: str, effect: str) -> Callable[[View], Hits]:
    def check(view: View) -> Hits:
        for stream in view.streams:
            for position in stream.section.positions(name)[:1]:
                yield stream.hit(position, f"a={name} stands in an m= section; {effect}")

    return check


lite_in_media = rule(
    "ICE104",
    Severity.ERROR,
    "ice-lite in an m= section",
    ("8839", "5.3"),
    why="An agent is lite as a whole. Peers miss the attribute, take the agent for a full one and "
    "both wait for the other to nominate.",
    bad=_M + "a=ice-lite\n",
    good="a=ice-lite\n" + _M,
)(_in_media("ice-lite", "peers take the agent for a full one"))

pacing_in_media = rule(
    "ICE105",
    Severity.WARNING,
    "ice-pacing in an m= section",
    ("8839", "5.5"),
    why="The pacing holds for all streams; peers go on with 50 ms.",
    bad=_M + "a=ice-pacing:20\n",
    good="a=ice-pacing:20\n" + _M,
)(_in_media("ice-pacing", "peers may miss it and use 50 ms"))

group_in_media = rule(
    "SDP511",
    Severity.ERROR,
    "a=group in an m= section",
    ("5888", "5"),
    why="Groups are session-level attributes; peers do not bundle.",
    bad=_M + "a=mid:a\na=group:BUNDLE a\n",
    good="a=group:BUNDLE a\n" + _M + "a=mid:a\na=rtcp-mux\n",
)(_in_media("group", "peers ignore the group"))


@rule(
    "SDP013",
    Severity.WARNING,
    "Blank behind the colon",
    ("8839", "5"),
    why="The value begins right behind the colon. Strict peers take the blank for a part of it: "
    "every check fails where it stands in ufrag or password.",
    bad=_M + "a=ice-ufrag: 8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\n",
    good=_M + "a=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\n",
)
def blank_after_colon(view: View) -> Hits:
    """Report ICE attributes, mid and rtcp whose value begins with a blank."""
    for level in view.levels:
        for name in (*_VALUES, "mid", "rtcp"):
            for position, value in level.raw(name):
                if value[:1] in (b" ", b"\t"):
                    message = f"a blank behind a={name}: – strict peers read it as a part of the"
                    yield level.hit(position, f"{message} value")


@rule(
    "SDP014",
    Severity.WARNING,
    "Attribute name in upper case",
    ("8866", "5.13"),
    why="Attribute names are case-sensitive; most peers do not know the one written here.",
    bad=_M + "a=ICE-UFRAG:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\n",
    good=_M + "a=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\n",
)
def upper_case(view: View) -> Hits:
    """Report well-known names in another case."""
    for level in view.levels:
        for position, line in enumerate(level.section.lines):
            name = decoded(content(line)[2:].partition(b":")[0].strip())
            if line[:2] == b"a=" and name not in _KNOWN and name.lower() in _KNOWN:
                message = f"a={name} is written a={name.lower()}; most peers do not know the former"
                yield level.hit(position, message)


@rule(
    "SDP015",
    Severity.ERROR,
    "Attribute without a name",
    ("8866", "5.13"),
    why="a= is followed by a name; strict peers refuse the description.",
    bad=_M + "a=:1\n",
    good=_M + "a=x:1\n",
)
def no_name(view: View) -> Hits:
    """Report a= lines without a name."""
    for level in view.levels:
        for position in level.section.positions(""):
            yield level.hit(position, "an attribute without a name; strict peers refuse the body")


@rule(
    "SDP016",
    Severity.WARNING,
    "Fields not divided by one blank",
    ("8866", "9"),
    why="The grammar has single blanks. Peers that split at each of them see empty fields.",
    bad="m=audio  5004 RTP/AVP 0\n",
    good=_M,
)
def odd_blanks(view: View) -> Hits:
    """Report tabs and repeated blanks in lines made of fields."""
    for level in view.levels:
        for name in ("o=", "c=", "t=", "m=", "candidate", "remote-candidates", "rtcp"):
            for position, value in level.raw(name):
                inside = value.strip()
                if b"  " in inside or b"\t" in inside:
                    message = f"{name} has a tab or two blanks in a row; peers may count the fields"
                    yield level.hit(position, f"{message} wrongly")


@rule(
    "SDP017",
    Severity.WARNING,
    "Flag with a value",
    ("8866", "5.13"),
    why="The attribute is a flag; a peer that compares the whole line does not know it.",
    bad="a=ice-lite:1\n" + _M,
    good="a=ice-lite\n" + _M,
)
def flag_with_value(view: View) -> Hits:
    """Report flags that have a colon."""
    for level in view.levels:
        for name in _FLAGS:
            for position in level.section.positions(name):
                value = decoded(content(level.section.lines[position])).partition(":")
                if value[1]:
                    message = f"a={name} has the value {shown(value[2])}; strict peers do not know"
                    yield level.hit(position, f"{message} it")
