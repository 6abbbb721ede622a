"""Two user agents on the loopback interface with ICE, for the tests of the plugin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from sipice.cli.demo.agent import HOST, Phone, UserAgent
from sipice.cli.demo.voice import TONES, Voice
from sipice.ice import AgentConfig
from sipice.plugins.plugin import PluginConfig
from sipice.session import SessionConfig

Make = Callable[[Phone, PluginConfig], UserAgent]
PATIENCE = 10.0


def config(**more: object) -> PluginConfig:
    session = SessionConfig(agent=AgentConfig(allow_loopback=True))
    return PluginConfig(session=session, addresses=(HOST,), **more)  # type: ignore[arg-type]


@asynccontextmanager
async def pair(make: Make, **more: object) -> AsyncIterator[tuple[UserAgent, UserAgent]]:
    """Two started agents; everything is closed behind them."""
    one, two = (make(Phone(name, Voice(hertz)), config(**more)) for name, hertz in
                zip(("alice", "bob"), TONES, strict=True))  # fmt: skip
    try:
        await one.start()
        await two.start()
        yield one, two
    finally:
        await one.stop()
        await two.stop()


async def connected(*agents: UserAgent) -> None:
    """Wait until the calls of these have a path."""
    async with asyncio.timeout(PATIENCE):
        for agent in agents:
            await agent.plugin.calls[0].path()


def talking(*agents: UserAgent) -> list[bool]:
    """Which of these send media."""
    return [agent.phone.voice.to is not None for agent in agents]


async def until(is_so: Callable[[], bool]) -> None:
    """Let the loop run until something is so."""
    async with asyncio.timeout(PATIENCE):
        while not is_so():  # noqa: ASYNC110 - of things that tell nobody
            await asyncio.sleep(0.005)


def run(main: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await main()

    asyncio.run(whole())
