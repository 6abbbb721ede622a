"""RFC 8839 §4: what a description means: pure questions over one or two descriptions.

Streams are named by the position of their m= line, because offer/answer aligns them so
(RFC 3264 §8). Where a section is bundled and has no ICE attributes of its own, its ICE lives in
the tagged section of its group (RFC 9143 §7.1.3 and §10).
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from sdp.attributes import Direction, Group
from sdp.facts import facts, types_of_zero
from sdp.fields import PLACEHOLDER_PORT, Connection, ip_address, is_unspecified, same_address
from sdp.ice import DEFAULT_PACING, Candidate, Credentials, why_unusable
from sdp.model import MediaDescription, SessionDescription


class Support(Enum):
    """What the sender of a stream can do (RFC 8839 §4.2.5)."""

    NONE = "no ICE"
    LEGACY = "ICE of RFC 5245"
    FULL = "ICE of RFC 8445"


class Destination(NamedTuple):
    """A default destination: where a peer without ICE would send (RFC 8445 §4)."""

    address: str
    port: int
    transport: str = "UDP"

    @property
    def is_placeholder(self) -> bool:
        """Whether it stands for "none yet": port 9, 0.0.0.0 or ::."""
        return self.port == PLACEHOLDER_PORT or is_unspecified(self.address)

    @property
    def is_name(self) -> bool:
        """Whether the address is no IP address but a name."""
        return ip_address(self.address) is None


# BUNDLE (RFC 9143) -------------------------------------------------------------------------------


def bundles(description: SessionDescription) -> list[Group]:
    """The BUNDLE groups."""
    return [group for group in description.groups if group.semantics.upper() == "BUNDLE"]


def bundle_of(description: SessionDescription, stream: int) -> Group | None:
    """The BUNDLE group that a stream is in."""
    mid = description.media[stream].mid
    return None if mid is None else facts(description).bundles.get(mid)


def ice_home(description: SessionDescription, stream: int) -> MediaDescription:
    """The section whose ICE attributes hold for a stream: its own, or that of the group's tag.

    A bundled section that only repeats the ufrag of the tagged one has no ICE of its own.
    """
    section = description.media[stream]
    if section.has("candidate"):
        return section
    group = bundle_of(description, stream)
    tagged = None if group is None else facts(description).sections.get(group.mids[0])
    if tagged is None or section.ice_ufrag not in (None, tagged.ice_ufrag):
        return section
    return tagged


def is_alive(description: SessionDescription, stream: int) -> bool:
    """Whether a stream is in use: port not 0, or 0 with bundle-only in a group (RFC 9143 §7.2)."""
    section = description.media[stream]
    if section.port:
        return True
    return section.port == 0 and section.bundle_only and bundle_of(description, stream) is not None


# ICE parameters ----------------------------------------------------------------------------------


def credentials(description: SessionDescription, stream: int) -> Credentials | None:
    """Ufrag and password of a stream, media level over session level (RFC 8839 §5.4).

    None unless there are both.
    """
    home = ice_home(description, stream)
    ufrag = home.ice_ufrag if home.has("ice-ufrag") else description.ice_ufrag
    pwd = home.ice_pwd if home.has("ice-pwd") else description.ice_pwd
    return Credentials(ufrag, pwd) if ufrag and pwd else None


def ice_options(description: SessionDescription, stream: int) -> tuple[str, ...]:
    """The ICE options of a stream: those of its section, then those of the session.

    RFC 8839 §5.6 allows the attribute at both levels and lets neither replace the other.
    """
    own = ice_home(description, stream).ice_options
    return tuple(dict.fromkeys((*own, *facts(description).options)))


def support(description: SessionDescription, stream: int) -> Support:
    """Whether a stream can do ICE, and which (RFC 8839 §4.2.5)."""
    if credentials(description, stream) is None or description.media[stream].ice_mismatch:
        return Support.NONE
    return Support.FULL if "ice2" in ice_options(description, stream) else Support.LEGACY


def is_lite(description: SessionDescription) -> bool:
    """Whether the sender is a lite agent (RFC 8839 §5.3).

    The attribute belongs to the session; a few senders put it into every section.
    """
    media = description.media
    return description.ice_lite or (bool(media) and all(section.ice_lite for section in media))


def is_trickle(description: SessionDescription, stream: int) -> bool:
    """Whether more candidates may follow (RFC 8838 §4, RFC 8840 §4)."""
    return "trickle" in ice_options(description, stream)


def has_ended(description: SessionDescription, stream: int) -> bool:
    """Whether a=end-of-candidates stands for a stream (RFC 8840 §8.2)."""
    return description.end_of_candidates or ice_home(description, stream).end_of_candidates


def pacing(description: SessionDescription) -> int:
    """The pacing asked for, milliseconds; 50 where nothing is said (RFC 8839 §5.5)."""
    asked = [section.ice_pacing for section in description.sections]
    return max((value for value in asked if value is not None), default=DEFAULT_PACING)


def usable_candidates(
    description: SessionDescription, stream: int, *, mdns: bool = False
) -> list[Candidate]:
    """The candidates that an agent can use, in their order (RFC 8839 §5.1)."""
    return [
        candidate
        for candidate in ice_home(description, stream).candidates
        if why_unusable(candidate, mdns=mdns) is None
    ]


def components(description: SessionDescription, stream: int) -> tuple[int, ...]:
    """The components that have a usable candidate, ascending."""
    return tuple(sorted({c.component for c in usable_candidates(description, stream, mdns=True)}))


# Destinations ------------------------------------------------------------------------------------


def direction(description: SessionDescription, stream: int) -> Direction:
    """The direction of a stream, media level over session level (RFC 8866 §6.7)."""
    return description.media[stream].direction or description.direction or Direction.SENDRECV


def connection(description: SessionDescription, stream: int) -> Connection | None:
    """The c= line of a stream, media level over session level (RFC 8866 §5.7)."""
    return description.media[stream].connection or facts(description).connection


def uses_rtcp(description: SessionDescription, stream: int) -> bool:
    """Whether a stream has RTCP: it is RTP and b=RS:0 with b=RR:0 does not switch it off."""
    section = description.media[stream]
    if "RTP/" not in section.proto.upper():
        return False
    off = types_of_zero(section.bandwidths) | facts(description).no_bandwidth
    return not {"RS", "RR"} <= off


def default_destination(
    description: SessionDescription, stream: int, component: int = 1
) -> Destination | None:
    """Where a peer without ICE would send one component (RFC 8445 §4, RFC 3605 §2.1).

    RTCP goes to a=rtcp, else to the port after that of RTP; where it is muxed with RTP and no
    separate place is named, to that of RTP. None where nothing is sent.
    """
    section = _destination_section(description, stream)
    c, line = section.connection or facts(description).connection, section.media_line
    if c is None or line is None or component not in (1, 2):
        return None
    if line.port is None or not 0 < line.port < 65536:
        return None
    first = Destination(c.address, line.port, line.transport)
    if component == 1:
        return first
    if not uses_rtcp(description, stream):
        return None
    second = _rtcp_destination(section, first)
    return second if 0 < second.port < 65536 else None


def _destination_section(description: SessionDescription, stream: int) -> MediaDescription:
    section = description.media[stream]
    if section.port == 0 and is_alive(description, stream):
        return ice_home(description, stream)
    return section


def _rtcp_destination(section: MediaDescription, first: Destination) -> Destination:
    rtcp = section.rtcp
    if section.rtcp_mux_only:
        return first
    if rtcp is not None:
        return Destination(rtcp.address or first.address, rtcp.port, first.transport)
    if section.rtcp_mux and not any(c.component == 2 for c in section.candidates):
        return first
    if first.is_placeholder:
        return first
    return first._replace(port=first.port + 1)


def mismatch(description: SessionDescription, stream: int) -> tuple[int, ...]:
    """The components whose default destination is no candidate of theirs (RFC 8839 §4.2.5).

    Empty where there is no mismatch, no ICE, or nothing to compare: placeholders and names are
    never one, nor is a bundled section whose ICE lives in the tagged one.
    """
    section = description.media[stream]
    if (
        support(description, stream) is Support.NONE
        or not section.port
        or ice_home(description, stream) is not section
    ):
        return ()
    candidates = section.candidates
    compared = {1} | ({2} & {c.component for c in candidates})
    return tuple(
        component
        for component in sorted(compared)
        if _differs(default_destination(description, stream, component), component, candidates)
    )


def _differs(destination: Destination | None, component: int, candidates: list[Candidate]) -> bool:
    if destination is None or destination.is_placeholder or destination.is_name:
        return False
    return not any(
        candidate.component == component
        and candidate.port == destination.port
        and candidate.transport.upper() == destination.transport
        and same_address(candidate.address, destination.address)
        for candidate in candidates
    )


# Two descriptions --------------------------------------------------------------------------------


def is_restart(earlier: SessionDescription, later: SessionDescription, stream: int) -> bool:
    """Whether ``later`` restarts ICE for a stream (RFC 8839 §4.4.1.1.1).

    Effective values count, not the level at which they stand. A change of only one of ufrag and
    password is against the rules and taken as a restart (RFC 5245 §9.2.1.1). A stream that had
    no ICE, or has none any more, does not restart.
    """
    before = _credentials_at(earlier, stream)
    after = _credentials_at(later, stream)
    return before is not None and after is not None and before != after


def changed_without_restart(
    earlier: SessionDescription, later: SessionDescription, stream: int
) -> tuple[str, ...]:
    """Which of ice-options, ice-pacing and ice-lite changed though ICE did not restart.

    RFC 8839 §4.4.1.1.1 forbids it, and §4.4.2.1 has such an offer rejected.
    """
    if is_restart(earlier, later, stream) or _credentials_at(later, stream) is None:
        return ()
    if _credentials_at(earlier, stream) is None:
        return ()
    changes = {
        "ice-options": set(ice_options(earlier, stream)) != set(ice_options(later, stream)),
        "ice-pacing": pacing(earlier) != pacing(later),
        "ice-lite": is_lite(earlier) != is_lite(later),
    }
    return tuple(name for name, changed in changes.items() if changed)


def _credentials_at(description: SessionDescription, stream: int) -> Credentials | None:
    return credentials(description, stream) if stream < len(description.media) else None
