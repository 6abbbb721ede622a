"""Just enough SIP over UDP to exchange descriptions with one user agent on the same host.

One call, no authentication, no provisional responses; what comes after nomination (UPDATE or
re-INVITE) is answered with the last answer. Real calls come from the plugins.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import cast

from sipice.sip.message import SipMessage, parse_message
from tests.sip.build import sip

_RESEND = (0.5, 1.0, 2.0, 4.0)
"""Timer A of RFC 3261 §17.1.1.2, while nothing has come."""


class SipError(Exception):
    """The user agent refused, or did not answer."""


class Line(asyncio.DatagramProtocol):
    """One end of one call."""

    def __init__(self, host: str, port: int, peer: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        self.offered: asyncio.Future[str] = loop.create_future()
        """The offer of the user agent's INVITE."""
        self.answered: asyncio.Future[str] = loop.create_future()
        """The answer to ours."""
        self._place = f"{host}:{port}"
        self._peer = peer
        self._call = uuid.uuid4().hex
        self._tag = uuid.uuid4().hex[:8]
        self._remote = f"<sip:peer@{peer[0]}:{peer[1]}>"
        """To, with the tag once there is one."""
        self._invite: SipMessage | None = None
        self._answer = ""
        self._cseq = 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, because asyncio's own is no subclass of it before Python 3.12.
        self._transport = cast(asyncio.DatagramTransport, transport)

    async def invite(self, offer: str) -> str:
        """Calls the user agent; its answer, or SipError."""
        request = self._request("INVITE", offer)
        for wait in _RESEND:
            self._transport.sendto(request, self._peer)
            try:
                async with asyncio.timeout(wait):
                    return await asyncio.shield(self.answered)
            except TimeoutError:
                continue
        raise SipError("no answer to INVITE")

    def accept(self, answer: str) -> None:
        """Answers the user agent's INVITE."""
        assert self._invite is not None
        self._answer = answer
        self._respond(self._invite, answer)

    def bye(self) -> None:
        """Ends the call, and does not wait for the answer."""
        self._cseq += 1
        self._transport.sendto(self._request("BYE"), self._peer)
        self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not data.strip():
            return
        message = parse_message(data)
        if not message.is_request:
            self._take_response(message)
        elif message.method in ("INVITE", "UPDATE"):
            self._take_offer(message)
        elif message.method != "ACK":
            self._respond(message)

    def _take_response(self, message: SipMessage) -> None:
        status = message.status or 0
        if message.method != "INVITE" or status < 200:
            return
        self._remote = message.header("To") or self._remote
        self._transport.sendto(self._request("ACK"), self._peer)
        if self.answered.done():
            return
        if status < 300:
            self.answered.set_result(message.body.decode())
        else:
            self.answered.set_exception(SipError(f"refused with {status}"))

    def _take_offer(self, message: SipMessage) -> None:
        if "tag=" in (message.header("To") or ""):
            self._respond(message, self._answer if message.body else "")
        elif self._invite is None:
            self._invite = message
            self._call = message.call_id
            self._remote = message.header("From") or self._remote
            self.offered.set_result(message.body.decode())

    def _request(self, method: str, body: str = "") -> bytes:
        lines = [
            f"{method} sip:peer@{self._peer[0]}:{self._peer[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._place};branch=z9hG4bK{uuid.uuid4().hex[:12]}",
            "Max-Forwards: 70",
            f"From: <sip:lab@{self._place}>;tag={self._tag}",
            f"To: {self._remote}",
            f"Call-ID: {self._call}",
            f"CSeq: {self._cseq} {method}",
            f"Contact: <sip:lab@{self._place}>",
        ]
        return sip(*lines, body=body.encode())

    def _respond(self, request: SipMessage, body: str = "") -> None:
        to = request.header("To") or ""
        lines = [
            "SIP/2.0 200 OK",
            *(f"Via: {via}" for via in request.values("Via")),
            f"From: {request.header('From')}",
            f"To: {to}" + ("" if "tag=" in to else f";tag={self._tag}"),
            f"Call-ID: {request.call_id}",
            f"CSeq: {request.header('CSeq')}",
            f"Contact: <sip:lab@{self._place}>",
        ]
        self._transport.sendto(sip(*lines, body=body.encode()), self._peer)
