"""Mutants of live traffic: changed attribute by attribute, and mostly sealed again rightly.

A peer who holds the password, and a server who holds the long-term key, can send all of these.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from tests.simnet import wire
from tests.simnet.wire import Attr, Class, Message, Method, Place

Pairs = list[tuple[int, bytes]]
_SEALS = (Attr.MESSAGE_INTEGRITY, Attr.MESSAGE_INTEGRITY_SHA256, Attr.FINGERPRINT)
_CODES = (300, 400, 401, 403, 420, 437, 438, 440, 441, 442, 443, 486, 487, 500, 508)
_DECISIVE = (300, 403, 437, 487)
"""These make an agent go elsewhere, stop, begin afresh, or take the other role."""
_METHODS = (*Method, 0x00A, 0xFFF)
SEALED = 0.75
"""So many of the mutants get a right seal."""


class Keys(NamedTuple):
    """Everything that messages may be sealed with."""

    short: Sequence[bytes]
    long: Sequence[bytes] = ()
    long256: Sequence[bytes] = ()


class Seal(NamedTuple):
    """The keys for an honest message, and for its mutants."""

    sha1: bytes | None
    sha256: bytes | None


class Mutant(NamedTuple):
    """What is sent instead of an honest datagram, or beside it."""

    data: bytes
    sealed: bool
    kind: str
    """Class and method, or what else it is."""


class Mutator:
    """Draws mutants; ``live`` names transactions that the receiver waits for."""

    def __init__(self, rng: Random, keys: Keys, places: Sequence[Place]) -> None:
        self.rng, self.keys, self.places = rng, keys, places

    def mutant(self, data: bytes, live: Sequence[bytes]) -> Mutant:
        """One mutant of an honest datagram."""
        if wire.is_channel_data(data):
            return self._of_channel(data, live)
        if not wire.looks_like_stun(data):
            return Mutant(self._damaged(data), False, "media")
        message = wire.parse(data)
        if self.rng.random() < 0.1:
            return Mutant(self._damaged(data), False, "damaged")
        seal = self.seal_of(message)
        pairs = [(kind, value) for kind, value, _ in message.attributes if kind not in _SEALS]
        inner = message.get(Attr.DATA)
        if inner is not None and self.rng.random() < 0.7:
            # What a relay carries is a message of its own.
            changed = self.mutant(inner, live)
            pairs = [(k, changed.data if k == Attr.DATA else v) for k, v in pairs]
            sealed = wire.build(message.method, message.cls, message.transaction, pairs)
            return Mutant(sealed, changed.sealed, changed.kind)
        if message.cls in (Class.SUCCESS, Class.ERROR) and self.rng.random() < 0.15:
            pairs = self._refusal()
            return self._sealed(message.method, Class.ERROR, message.transaction, pairs, seal)
        method, cls, transaction = self._head(message, live)
        if cls == Class.ERROR and self.rng.random() < 0.8:
            pairs[:0] = self._refusal()
        for _ in range(self.rng.choice((0, 1, 1, 1, 2, 3))):
            self._change(pairs, transaction)
        return self._sealed(method, cls, transaction, pairs, seal)

    def seal_of(self, message: Message) -> Seal:
        """The keys that the message was sealed with; for one without a seal, any that may fit."""
        short = [key for key in self.keys.short if wire.integrity_valid(message, key)]
        long = [key for key in self.keys.long if wire.integrity_valid(message, key)]
        long256 = [key for key in self.keys.long256 if wire.integrity_sha256_valid(message, key)]
        if short or long or long256:
            return Seal(next(iter(short or long), None), next(iter(long256), None))
        if message.method != Method.BINDING:
            return Seal(self.rng.choice((None, *self.keys.long)), None)
        return Seal(self.rng.choice(self.keys.short), None)

    def _sealed(
        self, method: int, cls: int, transaction: bytes, pairs: Pairs, seal: Seal
    ) -> Mutant:
        kind = f"{Class(cls).name.lower()} 0x{method:x}"
        if self.rng.random() < SEALED:
            data = wire.build(method, cls, transaction, pairs, key=seal.sha1, sha256=seal.sha256)
            return Mutant(data, True, kind)
        wrong = self.rng.choice((None, b"wrong"))
        fingerprint = self.rng.random() < 0.8
        data = wire.build(method, cls, transaction, pairs, key=wrong, fingerprint=fingerprint)
        return Mutant(data, False, kind)

    def _head(self, message: Message, live: Sequence[bytes]) -> tuple[int, int, bytes]:
        rng, transaction = self.rng, message.transaction
        method: int = message.method
        cls: int = message.cls
        if rng.random() < 0.3:
            cls = rng.choice((*Class, Class.ERROR))
        if rng.random() < 0.05:
            method = rng.choice(_METHODS)
        if cls in (Class.SUCCESS, Class.ERROR):
            if live and method == Method.BINDING and rng.random() < 0.5:
                transaction = rng.choice(live)
        elif rng.random() < 0.8:
            transaction = rng.randbytes(12)
        return method, cls, transaction

    def _refusal(self) -> Pairs:
        """An error says which, and where to go instead."""
        code = self.rng.choice(_DECISIVE if self.rng.random() < 0.7 else _CODES)
        elsewhere = wire.plain_address(self.rng.choice(self.places))
        refusal: Pairs = [(Attr.ERROR_CODE, wire.error_code(code, "no"))]
        return [*refusal, (Attr.ALTERNATE_SERVER, elsewhere)] if code == 300 else refusal

    def _change(self, pairs: Pairs, transaction: bytes) -> None:
        """Drop, double, swap, cut, stretch, overwrite or add an attribute."""
        rng = self.rng
        at = rng.randrange(len(pairs)) if pairs else 0
        action = rng.randrange(8) if pairs else 7
        kind, value = pairs[at] if pairs else (0, b"")
        match action:
            case 0:
                del pairs[at]
            case 1:
                pairs.insert(rng.randint(0, len(pairs)), pairs[at])
            case 2:
                pairs.append(pairs.pop(at))
            case 3:
                pairs[at] = kind, value[: rng.randint(0, len(value))]
            case 4:
                pairs[at] = kind, value + rng.randbytes(rng.choice((1, 3, 4, 200)))
            case 5 if value:
                place = rng.randrange(len(value))
                new = value[:place] + rng.randbytes(1) + value[place + 1 :]
                pairs[at] = kind, new
            case 6:
                pairs[at] = rng.choice((*Attr, 0x7FFF, 0xFFFF)), value
            case _:
                pairs.insert(rng.randint(0, len(pairs)), self._attribute(transaction))

    def _attribute(self, transaction: bytes) -> tuple[int, bytes]:
        """One that makes sense by itself."""
        rng = self.rng
        place = rng.choice(self.places)
        made: Pairs = [
            (Attr.USE_CANDIDATE, b""),
            (Attr.ICE_CONTROLLING, rng.choice((b"\0" * 8, b"\xff" * 8, rng.randbytes(8)))),
            (Attr.ICE_CONTROLLED, rng.choice((b"\0" * 8, b"\xff" * 8, rng.randbytes(8)))),
            (Attr.PRIORITY, struct.pack("!I", rng.choice((0, 1, 2**31 - 1, 2**32 - 1)))),
            (Attr.ERROR_CODE, wire.error_code(rng.choice(_CODES), "no")),
            (Attr.XOR_MAPPED_ADDRESS, wire.xor_address(place, transaction)),
            (Attr.XOR_RELAYED_ADDRESS, wire.xor_address(place, transaction)),
            (Attr.XOR_PEER_ADDRESS, wire.xor_address(place, transaction)),
            (Attr.ALTERNATE_SERVER, wire.plain_address(place)),
            (Attr.LIFETIME, struct.pack("!I", rng.choice((0, 1, 600, 2**32 - 1)))),
            (Attr.CHANNEL_NUMBER, struct.pack("!HH", rng.choice((0x3FFF, 0x4000, 0x4FFF)), 0)),
            (Attr.UNKNOWN_ATTRIBUTES, rng.randbytes(rng.randrange(9))),
            (Attr.NONCE, rng.randbytes(rng.randrange(40))),
            (Attr.DATA, rng.randbytes(rng.randrange(60))),
            (rng.randrange(0x10000), rng.randbytes(rng.randrange(12))),
        ]
        return rng.choice(made)

    def _of_channel(self, data: bytes, live: Sequence[bytes]) -> Mutant:
        try:
            number, inner = wire.parse_channel_data(data)
        except wire.WireError:
            return Mutant(self._damaged(data), False, "channel data")
        changed = self.mutant(inner, live)
        if self.rng.random() < 0.1:
            number = self.rng.randrange(0x10000)
        return changed._replace(data=wire.channel_data(number, changed.data))

    def _damaged(self, data: bytes) -> bytes:
        rng, damaged = self.rng, bytearray(data)
        while damaged == data:  # a copy would be as good as sealed
            for _ in range(rng.randint(1, 4)):
                at = rng.randrange(len(damaged) + 1)
                damaged[at : at + rng.randrange(4)] = rng.randbytes(rng.randrange(4))
        return bytes(damaged)
