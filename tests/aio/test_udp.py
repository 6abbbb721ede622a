"""Own UDP sockets: what is delivered where, and what each error of the system leads to."""

from __future__ import annotations

import asyncio
import errno
import socket
from random import Random

import pytest

from sipice.aio.udp import READS, SocketOptions, UdpEndpoint, socket_address
from sipice.net import Address
from sipice.stun import Class, Message, Method, encode
from tests.aio.harness import LOCAL, PATIENCE, Run, on_each_loop

REQUEST = encode(Message(Method.BINDING, Class.REQUEST, Random(1).randbytes(12)))
OTHER = encode(Message(Method.BINDING, Class.REQUEST, Random(2).randbytes(12)))
MEDIA = b"\x80 some audio, longer than a header of STUN"


class Reader:
    """Keeps what an endpoint hands over, and lets a test wait for it."""

    def __init__(self, endpoint: UdpEndpoint) -> None:
        self.endpoint = endpoint
        self.datagrams: asyncio.Queue[tuple[bytes, Address]] = asyncio.Queue()
        self.refused: asyncio.Queue[tuple[Address, bytes]] = asyncio.Queue()
        self.media: asyncio.Queue[bytes] = asyncio.Queue()
        endpoint.attach(
            lambda *one: self.datagrams.put_nowait(one), lambda *one: self.refused.put_nowait(one)
        )

    async def datagram(self) -> tuple[bytes, Address]:
        async with asyncio.timeout(PATIENCE):
            return await self.datagrams.get()


def bound(host: str = "127.0.0.1", **options: int) -> Reader:
    return Reader(UdpEndpoint.bind(Address.parse(host, 0), SocketOptions(**options)))


@on_each_loop
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_stun_goes_to_the_driver_and_media_to_its_route(run: Run, host: str) -> None:
    async def scenario() -> None:
        one, two = bound(host), bound(host)
        two.endpoint.route(one.endpoint.address, two.media.put_nowait)
        for data in (MEDIA, REQUEST, b"", b"\x01udptl"):
            assert one.endpoint.send(data, two.endpoint.address)
        assert await two.datagram() == (REQUEST, one.endpoint.address)
        async with asyncio.timeout(PATIENCE):
            assert [await two.media.get() for _ in range(3)] == [MEDIA, b"", b"\x01udptl"]
        two.endpoint.unroute(one.endpoint.address)
        assert one.endpoint.sender(two.endpoint.address)(MEDIA)
        assert await two.datagram() == (MEDIA, one.endpoint.address), "counted by the core"
        one.endpoint.release()
        two.endpoint.release()

    run(scenario())


@on_each_loop
def test_a_port_unreachable_for_our_message_is_told_and_the_socket_goes_on(run: Run) -> None:
    async def scenario() -> None:
        one, two, closed = bound(), bound(), bound()
        gone = closed.endpoint.address
        closed.endpoint.release()
        for _ in range(2):
            one.endpoint.send(REQUEST, gone)
            async with asyncio.timeout(PATIENCE):
                assert await one.refused.get() == (gone, REQUEST)
            assert two.endpoint.send(REQUEST, one.endpoint.address)
            assert await one.datagram() == (REQUEST, two.endpoint.address)
        assert one.endpoint.counters.unreachable == 2
        one.endpoint.release()
        two.endpoint.release()

    run(scenario())


def test_an_icmp_error_that_does_not_quote_our_last_message_is_only_counted() -> None:
    async def scenario() -> None:
        one, two, closed = bound(), bound(), bound()
        gone = closed.endpoint.address
        closed.endpoint.release()
        one.endpoint.send(MEDIA, gone)
        one.endpoint.send(OTHER, two.endpoint.address)  # takes the error of another destination
        assert await two.datagram() == (OTHER, one.endpoint.address)
        two.endpoint.send(OTHER, one.endpoint.address)
        await one.datagram()
        assert one.endpoint.counters.unreachable == 1
        assert one.refused.empty()
        one.endpoint.release()
        two.endpoint.release()

    asyncio.run(scenario())


class Unwilling(socket.socket):
    """A socket whose sending ends with an error of the test's choice."""

    code = 0

    def sendto(self, *_: object) -> int:
        raise OSError(self.code, "refused by the test")


def unwilling(code: int) -> UdpEndpoint:
    sock = Unwilling(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.code = code
    return UdpEndpoint(sock)


@pytest.mark.parametrize("code", [errno.ENOBUFS, errno.EAGAIN, errno.ENOMEM])
def test_a_full_buffer_loses_the_datagram_like_a_network(code: int) -> None:
    async def scenario() -> None:
        endpoint = unwilling(code)
        assert endpoint.send(REQUEST, LOCAL)
        assert endpoint.sender(LOCAL)(MEDIA)
        assert (endpoint.counters.lost, endpoint.counters.refused) == (2, 0)
        endpoint.release()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "code",
    [errno.EPERM, errno.EMSGSIZE, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ECONNREFUSED],
)
def test_a_destination_that_the_system_refuses_is_reported(code: int) -> None:
    async def scenario() -> None:
        endpoint = unwilling(code)
        assert not endpoint.send(REQUEST, LOCAL)
        assert not endpoint.sender(LOCAL)(MEDIA)
        assert (endpoint.counters.lost, endpoint.counters.refused) == (0, 2)
        endpoint.release()

    asyncio.run(scenario())


def test_a_datagram_larger_than_udp_takes_is_refused() -> None:
    async def scenario() -> None:
        one = bound()
        assert not one.endpoint.send(bytes(70_000), one.endpoint.address)
        assert one.endpoint.counters.refused == 1
        one.endpoint.release()

    asyncio.run(scenario())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_options_are_set_on_the_socket(host: str) -> None:
    async def scenario() -> None:
        marked = UdpEndpoint.bind(
            Address.parse(host, 0), SocketOptions(tos=184, receive_buffer=8192, send_buffer=16384)
        )
        sock = marked._socket
        level = (
            (socket.IPPROTO_IP, socket.IP_TOS)
            if marked.address.family == 4
            else (socket.IPPROTO_IPV6, socket.IPV6_TCLASS)
        )
        assert sock.getsockopt(*level) == 184
        # Linux doubles what is asked for
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 2 * 8192
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 2 * 16384
        marked.release()

    asyncio.run(scenario())


def test_one_busy_socket_does_not_keep_the_loop() -> None:
    async def scenario() -> None:
        one, two = bound(), bound()
        for _ in range(READS + 10):
            one.endpoint.send(REQUEST, two.endpoint.address)
        counts: list[int] = []
        loop = asyncio.get_running_loop()
        while two.datagrams.qsize() < READS + 10:
            turn = loop.create_future()
            loop.call_soon(turn.set_result, None)
            await turn
            counts.append(two.datagrams.qsize())
        assert READS in counts, "others had their turn in between"
        one.endpoint.release()
        two.endpoint.release()

    asyncio.run(scenario())


def test_a_released_endpoint_delivers_nothing_even_inside_a_burst() -> None:
    async def scenario() -> None:
        one, two = bound(), bound()
        got: list[bytes] = []

        def once(data: bytes, _: Address) -> None:
            got.append(data)
            two.endpoint.release()

        two.endpoint.attach(once, lambda *_: None)
        for _ in range(3):
            one.endpoint.send(REQUEST, two.endpoint.address)
        turn = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.02, turn.set_result, None)
        await turn
        assert got == [REQUEST]
        one.endpoint.release()
        two.endpoint.release()

    asyncio.run(scenario())


def test_an_address_in_use_is_an_error_and_leaves_no_socket() -> None:
    async def scenario() -> None:
        one = bound()
        with pytest.raises(OSError, match="in use"):
            UdpEndpoint.bind(one.endpoint.address)
        one.endpoint.release()

    asyncio.run(scenario())


def test_a_link_local_address_goes_out_on_its_link() -> None:
    near, far = Address.parse("fe80::1", 5), Address.parse("2001:db8::1", 5)
    assert socket_address(near, 7) == ("fe80::1", 5, 0, 7)
    assert socket_address(far, 7) == ("2001:db8::1", 5, 0, 0)
