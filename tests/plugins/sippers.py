"""User agents on both stacks that do what the scenarios of sipp ask of them."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any, Protocol

from aiosipua import IncomingCall, OutgoingCall, SdpMessage, SipDigestAuth, SipRequest, parse_sdp

from sipice.cli.demo.agent import Phone, UserAgent
from sipice.cli.demo.voice import Voice
from sipice.cli.demo.with_aiosip import AiosipAgent
from sipice.cli.demo.with_aiosipua import AiosipuaAgent
from sipice.plugins.aiosip_dialog import Dialog
from sipice.plugins.aiosip_wire import Headers
from sipice.plugins.plugin import PluginConfig

CHALLENGE = 'Digest realm="sipice", nonce="0123456789", algorithm=MD5'
USER, PASSWORD = "sipp", "sipp"


@dataclass(frozen=True)
class Manners:
    """How a callee behaves."""

    answers: bool = True
    reliable: bool = False
    """First shows its answer in a reliable provisional response."""
    challenges: bool = False


class FaxPhone(Phone):
    """Describes audio and, once there was one, a fax; one of them is refused (port 0)."""

    wants_fax: bool | None = None
    """None until the first fax."""

    def offer(self) -> str:
        audio, fax = not self.wants_fax, bool(self.wants_fax)
        return self._sections(super().offer(), audio, None if self.wants_fax is None else fax)

    def answer(self, offer: str) -> str:
        asked = dict(re.findall(r"m=(audio|image) (\d+)", offer))
        fax = asked["image"] != "0" if "image" in asked else None
        return self._sections(super().answer(offer), asked["audio"] != "0", fax)

    def _sections(self, text: str, audio: bool, fax: bool | None) -> str:
        if not audio:
            text = text.replace(f"m=audio {self.port} ", "m=audio 0 ")
        if fax is None:
            return text
        return f"{text}m=image {self.port if fax else 0} udptl t38\r\na=T38FaxVersion:0\r\n"


class Sipper(UserAgent, Protocol):
    """What the scenarios ask for beyond a demonstration."""

    async def update(self) -> None:
        """Offer again by UPDATE."""

    async def ring(self, peer: tuple[str, int]) -> None:
        """Call, and do not wait for the answer."""

    async def cancel(self) -> None:
        """Give up a call that rings."""


class OnAiosipua(AiosipuaAgent):
    """See Sipper."""

    def __init__(self, phone: Phone, config: PluginConfig, manners: Manners) -> None:
        super().__init__(phone, config)
        self._manners = manners
        self._auth = SipDigestAuth(USER, PASSWORD)
        self._uas.on_update = self._updated
        self._shown: set[str] = set()

    async def ring(self, peer: tuple[str, int]) -> None:
        self._call = self._uac.send_invite(
            f"sip:{self.phone.name}@127.0.0.1:{self.address[1]}",
            f"sip:{USER}@{peer[0]}:{peer[1]}",
            peer,
            parse_sdp(self.phone.offer()),
            auth=self._auth,
        )

    async def call(self, peer: tuple[str, int]) -> None:
        await self.ring(peer)
        assert self._call is not None
        await self._call.wait_answered(10)
        self._agreed(self._call.sdp_answer)

    async def cancel(self) -> None:
        assert isinstance(self._call, OutgoingCall)
        self._call.cancel(self._uac)

    async def update(self) -> None:
        assert self._call is not None
        offer = parse_sdp(self.phone.offer())
        self._uac.send_update(self._call.dialog, self._call.remote_addr, sdp=offer)

    def _updated(self, call: IncomingCall, request: SipRequest) -> SdpMessage | None:
        if not request.body:
            return None
        answer = self.phone.answer(request.text)
        self.phone.agreed(request.text)
        return parse_sdp(answer)

    def _invited(self, call: IncomingCall) -> None:
        if call.sdp_offer is None:
            call.accept(parse_sdp(self.phone.offer()))
        elif not self._manners.answers:
            call.ringing()
        elif self._manners.reliable and call.call_id not in self._shown:
            self._shown.add(call.call_id)
            answer = parse_sdp(self.phone.answer(call.invite.text))
            call.ringing(early_sdp=answer, reliable=True)
            asyncio.get_running_loop().call_later(0.3, call.accept)
        else:
            super()._invited(call)


class OnAiosip(AiosipAgent):
    """See Sipper."""

    def __init__(self, phone: Phone, config: PluginConfig, manners: Manners) -> None:
        super().__init__(phone, config)
        self._manners = manners
        self._challenged: set[str] = set()

    async def ring(self, peer: tuple[str, int]) -> None:
        self._dialog = await self._new_dialog(peer)
        self._calling = asyncio.ensure_future(self._dialog.invite(sdp=self.phone.offer()))

    async def cancel(self) -> None:
        assert self._dialog is not None
        self._dialog.cancel()

    async def call(self, peer: tuple[str, int]) -> None:
        self._dialog = await self._new_dialog(peer)
        await self._exchange(self._dialog)

    async def _new_dialog(self, peer: tuple[str, int]) -> Dialog:
        own = f"sip:{USER}@{self.address[0]}:{self.address[1]}"
        return await self._app.start_dialog(
            from_uri=own,
            to_uri=f"sip:{USER}@{peer[0]}:{peer[1]}",
            contact_uri=own,
            local_addr=self.address,
            remote_addr=peer,
            password=PASSWORD,
        )

    async def update(self) -> None:
        assert self._dialog is not None
        await self._dialog.send_message("UPDATE", payload=self.phone.offer())

    async def _exchange(self, dialog: Any) -> None:
        async with asyncio.timeout(10):
            future = await dialog.invite(sdp=self.phone.offer())
            answer = await future if asyncio.isfuture(future) else future
        if answer.payload:
            self.phone.agreed(answer.payload)

    def _invited(self, dialog: Any, request: Any) -> None:
        dialog.on_request = self._asked
        dialog.register_callback("BYE", self._ended)
        if self._manners.challenges and "Authorization" not in request.headers:
            headers = Headers({"WWW-Authenticate": CHALLENGE})
            dialog.send_reply(401, "Unauthorized", headers=headers)
            return
        if not request.payload:
            dialog.send_reply(200, "OK", payload=self.phone.offer())
            return
        if not self._manners.answers:
            dialog.send_reply(180, "Ringing")
            return
        answer = self.phone.answer(request.payload)
        if self._manners.reliable:
            headers = Headers({"Require": "100rel", "RSeq": "1"})
            dialog.send_reply(183, "Session Progress", headers=headers, payload=answer)
            asyncio.get_running_loop().call_later(0.3, dialog.send_reply, 200, "OK")
            return
        super()._invited(dialog, request)

    def _asked(self, dialog: Any, request: Any) -> bool:
        again = request.method == "INVITE" and self._manners.challenges
        if again and "Authorization" not in request.headers:
            headers = Headers({"WWW-Authenticate": CHALLENGE, "CSeq": request.headers["CSeq"]})
            dialog.send_reply(401, "Unauthorized", headers=headers)
            return True
        return super()._asked(dialog, request)


def phone(name: str) -> FaxPhone:
    return FaxPhone(name, Voice(440.0))
