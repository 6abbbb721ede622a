"""Media by the table of a component: which way out, which sources in, what is counted."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from sipice.aio.driver import Driver
from sipice.aio.media import MediaPort, OnMedia
from sipice.net import SILENT, Address, MediaTable, Path, Source
from sipice.stun import Class, Message, Method, encode
from tests.aio.doubles import BASE, THERE, MemoryEndpoint, ScriptedCore, spawn

SERVER = Address.parse("198.51.100.1", 3478)
CHANNEL = 0x4001
REQUEST = encode(Message(Method.BINDING, Class.REQUEST, Random(1).randbytes(12)))
AUDIO = b"\x80audio"
DIRECT = MediaTable(Path(BASE, THERE, THERE), frozenset({Source(BASE, THERE)}))
RELAYED = MediaTable(
    Path(BASE, SERVER, THERE, CHANNEL, relayed=True),
    frozenset({Source(BASE, SERVER, CHANNEL, relayed=True)}),
)
UNBOUND = MediaTable(
    Path(BASE, SERVER, THERE, relayed=True), frozenset({Source(BASE, SERVER, relayed=True)})
)


class Ended(Exception):  # noqa: N818
    """What a reader gets at the end."""


class Rig:
    """A port over the doubles."""

    def __init__(self, limit: int = 10, on_media: OnMedia | None = None) -> None:
        self.core = ScriptedCore()
        self.endpoint = MemoryEndpoint()
        driver: Driver[str] = Driver(self.core, lambda _: None, spawn=spawn)
        driver.add(BASE, self.endpoint)
        self.port = MediaPort(self.core, driver, 0, 1, limit=limit, on_media=on_media)


def framed(data: bytes, channel: int = CHANNEL) -> bytes:
    return channel.to_bytes(2) + len(data).to_bytes(2) + data


def test_without_a_path_nothing_is_sent() -> None:
    async def scenario() -> None:
        rig = Rig()
        assert not rig.port.send(AUDIO)
        assert rig.port.counters.not_sent == 1
        assert rig.core.inputs == []

    asyncio.run(scenario())


def test_a_direct_path_goes_past_the_core_and_tells_it_once_a_second() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.port.apply(DIRECT)
        for _ in range(3):
            assert rig.port.send(AUDIO)
        assert rig.endpoint.sent == [(AUDIO, THERE)] * 3
        assert rig.core.inputs == [("media-sent", 0, 1)]
        counters = rig.port.counters
        assert (counters.packets_sent, counters.bytes_sent) == (3, 3 * len(AUDIO))

    asyncio.run(scenario())


def test_a_channel_gets_its_header() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.port.apply(RELAYED)
        assert rig.port.send(AUDIO)
        assert rig.endpoint.sent == [(framed(AUDIO), SERVER)]
        assert rig.port.counters.bytes_sent == len(AUDIO), "without the header"

    asyncio.run(scenario())


def test_a_relay_without_channel_is_the_agents_business() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.port.apply(UNBOUND)
        assert rig.port.send(AUDIO)
        assert rig.core.inputs[0] == ("send", 0, 1, AUDIO)
        assert rig.endpoint.sent == []
        assert rig.endpoint.routes == {}, "its media comes in Data indications"

    asyncio.run(scenario())


def test_media_comes_from_the_sources_of_the_table_only() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.port.apply(DIRECT)
        rig.endpoint.routes[THERE](AUDIO)
        assert await rig.port.received.get() == AUDIO
        rig.port.apply(RELAYED)
        assert set(rig.endpoint.routes) == {SERVER}
        rig.port.apply(SILENT)
        assert rig.endpoint.routes == {}
        assert rig.port.counters.packets_received == 1

    asyncio.run(scenario())


def test_of_a_channel_media_is_ours_and_all_else_the_cores() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.port.apply(RELAYED)
        take = rig.endpoint.routes[SERVER]
        take(framed(AUDIO))
        assert await rig.port.received.get() == AUDIO
        strange = [framed(REQUEST), framed(AUDIO, CHANNEL + 1), b"\x40\x01", b""]
        for packet in strange:
            take(packet)
        assert rig.core.inputs == [("datagram", packet, BASE, SERVER) for packet in strange]

    asyncio.run(scenario())


def test_a_slow_reader_gets_the_latest_packets() -> None:
    async def scenario() -> None:
        rig = Rig(limit=2)
        rig.port.apply(DIRECT)
        for number in range(3):
            rig.endpoint.routes[THERE](b"%d" % number)
        assert [await rig.port.received.get() for _ in range(2)] == [b"1", b"2"]
        assert rig.port.received.dropped == 1

    asyncio.run(scenario())


def test_a_callback_gets_each_packet_at_once() -> None:
    async def scenario() -> None:
        got: list[tuple[int, int, bytes]] = []
        rig = Rig(on_media=lambda *packet: got.append(packet))
        rig.port.apply(DIRECT)
        rig.endpoint.routes[THERE](AUDIO)
        assert got == [(0, 1, AUDIO)]
        assert len(rig.port.received) == 0

    asyncio.run(scenario())


def test_a_refused_packet_is_counted() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.port.apply(DIRECT)
        rig.endpoint.refuses = True
        assert not rig.port.send(AUDIO)
        assert (rig.port.counters.packets_sent, rig.port.counters.not_sent) == (0, 1)

    asyncio.run(scenario())


def test_after_the_end_nothing_is_sent_and_readers_are_told() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.port.apply(DIRECT)
        rig.port.close(Ended())
        assert not rig.port.send(AUDIO)
        assert rig.endpoint.routes == {}
        with pytest.raises(Ended):
            await rig.port.received.get()

    asyncio.run(scenario())
