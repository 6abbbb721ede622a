"""A SIP peer made of text, for what a stack does with odd messages: it answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sipice.cli.demo.agent import HOST
from sipice.sip.message import SipMessage, parse_message

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 0\r\n"
)
Answer = Callable[[SipMessage], list[str]]


class Rival(asyncio.DatagramProtocol):
    """Bound to a port of its own; keeps what it gets."""

    def __init__(self) -> None:
        self.got: list[SipMessage] = []
        self._transport: asyncio.DatagramTransport | None = None
        self._peer: tuple[str, int] = ("", 0)
        self._arrived = asyncio.Event()

    async def open(self) -> tuple[str, int]:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(HOST, 0))
        self._transport = transport
        address: tuple[str, int] = transport.get_extra_info("sockname")
        return address

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._peer = addr
        self.got.append(parse_message(data))
        self._arrived.set()

    async def next(self, method: str) -> SipMessage:
        """The next message of this method, whenever it came; each is given once."""
        async with asyncio.timeout(10):
            while True:
                for message in self.got:
                    if message.method == method:
                        self.got.remove(message)
                        return message
                self._arrived.clear()
                await self._arrived.wait()

    def send(self, text: str) -> None:
        assert self._transport is not None
        self._transport.sendto(text.encode(), self._peer)

    def reply(
        self, to: SipMessage, status: int, *headers: str, tag: str = "rival", body: str = ""
    ) -> None:
        """Answer a request; the headers that identify it are copied."""
        self.send(reply(to, status, *headers, tag=tag, body=body))


def reply(to: SipMessage, status: int, *headers: str, tag: str = "rival", body: str = "") -> str:
    to_value = to.header("to") or ""
    lines = [
        f"SIP/2.0 {status} Reason",
        *(f"Via: {via}" for via in to.values("via")),
        f"From: {to.header('from')}",
        f"To: {to_value}" if "tag=" in to_value else f"To: {to_value};tag={tag}",
        f"Call-ID: {to.call_id}",
        f"CSeq: {to.header('cseq')}",
        *headers,
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines) + "\r\n\r\n" + body
