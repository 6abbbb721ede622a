"""Connections in the virtual network."""

from __future__ import annotations

from sipice.net import Address
from tests.simnet.host import Host
from tests.simnet.nat import PORT_RESTRICTED
from tests.simnet.tcp import End
from tests.simnet.topology import BLOCKED, OPEN, Topology, behind, build


class Pair:
    """Host a connects to a listener of host b."""

    def __init__(self, topology: Topology, *, listens: bool = True) -> None:
        self.world = topology.world
        self.site = topology.a
        a, b = topology.a.host, topology.b.host
        self.log: list[tuple[float, str]] = []
        self.accepted: list[End] = []
        self.place = Address(b.ips[0], 7000)
        if listens:
            b.tcp.listen(self.place, self._accept)
        self.end = self._watch(a, a.tcp.connect(Address(a.ips[0], 0), self.place))

    def _accept(self, end: End) -> None:
        self.accepted.append(end)
        end.on_data = lambda data: end.send(data.upper())
        end.on_close = lambda: self.note("b closed")

    def _watch(self, host: Host, end: End) -> End:
        end.on_open = lambda: self.note("open")
        end.on_data = lambda data: self.note(data.decode())
        end.on_close = lambda: self.note("closed")
        return end

    def note(self, what: str) -> None:
        self.log.append((round(self.world.now, 6), what))


def test_a_connection_opens_carries_and_closes() -> None:
    pair = Pair(build(OPEN, OPEN, rtt=0.100))
    pair.world.run(until=1.0)
    pair.end.send(b"hello")
    pair.world.run(until=2.0)
    pair.end.close()
    pair.world.run(until=3.0)
    assert pair.log == [(0.1, "open"), (1.1, "HELLO"), (2.05, "b closed")]


def test_nobody_listens() -> None:
    pair = Pair(build(OPEN, OPEN, rtt=0.100), listens=False)
    pair.world.run(until=30.0)
    assert pair.log == [(0.1, "closed")]


def test_a_nat_lets_connections_out_and_not_in() -> None:
    out = Pair(build(behind(PORT_RESTRICTED), OPEN))
    out.world.run(until=30.0)
    assert out.log == [(0.0, "open")]
    assert out.accepted[0].remote.host == "203.0.113.21"
    into = Pair(build(OPEN, behind(PORT_RESTRICTED)))
    into.world.run(until=30.0)
    assert into.log == [(15.0, "closed")]


def test_a_policy_against_udp_lets_tcp_out() -> None:
    pair = Pair(build(BLOCKED, OPEN))
    pair.world.run(until=1.0)
    assert pair.log == [(0.0, "open")]


def test_chance_loses_no_segment_and_a_cut_wire_all() -> None:
    pair = Pair(build(OPEN, OPEN, loss=0.9))
    pair.world.run(until=1.0)
    assert pair.log == [(0.0, "open")]
    pair.site.wan.cut = True
    pair.end.send(b"lost")
    pair.world.run(until=2.0)
    assert len(pair.log) == 1
