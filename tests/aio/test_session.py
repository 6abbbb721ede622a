"""The façade: two programs' worth of sessions in one, over loopback sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from sipice.aio.session import Session
from sipice.errors import SessionClosed
from sipice.ice import Event, PairSelected, StreamCompleted
from tests.aio.harness import Run, introduce, on_each_loop, two_sessions


@on_each_loop
@pytest.mark.parametrize(("streams", "components"), [(1, 1), (2, 1), (1, 2)])
def test_two_sessions_select_mirrored_paths_and_carry_media(
    run: Run, streams: int, components: int
) -> None:
    async def scenario() -> None:
        async with two_sessions(streams=streams, components=components) as (one, two):
            await introduce(one, two, streams)
            for stream in range(streams):
                for component in range(1, components + 1):
                    ours = await one.path(stream, component)
                    theirs = await two.path(stream, component)
                    assert ours.to == theirs.base.address
                    assert theirs.to == ours.base.address
                    packet = b"\x80%d %d" % (stream, component)
                    assert one.send(packet, stream, component)
                    assert await two.receive(stream, component) == packet
                    assert two.send(packet, stream, component)
                    assert await one.receive(stream, component) == packet

    run(scenario())


def test_events_come_in_order_and_end_with_the_session() -> None:
    async def scenario() -> None:
        async with two_sessions() as (one, two):
            await introduce(one, two)
            seen = [type(event) async for event in _until_completed(one)]
            assert seen.index(PairSelected) < seen.index(StreamCompleted)
        assert [event async for event in one.events()] == []
        with pytest.raises(SessionClosed):
            await one.receive()

    asyncio.run(scenario())


async def _until_completed(session: Session) -> AsyncIterator[Event]:
    async for event in session.events():
        yield event
        if isinstance(event, StreamCompleted):
            return
