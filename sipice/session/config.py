"""What a controller may do; the timers and limits of ICE itself are those of the agent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sipice.ice.candidate import CandidateType
from sipice.ice.config import DEFAULT, AgentConfig
from sipice.ice.destination import Network


class Trickle(Enum):
    """How candidates reach the peer (RFC 8838 §3, RFC 8840 §5)."""

    OFF = "off"
    """All of them in the offer or answer."""
    HALF = "half"
    """All of them in the first offer; one by one as soon as the peer is known to take them so."""
    FULL = "full"
    """One by one from the first offer on: the peer is known to trickle by other means."""


CONTAINERS = tuple(map(Network.parse, ("172.17.0.0/16", "192.168.122.0/24", "10.0.3.0/24")))
"""What Docker, libvirt and LXC give their bridges unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionConfig:
    """Seconds and bytes unless the name says else."""

    agent: AgentConfig = DEFAULT
    """Its ``gather_timeout`` is when gathering ends; what it brings after an offer or answer has
    left is trickled, or at least checked from."""

    gather_deadline: float = 0.5
    """How long an offer or answer waits for candidates at most."""

    trickle: Trickle = Trickle.HALF
    default_order: tuple[CandidateType, ...] = (
        CandidateType.RELAYED,
        CandidateType.SERVER_REFLEXIVE,
        CandidateType.HOST,
    )
    """Which candidate stands in c= and m= before one is nominated (RFC 5245 §4.1.4)."""

    default_family: int = 4
    """Which family of addresses stands there if both could, 4 or 6 (RFC 8445 §5.2)."""

    latch: float = 10.0
    """How long after an exchange a peer without ICE may turn out to send from elsewhere."""

    mdns: bool = False
    """Have ``.local`` names of candidates resolved; otherwise these are ignored."""

    virtual: tuple[Network, ...] = CONTAINERS
    """Networks whose candidates are the first to go when a message must be smaller."""

    max_streams: int = 16
    """m= sections with sockets of their own in one description; more are refused with 488."""

    max_dialogs: int = 16
    """Forks of one call; an answer from one more is refused."""
