"""RFC 8445 §6.1.2: candidate pairs, their state and priority."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

from sipice.ice.candidate import Candidate
from sipice.net import Address, Base


class Role(Enum):
    """Who nominates (§6.1.1)."""

    CONTROLLING = "controlling"
    CONTROLLED = "controlled"

    @property
    def opposite(self) -> Role:
        """The other one."""
        return Role.CONTROLLED if self is Role.CONTROLLING else Role.CONTROLLING


class PairState(IntEnum):
    """The states of §6.1.2.6."""

    FROZEN = 0
    WAITING = 1
    IN_PROGRESS = 2
    SUCCEEDED = 3
    FAILED = 4


CONTROLLING, CONTROLLED = Role
FROZEN, WAITING, IN_PROGRESS, SUCCEEDED, FAILED = PairState
"""The members by themselves: to read one off its class takes three times as long."""


def pair_priority(controlling: int, controlled: int) -> int:
    """The formula of §6.1.2.3: G is the controlling side's candidate, D the controlled side's."""
    return (
        (min(controlling, controlled) << 32)
        + 2 * max(controlling, controlled)
        + (1 if controlling > controlled else 0)
    )


@dataclass(slots=True, eq=False)
class CandidatePair:
    """A local and a remote candidate of one component, and how far their check has come.

    A pair that a check proved (a valid pair) may be another object than the checked one: its local
    candidate is then the address that the peer saw (§7.2.5.3.2).
    """

    base: Base
    """Where checks leave: the base of the local candidate."""
    local: Candidate
    remote: Candidate
    priority: int
    foundation: tuple[str, str]
    state: PairState = PairState.FROZEN
    valid: CandidatePair | None = None
    """The valid pair that the check of this one produced."""
    source: CandidatePair | None = None
    """On a valid pair: the pair whose check produced it, and is repeated to nominate it."""
    nominated: bool = False
    nominate: bool = False
    """Controlling: its next check carries USE-CANDIDATE. Controlled: success will nominate it."""
    transaction: bytes | None = None
    """The outstanding check that decides about the state."""
    sent_at: float = 0.0
    """When the outstanding check was first sent."""
    heard: bytes = b""
    """The transaction of the peer's last check; its retransmissions trigger nothing more."""
    heard_at: float | None = None
    """When the peer's first check came on it since the list began or one of ours succeeded."""
    rtt: float | None = None
    answered_at: float = 0.0
    """When its last authenticated response came."""
    conflicts: int = 0
    """487 answers so far."""
    consent_lost: bool = False
    """Consent ended on it; it is not used again (RFC 7675 §5.1)."""

    @property
    def component(self) -> int:
        """The component both candidates belong to."""
        return self.local.component

    @property
    def to(self) -> Address:
        """Where checks go."""
        return self.remote.address

    def __repr__(self) -> str:
        return f"<{self.local.address} -> {self.remote.address} {self.state.name}>"
