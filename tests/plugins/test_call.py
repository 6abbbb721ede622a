"""One call: its path, its restart, its media without a bridge, its end."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from sipice.aio import interfaces
from sipice.aio.driver import Driver
from sipice.errors import SessionClosed
from sipice.errors import SessionFailed as NoPath
from sipice.net import Address
from sipice.sip.message import parse_message
from tests.capabilities import require

require("aiosipua", "cli")

from sipice.cli.demo.with_aiosipua import AiosipuaAgent
from sipice.cli.records import read_records
from sipice.plugins.plugin import Plugin
from sipice.session import (
    DescriptionReady,
    Direction,
    Kind,
    PathSelected,
    SessionFailed,
    StreamFailed,
)
from tests.plugins.ends import PATIENCE, config, connected, pair, run, until
from tests.plugins.rivals import SDP, reply
from tests.plugins.test_plugin import WAY, Silent
from tests.sip.story import request


def test_raw_packets_take_the_path_both_ways() -> None:
    async def main() -> None:
        async with pair(AiosipuaAgent, bridge=False) as (alice, bob):
            await alice.call(bob.address)
            await connected(alice, bob)
            ours, theirs = alice.plugin.calls[0], bob.plugin.calls[0]
            assert ours.send(b"\x80ping")
            async with asyncio.timeout(PATIENCE):
                assert await theirs.receive() == b"\x80ping"
                assert theirs.send(b"\x80pong")
                assert await ours.receive() == b"\x80pong"
            counters = ours.counters()
            assert (counters.packets_sent, counters.packets_received) == (1, 1)
            assert not ours.send(b"\x80nowhere", stream=7)
            assert ours.counters(stream=7).packets_sent == 0

    run(main)


def test_a_restart_finds_another_path_by_a_new_offer() -> None:
    async def main() -> None:
        async with pair(AiosipuaAgent) as (alice, bob):
            await alice.call(bob.address)
            await connected(alice, bob)
            call = alice.plugin.calls[0]
            call.restart()
            offers = selected = 0
            async with asyncio.timeout(PATIENCE):
                async for event in call.events():
                    offers += isinstance(event, DescriptionReady)
                    selected += isinstance(event, PathSelected) and event.component == 1
                    if selected == 2:
                        break
            assert offers >= 4  # offer and answer, twice

    run(main)


def test_the_end_is_told_to_whoever_waits() -> None:
    async def main() -> None:
        async with pair(AiosipuaAgent) as (alice, bob):
            await alice.call(bob.address)
            call = alice.plugin.calls[0]
            waiting = asyncio.ensure_future(call.receive())
            reading = asyncio.ensure_future(_all(call.events()))
            await asyncio.sleep(0)
            await call.close()
            await call.close()
            with pytest.raises(SessionClosed):
                await waiting
            assert await reading > 0
            with pytest.raises(SessionClosed):
                await call.path(stream=5)

    async def _all(events) -> int:  # type: ignore[no-untyped-def]
        return len([event async for event in events])

    run(main)


INVITE = request("INVITE", 1, body=SDP.encode())


def test_a_call_that_the_application_closes_is_over_for_its_messages_too() -> None:
    """What waits is answered, and the next INVITE begins a call of its own."""

    async def main() -> None:
        stack = Silent()
        plugin = Plugin(stack, config())
        plugin.outgoing(INVITE, WAY)
        [call] = plugin.calls
        await call.close()
        assert not plugin.calls
        assert parse_message(stack.got[-1]).status == 487
        assert not stack.sent
        again = request("INVITE", 2, body=SDP.encode())
        plugin.outgoing(again, WAY)
        [other] = plugin.calls
        await call.close()
        assert plugin.calls == (other,)
        await until(lambda: bool(stack.sent))
        await plugin.close()

    run(main)


def test_a_second_close_waits_for_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        plugin = Plugin(Silent(), config())
        plugin.outgoing(INVITE, WAY)
        [call] = plugin.calls
        released = asyncio.Event()
        monkeypatch.setattr(Driver, "released", lambda driver, deadline: released.wait())
        first, second = asyncio.ensure_future(call.close()), asyncio.ensure_future(call.close())
        done, _ = await asyncio.wait((first, second), timeout=0.05)
        assert not done
        released.set()
        await asyncio.gather(first, second)
        await plugin.close()

    run(main)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_peer_without_ice_has_a_path_too(host: str) -> None:
    """Also by a name; the system knows this one without asking anybody."""

    async def main() -> None:
        stack = Silent()
        plugin = Plugin(stack, config())
        plugin.outgoing(INVITE, WAY)
        await until(lambda: bool(stack.sent))
        answer = SDP.replace("c=IN IP4 127.0.0.1", f"c=IN IP4 {host}")
        plugin.incoming(reply(parse_message(INVITE), 200, body=answer).encode(), WAY)
        async with asyncio.timeout(PATIENCE):
            path = await plugin.calls[0].path()
        assert path.to == Address.parse("127.0.0.1", 40_000)
        await plugin.close()

    run(main)


def test_a_caller_without_ice_has_a_path_when_it_is_answered() -> None:
    async def main() -> None:
        stack = Silent()
        plugin = Plugin(stack, config())
        plugin.incoming(INVITE, WAY)
        await until(lambda: bool(stack.got))
        plugin.outgoing(reply(parse_message(INVITE), 200, body=SDP).encode(), WAY)
        async with asyncio.timeout(PATIENCE):
            path = await plugin.calls[0].path()
        assert path.to == Address.parse("127.0.0.1", 40_000)
        await plugin.close()

    run(main)


def test_a_call_in_which_no_stream_has_a_path_says_so() -> None:
    """Also when the tap has made an offer without the stream by then."""

    async def main() -> None:
        plugin = Plugin(Silent(), config())
        plugin.outgoing(INVITE, WAY)
        [call] = plugin.calls
        waiting = asyncio.ensure_future(call.path())
        await asyncio.sleep(0)
        call._event(SessionFailed(call.leg.active, "no stream has a path"))
        call._event(DescriptionReady(call.leg.active, Direction.TO_PEER, Kind.OFFER, b""))
        with pytest.raises(NoPath, match="no stream has a path"):
            await waiting
        await plugin.close()

    run(main)


BUNDLED = (
    SDP.replace("t=0 0\r\n", "t=0 0\r\na=group:BUNDLE a v\r\n")
    + "a=mid:a\r\na=rtcp-mux\r\nm=video 40002 RTP/AVP 96\r\na=mid:v\r\na=rtcp-mux\r\n"
)


async def _exchange(offer: str, answer: str, **more: object) -> tuple[Plugin, Plugin]:
    """Two plugins of which one has called the other."""
    caller, callee = Silent(), Silent()
    ours, theirs = Plugin(caller, config(**more)), Plugin(callee, config(**more))
    invite = request("INVITE", 1, body=offer.encode())
    ours.outgoing(invite, WAY)
    await until(lambda: bool(caller.sent))
    theirs.incoming(caller.sent[0], WAY)
    await until(lambda: bool(callee.got))
    theirs.outgoing(reply(parse_message(invite), 200, body=answer).encode(), WAY)
    await until(lambda: any(one.startswith(b"SIP/2.0 200") for one in callee.sent))
    ours.incoming(callee.sent[-1], WAY)
    return ours, theirs


def test_what_another_component_carries_has_the_path_of_that() -> None:
    """RTCP on the port of RTP (RFC 5761), and a bundled section (RFC 9143)."""

    async def main() -> None:
        plugins = await _exchange(BUNDLED, BUNDLED)
        for plugin in plugins:
            [call] = plugin.calls
            async with asyncio.timeout(PATIENCE):
                path = await call.path()
                assert await call.path(1) == path
                assert await call.path(0, 2) == path
                assert await call.path(1, 2) == path
            assert call.counters(1) is call.counters()
            await plugin.close()

    run(main)


def test_a_bundled_section_sends_and_receives_with_the_other() -> None:
    async def main() -> None:
        ours, theirs = await _exchange(BUNDLED, BUNDLED, bridge=False)
        one, two = ours.calls[0], theirs.calls[0]
        async with asyncio.timeout(PATIENCE):
            await one.path(1)
            await two.path(1)
            assert one.send(b"\x80video", 1)
            assert await two.receive(1) == b"\x80video"
        await ours.close()
        await theirs.close()

    run(main)


def test_a_section_that_the_peer_has_refused_has_no_path() -> None:
    async def main() -> None:
        video = "m=video 40002 RTP/AVP 96\r\n"
        plugins = await _exchange(SDP + video, SDP + video.replace("40002", "0"))
        for plugin in plugins:
            [call] = plugin.calls
            async with asyncio.timeout(PATIENCE):
                await call.path()
                with pytest.raises(NoPath, match="stream 1: no m= section of the call has it"):
                    await call.path(1)
            await plugin.close()

    run(main)


def test_one_stream_of_two_that_fails_is_told_to_who_waits_for_it() -> None:
    async def main() -> None:
        plugin = Plugin(Silent(), config())
        plugin.outgoing(INVITE, WAY)
        [call] = plugin.calls
        audio, video = (asyncio.ensure_future(call.path(stream)) for stream in (0, 1))
        await asyncio.sleep(0)
        call._event(StreamFailed(call.leg.active, 1, "no check of a component succeeded"))
        with pytest.raises(NoPath, match="stream 1: no check of a component"):
            await video
        assert not audio.done()
        call.restart()
        again = asyncio.ensure_future(call.path(1))
        await asyncio.sleep(0)
        assert not again.done()
        await plugin.close()
        for waiting in (audio, again):
            with pytest.raises(SessionClosed):
                await waiting

    run(main)


def test_calls_of_one_record_are_told_apart(tmp_path: Path) -> None:
    async def main() -> None:
        with (tmp_path / "record").open("w") as file:
            async with pair(AiosipuaAgent, record=file.write) as (alice, bob):
                await alice.call(bob.address)
                await connected(alice, bob)

    run(main)
    records = read_records(str(tmp_path / "record"))
    assert [one.name.rpartition(" ")[2] for one in records] == ["out", "in"]


def test_one_look_for_local_addresses_serves_all_streams(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looks, watches = list[object](), list[object]()

    async def look(policy: object) -> list[object]:
        looks.append(policy)
        await asyncio.sleep(0)
        return []

    async def watch(policy: object, known: object) -> AsyncIterator[None]:
        watches.append(policy)
        for one in list[None]():
            yield one

    monkeypatch.setattr(interfaces, "local_addresses", look)
    monkeypatch.setattr(interfaces, "watch", watch)

    async def main() -> None:
        stack = Silent()
        plugin = Plugin(stack, replace(config(), addresses=None))
        body = SDP + "m=video 40002 RTP/AVP 96\r\n"
        plugin.outgoing(request("INVITE", 1, body=body.encode()), WAY)
        await until(lambda: bool(stack.sent))
        await plugin.close()

    run(main)
    assert len(looks) == len(watches) == 1
    assert [one.message.partition(": ")[2] for one in caplog.records] == [
        "there is no local address for media"
    ]


def test_a_call_that_ends_before_its_sockets_are_bound_needs_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        stack = Silent()
        plugin = Plugin(stack, config())
        plugin.incoming(INVITE, WAY)
        plugin.incoming(request("CANCEL", 1, branch="alice1INVITE"), WAY)
        await until(lambda: not plugin.calls)
        assert [data[8:11] for data in stack.sent] == [b"200", b"487"]
        await plugin.close()

    run(main)
    assert not caplog.records


def test_a_call_without_sockets_for_the_stack_is_told_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none(host: str) -> None:
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr("sipice.plugins.media.bind_pair", none)

    async def main() -> None:
        plugin = Plugin(Silent(), config())
        plugin.incoming(INVITE, WAY)
        await until(lambda: bool(caplog.records))
        await plugin.close()

    run(main)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
