"""docs/interop.md: measured sections between marks, each with its date and versions."""

from __future__ import annotations

import datetime
import importlib.metadata
import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import sipice
from tests.capabilities import found
from tests.interop.peers import peer_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "interop.md"


def write(name: str, lines: Iterable[str], page: Path = PAGE) -> None:
    """Puts the lines between the marks of a section; KeyError when the page has none."""
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->\n"
    text = page.read_text()
    if begin not in text or end not in text:
        raise KeyError(name)
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    page.write_text(head + begin + "\n".join([*lines, ""]) + end + tail)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def provenance(peers: Iterable[str]) -> str:
    """When and with what: the date, and the version of each peer."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    names = dict.fromkeys(name.partition(":")[0] for name in peers)
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return f"Measured on {today} with {versions}."


def version(name: str) -> str:
    """The version of a peer, as its package tells it."""
    peer, _ = peer_of(name)
    match peer.package:
        case ("pypi", package):
            return importlib.metadata.version(package)
        case ("peers", capability):
            return found(capability)
        case ("debian", package):
            return _debian(package)
        case _:
            return sipice.__version__


def _debian(package: str) -> str:
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True
    )
    return re.sub(r"^\d+:", "", done.stdout) or "of an unknown version"
