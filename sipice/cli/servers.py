"""Options that name servers: URIs, credentials, and the name server to ask."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from sipice.aio.resolver import Resolver, system_resolver
from sipice.errors import UsageError
from sipice.ice import NamedServer, ServerUri
from sipice.net import Address
from sipice.turn import time_limited

DNS_PORT = 53
LIFETIME = 3600
"""Seconds for which credentials made of a secret are good."""


class ServerOptions(NamedTuple):
    """What comes with the URIs."""

    username: str = ""
    password_file: str | None = None
    dns: str | None = None
    secret_file: str | None = None
    """Of the secret shared with servers that take time-limited credentials."""

    def resolver(self) -> Resolver:
        """The name server that was asked for, or those of the system."""
        return system_resolver() if self.dns is None else Resolver(_name_server(self.dns))


def servers_of(uris: Iterable[str], options: ServerOptions) -> tuple[NamedServer, ...]:
    """The servers in their order; raises UsageError with the remedy."""
    username, password = _credentials(options)
    return tuple(NamedServer(ServerUri.parse(uri), username, password) for uri in uris)


def _credentials(options: ServerOptions) -> tuple[str, str]:
    username, file, secret = options.username, options.password_file, options.secret_file
    if secret is None:
        return username, "" if file is None else _first_line(file)
    if file is not None:
        raise UsageError("give either --password-file or --secret-file")
    return time_limited(_first_line(secret), username, int(time.time()) + LIFETIME)


def _first_line(file: str) -> str:
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from None
    return lines[0] if lines else ""


def _name_server(text: str) -> Address:
    """``192.0.2.53``, ``192.0.2.53:5353``, ``[2001:db8::53]:53``."""
    host, colon, port = text.rpartition(":")
    bare = not colon or (":" in host and not host.endswith("]"))
    try:
        if bare:
            return Address.parse(text.strip("[]"), DNS_PORT)
        return Address.parse(host.strip("[]"), int(port))
    except ValueError:
        raise UsageError(f"{text!r} is no address of a name server") from None
