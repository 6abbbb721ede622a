"""RFC 7064, RFC 7065: the URIs by which STUN and TURN servers are configured."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from sipice.errors import UsageError
from sipice.net import Address, QueryKind, Resolve, Transport

_FORM = re.compile(
    r"(?P<scheme>stuns?|turns?):(?://)?(?P<host>\[[0-9a-f:.]+\]|[^:/?\[\]@]+)(?::(?P<port>\d{1,5}))?"
    r"(?:\?transport=(?P<transport>udp|tcp))?",
    re.IGNORECASE,
)
_PORT, _TLS_PORT = 3478, 5349


class ServerKind(Enum):
    """What a configured server is asked for."""

    STUN = "stun"
    TURN = "turn"


class ServerUri(NamedTuple):
    """A server by its name; without a port its SRV records tell host and port."""

    kind: ServerKind
    host: str
    """A domain name, or an IP literal without brackets."""
    port: int | None = None
    transport: Transport = Transport.UDP
    secure: bool = False
    """Over TLS."""

    @classmethod
    def parse(cls, text: str) -> ServerUri:
        """From ``stun:host``, ``turns:host:443?transport=tcp``; raises UsageError."""
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise UsageError(
                f"{text!r} names no server; write stun:HOST[:PORT] or "
                "turn:HOST[:PORT][?transport=udp|tcp], stuns: or turns: for TLS, "
                "an IPv6 address in brackets"
            )
        scheme, transport = found["scheme"].lower(), (found["transport"] or "").lower()
        kind, secure = ServerKind(scheme.removesuffix("s")), scheme.endswith("s")
        if transport and kind is ServerKind.STUN:
            raise UsageError(f"{text!r}: stun URIs name no transport (RFC 7064 §3.1)")
        if secure and transport == "udp":
            raise UsageError(f"{text!r}: DTLS to the server is not supported; leave transport out")
        port = int(found["port"]) if found["port"] else None
        if port is not None and not 0 < port < 65536:
            raise UsageError(f"{text!r}: a port lies between 1 and 65535")
        over_tcp = secure or transport == "tcp"
        return cls(
            kind,
            found["host"].strip("[]"),
            port,
            Transport.TCP if over_tcp else Transport.UDP,
            secure,
        )

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        tcp = self.kind is ServerKind.TURN and self.transport is Transport.TCP and not self.secure
        scheme = self.kind.value + ("s" if self.secure else "")
        return f"{scheme}:{host}{port}{'?transport=tcp' if tcp else ''}"

    @property
    def is_literal(self) -> bool:
        """Whether the host is an IP address."""
        try:
            Address.parse(self.host, 0)
        except ValueError:
            return False
        return True

    @property
    def query(self) -> Resolve:
        """How to find its addresses (RFC 8489 §8.1): by SRV unless the URI says the port."""
        if self.port is not None:
            return Resolve(QueryKind.HOST, self.host, self.port)
        service = self.kind.value + ("s" if self.secure else "")
        name = f"_{service}._{self.transport.value.lower()}.{self.host}"
        return Resolve(QueryKind.SRV, name, _TLS_PORT if self.secure else _PORT)
