"""RFC 8840 §4.4 and §9: fragments, the bodies that bring candidates later."""

from __future__ import annotations

from sdp.lint.rule import Hits, Scope, Severity, rule
from sdp.lint.view import View

_BOTH = "a=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\n"
_M = "m=audio 9 RTP/AVP 0\n"
_MID = "a=mid:1\n"
_HOST = "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ host\n"
_GOOD = _BOTH + _M + _MID + _HOST
_FOREIGN = ("v=", "o=", "s=", "i=", "u=", "e=", "p=", "c=", "b=", "t=", "r=", "z=", "k=")


@rule(
    "ICE601",
    Severity.WARNING,
    "Description lines in a fragment",
    ("8840", "9"),
    why="A fragment has m= and a= lines only. Peers may refuse the body, or take it for an offer.",
    bad="v=0\n" + _GOOD,
    good=_GOOD,
    scope=Scope.FRAGMENT,
)
def foreign_lines(view: View) -> Hits:
    """Report the first line of each level that is neither m= nor a=."""
    for level in view.levels:
        found = [level.at(name) for name in _FOREIGN if level.section.has(name)]
        if found:
            what = chr(level.section.lines[min(found)][0])
            yield level.hit(min(found), f"{what}= in a fragment; peers may refuse the body")


@rule(
    "ICE602",
    Severity.ERROR,
    "Fragment section without mid",
    ("8840", "4.4"),
    why="Sections are matched by a=mid only; peers cannot place these candidates.",
    bad=_GOOD.replace(_MID, ""),
    good=_GOOD,
    scope=Scope.FRAGMENT,
)
def no_mid(view: View) -> Hits:
    """Report sections without mid."""
    for stream in view.streams:
        if stream.mid is None:
            yield stream.hit(0, "a section without a=mid; peers drop its candidates")


@rule(
    "ICE603",
    Severity.ERROR,
    "Fragment without credentials",
    ("8840", "4.4"),
    why="ufrag and password say which generation the candidates are of; peers drop the others.",
    bad=_GOOD.replace(_BOTH, ""),
    good=_GOOD,
    scope=Scope.FRAGMENT,
)
def no_credentials(view: View) -> Hits:
    """Report sections for which neither ufrag nor password is given, or a fragment without."""
    for stream in view.streams:
        if not view.has_any_credential(stream):
            yield stream.hit(0, "no ufrag and password for this section; peers drop its candidates")
    names = ("ice-ufrag", "ice-pwd")
    if not view.streams and not any(view.description.has(name) for name in names):
        yield view.missing("no ufrag and password in the fragment; peers drop it")


@rule(
    "ICE604",
    Severity.WARNING,
    "mid does not stand before the candidates",
    ("8840", "4.4"),
    why="a=mid directly precedes the candidates; a peer that reads line by line misplaces them.",
    bad=_BOTH + _M + _HOST + _MID,
    good=_GOOD,
    scope=Scope.FRAGMENT,
)
def mid_order(view: View) -> Hits:
    """Report sections whose mid is not the line before the first candidate."""
    for stream in view.streams:
        has_both = stream.has("mid") and stream.has("candidate")
        if has_both and stream.at("candidate") != stream.at("mid") + 1:
            message = "a=mid is not the line before the candidates; some peers misplace them"
            yield stream.hit(stream.at("mid"), message)


@rule(
    "ICE605",
    Severity.INFO,
    "m= without a port",
    ("8840", "4.4"),
    why="The form of RFC 9725. RFC 8840 writes port 9; receivers ignore all of the line.",
    bad=_GOOD.replace("audio 9 ", "audio "),
    good=_GOOD,
    scope=Scope.FRAGMENT,
)
def no_port(view: View) -> Hits:
    """Report pseudo m= lines without a port."""
    for stream in view.streams:
        if stream.media_line is not None and stream.port is None:
            yield stream.hit(0, "m= has no port; peers that follow RFC 8840 may refuse the body")
