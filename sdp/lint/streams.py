"""RFC 8445 §5.1 and RFC 8839 §4.2: what the candidates of a stream are together."""

from __future__ import annotations

from sdp.fields import ip_address
from sdp.ice import HOST, Candidate
from sdp.lint.addresses import is_private
from sdp.lint.rule import Hits, Scope, Severity, rule, shown
from sdp.lint.view import Stream, View, address_of

_M = "m=audio 5004 RTP/AVP 0\n"
_BOTH = "a=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\n"
_ICE = _M + _BOTH + "a=rtcp-mux\n"
_HOST = "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ host\n"
_SECOND = "a=candidate:2 1 UDP 2130706175 192.0.2.2 5004 typ host\n"
_MOST = 100
"""Pairs that are checked at most, unless an agent is configured otherwise (RFC 8445 §6.1.2.5)."""


@rule(
    "ICE014",
    Severity.ERROR,
    "Candidates without credentials",
    ("8839", "4.2.5"),
    why="Without ufrag and password the stream has no ICE; peers use c= and m= only.",
    bad=_M + "a=rtcp-mux\n" + _HOST,
    good=_ICE + _HOST,
    scope=Scope.DESCRIPTION,
)
def candidates_alone(view: View) -> Hits:
    """Report candidates of streams that have neither ufrag nor password at any level."""
    for stream in view.streams:
        if stream.has("candidate") and stream.port and not view.has_any_credential(stream):
            message = "candidates without ufrag and password; peers do no ICE for this stream"
            yield stream.hit(stream.at("candidate"), message)


@rule(
    "ICE015",
    Severity.INFO,
    "Stream without ICE beside streams with it",
    ("8839", "4.2.5"),
    why="ICE is decided per stream. Peers of RFC 5245 turn it off for all of them.",
    bad=_M + _BOTH + "m=video 5006 RTP/AVP 31\n",
    good=_BOTH + _M + "m=video 5006 RTP/AVP 31\n",
    scope=Scope.DESCRIPTION,
)
def some_without(view: View) -> Hits:
    """Report streams in use that have no ICE attribute though others have."""
    if not any(view.has_ice(stream) for stream in view.streams):
        return
    for stream in view.streams:
        if view.has_any_credential(stream) or stream.has("candidate"):
            continue
        if view.is_alive(stream):
            message = "no ICE for this stream though others have it; old peers then use none at all"
            yield stream.hit(0, message)


@rule(
    "ICE016",
    Severity.WARNING,
    "end-of-candidates without credentials",
    ("8840", "8.2"),
    why="The mark belongs to one generation of credentials; without them peers ignore it.",
    bad=_M + "a=end-of-candidates\n",
    good=_M + _BOTH + "a=end-of-candidates\n",
    scope=Scope.DESCRIPTION,
)
def end_alone(view: View) -> Hits:
    """Report the mark in streams without credentials, or at session level where no stream has."""
    message = "a=end-of-candidates without ufrag and password; peers ignore it"
    bare = [stream for stream in view.streams if not view.has_any_credential(stream)]
    for stream in bare:
        if stream.has("end-of-candidates"):
            yield stream.hit(stream.at("end-of-candidates"), message)
    at_session = any(view.description.has(name) for name in ("ice-ufrag", "ice-pwd"))
    is_alone = not at_session and len(bare) == len(view.streams)
    if is_alone and view.description.has("end-of-candidates"):
        yield view.session.hit(view.session.at("end-of-candidates"), message)


@rule(
    "ICE301",
    Severity.WARNING,
    "Equal priorities in one stream",
    ("8445", "5.1.2"),
    why="Each candidate of a stream has a priority of its own. With equal ones the two sides may "
    "order their pairs differently.",
    bad=_ICE + _HOST + _SECOND.replace("2130706175", "2130706431"),
    good=_ICE + _HOST + _SECOND,
)
def equal_priorities(view: View) -> Hits:
    """Report candidates whose priority an earlier, different one of the stream has."""
    for stream in view.streams:
        first: dict[int, Candidate] = {}
        for position, candidate in stream.candidates:
            other = first.setdefault(candidate.priority, candidate)
            if other is not candidate and _identity(other) != _identity(candidate):
                message = f"priority {candidate.priority} is also that of another candidate"
                yield stream.hit(
                    position, f"{message} of this stream; peers may order pairs unlike"
                )


def _identity(candidate: Candidate) -> tuple[object, ...]:
    return (*address_of(candidate), candidate.tcptype)


@rule(
    "ICE302",
    Severity.WARNING,
    "Candidate listed twice",
    ("8445", "5.1.3"),
    why="Component, transport, address and port are those of an earlier candidate; one is enough.",
    bad=_ICE + _HOST + _HOST,
    good=_ICE + _HOST + _SECOND,
)
def twice(view: View) -> Hits:
    """Report candidates with the address of an earlier one."""
    for stream in view.streams:
        seen: set[tuple[object, ...]] = set()
        for position, candidate in stream.candidates:
            identity = _identity(candidate)
            if identity in seen:
                message = f"{shown(candidate.address)} port {candidate.port} is already a candidate"
                yield stream.hit(position, f"{message}; peers drop one of them")
            seen.add(identity)


@rule(
    "ICE303",
    Severity.WARNING,
    "Very many candidates",
    ("8445", "6.1.2.5"),
    why="Agents check 100 pairs at most, so that some of these are never tried.",
    bad=_ICE
    + "".join(
        f"a=candidate:1 1 UDP {2130706431 - n} 192.0.2.1 {5004 + n} typ host\n" for n in range(101)
    ),
    good=_ICE + _HOST,
)
def very_many(view: View) -> Hits:
    """Report the candidate with which the whole description passes the limit."""
    count = 0
    for level in view.levels:
        for position, _ in level.candidates:
            count += 1
            if count == _MOST + 1:
                message = f"over {_MOST} candidates in all; peers check {_MOST} pairs at most"
                yield level.hit(position, message)


@rule(
    "ICE304",
    Severity.INFO,
    "Private addresses only",
    ("8445", "5.1.1.2"),
    why="All candidates are addresses of a private network, and none is that of a NAT or a relay. "
    "A peer elsewhere reaches them only if its own side is reachable.",
    bad=_ICE + _HOST.replace("192.0.2.1", "10.0.0.1"),
    good=_ICE + _HOST,
    scope=Scope.DESCRIPTION,
)
def private_only(view: View) -> Hits:
    """Report streams with private candidates only, unless more may follow."""
    for stream in view.streams:
        known = [address for _, c in stream.candidates if (address := ip_address(c.address))]
        if not known or not all(is_private(address) for address in known):
            continue
        if not view.expects_more(stream):
            message = "all candidates are private addresses; peers in other networks cannot reach"
            yield stream.hit(stream.at("candidate"), f"{message} them")


@rule(
    "ICE305",
    Severity.ERROR,
    "Components do not begin with 1",
    ("8839", "5.1"),
    why="Component 1 is RTP and each further one is one more; without 1 there is no media path.",
    bad=_ICE.replace("5004", "9") + _HOST.replace("1 1 UDP", "1 2 UDP"),
    good=_ICE + _HOST,
)
def component_gap(view: View) -> Hits:
    """Report the first candidate behind a gap in the components of its stream."""
    for stream in view.streams:
        components = {c.component for _, c in stream.candidates}
        for position, candidate in stream.candidates:
            if 1 < candidate.component <= 256 and candidate.component - 1 not in components:
                message = f"component {candidate.component} without component"
                message += f" {candidate.component - 1}; peers find the stream incomplete"
                yield stream.hit(position, message)
                break


@rule(
    "ICE306",
    Severity.WARNING,
    "One foundation for different candidates",
    ("8445", "5.1.1.3"),
    why="Equal foundations mean equal type, base address, protocol and server. Peers wait with "
    "checks of the second candidate until the first has answered.",
    bad=_ICE + _HOST + _SECOND.replace("candidate:2", "candidate:1"),
    good=_ICE + _HOST + _SECOND,
)
def shared_foundation(view: View) -> Hits:
    """Report candidates that cannot share the foundation of an earlier one of their stream."""
    for stream in view.streams:
        first: dict[str, tuple[str, ...]] = {}
        for position, candidate in stream.candidates:
            kind = _kind(candidate)
            if first.setdefault(candidate.foundation, kind) != kind:
                message = f"foundation {shown(candidate.foundation)} is that of a different"
                yield stream.hit(position, f"{message} candidate too; peers may check it late")


def _kind(candidate: Candidate) -> tuple[str, ...]:
    """What candidates of one foundation have in common, as far as it can be seen."""
    kind = candidate.type.lower()
    base = candidate.ip or candidate.address.lower() if kind == HOST else ""
    return kind, candidate.transport.upper(), base


@rule(
    "ICE307",
    Severity.WARNING,
    "Candidates of a refused stream",
    ("8839", "4.4.1.1.2"),
    why="A section with port 0 is not in use and has no candidates.",
    bad=(_ICE + _HOST).replace("audio 5004", "audio 0"),
    good=_ICE + _HOST,
    scope=Scope.DESCRIPTION,
)
def refused(view: View) -> Hits:
    """Report candidates in sections with port 0 that are not bundle-only."""
    for stream in view.streams:
        if stream.port == 0 and stream.candidates and not stream.has("bundle-only"):
            message = "candidates in a section with port 0; peers ignore them"
            yield stream.hit(stream.at("candidate"), message)


@rule(
    "ICE308",
    Severity.ERROR,
    "Candidates in a bundle-only section",
    ("9143", "7.1.3"),
    why="Such a section has no transport of its own; that of the group's first section is used.",
    bad="a=group:BUNDLE a v\n"
    + _ICE
    + "a=mid:a\n"
    + _HOST
    + "m=video 0 RTP/AVP 31\na=mid:v\na=bundle-only\n"
    + _HOST,
    good="a=group:BUNDLE a v\n"
    + _ICE
    + "a=mid:a\n"
    + _HOST
    + "m=video 0 RTP/AVP 31\na=mid:v\na=bundle-only\n",
    scope=Scope.DESCRIPTION,
)
def bundle_only(view: View) -> Hits:
    """Report candidates beside bundle-only."""
    for stream in view.streams:
        if _is_bundle_only(stream) and stream.has("candidate"):
            message = "candidates in a bundle-only section; peers use those of the group's first"
            yield stream.hit(stream.at("candidate"), f"{message} section")


def _is_bundle_only(stream: Stream) -> bool:
    return stream.has("bundle-only") and stream.port == 0
