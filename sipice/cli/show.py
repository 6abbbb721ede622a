"""``sipice show``: what descriptions say, and what a peer will conclude from them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from sipice.cli.opened import Opened, link_files, open_input
from sipice.cli.render import render_report
from sipice.cli.report import report
from sipice.cli.terminal import FINE, UNUSABLE, complain, print_json, progress, screen

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        help="SDP, trickle fragments, SIP messages, pcap or pcapng captures; - is stdin.",
    ),
]


def show(
    files: Files,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    secrets: Annotated[
        bool, typer.Option("--secrets", help="Show passwords, not only their lengths.")
    ] = False,
    sequence: Annotated[
        bool,
        typer.Option("--sequence", help="The files are offer, answer, offer ... of one call."),
    ] = False,
    call: Annotated[
        int | None,
        typer.Option("--call", metavar="N", min=1, help="Of a capture only call N, in full."),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Of a capture every description in full.")
    ] = False,
) -> None:
    """Show streams, candidates and destinations, and what a peer will conclude."""
    with progress(files, "reading") as names:
        opened = link_files([open_input(name) for name in names], sequence=sequence)
    if json:
        print_json({"inputs": [as_json(each, secrets=secrets) for each in opened]})
    else:
        with screen() as console:
            for number, each in enumerate(each for each in opened if each.error is None):
                if number:
                    console.print()
                _render(console, each, secrets=secrets)
    for each in opened:
        if each.error is not None:
            complain(f"{each.name} {each.error}")
    raise typer.Exit(UNUSABLE if any(each.error for each in opened) else FINE)


def as_json(opened: Opened, *, secrets: bool) -> dict[str, object]:
    """One input in the shape of docs/cli.md."""
    return {
        "name": opened.name,
        "kind": opened.kind,
        "error": opened.error,
        "notes": opened.notes,
        "descriptions": [asdict(report(one, secrets=secrets)) for one in opened.found],
    }


def _render(console: Console, opened: Opened, *, secrets: bool) -> None:
    for number, one in enumerate(opened.found):
        if number:
            console.print()
        render_report(console, report(one, secrets=secrets))
