"""RFC 3605, RFC 5761 and RFC 8858: where RTCP goes, and whether it shares the port of RTP."""

from __future__ import annotations

from sdp.attributes import Rtcp
from sdp.errors import SdpError
from sdp.fields import PLACEHOLDER_PORT, is_unspecified, same_address
from sdp.lint.rule import Hits, Scope, Severity, rule, shown
from sdp.lint.view import Stream, View

_M = "m=audio 5004 RTP/AVP 0\n"
_ICE = _M + "a=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\n"
_HOST = "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ host\n"
_HOST_2 = "a=candidate:1 2 UDP 2130706430 192.0.2.1 5005 typ host\n"
_MUX, _ONLY = "a=rtcp-mux\n", "a=rtcp-mux-only\n"


def _component_2(stream: Stream) -> int | None:
    """Where the first candidate of component 2 stands."""
    return next((p for p, c in stream.candidates if c.component == 2), None)


@rule(
    "SDP402",
    Severity.ERROR,
    "a=rtcp cannot be read",
    ("3605", "2.1"),
    why="It is a port, or a port and IN IP4 address; peers fall back to the port above RTP.",
    bad=_M + "a=rtcp:IN IP4 192.0.2.1\n",
    good=_M + "a=rtcp:5005 IN IP4 192.0.2.1\n",
    scope=Scope.DESCRIPTION,
)
def unreadable(view: View) -> Hits:
    """Report a=rtcp without a port in range, or with half an address."""
    for stream in view.streams:
        for position, value in stream.raw("rtcp"):
            try:
                in_range = Rtcp.parse(value).port <= 65535
            except SdpError:
                in_range = False
            if not in_range:
                message = f"a=rtcp:{shown(value.decode('utf-8', 'replace'))} cannot be read"
                yield stream.hit(position, f"{message}; peers send RTCP to the port above RTP")


@rule(
    "SDP403",
    Severity.ERROR,
    "rtcp-mux-only without rtcp-mux",
    ("8858", "4.2"),
    why="An offer needs both attributes, so that peers that know only the older one multiplex.",
    bad=_M + _ONLY,
    good=_M + _MUX + _ONLY,
)
def only_without_mux(view: View) -> Hits:
    """Report mux-only where mux is missing."""
    for stream in view.streams:
        if stream.has("rtcp-mux-only") and not stream.has("rtcp-mux"):
            message = "a=rtcp-mux-only without a=rtcp-mux; most peers know only the latter and will"
            yield stream.hit(stream.at("rtcp-mux-only"), f"{message} not multiplex")


@rule(
    "SDP404",
    Severity.WARNING,
    "rtcp-mux-only in an answer",
    ("8858", "4.3"),
    why="Only offers carry it; an answer says a=rtcp-mux. In a BUNDLE answer RFC 9143 allows it.",
    bad=_M + _MUX + _ONLY,
    good=_M + _MUX,
    scope=Scope.DESCRIPTION,
    only="answer",
)
def only_in_answer(view: View) -> Hits:
    """Report mux-only in an answer, outside of BUNDLE."""
    for stream in view.streams:
        if stream.has("rtcp-mux-only") and view.bundle(stream) is None:
            message = "a=rtcp-mux-only does not belong in an answer; peers ignore it"
            yield stream.hit(stream.at("rtcp-mux-only"), message)


@rule(
    "SDP405",
    Severity.ERROR,
    "rtcp-mux-only with candidates for RTCP",
    ("8858", "5.3"),
    why="Whoever only multiplexes has no component 2; a peer will check it for nothing.",
    bad=_ICE + _MUX + _ONLY + _HOST + _HOST_2,
    good=_ICE + _MUX + _ONLY + _HOST,
)
def only_with_component_2(view: View) -> Hits:
    """Report the first candidate of component 2 beside mux-only."""
    for stream in view.streams:
        position = _component_2(stream)
        if position is not None and stream.has("rtcp-mux-only"):
            message = "a candidate for component 2 beside a=rtcp-mux-only; peers check it in vain"
            yield stream.hit(position, message)


@rule(
    "SDP406",
    Severity.ERROR,
    "rtcp-mux-only with another a=rtcp",
    ("8858", "4.2"),
    why="There is no other RTCP port; a=rtcp may only repeat the one of m=.",
    bad=_M + _MUX + _ONLY + "a=rtcp:5005\n",
    good=_M + _MUX + _ONLY + "a=rtcp:5004\n",
    scope=Scope.DESCRIPTION,
)
def only_with_rtcp(view: View) -> Hits:
    """Report an a=rtcp that is not where RTP is, beside mux-only."""
    for stream in view.streams:
        rtcp, media = stream.section.rtcp, view.destination(stream)
        if rtcp is None or media is None or not stream.has("rtcp-mux-only"):
            continue
        address = rtcp.address or media.address
        if _is_placeholder(rtcp) or (
            rtcp.port == media.port and same_address(address, media.address)
        ):
            continue
        message = f"a=rtcp names port {rtcp.port} beside a=rtcp-mux-only on port {media.port}"
        yield stream.hit(stream.at("rtcp"), f"{message}; peers send RTCP where nobody listens")


def _is_placeholder(rtcp: Rtcp) -> bool:
    return rtcp.port == PLACEHOLDER_PORT or is_unspecified(rtcp.address or "")


@rule(
    "SDP407",
    Severity.WARNING,
    "No way for RTCP",
    ("8839", "4.2.2"),
    why="RTP has candidates, RTCP has neither candidates of component 2 nor the port of RTP. ICE "
    "will not open a path for it. A stream without RTCP says b=RS:0 and b=RR:0.",
    bad=_ICE + _HOST,
    good=_ICE + _HOST + _HOST_2,
    scope=Scope.DESCRIPTION,
)
def no_component_2(view: View) -> Hits:
    """Report streams whose RTCP has no candidate, unless more may follow."""
    for stream in view.streams:
        muxed = stream.has("rtcp-mux") or view.tagged(stream).has("rtcp-mux")
        if not stream.candidates or muxed or _component_2(stream) is not None:
            continue
        runs = bool(stream.port) and view.has_ice(stream) and view.uses_rtcp(stream)
        if runs and not view.expects_more(stream):
            message = "no candidate for component 2 and no a=rtcp-mux; RTCP will have no path"
            yield stream.hit(stream.at("candidate"), message)


@rule(
    "SDP408",
    Severity.INFO,
    "Candidates for RTCP in an answer that accepts mux",
    ("5761", "5.1.3"),
    why="Such an answer has component 1 only; the offerer drops the others.",
    bad=_ICE + _MUX + _HOST + _HOST_2,
    good=_ICE + _MUX + _HOST,
    scope=Scope.DESCRIPTION,
    only="answer",
)
def component_2_in_answer(view: View) -> Hits:
    """Report the first candidate of component 2 in a muxed section of an answer."""
    for stream in view.streams:
        position = _component_2(stream)
        muxed = stream.has("rtcp-mux") and not stream.has("rtcp-mux-only")
        if position is not None and muxed:
            message = "a candidate for component 2 though the answer multiplexes; peers ignore it"
            yield stream.hit(position, message)


@rule(
    "SDP409",
    Severity.INFO,
    "Offer of mux without a fallback",
    ("5761", "5.1.3"),
    why="An offer that leaves mux to the peer also has candidates for RTCP, else it says "
    "a=rtcp-mux-only. If the peer refuses mux, its RTCP has no path.",
    bad=_ICE + _MUX + _HOST,
    good=_ICE + _MUX + _ONLY + _HOST,
    scope=Scope.DESCRIPTION,
    only="offer",
)
def no_fallback(view: View) -> Hits:
    """Report offers with mux, component 1 only, and no mux-only; bundled ones need none."""
    for stream in view.streams:
        settled = stream.has("rtcp-mux-only") or view.bundle(stream) is not None
        if not stream.has("rtcp-mux") or settled or not stream.candidates:
            continue
        if _component_2(stream) is None and not view.expects_more(stream):
            message = "mux is offered without candidates for RTCP; a peer that refuses mux has no"
            yield stream.hit(stream.at("rtcp-mux"), f"{message} path for RTCP")


@rule(
    "SDP410",
    Severity.WARNING,
    "a=rtcp with several ports in m=",
    ("3605", "3.2"),
    why="a=rtcp names one port and cannot say where the RTCP of port/n streams goes.",
    bad="m=audio 5004/2 RTP/AVP 0\na=rtcp:5010\n",
    good="m=audio 5004/2 RTP/AVP 0\n",
    scope=Scope.DESCRIPTION,
)
def rtcp_of_many(view: View) -> Hits:
    """Report a=rtcp in a section with a port count."""
    for stream in view.streams:
        line = stream.media_line
        if line is not None and (line.port_count or 1) > 1 and stream.has("rtcp"):
            message = f"a=rtcp cannot speak for {line.port_count} RTP ports; peers guess"
            yield stream.hit(stream.at("rtcp"), message)
