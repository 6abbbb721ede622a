"""What reaches the terminal: width and colour that fit, and no control character from outside."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from typing import TypeVar

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from sipice.cli.printable import printable

FINE, FINDINGS, UNUSABLE = 0, 1, 2
INTERRUPTED, PIPE_CLOSED = 130, 141

PIPE_WIDTH = 100
_SLOW = 20
"""From so many inputs on a terminal gets a progress bar."""

_STEP = 1000

T = TypeVar("T")

_SURROGATE = re.compile("[\ud800-\udfff]")


@contextmanager
def screen() -> Iterator[Console]:
    """Where results go; plain, 100 columns wide and without trailing blanks if no terminal."""
    if sys.stdout.isatty():
        yield Console(markup=False, emoji=False, highlight=False)
        return
    width = None if "COLUMNS" in os.environ else PIPE_WIDTH
    page = StringIO()
    console = Console(file=page, width=width, markup=False, emoji=False, highlight=False)
    try:
        yield console
    finally:
        lines = (text.rstrip(" ") for text in page.getvalue().split("\n"))
        write("\n".join(lines))


def write(result: str | bytes) -> None:
    """Write to stdout; where nobody reads any more the command ends without a word."""
    try:
        if isinstance(result, str):
            sys.stdout.write(result)
        else:
            sys.stdout.flush()
            sys.stdout.buffer.write(result)
        sys.stdout.flush()
    except BrokenPipeError:
        # else the interpreter would try once more at its end, and complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(PIPE_CLOSED) from None


def complain(text: str) -> None:
    """One line on stderr."""
    sys.stdout.flush()
    sys.stderr.write(f"sipice: {printable(text)}\n")


def print_json(document: object) -> None:
    """One JSON document, in ASCII, so that any reader in any locale can take it."""
    write(json.dumps(_encodable(document), indent=2) + "\n")


def _encodable(value: object) -> object:
    """The same without lone surrogates, at which strict readers of JSON stop."""
    if isinstance(value, str):
        return (
            value if value.isascii() else _SURROGATE.sub(lambda found: printable(found[0]), value)
        )
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    return value


def line(*parts: str | tuple[str, str]) -> Text:
    """A line of text, the parts of which may have a style; all of it made printable."""
    shown = Text()
    for part in parts:
        if isinstance(part, str):
            shown.append(printable(part))
        else:
            shown.append(printable(part[0]), style=part[1])
    return shown


def grid(*columns: str, rigid: Collection[str] = ()) -> Table:
    """A table without lines: it survives narrow terminals, pipes and grep.

    A column that begins with ``>`` is flushed right; ``rigid`` ones never wrap.
    """
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        name = column.removeprefix(">")
        table.add_column(
            name,
            justify="right" if column[:1] == ">" else "left",
            overflow="fold",
            no_wrap=name in rigid,
        )
    return table


def hanging(mark: str, text: Text | str) -> Table:
    """A mark and a text that wraps behind it."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text(mark), text if isinstance(text, Text) else line(text))
    return table


@contextmanager
def progress(items: Sequence[T], what: str) -> Iterator[Iterable[T]]:
    """The items, with a bar on stderr when there are many and somebody is looking."""
    if len(items) < _SLOW or not sys.stderr.isatty():
        yield items
        return
    bar = Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        yield bar.track(items, description=what)


def metered(items: Iterable[T]) -> Iterator[T]:
    """The items, with a running count on stderr when it takes long and somebody is looking."""
    if not sys.stderr.isatty():
        yield from items
        return
    columns = SpinnerColumn(), TextColumn("{task.completed:,} packets"), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("packets", total=None)
        for number, item in enumerate(items, 1):
            if number % _STEP == 0:
                shown.update(task, completed=number)
            yield item
