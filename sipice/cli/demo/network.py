"""An internet in this process: private networks behind NATs (RFC 4787), and servers outside.

Nothing here knows a clock: ``later(seconds, call)`` is the event loop's, or a test's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from sipice.net import Address

Later = Callable[[float, Callable[[], None]], object]
Deliver = Callable[[bytes, Address], None]


class NatKind(StrEnum):
    """How a NAT maps and filters, by the names that everybody knows."""

    FULL_CONE = "full-cone"
    RESTRICTED = "restricted"
    PORT_RESTRICTED = "port-restricted"
    SYMMETRIC = "symmetric"


@dataclass(slots=True, eq=False)
class Network:
    """Hosts with public addresses; each packet arrives ``delay`` seconds after it was sent."""

    later: Later
    delay: float = 0.01
    sent: int = 0
    lost: int = 0
    """Packets that nobody wanted: no such host, or refused by a NAT."""
    _sockets: dict[Address, Deliver] = field(default_factory=dict[Address, Deliver])
    _nats: dict[bytes, Nat] = field(default_factory=dict[bytes, "Nat"])

    def open(self, address: Address, deliver: Deliver) -> None:
        """A socket on a public address."""
        self._sockets[address] = deliver

    def close(self, address: Address) -> None:
        """Give the address back."""
        self._sockets.pop(address, None)

    def add_nat(self, nat: Nat) -> None:
        """Put a NAT at its public address."""
        self._nats[nat.public] = nat

    def send(self, data: bytes, source: Address, destination: Address) -> None:
        """Carry a packet whose source is public already."""
        self.sent += 1
        self.later(self.delay, lambda: self._arrive(data, source, destination))

    def _arrive(self, data: bytes, source: Address, destination: Address) -> None:
        nat = self._nats.get(destination.ip)
        deliver = self._sockets.get(destination) if nat is None else nat.admit(source, destination)
        if deliver is None:
            self.lost += 1
        else:
            deliver(data, source)


@dataclass(slots=True, eq=False)
class _Mapping:
    inside: Address
    outside: Address
    seen: set[Address] = field(default_factory=set[Address])
    """Where it has sent to: what the filter looks at."""


@dataclass(slots=True, eq=False)
class Nat:
    """One private network: its sockets send through the NAT and hear what it lets in."""

    network: Network
    kind: NatKind
    public: bytes
    """The packed public address."""
    _inside: dict[Address, Deliver] = field(default_factory=dict[Address, Deliver])
    _mappings: dict[tuple[Address, Address | None], _Mapping] = field(
        default_factory=dict[tuple[Address, Address | None], _Mapping]
    )
    _outside: dict[int, _Mapping] = field(default_factory=dict[int, _Mapping])
    _next: int = 40_000

    def open(self, address: Address, deliver: Deliver) -> None:
        """A socket on a private address."""
        self._inside[address] = deliver

    def close(self, address: Address) -> None:
        """Give the private address back; its mappings go with it."""
        self._inside.pop(address, None)
        for key in [key for key in self._mappings if key[0] == address]:
            del self._outside[self._mappings.pop(key).outside.port]

    def send(self, data: bytes, source: Address, destination: Address) -> None:
        """A packet from inside: within the network directly, else from its mapping."""
        neighbour = self._inside.get(destination)
        if neighbour is not None:
            self.network.later(0.0, lambda: neighbour(data, source))
            return
        mapping = self._mapping(source, destination)
        mapping.seen.add(destination)
        self.network.send(data, mapping.outside, destination)

    def admit(self, source: Address, destination: Address) -> Deliver | None:
        """Who gets a packet from outside; None if the filter drops it (RFC 4787 §5)."""
        mapping = self._outside.get(destination.port)
        if mapping is None or not self._lets_in(mapping, source):
            return None
        return self._inside.get(mapping.inside)

    def _mapping(self, source: Address, destination: Address) -> _Mapping:
        key = (source, destination if self.kind is NatKind.SYMMETRIC else None)
        found = self._mappings.get(key)
        if found is None:
            found = _Mapping(source, Address(self.public, self._next))
            self._next += 1
            self._mappings[key] = self._outside[found.outside.port] = found
        return found

    def _lets_in(self, mapping: _Mapping, source: Address) -> bool:
        if self.kind is NatKind.FULL_CONE:
            return True
        if self.kind is NatKind.RESTRICTED:
            return any(seen.ip == source.ip for seen in mapping.seen)
        return source in mapping.seen
