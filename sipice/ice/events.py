"""What an agent tells its owner; each event names the generation it belongs to."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from sipice.ice.candidate import Candidate
from sipice.ice.pair import Role
from sipice.net import Address, Base, MediaTable, Path


class Failure(Enum):
    """Why a stream failed."""

    NO_VALID_PAIR = "no check of a component succeeded"
    NOMINATION_FAILED = "the check that nominated a pair failed"


class Loss(Enum):
    """Why a path may not be used any more."""

    CONSENT_EXPIRED = "no authenticated answer within the lifetime of consent"
    CONSENT_REVOKED = "the peer answered 403"
    CONNECTION_CLOSED = "the connection was closed"
    BASE_REMOVED = "the local address went away"
    RELAY_LOST = "the relay allocation was lost"


class CandidateGathered(NamedTuple):
    """A local candidate to be told to the peer; it is paired once this event has been taken."""

    stream: int
    generation: int
    candidate: Candidate


class GatheringFinished(NamedTuple):
    """No further local candidate follows in this generation."""

    stream: int
    generation: int


class MediaChanged(NamedTuple):
    """The media table of a component was replaced."""

    stream: int
    generation: int
    component: int
    table: MediaTable


class PairSelected(NamedTuple):
    """A nominated pair is now the selected one (RFC 8445 §8.1); legacy peers may move it."""

    stream: int
    generation: int
    component: int
    path: Path
    local: Candidate
    remote: Candidate


class StreamCompleted(NamedTuple):
    """Every component of the stream has a selected pair (RFC 8445 §8.1.2)."""

    stream: int
    generation: int


class StreamFailed(NamedTuple):
    """The checklist failed; a check of the peer may still bring it back (see StreamResumed)."""

    stream: int
    generation: int
    reason: Failure


class StreamResumed(NamedTuple):
    """A check of the peer brought a failed checklist back to Running (RFC 8445 §7.3.1.4)."""

    stream: int
    generation: int


class RoleSwitched(NamedTuple):
    """A role conflict was settled by our changing sides (RFC 8445 §7.3.1.1)."""

    role: Role


class PathQuiet(NamedTuple):
    """No consent check was answered for a while; media goes on."""

    stream: int
    generation: int
    component: int


class PathBack(NamedTuple):
    """A quiet path answers again."""

    stream: int
    generation: int
    component: int


class PathLost(NamedTuple):
    """Nothing may be sent on the path any more; a restart is the way on (RFC 7675 §5.1)."""

    stream: int
    generation: int
    component: int
    reason: Loss


class RestartFinished(NamedTuple):
    """The generation after a committed restart has taken over the stream."""

    stream: int
    generation: int


class ServerFailed(NamedTuple):
    """A server gives no candidate, or none more: gathering goes on without it."""

    stream: int
    generation: int
    server: str
    """As it was configured; never with user name or password."""
    base: Base | None
    """From which it was asked; None where its name already could not be found."""
    why: str
    """One sentence for the person on call."""
    code: int | None = None
    """The error code of the server, if it sent one."""


class RelayLost(NamedTuple):
    """An allocation ended against our will."""

    server: Address
    reason: str


class DataReceived(NamedTuple):
    """Media that came by a way only the agent can read: a Data indication, a TCP frame."""

    stream: int
    component: int
    data: bytes
    remote: Address


Event = (
    CandidateGathered
    | GatheringFinished
    | MediaChanged
    | PairSelected
    | StreamCompleted
    | StreamFailed
    | StreamResumed
    | RoleSwitched
    | PathQuiet
    | PathBack
    | PathLost
    | RestartFinished
    | ServerFailed
    | RelayLost
    | DataReceived
)
