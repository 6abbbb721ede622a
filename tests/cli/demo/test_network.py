"""Each kind of NAT by what it lets in (RFC 4787 §4.1 and §5)."""

from __future__ import annotations

import pytest

from sipice.cli.demo.network import Nat, NatKind, Network
from sipice.net import Address
from tests.cli.demo.clock import Clock

INSIDE = Address.parse("10.0.0.2", 5_000)
ONE, TWO = Address.parse("198.51.100.1", 1_000), Address.parse("198.51.100.2", 1_000)
ONE_OTHER_PORT = Address.parse("198.51.100.1", 2_000)


class Internet:
    def __init__(self, kind: NatKind) -> None:
        self.clock = Clock()
        self.network = Network(self.clock.later)
        self.nat = Nat(self.network, kind, Address.parse("203.0.113.7", 0).ip)
        self.network.add_nat(self.nat)
        self.heard: list[tuple[bytes, Address]] = []
        self.seen: dict[Address, Address] = {}
        self.nat.open(INSIDE, lambda data, source: self.heard.append((data, source)))
        for host in (ONE, TWO, ONE_OTHER_PORT):
            self.network.open(host, self._noting(host))

    def _noting(self, host: Address):  # type: ignore[no-untyped-def]
        return lambda _, source: self.seen.__setitem__(host, source)

    def mapping(self, to: Address) -> Address:
        self.nat.send(b"out", INSIDE, to)
        self.clock.run(self.clock.now + 1)
        return self.seen[to]

    def reaches(self, source: Address, outside: Address) -> bool:
        before = len(self.heard)
        self.network.send(b"in", source, outside)
        self.clock.run(self.clock.now + 1)
        return len(self.heard) > before


@pytest.mark.parametrize(
    ("kind", "lets_in"),
    [
        (NatKind.FULL_CONE, {ONE, TWO, ONE_OTHER_PORT}),
        (NatKind.RESTRICTED, {ONE, ONE_OTHER_PORT}),
        (NatKind.PORT_RESTRICTED, {ONE}),
        (NatKind.SYMMETRIC, {ONE}),
    ],
)
def test_filter(kind: NatKind, lets_in: set[Address]) -> None:
    internet = Internet(kind)
    outside = internet.mapping(ONE)
    hosts = (ONE, TWO, ONE_OTHER_PORT)
    assert {host for host in hosts if internet.reaches(host, outside)} == lets_in


@pytest.mark.parametrize("kind", NatKind)
def test_only_a_symmetric_one_maps_each_destination_anew(kind: NatKind) -> None:
    internet = Internet(kind)
    assert (internet.mapping(ONE) == internet.mapping(TWO)) == (kind is not NatKind.SYMMETRIC)


def test_unasked_packets_and_closed_sockets_are_counted_as_lost() -> None:
    internet = Internet(NatKind.FULL_CONE)
    outside = internet.mapping(ONE)
    internet.nat.close(INSIDE)
    assert not internet.reaches(ONE, outside)
    assert not internet.reaches(ONE, Address.parse("192.0.2.99", 9))
    assert internet.network.lost == 2


def test_neighbours_talk_without_the_nat() -> None:
    internet = Internet(NatKind.SYMMETRIC)
    other = Address.parse("10.0.0.3", 6_000)
    internet.nat.send(b"hello", other, INSIDE)
    internet.clock.run(0.0)
    assert internet.heard == [(b"hello", other)]
    assert internet.network.sent == 0
