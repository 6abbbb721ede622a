"""A TURN server on the loopback interface, with real sockets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from sipice.aio.udp import UdpEndpoint
from sipice.cli.demo.network import Deliver, Network
from sipice.cli.demo.turn_server import USER, TurnServer
from sipice.ice import IceServer, ServerKind
from sipice.net import Address

PASSWORD = "a secret of the test"
HOST = f"127.{1 + os.getpid() % 250}.{1 + os.getpid() // 250 % 250}.1"
"""Of this process alone, so that the ports of relays are free."""


class Loopback(Network):
    """The network of the demonstration, with real sockets instead of its own."""

    def __init__(self) -> None:
        super().__init__(lambda _, call: call())
        self.endpoints: dict[Address, UdpEndpoint] = {}

    def open(self, address: Address, deliver: Deliver) -> None:
        endpoint = self.endpoints[address] = UdpEndpoint.bind(address)
        endpoint.attach(deliver, lambda *_: None)

    def close(self, address: Address) -> None:
        self.endpoints.pop(address).release()

    def send(self, data: bytes, source: Address, destination: Address) -> None:
        self.endpoints[source].send(data, destination)


@contextmanager
def turn_server() -> Iterator[tuple[TurnServer, IceServer]]:
    """The server, and how a session is told of it."""
    network = Loopback()
    address = Address.parse(HOST, 3478)
    server = TurnServer(network, address, PASSWORD)
    try:
        yield server, IceServer(ServerKind.TURN, address, username=USER, password=PASSWORD)
    finally:
        for endpoint in network.endpoints.values():
            endpoint.release()
