"""One call: its path, its restart, its media without a bridge, its end."""

from __future__ import annotations

import asyncio

import pytest

from sipice.errors import SessionClosed
from tests.capabilities import require

require("aiosipua", "cli")

from sipice.cli.demo.with_aiosipua import AiosipuaAgent
from sipice.session import DescriptionReady, PathSelected
from tests.plugins.ends import PATIENCE, connected, pair, run


def test_raw_packets_take_the_path_both_ways() -> None:
    async def main() -> None:
        async with pair(AiosipuaAgent, bridge=False) as (alice, bob):
            await alice.call(bob.address)
            await connected(alice, bob)
            ours, theirs = alice.plugin.calls[0], bob.plugin.calls[0]
            assert ours.send(b"\x80ping")
            async with asyncio.timeout(PATIENCE):
                assert await theirs.receive() == b"\x80ping"
                assert theirs.send(b"\x80pong")
                assert await ours.receive() == b"\x80pong"
            counters = ours.counters()
            assert (counters.packets_sent, counters.packets_received) == (1, 1)
            assert not ours.send(b"\x80nowhere", stream=7)
            assert ours.counters(stream=7).packets_sent == 0

    run(main)


def test_a_restart_finds_another_path_by_a_new_offer() -> None:
    async def main() -> None:
        async with pair(AiosipuaAgent) as (alice, bob):
            await alice.call(bob.address)
            await connected(alice, bob)
            call = alice.plugin.calls[0]
            call.restart()
            offers = selected = 0
            async with asyncio.timeout(PATIENCE):
                async for event in call.events():
                    offers += isinstance(event, DescriptionReady)
                    selected += isinstance(event, PathSelected) and event.component == 1
                    if selected == 2:
                        break
            assert offers >= 4  # offer and answer, twice

    run(main)


def test_the_end_is_told_to_whoever_waits() -> None:
    async def main() -> None:
        async with pair(AiosipuaAgent) as (alice, bob):
            await alice.call(bob.address)
            call = alice.plugin.calls[0]
            waiting = asyncio.ensure_future(call.path(stream=5))
            reading = asyncio.ensure_future(_all(call.events()))
            await asyncio.sleep(0)
            await call.close()
            await call.close()
            with pytest.raises(SessionClosed):
                await waiting
            assert await reading > 0
            with pytest.raises(SessionClosed):
                await call.path(stream=5)

    async def _all(events) -> int:  # type: ignore[no-untyped-def]
        return len([event async for event in events])

    run(main)
