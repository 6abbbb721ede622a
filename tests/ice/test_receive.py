from __future__ import annotations

from random import Random

import pytest

from sipice.ice import Role
from sipice.stun import Class, Message, Method, encode
from tests.ice.harness import Puppet, Side, address, advance, sent_by
from tests.marks import rfc

OWN = address("10.0.0.1:5000")


def started() -> tuple[Side, Puppet]:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    puppet = Puppet(side)
    side.agent.set_remote_description(0.0, 0, puppet.description)
    advance(side, 0.0)
    return side, puppet


@rfc("8489", "6.3", "rule", "8489-6.3-1")
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"\x80" * 172,
        bytes(20),
        b"\x00\x01\x00\x00" + bytes(16),
        b"\x00\x01\x00\x04\x21\x12\xa4\x42" + bytes(12),
        b"\x00\x01\x00\x04\x21\x12\xa4\x42" + bytes(12) + b"\x00\x06\xff\xff",
        b"\xff" * 1500,
    ],
    ids=len,
)
def test_what_is_no_stun_is_dropped_without_a_word(data: bytes) -> None:
    side, _ = started()
    before = side.agent.next_timeout()
    side.agent.receive_datagram(0.1, data, side.bases[OWN], address("10.0.0.2:6000"))
    assert sent_by(side) == []
    assert side.agent.next_timeout() == before


@rfc("8489", "6.3.2", "rule", "8489-6.3.2-1")
def test_an_indication_is_never_answered() -> None:
    side, _ = started()
    for extra in ((), ((0x7777, b"????"),)):
        data = encode(Message(Method.BINDING, Class.INDICATION, bytes(12), extra))
        side.agent.receive_datagram(0.1, data, side.bases[OWN], address("10.0.0.2:6000"))
    assert sent_by(side) == []


def test_other_methods_and_unknown_transactions_are_dropped() -> None:
    side, puppet = started()
    base = side.bases[OWN]
    allocate = Message(Method.ALLOCATE, Class.REQUEST, bytes(12))
    stray = puppet.success(Message(1, Class.REQUEST, bytes(12)), OWN)
    for data in (encode(allocate), stray, puppet.error(allocate, 400)):
        side.agent.receive_datagram(0.1, data, base, puppet.host)
    assert sent_by(side) == []


def test_a_foreign_base_is_nobodys() -> None:
    side, puppet = started()
    foreign = side.bases[OWN]._replace(number=99)
    side.agent.receive_datagram(0.1, puppet.request(controlling=True), foreign, puppet.host)
    assert sent_by(side) == []


def test_twenty_thousand_mutants_raise_nothing_and_leave_nothing_behind() -> None:
    side, puppet = started()
    rng, base = Random(11), side.bases[OWN]
    seeds = [
        puppet.request(controlling=True),
        puppet.request(controlling=True, nominate=True),
        puppet.success(Message(1, Class.REQUEST, bytes(12)), OWN),
        puppet.error(Message(1, Class.REQUEST, bytes(12)), 487),
    ]
    for step in range(20_000):
        data = bytearray(rng.choice(seeds))
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        now = 0.1 + step / 10_000
        side.agent.receive_datagram(now, bytes(data), base, puppet.host)
        due = side.agent.next_timeout()
        if due is not None and due <= now:
            side.agent.handle_timeout(now)
    side.take(3.0)
    state = side.agent._state
    assert len(state.transactions) < 100
    assert len(state.streams[0].current.checklist) < 30


def test_each_drop_is_counted_once() -> None:
    side, puppet = started()
    counters = side.agent._state.counters
    base = side.bases[OWN]
    malformed = bytearray(puppet.request())
    malformed[22] = 0xFF  # the length of its first attribute
    stray = puppet.success(Message(Method.BINDING, Class.REQUEST, b"t" * 12), OWN)
    for data in (b"media", bytes(malformed), stray):
        side.agent.receive_datagram(1.0, data, base, address("10.0.0.2:6000"))
    assert (counters.not_stun, counters.malformed, counters.unmatched) == (1, 1, 1)
