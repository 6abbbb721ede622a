"""Whose a connection to a shared TCP port is, and what becomes of those that are nobody's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sipice.aio import arrivals
from sipice.aio.arrivals import SharedListener
from sipice.aio.driver import Driver
from sipice.aio.tcp import bind_stream
from sipice.aio.udp import DEFAULT_OPTIONS
from sipice.net import Base, Transport
from sipice.stun.framing import frame_rfc4571
from tests.aio.doubles import ScriptedCore, spawn
from tests.aio.harness import LOCAL, PATIENCE, Run, on_each_loop
from tests.aio.test_mux import request


class Rig:
    """A listener and one session behind it."""

    def __init__(self, listener: SharedListener) -> None:
        self.listener = listener
        self.core = ScriptedCore()
        self.news = asyncio.Event()
        self.core.on_input = lambda _: self.news.set()
        self.driver: Driver[str] = Driver(self.core, lambda _: None, spawn=spawn)
        self.part = listener.share(self.driver.streams)
        self.base = Base(3, Transport.TCP, listener.address)
        self.part.add(self.base)
        self.part.serve("ours")

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.listener.address.port)

    async def told(self, name: str) -> tuple[object, ...]:
        async with asyncio.timeout(PATIENCE):
            while name not in self.core.names():
                self.news.clear()
                await self.news.wait()
        return next(one for one in self.core.inputs if one[0] == name)


@asynccontextmanager
async def rig() -> AsyncIterator[Rig]:
    listener = SharedListener(bind_stream(LOCAL, DEFAULT_OPTIONS))
    await listener.listen()
    made = Rig(listener)
    try:
        yield made
    finally:
        made.driver.stop()
        listener.close()


@on_each_loop
@pytest.mark.parametrize("split", [1, 2, 7, 10_000])
def test_the_first_check_says_whose_it_is_however_it_is_cut(run: Run, split: int) -> None:
    async def scenario() -> None:
        async with rig() as one:
            _, writer = await one.connect()
            check = frame_rfc4571(request("ours:theirs")) + b"\x00\x01x"
            for at in range(0, len(check), split):
                writer.write(check[at : at + split])
                await writer.drain()
            name, base, remote = await one.told("accepted")
            assert (name, base) == ("accepted", one.base)
            assert str(remote) == "{}:{}".format(*writer.get_extra_info("sockname"))
            got = b""
            while got != check:
                await one.told("stream")
                got = b"".join(
                    bytes(entry[2])  # type: ignore[call-overload]
                    for entry in one.core.inputs
                    if entry[0] == "stream"
                )
                if got != check:
                    one.news.clear()
                    await one.news.wait()
            writer.close()
            await one.told("closed")

    run(scenario())


@pytest.mark.parametrize(
    "first",
    [
        frame_rfc4571(request("nobody:x")),
        frame_rfc4571(request()),
        frame_rfc4571(b"\x80 media"),
        b"GET / HTTP/1.1\r\n" * 100,
        b"\x00\x00",
    ],
)
def test_a_connection_that_is_nobodys_is_closed(first: bytes) -> None:
    async def scenario() -> None:
        async with rig() as one:
            reader, writer = await one.connect()
            writer.write(first)
            async with asyncio.timeout(PATIENCE):
                with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                    await reader.readexactly(1)
            assert one.listener.unknown == 1
            assert one.core.inputs == []
            writer.close()

    asyncio.run(scenario())


def test_a_session_that_has_ended_gets_no_connection() -> None:
    async def scenario() -> None:
        async with rig() as one:
            one.driver.stop()
            reader, writer = await one.connect()
            writer.write(frame_rfc4571(request("ours:theirs")))
            async with asyncio.timeout(PATIENCE):
                with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                    await reader.readexactly(1)
            assert one.core.names() == ["close"]
            writer.close()

    asyncio.run(scenario())


def test_those_who_say_nothing_make_room_for_others() -> None:
    async def scenario() -> None:
        async with rig() as one:
            crowd = [await one.connect() for _ in range(arrivals.MAX_ARRIVALS + 1)]
            async with asyncio.timeout(PATIENCE):
                with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                    await crowd[0][0].readexactly(1)
            crowd[-1][1].write(frame_rfc4571(request("ours:theirs")))
            await one.told("accepted")
            for _, writer in crowd:
                writer.close()

    asyncio.run(scenario())
