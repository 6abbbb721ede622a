"""``sipice gather``: what would be offered, from which server, and how long each of them took."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from sipice.aio.interfaces import InterfacePolicy, LocalAddress, local_addresses
from sipice.aio.session import Session
from sipice.cli.asked import Questions
from sipice.cli.gather_render import render
from sipice.cli.servers import ServerOptions, servers_of
from sipice.cli.terminal import FINDINGS, FINE, UNUSABLE, complain, print_json, screen
from sipice.errors import UsageError
from sipice.ice import AgentConfig, Candidate, CandidateType, Role, ServerFailed
from sipice.net import Address
from sipice.session.mapping import to_sdp

TYPES = {
    "host": CandidateType.HOST,
    "srflx": CandidateType.SERVER_REFLEXIVE,
    "relay": CandidateType.RELAYED,
}


@dataclass(slots=True)
class Gathered:
    """The result, complete at the end."""

    addresses: list[LocalAddress]
    questions: Questions
    candidates: list[Candidate] = field(default_factory=list)
    is_complete: bool = False
    took: float = 0.0


def gather(
    server: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SERVER]...", help="stun:HOST, turn:HOST?transport=tcp, turns:HOST"
        ),
    ] = None,
    username: Annotated[str, typer.Option(help="For the TURN servers.")] = "",
    password_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Its first line is the password.")
    ] = None,
    secret_file: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Make time-limited credentials of this secret."),
    ] = None,
    types: Annotated[
        str, typer.Option(metavar="LIST", help="Candidate types: host,srflx,relay.")
    ] = "host,srflx,relay",
    interface: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Only these, like 'eth*'.")
    ] = None,
    family: Annotated[
        int | None, typer.Option(metavar="4|6", help="Addresses of one family only.")
    ] = None,
    components: Annotated[int, typer.Option(min=1, max=2, help="2 with RTCP beside RTP.")] = 1,
    deadline: Annotated[float, typer.Option(metavar="SECONDS", help="Wait so long.")] = 5.0,
    dns: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Ask this name server.")
    ] = None,
    loopback: Annotated[bool, typer.Option("--loopback", help="Loopback addresses too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Ask STUN and TURN servers as an agent does before its offer, and show what it would offer.

    Exit code 1 when a server gave less than it was asked for.
    """
    try:
        options = ServerOptions(username, password_file, dns, secret_file)
        config = AgentConfig(
            servers=servers_of(server or (), options),
            candidate_types=_types(types),
            gather_timeout=deadline,
            allow_loopback=loopback,
        )
        policy = InterfacePolicy(
            interfaces=tuple(interface or ()),
            families=(4, 6) if family is None else (family,),
            allow_loopback=loopback,
        )
        gathered = asyncio.run(_gather(config, policy, options, components, live=not json))
    except (UsageError, OSError) as error:
        complain(str(error))
        raise typer.Exit(UNUSABLE) from None
    if json:
        print_json(_as_json(gathered))
    else:
        with screen() as console:
            console.print(render(gathered.addresses, gathered.questions.asked, gathered.candidates))
    failed = any(one.has_failed for one in gathered.questions.asked)
    raise typer.Exit(FINDINGS if failed or not gathered.candidates else FINE)


def _types(text: str) -> frozenset[CandidateType]:
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in TYPES]:
        raise UsageError(f"{unknown[0]!r} is no candidate type; host, srflx and relay are")
    return frozenset(TYPES[name] for name in names)


async def _gather(
    config: AgentConfig,
    policy: InterfacePolicy,
    options: ServerOptions,
    components: int,
    *,
    live: bool,
) -> Gathered:
    addresses = await local_addresses(policy)
    if not addresses:
        raise UsageError("no interface has an address that a candidate could have")
    gathered = Gathered(addresses, Questions())
    with _shown(gathered, live) as questions:
        gathered.questions = questions
        session = Session(
            role=Role.CONTROLLING,
            components=components,
            config=config,
            policy=policy,
            resolver=options.resolver(),
            trace=questions,
        )
        loop = asyncio.get_running_loop()
        async with session, asyncio.TaskGroup() as group:
            listening = group.create_task(_listen(session, questions))
            began = loop.time()
            gathered.is_complete = await session.gather(config.gather_timeout + 0.5)
            gathered.took = loop.time() - began
            gathered.candidates = list(session.description().candidates)
            await asyncio.sleep(0)
            listening.cancel()
    return gathered


async def _listen(session: Session, questions: Questions) -> None:
    async for event in session.events():
        if isinstance(event, ServerFailed):
            questions.failed(event)


@contextmanager
def _shown(gathered: Gathered, live: bool) -> Iterator[Questions]:
    """The questions, in a table that lives as long as they do where somebody is looking."""
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    if not live or not console.is_terminal:
        yield Questions()
        return
    with Live(console=console, transient=True, auto_refresh=False) as table:

        def changed() -> None:
            table.update(render(gathered.addresses, questions.asked, ()), refresh=True)

        questions = Questions(changed)
        yield questions


def _as_json(gathered: Gathered) -> dict[str, object]:
    return {
        "addresses": [
            {"address": Address(one.ip, 0).host, "interface": one.interface, "tier": one.tier}
            for one in gathered.addresses
        ],
        "servers": [asdict(one) for one in gathered.questions.asked],
        "candidates": [_candidate_json(one) for one in gathered.candidates],
        "complete": gathered.is_complete,
        "took": round(gathered.took, 6),
    }


def _candidate_json(candidate: Candidate) -> dict[str, object]:
    told = to_sdp(candidate)
    return {
        "foundation": told.foundation,
        "component": told.component,
        "transport": told.transport,
        "priority": told.priority,
        "address": told.address,
        "port": told.port,
        "type": told.type,
        "related_address": told.related_address,
        "related_port": told.related_port,
        "line": f"a=candidate:{told.to_bytes().decode()}",
    }
