"""RFC 8866 §5: the values of o=, c=, b=, t= and m= lines.

Identifiers stay text; only what the grammar calls a count, a port or a TTL is a number.
``parse`` takes the bytes after ``x=`` and raises SdpError when they do not fit.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Self

from sdp.errors import SdpError
from sdp.lines import number, tokens

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
IPV4 = rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}"
_IPV4 = re.compile(IPV4)

PLACEHOLDER_PORT = 9
"""The discard port: "no address yet" (RFC 8839 §4.2.5, RFC 8840 §4.1.1)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The o= line (RFC 8866 §5.2); id and version are text, they may have any size."""

    username: str
    session_id: str
    session_version: str
    nettype: str
    addrtype: str
    address: str

    @classmethod
    def parse(cls, value: bytes) -> Self:
        """Read the value of an o= line."""
        words = tokens(value)
        if len(words) != 6:
            raise SdpError(f"o= has {len(words)} fields instead of 6", field="o=")
        return cls(*words)

    @property
    def version_number(self) -> int | None:
        """The version as a number, where it is one of at most 20 digits."""
        return number(self.session_version, 20)

    def __str__(self) -> str:
        return " ".join(
            (
                self.username,
                self.session_id,
                self.session_version,
                self.nettype,
                self.addrtype,
                self.address,
            )
        )


@dataclass(frozen=True, slots=True)
class Connection:
    """A c= line (RFC 8866 §5.7); ``address`` may be a name or anything else a peer wrote."""

    nettype: str
    addrtype: str
    address: str
    ttl: int | None = None
    count: int | None = None

    @classmethod
    def parse(cls, value: bytes) -> Self:
        """Read the value of a c= line."""
        words = tokens(value)
        if len(words) != 3:
            raise SdpError(f"c= has {len(words)} fields instead of 3", field="c=")
        address, *rest = words[2].split("/")
        numbers = [number(word, 5) for word in rest]
        if len(rest) > 2 or None in numbers:
            raise SdpError(f"c= has an unreadable TTL or count in {words[2]!r}", field="c=")
        if ":" in address and len(numbers) == 1:
            return cls(words[0], words[1], address, None, numbers[0])
        ttl, count = [*numbers, None, None][:2]
        return cls(words[0], words[1], address, ttl, count)

    @property
    def is_unspecified(self) -> bool:
        """Whether the address is 0.0.0.0 or ::, the placeholder for "none yet"."""
        return is_unspecified(self.address)

    def __str__(self) -> str:
        suffix = "".join(f"/{n}" for n in (self.ttl, self.count) if n is not None)
        return f"{self.nettype} {self.addrtype} {self.address}{suffix}"


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """A b= line (RFC 8866 §5.8); kbit/s, or bit/s for RS and RR (RFC 3556)."""

    type: str
    value: str

    @classmethod
    def parse(cls, value: bytes) -> Self:
        """Read the value of a b= line."""
        words = tokens(value)
        kind, colon, amount = words[0].partition(":")
        if len(words) != 1 or not kind or not colon or not amount:
            raise SdpError("b= is not of the form type:value", field="b=")
        return cls(kind, amount)

    @property
    def amount(self) -> int | None:
        """The value as a number, where it is one."""
        return number(self.value)

    def __str__(self) -> str:
        return f"{self.type}:{self.value}"


@dataclass(frozen=True, slots=True)
class Timing:
    """A t= line (RFC 8866 §5.9): NTP seconds as text."""

    start: str
    stop: str

    @classmethod
    def parse(cls, value: bytes) -> Self:
        """Read the value of a t= line."""
        words = tokens(value)
        if len(words) != 2:
            raise SdpError(f"t= has {len(words)} fields instead of 2", field="t=")
        return cls(*words)

    def __str__(self) -> str:
        return f"{self.start} {self.stop}"


@dataclass(frozen=True, slots=True)
class MediaLine:
    """An m= line (RFC 8866 §5.14).

    ``port`` is None in the pseudo m= line of a trickle fragment written without one, and where the
    port is not a number; ``port_text`` then tells what stood there.
    """

    type: str
    port: int | None
    port_count: int | None
    proto: str
    formats: tuple[str, ...]
    port_text: str = field(default="", compare=False)

    @classmethod
    def parse(cls, value: bytes) -> Self:
        """Read the value of an m= line."""
        words = tokens(value)
        if len(words) < 2:
            raise SdpError("m= has no port and no protocol", field="m=")
        port_text, slash, count_text = words[1].partition("/")
        port, count = number(port_text, 7), number(count_text, 7)
        if port is None and slash and count is None and not port_text[:1].isdigit():
            # RFC 9725's fragments have "m=audio RTP/AVP 0": a protocol where the port belongs.
            return cls(words[0], None, None, words[1], tuple(words[2:]))
        if len(words) < 3:
            raise SdpError("m= has no protocol", field="m=")
        return cls(words[0], port, count, words[2], tuple(words[3:]), words[1])

    @property
    def transport(self) -> str:
        """``TCP`` where the media run over TCP, else ``UDP`` (RFC 6544 §4.5)."""
        return "TCP" if self.proto[:3].upper() == "TCP" else "UDP"

    def __str__(self) -> str:
        count = "" if self.port_count is None else f"/{self.port_count}"
        port = self.port_text if self.port is None else f"{self.port}{count}"
        return " ".join(w for w in (self.type, port, self.proto, *self.formats) if w)


def ip_address(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that a text names, without brackets and zone; None for a name."""
    if address.startswith("[") and address.endswith("]"):
        address = address[1:-1]
    try:
        return ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None


def is_ipv4(address: str) -> bool:
    """Whether a text is an IPv4 address in its one canonical form."""
    return _IPV4.fullmatch(address) is not None


def is_unspecified(address: str) -> bool:
    """Whether an address is 0.0.0.0 or ::."""
    if address in ("0.0.0.0", "::"):
        return True
    known = ip_address(address) if ":" in address else None
    return known is not None and known.is_unspecified


def same_address(one: str, other: str) -> bool:
    """Whether two texts name the same address (IPv6 has many spellings)."""
    if one == other:
        return True
    if ":" not in one and ":" not in other:
        return one.lower() == other.lower()
    known = ip_address(one)
    return known is not None and known == ip_address(other)
