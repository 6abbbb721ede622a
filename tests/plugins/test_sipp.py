"""The sipp scenarios against each other: what they do with a stack is then the stack's doing."""

from __future__ import annotations

import asyncio
from pathlib import Path

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


async def play(
    caller: str, callee: str, folder: Path, *, ice: bool = False, transport: str = "udp"
) -> tuple[Result, Result]:
    async with Sipp(callee, folder / "callee", ice=ice, transport=transport) as answering:
        where = answering.address
        async with Sipp(
            caller, folder / "caller", remote=where, ice=ice, transport=transport
        ) as calling:
            return await calling.result(), await answering.result()


@pytest.mark.parametrize("ice", [False, True], ids=["plain", "ice"])
@pytest.mark.parametrize(("caller", "callee"), PAIRS)
def test_the_scenarios_fit_each_other(caller: str, callee: str, ice: bool, tmp_path: Path) -> None:
    for result in asyncio.run(play(caller, callee, tmp_path, ice=ice)):
        assert result.is_good, result.log
        assert ("a=candidate:1 1 UDP" in result.log) is ice


@pytest.mark.parametrize(("caller", "callee"), PAIRS[:3])
def test_they_do_over_tcp(caller: str, callee: str, tmp_path: Path) -> None:
    for result in asyncio.run(play(caller, callee, tmp_path, transport="tcp")):
        assert result.is_good, result.log


def test_a_call_that_does_not_go_as_written_is_a_failure(tmp_path: Path) -> None:
    caller, _ = asyncio.run(play("uac_prack", "uas", tmp_path))
    assert not caller.is_good


def test_every_scenario_is_played() -> None:
    played = {name for pair in PAIRS for name in pair}
    assert played == {path.stem for path in SCENARIOS.glob("*.xml")}
