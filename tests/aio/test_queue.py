"""A queue that drops its oldest item rather than making its writer wait."""

from __future__ import annotations

import asyncio

import pytest

from sipice.aio.queue import Latest


class EndedError(Exception):
    """What a reader gets at the end."""


def test_a_full_queue_drops_the_oldest_and_counts_it() -> None:
    async def scenario() -> None:
        queue: Latest[int] = Latest(2)
        for number in (1, 2, 3):
            queue.put(number)
        assert queue.dropped == 1
        assert [await queue.get(), await queue.get()] == [2, 3]
        assert len(queue) == 0

    asyncio.run(scenario())


def test_each_item_is_read_by_one_of_several_readers() -> None:
    async def scenario() -> None:
        queue: Latest[int] = Latest(5)
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            readers = [group.create_task(queue.get()) for _ in range(3)]
            await asyncio.wait(readers, timeout=0.01)
            for number in (1, 2, 3):
                queue.put(number)
        assert sorted(reader.result() for reader in readers) == [1, 2, 3]

    asyncio.run(scenario())


def test_a_cancelled_reader_takes_nothing() -> None:
    async def scenario() -> None:
        queue: Latest[int] = Latest(5)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await queue.get()
        queue.put(1)
        assert await queue.get() == 1

    asyncio.run(scenario())


def test_after_the_end_readers_get_what_is_left_and_then_the_error() -> None:
    async def scenario() -> None:
        queue: Latest[int] = Latest(5)
        queue.put(1)
        queue.close(EndedError())
        queue.put(2)
        assert await queue.get() == 1
        with pytest.raises(EndedError):
            await queue.get()

    asyncio.run(scenario())


def test_the_end_wakes_those_who_wait() -> None:
    async def scenario() -> None:
        queue: Latest[int] = Latest(5)
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            reader = group.create_task(_outcome(queue))
            await asyncio.wait([reader], timeout=0.01)
            queue.close(EndedError())
        assert reader.result() == "ended"

    asyncio.run(scenario())


async def _outcome(queue: Latest[int]) -> str:
    try:
        return str(await queue.get())
    except EndedError:
        return "ended"
