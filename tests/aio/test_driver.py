"""The pump, with a core and a network that do what the test says."""

from __future__ import annotations

import asyncio
from random import Random

from sipice.aio.driver import Core, Driver
from sipice.ice import Agent, Event, Role
from sipice.net import ReleaseBase, SendDatagram
from tests.aio.doubles import BASE, HERE, THERE, MemoryEndpoint, ScriptedCore, spawn
from tests.aio.harness import PATIENCE, Run, on_each_loop


class Rig:
    """A driver between the two doubles."""

    def __init__(self) -> None:
        self.core = ScriptedCore()
        self.events: list[str] = []
        self.driver: Driver[str] = Driver(self.core, self.events.append, spawn=spawn)
        self.endpoint = MemoryEndpoint()
        self.driver.add(BASE, self.endpoint)


def test_an_agent_is_a_core() -> None:
    core: Core[Event] = Agent(role=Role.CONTROLLING, rng=Random(1))
    assert core.next_timeout() is None


def test_events_come_before_commands_and_both_in_order() -> None:
    async def scenario() -> None:
        rig = Rig()
        order: list[str] = []
        rig.driver = Driver(rig.core, order.append, spawn=spawn)
        rig.driver.add(BASE, rig.endpoint)
        rig.endpoint.sender(THERE)
        rig.core.events = ["first", "second"]
        rig.core.commands = [SendDatagram(b"a", BASE, THERE), SendDatagram(b"b", BASE, THERE)]
        rig.driver.pump()
        assert order == ["first", "second"]
        assert rig.endpoint.sent == [(b"a", THERE), (b"b", THERE)]

    asyncio.run(scenario())


def test_a_datagram_reaches_the_core_with_its_base_and_is_answered_at_once() -> None:
    async def scenario() -> None:
        rig = Rig()

        def answer(_: str) -> None:
            rig.core.commands.append(SendDatagram(b"answer", BASE, THERE))

        rig.core.on_input = answer
        rig.endpoint.on_datagram(b"question", THERE)
        assert rig.core.inputs == [("datagram", b"question", BASE, THERE)]
        assert rig.endpoint.sent == [(b"answer", THERE)]

    asyncio.run(scenario())


def test_a_refused_destination_is_told_and_what_follows_is_carried_out() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.endpoint.refuses = True

        def follow(name: str) -> None:
            if name == "send-failed":
                rig.core.events.append("noticed")

        rig.core.on_input = follow
        rig.core.commands = [SendDatagram(b"a", BASE, THERE)]
        rig.driver.pump()
        assert rig.core.inputs == [("send-failed", BASE, THERE, False)]
        assert rig.events == ["noticed"]
        rig.endpoint.on_refused(THERE, b"a")
        assert rig.core.inputs[1:] == [("send-failed", BASE, THERE, True)]

    asyncio.run(scenario())


def test_a_released_base_is_closed_and_what_is_sent_from_it_is_lost() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.core.commands = [ReleaseBase(BASE), SendDatagram(b"late", BASE, THERE)]
        rig.driver.pump()
        assert rig.endpoint.released
        assert rig.endpoint.sent == []
        assert rig.driver.is_idle
        assert rig.driver.endpoint(BASE) is None

    asyncio.run(scenario())


def test_a_listener_may_use_the_core_inside_an_event() -> None:
    async def scenario() -> None:
        core = ScriptedCore()
        seen: list[str] = []

        def listen(event: str) -> None:
            seen.append(event)
            if event == "first":
                core.events.append("third")
                driver.pump()

        driver: Driver[str] = Driver(core, listen, spawn=spawn)
        core.events = ["first", "second"]
        driver.pump()
        assert seen == ["first", "second", "third"]

    asyncio.run(scenario())


@on_each_loop
def test_the_timer_fires_at_the_instant_that_the_core_wants(run: Run) -> None:
    async def scenario() -> None:
        rig = Rig()
        fired = asyncio.get_running_loop().create_future()
        rig.core.on_input = lambda _: fired.set_result(rig.driver.now())
        rig.core.due = due = rig.driver.now() + 0.02
        rig.driver.pump()
        async with asyncio.timeout(PATIENCE):
            assert await fired >= due - 0.001
        assert rig.core.names() == ["timeout"]

    run(scenario())


def test_a_deadline_that_moved_back_costs_no_input_and_one_that_came_forward_is_kept() -> None:
    async def scenario() -> None:
        rig = Rig()
        done = asyncio.get_running_loop().create_future()
        rig.core.due = rig.driver.now() + 60.0
        rig.driver.pump()
        rig.core.due = rig.driver.now() + 0.01
        rig.driver.pump()
        moved = rig.core.due = rig.driver.now() + 0.03
        rig.core.on_input = lambda _: done.set_result(rig.driver.now())
        rig.driver.pump()
        async with asyncio.timeout(PATIENCE):
            assert await done >= moved - 0.001
        assert rig.core.names() == ["timeout"]

    asyncio.run(scenario())


def test_a_deadline_that_is_over_is_served_in_the_next_turn() -> None:
    async def scenario() -> None:
        rig = Rig()
        done = asyncio.get_running_loop().create_future()
        rig.core.on_input = lambda _: done.set_result(None)
        rig.core.due = rig.driver.now() - 1.0
        rig.driver.pump()
        async with asyncio.timeout(PATIENCE):
            await done

    asyncio.run(scenario())


def test_stopping_closes_the_core_and_all_that_is_held() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.core.on_input = lambda _: rig.core.commands.append(SendDatagram(b"bye", BASE, THERE))
        rig.core.due = rig.driver.now()
        rig.driver.pump()
        rig.driver.stop()
        assert rig.core.names() == ["close"]
        assert rig.endpoint.sent == [(b"bye", THERE)], "what the core still wants is done"
        assert rig.endpoint.released
        turn = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.01, turn.set_result, None)
        await turn
        assert rig.core.names() == ["close"], "no timer is left"
        assert rig.endpoint.address == HERE

    asyncio.run(scenario())
