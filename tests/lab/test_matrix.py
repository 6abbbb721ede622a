"""Two of ours connect over the best kind of path that a pair of NATs allows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.capabilities import needs, require

require("cli")

from tests.interop.pair import Outcome
from tests.lab import matrix
from tests.lab.flavours import FLAVOURS
from tests.lab.lab import Lab
from tests.lab.matrix import Answer, Cell, Kind, best


@pytest.mark.parametrize(
    ("one", "other", "stun", "turn"),
    [
        ("port", "port", Kind.DIRECT, Kind.DIRECT),
        ("sym", "addr", Kind.DIRECT, Kind.DIRECT),
        ("sym", "none", Kind.DIRECT, Kind.DIRECT),
        ("sym", "fw", Kind.NONE, Kind.RELAYED),
        ("sym", "double", Kind.NONE, Kind.RELAYED),
        ("sym", "sym", Kind.NONE, Kind.RELAYED),
        ("udpblock", "none", Kind.NONE, Kind.RELAYED),
    ],
)
def test_what_is_possible_does_not_depend_on_who_offers(
    one: str, other: str, stun: Kind, turn: Kind
) -> None:
    for pair in ((one, other), (other, one)):
        first, second = (FLAVOURS[name] for name in pair)
        assert best(first, second, has_turn=False) is stun
        assert best(first, second, has_turn=True) is turn


def test_an_answer_worse_than_possible_stands_out() -> None:
    cell = Cell("port", "port", True, "sipice")
    outcome = Outcome("sipice", "sipice", nominated=12.3)
    assert str(Answer(cell, Kind.DIRECT, outcome)) == "direct 12 ms"
    assert str(Answer(cell, Kind.RELAYED, outcome)) == "**relayed 12 ms**"
    assert str(Answer(cell, Kind.NONE, outcome)) == "**no**"
    impossible = cell._replace(answerer="sym", has_turn=False)
    assert str(Answer(impossible, Kind.NONE, outcome)) == "no"


def test_every_pair_is_asked_once_for_each_engine_with_and_without_turn() -> None:
    asked = list(matrix.cells(FLAVOURS, ["one", "two"]))
    assert len(asked) == len(set(asked)) == 45 * 2 * 2
    found = [Answer(cell, cell.best, Outcome("", "", nominated=1.0)) for cell in asked]
    text = "\n".join(matrix.lines([a for a in found if a.cell.engine == "one"], []))
    assert "Measured on" in text


POSSIBLE = [
    Cell(one, other, has_turn, "sipice")
    for one, other, has_turn in (
        ("none", "sym", False),
        ("fw", "port", False),
        ("port", "port", False),
        ("double", "addr", False),
        ("sym", "fullcone", False),
        ("none", "sym", True),
        ("port", "double", True),
        ("sym", "sym", True),
        ("fw", "udpblock", True),
        ("udpblock", "udpblock", True),
        ("tcp443", "sym", True),
        ("tcp443", "tcp443", True),
    )
]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with matrix.laboratory(FLAVOURS) as made:
        yield made


@pytest.mark.lab
@needs("lab", "coturn", "checkout")
@pytest.mark.parametrize("cell", POSSIBLE, ids=lambda cell: f"{cell.offerer}-{cell.answerer}")
def test_the_best_possible_path_is_found(lab: Lab, cell: Cell) -> None:
    found = asyncio.run(matrix.answer(lab, cell))
    assert found.outcome.is_good, found.outcome.error
    assert found.kind is cell.best


@pytest.mark.lab
@needs("lab", "coturn", "checkout")
def test_what_cannot_connect_says_so_at_neither_side(lab: Lab) -> None:
    """RFC 8863: hope ends after 39.5 s, which is longer than this test waits."""
    cell = Cell("sym", "port", False, "sipice")
    found = asyncio.run(matrix.answer(lab, cell))
    assert found.kind is Kind.NONE is cell.best
    for events in found.outcome.events:
        assert not {"valid", "nominated", "failed"} & {event["ev"] for event in events}
