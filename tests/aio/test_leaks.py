"""Nothing is left behind: sockets, tasks, allocations, whatever the moment of cancellation."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Coroutine, Generator
from dataclasses import replace
from types import coroutine
from typing import Any, NamedTuple

from sipice.aio.session import open_session
from sipice.cli.demo.turn_server import TurnServer
from sipice.ice import AgentConfig, IceServer, Pacer, Role, TcpType
from tests.aio.harness import CONFIG, HOST, PATIENCE, Run, on_each_loop
from tests.aio.turn import turn_server

SESSIONS = 40
TCP = (TcpType.ACTIVE, TcpType.PASSIVE)


class Held(NamedTuple):
    """What a process holds."""

    descriptors: int
    tasks: int


async def held() -> Held:
    """Counted after transports have had their turn to close."""
    gc.collect()
    await pause(0.01)
    return Held(len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks()))


async def pause(seconds: float) -> None:
    turn = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(seconds, turn.set_result, None)
    await turn


async def whole_life(config: AgentConfig, pacer: Pacer) -> None:
    """Everything that a session can wait for, once."""
    async with (
        open_session(
            role=Role.CONTROLLING, addresses=[HOST], config=config, pacer=pacer, tcp=TCP
        ) as one,
        open_session(
            role=Role.CONTROLLED, addresses=[HOST], config=config, pacer=pacer, tcp=TCP
        ) as two,
    ):
        await one.gather()
        await two.gather()
        await two.set_remote(one.description())
        await one.set_remote(two.description())
        await one.path()
        await two.path()
        one.send(b"\x80media")
        await two.receive()
        async for _ in one.events():
            break


@coroutine
def cancelled_at(main: Coroutine[Any, Any, None], moment: int) -> Generator[Any, Any, bool]:
    """Run ``main`` and cancel its task when it waits for the ``moment``-th time.

    False when it came to its end before.
    """
    task = asyncio.current_task()
    assert task is not None
    step: Callable[[Any], Any] = main.send
    argument: Any = None
    count = 0
    while True:
        try:
            waits_for = step(argument)
        except StopIteration:
            return False
        count += 1
        if count == moment:
            task.cancel()
        try:
            step, argument = main.send, (yield waits_for)
        except BaseException as error:
            step, argument = main.throw, error


@on_each_loop
def test_many_sessions_leave_nothing_behind(run: Run) -> None:
    async def scenario() -> None:
        pacer = Pacer(0.0)
        config = replace(CONFIG, ice_tcp=True)
        await whole_life(config, pacer)
        before = await held()
        async with asyncio.timeout(3 * PATIENCE):
            await asyncio.gather(*(whole_life(config, pacer) for _ in range(SESSIONS)))
        assert await held() == before

    run(scenario())


@on_each_loop
def test_cancelled_at_any_moment_a_session_leaves_nothing_behind(run: Run) -> None:
    async def scenario() -> None:
        with turn_server() as (server, known):
            config = replace(CONFIG, ice_tcp=True, servers=(known,), ta=0.005)
            await whole_life(config, Pacer(0.0))  # what a loop makes once, it keeps
            before = await held()
            moment = 1
            while await _one_life(config, moment):
                moment += 1
                assert await held() == before, f"cancelled at its wait number {moment}"
                assert server.allocations == {}
            assert moment > 7, "gathering, the paths, media and both ends of closing"

    run(scenario())


async def _one_life(config: AgentConfig, moment: int) -> bool:
    """Whether a session was cancelled at this moment; it may have been over before."""

    async def life() -> bool:
        return await cancelled_at(whole_life(config, Pacer(0.0)), moment)

    task = asyncio.ensure_future(life())
    await asyncio.wait([task], timeout=PATIENCE)
    return task.cancelled()


def test_a_session_gives_its_allocation_back() -> None:
    async def scenario() -> None:
        with turn_server() as (server, known):
            await _with_allocation(server, known)
            assert server.allocations == {}

    asyncio.run(scenario())


async def _with_allocation(server: TurnServer, known: IceServer) -> None:
    config = replace(CONFIG, servers=(known,))
    async with open_session(role=Role.CONTROLLING, addresses=[HOST], config=config) as session:
        assert await session.gather(PATIENCE)
        assert len(server.allocations) == 1
