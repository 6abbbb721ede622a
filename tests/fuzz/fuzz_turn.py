"""Any bytes from a TURN server, or from whoever pretends to be one: nothing raises or grows."""

from __future__ import annotations

from random import Random

from sipice.net import Address
from sipice.stun import LongTermCredentials
from sipice.turn import TurnClient, TurnConfig

SERVER = Address.parse("192.0.2.1", 3478)
PEER = Address.parse("198.51.100.1", 7000)


def body(data: bytes) -> None:
    """The input is a list of packets, each behind its length in one byte."""
    client = TurnClient(TurnConfig(), SERVER, LongTermCredentials("user", "secret"), Random(1))
    now = 0.0
    client.allocate(now)
    while data:
        size, data = data[0], data[1:]
        feed(client, now, data[:size])
        data = data[size:]
        now += 1.0
        client.handle_timeout(now)
        client.permit(now, PEER)
    assert len(client.take_packets()) < 2000
    client.take_events()


def feed(client: TurnClient, now: float, packet: bytes) -> None:
    """One packet, and what must hold after it."""
    client.receive(now, packet)
    due = client.next_timeout()
    assert due is None or due >= 0
    repr(client.take_events())
