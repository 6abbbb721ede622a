"""RFC 5780: what kind of NAT is between this host and a STUN server with two addresses.

    python -m tests.lab.probe SERVER [--json]

Reads and writes STUN with the codec of the virtual network, which shares nothing with sipice: the
laboratory is not measured with what it is there to measure.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import socket
import struct
import sys
import time
from dataclasses import asdict, dataclass

from tests.simnet.wire import (
    Attr,
    Class,
    Message,
    Method,
    Place,
    WireError,
    build,
    looks_like_stun,
    parse,
)

PORT = 3478
_CHANGE_REQUEST, _OTHER_ADDRESS = 0x0003, 0x802C
_CHANGE_PORT, _CHANGE_BOTH = 2, 6
_TRIES = (0.15, 0.3, 0.6)
"""How long to wait for an answer, each time."""


@dataclass(slots=True)
class Behaviour:
    """What the probe has found; a field it could not ask for is empty."""

    mapping: str = ""
    """"none", "EIM", "ADM" or "APDM"."""
    filtering: str = ""
    """"EIF", "ADF" or "APDF"."""
    keeps_port: bool | None = None
    hairpin: bool | None = None
    """Whether what is sent to the own mapped address comes back."""
    tcp_ports: tuple[int, ...] = ()
    """Those of 443 and 3478 where the server answers."""


def behaviour(server: str, port: int = PORT) -> Behaviour:
    """Asks the server about every property."""
    family = _family(server)
    found = Behaviour(tcp_ports=tuple(one for one in (443, PORT) if _tcp_answers(server, one)))
    mine = _bound(family)
    answer = _ask(mine, (server, port))
    mapped = answer.address(Attr.XOR_MAPPED_ADDRESS) if answer else None
    if not answer or not mapped:
        return found
    local = (_local_ip(server), mine.getsockname()[1])
    found.keeps_port = mapped[1] == local[1]
    other = _plain(answer.get(_OTHER_ADDRESS))
    if other is None:
        return found
    found.mapping = _mapping(mine, local, mapped, (server, port), other)
    found.filtering = _filtering(family, (server, port))
    if found.mapping != "none":
        found.hairpin = _hairpin(mine, mapped, (server, port))
    return found


def _mapping(
    mine: socket.socket,
    local: Place,
    mapped: Place,
    server: tuple[str, int],
    other: tuple[str, int],
) -> str:
    """RFC 5780 §4.3."""
    if mapped == local:
        return "none"
    second = _mapped(mine, (other[0], server[1]))
    third = _mapped(mine, other)
    if mapped == second == third:
        return "EIM"
    return "ADM" if second == third else "APDM"


def _filtering(family: int, server: tuple[str, int]) -> str:
    """RFC 5780 §4.4, from a socket that has spoken to one address only."""
    fresh = _bound(family)
    _ask(fresh, server)
    if _ask(fresh, server, _CHANGE_BOTH):
        return "EIF"
    return "ADF" if _ask(fresh, server, _CHANGE_PORT) else "APDF"


def _hairpin(mine: socket.socket, mapped: Place, server: tuple[str, int]) -> bool:
    """RFC 5780 §4.5: a second socket, itself mapped, sends to the mapping of the first."""
    second = _bound(mine.family)
    _ask(second, server)
    request = build(Method.BINDING, Class.REQUEST, os.urandom(12))
    target = (socket.inet_ntop(mine.family, mapped[0]), mapped[1])
    for wait in _TRIES:
        second.sendto(request, target)
        if _receive(mine, request[8:20], wait):
            return True
    return False


def _ask(through: socket.socket, server: tuple[str, int], change: int = 0) -> Message | None:
    """A Binding request, sent up to three times."""
    attributes = [(_CHANGE_REQUEST, struct.pack("!I", change))] if change else []
    request = build(Method.BINDING, Class.REQUEST, os.urandom(12), attributes)
    for wait in _TRIES:
        try:
            through.sendto(request, server)
        except OSError:
            return None
        if answer := _receive(through, request[8:20], wait):
            return answer
    return None


def _mapped(through: socket.socket, server: tuple[str, int]) -> Place | None:
    answer = _ask(through, server)
    return answer.address(Attr.XOR_MAPPED_ADDRESS) if answer else None


def _bound(family: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.bind(("", 0))
    return made


def _receive(through: socket.socket, transaction: bytes, seconds: float) -> Message | None:
    """The message of that transaction, if it comes in time; everything else is passed over."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([through], [], [], left)[0]:
            return None
        try:
            data = through.recv(2048)
        except OSError:
            continue
        if looks_like_stun(data) and data[8:20] == transaction:
            return parse(data)
    return None


def _tcp_answers(server: str, port: int) -> bool:
    """Whether a STUN server answers over TCP, or at least a TLS server lets itself be reached."""
    try:
        with socket.create_connection((server, port), timeout=0.7) as stream:
            if port == 443:
                return True
            stream.sendall(build(Method.BINDING, Class.REQUEST, os.urandom(12)))
            return parse(stream.recv(2048)).cls is Class.SUCCESS
    except (OSError, WireError):
        return False


def _local_ip(server: str) -> bytes:
    """The address that packets to the server leave from."""
    family = _family(server)
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((server, PORT))
        return socket.inet_pton(family, probe.getsockname()[0])


def _family(server: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in server else socket.AF_INET


def _plain(value: bytes | None) -> tuple[str, int] | None:
    """An address attribute without XOR."""
    if not value:
        return None
    family = socket.AF_INET if value[1] == 1 else socket.AF_INET6
    return socket.inet_ntop(family, value[4:]), int.from_bytes(value[2:4])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = asdict(behaviour(arguments.server))
    if arguments.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        sys.stdout.writelines(f"{name:10} {value}\n" for name, value in found.items())


if __name__ == "__main__":
    main()
