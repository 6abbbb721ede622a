"""What a TURN client tells its owner."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sipice.net import Address
from sipice.stun.attributes import Icmp


class Loss(Enum):
    """Why there is no allocation, or no longer one."""

    DELETED = "deleted as asked"
    TIMEOUT = "the server does not answer"
    INTEGRITY = "the server's answers are not sealed with our password"
    CREDENTIALS = "the server does not accept user name and password"
    CHALLENGE = "the server's challenge cannot be met"
    REFUSED = "the server refuses"
    MISMATCH = "the server knows another allocation, or none, for this port"
    CAPACITY = "quota or capacity is used up"
    UNUSABLE = "the allocation cannot be used"
    EXPIRED = "the allocation expired"
    REDIRECT_LOOP = "servers send us round in a circle"
    TRANSPORT = "the connection to the server is gone"


@dataclass(frozen=True, slots=True)
class Allocated:
    """The server relays for us."""

    relayed: tuple[Address, ...]
    """One address, or one of each family."""
    mapped: Address
    """Our own address as the server sees it: a server-reflexive candidate."""
    lifetime: float


@dataclass(frozen=True, slots=True)
class FamilyRefused:
    """Of two families asked for, this one was not allocated (RFC 8656 §7.3).

    After 440 it is never asked for again at this server, after 508 for 60 s. Servers that do not
    know the question leave it out without a ``code``.
    """

    family: int
    code: int | None


@dataclass(frozen=True, slots=True)
class PermissionGranted:
    """Data may be sent to this IP address, any port, and comes from there."""

    ip: bytes


@dataclass(frozen=True, slots=True)
class PermissionFailed:
    """No data passes to or from this IP address; ``code`` is the server's, None for a time-out."""

    ip: bytes
    code: int | None


@dataclass(frozen=True, slots=True)
class ChannelBound:
    """Data to this peer goes out, and may come in, as ChannelData."""

    peer: Address
    number: int


@dataclass(frozen=True, slots=True)
class ChannelFailed:
    """Data to this peer goes on as Send indications."""

    peer: Address
    code: int | None


@dataclass(frozen=True, slots=True)
class DataReceived:
    """A peer sent this through the relay."""

    peer: Address
    data: bytes


@dataclass(frozen=True, slots=True)
class PeerUnreachable:
    """A datagram to this peer led to an ICMP message (RFC 8656 §11.5)."""

    peer: Address
    icmp: Icmp


@dataclass(frozen=True, slots=True)
class Redirected:
    """The server sends us to another one: reach it, then call ``allocate`` again."""

    server: Address
    domain: str | None
    """The name that its certificate shows, over TLS."""


_BY_CODE = {
    300: "the server sends us on to one that we do not follow",
    403: "the server forbids it",
    440: "the server relays no addresses of the family asked for",
    441: "the allocation at our port belongs to another user",
    442: "the server relays no UDP",
    486: "the quota of this user is used up",
    508: "the server has no relayed address left",
}


@dataclass(frozen=True, slots=True)
class Lost:
    """There is no allocation; the client may be asked to ``allocate`` again."""

    reason: Loss
    code: int | None = None
    retry_after: float | None = None
    """Seconds after which another attempt makes sense; None: never with this server and user."""

    @property
    def sentence(self) -> str:
        """Why, for people."""
        if self.code is None:
            return self.reason.value
        return f"{_BY_CODE.get(self.code, self.reason.value)} ({self.code})"


TurnEvent = (
    Allocated
    | FamilyRefused
    | PermissionGranted
    | PermissionFailed
    | ChannelBound
    | ChannelFailed
    | DataReceived
    | PeerUnreachable
    | Redirected
    | Lost
)
