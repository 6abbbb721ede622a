"""The fuzz targets of sipice.sip on mutated messages, as an ordinary test."""

from __future__ import annotations

import random

from tests.budget import examples
from tests.fuzz import fuzz_sip_exchange, fuzz_sip_framing, fuzz_sip_message, fuzz_sip_tap
from tests.fuzz.harness import check
from tests.sip.build import ANSWER, OFFER, invite, multipart, part, sip

SEEDS = [
    invite("Supported: 100rel", "Require: a, b"),
    invite(body=b"").replace(b"\r\n", b"\n"),
    sip(
        "SIP/2.0 183 Progress",
        'f: "x, y" <sip:a;b>;tag=1',
        "CSeq: 1 INVITE",
        "RSeq: 1",
        body=ANSWER,
    ),
    invite(
        body=multipart("e", part(OFFER, "Content-Type: application/sdp"), part(b"\x01\x02")),
        body_type="multipart/mixed;boundary=e",
    ),
]


def test_the_message_target_survives_mutants() -> None:
    check(fuzz_sip_message.body, SEEDS, (), 1000)


def test_the_exchange_target_survives_any_order_of_messages() -> None:
    rng = random.Random(2)
    for _ in range(examples(200)):
        fuzz_sip_exchange.body(rng.randbytes(rng.randint(0, 120)))


def test_the_framing_target_survives_mutated_streams() -> None:
    streams = [b"\x07" + b"\r\n\r\n".join(SEEDS), b"\x01" + b"junk\r\n".join(SEEDS * 2)]
    check(fuzz_sip_framing.body, streams, (), 200)


def test_the_tap_target_survives_any_order_of_messages() -> None:
    rng = random.Random(4)
    for _ in range(300):
        fuzz_sip_tap.body(rng.randbytes(rng.randint(0, 180)))
