"""What a plugin may be told; the defaults suit a phone with one or two interfaces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sipice.aio.bases import BindUdp, PortRange
from sipice.aio.interfaces import EVERYWHERE, InterfacePolicy
from sipice.aio.udp import DEFAULT_OPTIONS, SocketOptions, UdpEndpoint
from sipice.ice import NamedServer, ServerUri
from sipice.session import SessionConfig
from sipice.sip.settings import TapConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginConfig:
    """How ICE behaves in the calls of one SIP endpoint."""

    servers: tuple[str, ...] = ()
    """STUN and TURN servers by URI: ``stun:host``, ``turn:host?transport=tcp``, ``turns:host``."""
    username: str = ""
    password: str = field(default="", repr=False)
    """For the TURN servers among them."""
    session: SessionConfig = field(default_factory=SessionConfig)
    tap: TapConfig = field(default_factory=TapConfig)
    addresses: tuple[str, ...] | None = None
    """Local addresses to use; None: those that ``interfaces`` leaves."""
    interfaces: InterfacePolicy = EVERYWHERE
    sockets: SocketOptions = DEFAULT_OPTIONS
    bind: BindUdp = UdpEndpoint.bind
    port_range: PortRange | None = None
    """First and last port of the sockets for media."""
    spare_descriptors: int | None = None
    """Open files that calls leave to the application, else new ones are refused with 503.

    None: a quarter of what the process may have (``ulimit -n``), 256 at most.
    """
    bridge: bool = True
    """Give the stack a loopback pair per m= section; off for applications that take raw packets."""
    record: Callable[[str], object] | None = None
    """Gets the record of each agent (docs/trace.md), line by line; calls are told apart by name."""

    def for_controllers(self) -> SessionConfig:
        """``session``, with the servers of its agent and those named here; raises UsageError."""
        named = [
            NamedServer(ServerUri.parse(text), self.username, self.password)
            for text in self.servers
        ]
        agent = replace(self.session.agent, servers=(*self.session.agent.servers, *named))
        return replace(self.session, agent=agent)


DEFAULT = PluginConfig()
