"""The exceptions of sipice. A peer can cause none of them."""

from __future__ import annotations


class SipiceError(Exception):
    """The root of all exceptions that sipice raises."""


class UsageError(SipiceError):
    """The caller broke the contract of an interface; the text says the remedy."""


class DecodeError(SipiceError, ValueError):
    """Bytes that are not what they should be; raised by decoders only."""


class StunDecodeError(DecodeError):
    """A datagram that is not a well-formed STUN message."""
