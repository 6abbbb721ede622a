"""Connections: opened, accepted, full, encrypted, ended; the core does what the test says."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from sipice.aio.driver import Driver
from sipice.aio.tcp import MAX_ACCEPTED, MAX_UNSENT
from sipice.net import (
    Address,
    Base,
    CloseConnection,
    Command,
    Flow,
    Listen,
    OpenConnection,
    ReleaseBase,
    SendStream,
    Transport,
)
from tests.aio.certificate import client_context, server_context
from tests.aio.doubles import ScriptedCore
from tests.aio.harness import LOCAL, PATIENCE, Run, on_each_loop
from tests.capabilities import needs
from tests.marks import rfc

FLOW = Flow(1)


class End:
    """A driver with its core, whose inputs can be waited for."""

    def __init__(self, group: asyncio.TaskGroup, tls: ssl.SSLContext | None = None) -> None:
        self.core = ScriptedCore()
        self.driver: Driver[str] = Driver(
            self.core, lambda _: None, spawn=group.create_task, tls=tls
        )
        self._news = asyncio.Event()
        self.core.on_input = lambda _: self._news.set()

    async def told(self, name: str, count: int = 1) -> list[object]:
        """The arguments of the latest input of this name, once there are so many of them."""
        async with asyncio.timeout(PATIENCE):
            while self.core.names().count(name) < count:
                await self.news()
        return next(rest for first, *rest in reversed(self.core.inputs) if first == name)

    async def news(self) -> None:
        """The next input."""
        self._news.clear()
        await self._news.wait()

    def listen(self, *, shared: bool = False, at: Address = LOCAL) -> Base:
        sock = self.driver.streams.bind(at, shared=shared)
        base = Base(7, Transport.TCP, Address.parse(*sock.getsockname()[:2]))
        self.driver.streams.add(base, sock)
        self.want(Listen(base))
        return base

    def want(self, *commands: Command) -> None:
        self.core.commands += commands
        self.driver.pump()


@asynccontextmanager
async def ends(
    client: ssl.SSLContext | None = None,
) -> AsyncIterator[tuple[End, End]]:
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        one, two = End(group, client), End(group)
        try:
            yield one, two
        finally:
            one.driver.stop()
            two.driver.stop()


@on_each_loop
def test_both_sides_are_told_and_bytes_go_both_ways(run: Run) -> None:
    async def scenario() -> None:
        async with ends() as (one, two):
            base = two.listen()
            one.want(OpenConnection(FLOW, LOCAL, base.address))
            assert await one.told("opened") == [FLOW]
            _, peer = await two.told("accepted")
            assert isinstance(peer, Address)
            assert peer.host == "127.0.0.1"
            theirs = Flow(101)
            one.want(SendStream(FLOW, b"there"))
            assert await two.told("stream") == [theirs, b"there"]
            two.want(SendStream(theirs, b"and back"))
            assert await one.told("stream") == [FLOW, b"and back"]
            one.want(CloseConnection(FLOW))
            assert await two.told("closed") == [theirs, None]
            assert "closed" not in one.core.names(), "it knows"

    run(scenario())


@on_each_loop
def test_whenever_a_driver_stops_no_connection_to_it_stays_open(run: Run) -> None:
    async def scenario(steps: int) -> None:
        async with ends() as (_, two):
            base = two.listen()
            await asyncio.sleep(0)
            with socket.create_connection((base.address.host, base.address.port)) as client:
                for _ in range(steps):
                    await asyncio.sleep(0)
                two.driver.stop()
                for _ in range(10):
                    await asyncio.sleep(0)
                client.settimeout(PATIENCE)
                with suppress(ConnectionError):
                    assert client.recv(1) == b""

    for steps in range(8):
        run(scenario(steps))


@on_each_loop
def test_a_refused_connection_is_told(run: Run) -> None:
    async def scenario() -> None:
        async with ends() as (one, two):
            base = two.listen()
            two.want(ReleaseBase(base))
            one.want(OpenConnection(FLOW, LOCAL, base.address))
            assert await one.told("closed") == [FLOW, "it refuses the connection"]

    run(scenario())


def test_a_connection_that_is_not_wanted_any_more_is_given_up_silently() -> None:
    async def scenario() -> None:
        async with ends() as (one, two):
            base = two.listen()
            one.want(OpenConnection(FLOW, LOCAL, base.address), CloseConnection(FLOW))
            one.want(OpenConnection(Flow(2), LOCAL, base.address))
            assert await one.told("opened") == [Flow(2)]
            assert one.core.names() == ["opened"]

    asyncio.run(scenario())


@on_each_loop
def test_a_full_connection_is_not_writable_until_the_peer_reads(run: Run) -> None:
    async def scenario() -> None:
        async with ends() as (one, two):
            reader = socket.socket()
            reader.bind(("127.0.0.1", 0))
            reader.listen()
            loop = asyncio.get_running_loop()
            reader.setblocking(False)
            accepted = asyncio.ensure_future(loop.sock_accept(reader))
            one.want(OpenConnection(FLOW, LOCAL, Address.parse(*reader.getsockname())))
            await one.told("opened")
            peer, _ = await accepted
            media = one.driver.streams.sender(FLOW)
            assert media is not None
            packet = bytes(MAX_UNSENT)
            sent = 0
            while media(packet):
                sent += len(packet)
            assert await one.told("writable") == [FLOW, False]
            assert not media(b"late"), "media is dropped"
            one.want(SendStream(FLOW, b"STUN"))
            while sent + 4 > 0:
                sent -= len(await loop.sock_recv(peer, 1 << 20))
            assert await one.told("writable", 2) == [FLOW, True]
            assert media(b"again")
            peer.close()
            reader.close()
            await one.told("closed")
            assert not media(b"too late")
            assert two.core.inputs == []

    run(scenario())


@on_each_loop
def test_simultaneous_open_makes_one_connection(run: Run) -> None:
    """Both connect from the port they listen on; whoever is first, one connection results."""

    async def scenario() -> None:
        async with ends() as (one, two):
            left, right = one.listen(shared=True), two.listen(shared=True)
            one.want(OpenConnection(FLOW, left.address, right.address))
            two.want(OpenConnection(FLOW, right.address, left.address))
            for end in (one, two):
                async with asyncio.timeout(PATIENCE):
                    while not {"opened", "accepted"} & set(end.core.names()):
                        await end.news()
            one.want(SendStream(FLOW, b"hello"), SendStream(Flow(101), b"hello"))
            assert (await two.told("stream"))[1] == b"hello"

    run(scenario())


def test_a_crowd_of_silent_connections_gives_way_to_new_ones() -> None:
    async def scenario() -> None:
        async with ends() as (_, two):
            base = two.listen()
            port = base.address.port
            crowd = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MAX_ACCEPTED)]
            await two.told("accepted", MAX_ACCEPTED)
            crowd[0][1].write(b"I speak")
            await two.told("stream")
            crowd.append(await asyncio.open_connection("127.0.0.1", port))
            await two.told("accepted", MAX_ACCEPTED + 1)
            assert await crowd[1][0].read() == b"", "the oldest that never said a word"
            await two.told("closed")
            for _reader, writer in crowd[2:]:
                writer.write(b"so do I")
            await two.told("stream", MAX_ACCEPTED)
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await reader.read() == b"", "no room among those who speak"
            for _reader, other in [*crowd, (reader, writer)]:
                other.close()

    asyncio.run(scenario())


@rfc("8489", "6.2.3", "MUST", "8489-6.2.3-1")
@needs("openssl")
@on_each_loop
def test_tls_verifies_the_name_and_sends_it(run: Run, tmp_path: Path) -> None:
    names: list[str | None] = []

    async def scenario() -> None:
        server = server_context(tmp_path, names.append)
        async with ends(client_context(tmp_path)) as (one, _), echo(server) as address:
            one.want(OpenConnection(FLOW, LOCAL, address, tls="turn.example.org"))
            await one.told("opened")
            one.want(SendStream(FLOW, b"secret"))
            assert await one.told("stream") == [FLOW, b"secret"]
            one.want(OpenConnection(Flow(2), LOCAL, address, tls="other.example.org"))
            flow, why = await one.told("closed")
            assert flow == Flow(2)
            assert str(why).startswith("its certificate is not valid for other.example.org: ")

    run(scenario())
    assert names == ["turn.example.org", "other.example.org"]


@rfc("8489", "6.2.3", "MUST", "8489-6.2.3-1")
@needs("openssl")
def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        server = server_context(tmp_path, lambda _: None)
        async with ends() as (one, _), echo(server) as address:
            one.want(OpenConnection(FLOW, LOCAL, address, tls="turn.example.org"))
            flow, why = await one.told("closed")
            assert flow == FLOW
            assert "its certificate is not valid for turn.example.org: self" in str(why)

    asyncio.run(scenario())


@rfc("8489", "6.2.3", "MUST", "8489-6.2.3-1")
@needs("openssl")
def test_a_server_that_knows_weak_ciphers_only_is_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        weak = server_context(tmp_path, lambda _: None)
        weak.maximum_version = ssl.TLSVersion.TLSv1_2
        weak.set_ciphers("eNULL:aNULL:@SECLEVEL=0")
        async with ends(client_context(tmp_path)) as (one, _), echo(weak) as address:
            one.want(OpenConnection(FLOW, LOCAL, address, tls="turn.example.org"))
            assert (await one.told("closed"))[0] == FLOW

    asyncio.run(scenario())


@asynccontextmanager
async def echo(context: ssl.SSLContext) -> AsyncIterator[Address]:
    """A TLS server that sends back what it gets."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield Address.parse(*server.sockets[0].getsockname())
    finally:
        server.close()
