"""``sipice show``: what descriptions say, and what a peer will conclude from them."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated

import typer
from rich.console import Console

from sipice.cli.calls import CallView, DialogView, ExchangeView
from sipice.cli.inputs import Kind
from sipice.cli.opened import Opened, as_sequence, open_input
from sipice.cli.printable import counted
from sipice.cli.render import HEADING, ODD, render_report
from sipice.cli.render_calls import render_calls
from sipice.cli.report import report
from sipice.cli.terminal import (
    FINE,
    UNUSABLE,
    complain,
    hanging,
    line,
    metered,
    print_json,
    progress,
    screen,
)

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
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
        str | None,
        typer.Option("--call", metavar="N|CALL-ID", help="Of a capture only this call, in full."),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Of a capture every description in full.")
    ] = False,
) -> None:
    """Show streams, candidates and destinations, and what a peer will conclude."""
    with progress(files, "reading") as names:
        opened = [_only(open_input(name, metered), call) for name in names]
    if sequence:
        opened = as_sequence(opened)
    if json:
        print_json({"inputs": [as_json(each, secrets=secrets) for each in opened]})
    else:
        with screen() as console:
            for number, each in enumerate(each for each in opened if each.error is None):
                if number:
                    console.print()
                _render(console, each, full=verbose or call is not None, secrets=secrets)
    for each in opened:
        if each.error is not None:
            complain(f"{each.name} {each.error}")
    raise typer.Exit(UNUSABLE if any(each.error for each in opened) else FINE)


def _only(opened: Opened, wanted: str | None) -> Opened:
    """A capture with one of its calls, named by its number or its Call-ID."""
    if wanted is None or not opened.calls:
        return opened
    calls = [call for call in opened.calls if wanted in (str(call.number), call.call_id)]
    if calls:
        return replace(opened, calls=tuple(calls[:1]))
    count = counted(len(opened.calls), "call")
    return Opened(name=opened.name, error=f"has {count} and no call {wanted}")


def as_json(opened: Opened, *, secrets: bool) -> dict[str, object]:
    """One input in the shape of docs/cli.md."""
    return {
        "name": opened.name,
        "kind": opened.kind,
        "error": opened.error,
        "notes": opened.notes,
        "messages": opened.messages,
        "descriptions": [asdict(report(one, secrets=secrets)) for one in opened.found],
        "calls": [_call_json(call, secrets=secrets) for call in opened.calls],
    }


def _call_json(call: CallView, *, secrets: bool) -> dict[str, object]:
    return {
        "number": call.number,
        "call_id": call.call_id,
        "started": call.started,
        "from": call.parties[0],
        "to": call.parties[1],
        "unmatched": call.unmatched,
        "problems": call.problems,
        "dialogs": [_dialog_json(dialog, secrets=secrets) for dialog in call.dialogs],
    }


def _dialog_json(dialog: DialogView, *, secrets: bool) -> dict[str, object]:
    plain = ("number", "from_tag", "to_tag", "source", "destination", "state")
    return {
        **{name: getattr(dialog, name) for name in plain},
        "exchanges": [_exchange_json(one, secrets=secrets) for one in dialog.exchanges],
        "fragments": [asdict(report(one, secrets=secrets)) for one in dialog.fragments],
    }


def _exchange_json(exchange: ExchangeView, *, secrets: bool) -> dict[str, object]:
    plain = ("number", "pattern", "outcome", "status", "repeats", "remarks")
    found = {"offer": exchange.offer, "preview": exchange.preview, "answer": exchange.answer}
    return {
        **{name: getattr(exchange, name) for name in plain},
        **{
            name: None if one is None else asdict(report(one, secrets=secrets))
            for name, one in found.items()
        },
    }


def _render(console: Console, opened: Opened, *, full: bool, secrets: bool) -> None:
    if opened.messages is not None:
        _render_head(console, opened)
        render_calls(console, opened.calls, full=full, secrets=secrets)
    for number, one in enumerate(opened.found):
        if number:
            console.print()
        render_report(console, report(one, secrets=secrets))


def _render_head(console: Console, opened: Opened) -> None:
    kind = "capture" if opened.kind is Kind.CAPTURE else "text"
    messages = counted(opened.messages or 0, "SIP message")
    calls = counted(len(opened.calls), "call")
    console.print(line((opened.name, HEADING), f"  {kind}, {messages}, {calls}"))
    for note in opened.notes:
        console.print(hanging("  !", line((note, ODD))))
