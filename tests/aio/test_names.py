"""Lookups on behalf of a core: each on its own, cancelled, failed, in .local."""

from __future__ import annotations

import asyncio

from sipice.aio.driver import Driver
from sipice.aio.resolver import Resolver
from sipice.net import Address, CancelResolve, QueryKind, Resolve
from tests.aio.dns import name_server
from tests.aio.doubles import ScriptedCore
from tests.aio.harness import PATIENCE, Run, on_each_loop

ALIVE = Resolve(QueryKind.HOST, "alive.example.org", 3478)
DEAD = Resolve(QueryKind.HOST, "dead.example.org", 3478)
MISSING = Resolve(QueryKind.HOST, "missing.example.org", 3478)
PLAIN = Resolve(QueryKind.MDNS, "printer.local")


class Rig:
    """A driver with a core that asks for names."""

    def __init__(self, group: asyncio.TaskGroup, nameserver: Address) -> None:
        self.core = ScriptedCore()
        self.driver: Driver[str] = Driver(
            self.core, lambda _: None, spawn=group.create_task, resolver=Resolver(nameserver)
        )
        self.news = asyncio.Event()
        self.core.on_input = lambda _: self.news.set()

    async def told(self) -> list[tuple[object, ...]]:
        async with asyncio.timeout(PATIENCE):
            await self.news.wait()
        return self.core.inputs


@on_each_loop
def test_a_dead_name_delays_no_other(run: Run) -> None:
    async def scenario() -> None:
        records = "alive.example.org A 192.0.2.7"
        async with (
            name_server(records, silent="dead.example.org") as at,
            asyncio.TaskGroup() as group,
        ):
            rig = Rig(group, at)
            rig.core.commands = [DEAD, ALIVE]
            rig.driver.pump()
            assert await rig.told() == [("resolved", ALIVE, (Address.parse("192.0.2.7", 3478),))]
            rig.driver.stop()
        assert rig.core.names() == ["resolved", "close"], "no lookup is left"

    run(scenario())


def test_a_name_that_leads_nowhere_is_told_with_its_reason() -> None:
    async def scenario() -> None:
        async with name_server() as at, asyncio.TaskGroup() as group:
            rig = Rig(group, at)
            rig.core.commands = [MISSING]
            rig.driver.pump()
            [(name, query, why)] = await rig.told()
            assert (name, query) == ("not-resolved", MISSING)
            assert "missing.example.org" in str(why)
            rig.driver.stop()

    asyncio.run(scenario())


def test_the_answer_to_a_cancelled_lookup_is_not_told() -> None:
    async def scenario() -> None:
        async with (
            name_server("alive.example.org A 192.0.2.7") as at,
            asyncio.TaskGroup() as group,
        ):
            rig = Rig(group, at)
            rig.core.commands = [ALIVE, CancelResolve(ALIVE), MISSING]
            rig.driver.pump()
            assert [one[1] for one in await rig.told()] == [MISSING]
            rig.driver.stop()

    asyncio.run(scenario())


def test_a_name_in_local_that_may_not_be_asked_for_is_refused() -> None:
    async def scenario() -> None:
        async with name_server() as at, asyncio.TaskGroup() as group:
            rig = Rig(group, at)
            rig.core.commands = [PLAIN]
            rig.driver.pump()
            [(name, *_)] = await rig.told()
            assert name == "not-resolved"
            rig.driver.stop()

    asyncio.run(scenario())
