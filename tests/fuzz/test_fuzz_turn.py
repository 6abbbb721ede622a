"""A short run of the TURN fuzz target, and answers that are changed before they are signed."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sipice.stun import encode
from tests.budget import examples
from tests.fuzz import fuzz_turn
from tests.simnet import wire
from tests.simnet.wire import Attr, Class, Message
from tests.stun import strategies
from tests.turn.script import KEY, MAPPED, NONCE, PEER, REALM, RELAYED, Pairs, Script


@given(st.binary(max_size=400))
def test_drawn_inputs(data: bytes) -> None:
    fuzz_turn.body(data)


@given(st.lists(strategies.messages.map(encode).flatmap(strategies.mutations)))
def test_drawn_messages(packets: list[bytes]) -> None:
    fuzz_turn.body(b"".join(bytes((min(len(one), 255),)) + one[:255] for one in packets))


def answer(rng: Random, request: Message) -> bytes:
    """An answer as a server could give it, with attributes missing, doubled, or of odd bytes."""
    xor = wire.xor_address
    choices: Pairs = [
        (Attr.XOR_RELAYED_ADDRESS, xor(RELAYED, request.transaction)),
        (Attr.XOR_MAPPED_ADDRESS, xor(MAPPED, request.transaction)),
        (Attr.LIFETIME, rng.choice([0, 1, 600, 2**32 - 1]).to_bytes(4)),
        (Attr.ERROR_CODE, wire.error_code(rng.choice([300, 400, 401, 403, 437, 438, 508]), "")),
        (Attr.REALM, REALM.encode()),
        (Attr.NONCE, rng.choice([NONCE, b"", b"obMatJos2AAAD", b"obMatJos2wAAA"])),
        (Attr.PASSWORD_ALGORITHMS, rng.choice([b"", b"\0\2\0\0", b"\0\1\0\0\0\2\0\0"])),
        (Attr.ALTERNATE_SERVER, wire.plain_address(PEER)),
        (Attr.ADDRESS_ERROR_CODE, b"\2\0\4\x28"),
        (rng.randrange(0x10000), rng.randbytes(rng.randrange(9))),
    ]
    pairs = [pair for pair in choices if rng.random() < 0.7]
    if rng.random() < 0.3 and pairs:
        at = rng.randrange(len(pairs))
        pairs[at] = pairs[at][0], pairs[at][1][: rng.randrange(8)]
    cls = rng.choice([Class.SUCCESS, Class.SUCCESS, Class.ERROR])
    key = rng.choice([KEY, KEY, KEY, None])
    return wire.build(request.method, cls, request.transaction, pairs, key=key)


def test_signed_answers_to_living_requests() -> None:
    reached: set[str] = set()
    for seed in range(examples(1500)):
        rng, script = Random(seed), Script()
        if seed % 2:
            script.allocated()
            script.client.bind_channel(script.now, PEER)
        else:
            script.client.allocate(script.now)
        for _ in range(12):
            requests = script.packets()
            for request in requests[:12]:
                script.give(answer(rng, request))
            reached.update(type(event).__name__ for event in script.events())
            script.wait(rng.choice([0.0, 0.5, 30.0, 300.0]))
            assert len(requests) < 60
    assert {"Allocated", "Lost", "Redirected", "PermissionGranted", "ChannelBound"} <= reached
