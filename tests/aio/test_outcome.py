"""What those who wait for a path are told, over failures and restarts."""

from __future__ import annotations

import asyncio

import pytest

from sipice.aio.driver import Driver
from sipice.aio.media import MediaPort
from sipice.aio.outcome import Outcome
from sipice.errors import SessionClosed, SessionFailed
from sipice.ice import (
    Candidate,
    CandidateType,
    Event,
    Failure,
    GatheringFinished,
    Loss,
    MediaChanged,
    PairSelected,
    PathLost,
    RestartFinished,
    StreamFailed,
    StreamResumed,
)
from sipice.net import SILENT, MediaTable, Path
from tests.aio.doubles import BASE, THERE, MemoryEndpoint, ScriptedCore, spawn
from tests.aio.harness import PATIENCE

PATH = Path(BASE, THERE, THERE)
OTHER = PATH._replace(peer=BASE.address)
CANDIDATE = Candidate(1, CandidateType.HOST, THERE, 1, "1")


class Rig:
    """An outcome fed by hand."""

    def __init__(self) -> None:
        core = ScriptedCore()
        driver: Driver[str] = Driver(core, lambda _: None, spawn=spawn)
        driver.add(BASE, MemoryEndpoint())
        self.outcome = Outcome()
        self.port = MediaPort(core, driver, 0, 1, limit=1)

    def happen(self, *events: Event) -> None:
        for event in events:
            if isinstance(event, MediaChanged):
                self.port.apply(event.table)
            self.outcome.note(event)

    async def path(self) -> Path:
        async with asyncio.timeout(PATIENCE):
            return await self.outcome.path(self.port)

    async def undecided(self) -> bool:
        waiting = asyncio.ensure_future(self.path())
        done, _ = await asyncio.wait([waiting], timeout=0.01)
        waiting.cancel()
        return not done


def media(path: Path | None, generation: int = 1) -> MediaChanged:
    return MediaChanged(0, generation, 1, SILENT if path is None else MediaTable(path))


def selected(path: Path = PATH, generation: int = 1) -> PairSelected:
    return PairSelected(0, generation, 1, path, CANDIDATE, CANDIDATE)


def test_a_path_is_there_once_its_pair_is_selected() -> None:
    async def scenario() -> None:
        rig = Rig()
        waiting = asyncio.ensure_future(rig.path())
        rig.happen(media(PATH))
        assert await rig.undecided(), "valid, and media may use it, but not selected"
        rig.happen(selected())
        assert await waiting == PATH

    asyncio.run(scenario())


def test_a_failure_is_raised_with_its_reason_until_the_stream_resumes() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.happen(StreamFailed(0, 1, Failure.NO_VALID_PAIR))
        with pytest.raises(SessionFailed) as caught:
            await rig.path()
        assert (caught.value.stream, caught.value.reason) == (0, Failure.NO_VALID_PAIR.value)
        rig.happen(StreamResumed(0, 1))
        assert await rig.undecided()
        rig.happen(selected(), media(PATH))
        assert await rig.path() == PATH

    asyncio.run(scenario())


def test_a_restart_that_fails_leaves_the_path_that_carries_media() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.happen(selected(), media(PATH), StreamFailed(0, 2, Failure.NO_VALID_PAIR))
        assert await rig.path() == PATH

    asyncio.run(scenario())


def test_after_a_lost_path_a_restart_brings_the_next_one() -> None:
    async def scenario() -> None:
        rig = Rig()
        lost = PathLost(0, 1, 1, Loss.CONSENT_EXPIRED)
        rig.happen(selected(), media(PATH), lost, media(None))
        with pytest.raises(SessionFailed, match="consent"):
            await rig.path()
        rig.happen(RestartFinished(0, 2))
        assert await rig.undecided()
        rig.happen(selected(OTHER, 2), media(OTHER, 2))
        assert await rig.path() == OTHER

    asyncio.run(scenario())


def test_gathering_is_noted_by_stream_and_begins_anew() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.happen(GatheringFinished(0, 1))
        assert rig.outcome.has_gathered([0])
        assert not rig.outcome.has_gathered([0, 1])
        rig.happen(GatheringFinished(1, 2))
        assert rig.outcome.has_gathered([0, 1])
        rig.outcome.begin_gathering()
        assert not rig.outcome.has_gathered([0])

    asyncio.run(scenario())


def test_the_end_is_told_to_those_who_wait() -> None:
    async def scenario() -> None:
        rig = Rig()
        waiting = asyncio.ensure_future(rig.path())
        await asyncio.wait([waiting], timeout=0.01)
        rig.outcome.close()
        with pytest.raises(SessionClosed):
            await waiting

    asyncio.run(scenario())
