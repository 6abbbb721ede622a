"""The sipp scenarios against each other: what they do with a stack is then the stack's doing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.capabilities import needs
from tests.plugins.sipp import SCENARIOS, Result, Sipp

pytestmark = needs("sipp")

PAIRS = [
    ("uac", "uas"),
    ("uac", "uas_183"),
    ("uac_prack", "uas_prack"),
    ("uac_update", "uas_update"),
    ("uac_reinvite", "uas_reinvite"),
    ("uac_cancel", "uas_cancel"),
    ("uac_offerless", "uas_offerless"),
    ("uac_challenge", "uas_challenge"),
    ("uac_t38", "uas_t38"),
    ("uac_fork", "uas_fork"),
    ("uac_asked", "uas_asks"),
    ("uac_vouched", "uas_vouched"),
]


class Call(NamedTuple):
    """Two scenarios, and how they meet."""

    caller: str
    callee: str
    ice: bool = False
    transport: str = "udp"


CALLS = [Call(*pair, ice=ice) for pair in PAIRS for ice in (False, True)]
OVER_TCP = [Call(*pair, transport="tcp") for pair in PAIRS[:3]]
AT_ODDS = Call("uac_prack", "uas")
AT_ONCE = 9

Played = dict[Call, tuple[Result, Result] | BaseException]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """All calls, several at a time: they consist of pauses."""
    return asyncio.run(play_all([*CALLS, *OVER_TCP, AT_ODDS], tmp_path_factory.mktemp("sipp")))


async def play_all(calls: list[Call], folder: Path) -> Played:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, call: Call) -> tuple[Result, Result]:
        async with places:
            return await play(call, folder / str(number))

    each = (one(number, call) for number, call in enumerate(calls))
    results = await asyncio.gather(*each, return_exceptions=True)
    return dict(zip(calls, results, strict=True))


async def play(call: Call, folder: Path) -> tuple[Result, Result]:
    more: dict[str, Any] = {"ice": call.ice, "transport": call.transport}
    async with Sipp(call.callee, folder / "callee", **more) as answering:
        where = answering.address
        async with Sipp(call.caller, folder / "caller", remote=where, **more) as calling:
            return await calling.result(), await answering.result()


def result_of(played: Played, call: Call) -> tuple[Result, Result]:
    found = played[call]
    if isinstance(found, BaseException):
        raise found
    return found


def named(call: Call) -> str:
    return "-".join((call.caller, call.callee, "ice" if call.ice else "plain"))


@pytest.mark.parametrize("call", CALLS, ids=named)
def test_the_scenarios_fit_each_other(call: Call, played: Played) -> None:
    for result in result_of(played, call):
        assert result.is_good, result.log
        assert ("a=candidate:1 1 UDP" in result.log) is call.ice


@pytest.mark.parametrize("call", OVER_TCP, ids=named)
def test_they_do_over_tcp(call: Call, played: Played) -> None:
    for result in result_of(played, call):
        assert result.is_good, result.log


def test_a_call_that_does_not_go_as_written_is_a_failure(played: Played) -> None:
    caller, _ = result_of(played, AT_ODDS)
    assert not caller.is_good


def test_every_scenario_is_played() -> None:
    played = {name for pair in PAIRS for name in pair}
    assert played == {path.stem for path in SCENARIOS.glob("*.xml")}
