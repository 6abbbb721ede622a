"""RFC 8839 §4, §5: a description as facts that can be shown or written as JSON.

``docs/cli.md`` documents these shapes; the field names are the JSON keys.
"""

from __future__ import annotations

from dataclasses import dataclass

from sdp import Candidate, Destination, Fragment, SdpError, SessionDescription, effective
from sdp.ice import why_unusable
from sdp.lines import content, text
from sdp.model import MediaDescription
from sdp.section import Section

USUAL_PREFERENCE = {"host": 126, "prflx": 110, "srflx": 100, "relay": 0}
"""RFC 8445 §5.1.2.2."""
_RELAY_STEPS = 2
"""Some count the relay's own transport: 2 for UDP, 1 for TCP, 0 for TLS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateFacts:
    """One a=candidate line."""

    line: int
    foundation: str
    component: int
    transport: str
    priority: int
    type_preference: int
    local_preference: int
    component_part: int
    """The component that the priority encodes."""
    address: str
    port: int
    type: str
    related_address: str | None
    related_port: int | None
    tcptype: str | None
    extensions: tuple[tuple[str, str], ...]
    is_default: bool
    remarks: tuple[str, ...]
    unusable: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableFacts:
    """An a=candidate line that is none."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialFacts:
    """Ufrag and password as they hold for a stream."""

    ufrag: str | None
    pwd: str | None
    """None unless it was asked for."""
    pwd_length: int | None
    level: str
    """``media``, ``session``, ``bundle`` (of the tagged section) or ``none``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationFacts:
    """The default destination of one component."""

    component: int
    address: str
    port: int
    transport: str
    placeholder: bool
    muxed: bool
    """The same as that of component 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFacts:
    """One m= section."""

    stream: int
    line: int
    media: str
    mid: str | None
    protocol: str
    port: int | None
    direction: str
    state: str
    """``alive``, ``rejected`` (port 0), ``bundled`` or ``update`` (in a fragment)."""
    bundled_into: int | None
    destinations: tuple[DestinationFacts, ...]
    ice: str
    """``none``, ``rfc5245`` or ``rfc8445``."""
    credentials: CredentialFacts
    options: tuple[str, ...]
    trickle: bool
    ended: bool
    mismatch: tuple[int, ...]
    components: tuple[int, ...]
    candidates: tuple[CandidateFacts, ...]
    unreadable: tuple[UnreadableFacts, ...]
    foundations: dict[str, int]
    """How many candidates share each foundation."""
    remote_candidates: tuple[tuple[int, str, int], ...]


_SUPPORT = {
    effective.Support.NONE: "none",
    effective.Support.LEGACY: "rfc5245",
    effective.Support.FULL: "rfc8445",
}


def stream_facts(
    description: SessionDescription, stream: int, *, secrets: bool = False
) -> StreamFacts:
    """What one m= section says."""
    section = description.media[stream]
    home = effective.ice_home(description, stream)
    destinations = destination_facts(description, stream)
    candidates, unreadable = candidate_lines(description, section, destinations)
    foundations: dict[str, int] = {}
    for candidate in candidates:
        foundations[candidate.foundation] = foundations.get(candidate.foundation, 0) + 1
    return StreamFacts(
        stream=stream,
        line=description.line_number(section),
        media=section.type,
        mid=section.mid,
        protocol=section.proto,
        port=section.port,
        direction=effective.direction(description, stream).value,
        state=_state(description, stream, home),
        bundled_into=None if home is section else description.media.index(home),
        destinations=destinations,
        ice=_SUPPORT[effective.support(description, stream)],
        credentials=_credentials(description, section, home, secrets=secrets),
        options=effective.ice_options(description, stream),
        trickle=effective.is_trickle(description, stream),
        ended=effective.has_ended(description, stream),
        mismatch=effective.mismatch(description, stream),
        components=effective.components(description, stream),
        candidates=tuple(candidates),
        unreadable=tuple(unreadable),
        foundations=foundations,
        remote_candidates=tuple(
            (entry.component, entry.address, entry.port) for entry in section.remote_candidates
        ),
    )


def _state(description: SessionDescription, stream: int, home: MediaDescription) -> str:
    if isinstance(description, Fragment):
        return "update"
    if not effective.is_alive(description, stream):
        return "rejected"
    return "alive" if home is description.media[stream] else "bundled"


def _credentials(
    description: SessionDescription,
    section: MediaDescription,
    home: MediaDescription,
    *,
    secrets: bool,
) -> CredentialFacts:
    own = home.has("ice-ufrag") or home.has("ice-pwd")
    ufrag = home.ice_ufrag if home.has("ice-ufrag") else description.ice_ufrag
    pwd = home.ice_pwd if home.has("ice-pwd") else description.ice_pwd
    level = "none"
    if ufrag is not None or pwd is not None:
        level = "session" if not own else "media" if home is section else "bundle"
    return CredentialFacts(
        ufrag=ufrag,
        pwd=pwd if secrets else None,
        pwd_length=None if pwd is None else len(pwd),
        level=level,
    )


def destination_facts(description: SessionDescription, stream: int) -> tuple[DestinationFacts, ...]:
    """Where a peer without ICE would send RTP and RTCP."""
    if isinstance(description, Fragment):
        return ()
    first = effective.default_destination(description, stream, 1)
    facts = []
    for component in (1, 2):
        destination = effective.default_destination(description, stream, component)
        if destination is not None:
            facts.append(_destination(component, destination, first))
    return tuple(facts)


def _destination(
    component: int, destination: Destination, first: Destination | None
) -> DestinationFacts:
    return DestinationFacts(
        component=component,
        address=destination.address,
        port=destination.port,
        transport=destination.transport,
        placeholder=destination.is_placeholder,
        muxed=component == 2 and destination == first,
    )


def candidate_lines(
    description: SessionDescription,
    section: Section,
    destinations: tuple[DestinationFacts, ...] = (),
) -> tuple[list[CandidateFacts], list[UnreadableFacts]]:
    """The a=candidate lines of a section: those that can be read, and the others."""
    candidates: list[CandidateFacts] = []
    unreadable: list[UnreadableFacts] = []
    places = {(d.component, d.address.lower(), d.port, d.transport) for d in destinations}
    start = description.line_number(section)
    for position, value in zip(
        section.positions("candidate"), section.values("candidate"), strict=True
    ):
        line = start + position
        try:
            candidate = Candidate.parse(value)
        except SdpError as error:
            whole = text(content(section.lines[position]))
            unreadable.append(UnreadableFacts(line=line, text=whole, reason=error.reason))
            continue
        place = (
            candidate.component,
            candidate.address.lower(),
            candidate.port,
            candidate.transport.upper(),
        )
        candidates.append(_candidate(candidate, line, is_default=place in places))
    return candidates, unreadable


def _candidate(candidate: Candidate, line: int, *, is_default: bool) -> CandidateFacts:
    return CandidateFacts(
        line=line,
        foundation=candidate.foundation,
        component=candidate.component,
        transport=candidate.transport,
        priority=candidate.priority,
        type_preference=candidate.priority >> 24,
        local_preference=candidate.priority >> 8 & 0xFFFF,
        component_part=256 - (candidate.priority & 0xFF),
        address=candidate.address,
        port=candidate.port,
        type=candidate.type,
        related_address=candidate.related_address,
        related_port=candidate.related_port,
        tcptype=candidate.tcptype,
        extensions=candidate.extensions,
        is_default=is_default,
        remarks=tuple(_remarks(candidate)),
        unusable=why_unusable(candidate, mdns=True),
    )


def _remarks(candidate: Candidate) -> list[str]:
    """mDNS, and where a priority is not put together as RFC 8445 §5.1.2.1 recommends."""
    remarks = []
    if candidate.is_mdns:
        remarks.append("an mDNS name: of use only to a peer on the same link that resolves .local")
    component = 256 - (candidate.priority & 0xFF)
    if component != candidate.component:
        remarks.append(
            f"the priority encodes component {component}, the line says {candidate.component}"
        )
    preference = candidate.priority >> 24
    usual = USUAL_PREFERENCE.get(candidate.type.lower())
    if usual is not None and not _is_usual(preference, usual, candidate):
        remark = f"type preference {preference}; for {candidate.type} it usually is {usual}"
        other = [kind for kind, value in USUAL_PREFERENCE.items() if value == preference]
        remarks.append(remark + (f", {preference} is that of {other[0]}" if other else ""))
    return remarks


def _is_usual(preference: int, usual: int, candidate: Candidate) -> bool:
    if candidate.is_tcp:
        # RFC 6544 §4.2: type preferences may be lowered to put TCP behind UDP.
        return preference <= usual
    if usual == USUAL_PREFERENCE["relay"]:
        return preference <= _RELAY_STEPS
    return preference == usual
