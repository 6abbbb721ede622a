"""The demonstration call, with both stacks, on the loopback and behind simulated NATs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.capabilities import require

require("aiosipua", "aiosip", "cli")

from sipice.cli.demo.network import NatKind
from sipice.cli.demo.play import MakeAgent, Plan, play
from sipice.cli.demo.record import CallRecord
from sipice.cli.demo.with_aiosip import AiosipAgent
from sipice.cli.demo.with_aiosipua import AiosipuaAgent
from sipice.errors import SessionFailed

STACKS: dict[str, MakeAgent] = {"aiosipua": AiosipuaAgent, "aiosip": AiosipAgent}
FAST = [("aiosipua", None), ("aiosip", NatKind.SYMMETRIC)]
LONG = [(stack, nat) for stack in STACKS for nat in (None, *NatKind)]


def played(folder: Path, stack: str, nat: NatKind | None) -> CallRecord:
    plan = Plan(stack=stack, make=STACKS[stack], nat=nat, seconds=0.3, folder=folder)
    return asyncio.run(play(plan, lambda _: None))


@pytest.mark.parametrize(
    ("stack", "nat"),
    [*FAST, *(pytest.param(*case, marks=pytest.mark.long) for case in LONG if case not in FAST)],
)
def test_the_whole_call(tmp_path: Path, stack: str, nat: NatKind | None) -> None:
    record = played(tmp_path, stack, nat)
    assert record.problems == []
    steps = [moment.text for moment in record.moments if "selects" not in moment.text]
    assert steps == [
        "alice calls", "bob answered", "alice holds", "alice resumes", "alice restarts ICE",
        "alice hangs up",
    ]  # fmt: skip
    for side in record.sides:
        assert side.heard.is_right
        assert side.heard.received > 20
        [story] = side.stories
        assert [run.state for run in story.runs] == ["connected", "connected"]
        relayed = {part.selections[-1].is_relayed for run in story.runs for part in
                   run.parts.values() if part.selections}  # fmt: skip
        assert relayed == {nat is NatKind.SYMMETRIC}
    assert {one.what for one in record.described} == {"offer", "answer"}
    assert all(b"a=candidate" in one.after for one in record.described)
    assert not any(b"a=candidate" in one.before for one in record.described)


class Deaf(AiosipuaAgent):
    """An agent that hears nothing."""

    async def start(self) -> None:
        await super().start()
        self.phone.voice.datagram_received = lambda data, addr: None  # type: ignore[method-assign]


class Refusing(AiosipuaAgent):
    """An agent that answers no call."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self._uas.on_invite = lambda call: call.reject(486)


class Lost(AiosipuaAgent):
    """An agent whose call gets no path."""

    async def call(self, peer: tuple[str, int]) -> None:
        raise SessionFailed(0, "no stream has a path")


@pytest.mark.parametrize(
    ("make", "problem"),
    [(Deaf, "alice heard nothing"), (Refusing, "486 Busy Here"), (Lost, "no stream has a path")],
)
def test_what_goes_wrong_is_told(tmp_path: Path, make: MakeAgent, problem: str) -> None:
    plan = Plan(stack="aiosipua", make=make, nat=None, seconds=0.3, folder=tmp_path)
    record = asyncio.run(play(plan, lambda _: None))
    assert any(problem in one for one in record.problems)
