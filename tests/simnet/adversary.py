"""Attackers: forged sources, replays, injected answers, flipped bits."""

from __future__ import annotations

from collections.abc import Callable

from sipice.net import Address
from tests.simnet.host import Network
from tests.simnet.link import Link
from tests.simnet.world import Packet, World


class Spoofer:
    """Puts datagrams with any source address into a network; sees nothing (off path)."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.sent = 0

    def send(self, src: Address, dst: Address, data: bytes) -> None:
        self.sent += 1
        world = self.network.world
        packet = Packet(src, dst, data)
        world.trace.packet(world.now, "attacker", "forges", packet)
        world.at(world.now, lambda: self.network.route(packet))


class Eavesdropper:
    """Hears everything that leaves the sockets of a world, and may repeat it (on path)."""

    def __init__(self, world: World, network: Network) -> None:
        self.heard: list[Packet] = []
        self._spoofer = Spoofer(network)
        world.sent.append(lambda _now, _host, packet: self.heard.append(packet))

    def replay(self, packet: Packet, *, src: Address | None = None) -> None:
        """Send a heard datagram again, from its own or another source."""
        self._spoofer.send(src or packet.src, packet.dst, packet.data)

    def replay_all(self, wanted: Callable[[Packet], bool] = lambda _: True) -> int:
        """Send all heard datagrams again that are wanted; how many."""
        chosen = [packet for packet in self.heard if wanted(packet)]
        for packet in chosen:
            self.replay(packet)
        return len(chosen)


def flip_bits(world: World, link: Link, probability: float) -> None:
    """From now on a datagram on this link has one bit flipped with this probability."""

    def mangle(packet: Packet) -> Packet:
        if not packet.data or world.rng.random() >= probability:
            return packet
        data = bytearray(packet.data)
        bit = world.rng.randrange(len(data) * 8)
        data[bit // 8] ^= 1 << bit % 8
        return packet._replace(data=bytes(data))

    link.mangle = mangle
