"""Media of a stack with sockets of its own, through the bridge and the path."""

from __future__ import annotations

from tests.capabilities import require

require("aiosipua", "cli")

from sipice.cli.demo.with_aiosipua import AiosipuaAgent
from tests.plugins.ends import connected, pair, run, until


def test_tones_are_heard_both_ways_and_nothing_after_the_end() -> None:
    async def main() -> None:
        async with pair(AiosipuaAgent) as (alice, bob):
            await alice.call(bob.address)
            await connected(alice, bob)
            voices = alice.phone.voice, bob.phone.voice
            alice.phone.connected()
            bob.phone.connected()
            await until(lambda: all(voice.receiver.received >= 16 for voice in voices))
            assert [voice.heard_tone() for voice in voices] == [660.0, 440.0]
            counters = alice.plugin.calls[0].counters()
            assert counters.packets_sent >= 16
            await alice.hang_up()
            await until(lambda: not bob.plugin.calls)

    run(main)
