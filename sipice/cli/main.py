"""``sipice``: puts the subcommands together and sees to it that each ends well."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, NoReturn

import typer

from sipice import __version__
from sipice.cli.terminal import FINE

MODULES = {
    "show": "sipice.cli.show",
    "lint": "sipice.cli.lint",
    "explain": "sipice.cli.explain",
    "gather": "sipice.cli.gather",
    "nat": "sipice.cli.nat",
    "connect": "sipice.cli.connect",
    "demo": "sipice.cli.demo.command",
    "rewrite": "sipice.cli.rewrite",
}
"""Where each subcommand is."""


def program(*names: str) -> typer.Typer:
    """The command with these subcommands, or with all."""
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
    app.callback()(_main)
    for name in names or MODULES:
        module = import_module(MODULES[name])
        if name == "rewrite":
            app.add_typer(module.app, name=name)
        else:
            app.command()(getattr(module, name))
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sipice {__version__}")
        raise typer.Exit(FINE)


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
    asked = [word for word in sys.argv[1:2] if word in MODULES]
    program(*asked)()  # one subcommand starts in half the time of all
    sys.exit(FINE)
