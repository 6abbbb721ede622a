"""The façade: two programs' worth of sessions in one, over loopback sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sipice.aio.resolver import Resolver
from sipice.aio.session import Session, SessionEvent, open_session
from sipice.cli.demo.turn_server import USER
from sipice.errors import SessionClosed, SessionFailed, UsageError
from sipice.ice import (
    CandidateType,
    Description,
    MediaChanged,
    PairSelected,
    RestartFinished,
    Role,
    ServerFailed,
    StreamCompleted,
    TcpType,
)
from sipice.net import Transport
from tests.aio.dns import name_server
from tests.aio.harness import (
    CONFIG,
    HOST,
    PATIENCE,
    Run,
    introduce,
    moved,
    on_each_loop,
    silence,
    two_sessions,
)
from tests.aio.turn import PASSWORD, turn_server
from tests.marks import rfc


@on_each_loop
@pytest.mark.parametrize(("streams", "components"), [(1, 1), (2, 1), (1, 2)])
def test_two_sessions_select_mirrored_paths_and_carry_media(
    run: Run, streams: int, components: int
) -> None:
    async def scenario() -> None:
        async with two_sessions(streams=streams, components=components) as (one, two):
            await introduce(one, two, streams)
            for stream in range(streams):
                for component in range(1, components + 1):
                    ours = await one.path(stream, component)
                    theirs = await two.path(stream, component)
                    assert ours.to == theirs.base.address
                    assert theirs.to == ours.base.address
                    packet = b"\x80%d %d" % (stream, component)
                    assert one.send(packet, stream, component)
                    assert await two.receive(stream, component) == packet
                    assert two.send(packet, stream, component)
                    assert await one.receive(stream, component) == packet

    run(scenario())


def test_two_sessions_connect_over_ipv6() -> None:
    async def scenario() -> None:
        async with two_sessions(host="::1") as (one, two):
            await introduce(one, two)
            assert (await one.path()).to.host == "::1"
            assert (await two.path()).to.host == "::1"
            assert one.send(b"\x80 over IPv6")
            assert await two.receive() == b"\x80 over IPv6"

    asyncio.run(scenario())


def test_events_come_in_order_and_end_with_the_session() -> None:
    async def scenario() -> None:
        async with two_sessions() as (one, two):
            await introduce(one, two)
            seen = [type(event) async for event in _until_completed(one)]
            assert seen.index(PairSelected) < seen.index(StreamCompleted)
        assert [event async for event in one.events()] == []
        with pytest.raises(SessionClosed):
            await one.receive()

    asyncio.run(scenario())


async def _until_completed(session: Session) -> AsyncIterator[SessionEvent]:
    async for event in session.events():
        yield event
        if isinstance(event, StreamCompleted):
            return


@on_each_loop
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (TcpType.ACTIVE, TcpType.PASSIVE),
        (TcpType.PASSIVE, TcpType.ACTIVE),
        (TcpType.SO, TcpType.SO),
    ],
)
def test_two_sessions_connect_over_tcp(run: Run, ours: TcpType, theirs: TcpType) -> None:
    config = replace(CONFIG, ice_tcp=True)

    async def scenario() -> None:
        async with two_sessions(config=config, kinds=((ours,), (theirs,))) as (one, two):
            await asyncio.gather(one.gather(), two.gather())
            offer, answer = _tcp_only(one.description()), _tcp_only(two.description())
            await two.set_remote(offer)
            await one.set_remote(answer)
            for session in (one, two):
                path = await session.path()
                assert path.flow is not None
                assert path.base.transport is Transport.TCP
            for number in range(3):
                assert one.send(b"\x80 to %d" % number)
                assert await two.receive() == b"\x80 to %d" % number
                assert two.send(b"\x80 from %d" % number)
                assert await one.receive() == b"\x80 from %d" % number

    run(scenario())


def _tcp_only(description: Description) -> Description:
    kept = [one for one in description.candidates if one.transport is Transport.TCP]
    return replace(description, candidates=tuple(kept))


@rfc("6544", "4.4", "rule", "6544-4.4-1")
def test_a_lite_agent_has_passive_tcp_candidates_only() -> None:
    config = replace(CONFIG, lite=True, ice_tcp=True)

    async def scenario() -> None:
        common: dict[str, Any] = {
            "role": Role.CONTROLLED,
            "addresses": [HOST],
            "config": config,
        }
        async with open_session(**common, tcp=[TcpType.PASSIVE]) as session:
            await session.gather()
            kinds = [one.tcptype for one in session.description().candidates]
            assert kinds == [None, TcpType.PASSIVE]
        for kind in (TcpType.ACTIVE, TcpType.SO):
            with pytest.raises(UsageError, match="passive"):
                open_session(**common, tcp=[TcpType.PASSIVE, kind])

    asyncio.run(scenario())


def test_a_restart_moves_media_to_the_next_generation_without_a_gap() -> None:
    async def scenario() -> None:
        async with two_sessions() as (one, two):
            await introduce(one, two)
            await asyncio.gather(one.path(), two.path())
            before = one.description().credentials
            restarts = one.restart(), two.restart()
            await introduce(one, two)
            assert one.description().credentials != before
            assert one.send(b"\x80 meanwhile")
            assert await two.receive() == b"\x80 meanwhile"
            for restart in restarts:
                restart.commit()
            async for event in one.events():
                if isinstance(event, RestartFinished):
                    break
            assert (await one.path()).to == (await two.path()).base.address
            assert one.send(b"\x80 after")
            assert await two.receive() == b"\x80 after"

    asyncio.run(scenario())


def test_a_restart_that_was_refused_leaves_everything_as_it_was() -> None:
    async def scenario() -> None:
        async with two_sessions() as (one, two):
            await introduce(one, two)
            path = await one.path()
            before = one.description().credentials
            one.restart().roll_back()
            assert one.description().credentials == before
            assert await one.path() == path

    asyncio.run(scenario())


def test_a_stream_without_any_answer_fails_with_its_reason() -> None:
    config = replace(CONFIG, pac=0.2, rc=1, rm=1)

    async def scenario() -> None:
        async with two_sessions(config=config) as (one, two):
            with silence() as nowhere:
                await one.set_remote(moved(two.description(), nowhere))
                with pytest.raises(SessionFailed, match="no check of a component succeeded"):
                    await one.path()

    asyncio.run(scenario())


def test_media_can_go_to_a_callback_and_is_counted() -> None:
    async def scenario() -> None:
        got: asyncio.Queue[tuple[int, int, bytes]] = asyncio.Queue()
        async with two_sessions(on_media=lambda *packet: got.put_nowait(packet)) as (one, two):
            assert not one.send(b"\x80 too early")
            await introduce(one, two)
            await asyncio.gather(one.path(), two.path())
            assert one.send(b"\x80abc")
            assert await got.get() == (0, 1, b"\x80abc")

    asyncio.run(scenario())


def test_an_unknown_component_is_the_callers_mistake() -> None:
    async def scenario() -> None:
        async with two_sessions() as (one, _):
            with pytest.raises(UsageError, match="component 2 of stream 0"):
                one.send(b"\x80", component=2)

    asyncio.run(scenario())


def test_after_the_end_nothing_is_done_and_whoever_asks_is_told() -> None:
    async def scenario() -> None:
        async with two_sessions() as (one, two):
            await introduce(one, two)
            await asyncio.gather(one.path(), two.path())
            known = two.description()
            await one.close()
            await one.close()
            await one.set_remote(known)
            assert not one.send(b"\x80 too late")
            for asked in (one.gather(), one.path(), one.receive()):
                with pytest.raises(SessionClosed):
                    await asked
            with pytest.raises(SessionClosed):
                one.description()
            with pytest.raises(SessionClosed):
                one.restart()

    asyncio.run(scenario())


def test_what_the_body_raises_comes_out_as_it_is() -> None:
    async def scenario() -> None:
        with pytest.raises(LookupError, match="of the body"):
            async with two_sessions():
                raise LookupError("of the body")

    asyncio.run(scenario())


def test_the_record_of_a_session_can_be_read_and_holds_no_password(tmp_path: Path) -> None:
    async def scenario() -> str:
        async with two_sessions(traces=(tmp_path / "one", tmp_path / "two")) as (one, two):
            await introduce(one, two)
            await asyncio.gather(one.path(), two.path())
            return one.description().credentials.pwd

    password = asyncio.run(scenario())
    text = (tmp_path / "one").read_text()
    names = [json.loads(line)["is"] for line in text.splitlines()]
    assert names[0] == "agent"
    assert "pair-selected" in names
    assert "close" in names
    assert password not in text


def test_servers_by_name_give_candidates_and_a_dead_one_keeps_nobody_waiting() -> None:
    async def scenario() -> None:
        with turn_server() as (server, _):
            host, port = server.address.host, server.address.port
            records = f"relay.example.org A {host}"
            async with (
                name_server(records, silent="dead.example.org") as nameserver,
                open_session(
                    role=Role.CONTROLLING,
                    addresses=[HOST],
                    config=CONFIG,
                    servers=[
                        f"stun:dead.example.org:{port}",
                        f"turn:relay.example.org:{port}",
                        "turn:missing.example.org:3478",
                    ],
                    username=USER,
                    password=PASSWORD,
                    resolver=Resolver(nameserver),
                ) as session,
            ):
                assert not await session.gather(deadline=0.4), "the dead one may still answer"
                kinds = [one.type for one in session.description().candidates]
                assert kinds == [CandidateType.HOST, CandidateType.RELAYED]
                async for event in session.events():
                    if isinstance(event, ServerFailed):
                        assert "missing.example.org" in event.why
                        break

    asyncio.run(scenario())


@on_each_loop
def test_media_through_a_relay_goes_by_channel(run: Run) -> None:
    async def scenario() -> None:
        with turn_server() as (server, known), silence() as nowhere:
            config = replace(CONFIG, servers=(known,))
            async with two_sessions(config=config) as (one, two):
                await asyncio.gather(one.gather(PATIENCE), two.gather(PATIENCE))
                relayed = _relayed_only(two.description())
                await two.set_remote(moved(one.description(), nowhere))
                await one.set_remote(relayed)
                assert (await one.path()).to == relayed.candidates[0].address
                assert (await two.path()).relayed
                async for event in two.events():
                    path = event.table.send if isinstance(event, MediaChanged) else None
                    if path is not None and path.channel is not None:
                        break
                before = server.relayed_packets
                for number in range(3):
                    assert two.send(b"\x80 to %d" % number)
                    assert await one.receive() == b"\x80 to %d" % number
                    assert one.send(b"\x80 from %d" % number)
                    assert await two.receive() == b"\x80 from %d" % number
                assert server.relayed_packets - before >= 3

    run(scenario())


def _relayed_only(description: Description) -> Description:
    kept = [one for one in description.candidates if one.type is CandidateType.RELAYED]
    return replace(description, candidates=tuple(kept))


def test_statistics_tell_what_went_over_which_pair() -> None:
    async def scenario() -> None:
        async with two_sessions() as (one, two):
            assert one.statistics().paths[0].path is None
            await introduce(one, two)
            path = await one.path()
            await two.path()
            for _ in range(3):
                assert one.send(b"\x80abc")
                await two.receive()
            [sent], [received] = one.statistics().paths, two.statistics().paths
            assert (sent.path, sent.media.packets_sent, sent.media.bytes_sent) == (path, 3, 12)
            assert (received.media.packets_received, received.media.bytes_received) == (3, 12)
            assert sent.rtt is not None
            assert 0.0 < sent.rtt < 1.0
            [pair] = one.statistics().pairs
            assert pair.selected
            assert pair.remote.address == path.to
            assert one.statistics().dropped_events == 0

    asyncio.run(scenario())
