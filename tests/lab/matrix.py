"""Every pair of NAT flavours, with and without TURN: who connects, and over what kind of path.

    python -m tests.lab.matrix [--peers sipice,aioice,nice] [--flavours a,b,...] [--page]

Prints the matrix and says where an engine was worse than possible; ``--page`` writes the section of
docs/interop.md. Needs root, or a shell that ``unshare -Urnm`` has started.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import partial
from itertools import combinations_with_replacement
from typing import NamedTuple

from tests.interop import page
from tests.interop.pair import Outcome, Side, run
from tests.lab import coturn, spaces
from tests.lab.flavours import FLAVOURS, Flavour
from tests.lab.lab import Lab
from tests.lab.topology import SERVER

ENGINES = ("sipice", "aioice", "nice")
AT_ONCE = 3
PATIENCE = 15.0
"""Seconds; the longest way to success takes 3 on a machine that has nothing else to do."""


class Kind(Enum):
    """Of a path, the better first."""

    DIRECT = "direct"
    RELAYED = "relayed"
    NONE = "none"


class Cell(NamedTuple):
    """One question."""

    offerer: str
    answerer: str
    """The flavours of the two sites."""
    has_turn: bool
    engine: str
    """On both sides."""

    @property
    def best(self) -> Kind:
        return best(FLAVOURS[self.offerer], FLAVOURS[self.answerer], has_turn=self.has_turn)


class Answer(NamedTuple):
    """What came out."""

    cell: Cell
    kind: Kind
    outcome: Outcome

    @property
    def is_best(self) -> bool:
        return self.kind is self.cell.best

    def __str__(self) -> str:
        if self.kind is Kind.NONE:
            return "no" if self.is_best else "**no**"
        text = f"{self.kind.value} {self.outcome.nominated:.0f} ms"
        return text if self.is_best else f"**{text}**"


def best(one: Flavour, other: Flavour, *, has_turn: bool) -> Kind:
    """The best path that two full agents can find, with STUN and perhaps TURN on both sides."""
    if one.lets_udp_out and other.lets_udp_out and _meets(one, other) and _meets(other, one):
        return Kind.DIRECT
    return Kind.RELAYED if has_turn else Kind.NONE


def _meets(one: Flavour, other: Flavour) -> bool:
    """Whether what ``one`` sends can be let in by ``other``, who knows its mapped address only.

    From another port for each destination it comes as a stranger.
    """
    return one.mapping != "APDM" or other.filtering != "APDF"


def servers(flavour: Flavour, *, has_turn: bool) -> tuple[str, ...]:
    """The options of a driver behind this flavour: the fastest servers that it can reach."""
    stun = ("--stun", f"{SERVER}:{coturn.PORT}") if flavour.lets_udp_out else ()
    if not has_turn:
        return stun
    return (*stun, "--turn", turn(flavour))


def turn(flavour: Flavour) -> str:
    """How TURN is reached from behind this flavour."""
    if flavour.lets_udp_out:
        return f"udp:{SERVER}:{coturn.PORT}"
    if coturn.PORT in flavour.tcp_ports:
        return f"tcp:{SERVER}:{coturn.PORT}"
    return f"tls:{SERVER}:{coturn.TLS_PORT}"


def cells(flavours: Iterable[str], engines: Iterable[str]) -> Iterator[Cell]:
    """All questions; those of one cell follow each other, to be compared in the same minute."""
    engines = tuple(engines)
    for offerer, answerer in combinations_with_replacement(flavours, 2):
        for has_turn in (False, True):
            for engine in engines:
                yield Cell(offerer, answerer, has_turn, engine)


def laboratory(flavours: Iterable[str]) -> Lab:
    """Two sites of each flavour: a-NAME, where offers come from, and b-NAME."""
    return Lab({f"{side}-{name}": name for name in flavours for side in "ab"}, ipv6="off")


async def answer(lab: Lab, cell: Cell) -> Answer:
    """One session."""
    offerer = _side(lab, cell, "a", cell.offerer)
    outcome = await run(offerer, _side(lab, cell, "b", cell.answerer), seconds=PATIENCE)
    return Answer(cell, kind_of(outcome), outcome)


def _side(lab: Lab, cell: Cell, site: str, flavour: str) -> Side:
    options = servers(FLAVOURS[flavour], has_turn=cell.has_turn)
    if cell.engine == "sipice":
        options += ("--certificate", str(lab.certificate))
    return Side(peer=cell.engine, enter=partial(lab.enter, f"{site}-{flavour}"), options=options)


def kind_of(outcome: Outcome) -> Kind:
    """By the addresses of the offerer's pair: a relayed one may have become known as a peer's."""
    if not outcome.is_good:
        return Kind.NONE
    pair = next(event for event in outcome.events[0] if event["ev"] == "nominated")
    is_relayed = any(f" {SERVER} " in pair[end] for end in ("local", "remote"))
    return Kind.RELAYED if is_relayed else Kind.DIRECT


async def answers(lab: Lab, asked: Iterable[Cell]) -> list[Answer]:
    """The answers in the order of the questions, some sessions at the same time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(cell: Cell) -> Answer:
        async with gate:
            found = await answer(lab, cell)
        if not found.is_best:
            sys.stderr.write(f"{cell}: {found.kind}, {found.outcome.error}\n")
        return found

    return await asyncio.gather(*map(one, asked))


def lines(found: list[Answer], engines: Iterable[str]) -> list[str]:
    """The section of the page."""
    engines = tuple(engines)
    columns = [(engine, has_turn) for has_turn in (False, True) for engine in engines]
    by_cell = {answer.cell: answer for answer in found}
    pairs = dict.fromkeys((answer.cell.offerer, answer.cell.answerer) for answer in found)
    rows = [
        [f"{one} – {two}", *(str(by_cell[Cell(one, two, turn, name)]) for name, turn in columns)]
        for one, two in pairs
    ]
    head = [f"{name}, {'TURN' if has_turn else 'STUN'}" for name, has_turn in columns]
    counts = [
        f"{sum(answer.is_best for answer in mine)} of {len(mine)}"
        for name, has_turn in columns
        if (mine := [a for a in found if (a.cell.engine, a.cell.has_turn) == (name, has_turn)])
    ]
    return [
        page.provenance(engines),
        "",
        *page.table(["offerer – answerer", *head], [*rows, ["as good as possible", *counts]]),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--peers", default=",".join(ENGINES))
    parser.add_argument("--flavours", default=",".join(FLAVOURS))
    parser.add_argument("--page", action="store_true", help="write docs/interop.md")
    asked = parser.parse_args()
    engines, flavours = asked.peers.split(","), asked.flavours.split(",")
    spaces.own_run()
    with laboratory(flavours) as lab:
        found = asyncio.run(answers(lab, cells(flavours, engines)))
    text = lines(found, engines)
    sys.stdout.writelines(f"{line}\n" for line in text)
    if asked.page:
        page.write("matrix", text)


if __name__ == "__main__":
    main()
