"""Servers on the loopback interface, in a thread of their own, for commands that ask them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass

from sipice.aio.udp import UdpEndpoint
from sipice.net import Address
from tests.aio.dns import name_server
from tests.aio.turn import HOST, PASSWORD, turn_server
from tests.simnet import wire
from tests.simnet.wire import Attr, Class, Method

MAPPED = Address.parse("198.51.100.7", 42424)
LOOPBACK = Address.parse("127.0.0.1", 0)


@dataclass(frozen=True)
class Servers:
    """What runs: addresses for the command line."""

    stun: Address
    outside: Address
    """A STUN server beyond a NAT that is not there."""
    turn: Address
    silent: Address
    dns: Address
    password: str = PASSWORD


@contextmanager
def servers() -> Iterator[Servers]:
    """A STUN and a TURN server, a silent one, and a name server."""
    with _in_thread(_serve()) as found:
        yield found


@asynccontextmanager
async def _serve() -> AsyncIterator[Servers]:
    async with AsyncExitStack() as stack:
        stack.enter_context(turn_server())
        dns = await stack.enter_async_context(
            name_server(f"turn.test A {HOST}", f"stun.test A {LOOPBACK.host}")
        )
        stun, outside, silent = (stack.enter_context(_endpoint()) for _ in range(3))
        _answer(stun, None)
        _answer(outside, MAPPED)
        turn = Address.parse(HOST, 3478)
        yield Servers(stun.address, outside.address, turn, silent.address, dns)


def _answer(endpoint: UdpEndpoint, mapped: Address | None) -> None:
    """Be a STUN server that sees its clients as they are, or all as ``mapped``."""

    def answer(data: bytes, source: Address) -> None:
        reply = bound(data, mapped or source)
        if reply is not None:
            endpoint.send(reply, source)

    endpoint.attach(answer, lambda *_: None)


@contextmanager
def _endpoint() -> Iterator[UdpEndpoint]:
    endpoint = UdpEndpoint.bind(LOOPBACK)
    endpoint.attach(lambda *_: None, lambda *_: None)
    try:
        yield endpoint
    finally:
        endpoint.release()


def bound(data: bytes, mapped: Address) -> bytes | None:
    """The answer of a STUN server that saw ``mapped``."""
    try:
        message = wire.parse(data)
    except wire.WireError:
        return None
    if (message.method, message.cls) != (Method.BINDING, Class.REQUEST):
        return None
    pairs = [(Attr.XOR_MAPPED_ADDRESS, wire.xor_address(mapped, message.transaction))]
    return wire.build(message.method, Class.SUCCESS, message.transaction, pairs)


@contextmanager
def _in_thread(serve: AbstractAsyncContextManager[Servers]) -> Iterator[Servers]:
    ready, over = threading.Event(), threading.Event()
    found: list[Servers] = []
    failed: list[BaseException] = []

    async def main() -> None:
        async with serve as value:
            found.append(value)
            ready.set()
            await asyncio.to_thread(over.wait)

    def run() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:
            failed.append(error)
            ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        ready.wait()
        if failed:
            raise failed[0]
        yield found[0]
    finally:
        over.set()
        thread.join()
