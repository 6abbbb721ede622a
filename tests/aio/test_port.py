"""One port for many sessions, whole: full and lite, UDP and TCP."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from sipice.aio.port import SharedPort
from sipice.aio.session import Session, open_session
from sipice.errors import UsageError
from sipice.ice import (
    AgentConfig,
    CandidateType,
    Description,
    IceServer,
    Pacer,
    Role,
    ServerKind,
    TcpType,
)
from sipice.net import Transport
from tests.aio.harness import CONFIG, HOST, PATIENCE, Run, introduce, on_each_loop
from tests.aio.turn import turn_server
from tests.ports import spare

SESSIONS = 50
LITE = replace(CONFIG, lite=True)


async def opened(
    stack: AsyncExitStack, port: SharedPort, config: AgentConfig, pacer: Pacer
) -> tuple[Session, Session]:
    """A session on the port, and its peer with a socket of its own."""
    one = open_session(role=Role.CONTROLLED, config=config, port=port, pacer=pacer)
    two = open_session(role=Role.CONTROLLING, config=CONFIG, addresses=[HOST], pacer=pacer)
    return await stack.enter_async_context(one), await stack.enter_async_context(two)


@on_each_loop
@pytest.mark.parametrize("config", [CONFIG, LITE], ids=["full", "lite"])
def test_fifty_sessions_share_one_port(run: Run, config: AgentConfig) -> None:
    async def scenario() -> None:
        pacer = Pacer(0.0)
        async with asyncio.timeout(3 * PATIENCE), AsyncExitStack() as stack:
            port = await stack.enter_async_context(SharedPort(addresses=[HOST]))
            pairs = [await opened(stack, port, config, pacer) for _ in range(SESSIONS)]
            await asyncio.gather(*(introduce(one, two) for one, two in pairs))
            for number, (one, two) in enumerate(pairs):
                path = await one.path()
                assert path.base.address == port.udp[0].endpoint.address
                assert (await two.path()).to == path.base.address
                assert one.send(b"\x80 from %d" % number)
                assert two.send(b"\x80 to %d" % number)
            for number, (one, two) in enumerate(pairs):
                assert await one.receive() == b"\x80 to %d" % number
                assert await two.receive() == b"\x80 from %d" % number
            assert port.udp[0].unknown == 0

    run(scenario())


def test_two_one_port_servers_connect_their_sessions() -> None:
    async def scenario() -> None:
        async with (
            asyncio.timeout(PATIENCE),
            SharedPort(addresses=[HOST]) as left,
            SharedPort(addresses=[HOST]) as right,
            open_session(role=Role.CONTROLLING, config=CONFIG, port=left, streams=2) as one,
            open_session(role=Role.CONTROLLED, config=CONFIG, port=right, streams=2) as two,
        ):
            await introduce(one, two, streams=2)
            for stream in range(2):
                path = await one.path(stream)
                assert path.base.address == left.udp[0].endpoint.address
                assert path.to == right.udp[0].endpoint.address

    asyncio.run(scenario())


@on_each_loop
def test_connections_to_one_tcp_port_find_their_session(run: Run) -> None:
    config = replace(CONFIG, ice_tcp=True)

    async def scenario() -> None:
        async with (
            asyncio.timeout(PATIENCE),
            SharedPort(addresses=[HOST], tcp=True) as port,
            AsyncExitStack() as stack,
        ):
            pairs = []
            for _ in range(5):
                one = open_session(
                    role=Role.CONTROLLED, config=config, port=port, tcp=[TcpType.PASSIVE]
                )
                two = open_session(
                    role=Role.CONTROLLING, config=config, addresses=[HOST], tcp=[TcpType.ACTIVE]
                )
                pairs.append(
                    (await stack.enter_async_context(one), await stack.enter_async_context(two))
                )
            for one, two in pairs:
                await asyncio.gather(one.gather(), two.gather())
                await one.set_remote(_tcp_only(two.description()))
                await two.set_remote(_tcp_only(one.description()))
            for number, (one, two) in enumerate(pairs):
                assert (await two.path()).to == port.tcp[0].address
                assert (await one.path()).base.transport is Transport.TCP
                assert one.send(b"\x80 from %d" % number)
                assert await two.receive() == b"\x80 from %d" % number
                assert two.send(b"\x80 to %d" % number)
                assert await one.receive() == b"\x80 to %d" % number

    run(scenario())


def _tcp_only(description: Description) -> Description:
    kept = [one for one in description.candidates if one.transport is Transport.TCP]
    return replace(description, candidates=tuple(kept))


def test_a_session_that_ends_leaves_nothing_on_the_port() -> None:
    config = replace(CONFIG, ice_tcp=True)

    async def scenario() -> None:
        async with asyncio.timeout(PATIENCE), SharedPort(addresses=[HOST], tcp=True) as port:
            kinds = [TcpType.PASSIVE, TcpType.ACTIVE]
            async with (
                open_session(role=Role.CONTROLLED, config=config, port=port, tcp=kinds) as one,
                open_session(role=Role.CONTROLLING, config=CONFIG, addresses=[HOST]) as two,
            ):
                await introduce(one, two)
                await asyncio.gather(one.path(), two.path())
                [shared], [listener] = port.udp, port.tcp
                assert shared.by_ufrag
                assert shared.by_transaction
                assert shared.by_source
                assert listener.by_ufrag
            left = [shared.by_ufrag, shared.by_transaction, shared.by_source]
            assert not any(left)
            assert listener.by_ufrag == {}

    asyncio.run(scenario())


def test_a_restart_is_reached_by_its_own_ufrag() -> None:
    async def scenario() -> None:
        async with (
            asyncio.timeout(PATIENCE),
            SharedPort(addresses=[HOST]) as port,
            open_session(role=Role.CONTROLLED, config=CONFIG, port=port) as one,
            open_session(role=Role.CONTROLLING, config=CONFIG, addresses=[HOST]) as two,
        ):
            await introduce(one, two)
            await asyncio.gather(one.path(), two.path())
            restarts = one.restart(), two.restart()
            await introduce(one, two)
            for restart in restarts:
                restart.commit()
            assert two.send(b"\x80 still here")
            assert await one.receive() == b"\x80 still here"
            await asyncio.gather(one.path(), two.path())
            assert len(port.udp[0].by_ufrag) == 2

    asyncio.run(scenario())


def test_a_second_component_is_refused_with_the_remedy() -> None:
    async def scenario() -> None:
        async with SharedPort(addresses=[HOST]) as port:
            with pytest.raises(UsageError, match="rtcp-mux"):
                async with open_session(
                    role=Role.CONTROLLED, config=CONFIG, port=port, components=2
                ):
                    raise AssertionError("it was opened")
            assert port.udp[0].by_ufrag == {}

    asyncio.run(scenario())


def test_udp_and_tcp_have_the_port_that_was_asked_for() -> None:
    async def scenario() -> None:
        number = spare()
        async with SharedPort(addresses=[HOST], port=number, tcp=True) as port:
            assert port.udp[0].endpoint.address.port == number
            assert port.tcp[0].address.port == number
            with pytest.raises(OSError, match="in use"):
                async with SharedPort(addresses=["127.0.0.2", HOST], port=number):
                    raise AssertionError("it was opened")

    asyncio.run(scenario())


def test_each_session_on_a_port_has_an_allocation_of_its_own() -> None:
    async def scenario() -> None:
        with turn_server() as (server, known):
            config = replace(CONFIG, servers=(known, IceServer(ServerKind.STUN, known.address)))
            async with (
                asyncio.timeout(PATIENCE),
                SharedPort(addresses=[HOST]) as port,
                open_session(role=Role.CONTROLLED, config=config, port=port) as one,
                open_session(role=Role.CONTROLLED, config=config, port=port) as two,
            ):
                assert all(await asyncio.gather(one.gather(PATIENCE), two.gather(PATIENCE)))
                assert len(server.allocations) == 2
                for session in (one, two):
                    host, relayed = session.description().candidates
                    assert host.address == port.udp[0].endpoint.address
                    assert relayed.type is CandidateType.RELAYED
            assert server.allocations == {}

    asyncio.run(scenario())
