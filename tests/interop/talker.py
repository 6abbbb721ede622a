"""A user agent of ours with the plugin: it calls a phone or is called by it, and tells how it was.

python -m tests.interop.talker STACK OWN STUN [--peer ADDRESS] [--silent] [--restart] [--record]
    [--seconds N]

OWN is its address, STUN has a port. Without ``--peer`` it waits for a call. ``--silent`` keeps back
the offers that our side owes (D4.1), to see what a phone does without them. It prints one line of
JSON when it can be called, and one about the call; a record (docs/trace.md) to standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from aiosipua import IncomingCall, OutgoingCall, SipUAC, SipUAS, UdpSipTransport, parse_sdp
from aiosipua import serialize_sdp as text_of

from sipice.cli.demo.agent import Phone
from sipice.cli.demo.g711 import Law, decode
from sipice.cli.demo.voice import TONES, Voice
from sipice.plugins.aiosip import Application, Udp
from sipice.plugins.aiosip_wire import Headers
from sipice.plugins.aiosipua import IceTransport
from sipice.plugins.plugin import Plugin, PluginConfig
from sipice.session import IceOff, PathSelected, UpdateNeeded
from sipice.sip.outputs import DialogId
from tests.interop.tones import main_tone

SIP = 5060
PATIENCE = 20.0


class Agent(Protocol):
    """What is the same on both stacks."""

    phone: Phone
    plugin: Plugin

    async def start(self) -> None:
        """Listen for SIP."""

    async def call(self, peer: tuple[str, int]) -> None:
        """Call, and wait until it is answered."""

    async def hang_up(self) -> None:
        """End the call, whoever began it."""

    async def stop(self) -> None:
        """Close everything."""


class OnAiosipua:
    """See Agent."""

    def __init__(self, phone: Phone, own: str, config: PluginConfig, *, silent: bool) -> None:
        self.phone = phone
        kind = _SilentTransport if silent else IceTransport
        transport = kind(UdpSipTransport(local_addr=(own, SIP)), config=config)
        self.plugin = transport.plugin
        self._own = own
        self._uac = SipUAC(transport)
        self._uas = SipUAS(transport, uac=self._uac)
        self._uas.on_invite = self._uas.on_reinvite = self._invited
        self._uas.on_update = self._updated
        self._call: OutgoingCall | IncomingCall | None = None

    async def start(self) -> None:
        await self._uas.start()

    async def call(self, peer: tuple[str, int]) -> None:
        uris = f"sip:us@{self._own}:{SIP}", f"sip:peer@{peer[0]}:{peer[1]}"
        call = self._uac.send_invite(*uris, peer, parse_sdp(self.phone.offer()))
        self._call = call
        await call.wait_answered(PATIENCE)
        assert call.sdp_answer is not None
        self.phone.agreed(text_of(call.sdp_answer))

    async def hang_up(self) -> None:
        match self._call:
            case OutgoingCall() as call:
                call.hangup(self._uac)
            case IncomingCall() as call:
                call.hangup()

    async def stop(self) -> None:
        await self._uas.stop()

    def _invited(self, call: IncomingCall) -> None:
        assert call.sdp_offer is not None
        self._call = self._call or call
        call.accept(parse_sdp(self._answer(text_of(call.sdp_offer))))

    def _updated(self, call: IncomingCall, request: Any) -> Any:
        return parse_sdp(self._answer(request.text)) if request.body else None

    def _answer(self, offer: str) -> str:
        answer = self.phone.answer(offer)
        self.phone.agreed(offer)
        return answer


class _SilentTransport(IceTransport):
    def reoffer(self, dialog: DialogId, method: str) -> bool:
        return True  # as one who takes note and does nothing


class OnAiosip:
    """See Agent."""

    def __init__(self, phone: Phone, own: str, config: PluginConfig, *, silent: bool) -> None:
        self.phone = phone
        self._own = (own, SIP)
        self._app = (_SilentApplication if silent else Application)(config=config)
        self.plugin = self._app.plugin
        self._app.router.add_route("INVITE", self._invited)
        self._dialog: Any = None

    async def start(self) -> None:
        await self._app.create_connection(Udp, self._own)

    async def call(self, peer: tuple[str, int]) -> None:
        contact = f"sip:us@{self._own[0]}:{SIP}"
        self._dialog = await self._app.start_dialog(
            from_uri=contact,
            to_uri=f"sip:peer@{peer[0]}:{peer[1]}",
            contact_uri=contact,
            local_addr=self._own,
            remote_addr=peer,
        )
        async with asyncio.timeout(PATIENCE):
            answer = await self._dialog.send_message("INVITE", payload=self.phone.offer())
        assert answer.status_code == 200, answer.status_message
        self.phone.agreed(answer.payload)

    async def hang_up(self) -> None:
        await self._dialog.send_message("BYE")

    async def stop(self) -> None:
        await self._app.finish()

    def _invited(self, dialog: Any, request: Any) -> None:
        self._dialog = dialog
        dialog.on_request = self._asked
        self._reply(dialog, request, Headers())

    def _asked(self, dialog: Any, request: Any) -> bool:
        if request.method not in ("INVITE", "UPDATE") or not request.payload:
            return False
        self._reply(dialog, request, Headers({"CSeq": request.headers["CSeq"]}))
        return True

    def _reply(self, dialog: Any, request: Any, headers: Any) -> None:
        answer = self.phone.answer(request.payload)
        dialog.send_reply(200, "OK", headers=headers, payload=answer)
        self.phone.agreed(request.payload)


class _SilentApplication(Application):
    def reoffer(self, dialog: DialogId, method: str) -> bool:
        return True  # as one who takes note and does nothing


STACKS: dict[str, Callable[..., Agent]] = {"aiosipua": OnAiosipua, "aiosip": OnAiosip}


async def talk(asked: argparse.Namespace) -> dict[str, Any]:
    """One call, from its beginning to its end."""
    phone = Phone("us", Voice(TONES[0]))
    phone.is_connected = True
    await phone.open()
    record = sys.stderr.write if asked.record else None
    config = PluginConfig(servers=(f"stun:{asked.stun}",), record=record)
    agent = STACKS[asked.stack](phone, asked.own, config, silent=asked.silent)
    await agent.start()
    _say({"ev": "ready"})
    if asked.peer:
        await agent.call((asked.peer, SIP))
    async with asyncio.timeout(PATIENCE):
        while not agent.plugin.calls:  # noqa: ASYNC110 - somebody calls us, some time
            await asyncio.sleep(0.01)
        running = agent.plugin.calls[0]
        await running.path()
    if asked.restart:
        await asyncio.sleep(asked.seconds)
        running.restart()
    await asyncio.sleep(asked.seconds)
    phone.voice.talk(None)
    await _quietly(agent.hang_up)
    await asyncio.sleep(0.3)
    told = {"ev": "call", **_heard(phone), **await _found(running)}
    await agent.stop()
    phone.voice.close()
    return told


async def _quietly(act: Callable[[], Awaitable[None]]) -> None:
    """What is missing at the end of a call says nothing about the call."""
    try:
        async with asyncio.timeout(2):
            await act()
    except TimeoutError:
        return


def _heard(phone: Phone) -> dict[str, Any]:
    voice = phone.voice
    tone, seconds = main_tone(decode(b"".join(voice.receiver.payloads), Law.MU))
    return {"tone": tone, "seconds": seconds, "heard": voice.receiver.received, "sent": voice.sent}


async def _found(running: Any) -> dict[str, Any]:
    """The last selected pair of each component, and what else the call had to say."""
    events = [event async for event in running.events()]
    pairs = {
        event.component: [_place(event.local), _place(event.remote)]
        for event in events
        if isinstance(event, PathSelected)
    }
    return {
        "pairs": pairs,
        "owed": [event.reason.name for event in events if isinstance(event, UpdateNeeded)],
        "plain": any(isinstance(event, IceOff) for event in events),
    }


def _place(candidate: Any) -> str:
    return f"{candidate.type.name} {candidate.address}"


def _say(event: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("stack", choices=STACKS)
    parser.add_argument("own")
    parser.add_argument("stun")
    parser.add_argument("--peer", default="", help="the address of a phone that listens at 5060")
    parser.add_argument("--silent", action="store_true")
    parser.add_argument(
        "--restart", action="store_true", help="ICE when we have talked; talk again"
    )
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long to talk on the path")
    return parser.parse_args()


if __name__ == "__main__":
    _say(asyncio.run(talk(options())))
