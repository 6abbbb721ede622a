"""Networks, interfaces, hosts and sockets of the virtual network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from sipice.net import Address
from tests.simnet.link import Link
from tests.simnet.tcp import Stack
from tests.simnet.world import Packet, World

Handler = Callable[[Packet], None]


class Node(Protocol):
    """What can stand at the end of an interface."""

    name: str

    def receive(self, packet: Packet, interface: Interface) -> None: ...


class Interface:
    """The place where a node touches a network: addresses, and one link in each direction."""

    def __init__(
        self, world: World, node: Node, network: Network, up: Link | None, down: Link | None
    ) -> None:
        self.world = world
        self.node = node
        self.network = network
        self.up = up or Link()
        self.down = down or Link()
        self.addresses: list[bytes] = []

    def add(self, host: str) -> bytes:
        """Own an IP address from now on."""
        ip = Address.parse(host, 0).ip
        if ip in self.network.owners:
            raise ValueError(f"{host} is taken in {self.network.name}")
        self.network.owners[ip] = self
        self.addresses.append(ip)
        return ip

    def remove(self, ip: bytes) -> None:
        self.addresses.remove(ip)
        del self.network.owners[ip]

    def send(self, packet: Packet) -> None:
        self.up.carry(self.world, self.node.name, packet, self.network.route, passing=True)

    def arrive(self, packet: Packet) -> None:
        passing = not isinstance(self.node, Host)
        self.down.carry(self.world, self.node.name, packet, self._deliver, passing=passing)

    def _deliver(self, packet: Packet) -> None:
        self.node.receive(packet, self)

    @property
    def cut(self) -> bool:
        return self.up.cut and self.down.cut

    @cut.setter
    def cut(self, value: bool) -> None:
        self.up.cut = self.down.cut = value


class Network:
    """One routing domain: the internet, a LAN, the inside of a carrier."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.owners: dict[bytes, Interface] = {}
        self.gateways: dict[int, Interface] = {}
        """Where unknown addresses of a family (4 or 6) go; none: nowhere."""
        self.routers: list[tuple[Network, Interface]] = []
        """Networks with routable addresses, reached through a router of this one."""

    def covers(self, ip: bytes) -> bool:
        return ip in self.owners or any(inner.covers(ip) for inner, _ in self.routers)

    def route(self, packet: Packet) -> None:
        target = self.target(packet.dst)
        if target is None:
            self.world.trace.packet(self.world.now, self.name, "noroute", packet)
            return
        target.arrive(packet)

    def target(self, dst: Address) -> Interface | None:
        if (owner := self.owners.get(dst.ip)) is not None:
            return owner
        for inner, interface in self.routers:
            if inner.covers(dst.ip):
                return interface
        return self.gateways.get(dst.family)


class Socket:
    """A bound UDP socket."""

    def __init__(self, host: Host, address: Address, handler: Handler) -> None:
        self.host = host
        self.address = address
        self.handler = handler

    def send(self, dst: Address, data: bytes) -> None:
        self.host.transmit(Packet(self.address, dst, data))

    def close(self) -> None:
        self.host.sockets.pop(self.address, None)


class Host:
    """A machine with any number of interfaces and addresses; addresses may come and go."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.interfaces: list[Interface] = []
        self.sockets: dict[Address, Socket] = {}
        self.tcp = Stack(world, self.transmit)
        self._next_port = 50_000

    def attach(
        self,
        network: Network,
        addresses: str | Sequence[str],
        *,
        up: Link | None = None,
        down: Link | None = None,
    ) -> Interface:
        """A new interface in a network with these IP addresses."""
        interface = Interface(self.world, self, network, up, down)
        for address in [addresses] if isinstance(addresses, str) else addresses:
            interface.add(address)
        self.interfaces.append(interface)
        return interface

    @property
    def ips(self) -> list[bytes]:
        """All addresses, in the order in which they came."""
        return [ip for interface in self.interfaces for ip in interface.addresses]

    def interface_of(self, ip: bytes) -> Interface | None:
        for interface in self.interfaces:
            if ip in interface.addresses:
                return interface
        return None

    def remove_address(self, ip: bytes) -> None:
        """The address is gone: what its sockets send from now on vanishes."""
        interface = self.interface_of(ip)
        if interface is None:
            raise ValueError("no such address")
        interface.remove(ip)

    def bind(self, ip: bytes, handler: Handler, port: int = 0) -> Socket:
        """A socket; port 0 takes the next free one."""
        if self.interface_of(ip) is None:
            raise ValueError("cannot assign requested address")
        if port == 0:
            port = self._free_port(ip)
        address = Address(ip, port)
        if address in self.sockets:
            raise ValueError(f"{address} is in use")
        socket = self.sockets[address] = Socket(self, address, handler)
        return socket

    def _free_port(self, ip: bytes) -> int:
        while Address(ip, self._next_port) in self.sockets:
            self._next_port += 1
        self._next_port += 1
        return self._next_port - 1

    def transmit(self, packet: Packet) -> None:
        """Put a datagram on the wire of the interface that has its source address."""
        now = self.world.now
        if not packet.is_tcp:
            for callback in self.world.sent:
                callback(now, self.name, packet)
        interface = self.interface_of(packet.src.ip)
        if interface is None or packet.dst.family != packet.src.family:
            self.world.trace.packet(now, self.name, "cannot", packet)
            return
        losses = self.world.losses
        if losses and any(lose(self.name, packet) for lose in losses):
            self.world.trace.packet(now, self.name, "lost", packet)
            return
        self.world.trace.packet(now, self.name, "sends", packet)
        interface.send(packet)

    def receive(self, packet: Packet, interface: Interface) -> None:
        if packet.is_tcp and packet.dst.ip in interface.addresses:
            self.world.trace.packet(self.world.now, self.name, "gets", packet)
            self.tcp.receive(packet)
            return
        socket = self.sockets.get(packet.dst)
        if socket is None or packet.dst.ip not in interface.addresses:
            self.world.trace.packet(self.world.now, self.name, "closed", packet)
            return
        self.world.trace.packet(self.world.now, self.name, "gets", packet)
        for callback in self.world.received:
            callback(self.world.now, self.name, packet)
        socket.handler(packet)
