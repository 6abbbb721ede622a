"""A user agent on aiosipua with the plugin, at a host of the laboratory: it tells what it hears.

python -m tests.lab.caller OWN PEER STUN     addresses; STUN with its port
"""

from __future__ import annotations

import asyncio
import json
import sys

from aiosipua import SipUAC, SipUAS, UdpSipTransport, parse_sdp, serialize_sdp

from sipice.cli.demo.agent import Phone
from sipice.cli.demo.g711 import Law, decode
from sipice.cli.demo.voice import TONES, Voice
from sipice.plugins.aiosipua import IceTransport
from sipice.plugins.plugin import PluginConfig
from sipice.session import IceOff
from tests.interop.tones import main_tone

TALKS = 2.0
"""Seconds."""


async def call(own: str, peer: str, server: str) -> None:
    phone = Phone("us", Voice(TONES[0]))
    phone.is_connected = True
    await phone.open()
    config = PluginConfig(servers=(f"stun:{server}",))
    transport = IceTransport(UdpSipTransport(local_addr=(own, 5060)), config=config)
    uac = SipUAC(transport)
    uas = SipUAS(transport, uac=uac)
    await uas.start()
    outgoing = uac.send_invite(
        f"sip:us@{own}:5060", f"sip:them@{peer}:5060", (peer, 5060), parse_sdp(phone.offer())
    )
    await outgoing.wait_answered(20)
    assert outgoing.sdp_answer is not None
    phone.agreed(serialize_sdp(outgoing.sdp_answer))
    [running] = transport.plugin.calls
    path = await asyncio.wait_for(running.path(), 10)
    await asyncio.sleep(TALKS)
    phone.voice.talk(None)
    await asyncio.sleep(0.3)
    outgoing.hangup(uac)
    await asyncio.sleep(0.3)
    await uas.stop()
    receiver, sent = phone.voice.receiver, phone.voice.sent
    heard = {"tone": phone.voice.heard_tone(), "heard": receiver.received, "sent": sent}
    heard["main_tone"], _ = main_tone(decode(b"".join(receiver.payloads), Law.MU))
    told = {**heard, "to": str(path.to), "plain": await _is_plain(running)}
    sys.stdout.write(json.dumps(told) + "\n")
    phone.voice.close()


async def _is_plain(running) -> bool:  # type: ignore[no-untyped-def]
    return any([isinstance(event, IceOff) async for event in running.events()])


if __name__ == "__main__":
    asyncio.run(call(*sys.argv[1:]))
