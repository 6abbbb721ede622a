"""Any bytes against every decoder of STUN: a value or the decode error, and two readings alike."""

from __future__ import annotations

from sipice.errors import DecodeError, StunDecodeError, UsageError
from sipice.stun import (
    CheckParser,
    Framer,
    Key,
    as_check,
    classify,
    decode,
    encode,
    is_stun,
    verify_integrity,
)

KEY = Key.short_term("VOkJxbRl1RmTxUk/WvJxBt")
PARSER = CheckParser()


def body(data: bytes) -> None:
    """One input; raises for a defect only."""
    classify(data)
    for framer in (Framer.turn(), Framer.rfc4571()):
        try:
            framer.feed(data)
        except DecodeError:
            continue
    try:
        message = decode(data)
    except StunDecodeError:
        message = None
    try:
        check = PARSER.parse(data)
    except StunDecodeError:
        check = None
    assert check == (as_check(message) if message else None)
    if message is None:
        return
    assert is_stun(data)
    assert not verify_integrity(message, Key(b"not the key"), shortest=16)
    try:
        again = encode(message, KEY)
    except UsageError:  # a text of a length that is read but not sent
        return
    assert decode(again) == message
