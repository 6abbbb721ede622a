"""RFC 8839 §4.2.5 and RFC 8840 §4.1: default destinations, and candidates that come later."""

from __future__ import annotations

from sdp.effective import Destination
from sdp.fields import PLACEHOLDER_PORT, ip_address
from sdp.lint.rule import Hits, Scope, Severity, rule, shown
from sdp.lint.view import Stream, View

_M = "m=audio 5004 RTP/AVP 0\n"
_ICE = _M + "a=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\n"
_MUX = "a=rtcp-mux\n"
_HOST = "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ host\n"
_HOST_2 = "a=candidate:1 2 UDP 2130706430 192.0.2.1 5005 typ host\n"
_LATER = "m=audio 9 RTP/AVP 0\nc=IN IP4 0.0.0.0\na=rtcp-mux\na=mid:a\na=ice-options:trickle ice2\n"
_LATER += "a=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\n"
_TCP = "m=audio 9 TCP/RTP/AVP 0\n" + _ICE.partition("\n")[2] + _MUX
_TCP += "a=candidate:1 1 TCP 2128609279 192.0.2.1 9 typ host tcptype active\n"


def _speaks_of_ice(view: View, stream: Stream) -> bool:
    return view.has_ice(stream) and not stream.has("ice-mismatch") and bool(stream.port)


def _is_candidate(view: View, stream: Stream, component: int, at: Destination) -> bool:
    """Whether a destination is a candidate, a placeholder or a name."""
    if at.is_placeholder or at.is_name:
        return True
    owner = stream if stream.candidates else view.tagged(stream)
    address = str(ip_address(at.address))
    return (component, at.transport, address, at.port) in owner.addresses


def _is_mismatch(view: View, stream: Stream, at: Destination) -> bool:
    """Whether component 1 goes elsewhere; a bundled section does not repeat that of the first."""
    if not _speaks_of_ice(view, stream) or view.home(stream) is not stream:
        return False
    tagged = view.tagged(stream)
    if tagged is not stream and not stream.candidates and view.destination(tagged) == at:
        return False
    return not _is_candidate(view, stream, 1, at)


@rule(
    "ICE401",
    Severity.ERROR,
    "Default destination is no candidate",
    ("8839", "4.2.5"),
    why="m= and c= must name one of the candidates of component 1. If they do not, something on "
    "the path has rewritten them: the peer answers a=ice-mismatch, or turns ICE off.",
    bad=_ICE + _MUX + _HOST.replace("192.0.2.1", "198.51.100.9"),
    good=_ICE + _MUX + _HOST,
    scope=Scope.DESCRIPTION,
)
def mismatch(view: View) -> Hits:
    """Report streams whose media destination is none of their candidates."""
    for stream in view.streams:
        at = view.destination(stream)
        if at is not None and _is_mismatch(view, stream, at):
            message = f"m= and c= name {shown(at.address)} port {at.port}, which is no candidate of"
            yield stream.hit(0, f"{message} component 1; peers see a mismatch and give up ICE")


@rule(
    "ICE402",
    Severity.ERROR,
    "RTCP destination is no candidate",
    ("8839", "4.2.5"),
    why="Where component 2 has candidates, a=rtcp, or else the port above that of m=, must name "
    "one of them; otherwise the peer sees a mismatch.",
    bad=_ICE + "a=rtcp:5007\n" + _HOST + _HOST_2,
    good=_ICE + "a=rtcp:5005\n" + _HOST + _HOST_2,
    scope=Scope.DESCRIPTION,
)
def rtcp_mismatch(view: View) -> Hits:
    """Report streams whose RTCP destination is none of the candidates of component 2."""
    for stream in view.streams:
        at = _rtcp_destination(view, stream)
        if at is None or not _speaks_of_ice(view, stream):
            continue
        if not _is_candidate(view, stream, 2, at):
            where = "a=rtcp" if stream.has("rtcp") else "the port above that of m="
            message = f"{where} names {shown(at.address)} port {at.port} for RTCP, which is no"
            yield stream.hit(
                stream.at("rtcp"), f"{message} candidate of component 2; peers see a mismatch"
            )


def _rtcp_destination(view: View, stream: Stream) -> Destination | None:
    """Where the candidates of component 2 must have one; None where there is nothing to compare.

    Without a=rtcp it follows from the destination of component 1, and so does its mismatch.
    """
    media, rtcp = view.destination(stream), stream.section.rtcp
    has_second = any(candidate.component == 2 for _, candidate in stream.candidates)
    if media is None or not has_second or not view.uses_rtcp(stream):
        return None
    if rtcp is not None:
        return Destination(rtcp.address or media.address, rtcp.port, media.transport)
    if media.is_placeholder or not _is_candidate(view, stream, 1, media):
        return None
    return media._replace(port=media.port + 1)


@rule(
    "ICE403",
    Severity.INFO,
    "a=rtcp without an address yet",
    ("8840", "4.1.1"),
    why="RFC 8840 forbids a=rtcp while m= has port 9, RFC 9429 demands it. Peers accept both.",
    bad=_LATER + "a=rtcp:9 IN IP4 0.0.0.0\n",
    good=_LATER,
    scope=Scope.DESCRIPTION,
)
def early_rtcp(view: View) -> Hits:
    """Report a=rtcp of streams that trickle and have no address yet."""
    for stream in view.streams:
        at = view.destination(stream)
        if at is None or at.port != PLACEHOLDER_PORT or not view.has_option(stream, "trickle"):
            continue
        if stream.has("rtcp") and not stream.has("candidate"):
            message = "a=rtcp though no candidate is known yet; browsers do it, peers ignore it"
            yield stream.hit(stream.at("rtcp"), message)


@rule(
    "ICE404",
    Severity.WARNING,
    "TCP stream without a=setup",
    ("6544", "4.5"),
    why="A stream whose default is TCP also says who connects if the peer has no ICE.",
    bad=_TCP,
    good=_TCP + "a=setup:active\na=connection:new\n",
    scope=Scope.DESCRIPTION,
)
def tcp_without_setup(view: View) -> Hits:
    """Report TCP streams with ICE that lack a=setup."""
    for stream in view.streams:
        line = stream.media_line
        is_tcp = line is not None and line.transport == "TCP"
        has_setup = stream.has("setup") or view.description.has("setup")
        if is_tcp and _speaks_of_ice(view, stream) and not has_setup:
            message = "a TCP stream without a=setup; peers without ICE do not know who connects"
            yield stream.hit(0, message)


@rule(
    "ICE501",
    Severity.ERROR,
    "Trickle without mid",
    ("8840", "4.1.1"),
    why="Candidates that follow are matched by a=mid; without it they cannot be placed.",
    bad=_LATER.replace("a=mid:a\n", ""),
    good=_LATER,
    scope=Scope.DESCRIPTION,
)
def trickle_without_mid(view: View) -> Hits:
    """Report streams that trickle and have no mid."""
    for stream in view.streams:
        has_ice = view.has_ice(stream) and view.is_alive(stream)
        if has_ice and stream.mid is None and view.has_option(stream, "trickle"):
            yield stream.hit(0, "trickle without a=mid; peers cannot place candidates that follow")


@rule(
    "ICE502",
    Severity.INFO,
    "No candidates, and none to come",
    ("8839", "4.3.1"),
    why="Legal: the peer learns addresses from checks it receives. A peer of RFC 5245 takes it for "
    "a stream without ICE, or for hold.",
    bad=_LATER.replace("trickle ", ""),
    good=_LATER,
    scope=Scope.DESCRIPTION,
)
def no_candidates(view: View) -> Hits:
    """Report streams with ICE, without candidates and without an address, that do not trickle."""
    for stream in view.streams:
        at = view.destination(stream)
        if at is None or not at.is_placeholder or not _speaks_of_ice(view, stream):
            continue
        owner = stream if stream.has("candidate") else view.tagged(stream)
        if not owner.has("candidate") and not view.has_option(stream, "trickle"):
            message = "no candidates, no address and no trickle; old peers take it for hold or no"
            yield stream.hit(0, f"{message} ICE")
