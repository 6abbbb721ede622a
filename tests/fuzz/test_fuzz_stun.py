"""A short run of the STUN fuzz target; a fuzzer with coverage runs the same body for longer."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sipice.stun import StunDecodeError, decode, encode
from tests.budget import examples
from tests.fuzz.fuzz_stun import body
from tests.stun import strategies, vectors


@given(st.one_of(st.binary(max_size=300), strategies.check_datagrams()))
def test_drawn_inputs(data: bytes) -> None:
    body(data)


@given(strategies.messages.map(encode).flatmap(strategies.mutations))
def test_changed_messages(data: bytes) -> None:
    body(data)
    body(strategies.refingerprint(data))


def mutated(rng: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(changed) + 1)
        match rng.randrange(4):
            case 0:
                changed[at : at + 1] = bytes((rng.randrange(256),))
            case 1:
                del changed[at : at + 4]
            case 2:
                changed[at:at] = changed[: rng.randrange(9)]
            case _:
                changed[at : at + 2] = rng.randrange(40).to_bytes(2, "big")
    return bytes(changed)


def with_length(data: bytes) -> bytes:
    """With a header that fits what follows, so that the walk is reached."""
    data = data[: len(data) & ~3]
    return data[:2] + (len(data) - 20 & 0xFFFF).to_bytes(2, "big") + data[4:]


def test_mutated_vectors() -> None:
    rng, decoded = Random(8489), 0
    for round_ in range(examples(100)):
        for name in vectors.ALL:
            data = mutated(rng, vectors.raw(name))
            if round_ % 4:
                data = strategies.refingerprint(with_length(data))
            body(data)
            try:
                decode(data)
            except StunDecodeError:
                continue
            decoded += 1
    assert decoded > 100  # the mutants reach what lies behind the header
