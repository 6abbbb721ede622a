"""``sipice demo``: plays a call and shows it."""

from __future__ import annotations

import asyncio
import socket
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.console import Console
from rich.table import Table

from sipice.cli.demo.network import NatKind
from sipice.cli.demo.record import CallRecord, Side
from sipice.cli.demo.report import html
from sipice.cli.terminal import FINDINGS, FINE, UNUSABLE, complain, grid, line, screen, write


class Stack(StrEnum):
    """The SIP stacks that the call can be played with."""

    AIOSIPUA = "aiosipua"
    AIOSIP = "aiosip"


class Nat(StrEnum):
    """Where the two agents live."""

    NONE = "none"
    FULL_CONE = "full-cone"
    RESTRICTED = "restricted"
    PORT_RESTRICTED = "port-restricted"
    SYMMETRIC = "symmetric"


def demo(
    stack: Annotated[Stack, typer.Option(help="The SIP stack of both sides.")] = Stack.AIOSIPUA,
    nat: Annotated[Nat, typer.Option(help="Simulated NATs before both sides.")] = Nat.NONE,
    seconds: Annotated[
        float, typer.Option(min=0.3, max=60.0, help="Seconds of talk before the hold.")
    ] = 2.0,
    output: Annotated[Path, typer.Option(help="The folder for the records and the report.")] = Path(
        "sipice-demo"
    ),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the last lines.")] = False,
) -> None:
    """Play a SIP call with ICE between two user agents in this process, and show it.

    Both sides send a tone as G.711 and look for the other's in what they hear. The call is put on
    hold and resumed, its ICE session restarted while it talks, and ended. Without NATs it runs on
    the loopback interface, which otherwise never gives candidates; nothing leaves this machine.
    """
    try:
        play = import_module("sipice.cli.demo.play")
        agents = import_module(f"sipice.cli.demo.with_{stack.value}")
    except ImportError as missing:
        remedy = f'pip install "sipice[cli,{stack.value}]"'
        complain(f"the demonstration needs {missing.name}, which is not installed: {remedy}")
        raise typer.Exit(UNUSABLE) from None
    try:
        _try_loopback()
    except OSError as error:
        remedy = "sudo ip link set lo up"
        complain(f"the demonstration needs the loopback interface: {error.strerror}: {remedy}")
        raise typer.Exit(UNUSABLE) from None
    try:
        output.mkdir(parents=True, exist_ok=True)
        plan = play.Plan(
            stack=stack.value,
            make=getattr(agents, f"{stack.value.capitalize()}Agent"),
            nat=None if nat is Nat.NONE else NatKind(nat.value),
            seconds=seconds,
            folder=output,
        )
        say = _nothing if quiet else _say
        record = cast("CallRecord", asyncio.run(play.play(plan, say)))
        report = output / "report.html"
        report.write_text(html(record), encoding="utf-8")
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        complain(f"{place}{error.strerror or error}")
        raise typer.Exit(UNUSABLE) from None
    with screen() as console:
        if not quiet:
            _show(console, record)
        _conclude(console, record, output)
    raise typer.Exit(FINDINGS if record.problems else FINE)


def _try_loopback() -> None:
    """Raises OSError when the loopback interface is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", 9))


def _say(text: str) -> None:
    write(f"{text}\n")


def _nothing(text: str) -> None:
    """For --quiet."""


def _show(console: Console, record: CallRecord) -> None:
    for side in record.sides:
        console.print()
        console.print(line(("The checklist of ", "bold"), (side.name, "bold")))
        console.print(_checklist(side))


def _checklist(side: Side) -> Table:
    table = grid("", "restart", "ours", "theirs", ">checks", ">RTT", "state", rigid=("state",))
    for story in side.stories:
        for run in story.runs:
            chosen = {one.pair for part in run.parts.values() for one in part.selections}
            for pair in run.ordered:
                valid = "valid" if pair.succeeded_at is not None else pair.failed or "not needed"
                table.add_row(
                    f"#{pair.number}",
                    str(run.generation - 1 or ""),
                    line(f"{pair.local} {pair.base}"),
                    line(f"{pair.remote} {pair.to}"),
                    str(len(pair.checks)),
                    "" if pair.rtt is None else f"{1000 * pair.rtt:.1f} ms",
                    "selected" if pair.text in chosen else line(valid),
                )
    return table


def _conclude(console: Console, record: CallRecord, output: Path) -> None:
    console.print()
    for problem in record.problems:
        console.print(line((problem, "bold red")))
    figures = [f"{record.ended_at - record.began_at:.1f} s"]
    for side in record.sides:
        heard = side.heard
        tone = "no tone" if heard.tone is None else f"{heard.tone:.0f} Hz"
        figures.append(
            f"{side.name} heard {heard.received} of {heard.sent} packets, "
            f"jitter {1000 * heard.jitter:.1f} ms, {tone}"
        )
    style = "bold red" if record.problems else "bold green"
    console.print(line(("failed: " if record.problems else "fine: ", style), "; ".join(figures)))
    console.print(line(f"report {output / 'report.html'}, records {output}/*.jsonl"))
