"""What a controller tells its owner, what it asks of the shell, and how it says no."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from sipice.ice.candidate import Candidate
from sipice.ice.state import StreamId
from sipice.net import Address, MediaTable, Path


class Direction(Enum):
    """Where a description goes."""

    TO_PEER = "to the peer"
    TO_STACK = "to our own stack"


class Kind(Enum):
    """What a description is in the exchange (RFC 3264, RFC 6337 §3.1.1)."""

    OFFER = "offer"
    ANSWER = "answer"
    PREVIEW = "preview of the answer"


class Reason(Enum):
    """Why an offer of ours is needed."""

    NOMINATED = "the nominated candidates are not the default ones (RFC 8839 §4.3.4)"
    STREAM_FAILED = "a stream has no path; it is to be removed (RFC 8839 §4.3.4)"
    RESTART = "the path of a stream is lost; ICE is to be restarted (RFC 8445 §9)"
    MUX_REFUSED = "the peer cannot do RTCP on the port of RTP (RFC 8858 §4.4)"
    REQUESTED = "the owner wants a restart"


class Rejected(NamedTuple):
    """A description that cannot be accepted; nothing has changed."""

    status: int
    """The SIP status code that says so."""
    warning: str
    """The value of a Warning header field (RFC 3261 §20.43)."""
    stream: int | None
    """The position of the m= section, where it is about one."""
    reason: str
    """For people."""
    retry_after: int | None = None
    """Seconds, for a Retry-After header field."""


class DescriptionReady(NamedTuple):
    """A description can go where it belongs."""

    dialog: str
    direction: Direction
    kind: Kind
    sdp: bytes
    notes: tuple[str, ...] = ()
    """What is odd about it, for the log."""


class FragmentReady(NamedTuple):
    """There is more to trickle (RFC 8840 §4.4); each body holds all that came before."""

    dialog: str
    body: bytes


class UpdateNeeded(NamedTuple):
    """Our stack should send an offer (``begin_offer``) as soon as it may."""

    dialog: str
    reason: Reason


class PathSelected(NamedTuple):
    """A component has its selected pair (RFC 8445 §8.1.1)."""

    dialog: str
    stream: StreamId
    component: int
    mid: str | None
    section: int
    """The position of the m= section."""
    path: Path
    local: Candidate
    remote: Candidate


class MediaChanged(NamedTuple):
    """The media table of a component was replaced."""

    dialog: str
    stream: StreamId
    component: int
    table: MediaTable


class MismatchFound(NamedTuple):
    """The peer's default destination is no candidate of its (RFC 8839 §4.2.5)."""

    dialog: str
    section: int


class IceOff(NamedTuple):
    """A stream goes on without ICE."""

    dialog: str
    stream: StreamId
    reason: str


class StreamFailed(NamedTuple):
    """A stream has no path; only a check of the peer or a restart may still bring one."""

    dialog: str
    stream: StreamId
    reason: str


class SessionFailed(NamedTuple):
    """No stream of the dialog has a path."""

    dialog: str
    reason: str


class DataReceived(NamedTuple):
    """Media that came by a way only the controller can read."""

    dialog: str
    stream: StreamId
    component: int
    data: bytes
    remote: Address


SessionEvent = (
    DescriptionReady
    | FragmentReady
    | UpdateNeeded
    | PathSelected
    | MediaChanged
    | MismatchFound
    | IceOff
    | StreamFailed
    | SessionFailed
    | DataReceived
)


class OpenPorts(NamedTuple):
    """Bind sockets for the components 1 to ``components`` of a stream.

    The shell calls ``add_local_address`` for each, then ``ports_opened``.
    """

    stream: StreamId
    components: int


class ClosePorts(NamedTuple):
    """A stream is over: forget its anchor. ``ReleaseBase`` tells when each socket may go."""

    stream: StreamId
