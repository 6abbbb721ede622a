"""The simulated network as the sockets of a call: what a plugin binds behind a simulated NAT."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count

from sipice.aio.udp import SocketOptions
from sipice.cli.demo.network import Nat, NatKind, Network
from sipice.cli.demo.turn_server import USER, TurnServer
from sipice.ice import IceServer, ServerKind
from sipice.net import Address
from sipice.stun import is_stun

SERVER = Address.parse("203.0.113.1", 3_478)
_PASSWORD = "demo"  # of a server that lives in this process only
_FIRST_PORT = 10_000


class NatSocket:
    """A socket on a private address; implements Endpoint."""

    def __init__(self, nat: Nat, address: Address) -> None:
        self.address = address
        self._nat = nat
        self._on_datagram: Callable[[bytes, Address], None] | None = None
        self._routes: dict[Address, Callable[[bytes], None]] = {}
        nat.open(address, self._receive)

    def attach(
        self,
        on_datagram: Callable[[bytes, Address], None],
        on_refused: Callable[[Address, bytes], None],
    ) -> None:
        """See Endpoint; here nothing is ever refused."""
        self._on_datagram = on_datagram

    def send(self, data: bytes, to: Address) -> bool:
        """See Endpoint."""
        self._nat.send(data, self.address, to)
        return True

    def sender(self, to: Address) -> Callable[[bytes], bool]:
        """See Endpoint."""
        return lambda data: self.send(data, to)

    def route(self, source: Address, deliver: Callable[[bytes], None]) -> None:
        """See Endpoint."""
        self._routes[source] = deliver

    def unroute(self, source: Address) -> None:
        """See Endpoint."""
        self._routes.pop(source, None)

    def release(self) -> None:
        """See Endpoint."""
        self._nat.close(self.address)
        self._on_datagram = None
        self._routes.clear()

    def _receive(self, data: bytes, source: Address) -> None:
        deliver = None if is_stun(data) else self._routes.get(source)
        if deliver is not None:
            deliver(data)
        elif self._on_datagram is not None:
            self._on_datagram(data, source)


class Behind:
    """An internet with a STUN and TURN server, and a private network for each side."""

    def __init__(self, kind: NatKind) -> None:
        self.network = Network(asyncio.get_running_loop().call_later)
        self.server = TurnServer(self.network, SERVER, _PASSWORD)
        self.servers = (
            IceServer(ServerKind.STUN, SERVER),
            IceServer(ServerKind.TURN, SERVER, username=USER, password=_PASSWORD),
        )
        self._kind = kind
        self._ports = count(_FIRST_PORT)
        self._nats = 0

    def side(self) -> tuple[str, Callable[[Address, SocketOptions, int], NatSocket]]:
        """One more private network: the address of its only host, and how that binds."""
        self._nats += 1
        nat = Nat(self.network, self._kind, Address.parse(f"198.51.100.{self._nats}", 0).ip)
        self.network.add_nat(nat)

        def bind(address: Address, options: SocketOptions, scope: int) -> NatSocket:
            return NatSocket(nat, Address(address.ip, address.port or next(self._ports)))

        return f"10.0.{self._nats}.2", bind
