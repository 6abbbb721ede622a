"""``sipice connect``: two terminals find a path to each other, and see what it is like."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, RenderableType
from rich.live import Live

from sipice.aio.interfaces import InterfacePolicy
from sipice.aio.session import Session
from sipice.cli import connect_render, handed
from sipice.cli.echo import Echo
from sipice.cli.servers import ServerOptions, servers_of
from sipice.cli.terminal import FINDINGS, FINE, UNUSABLE, complain, print_json, screen, write
from sipice.errors import SessionFailed, UsageError
from sipice.ice import AgentConfig, PairStatistics, Role, TcpType

REFRESH = 0.1
"""Seconds between two pictures of the checks."""
LINGER = 1.0
"""Seconds without a packet after which the other side needs our echo no longer."""
PATIENCE = 10.0
"""Seconds for its first packet: its path may be selected later than ours."""


Draw = Callable[[RenderableType], None]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for."""

    config: AgentConfig
    policy: InterfacePolicy
    options: ServerOptions
    give: Path | None
    take: Path | None
    count: int
    interval: float
    trace: Path | None
    live: bool


@dataclass(slots=True)
class Connected:
    """How it went."""

    pairs: Sequence[PairStatistics] = ()
    took: float | None = None
    """From both descriptions known to the selected pair, seconds."""
    failure: str | None = None
    sent: int = 0
    rtts: list[float] = field(default_factory=list)

    @property
    def is_fine(self) -> bool:
        """Whether there is a path, and it carries something."""
        return self.took is not None and (bool(self.rtts) or not self.sent)


def connect(
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
    give: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write our lines there, not here.")
    ] = None,
    take: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Wait for the other side's lines there.")
    ] = None,
    interface: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Only these, like 'eth*'.")
    ] = None,
    tcp: Annotated[bool, typer.Option("--tcp", help="TCP candidates too.")] = False,
    deadline: Annotated[float, typer.Option(metavar="SECONDS", help="Gather so long.")] = 5.0,
    count: Annotated[int, typer.Option(min=0, help="Packets there and back.")] = 20,
    interval: Annotated[float, typer.Option(metavar="SECONDS", help="Between two packets.")] = 0.1,
    dns: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Ask this name server.")
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the record for sipice explain.")
    ] = None,
    loopback: Annotated[bool, typer.Option("--loopback", help="Loopback addresses too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document at the end.")] = False,
) -> None:
    """Connect to the same command in another terminal, anywhere.

    Each side shows some lines; paste them into the other one, or let both use files. Exit code 1
    when there is no path, or nothing came back over it.
    """
    options = ServerOptions(username, password_file, dns)
    try:
        config = AgentConfig(
            servers=servers_of(server or (), options),
            gather_timeout=deadline,
            allow_loopback=loopback,
            ice_tcp=tcp,
        )
        policy = InterfacePolicy(interfaces=tuple(interface or ()))
        wishes = Wishes(config, policy, options, give, take, count, interval, trace, live=not json)
        found = asyncio.run(_connect(wishes))
    except (UsageError, OSError) as error:
        complain(str(error))
        raise typer.Exit(UNUSABLE) from None
    if json:
        print_json(_as_json(found))
    elif found.failure is not None:
        complain(f"no path: {found.failure}")
    raise typer.Exit(FINE if found.is_fine else FINDINGS)


async def _connect(wishes: Wishes) -> Connected:
    tcp = (TcpType.ACTIVE, TcpType.PASSIVE) if wishes.config.ice_tcp else ()
    session = Session(
        role=Role.CONTROLLING,  # both are: the tie-breakers settle it (RFC 8445 §7.3.1.1)
        config=wishes.config,
        tcp=tcp,
        policy=wishes.policy,
        resolver=wishes.options.resolver(),
        trace=wishes.trace,
    )
    async with session:
        await session.gather(wishes.config.gather_timeout + 0.5)
        _show(wishes, handed.to_text(session.description()))
        await session.set_remote(handed.from_text(await handed.take(wishes.take)))
        with _picture(wishes) as draw:
            found = await _check(session, draw)
            if found.failure is None:
                await _measure(session, wishes, found, draw)
        found.pairs = session.statistics().pairs
    if wishes.live:
        _conclude(found)
    return found


def _show(wishes: Wishes, text: str) -> None:
    if wishes.give is not None:
        handed.give(text, wishes.give)
    else:
        head = "give these lines to the other side:\n\n" if wishes.live else ""
        write(f"{head}{text}\n")
    if wishes.take is None and wishes.live:
        write("and paste here what it shows:\n\n")


async def _check(session: Session, draw: Draw) -> Connected:
    """Until a pair is selected or all have failed."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    decided = asyncio.ensure_future(session.path())
    try:
        while not decided.done():
            draw(connect_render.checks(session.statistics().pairs))
            await asyncio.wait([decided], timeout=REFRESH)
        await decided
    except SessionFailed as failure:
        return Connected(failure=failure.reason)
    finally:
        decided.cancel()
    return Connected(took=loop.time() - began)


async def _measure(session: Session, wishes: Wishes, found: Connected, draw: Draw) -> None:
    """Packets there and back, and those of the other side as long as it sends them."""
    loop = asyncio.get_running_loop()
    echo = Echo(session.send, loop.time)
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(_listen(session, echo))
        give_up = loop.time() + PATIENCE
        while not echo.has_heard and loop.time() < give_up:
            echo.knock()
            await asyncio.sleep(wishes.interval)
        echo.knock()  # ours may have come too early
        for _ in range(wishes.count):
            echo.ping()
            await asyncio.sleep(wishes.interval)
            draw(connect_render.path(echo.sent, echo.rtts))
        listening.cancel()
    with suppress(TimeoutError):
        await _listen(session, echo, is_over=True)
    found.sent, found.rtts = echo.sent, echo.rtts


async def _listen(session: Session, echo: Echo, *, is_over: bool = False) -> None:
    """Raises TimeoutError when all of ours are sent, and the other side is silent or away."""
    while True:
        patience = LINGER if echo.has_heard else PATIENCE
        async with asyncio.timeout(patience if is_over else None):
            echo.receive(await session.receive())


@contextmanager
def _picture(wishes: Wishes) -> Iterator[Draw]:
    """Something that changes in place where somebody is looking, and nothing elsewhere."""
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    if not wishes.live or not console.is_terminal:
        yield lambda _: None
        return
    with Live(console=console, transient=True, auto_refresh=False) as live:
        yield lambda picture: live.update(picture, refresh=True)


def _conclude(found: Connected) -> None:
    with screen() as console:
        if found.took is None:
            console.print(connect_render.checks(found.pairs))
            return
        console.print(connect_render.selected(found.pairs, found.took))
        if found.sent:
            console.print(connect_render.path(found.sent, found.rtts))


def _as_json(found: Connected) -> dict[str, object]:
    return {
        "connected": found.took is not None,
        "took": found.took,
        "failure": found.failure,
        "pairs": [
            {
                "local": connect_render.named(one.local),
                "remote": connect_render.named(one.remote),
                "state": one.state.name.lower(),
                "selected": one.selected,
                "rtt": one.rtt,
            }
            for one in found.pairs
        ],
        "sent": found.sent,
        "lost": found.sent - len(found.rtts),
        "rtts": found.rtts,
    }
