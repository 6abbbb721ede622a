"""Round trips and loss, with a clock and a path that the test holds."""

from __future__ import annotations

import pytest

from tests.capabilities import require

require("cli")

from sipice.cli.echo import Echo
from sipice.stun.demux import Protocol, classify


class Path:
    """Two sides and what is under way between them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.air: list[tuple[Echo, bytes]] = []
        self.left = Echo(lambda data: self._send(self.right, data), lambda: self.now)
        self.right = Echo(lambda data: self._send(self.left, data), lambda: self.now)

    def _send(self, to: Echo, data: bytes) -> bool:
        self.air.append((to, data))
        return True

    def carry(self, delay: float, *, lose: bool = False) -> None:
        self.now += delay
        air, self.air = self.air, []
        for to, data in () if lose else air:
            to.receive(data)


def test_a_packet_that_comes_back_tells_the_round_trip() -> None:
    path = Path()
    path.left.ping()
    path.carry(0.1)
    path.carry(0.2)
    assert path.left.rtts == [pytest.approx(0.3)]
    assert (path.right.sent, path.right.rtts) == (0, [])


def test_a_lost_packet_or_echo_does_not_come_back() -> None:
    path = Path()
    for lost in ((True, False), (False, True), (False, False)):
        path.left.ping()
        for lose in lost:
            path.carry(0.1, lose=lose)
    assert path.left.sent == 3
    assert len(path.left.rtts) == 1


def test_an_echo_counts_once_and_strange_packets_not_at_all() -> None:
    path = Path()
    path.left.ping()
    path.carry(0.1)
    [(_, echo)] = path.air
    for data in (echo, echo, b"", b"\x80", bytes(200)):
        path.left.receive(data)
    assert len(path.left.rtts) == 1


def test_a_knock_is_heard_and_counts_nothing() -> None:
    path = Path()
    path.left.knock()
    path.carry(0.1)
    assert path.right.has_heard
    assert not path.left.has_heard
    assert path.air == []
    assert (path.left.sent, path.right.rtts) == (0, [])


def test_what_is_sent_looks_like_audio_to_everybody() -> None:
    path = Path()
    path.left.ping()
    [(_, packet)] = path.air
    assert classify(packet) is Protocol.RTP
    assert len(packet) == 172
