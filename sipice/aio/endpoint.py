"""What the driver needs of a local UDP transport address, whoever holds the socket.

Own sockets (``sipice.aio.udp``) and a port shared by many sessions (``sipice.aio.mux``) are its
implementations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sipice.net import Address


class Endpoint(Protocol):
    """One local transport address that datagrams leave from and come to."""

    @property
    def address(self) -> Address:
        """Where it is bound."""

    def attach(
        self,
        on_datagram: Callable[[bytes, Address], None],
        on_refused: Callable[[Address, bytes], None],
    ) -> None:
        """Who takes STUN and everything that no route takes.

        ``on_refused`` is told of a destination for which a validated ICMP error came (RFC 8445
        §7.2.5.2.2), and of the message that was refused.
        """

    def send(self, data: bytes, to: Address) -> bool:
        """Send one datagram; False when the system refuses this destination.

        A full buffer loses the datagram like a network would, and is only counted.
        """

    def sender(self, to: Address) -> Callable[[bytes], bool]:
        """``send`` for one destination, prepared for many packets."""

    def route(self, source: Address, deliver: Callable[[bytes], None]) -> None:
        """What comes from ``source`` and is no STUN goes to ``deliver`` from now on."""

    def unroute(self, source: Address) -> None:
        """Undo ``route``."""

    def release(self) -> None:
        """Close it; nothing is delivered any more."""
