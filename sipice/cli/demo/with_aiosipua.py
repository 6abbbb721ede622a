"""The demonstration's user agent on aiosipua; ``IceTransport`` is all that ICE asks of it."""

from __future__ import annotations

import asyncio

from aiosipua import (
    IncomingCall,
    OutgoingCall,
    SdpMessage,
    SipRequest,
    SipUAC,
    SipUAS,
    UdpSipTransport,
    parse_sdp,
    serialize_sdp,
)

from sipice.cli.demo.agent import HOST, Phone, free_port
from sipice.plugins.aiosipua import IceTransport
from sipice.plugins.plugin import PluginConfig

PATIENCE = 10.0
"""Seconds for each step of a call."""


class AiosipuaAgent:
    """See UserAgent."""

    def __init__(self, phone: Phone, config: PluginConfig) -> None:
        self.phone = phone
        self.address = (HOST, free_port())
        self._transport = IceTransport(UdpSipTransport(local_addr=self.address), config=config)
        self.plugin = self._transport.plugin
        self._uac = SipUAC(self._transport)
        self._uas = SipUAS(self._transport, uac=self._uac)
        self._uas.on_invite = self._uas.on_reinvite = self._invited
        self._uas.on_bye = self._ended
        self._call: OutgoingCall | None = None

    async def start(self) -> None:
        """See UserAgent."""
        await self.phone.open()
        await self._uas.start()

    async def call(self, peer: tuple[str, int]) -> None:
        """See UserAgent."""
        offer = parse_sdp(self.phone.offer())
        self._call = self._uac.send_invite(
            f"sip:{self.phone.name}@{HOST}:{self.address[1]}",
            f"sip:peer@{peer[0]}:{peer[1]}",
            peer,
            offer,
        )
        await self._call.wait_answered(PATIENCE)
        self._agreed(self._call.sdp_answer)

    async def reoffer(self) -> None:
        """See UserAgent."""
        call = self._call
        if call is None:
            raise RuntimeError("there is no call")
        call.sdp_answer = None
        self._uac.send_reinvite(call.dialog, parse_sdp(self.phone.offer()), call.remote_addr)
        async with asyncio.timeout(PATIENCE):
            while not self._is_answered(call):  # noqa: ASYNC110 - aiosipua tells nobody of it
                await asyncio.sleep(0.02)
        self._agreed(call.sdp_answer)

    async def hang_up(self) -> None:
        """See UserAgent."""
        if self._call is not None:
            self._call.hangup(self._uac)
            self.phone.voice.talk(None)

    async def stop(self) -> None:
        """See UserAgent."""
        self.phone.voice.close()
        await self._uas.stop()

    def _invited(self, call: IncomingCall) -> None:
        if call.sdp_offer is None:
            call.reject(488)
            return
        offer = serialize_sdp(call.sdp_offer)
        if not call._answered:
            call.ringing()
        call.accept(parse_sdp(self.phone.answer(offer)))
        self.phone.agreed(offer)

    def _ended(self, call: IncomingCall, request: SipRequest) -> None:
        self.phone.voice.talk(None)

    @staticmethod
    def _is_answered(call: OutgoingCall) -> bool:
        return call.sdp_answer is not None

    def _agreed(self, answer: SdpMessage | None) -> None:
        if answer is not None:
            self.phone.agreed(serialize_sdp(answer))
