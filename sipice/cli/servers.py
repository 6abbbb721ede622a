"""Options that name servers: URIs, credentials, and the name server to ask."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from sipice.aio.resolver import Resolver, system_resolver
from sipice.errors import UsageError
from sipice.ice import NamedServer, ServerUri
from sipice.net import Address

DNS_PORT = 53


class ServerOptions(NamedTuple):
    """What comes with the URIs."""

    username: str = ""
    password_file: str | None = None
    dns: str | None = None

    def resolver(self) -> Resolver:
        """The name server that was asked for, or those of the system."""
        return system_resolver() if self.dns is None else Resolver(_name_server(self.dns))


def servers_of(uris: Iterable[str], options: ServerOptions) -> tuple[NamedServer, ...]:
    """The servers in their order; raises UsageError with the remedy."""
    password = _password(options.password_file)
    return tuple(
        NamedServer(ServerUri.parse(uri), options.username, password, (4,)) for uri in uris
    )


def _password(file: str | None) -> str:
    if file is None:
        return ""
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
