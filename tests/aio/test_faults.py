"""Networks and systems that do not do what they should: each has its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from sipice.aio.session import open_session
from sipice.aio.udp import SocketOptions, UdpEndpoint
from sipice.errors import SessionFailed
from sipice.ice import Pacer, Role
from sipice.ice.pair import PairState
from sipice.net import Address
from tests.aio.harness import (
    CONFIG,
    HOST,
    PATIENCE,
    introduce,
    moved,
    two_sessions,
)
from tests.aio.namespace import in_namespace
from tests.capabilities import needs

HASTY = replace(CONFIG, pac=0.1, rc=1, rm=1)
"""Gives a stream up half a second after its last check."""


class Faulty(UdpEndpoint):
    """A socket that asks before it sends; False: refused, None: lost."""

    __slots__ = ("verdict",)
    verdict: Callable[[bytes], bool | None]

    def send(self, data: bytes, to: Address) -> bool:
        verdict = self.verdict(data)
        return super().send(data, to) if verdict else verdict is None


def faulty(verdict: Callable[[bytes], bool | None]) -> Callable[..., UdpEndpoint]:
    def bind(address: Address, options: SocketOptions, scope: int) -> UdpEndpoint:
        endpoint = Faulty.bind(address, options, scope)
        assert isinstance(endpoint, Faulty)
        endpoint.verdict = verdict
        return endpoint

    return bind


@pytest.mark.parametrize("seed", range(3))
def test_sessions_connect_over_a_network_that_loses_a_third(seed: int) -> None:
    async def scenario() -> None:
        chance = Random(seed)
        bind = faulty(lambda _: None if chance.random() < 0.3 else True)
        async with two_sessions(bind=bind, patience=60.0) as (one, two):
            await introduce(one, two)
            await asyncio.gather(one.path(), two.path())

    asyncio.run(scenario())


def test_a_system_that_lets_nothing_out_ends_in_a_failure_with_its_reason() -> None:
    """EPERM for every datagram, as a firewall's owner rule gives it."""

    async def scenario() -> None:
        pacer = Pacer()
        async with (
            asyncio.timeout(PATIENCE),
            open_session(
                role=Role.CONTROLLING,
                addresses=[HOST],
                config=HASTY,
                pacer=pacer,
                bind=faulty(lambda _: False),
            ) as one,
            open_session(role=Role.CONTROLLED, addresses=[HOST], config=HASTY, pacer=pacer) as two,
        ):
            await introduce(one, two)
            with pytest.raises(SessionFailed, match="no check of a component succeeded"):
                await one.path()

    asyncio.run(scenario())


def test_a_system_whose_buffers_were_full_for_a_while_connects_nevertheless() -> None:
    async def scenario() -> None:
        sent: list[bytes] = []

        def verdict(data: bytes) -> bool | None:
            sent.append(data)
            return True if len(sent) > 4 else None

        async with two_sessions(bind=faulty(verdict)) as (one, two):
            await introduce(one, two)
            await asyncio.gather(one.path(), two.path())
            assert len(sent) > 4

    asyncio.run(scenario())


def test_a_port_unreachable_fails_the_pair_without_waiting_for_its_transaction() -> None:
    config = replace(CONFIG, pac=0.1)

    async def scenario() -> None:
        closed = UdpEndpoint.bind(Address.parse(HOST, 0))
        closed.release()
        async with two_sessions(config=config) as (one, two):
            await one.set_remote(moved(two.description(), closed.address))
            with pytest.raises(SessionFailed, match="no check of a component succeeded"):
                await one.path()
            assert [pair.state for pair in one.statistics().pairs] == [PairState.FAILED]

    asyncio.run(scenario())


@needs("netns")
def test_an_address_that_goes_loses_the_path_and_a_restart_finds_another() -> None:
    told = in_namespace("""
        from pyroute2 import IPRoute
        from sipice import Role, open_session
        from sipice.aio.session import NetworkChanged
        from sipice.ice import PathLost
        def change(what, address):
            with IPRoute() as route:
                route.addr(what, index=1, address=address, prefixlen=32)
        async def introduce(one, two):
            await asyncio.gather(one.gather(), two.gather())
            await two.set_remote(one.description())
            await one.set_remote(two.description())
        async def main():
            async with (
                open_session(role=Role.CONTROLLING) as one,
                open_session(role=Role.CONTROLLED, addresses=["192.0.2.2"]) as two,
            ):
                await introduce(one, two)
                print((await one.path()).base.address.host)
                await asyncio.to_thread(change, "del", "192.0.2.1")
                await asyncio.to_thread(change, "add", "192.0.2.9")
                seen = 0
                async for event in one.events():
                    if isinstance(event, PathLost):
                        print(event.reason.value)
                    if isinstance(event, NetworkChanged):
                        print(*event.came, *event.gone)
                        seen += len(event.came) + len(event.gone)
                        if seen == 2:
                            break
                restarts = one.restart(), two.restart()
                await introduce(one, two)
                for restart in restarts:
                    restart.commit()
                print((await one.path()).base.address.host)
        with IPRoute() as route:
            route.link("set", index=1, state="up")
        change("add", "192.0.2.1")
        change("add", "192.0.2.2")
        asyncio.run(asyncio.wait_for(main(), 20))
    """)
    first, *between, last = told
    assert (first, last) == ("192.0.2.1", "192.0.2.2")
    assert "the local address went away" in between
    assert {"192.0.2.1", "192.0.2.9"} <= set(" ".join(between).split())
