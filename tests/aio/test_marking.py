"""DSCP: checks, answers, consent and media of a session leave with one marking."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

from sipice.aio.session import open_session
from sipice.aio.udp import DEFAULT_OPTIONS, SocketOptions, UdpEndpoint
from sipice.ice import Pacer, Role
from sipice.net import Address
from sipice.stun import is_stun
from tests.aio.harness import CONFIG, HOST, PATIENCE, introduce
from tests.marks import rfc

EXPEDITED = 46 << 2
"""DSCP EF in its place in the TOS byte."""


class Watching(UdpEndpoint):
    """A socket that also notes how each datagram is marked."""

    __slots__ = ("marks", "news")
    marks: list[tuple[str, int]]
    news: asyncio.Event

    @classmethod
    def bind(
        cls, address: Address, options: SocketOptions = DEFAULT_OPTIONS, scope: int = 0
    ) -> Watching:
        endpoint = super().bind(address, options, scope)
        assert isinstance(endpoint, Watching)
        endpoint.marks, endpoint.news = [], asyncio.Event()
        endpoint._socket.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        return endpoint

    def _readable(self) -> None:
        try:
            data, ancillary, _, _ = self._socket.recvmsg(2048, 256, socket.MSG_PEEK)
        except OSError:
            pass
        else:
            kind = ("answer" if data[0] & 1 else "request") if is_stun(data) else "media"
            [tos] = [value[0] for _, what, value in ancillary if what == socket.IP_TOS]
            self.marks.append((kind, tos))
            self.news.set()
        super()._readable()


@rfc("7675", "6", "RECOMMENDED", "7675-6-1")
@rfc("8445", "7.2.3", "SHOULD", "8445-7.2.3-1")
@rfc("8445", "7.3", "SHOULD", "8445-7.3-5")
def test_everything_that_a_session_sends_has_one_marking() -> None:
    config = replace(CONFIG, consent_interval=4.0)
    watching: list[Watching] = []

    def bind(address: Address, options: SocketOptions, scope: int) -> Watching:
        watching.append(Watching.bind(address, options, scope))
        return watching[-1]

    async def scenario() -> None:
        pacer, sockets = Pacer(), SocketOptions(tos=EXPEDITED)
        async with (
            asyncio.timeout(PATIENCE),
            open_session(
                role=Role.CONTROLLING,
                addresses=[HOST],
                config=config,
                pacer=pacer,
                sockets=sockets,
            ) as one,
            open_session(
                role=Role.CONTROLLED, addresses=[HOST], config=config, pacer=pacer, bind=bind
            ) as two,
        ):
            await introduce(one, two)
            await asyncio.gather(one.path(), two.path())
            one.send(b"\x80 media")
            await two.receive()
            [seen] = watching
            checks = seen.marks.count(("request", EXPEDITED))
            while seen.marks.count(("request", EXPEDITED)) == checks:  # until consent is asked for
                seen.news.clear()
                await seen.news.wait()
            assert {kind for kind, _ in seen.marks} == {"request", "answer", "media"}
            assert {tos for _, tos in seen.marks} == {EXPEDITED}

    asyncio.run(scenario())
