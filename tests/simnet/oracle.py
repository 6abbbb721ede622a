"""Says what is possible in a world: which direct pairs can work at all, and the best kind of path.

It knows nothing of ICE. Two dumb hosts send probes from every address to every address they have
heard of, round after round, in a copy of the world without loss. What gets a probe and its echo
through the NATs in that flood is what the best procedure on earth could have found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache

from sipice.net import Address
from tests.simnet import wire
from tests.simnet.host import Socket
from tests.simnet.topology import Site, SiteKind, Topology, build
from tests.simnet.wire import Attr, Class, Method
from tests.simnet.world import Packet

ROUNDS = 6
PROBE, ECHO = b"\x80probe", b"\x80echo"


class Kind(IntEnum):
    """Kinds of paths, the better the greater."""

    IMPOSSIBLE = 0
    TWO_RELAYS = 1
    ONE_RELAY = 2
    DIRECT = 3


@dataclass(slots=True, eq=False)
class Prober:
    """One host of the flood."""

    site: Site
    active: bool
    """A passive one (a lite agent) only echoes."""
    sockets: list[Socket] = field(default_factory=list)
    reflexive: set[Address] = field(default_factory=set)
    known: dict[Address, set[Address]] = field(default_factory=dict)
    """By own address: where to probe."""
    proven: set[tuple[Address, Address]] = field(default_factory=set)
    """Own address and remote address with a probe answered from where it was sent."""

    def bind(self) -> None:
        host = self.site.host
        for ip in host.ips:
            self.sockets.append(host.bind(ip, self._take))
            self.known[self.sockets[-1].address] = set()

    def ask(self, server: Address) -> None:
        """Learn the reflexive addresses from a STUN server."""
        for socket in self.sockets:
            if socket.address.family == server.family:
                socket.send(server, wire.build(Method.BINDING, Class.REQUEST, bytes(12)))

    def learn(self, addresses: set[Address]) -> None:
        for own, known in self.known.items():
            known.update(place for place in addresses if place.family == own.family)

    def probe(self) -> None:
        if self.active:
            for socket in self.sockets:
                for remote in sorted(self.known[socket.address]):
                    socket.send(remote, PROBE + str(remote).encode())

    def _take(self, packet: Packet) -> None:
        socket = next(one for one in self.sockets if one.address == packet.dst)
        if packet.data.startswith(PROBE):
            self.known[packet.dst].add(packet.src)
            socket.send(packet.src, ECHO + packet.data[len(PROBE) :])
        elif packet.data.startswith(ECHO):
            # An echo from elsewhere than where the probe went proves nothing (RFC 8445 §7.2.5.2.1).
            if packet.data[len(ECHO) :] == str(packet.src).encode():
                self.proven.add((packet.dst, packet.src))
        else:
            mapped = wire.parse(packet.data).address(Attr.XOR_MAPPED_ADDRESS)
            if mapped is not None:
                self.reflexive.add(Address(*mapped))

    @property
    def hosts(self) -> set[Address]:
        return {socket.address for socket in self.sockets}


@dataclass(frozen=True, slots=True)
class Possible:
    """What a world allows."""

    direct: frozenset[tuple[str, str]]
    """Directly connected pairs: IP address of a, what a sees of b."""
    a_online: bool
    """Host a reaches servers in the internet."""
    b_online: bool

    def best(self, *, a_turn: bool = False, b_turn: bool = False) -> Kind:
        """The best kind of path, given who may use a TURN server."""
        if self.direct:
            return Kind.DIRECT
        if self.a_online and self.b_online and (a_turn or b_turn):
            return Kind.ONE_RELAY
        return Kind.IMPOSSIBLE


def flood(
    world: Topology,
    *,
    stun: tuple[bool, bool] = (True, True),
    active: tuple[bool, bool] = (True, True),
) -> Possible:
    """Try everything in this world; it is used up by that."""
    probers = [Prober(site, on) for site, on in zip(world.sites, active, strict=True)]
    online = []
    for prober, asks in zip(probers, stun, strict=True):
        prober.bind()
        prober.ask(world.stun.address)
        world.world.run()
        online.append(bool(prober.reflexive))
        if not asks:
            prober.reflexive.clear()
    a, b = probers
    a.learn(b.hosts | b.reflexive)
    b.learn(a.hosts | a.reflexive)
    for _ in range(ROUNDS):
        for prober in probers:
            prober.probe()
            world.world.run()
    proven = a.proven if active[0] else {(there, here) for here, there in b.proven}
    direct = frozenset((own.host, remote.host) for own, remote in proven)
    return Possible(direct, online[0], online[1])


@lru_cache(maxsize=4096)
def possible(
    a: SiteKind,
    b: SiteKind,
    *,
    stun: tuple[bool, bool] = (True, True),
    active: tuple[bool, bool] = (True, True),
) -> Possible:
    """The answer for two kinds of sites."""
    return flood(build(a, b, seed=99), stun=stun, active=active)
