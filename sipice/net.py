"""Addresses, bases, flows, and the commands by which the core asks its shell for I/O.

An address in the core is (packed IP, port); its text is made only when somebody wants to read it.
Commands are plain tuples: the shell matches on their class and carries them out in order.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import NamedTuple


class Transport(StrEnum):
    """The transport protocol of a candidate; a text, as Enum hashes its members in Python."""

    UDP = "UDP"
    TCP = "TCP"


class Address(NamedTuple):
    """A transport address without its protocol: 4 or 16 packed bytes, and a port."""

    ip: bytes
    port: int

    @classmethod
    def parse(cls, host: str, port: int) -> Address:
        """From an IP literal; raises ValueError for anything else."""
        family = AF_INET6 if ":" in host else AF_INET
        try:
            return cls(inet_pton(family, host), port)
        except OSError:
            raise ValueError(f"{host!r} is not an IP address") from None

    @property
    def family(self) -> int:
        """4 or 6."""
        return 4 if len(self.ip) == 4 else 6

    @property
    def host(self) -> str:
        """The IP address as text."""
        return inet_ntop(AF_INET if len(self.ip) == 4 else AF_INET6, self.ip)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if len(self.ip) == 4 else f"[{self.host}]:{self.port}"


class Base(NamedTuple):
    """A local endpoint that the shell holds for the core: a bound UDP socket or a TCP listener.

    The number tells two bases apart that were bound to one address one after the other; the base
    also stands for the interface, so a link-local address needs no zone here.
    """

    number: int
    transport: Transport
    address: Address


class Flow(NamedTuple):
    """One byte-stream connection that the shell opened or accepted for the core."""

    number: int


class SendDatagram(NamedTuple):
    """Send ``data`` from the socket of ``base`` to ``remote``."""

    data: bytes
    base: Base
    remote: Address


class SendStream(NamedTuple):
    """Write ``data`` to a connection; the core has framed it already."""

    flow: Flow
    data: bytes


class OpenConnection(NamedTuple):
    """Connect from ``local`` (port 0: any) to ``remote``; ``tls`` is the name to verify."""

    flow: Flow
    local: Address
    remote: Address
    tls: str | None = None


class Listen(NamedTuple):
    """Accept connections on a TCP base."""

    base: Base


class CloseConnection(NamedTuple):
    """Close a connection and forget its flow."""

    flow: Flow


class ReleaseBase(NamedTuple):
    """Nothing uses this base any more: close its socket."""

    base: Base


class QueryKind(Enum):
    """What kind of name a Resolve asks for."""

    HOST = "host"
    """A and AAAA records; an IP literal stands for itself."""
    SRV = "srv"
    """SRV records of ``_service._protocol.host``; where there are none, HOST of the host."""
    MDNS = "mdns"
    """The one address of a ``.local`` name."""


class Resolve(NamedTuple):
    """Look a name up; the shell answers with ``name_resolved`` or ``name_failed``."""

    kind: QueryKind
    name: str
    port: int = 0
    """The port of the addresses, unless an SRV record has another."""


class CancelResolve(NamedTuple):
    """The answer to this lookup is no longer wanted."""

    query: Resolve


Command = (
    SendDatagram
    | SendStream
    | OpenConnection
    | Listen
    | CloseConnection
    | ReleaseBase
    | Resolve
    | CancelResolve
)


class Path(NamedTuple):
    """How media of one component leaves: from the socket of ``base`` to ``to``.

    With a relay ``to`` is the TURN server: ``channel`` is then the 4-byte channel header's number
    that goes before each packet, and while it is None media has to be handed to the agent.
    With a connection, ``flow`` carries RFC 4571 frames, or to a relay ChannelData padded to four
    bytes; what comes that way is read by the agent, and told by ``DataReceived``.
    """

    base: Base
    to: Address
    peer: Address
    """The remote candidate, behind the relay if there is one."""
    channel: int | None = None
    flow: Flow | None = None
    relayed: bool = False


class Source(NamedTuple):
    """From where media of one component may come.

    ``relayed``: the remote is a TURN server, and ``channel`` the one that the peer has there, if
    any; without one its media comes in Data indications, for the agent to read.
    """

    base: Base
    remote: Address
    channel: int | None = None
    relayed: bool = False


class MediaTable(NamedTuple):
    """How one component sends and who may deliver to it; replaced as a whole, never changed."""

    send: Path | None = None
    """None: nothing may be sent now (no valid pair yet, or no consent)."""
    receive: frozenset[Source] = frozenset()


SILENT = MediaTable()
"""The table of a component that has no path yet."""
