"""``sipice``: puts the subcommands together and sees to it that each ends well."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from sipice import __version__
from sipice.cli import rewrite
from sipice.cli.connect import connect
from sipice.cli.demo.command import demo
from sipice.cli.explain import explain
from sipice.cli.gather import gather
from sipice.cli.lint import lint
from sipice.cli.nat import nat
from sipice.cli.show import show
from sipice.cli.terminal import FINE

app = typer.Typer(
    name="sipice",
    help="ICE for SIP: look at descriptions, find their faults, change them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 fine, 1 findings, 2 unusable input.",
)
app.command()(show)
app.command()(lint)
app.command()(explain)
app.command()(gather)
app.command()(nat)
app.command()(connect)
app.command()(demo)
app.add_typer(rewrite.app, name="rewrite")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sipice {__version__}")
        raise typer.Exit(FINE)


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    pass


def run() -> NoReturn:
    """Run the command line and leave the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # a locale that cannot show a name shows an escape
            reconfigure(errors="backslashreplace")
    app()
    sys.exit(FINE)
