"""RFC 4787 in virtual time: NATs, stacked NATs, 1:1 NATs and firewalls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from sipice.net import Address
from tests.simnet.host import Interface, Network
from tests.simnet.link import Link
from tests.simnet.world import Packet, World


class Behaviour(Enum):
    """How much of the remote address a mapping or a filter looks at (RFC 4787 §4.1, §5)."""

    ENDPOINT_INDEPENDENT = "EI"
    ADDRESS_DEPENDENT = "AD"
    ADDRESS_AND_PORT_DEPENDENT = "APD"

    def key(self, remote: Address) -> tuple[bytes | int, ...]:
        if self is Behaviour.ENDPOINT_INDEPENDENT:
            return ()
        return (remote.ip,) if self is Behaviour.ADDRESS_DEPENDENT else tuple(remote)


class Hairpin(Enum):
    """§6: what becomes of a packet from inside to an outside address of the same NAT."""

    NONE = "none"
    PLAIN = "plain"
    """Delivered with the external source address, as REQ-9 demands."""
    INTERNAL_SOURCE = "internal source"
    """Delivered with the source address of the inside: confusing, and found in the field."""


class Ports(Enum):
    """§4.2: which external port a new mapping gets."""

    PRESERVING = "preserving"
    SEQUENTIAL = "sequential"
    RANDOM = "random"


@dataclass(frozen=True, slots=True, kw_only=True)
class NatKind:
    """The behaviour of one NAT."""

    mapping: Behaviour = Behaviour.ENDPOINT_INDEPENDENT
    filtering: Behaviour = Behaviour.ADDRESS_AND_PORT_DEPENDENT
    hairpin: Hairpin = Hairpin.NONE
    ports: Ports = Ports.PRESERVING
    lifetime: float = 120.0
    """§4.3: seconds without refreshing traffic after which a mapping or filter entry dies."""
    inbound_refresh: bool = False

    def __str__(self) -> str:
        return f"{self.mapping.value}M-{self.filtering.value}F"

    def but(self, **changes: object) -> NatKind:
        return replace(self, **changes)  # type: ignore[arg-type]


EI, AD, APD = Behaviour
FULL_CONE = NatKind(filtering=EI, hairpin=Hairpin.PLAIN)
ADDRESS_RESTRICTED = NatKind(filtering=AD, hairpin=Hairpin.PLAIN)
PORT_RESTRICTED = NatKind(filtering=APD)
SYMMETRIC = NatKind(mapping=APD, filtering=APD, ports=Ports.RANDOM)
ALL_KINDS = [
    NatKind(mapping=m, filtering=f, ports=Ports.PRESERVING if m is EI else Ports.RANDOM)
    for m in Behaviour
    for f in Behaviour
]
"""Mapping × filtering, all nine."""


@dataclass(slots=True)
class Mapping:
    """One inside address as the outside sees it, and whom it has talked to since when.

    Filters belong to the mapping, as in every NAT built on connection tracking: where an inside
    address has several mappings, each is open only for those that were written to through it.
    """

    inner: Address
    external: Address
    last: float
    contacts: dict[tuple[bytes | int, ...], float] = field(default_factory=dict)


class Gateway:
    """A box between an inside and an outside network that lets in only what was asked for."""

    def __init__(
        self,
        world: World,
        name: str,
        kind: NatKind,
        *,
        inside: Network,
        outside: Network,
        family: int = 4,
        up: Link | None = None,
        down: Link | None = None,
    ) -> None:
        self.world = world
        self.name = name
        self.kind = kind
        self.allow: Callable[[Packet], bool] = lambda _: True
        """Asked for every packet that wants out."""
        self.inside = Interface(world, self, inside, None, None)
        self.outside = Interface(world, self, outside, up, down)
        inside.gateways[family] = self.inside
        self._by_inner: dict[tuple[Address, tuple[bytes | int, ...]], Mapping] = {}
        self._by_external: dict[Address, Mapping] = {}

    def receive(self, packet: Packet, interface: Interface) -> None:
        if interface is self.inside:
            self._outbound(packet)
        else:
            self._inbound(packet, self.inside.send)

    def _outbound(self, packet: Packet) -> None:
        if not self.allow(packet):
            self._drop("blocked", packet)
            return
        if packet.dst.ip in self.outside.addresses:
            self._hairpin(packet)
            return
        external = self._translate(packet.src, packet.dst)
        self.outside.send(packet._replace(src=external))

    def _hairpin(self, packet: Packet) -> None:
        if self.kind.hairpin is Hairpin.NONE:
            self._drop("nohairpin", packet)
            return
        external = self._translate(packet.src, packet.dst)
        shown = external if self.kind.hairpin is Hairpin.PLAIN else packet.src
        self._inbound(
            packet._replace(src=external), lambda p: self.inside.send(p._replace(src=shown))
        )

    def _translate(self, inner: Address, remote: Address) -> Address:
        now = self.world.now
        key = inner, self.kind.mapping.key(remote)
        mapping = self._by_inner.get(key)
        if mapping is None or not self._alive(mapping.last):
            if mapping is not None:
                self._by_external.pop(mapping.external, None)
            mapping = Mapping(inner, self._external_for(inner), now)
            self._by_inner[key] = self._by_external[mapping.external] = mapping
        mapping.last = now
        mapping.contacts[self.kind.filtering.key(remote)] = now
        return mapping.external

    def _inbound(self, packet: Packet, deliver: Callable[[Packet], None]) -> None:
        mapping = self._mapping_behind(packet.dst)
        if mapping is None:
            self._drop("nomap", packet)
            return
        if not self._admits(mapping, packet.src):
            self._drop("filter", packet)
            return
        if self.kind.inbound_refresh:
            mapping.last = self.world.now
            mapping.contacts[self.kind.filtering.key(packet.src)] = self.world.now
        deliver(packet._replace(dst=mapping.inner))

    def _admits(self, mapping: Mapping, remote: Address) -> bool:
        if self.kind.filtering is EI:
            return True
        last = mapping.contacts.get(self.kind.filtering.key(remote))
        return last is not None and self._alive(last)

    def _alive(self, last: float) -> bool:
        return self.world.now - last < self.kind.lifetime

    def _mapping_behind(self, external: Address) -> Mapping | None:
        mapping = self._by_external.get(external)
        return mapping if mapping is not None and self._alive(mapping.last) else None

    def _external_for(self, inner: Address) -> Address:
        raise NotImplementedError

    def _drop(self, why: str, packet: Packet) -> None:
        self.world.trace.packet(self.world.now, self.name, why, packet)

    def forget(self) -> None:
        """A reboot: every mapping is gone."""
        self._by_inner.clear()
        self._by_external.clear()


class Nat(Gateway):
    """Network address and port translation; several make a carrier's stack."""

    def __init__(
        self,
        world: World,
        name: str,
        kind: NatKind,
        *,
        inside: Network,
        outside: Network,
        addresses: str | Sequence[str],
        up: Link | None = None,
        down: Link | None = None,
    ) -> None:
        super().__init__(world, name, kind, inside=inside, outside=outside, up=up, down=down)
        for address in [addresses] if isinstance(addresses, str) else addresses:
            self.outside.add(address)
        self._next_port = 20_000
        self._pool: dict[bytes, bytes] = {}

    def _external_for(self, inner: Address) -> Address:
        ip = self._paired(inner.ip)
        for port in self._ports(inner.port):
            external = Address(ip, port)
            taken = self._by_external.get(external)
            if taken is None or not self._alive(taken.last):
                return external
        raise AssertionError("unreachable: the port generators do not end")

    def _paired(self, inner: bytes) -> bytes:
        """§4.1 REQ-2: one inside host keeps one outside address."""
        addresses = self.outside.addresses
        return self._pool.setdefault(inner, addresses[len(self._pool) % len(addresses)])

    def _ports(self, wanted: int) -> Iterator[int]:
        if self.kind.ports is Ports.PRESERVING:
            yield wanted
        while True:
            if self.kind.ports is Ports.RANDOM:
                yield self.world.rng.randrange(1024, 65536)
            else:
                self._next_port += 1
                yield self._next_port


class OneToOne(Gateway):
    """Each inside address owns one outside address, ports unchanged: a cloud's elastic address."""

    def __init__(
        self,
        world: World,
        name: str,
        kind: NatKind,
        *,
        inside: Network,
        outside: Network,
        pairs: dict[str, str],
    ) -> None:
        kind = kind.but(mapping=EI)
        super().__init__(world, name, kind, inside=inside, outside=outside)
        self._outer = {
            Address.parse(inner, 0).ip: self.outside.add(outer) for inner, outer in pairs.items()
        }
        self._inner = {outer: inner for inner, outer in self._outer.items()}

    def _external_for(self, inner: Address) -> Address:
        return Address(self._outer[inner.ip], inner.port)

    def _mapping_behind(self, external: Address) -> Mapping | None:
        inner = Address(self._inner[external.ip], external.port)
        known = self._by_external.get(external)
        # Without filtering the outside may speak first.
        return known or Mapping(inner, external, self.world.now)


class Firewall(Gateway):
    """No translation; what comes in must answer what went out. Also the router of IPv6."""

    def __init__(
        self,
        world: World,
        name: str,
        kind: NatKind,
        *,
        inside: Network,
        outside: Network,
        family: int = 4,
    ) -> None:
        kind = kind.but(mapping=EI)
        super().__init__(world, name, kind, inside=inside, outside=outside, family=family)
        outside.routers.append((inside, self.outside))

    def _external_for(self, inner: Address) -> Address:
        return inner

    def _mapping_behind(self, external: Address) -> Mapping | None:
        known = self._by_external.get(external)
        return known or Mapping(external, external, self.world.now)


def no_udp(packet: Packet) -> bool:
    """A policy for ``Gateway.allow`` that blocks UDP altogether."""
    return packet.is_tcp
