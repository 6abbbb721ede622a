"""Two sessions over loopback, on each kind of loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Protocol

import pytest

from sipice.aio.session import Session, open_session
from sipice.ice import AgentConfig, Description, Pacer, Role
from sipice.net import Address
from tests.capabilities import needs

HOST = "127.0.0.1"
LOCAL = Address.parse(HOST, 0)
CONFIG = AgentConfig(allow_loopback=True)
PATIENCE = 10.0
"""Seconds after which something that did not happen will not happen any more."""


class Run(Protocol):
    """Runs a coroutine on a loop of its own."""

    def __call__(self, main: Coroutine[Any, Any, None], /) -> None:
        """To its end."""


def _on_plain(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(main)


def _on_uvloop(main: Coroutine[Any, Any, None]) -> None:
    import uvloop

    uvloop.run(main)


on_each_loop = pytest.mark.parametrize(
    "run",
    [
        pytest.param(_on_plain, id="asyncio"),
        pytest.param(_on_uvloop, id="uvloop", marks=needs("uvloop")),
    ],
)


@asynccontextmanager
async def two_sessions(
    *, streams: int = 1, components: int = 1, config: AgentConfig = CONFIG, **options: Any
) -> AsyncIterator[tuple[Session, Session]]:
    """Two sessions that know nothing of each other yet, within the patience of a test."""
    pacer = Pacer()  # of its own, so that no test waits for another's checks
    common = dict(options, streams=streams, components=components, config=config, pacer=pacer)
    async with asyncio.timeout(PATIENCE):
        async with (
            open_session(role=Role.CONTROLLING, addresses=[HOST], **common) as one,
            open_session(role=Role.CONTROLLED, addresses=[HOST], **common) as two,
        ):
            yield one, two


async def introduce(one: Session, two: Session, streams: int = 1) -> None:
    """Offer and answer."""
    await asyncio.gather(one.gather(), two.gather())
    for stream in range(streams):
        offer, answer = one.description(stream), two.description(stream)
        await two.set_remote(carried(offer), stream)
        await one.set_remote(carried(answer), stream)


def carried(description: Description) -> Description:
    """A description after signalling, which carries nothing that only its owner knows."""
    assert all(candidate.base is None for candidate in description.candidates)
    return description
