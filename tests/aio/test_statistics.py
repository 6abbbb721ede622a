"""The figures of a session, collected from its agent and its ports."""

from __future__ import annotations

import asyncio
from random import Random

from sipice.aio.driver import Driver
from sipice.aio.media import MediaPort
from sipice.aio.statistics import collect
from sipice.ice import Agent, Event, Role
from sipice.net import MediaTable, Path, Source
from tests.aio.doubles import BASE, THERE, MemoryEndpoint, spawn


def test_figures_are_those_of_the_moment() -> None:
    async def scenario() -> None:
        agent = Agent(role=Role.CONTROLLING, rng=Random(1))
        driver: Driver[Event] = Driver(agent, lambda _: None, spawn=spawn)
        endpoint = MemoryEndpoint()
        driver.add(BASE, endpoint)
        port = MediaPort(agent, driver, 0, 1, limit=1)
        path = Path(BASE, THERE, THERE)
        port.apply(MediaTable(path, frozenset({Source(BASE, THERE)})))
        for _ in range(3):
            endpoint.routes[THERE](b"\x80abc")
        found = collect(agent, [port], dropped_events=7)
        endpoint.routes[THERE](b"\x80later")
        [figures] = found.paths
        assert (figures.stream, figures.component, figures.path) == (0, 1, path)
        assert (figures.media.packets_received, figures.dropped) == (3, 2)
        assert figures.rtt is None
        assert (found.pairs, found.dropped_events) == ((), 7)
        driver.stop()

    asyncio.run(scenario())
