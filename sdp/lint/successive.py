"""RFC 3264 §8: two successive descriptions of one side, apart from ICE."""

from __future__ import annotations

from collections.abc import Iterator

from sdp.attributes import Rtpmap
from sdp.errors import SdpError
from sdp.lines import number
from sdp.lint.fields import origins
from sdp.lint.restart import steps
from sdp.lint.rule import Hits, Scope, Severity, rule, shown
from sdp.lint.view import Stream, View

_HEAD = "v=0\no={}\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n"
_ONE, _TWO = _HEAD.format("- 1 1 IN IP4 192.0.2.1"), _HEAD.format("- 1 2 IN IP4 192.0.2.1")
_M = "m=audio 5004 RTP/AVP 0\n"
_V = "m=video 5006 RTP/AVP 31\n"
_OPUS = "m=audio 5004 RTP/AVP 96\na=rtpmap:96 opus/48000/2\n"


def _origin_step(view: View) -> Iterator[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    """Position, earlier and later fields of o=, the version last."""
    before, after = next(origins(view.earlier), None), next(origins(view), None)
    if before is not None and after is not None:
        position, new = after
        old = before[1]
        yield (
            position,
            (
                old.username,
                old.session_id,
                old.nettype,
                old.addrtype,
                old.address,
                old.session_version,
            ),
            (
                new.username,
                new.session_id,
                new.nettype,
                new.addrtype,
                new.address,
                new.session_version,
            ),
        )


def _changed(view: View) -> bool:
    """Whether anything but o= differs."""
    old, new = view.earlier.description, view.description
    rest = [
        [line for section in d.sections for line in section.lines if line[:2] != b"o="]
        for d in (old, new)
    ]
    return rest[0] != rest[1]


@rule(
    "SDP701",
    Severity.ERROR,
    "Changed under the same o= version",
    ("3264", "8"),
    why="Equal versions mean equal descriptions, so peers do not look at the change.",
    bad=_ONE + _M + _V,
    good=_TWO + _M + _V,
    earlier=_ONE + _M,
    scope=Scope.PAIR,
)
def same_version(view: View) -> Hits:
    """Report a changed description with the version of the earlier one."""
    for position, old, new in _origin_step(view):
        if old == new and _changed(view):
            message = f"the version is still {shown(new[-1])} though the description changed"
            yield view.session.hit(position, f"{message}; peers ignore the change")


@rule(
    "SDP702",
    Severity.WARNING,
    "o= version does not grow by one",
    ("3264", "8"),
    why="Each change raises the version by exactly one. Browsers skip numbers, which peers accept; "
    "a smaller number looks like an old description.",
    bad=_HEAD.format("- 1 3 IN IP4 192.0.2.1") + _M,
    good=_TWO + _M,
    earlier=_ONE + _M,
    scope=Scope.PAIR,
)
def version_step(view: View) -> Hits:
    """Report versions that shrink, or grow by more than one."""
    for position, old, new in _origin_step(view):
        before, after = number(old[-1], 20), number(new[-1], 20)
        if before is not None and after is not None and after - before not in (0, 1):
            message = f"the version goes from {before} to {after} and not to {before + 1}"
            yield view.session.hit(position, f"{message}; strict peers refuse the description")


@rule(
    "SDP703",
    Severity.ERROR,
    "o= changed in more than the version",
    ("3264", "8"),
    why="The other fields of o= name the session. Peers take this for a new one, or refuse it.",
    bad=_HEAD.format("- 7 2 IN IP4 192.0.2.1") + _M,
    good=_TWO + _M,
    earlier=_ONE + _M,
    scope=Scope.PAIR,
)
def other_origin(view: View) -> Hits:
    """Report a change of user name, id or address in o=."""
    for position, old, new in _origin_step(view):
        if old[:-1] != new[:-1]:
            before, after = next((a, b) for a, b in zip(old, new, strict=True) if a != b)
            message = f"o= has {shown(after)} where it had {shown(before)}; peers may refuse it"
            yield view.session.hit(position, message)


@rule(
    "SDP704",
    Severity.ERROR,
    "Fewer m= lines than before",
    ("3264", "8"),
    why="Streams keep their position for ever; one that ends stays with port 0.",
    bad=_TWO + _M,
    good=_TWO + _M + "m=video 0 RTP/AVP 31\n",
    earlier=_ONE + _M + _V,
    scope=Scope.PAIR,
)
def fewer_streams(view: View) -> Hits:
    """Report a smaller number of sections."""
    before, after = len(view.earlier.streams), len(view.streams)
    if after < before:
        yield view.missing(f"{after} m= lines after {before}; peers refuse the description")


@rule(
    "SDP705",
    Severity.INFO,
    "Media type of a stream changed",
    ("3264", "8.3.3"),
    why="Allowed, and usual for fax: audio becomes image.",
    bad=_TWO + "m=image 5004 udptl t38\n",
    good=_TWO + _M,
    earlier=_ONE + _M,
    scope=Scope.PAIR,
)
def other_media(view: View) -> Hits:
    """Report streams of another media type than before, unless one of both was refused."""
    for before, after in steps(view):
        old, new = before.media_line, after.media_line
        if old is not None and new is not None and old.port and new.port and old.type != new.type:
            message = f"the stream was {shown(old.type)} and is {shown(new.type)} now"
            yield after.hit(0, f"{message}; peers set it up again")


@rule(
    "SDP706",
    Severity.ERROR,
    "Payload type with another codec than before",
    ("3264", "8.3.2"),
    why="A dynamic payload type keeps its codec for the whole session; packets on the way are "
    "decoded wrongly otherwise.",
    bad=_TWO + _OPUS.replace("opus/48000/2", "G726-32/8000"),
    good=_TWO + _OPUS,
    earlier=_ONE + _OPUS,
    scope=Scope.PAIR,
)
def other_codec(view: View) -> Hits:
    """Report payload types that the stream used for another codec."""
    for before, after in steps(view):
        known = {payload: codec for _, payload, codec in _codecs(before)}
        for position, payload, codec in _codecs(after):
            if known.get(payload, codec) != codec:
                message = f"payload type {shown(payload)} was {shown(known[payload])} before; peers"
                yield after.hit(position, f"{message} may decode it wrongly")


def _codecs(stream: Stream) -> Iterator[tuple[int, str, str]]:
    for position, value in stream.raw("rtpmap"):
        try:
            rtpmap = Rtpmap.parse(value)
        except SdpError:
            continue
        channels = rtpmap.parameters if rtpmap.parameters not in (None, "1") else ""
        yield position, rtpmap.payload, f"{rtpmap.encoding}/{rtpmap.clock_rate}/{channels}".lower()
