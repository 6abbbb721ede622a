"""``sipice nat``: what kind of NAT is before us, as far as servers can tell (RFC 5780)."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from random import SystemRandom
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from sipice.aio.resolver import Resolver, Unresolved
from sipice.aio.udp import UdpEndpoint
from sipice.cli.nat_words import conclusions
from sipice.cli.render import BAD, GOOD
from sipice.cli.servers import ServerOptions
from sipice.cli.terminal import (
    FINDINGS,
    FINE,
    UNUSABLE,
    complain,
    grid,
    hanging,
    line,
    print_json,
    screen,
)
from sipice.errors import UsageError
from sipice.ice import ServerUri
from sipice.net import Address, Transport
from sipice.stun.probe import Behaviour, Dependence, Probe


@dataclass(frozen=True, slots=True)
class Named:
    """A server as it was given, with its address or why it has none."""

    uri: ServerUri
    address: Address | None
    why: str | None = None


def nat(
    server: Annotated[
        list[str],
        typer.Argument(metavar="SERVER...", help="stun:HOST[:PORT]; several tell more than one."),
    ],
    family: Annotated[int, typer.Option(metavar="4|6", help="Over which IP.")] = 4,
    dns: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Ask this name server.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Ask STUN servers how the NAT before us maps and filters, and say what that means.

    Exit code 1 when STUN alone is not enough, or nothing certain was found out.
    """
    try:
        uris = [_udp(ServerUri.parse(one)) for one in server]
        named, found = asyncio.run(_probe(uris, family, ServerOptions(dns=dns).resolver()))
    except (UsageError, OSError) as error:
        complain(str(error))
        raise typer.Exit(UNUSABLE) from None
    if json:
        print_json(_as_json(named, found))
    else:
        with screen() as console:
            for part in _render(named, found):
                console.print(part)
    raise typer.Exit(FINE if found.mapping is Dependence.NOTHING else FINDINGS)


def _udp(uri: ServerUri) -> ServerUri:
    if uri.transport is not Transport.UDP:
        raise UsageError(f"{uri}: only UDP shows how a NAT treats UDP")
    return uri


async def _probe(
    uris: list[ServerUri], family: int, resolver: Resolver
) -> tuple[list[Named], Behaviour]:
    answers = await asyncio.gather(*(resolver.look_up(uri.query) for uri in uris))
    named = [_first(uri, answer, family) for uri, answer in zip(uris, answers, strict=True)]
    known = list(dict.fromkeys(one.address for one in named if one.address is not None))
    if not known:
        raise UsageError("; ".join(f"{one.uri}: {one.why}" for one in named))
    endpoint = UdpEndpoint.bind(_own_address(known[0]))
    try:
        return named, await _run(endpoint, Probe(endpoint.address, known, SystemRandom()))
    finally:
        endpoint.release()


def _first(uri: ServerUri, answer: tuple[Address, ...] | Unresolved, family: int) -> Named:
    if isinstance(answer, Unresolved):
        return Named(uri, None, answer.why)
    address = next((one for one in answer if one.family == family), None)
    return Named(uri, address, None if address else f"{uri.host} has no IPv{family} address")


def _own_address(server: Address) -> Address:
    """The address from which the system would send to ``server``; nothing is sent."""
    family = socket.AF_INET if server.family == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.connect((server.host, server.port))
        return Address.parse(sock.getsockname()[0], 0)


async def _run(endpoint: UdpEndpoint, probe: Probe) -> Behaviour:
    loop, came = asyncio.get_running_loop(), asyncio.Event()

    def receive(data: bytes, source: Address) -> None:
        probe.receive(loop.time(), data, source)
        came.set()

    endpoint.attach(receive, lambda *_: None)
    probe.start(loop.time())
    while True:
        for data, to in probe.take_packets():
            endpoint.send(data, to)
        due = probe.next_timeout()
        if due is None:
            return probe.found
        came.clear()
        try:
            async with asyncio.timeout_at(due):
                await came.wait()
        except TimeoutError:
            probe.handle_timeout(max(due, loop.time()))


def _render(named: list[Named], found: Behaviour) -> list[RenderableType]:
    table = grid("server", "address", ">took", "sees us at", rigid=("took",))
    by_address = {one.server: one for one in found.servers}
    for one in named:
        seen = None if one.address is None else by_address[one.address]
        mapped = None if seen is None else seen.mapped
        took = None if seen is None else seen.took
        table.add_row(
            line(str(one.uri)),
            line("-" if one.address is None else str(one.address)),
            "-" if took is None else f"{took * 1000:.0f} ms",
            line((str(mapped), GOOD) if mapped else (one.why or "no answer", BAD)),
        )
    words = {None: "unknown"} | {kind: kind.value for kind in Dependence}
    parts: list[RenderableType] = [table, Text(), line(f"our address   {found.local}")]
    if found.has_nat is not None:
        port = ", our port kept" if found.has_nat and found.preserves_port else ""
        parts.append(line(f"NAT           {'yes' if found.has_nat else 'no'}{port}"))
    if found.has_nat:
        parts.append(line(f"mapping       {words[found.mapping]}"))
    if found.mapped is not None:
        parts.append(line(f"filtering     {words[found.filtering]}"))
    return [*parts, *(hanging("=>", sentence) for sentence in conclusions(found))]


def _as_json(named: list[Named], found: Behaviour) -> dict[str, object]:
    by_address = {one.server: one for one in found.servers}

    def shown(one: Named) -> dict[str, object]:
        seen = None if one.address is None else by_address[one.address]
        return {
            "server": str(one.uri),
            "address": None if one.address is None else str(one.address),
            "mapped": str(seen.mapped) if seen and seen.mapped else None,
            "other": str(seen.other) if seen and seen.other else None,
            "took": seen.took if seen else None,
            "why": one.why,
        }

    return {
        "local": str(found.local),
        "servers": [shown(one) for one in named],
        "nat": found.has_nat,
        "port_preserved": found.preserves_port,
        "mapping": None if found.mapping is None else found.mapping.value,
        "filtering": None if found.filtering is None else found.filtering.value,
        "conclusions": conclusions(found),
    }
