"""No datagram, sealed or not, brings an agent down or makes it grow (decision D2.14)."""

from __future__ import annotations

from random import Random

import pytest

from tests.fuzz.agent_mutants import Keys, Mutator
from tests.fuzz.agent_storm import SESSIONS, Report, session, storm
from tests.simnet import wire
from tests.simnet.wire import Attr, Class, Method


def test_sessions_go_on_in_a_storm_and_every_procedure_is_reached() -> None:
    report = storm(20_000)
    assert report.unreached == []
    assert report.sealed * 2 >= report.inputs
    assert report.completed == report.beside > 0


@pytest.mark.long
@pytest.mark.parametrize("part", range(20))
def test_ten_million_inputs(part: int) -> None:
    report = storm(500_000, first=1_000_000 * (part + 1))
    assert report.unreached == []
    assert report.sealed * 2 >= report.inputs
    assert report.completed == report.beside > 0


@pytest.mark.parametrize("number", range(len(SESSIONS)))
def test_a_session_without_mutants_completes(number: int) -> None:
    report = Report()
    session(number, report, each=0, most=0)
    assert report.inputs == 0


KEY = b"a password of the peer"


def test_most_mutants_are_sealed_rightly() -> None:
    honest = wire.build(
        Method.BINDING, Class.REQUEST, bytes(12), [(Attr.PRIORITY, b"\0\0\0\1")], key=KEY
    )
    mutator = Mutator(Random(1), Keys([b"another", KEY]), [(b"\1\2\3\4", 5)])
    sealed = 0
    for _ in range(500):
        made = mutator.mutant(honest, [b"x" * 12])
        assert made.sealed or made.data != honest
        if made.sealed:
            message = wire.parse(made.data)
            assert wire.fingerprint_valid(message)
            sealed += wire.integrity_valid(message, KEY)
    assert sealed > 250


def test_what_a_relay_carries_is_mutated_inside() -> None:
    inner = wire.build(Method.BINDING, Class.SUCCESS, bytes(12), key=KEY)
    pairs = [(Attr.XOR_PEER_ADDRESS, bytes(8)), (Attr.DATA, inner)]
    indication = wire.build(Method.DATA, Class.INDICATION, bytes(12), pairs)
    mutator = Mutator(Random(2), Keys([KEY]), [(b"\1\2\3\4", 5)])
    kept = [
        wire.parse(made.data)
        for data in (indication,)
        for made in (mutator.mutant(data, []) for _ in range(200))
        if made.sealed and made.kind.endswith("0x1")
    ]
    assert any(one.get(Attr.DATA) not in (None, inner) for one in kept)
    number, carried = wire.parse_channel_data(
        mutator.mutant(wire.channel_data(0x4001, inner), []).data
    )
    assert (number, carried != inner) != (0x4001, False)
