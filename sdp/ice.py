"""RFC 8839 §5: the values of the ICE attributes, with RFC 8840 §8 and RFC 6544 §4.5.

Reading is tolerant: unknown transports, types and extensions are kept, names stay names. Writing
is strict: ``to_bytes`` and the ``checked_*`` functions refuse what RFC 8839 does not allow and
name the field.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Self

from sdp.errors import SdpError
from sdp.fields import IPV4, ip_address, is_ipv4
from sdp.lines import number, tokens, writable

HOST, SERVER_REFLEXIVE, PEER_REFLEXIVE, RELAYED = "host", "srflx", "prflx", "relay"
CANDIDATE_TYPES = frozenset((HOST, SERVER_REFLEXIVE, PEER_REFLEXIVE, RELAYED))
TCP_TYPES = frozenset(("active", "passive", "so"))
_OWN_FIELDS = frozenset(("typ", "raddr", "rport", "tcptype"))
MAX_PRIORITY = 2**31 - 1
MAX_COMPONENT = 256
DEFAULT_PACING = 50
"""Milliseconds between checks where nobody says otherwise (RFC 8839 §5.5)."""

_ICE_CHARS = re.compile(r"[A-Za-z0-9+/]+", re.ASCII)
_TOKEN = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+", re.ASCII)
_VISIBLE = re.compile(r"[!-~]*", re.ASCII)
_MDNS = re.compile(r"[^.]+\.local\.?", re.IGNORECASE)
_MDNS_WRITTEN = re.compile(r"[A-Za-z0-9-]{1,63}\.local")

PORT = "(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_PRIORITY = "(?:[1-9][0-9]{0,8}|1[0-9]{9}|20[0-9]{8}|21[0-3][0-9]{7})"
_PLAIN = re.compile(
    rf"[A-Za-z0-9+/]{{1,32}} [1-9][0-9]? UDP {_PRIORITY} {IPV4} {PORT}"
    rf" typ (?:host|(?:srflx|prflx|relay) raddr {IPV4} rport {PORT})"
)
"""What nearly every candidate that we write looks like; known to be valid without a closer look."""


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """The ufrag and password of one agent for one stream; the password is never in the repr."""

    ufrag: str
    pwd: str

    def __repr__(self) -> str:
        return f"Credentials(ufrag={self.ufrag!r}, pwd=<{len(self.pwd)} characters>)"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Candidate:
    """One a=candidate line (RFC 8839 §5.1, RFC 6544 §4.5).

    ``address`` is what stood there: an IP address, a name, brackets and zone included.
    ``extensions`` holds every name/value pair behind the type in its order, without raddr, rport
    and tcptype; a name without value has the value "".
    """

    foundation: str
    component: int
    transport: str
    priority: int
    address: str
    port: int
    type: str
    related_address: str | None = None
    related_port: int | None = None
    tcptype: str | None = None
    extensions: tuple[tuple[str, str], ...] = ()
    raw: tuple[str, ...] = field(default=(), compare=False)
    """The tokens as they were read; empty for a candidate made here."""

    _line: bytes = field(default=b"", init=False, compare=False)

    @classmethod
    def parse(cls, value: bytes | str) -> Self:
        """Read the value of the attribute, or the whole ``a=candidate:`` line.

        Raises SdpError when the six leading fields are not there or are not the numbers they
        must be. Ranges are not checked here: see ``why_unusable`` and ``sdp.lint``.
        """
        words = tokens(writable(value, "candidate") if isinstance(value, str) else value)
        prefix, colon, rest = words[0].rpartition(":")
        if colon and prefix.lower() in ("candidate", "a=candidate"):
            words[0] = rest
        if len(words) < 6:
            raise SdpError(f"{len(words)} fields, at least 6 are needed", field="candidate")
        foundation, component, transport, priority, address, port = words[:6]
        numbers = number(component), number(priority), number(port)
        if numbers[0] is None or numbers[1] is None or numbers[2] is None:
            raise SdpError(
                f"component {component!r}, priority {priority!r} and port {port!r} must be numbers",
                field="candidate",
            )
        kind, related_address, related_port, tcptype, extensions = _pairs(words[6:])
        return cls(
            foundation=foundation,
            component=numbers[0],
            transport=transport,
            priority=numbers[1],
            address=address,
            port=numbers[2],
            type=kind,
            related_address=related_address,
            related_port=related_port,
            tcptype=tcptype,
            extensions=extensions,
            raw=tuple(words),
        )

    @property
    def is_mdns(self) -> bool:
        """Whether the address is a ``.local`` name with one dot (mDNS candidates)."""
        return _MDNS.fullmatch(self.address) is not None

    @property
    def is_tcp(self) -> bool:
        """Whether the transport is TCP, in any spelling."""
        return self.transport.upper() == "TCP"

    @property
    def ip(self) -> str | None:
        """The address without brackets and zone, None when it is a name or unreadable."""
        known = ip_address(self.address)
        return None if known is None else str(known)

    def extension(self, name: str) -> str | None:
        """The value of the first extension of that name."""
        return next((value for key, value in self.extensions if key == name), None)

    def to_bytes(self) -> bytes:
        """The value of the attribute in strict RFC 8839 form; SdpError names the bad field.

        It is made once: every later offer, answer and fragment repeats it (RFC 8840 §4.4).
        """
        return self._line or self._write()

    def _write(self) -> bytes:
        try:
            line = self._text()
        except ValueError:  # a number of so many digits that Python makes no text of it
            line = ""
        # A blank inside a field could make up for a field that is missing.
        whole = (self.related_address is None) is (self.related_port is None)
        known = whole and self.type in CANDIDATE_TYPES and not self.extensions
        if not known or not _PLAIN.fullmatch(line):
            _check_candidate(self)
        encoded = line.encode("ascii")
        object.__setattr__(self, "_line", encoded)
        return encoded

    def _text(self) -> str:
        line = (
            f"{self.foundation} {self.component} {self.transport} {self.priority}"
            f" {self.address} {self.port} typ {self.type}"
        )
        if self.related_address is not None:
            line += f" raddr {self.related_address}"
        if self.related_port is not None:
            line += f" rport {self.related_port}"
        if self.tcptype is not None:
            line += f" tcptype {self.tcptype}"
        for name, value in self.extensions:
            line += f" {name} {value}"
        return line

    def __repr__(self) -> str:
        return (
            f"<Candidate {self.foundation} {self.component} {self.transport} {self.priority}"
            f" {self.address} {self.port} typ {self.type}>"
        )


_Pairs = tuple[str, str | None, int | None, str | None, tuple[tuple[str, str], ...]]


def _pairs(words: list[str]) -> _Pairs:
    """Split what follows the port: type, raddr, rport, tcptype and the extensions."""
    kind, related_address, related_port, tcptype = "", None, None, None
    extensions: list[tuple[str, str]] = []
    values = iter(words)
    for name in values:
        value = next(values, "")
        match name:
            case "typ" if not kind:
                kind = value
            case "raddr" if related_address is None:
                related_address = value
            case "rport" if related_port is None and (port := number(value)) is not None:
                related_port = port
            case "tcptype" if tcptype is None:
                tcptype = value
            case _:
                extensions.append((name, value))
    return kind, related_address, related_port, tcptype, tuple(extensions)


def why_unusable(candidate: Candidate, *, mdns: bool = False) -> str | None:
    """Why ICE must ignore this candidate (RFC 8839 §5.1), None when it can be used.

    With ``mdns`` the caller can resolve ``.local`` names, so these count as usable.
    """
    transport = candidate.transport.upper()
    reason = None
    if not 1 <= candidate.component <= MAX_COMPONENT:
        reason = f"component {candidate.component} is not between 1 and 256"
    elif not 1 <= candidate.priority < 2**32:
        reason = f"priority {candidate.priority} is out of range"
    elif not 1 <= candidate.port <= 65535:
        reason = f"port {candidate.port} is not between 1 and 65535"
    elif transport not in ("UDP", "TCP"):
        reason = f"transport {candidate.transport!r} is unknown"
    elif transport == "TCP" and candidate.tcptype not in TCP_TYPES:
        reason = f"a TCP candidate with tcptype {candidate.tcptype!r}"
    elif candidate.type.lower() not in CANDIDATE_TYPES:
        reason = f"type {candidate.type!r} is unknown"
    elif ip_address(candidate.address) is None and not (mdns and candidate.is_mdns):
        what = "an mDNS name" if candidate.is_mdns else "not an IP address"
        reason = f"{candidate.address!r} is {what}"
    return reason


@dataclass(frozen=True, slots=True)
class RemoteCandidate:
    """One entry of a=remote-candidates (RFC 8839 §5.2)."""

    component: int
    address: str
    port: int


def parse_remote_candidates(value: bytes) -> tuple[RemoteCandidate, ...]:
    """Read the value of one a=remote-candidates line; any number of entries."""
    words = tokens(value)
    if len(words) % 3:
        raise SdpError("not triples of component, address and port", field="remote-candidates")
    entries = []
    for component, address, port in zip(words[::3], words[1::3], words[2::3], strict=True):
        numbers = number(component), number(port)
        if numbers[0] is None or numbers[1] is None:
            raise SdpError(
                f"component {component!r} and port {port!r} must be numbers",
                field="remote-candidates",
            )
        entries.append(RemoteCandidate(numbers[0], address, numbers[1]))
    return tuple(entries)


def format_remote_candidates(entries: tuple[RemoteCandidate, ...]) -> bytes:
    """The value of one strict a=remote-candidates line."""
    if not entries:
        raise SdpError("at least one entry is needed", field="remote-candidates")
    if len({entry.component for entry in entries}) < len(entries):
        raise SdpError("two entries for one component", field="remote-candidates")
    words: list[str] = []
    for entry in sorted(entries, key=lambda e: e.component):
        _check_range(entry.component, 1, MAX_COMPONENT, "remote-candidates component")
        _check_range(entry.port, 1, 65535, "remote-candidates port")
        words += [str(entry.component), checked_ip(entry.address, "remote-candidates address")]
        words.append(str(entry.port))
    return " ".join(words).encode("ascii")


def is_ice_chars(value: str) -> bool:
    """Whether a text consists of ice-chars only: letters, digits, ``+`` and ``/``."""
    return _ICE_CHARS.fullmatch(value) is not None


def checked_ufrag(value: str) -> bytes:
    """A ufrag as we may send it: 4 to 32 ice-chars (RFC 8839 §5.4)."""
    return _checked_ice_chars(value, 4, 32, "ice-ufrag")


def checked_pwd(value: str) -> bytes:
    """A password as we may send it: 22 to 256 ice-chars (RFC 8839 §5.4)."""
    return _checked_ice_chars(value, 22, 256, "ice-pwd")


def checked_options(options: tuple[str, ...]) -> bytes:
    """The value of a=ice-options: at least one tag of ice-chars (RFC 8839 §5.6)."""
    if not options:
        raise SdpError("at least one option is needed", field="ice-options")
    for option in options:
        if not is_ice_chars(option):
            raise SdpError(f"{option!r} is not made of ice-chars", field="ice-options")
    return " ".join(options).encode("ascii")


def checked_pacing(milliseconds: int) -> bytes:
    """The value of a=ice-pacing: 1 to 10 digits (RFC 8839 §5.5)."""
    _check_range(milliseconds, 0, 9_999_999_999, "ice-pacing")
    return str(milliseconds).encode("ascii")


def checked_ip(address: str, name: str, *, mdns: bool = False) -> str:
    """An IP address as we may write it: no name, no brackets, no zone (RFC 8839 §5.1)."""
    if is_ipv4(address) or (mdns and _MDNS_WRITTEN.fullmatch(address)):
        return address
    if ip_address(address) is None or not set("[]%").isdisjoint(address):
        raise SdpError(f"{address!r} is not an IP address", field=name)
    return address


def checked_token(value: str, name: str) -> str:
    """A token of RFC 8866 §9."""
    if not _TOKEN.fullmatch(value):
        raise SdpError(f"{value!r} is not a token", field=name)
    return value


def _checked_ice_chars(value: str, least: int, most: int, name: str) -> bytes:
    if not least <= len(value) <= most:
        raise SdpError(f"{len(value)} characters, allowed are {least} to {most}", field=name)
    if not _ICE_CHARS.fullmatch(value):
        raise SdpError("only letters, digits, + and / are allowed", field=name)
    return value.encode("ascii")


def _check_range(value: int, least: int, most: int, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise SdpError(f"{value!r} is not a whole number", field=name)
    if not least <= value <= most:
        what = str(value) if abs(value) < 10**20 else "a number of more than 20 digits"
        raise SdpError(f"{what} is not between {least} and {most}", field=name)


def _check_candidate(candidate: Candidate) -> None:
    _checked_ice_chars(candidate.foundation, 1, 32, "candidate foundation")
    _check_range(candidate.component, 1, MAX_COMPONENT, "candidate component")
    checked_token(candidate.transport, "candidate transport")
    _check_range(candidate.priority, 1, MAX_PRIORITY, "candidate priority")
    checked_ip(candidate.address, "candidate address", mdns=candidate.type == HOST)
    _check_range(candidate.port, 1, 65535, "candidate port")
    checked_token(candidate.type, "candidate type")
    _check_related(candidate)
    if candidate.is_tcp and candidate.tcptype not in TCP_TYPES:
        raise SdpError("TCP needs active, passive or so", field="candidate tcptype")
    if candidate.tcptype is not None:
        checked_token(candidate.tcptype, "candidate tcptype")
    _check_extensions(candidate.extensions)


def _check_extensions(extensions: tuple[tuple[str, str], ...]) -> None:
    """Names are tokens, values visible characters; only the last value may be empty."""
    for name, value in extensions:
        checked_token(name, "candidate extension name")
        if name in _OWN_FIELDS:
            raise SdpError(f"{name} has a field of its own", field="candidate extension name")
        if not _VISIBLE.fullmatch(value):
            raise SdpError(f"{value!r} has blanks or odd characters", field="candidate extension")
    if not all(value for _, value in extensions[:-1]):
        raise SdpError("an empty value would hide the next name", field="candidate extension")


def _check_related(candidate: Candidate) -> None:
    """Host candidates have no related address, the others must have one (RFC 8839 §5.1)."""
    address, port = candidate.related_address, candidate.related_port
    if candidate.type == HOST:
        if address is not None or port is not None:
            raise SdpError("a host candidate has none", field="candidate raddr")
        return
    if candidate.type in CANDIDATE_TYPES and (address is None or port is None):
        raise SdpError(f"{candidate.type} needs raddr and rport", field="candidate raddr")
    if address is not None:
        checked_ip(address, "candidate raddr")
    if port is not None:
        _check_range(port, 0, 65535, "candidate rport")
