"""Media of a stack with sockets of its own, through the bridge and the path."""

from __future__ import annotations

from dataclasses import replace

import pytest

import sdp
from sdp import effective
from tests.capabilities import require

require("aiosipua", "cli")

from aiosipua import (
    IncomingCall,
    SdpMessage,
    SipUAC,
    SipUAS,
    UdpSipTransport,
    build_sdp,
    serialize_sdp,
)

from sipice.cli.demo.agent import HOST, free_port
from sipice.cli.demo.voice import TONES, Voice
from sipice.cli.demo.with_aiosipua import AiosipuaAgent
from sipice.plugins.aiosipua import IceTransport
from tests.plugins.ends import config, connected, pair, run, until


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


def phone(voice: Voice, host: str, audio: tuple[str, int]) -> tuple[IceTransport, SipUAC, SipUAS]:
    """A phone with SIP and media on one address; it answers, and talks to where it is told."""
    inner = UdpSipTransport(local_addr=(host, free_port()))
    transport = IceTransport(inner, config=replace(config(), addresses=(host,)))
    uac = SipUAC(transport)
    uas = SipUAS(transport, uac=uac)

    def invited(call: IncomingCall) -> None:
        assert call.sdp_offer is not None
        call.accept(build_sdp(*audio, 0, "PCMU"))
        talk(voice, call.sdp_offer)

    uas.on_invite = uas.on_reinvite = invited
    return transport, uac, uas


def talk(voice: Voice, to: SdpMessage | None) -> None:
    assert to is not None
    place = effective.default_destination(sdp.parse(serialize_sdp(to).encode()), 0, 1)
    assert place is not None
    voice.talk((place.address, place.port))


@pytest.mark.parametrize("caller", ["::1", HOST])
def test_a_callee_that_has_ipv6_only_is_heard_and_hears(caller: str) -> None:
    """Also of a caller that has its own media on IPv4."""

    async def main() -> None:
        voices = Voice(TONES[0]), Voice(TONES[1])
        ours = caller, await voices[0].open(caller)
        theirs = "::1", await voices[1].open("::1")
        alice, uac, one = phone(voices[0], "::1", ours)
        bob, _, two = phone(voices[1], "::1", theirs)
        await one.start()
        await two.start()
        port = bob.local_addr[1]
        call = uac.send_invite(
            "sip:alice@[::1]", f"sip:bob@[::1]:{port}", ("::1", port), build_sdp(*ours, 0, "PCMU")
        )
        await call.wait_answered(10)
        await alice.plugin.calls[0].path()
        await bob.plugin.calls[0].path()
        talk(voices[0], call.sdp_answer)
        await until(lambda: all(voice.receiver.received >= 16 for voice in voices))
        assert [voice.heard_tone() for voice in voices] == [660.0, 440.0]
        bob.plugin.calls[0].restart()
        await until(lambda: bob.plugin.calls[0].selections > 1)
        call.hangup(uac)
        await until(lambda: not bob.plugin.calls)
        for voice in voices:
            voice.close()
        await one.stop()
        await two.stop()

    run(main)
