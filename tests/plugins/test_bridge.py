"""The loopback pair, with real sockets."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket

import pytest

from sipice.aio.udp import UdpEndpoint
from sipice.net import Address
from sipice.plugins.bridge import HOST, Bridge, bind_pair

RTP = b"\x80\x00" + bytes(10)
RTCP = b"\x80\xc8" + bytes(10)


class Stack:
    """The sockets of a stack that binds its own."""

    def __init__(self) -> None:
        self.sockets = [self._bound() for _ in range(2)]
        self.addresses = tuple(Address.parse(*one.getsockname()) for one in self.sockets)

    @staticmethod
    def _bound(host: str = HOST) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((host, 0))
        sock.setblocking(False)
        return sock

    async def hears(self, place: int) -> bytes:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(5):
            return await loop.sock_recv(self.sockets[place], 2_000)

    def close(self) -> None:
        for sock in self.sockets:
            sock.close()


class Rig:
    def __init__(self) -> None:
        self.stack = Stack()
        self.sent: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()
        self.bridge = Bridge(bind_pair(), self._out(1), self._out(2))
        self.bridge.listens_at(self.stack.addresses)

    def _out(self, component: int):  # type: ignore[no-untyped-def]
        def send(data: bytes) -> bool:
            self.sent.put_nowait((component, data))
            return True

        return send

    def say(self, data: bytes, place: int = 0, sock: socket.socket | None = None) -> None:
        anchor = self.bridge.anchor[place]
        (sock or self.stack.sockets[place]).sendto(data, (anchor.host, anchor.port))

    async def next_sent(self) -> tuple[int, bytes]:
        async with asyncio.timeout(5):
            return await self.sent.get()

    def close(self) -> None:
        self.bridge.close()
        self.stack.close()


def test_ports_are_even_and_next_to_each_other() -> None:
    async def main() -> None:
        for _ in range(8):
            rtp, rtcp = bind_pair()
            assert rtp.address.port % 2 == 0
            assert rtcp.address.port == rtp.address.port + 1
            rtp.release()
            rtcp.release()

    asyncio.run(main())


def test_both_ways_and_both_ports() -> None:
    async def main() -> None:
        rig = Rig()
        for place, data in enumerate((RTP, RTCP)):
            rig.say(data, place)
            assert await rig.next_sent() == (place + 1, data)
            rig.bridge.deliver(place + 1, data)
            assert await rig.stack.hears(place) == data
        rig.close()

    asyncio.run(main())


def test_rtcp_that_shares_the_path_of_rtp_reaches_the_port_for_rtcp() -> None:
    async def main() -> None:
        rig = Rig()
        rig.bridge.deliver(1, RTCP)
        assert await rig.stack.hears(1) == RTCP
        rig.bridge.listens_at(rig.stack.addresses[:1])
        rig.bridge.deliver(1, RTCP)
        assert await rig.stack.hears(0) == RTCP
        rig.close()

    asyncio.run(main())


def test_a_stack_may_send_from_one_other_port_and_nobody_else_may() -> None:
    async def main() -> None:
        rig = Rig()
        second, third = Stack(), Stack()
        rig.say(RTP, sock=second.sockets[0])
        assert await rig.next_sent() == (1, RTP)
        rig.say(b"\x80stranger", sock=third.sockets[0])
        rig.say(RTP)
        assert await rig.next_sent() == (1, RTP)
        assert rig.bridge.strangers == 1
        for one in (second, third):
            one.close()
        rig.close()

    asyncio.run(main())


@pytest.mark.parametrize("addresses", [(), (None, None)])
def test_a_stack_that_wants_nothing_gets_nothing(addresses: tuple[None, ...]) -> None:
    async def main() -> None:
        rig = Rig()
        rig.bridge.listens_at(addresses)
        rig.bridge.deliver(1, RTP)
        rig.bridge.listens_at(rig.stack.addresses)
        rig.bridge.deliver(1, b"\x80later")
        assert await rig.stack.hears(0) == b"\x80later"
        rig.close()

    asyncio.run(main())


def test_a_stack_bound_to_all_addresses_sends_from_the_loopback_one() -> None:
    """Its description names another address of the machine."""

    async def main() -> None:
        rig = Rig()
        everywhere = rig.stack._bound("0.0.0.0")
        lan = Address.parse("192.0.2.7", everywhere.getsockname()[1])
        rig.bridge.listens_at((lan, None))
        rig.say(RTP, sock=everywhere)
        assert await rig.next_sent() == (1, RTP)
        assert rig.bridge.strangers == 0
        everywhere.close()
        rig.close()

    asyncio.run(main())


def test_a_stack_of_the_other_family_is_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        rig = Rig()
        rig.bridge.listens_at((Address.parse("::1", 4_000), None))
        rig.bridge.deliver(1, RTP)
        rig.close()

    with caplog.at_level(logging.WARNING, "sipice"):
        asyncio.run(main())
    assert len(caplog.records) == 1


def test_a_pair_that_cannot_be_had_leaves_no_half(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        bind, bound = UdpEndpoint.bind, list[UdpEndpoint]()

        def scarce(address: Address) -> UdpEndpoint:
            if address.port:
                raise OSError(errno.EMFILE, "too many open files")
            bound.append(bind(address))
            return bound[-1]

        monkeypatch.setattr(UdpEndpoint, "bind", scarce)
        with pytest.raises(OSError, match="too many open files"):
            bind_pair()
        for one in bound:
            bind(one.address).release()

    asyncio.run(main())
