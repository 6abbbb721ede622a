"""Attackers on and off the path: what they send changes nothing but counters."""

from __future__ import annotations

import pytest

from sipice.ice import PairSelected, PathLost, RoleSwitched, StreamFailed
from sipice.net import Address
from tests.marks import rfc
from tests.simnet import wire
from tests.simnet.adversary import Eavesdropper, Spoofer, flip_bits
from tests.simnet.call import Call
from tests.simnet.topology import OPEN, build
from tests.simnet.wire import Attr, Class, Method
from tests.simnet.world import Packet

STRANGER = Address.parse("198.18.0.66", 6666)


def sent_to(made: Call, place: Address) -> list[Packet]:
    return [
        Packet(Address(*line.src), Address(*line.dst), line.data)
        for line in made.world.trace.lines()
        if line.what == "sends" and line.src is not None and line.dst == place
    ]


def forged_check(user: str, key: bytes | None, *, nominate: bool = True, number: int = 1) -> bytes:
    pairs = [
        (Attr.USERNAME, user.encode()),
        (Attr.PRIORITY, (1862270975).to_bytes(4)),
        (Attr.ICE_CONTROLLING, bytes([255] * 8)),
    ]
    if nominate:
        pairs.append((Attr.USE_CANDIDATE, b""))
    return wire.build(Method.BINDING, Class.REQUEST, number.to_bytes(12), pairs, key=key)


@pytest.mark.parametrize("key", [None, b"guess"])
@pytest.mark.parametrize("when", [0.0, 0.060, 5.0])
@rfc("8445", "7.3", "MUST", "8445-7.3-2")
def test_a_stranger_without_the_password_learns_and_changes_nothing(
    key: bytes | None, when: float
) -> None:
    made = Call(build(OPEN, OPEN, rtt=0.050))
    spoofer = Spoofer(made.topology.internet)
    made.start()
    made.world.run(until=when)
    target = made.b.bases[0][2].address
    ours, theirs = made.b.credentials().ufrag, made.a.credentials().ufrag
    for number in range(20):
        user = f"{ours}:{theirs}"
        spoofer.send(STRANGER, target, forged_check(user, key, number=number + 1))
    made.world.run(until=made.world.now + 10.0)
    made.assert_connected()
    assert made.b.all(RoleSwitched) == []
    assert len(made.b.all(PairSelected)) == 1
    answers = sent_to(made, STRANGER)
    # An unauthenticated request may be told so once each, and never gets more bytes than it sent.
    assert len(answers) <= 20
    for answer in answers:
        assert wire.parse(answer.data).cls is Class.ERROR
        assert len(answer.data) <= len(forged_check(f"{ours}:{theirs}", key))


@rfc("8489", "9.1.4", "MUST", "8489-9.1.4-1")
def test_forged_answers_prove_nothing() -> None:
    made = Call(build(OPEN, OPEN, rtt=0.100))
    made.topology.b.wan.cut = True  # b is dead, the attacker answers in its place
    spoofer = Spoofer(made.topology.internet)

    def answer(_now: float, host: str, packet: Packet) -> None:
        if host == "a" and packet.data[:2] == b"\0\1":
            message = wire.parse(packet.data)
            pairs = [(Attr.XOR_MAPPED_ADDRESS, wire.xor_address(packet.src, message.transaction))]
            for key in (None, b"guess"):
                data = wire.build(
                    Method.BINDING, Class.SUCCESS, message.transaction, pairs, key=key
                )
                spoofer.send(packet.dst, packet.src, data)
            error = [(Attr.ERROR_CODE, wire.error_code(487, "Role Conflict"))]
            spoofer.send(
                packet.dst,
                packet.src,
                wire.build(Method.BINDING, Class.ERROR, message.transaction, error),
            )

    made.world.sent.append(answer)
    made.run(limit=60.0)
    assert made.a.first(PairSelected) is None
    assert made.a.all(RoleSwitched) == []
    assert made.a.failed
    assert spoofer.sent > 20


@rfc("8445", "7.2.5.2.1", "MUST", "8445-7.2.5.2.1-1")
def test_a_right_answer_from_elsewhere_makes_no_pair() -> None:
    made = Call(build(OPEN, OPEN, rtt=0.050))
    ear = Eavesdropper(made.world, made.topology.internet)
    made.start()
    # Every answer of b is lost and arrives from the stranger's address instead.
    made.world.losses.append(lambda host, packet: host == "b")

    def divert(_now: float, host: str, packet: Packet) -> None:
        if host == "b":
            ear.replay(packet, src=STRANGER)

    made.world.sent.append(divert)
    made.world.run(until=60.0)
    for event in made.a.all(PairSelected):
        assert event.remote.address == STRANGER  # only what was proven by its own check
    assert made.a.first(PairSelected) is None


@pytest.mark.parametrize("when", [0.030, 0.060, 0.110, 3.0])
def test_replays_of_everything_heard_change_nothing(when: float) -> None:
    made = Call(build(OPEN, OPEN, rtt=0.050))
    ear = Eavesdropper(made.world, made.topology.internet)
    made.start()
    made.world.run(until=when)
    for _ in range(3):
        ear.replay_all()
        made.world.run(until=made.world.now + 0.010)
        del ear.heard[40:]
    made.world.run(until=made.world.now + 20.0)
    made.assert_connected()
    for peer in (made.a, made.b):
        assert len(peer.all(PairSelected)) == 1
        assert peer.all(RoleSwitched) == []
        assert peer.all(PathLost) == []


def test_a_replayed_check_from_another_address_is_not_followed_by_media() -> None:
    made = Call(build(OPEN, OPEN, rtt=0.050))
    ear = Eavesdropper(made.world, made.topology.internet)
    made.run()
    made.assert_connected()
    before = made.b.agent.media(0, 1).send
    for packet in [one for one in ear.heard if one.data[:2] == b"\0\1"]:
        ear.replay(packet, src=STRANGER)
    made.world.run(until=made.world.now + 20.0)
    assert made.b.agent.media(0, 1).send == before
    assert len(made.b.all(PairSelected)) == 1


@pytest.mark.parametrize("seed", range(20))
def test_flipped_bits_are_losses_and_no_more(seed: int) -> None:
    topology = build(OPEN, OPEN, rtt=0.040, seed=seed)
    for site in topology.sites:
        flip_bits(topology.world, site.wan.up, 0.25)
    made = Call(topology, seed=seed, streams=2).run()
    made.assert_connected()
    assert made.a.agent.role is made.b.agent.role.opposite
    made.world.run(until=made.world.now + 60.0)
    assert made.a.all(StreamFailed) == []


@pytest.mark.parametrize("seed", range(20))
def test_duplicates_and_disorder_are_harmless(seed: int) -> None:
    topology = build(OPEN, OPEN, rtt=0.040, seed=seed)
    for site in topology.sites:
        for link in (site.wan.up, site.wan.down):
            link.duplicate, link.reorder, link.reorder_delay = 0.3, 0.3, 0.200
    made = Call(topology, seed=seed, streams=2, components=2).run()
    made.assert_connected()
    assert len(made.a.all(PairSelected)) == len(made.b.all(PairSelected)) == 4
