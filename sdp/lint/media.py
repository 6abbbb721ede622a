"""RFC 8866 §5.14 and §6.6, RFC 3264 §5.1: ports, formats and direction of m= sections."""

from __future__ import annotations

from sdp.attributes import Rtpmap
from sdp.effective import Destination
from sdp.errors import SdpError
from sdp.fields import PLACEHOLDER_PORT, is_unspecified
from sdp.lines import number
from sdp.lint.rule import Hits, Scope, Severity, rule, shown
from sdp.lint.view import Stream, View

_M = "m=audio 5004 RTP/AVP 0\n"
_MUXED = "m=audio 5004 RTP/AVP {}\na=rtcp-mux\na=rtpmap:{} opus/48000/2\n"
_DYNAMIC = range(96, 128)
_FREE = frozenset((*range(20, 25), 27, 29, 30, *range(35, 64), *_DYNAMIC))
"""Payload types without a static meaning (RFC 3551 §6), those of RTCP conflicts left out."""


@rule(
    "SDP218",
    Severity.ERROR,
    "Port of m= out of range",
    ("8866", "5.14"),
    why="A port is a number from 0 to 65535; peers refuse the stream or the description.",
    bad="m=audio 70000 RTP/AVP 0\n",
    good=_M,
    scope=Scope.DESCRIPTION,
)
def port_range(view: View) -> Hits:
    """Report ports that are no number or too large."""
    for stream in view.streams:
        line = stream.media_line
        if line is not None and (line.port is None or line.port > 65535):
            what = shown(line.port_text or line.proto)
            yield stream.hit(0, f"{what} is no port; peers refuse the stream or everything")


@rule(
    "SDP219",
    Severity.ERROR,
    "m= without format",
    ("8866", "5.14"),
    why="At least one format must stand there, also in a refused section.",
    bad="m=audio 5004 RTP/AVP\n",
    good=_M,
    scope=Scope.DESCRIPTION,
)
def no_format(view: View) -> Hits:
    """Report m= lines that end behind the protocol."""
    for stream in view.streams:
        line = stream.media_line
        if line is not None and line.port is not None and not line.formats:
            yield stream.hit(0, f"m={shown(line.type)} has no format; strict peers refuse the body")


@rule(
    "SDP220",
    Severity.INFO,
    "RTP on an odd port",
    ("8866", "5.14"),
    why="RTCP goes to the port above. Old peers expect even RTP ports and send RTCP below.",
    bad="m=audio 5005 RTP/AVP 0\n",
    good="m=audio 5005 RTP/AVP 0\na=rtcp:5006\n",
    scope=Scope.DESCRIPTION,
)
def odd_port(view: View) -> Hits:
    """Report odd RTP ports where neither a=rtcp nor mux says where RTCP goes."""
    for stream in view.streams:
        port = stream.port
        told = stream.has("rtcp") or stream.has("rtcp-mux") or view.tagged(stream).has("rtcp-mux")
        is_odd = port and port % 2 and port not in (1, PLACEHOLDER_PORT)
        if is_odd and not told and view.uses_rtcp(stream):
            message = f"RTP is on the odd port {port} without a=rtcp; old peers guess where"
            yield stream.hit(0, f"{message} RTCP goes")


@rule(
    "SDP301",
    Severity.ERROR,
    "Payload type out of range",
    ("8866", "6.6"),
    why="An RTP payload type is a number from 0 to 127; a peer ignores the format or the stream.",
    bad="m=audio 5004 RTP/AVP 0 128\n",
    good="m=audio 5004 RTP/AVP 0 127\na=rtpmap:127 opus/48000/2\n",
    scope=Scope.DESCRIPTION,
)
def payload_range(view: View) -> Hits:
    """Report the formats of an RTP section that are no payload type."""
    for stream in view.streams:
        odd = [payload for payload in _formats(stream) if (number(payload) or 0) > 127]
        odd += [payload for payload in _formats(stream) if number(payload) is None]
        if odd:
            message = f"{shown(odd[0])}{_more(odd)} is no RTP payload type; peers ignore the format"
            yield stream.hit(0, message)


def _formats(stream: Stream) -> tuple[str, ...]:
    """The distinct formats of an RTP section."""
    line = stream.media_line
    return tuple(dict.fromkeys(line.formats)) if line is not None and stream.is_rtp else ()


def _more(values: list[str]) -> str:
    return f" and {len(values) - 1} more" if len(values) > 1 else ""


@rule(
    "SDP302",
    Severity.WARNING,
    "Payload type that looks like RTCP",
    ("5761", "4"),
    why="With rtcp-mux the types 64 to 95 cannot be told from RTCP packets.",
    bad=_MUXED.format(72, 72),
    good=_MUXED.format(96, 96),
    scope=Scope.DESCRIPTION,
)
def payload_conflict(view: View) -> Hits:
    """Report the payload types 64 to 95 of a muxed section."""
    for stream in view.streams:
        clash = [payload for payload in _formats(stream) if 64 <= (number(payload) or 0) <= 95]
        if clash and stream.has("rtcp-mux"):
            message = f"payload type {clash[0]}{_more(clash)} with rtcp-mux"
            yield stream.hit(0, f"{message}; peers take its packets for RTCP")


@rule(
    "SDP303",
    Severity.INFO,
    "Dynamic payload type without rtpmap",
    ("3264", "6.1"),
    why="Nothing says which codec it is; the peer ignores the format.",
    bad="m=audio 5004 RTP/AVP 0 96\n",
    good="m=audio 5004 RTP/AVP 0 96\na=rtpmap:96 opus/48000/2\n",
    scope=Scope.DESCRIPTION,
)
def no_rtpmap(view: View) -> Hits:
    """Report the dynamic payload types of a section in use that have no rtpmap."""
    for stream in view.streams:
        mapped = {value.split(maxsplit=1)[0] for _, value in stream.lines("rtpmap") if value}
        bare = [p for p in _formats(stream) if p not in mapped and number(p) in _FREE]
        if bare and stream.port:
            message = f"payload type {bare[0]}{_more(bare)} without a=rtpmap; peers ignore it"
            yield stream.hit(0, message)


@rule(
    "SDP304",
    Severity.WARNING,
    "a=rtpmap cannot be read",
    ("8866", "6.6"),
    why="It is a payload type, a blank, and name/rate; the peer does not learn the codec.",
    bad=_M + "a=rtpmap:96 opus\n",
    good=_M + "a=rtpmap:96 opus/48000/2\n",
)
def bad_rtpmap(view: View) -> Hits:
    """Report rtpmap lines without payload type, name or rate."""
    for stream in view.streams:
        for position, value in stream.raw("rtpmap"):
            try:
                has_rate = Rtpmap.parse(value).clock_rate is not None
            except SdpError:
                has_rate = False
            if not has_rate:
                message = "a=rtpmap is not of the form: payload type, name/rate; peers ignore it"
                yield stream.hit(position, message)


@rule(
    "SDP305",
    Severity.WARNING,
    "Two streams on one port",
    ("3264", "5.1"),
    why="Without BUNDLE a peer cannot tell their packets apart; some use it for optional SRTP.",
    bad=_M + "m=video 5004 RTP/AVP 31\n",
    good=_M + "m=video 5006 RTP/AVP 31\n",
    scope=Scope.DESCRIPTION,
)
def shared_port(view: View) -> Hits:
    """Report the second section on a transport address, unless they are bundled."""
    seen: dict[Destination, Stream] = {}
    for stream in view.streams:
        destination = view.destination(stream)
        if destination is None or destination.is_placeholder:
            continue
        first = seen.setdefault(destination, stream)
        group = view.bundle(stream)
        if first is not stream and (group is None or group is not view.bundle(first)):
            message = f"port {destination.port} is also that of m= section {first.stream}"
            yield stream.hit(0, f"{message} without BUNDLE; peers cannot tell the packets apart")


def _unset(view: View, stream: Stream) -> tuple[int, ...]:
    """Ports that stand for "none yet"; with ICE also the 1 of older browsers."""
    return (PLACEHOLDER_PORT, 1) if view.has_ice(stream) else (PLACEHOLDER_PORT,)


@rule(
    "SDP306",
    Severity.WARNING,
    "Hold by address 0.0.0.0",
    ("8839", "4.4.1.1.1"),
    why="The hold of RFC 2543. With ICE it must not be used: say a=sendonly or a=inactive.",
    bad="m=audio 5004 RTP/AVP 0\nc=IN IP4 0.0.0.0\n",
    good="m=audio 5004 RTP/AVP 0\na=inactive\n",
    scope=Scope.DESCRIPTION,
)
def hold(view: View) -> Hits:
    """Report the unspecified address with a real port."""
    for stream in view.streams:
        destination = view.destination(stream)
        if destination is None or destination.port in _unset(view, stream):
            continue
        if is_unspecified(destination.address):
            message = f"c= is {destination.address} with port {destination.port}; a peer without"
            yield stream.hit(stream.at("c="), f"{message} ICE takes that for hold and is silent")
