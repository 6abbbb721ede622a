"""Every trace the project has: hand-made, generated, recorded and, where present, foreign."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.tracedir import traces_dir
from tests.traces.generated import GENERATED

HERE = Path(__file__).parent
_BODIES = {".sdp", ".sdpfrag", ".fuzz"}


class Trace(NamedTuple):
    """One body and the name under which a failing test speaks of it."""

    name: str
    data: bytes

    @property
    def is_fragment(self) -> bool:
        return self.name.endswith(".sdpfrag")


def own_traces() -> Iterator[Trace]:
    """Synthetic, generated and recorded bodies; they are always there."""
    for folder in ("synthetic", "recorded"):
        yield from _bodies(HERE / folder, HERE)
    for name, make in GENERATED.items():
        yield Trace(name, make())


def foreign_traces(chunk: int = 0, chunks: int = 1) -> Iterator[Trace]:
    """The bodies of the foreign set, each once, or every n-th of them; none where it is absent."""
    folder = traces_dir()
    if folder is not None:
        yield from _foreign(folder)[chunk::chunks]


@cache
def _foreign(folder: Path) -> list[Trace]:
    """Several projects test with the same bodies; one name for each will do."""
    found = {(trace.data, trace.is_fragment): trace for trace in _bodies(folder, folder)}
    return list(found.values())


def read(name: str) -> bytes:
    """The bytes of one own trace by the name that quirks.csv gives it."""
    make = GENERATED.get(name)
    return make() if make is not None else (HERE / name).read_bytes()


def _bodies(folder: Path, root: Path) -> Iterator[Trace]:
    for path in _paths(folder):
        yield Trace(str(path.relative_to(root)), path.read_bytes())


def _paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in _BODIES)
