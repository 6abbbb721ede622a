"""RFC 8445 §5.3: user name fragment and password of one generation."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

ICE_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
"""The 64 characters of ice-char (RFC 8839 §5.4): six bits each."""
_SIX_BITS = ICE_CHARS.encode() * 4
"""By byte: the character of its six lower bits."""
UFRAG_CHARS = 8
PWD_CHARS = 24


@dataclass(slots=True)  # not frozen: that doubles the cost of making one
class Credentials:
    """What both sides of a check are known by; the password never shows."""

    ufrag: str
    pwd: str = field(repr=False)

    @classmethod
    def make(cls, rng: Random) -> Credentials:
        """Draw new ones: 48 random bits of ufrag and 144 of password."""
        return cls.of(rng.randbytes(UFRAG_CHARS + PWD_CHARS))

    @classmethod
    def of(cls, drawn: bytes) -> Credentials:
        """The ones that these random bytes make."""
        text = drawn.translate(_SIX_BITS).decode()
        return cls(text[:UFRAG_CHARS], text[UFRAG_CHARS:])
