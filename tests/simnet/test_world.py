"""The virtual clock, links and hosts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sipice.net import Address
from tests.simnet.host import Host, Network
from tests.simnet.link import Link
from tests.simnet.world import Packet, World


class Lan:
    """Two hosts on one network, and what the second received when."""

    def __init__(self, seed: int = 0, up: Link | None = None) -> None:
        self.world = World(seed)
        self.net = Network(self.world, "lan")
        self.a, self.b = Host(self.world, "a"), Host(self.world, "b")
        self.up = up or Link()
        self.a.attach(self.net, "10.0.0.1", up=self.up)
        self.b.attach(self.net, ["10.0.0.2", "fd00::2"])
        self.got: list[tuple[float, bytes]] = []
        self.sender = self.a.bind(self.a.ips[0], lambda _: None)
        self.receiver = self.b.bind(self.b.ips[0], self._take)

    def _take(self, packet: Packet) -> None:
        self.got.append((self.world.now, packet.data))

    def send(self, count: int) -> list[int]:
        """Send numbered datagrams 10 ms apart; the numbers in the order of arrival."""

        def one(data: bytes) -> Callable[[], None]:
            return lambda: self.sender.send(self.receiver.address, data)

        for number in range(count):
            self.world.at(number * 0.010, one(bytes([number])))
        self.world.run()
        return [data[0] for _, data in self.got]


class Alarm:
    def __init__(self, due: float) -> None:
        self.due: float | None = due
        self.rang: list[float] = []

    def next_timeout(self) -> float | None:
        return self.due

    def handle_timeout(self, now: float) -> None:
        self.rang.append(now)
        self.due = None


def test_the_clock_jumps_to_the_earlier_of_event_and_timeout() -> None:
    world = World()
    alarm = Alarm(2.0)
    world.timed.append(alarm)
    seen: list[float] = []
    world.at(3.0, lambda: seen.append(world.now))
    world.at(1.0, lambda: seen.append(world.now))
    while world.step():
        pass
    assert alarm.rang == [2.0]
    assert seen == [1.0, 3.0]


def test_what_arrives_at_the_instant_of_a_timeout_comes_first() -> None:
    world = World()
    alarm = Alarm(1.0)
    world.timed.append(alarm)
    rang_before: list[int] = []
    world.at(1.0, lambda: rang_before.append(len(alarm.rang)))
    world.run()
    assert rang_before == [0]
    assert alarm.rang == [1.0]


def test_the_past_cannot_be_scheduled() -> None:
    world = World(start=5.0)
    with pytest.raises(ValueError, match="past"):
        world.at(4.0, lambda: None)


def test_a_world_that_never_falls_silent_is_stopped() -> None:
    world = World()

    def again() -> None:
        world.after(1.0, again)

    again()
    with pytest.raises(AssertionError, match="busy"):
        world.run(steps=100)


def test_a_datagram_arrives_after_the_delays_of_both_links() -> None:
    lan = Lan(up=Link(delay=0.020))
    lan.b.interfaces[0].down.delay = 0.005
    lan.send(1)
    assert lan.got == [(0.025, b"\0")]


def test_links_lose_about_as_many_as_told_and_one_seed_loses_the_same() -> None:
    survivors = Lan(7, Link(loss=0.3)).send(200)
    assert 110 < len(survivors) < 170
    assert survivors == Lan(7, Link(loss=0.3)).send(200)
    assert survivors != Lan(8, Link(loss=0.3)).send(200)


def test_duplicates_arrive_twice() -> None:
    assert Lan(up=Link(duplicate=1.0)).send(2) == [0, 0, 1, 1]


def test_jitter_keeps_the_order_and_reordering_does_not() -> None:
    assert Lan(up=Link(jitter=0.050)).send(50) == list(range(50))
    shuffled = Lan(up=Link(reorder=0.5)).send(50)
    assert shuffled != list(range(50))
    assert sorted(shuffled) == list(range(50))


def test_the_nth_packet_can_be_dropped() -> None:
    lan = Lan()
    lan.up.drop_next(1, skip=2)
    assert lan.send(5) == [0, 1, 3, 4]


def test_only_matching_packets_count_for_a_drop() -> None:
    lan = Lan()
    lan.up.drop_next(2, match=lambda packet: packet.data[0] % 2 == 1)
    assert lan.send(6) == [0, 2, 4, 5]


def test_packets_over_the_mtu_vanish() -> None:
    lan = Lan(up=Link(mtu=576))
    for size in (548, 549):
        lan.sender.send(lan.receiver.address, bytes(size))
    lan.world.run()
    assert [len(data) for _, data in lan.got] == [548]


def test_a_link_that_is_cut_carries_nothing() -> None:
    lan = Lan()
    lan.a.interfaces[0].cut = True
    assert lan.send(3) == []


def test_addresses_may_come_and_go() -> None:
    lan = Lan()
    lan.b.remove_address(lan.receiver.address.ip)
    assert lan.send(1) == []
    ip = lan.b.interfaces[0].add("10.0.0.3")
    moved = lan.b.bind(ip, lan._take)
    lan.sender.send(moved.address, b"new")
    lan.world.run()
    assert [data for _, data in lan.got] == [b"new"]


def test_nothing_crosses_between_address_families() -> None:
    lan = Lan()
    six = lan.b.bind(lan.b.ips[1], lan._take)
    lan.sender.send(six.address, b"x")
    lan.world.run()
    assert lan.got == []


def test_the_trace_tells_the_story() -> None:
    lan = Lan()
    lan.send(1)
    lan.sender.send(Address.parse("10.0.0.9", 1), b"x")
    lan.world.run()
    text = lan.world.trace.text()
    assert "a        sends   10.0.0.1:50000 > 10.0.0.2:50000 1 bytes" in text
    assert "b        gets" in text
    assert "noroute" in text
