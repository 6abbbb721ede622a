"""RFC 8445 §14, RFC 7675, RFC 8863: every timer and limit of an agent, with its reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from sipice.errors import UsageError
from sipice.ice.candidate import CandidateType
from sipice.ice.destination import NO_LISTS, AddressFilter, Network
from sipice.ice.uri import ServerKind, ServerUri
from sipice.net import Address, Transport
from sipice.stun.longterm import LongTermCredentials


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server whose address is known."""

    kind: ServerKind
    address: Address
    transport: Transport = Transport.UDP
    username: str = ""
    password: str = field(default="", repr=False)
    relay_families: tuple[int, ...] = (4,)
    """The families of relayed addresses to ask a TURN server for: (4,), (6,) or (4, 6)."""
    tls: str | None = None
    """The name to verify when the connection to the server is TLS."""

    def __post_init__(self) -> None:
        _check(self.relay_families, self.username, self.password)

    def __str__(self) -> str:
        over = "/TLS" if self.tls else "/TCP" if self.transport is Transport.TCP else ""
        return f"{self.kind.value}:{self.address}{over}"


@dataclass(frozen=True, slots=True)
class NamedServer:
    """A STUN or TURN server by its URI; the agent has the name looked up (RFC 8489 §8.1)."""

    uri: ServerUri
    username: str = ""
    password: str = field(default="", repr=False)
    relay_families: tuple[int, ...] = (4,)
    """See IceServer."""
    tls_name: str | None = None
    """The name to verify, where the URI has none but an address."""

    def __post_init__(self) -> None:
        _check(self.relay_families, self.username, self.password)
        if self.uri.secure and self.uri.is_literal and self.tls_name is None:
            raise UsageError(
                f"{self.uri} has no name that a certificate could show (RFC 8489 §8.1): "
                "use the server's name, or set tls_name"
            )

    @property
    def kind(self) -> ServerKind:
        """STUN or TURN."""
        return self.uri.kind

    @property
    def transport(self) -> Transport:
        """How it is reached."""
        return self.uri.transport

    @property
    def tls(self) -> str | None:
        """See IceServer."""
        return (self.tls_name or self.uri.host) if self.uri.secure else None

    def __str__(self) -> str:
        return str(self.uri)


def _check(families: tuple[int, ...], username: str, password: str) -> None:
    if families not in ((4,), (6,), (4, 6)):
        raise UsageError(f"relay_families is (4,), (6,) or (4, 6), not {families!r}")
    if bool(username) != bool(password):
        raise UsageError("a server wants user name and password; one of them is empty")
    if username:
        LongTermCredentials(username, password)  # raises for what no server could accept


class Advertised(NamedTuple):
    """The public address of hosts behind a NAT that maps one to one, ports unchanged."""

    ip: bytes
    """What host candidates show instead of their own address."""
    network: Network | None = None
    """Of addresses in this network only; None: of all of the same family."""
    keep: bool = False
    """Tell the own address as well, for peers on this side of the NAT."""

    def covers(self, ip: bytes) -> bool:
        """Whether a host with the address ``ip`` is seen as this one."""
        return len(ip) == len(self.ip) and (self.network is None or self.network.contains(ip))


_LIMITS = (
    ("ta", 0.005, inf, " s", "RFC 8445 §14.2 forbids a check more often than every 5 ms"),
    ("rto", 0.5, inf, " s", "RFC 8445 §14.3 forbids to repeat a check sooner than after 500 ms"),
    ("rc", 1, inf, "", "a request is sent once at least (RFC 8489 §6.2.1)"),
    ("rm", 1, inf, "", "an answer needs time (RFC 8489 §6.2.1)"),
    ("tr", 15.0, inf, " s", "RFC 8445 §11 forbids keepalives more often than every 15 s"),
    ("consent_tick", 0.0, 1.0, " s", "consent checks of many agents would leave in one burst"),
    ("consent_lifetime", 0.0, 30.0, " s", "RFC 7675 §5.1 ends consent 30 s after the last answer"),
)

EVERY_TYPE = frozenset({CandidateType.HOST, CandidateType.SERVER_REFLEXIVE, CandidateType.RELAYED})


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """What an agent may do and how long it waits; seconds and bytes unless the name says else."""

    lite: bool = False
    """Answer checks only (RFC 8445 §2.5); needs addresses the peer can reach directly."""
    trickle: bool = False
    """Hand out candidates one by one and accept them so (RFC 8838)."""
    ice_tcp: bool = False
    """Use TCP candidates (RFC 6544 §4.1); off because media prefers UDP."""
    allow_loopback: bool = False
    """Accept loopback addresses on both sides; for demonstrations and tests on one machine."""
    destinations: AddressFilter = NO_LISTS
    """Where a peer may make us send; see also ``allow_loopback``."""
    servers: tuple[IceServer | NamedServer, ...] = ()
    """STUN and TURN servers to gather from, the preferred first (RFC 8445 §5.1.1.2)."""
    candidate_types: frozenset[CandidateType] = EVERY_TYPE
    """What is gathered and told. Without HOST no local address leaves us, as related address
    neither; RELAYED alone sends and receives nothing but through relays."""
    advertised: tuple[Advertised, ...] = ()
    """Public addresses of a NAT that maps one to one."""

    ta: float = 0.050
    """Our proposal for the pacing of new transactions (RFC 8445 §14.2); the larger side wins."""
    strict_order: bool = False
    """Check pairs strictly by priority, also where the first of them could hardly succeed."""
    rto: float = 0.500
    """Smallest retransmission time-out; RFC 8445 §14.3 forbids less than 500 ms."""
    rto_literal: bool = False
    """Use the formula of §14.3 with its factor N, which grows with the square of the pairs."""
    rc: int = 7
    """Transmissions of one request (RFC 8489 §6.2.1)."""
    rm: int = 16
    """After the last transmission the transaction waits Rm times RTO."""
    pac: float = 39.5
    """RFC 8863 §4: no checklist fails before; a whole check transaction at the default RTO."""
    free_after: float = 3.0
    """RFC 8445 §8.3.1: how long unused candidates still answer after completion."""
    retire_after: float = 7.0
    """How long the generation before a restart still answers after the new one took over, and after
    each check that still comes to it: the peer sends on it until its own checks have succeeded, and
    checks consent every 6 s at the latest."""
    gather_timeout: float = 5.0
    """When gathering ends although servers have not answered."""
    early_check_lifetime: float = 60.0
    """How long a check that came before the peer's description is kept for it."""

    consent: bool = True
    """Check consent (RFC 7675) on the pair in use; otherwise keepalives only."""
    consent_interval: float = 5.0
    """Mean time between consent checks; each is drawn from 0.8 to 1.2 of it, never below 4 s."""
    consent_tick: float = 0.05
    """Consent checks leave at multiples of this (0: at any instant): a process with a thousand
    agents then wakes up twenty times a second for them, and not two hundred times."""
    consent_lifetime: float = 30.0
    """RFC 7675 §5.1: sending stops so long after the last authenticated response."""
    quiet_after: float = 5.0
    """A consent check so long without any answer makes the path quiet; media goes on."""
    tr: float = 15.0
    """Idle time before a keepalive indication (RFC 8445 §11); not smaller than 15 s."""

    max_pairs: int = 100
    """Pairs over the whole checklist set (RFC 8445 §6.1.2.5)."""
    max_remote_candidates: int = 100
    """Per stream, signalled and peer-reflexive together (RFC 8445 §19.5.1)."""
    max_reflexive: int = 20
    """Unproven pairs per base with peer-reflexive candidates: behind two NATs that map each check
    anew, each answer would bring forth another one, and no ordinary pair would ever be checked."""
    max_early_checks: int = 32
    """Checks kept for a description still to come; the peer sends at most one a pair."""
    max_transactions: int = 256
    """Outstanding transactions; beyond it the oldest cancelled one is forgotten."""
    max_role_conflicts: int = 8
    """487 answers that are followed before a pair fails: two honest agents need at most three."""
    max_refusals: int = 20
    """Error responses a second to requests that were not authenticated (RFC 8445 §19.5)."""
    max_stream_buffer: int = 65_537
    """Unread bytes of one TCP flow: one RFC 4571 frame."""
    max_stream_backlog: int = 4_096
    """STUN bytes kept for a TCP flow that is not writable."""
    max_strangers: int = 32
    """Connections to one listener on which nothing authentic has come; beyond it the oldest is
    closed. Anybody can connect, and each costs a descriptor and a buffer."""
    max_connects: int = 5
    """Outstanding connects to one peer address (RFC 6544 §12)."""

    def __post_init__(self) -> None:
        for name, least, most, unit, rule in _LIMITS:
            value = getattr(self, name)
            if not least <= value <= most:  # also refuses what is no number
                may = f"at least {least:g}" if value < least else f"at most {most:g}"
                raise UsageError(f"{name} is {value:g}, but {rule}: set it to {may}{unit}")


DEFAULT = AgentConfig()
