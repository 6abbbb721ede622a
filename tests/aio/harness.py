"""Two sessions over loopback, on each kind of loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Collection, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any, Protocol

import pytest

from sipice.aio.session import Session, open_session
from sipice.ice import AgentConfig, Description, Pacer, Role, TcpType
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
    *,
    config: AgentConfig = CONFIG,
    kinds: tuple[Collection[TcpType], Collection[TcpType]] = ((), ()),
    traces: tuple[FilePath | None, FilePath | None] = (None, None),
    patience: float = PATIENCE,
    host: str = HOST,
    **options: Any,
) -> AsyncIterator[tuple[Session, Session]]:
    """Two sessions that know nothing of each other yet, within the patience of a test."""
    pacer = Pacer()  # of its own, so that no test waits for another's checks
    ends = [
        open_session(
            role=role,
            addresses=[host],
            config=config,
            pacer=pacer,
            tcp=tcp,
            trace=trace,
            **options,
        )
        for role, tcp, trace in zip(Role, kinds, traces, strict=True)
    ]
    async with asyncio.timeout(patience), ends[0] as one, ends[1] as two:
        yield one, two


async def introduce(one: Session, two: Session, streams: int = 1) -> None:
    """Offer and answer."""
    await asyncio.gather(one.gather(), two.gather())
    for stream in range(streams):
        offer, answer = one.description(stream), two.description(stream)
        await two.set_remote(carried(offer), stream)
        await one.set_remote(carried(answer), stream)


@contextmanager
def silence() -> Iterator[Address]:
    """An address where nobody answers and nothing is refused."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        yield Address.parse(*sock.getsockname())


def moved(description: Description, to: Address) -> Description:
    """The description with all its candidates elsewhere."""
    candidates = tuple(one._replace(address=to) for one in description.candidates)
    return replace(description, candidates=candidates)


def carried(description: Description) -> Description:
    """A description after signalling, which carries nothing that only its owner knows."""
    assert all(candidate.base is None for candidate in description.candidates)
    return description
