"""The exceptions of sipice. None comes out of the core because of what a peer sent."""

from __future__ import annotations


class SipiceError(Exception):
    """The root of all exceptions that sipice raises."""


class UsageError(SipiceError):
    """The caller broke the contract of an interface; the text says the remedy."""


class DecodeError(SipiceError, ValueError):
    """Bytes that are not what they should be; raised by decoders only."""


class StunDecodeError(DecodeError):
    """A datagram that is not a well-formed STUN message."""


class SessionFailed(SipiceError):  # noqa: N818 (what happened, not what went wrong in the program)
    """A stream has no path, or no more; ``reason`` says why."""

    def __init__(self, stream: int, reason: str) -> None:
        super().__init__(f"stream {stream}: {reason}")
        self.stream = stream
        self.reason = reason


class SessionClosed(SipiceError):  # noqa: N818
    """The session was closed while something waited for it."""

    def __init__(self) -> None:
        super().__init__("the session is closed")
