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
    elsewhere: Address
    """Another one, which sees another address: the NAT is symmetric."""
    full: Address
    """One with two addresses and ports (RFC 5780)."""
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
        stun, outside, elsewhere, silent = (stack.enter_context(_endpoint()) for _ in range(4))
        _answer(stun, None)
        _answer(outside, MAPPED)
        _answer(elsewhere, MAPPED._replace(port=MAPPED.port + 1))
        yield Servers(
            stun.address,
            outside.address,
            elsewhere.address,
            _two_addresses(stack),
            Address.parse(HOST, 3478),
            silent.address,
            dns,
        )


def _two_addresses(stack: AsyncExitStack) -> Address:
    """A server at two addresses with two ports each; the first of them."""
    second = Address.parse(LOOPBACK.host.replace("127.0.0.1", "127.0.0.2"), 0)
    first = stack.enter_context(_endpoint())
    others = {
        (0, 0): first,
        (0, 1): stack.enter_context(_endpoint()),
        (1, 0): stack.enter_context(_endpoint(second._replace(port=first.address.port))),
    }
    place = second._replace(port=others[0, 1].address.port)
    others[1, 1] = stack.enter_context(_endpoint(place))

    def serve(place: tuple[int, int]) -> None:
        def answer(data: bytes, source: Address) -> None:
            change = (wire.parse(data).get(Attr.CHANGE_REQUEST) or bytes(4))[3]
            sender = others[place[0] ^ change >> 2 & 1, place[1] ^ change >> 1 & 1]
            reply = bound(data, source, others[1 - place[0], 1 - place[1]].address)
            if reply is not None:
                sender.send(reply, source)

        others[place].attach(answer, lambda *_: None)

    for number in others:
        serve(number)
    return first.address


def _answer(endpoint: UdpEndpoint, mapped: Address | None) -> None:
    """Be a STUN server that sees its clients as they are, or all as ``mapped``."""

    def answer(data: bytes, source: Address) -> None:
        reply = bound(data, mapped or source)
        if reply is not None:
            endpoint.send(reply, source)

    endpoint.attach(answer, lambda *_: None)


@contextmanager
def _endpoint(address: Address = LOOPBACK) -> Iterator[UdpEndpoint]:
    endpoint = UdpEndpoint.bind(address)
    endpoint.attach(lambda *_: None, lambda *_: None)
    try:
        yield endpoint
    finally:
        endpoint.release()


def bound(data: bytes, mapped: Address, other: Address | None = None) -> bytes | None:
    """The answer of a STUN server that saw ``mapped``, and has a second address."""
    try:
        message = wire.parse(data)
    except wire.WireError:
        return None
    if (message.method, message.cls) != (Method.BINDING, Class.REQUEST):
        return None
    pairs = [(Attr.XOR_MAPPED_ADDRESS, wire.xor_address(mapped, message.transaction))]
    if other is not None:
        pairs.append((Attr.OTHER_ADDRESS, wire.plain_address(other)))
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
