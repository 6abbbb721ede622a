"""Two ends of the minimal SIP exchange descriptions with each other."""

from __future__ import annotations

import asyncio

import pytest

from tests.interop.minisip import Line, SipError
from tests.sip.build import ANSWER, OFFER, sip

HOST = "127.0.0.1"


async def line(port: int, peer: int) -> Line:
    loop = asyncio.get_running_loop()
    _, made = await loop.create_datagram_endpoint(
        lambda: Line(HOST, port, (HOST, peer)), local_addr=(HOST, port)
    )
    return made


def test_an_offer_is_answered_and_later_offers_get_the_same_answer() -> None:
    async def call() -> None:
        one, two = await line(15060, 15070), await line(15070, 15060)

        async def accept() -> None:
            assert await two.offered == OFFER.decode()
            two.accept(ANSWER.decode())

        async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
            tasks.create_task(accept())
            assert await one.invite(OFFER.decode()) == ANSWER.decode()
        one.bye()
        two.bye()

    asyncio.run(call())


def test_a_refusal_is_told() -> None:
    async def call() -> None:
        one = await line(15061, 15071)
        refusal = sip("SIP/2.0 488 Not Acceptable Here", "CSeq: 1 INVITE", "To: <sip:b>;tag=b")
        asyncio.get_running_loop().call_later(0.05, one.datagram_received, refusal, (HOST, 15071))
        with pytest.raises(SipError, match="488"):
            await one.invite(OFFER.decode())
        one.bye()

    asyncio.run(call())
