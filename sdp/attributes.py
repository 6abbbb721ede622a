"""RFC 8866 §6 and friends: the values of the attributes that ICE has to look at.

Each class names the RFC of its attribute. ``parse`` takes the bytes after the colon and raises
SdpError when they do not fit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from sdp.errors import SdpError
from sdp.lines import number, text, tokens


class Direction(StrEnum):
    """Who sends media (RFC 8866 §6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class Rtcp:
    """a=rtcp (RFC 3605 §2.1); without an address the section's c= applies."""

    port: int
    nettype: str | None = None
    addrtype: str | None = None
    address: str | None = None

    @classmethod
    def parse(cls, value: bytes) -> Self:
        """Read the value of a=rtcp."""
        words = tokens(value)
        port = number(words[0], 7)
        if port is None or len(words) not in (1, 4):
            raise SdpError("not a port, or a port and a connection address", field="rtcp")
        return cls(port, *words[1:])

    def __str__(self) -> str:
        words = (str(self.port), self.nettype, self.addrtype, self.address)
        return " ".join(word for word in words if word is not None)


@dataclass(frozen=True, slots=True)
class Group:
    """a=group (RFC 5888 §5, BUNDLE: RFC 9143 §5)."""

    semantics: str
    mids: tuple[str, ...]

    @classmethod
    def parse(cls, value: bytes) -> Self:
        """Read the value of a=group."""
        words = tokens(value)
        if not words[0]:
            raise SdpError("no semantics", field="group")
        return cls(words[0], tuple(words[1:]))

    def __str__(self) -> str:
        return " ".join((self.semantics, *self.mids))


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """a=fingerprint (RFC 8122 §5)."""

    hash: str
    value: str

    @classmethod
    def parse(cls, value: bytes) -> Self:
        """Read the value of a=fingerprint."""
        words = tokens(value)
        if len(words) != 2:
            raise SdpError("not a hash name and a value", field="fingerprint")
        return cls(*words)

    def __str__(self) -> str:
        return f"{self.hash} {self.value}"


@dataclass(frozen=True, slots=True)
class Crypto:
    """a=crypto (RFC 4568 §4), kept opaque; the keys are never in the repr."""

    tag: str
    suite: str
    rest: str = field(repr=False)

    @classmethod
    def parse(cls, value: bytes) -> Self:
        """Read the value of a=crypto."""
        words = text(value).strip(" \t").split(" ", 2)
        if len(words) != 3:
            raise SdpError("not a tag, a suite and key parameters", field="crypto")
        return cls(*words)

    def __str__(self) -> str:
        return f"{self.tag} {self.suite} {self.rest}"


@dataclass(frozen=True, slots=True)
class Rtpmap:
    """a=rtpmap (RFC 8866 §6.6); without a readable clock rate the encoding is all that stands."""

    payload: str
    encoding: str
    clock_rate: int | None
    parameters: str | None = None

    @classmethod
    def parse(cls, value: bytes) -> Self:
        """Read the value of a=rtpmap."""
        words = tokens(value)
        if len(words) != 2 or words[1].startswith("/"):
            raise SdpError("not a payload type and an encoding", field="rtpmap")
        encoding, *rest = words[1].split("/", 2)
        rate = number(rest[0]) if rest else None
        if rate is None:
            return cls(words[0], words[1], None)
        return cls(words[0], encoding, rate, rest[1] if len(rest) > 1 else None)

    def __str__(self) -> str:
        rate = "" if self.clock_rate is None else f"/{self.clock_rate}"
        parameters = "" if self.parameters is None else f"/{self.parameters}"
        return f"{self.payload} {self.encoding}{rate}{parameters}"


@dataclass(frozen=True, slots=True)
class Fmtp:
    """a=fmtp (RFC 8866 §6.15)."""

    format: str
    parameters: str

    @classmethod
    def parse(cls, value: bytes) -> Self:
        """Read the value of a=fmtp."""
        format_, _, parameters = text(value).strip(" \t").partition(" ")
        if not format_:
            raise SdpError("no format", field="fmtp")
        return cls(format_, parameters)

    def __str__(self) -> str:
        return f"{self.format} {self.parameters}"
