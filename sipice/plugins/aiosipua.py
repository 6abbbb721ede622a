"""aiosipua 0.7: a transport that puts ICE between the stack and the transport it would have used.

    transport = IceTransport(UdpSipTransport(local_addr=("192.0.2.7", 5060)))
    uac = SipUAC(transport)
    uas = SipUAS(transport, uac=uac)

That line is all; the program that uses the stack stays as it is. ``transport.plugin`` knows what
happens in its calls. What aiosipua does wrong is repaired in its public ``Dialog`` or kept from
it: it remembers the first To tag and no route of an answer, takes a refused re-INVITE for the end
of the call, acknowledges no failure and no answer to a re-INVITE of the callee, and answers over
TCP to where the Via points.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from aiosipua import (
    Dialog,
    SipMessage,
    SipRequest,
    SipResponse,
    SipTransport,
    SipUAC,
    SipUAS,
    stringify_uri,
)
from aiosipua.utils import format_addr

from sipice.plugins.plugin import DEFAULT, Plugin, PluginConfig, way_to
from sipice.sip.outputs import DialogId, Way

_SDP = "application/sdp"
_Peer = tuple[str, int]
_Fields = Sequence[tuple[str, str]]
_Message = SipRequest | SipResponse


@contextmanager
def _quiet_start() -> Iterator[None]:
    """Aiosipua asserts of its UDP transport what is not so before Python 3.12; it does no harm."""
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not isinstance(context.get("exception"), AssertionError):
            (before or type(loop).default_exception_handler)(loop, context)

    loop.set_exception_handler(handle)
    try:
        yield
    finally:
        loop.set_exception_handler(before)


class _Written:
    """Bytes that pass for a message where a transport only writes it down."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __bytes__(self) -> bytes:
        return self._data


def _answer_here(request: SipRequest, addr: _Peer) -> None:
    """RFC 3261 §18.2.2: the response takes the connection that the request came by."""
    if request.via and not request.via[0].rport:
        first, *others = request.headers.get("via")
        request.headers.remove("Via")
        for via in (f"{first};rport={addr[1]}", *others):
            request.headers.append("Via", via)


class IceTransport(SipTransport):
    """Wraps a transport of aiosipua; everything that passes goes through ICE first."""

    acknowledges_failures = False
    answers_challenges = False

    def __init__(self, inner: SipTransport, *, config: PluginConfig = DEFAULT) -> None:
        super().__init__(local_addr=inner.local_addr)
        self.reliable = inner.reliable  # type: ignore[misc]
        self.plugin = Plugin(self, config)
        self._inner = inner
        self._name = "TCP" if inner.reliable else "UDP"
        self._described: dict[str, str] = {}
        """What the stack said last about itself in each call."""

    async def start(self) -> None:
        """Start the inner transport, and hear what it hears before the stack does."""
        self._inner.on_message = self._heard
        with _quiet_start():
            await self._inner.start()
        self.local_addr = self._inner.local_addr

    async def stop(self) -> None:
        """End all calls and the inner transport."""
        await self.plugin.close()
        await self._inner.stop()

    def send(self, message: _Message, addr: _Peer) -> None:
        """What the stack sends goes through ICE first."""
        if message.body and message.content_type == _SDP:
            self._describe(message.call_id or "", message.text)
        self.plugin.outgoing(bytes(message), way_to(self._name, addr, addr))

    def _describe(self, call_id: str, text: str) -> None:
        if call_id not in self._described:
            living = {call.key.call_id for call in self.plugin.calls}
            self._described = {one: self._described[one] for one in living & {*self._described}}
        self._described[call_id] = text

    def _heard(self, message: _Message, addr: _Peer) -> None:
        if self.reliable and isinstance(message, SipRequest):
            _answer_here(message, addr)
        self.plugin.incoming(bytes(message), way_to(self._name, addr, addr))

    def transmit(self, data: bytes, way: Way) -> None:
        """See Stack."""
        self._inner.send(cast("SipRequest", _Written(data)), cast("_Peer", way.connection))

    def deliver(self, data: bytes, way: Way) -> None:
        """See Stack."""
        message = SipMessage.parse(data)
        if isinstance(message, SipResponse) and self._repair(message):
            return
        if self.on_message is not None:
            self.on_message(message, cast("_Peer", way.connection))

    def send_info(self, dialog: DialogId, headers: _Fields, body: bytes) -> bool:
        """See Stack."""
        return self._say(dialog, "INFO", headers, body)

    def reoffer(self, dialog: DialogId, method: str) -> bool:
        """See Stack."""
        described = self._described.get(dialog.call_id, "").encode()
        return bool(described) and self._say(dialog, method, [("Content-Type", _SDP)], described)

    def _say(self, dialog: DialogId, method: str, headers: _Fields, body: bytes) -> bool:
        found = self._find(dialog.call_id)
        if found is None or found[0].id != dialog:
            return False  # the one dialog that the stack has of the call is another
        request = self._request(found[0], method)
        for name, value in headers:
            request.headers.set_single(name, value)
        request.body = body
        self.send(request, found[1])
        return True

    def _request(self, dialog: Dialog, method: str) -> SipRequest:
        host, port = self.local_addr
        request = dialog.create_request(
            method, via_host=host, via_port=port, via_transport=self._name
        )
        request.headers.set_single("Contact", f"<sip:{format_addr(host, port)}>")
        return request

    def _find(self, call_id: str) -> tuple[Dialog, _Peer] | None:
        """The dialog of a call and the address of its peer, from whoever reads this transport."""
        reader = getattr(self.on_message, "__self__", None)
        if isinstance(reader, SipUAS):
            incoming = reader.active_calls.get(call_id)
            if incoming is not None:
                return incoming.dialog, incoming.source_addr
            reader = reader.uac
        outgoing = reader.get_call(call_id) if isinstance(reader, SipUAC) else None
        return None if outgoing is None else (outgoing.dialog, outgoing.remote_addr)

    def _repair(self, response: SipResponse) -> bool:
        """RFC 3261 §12.1.2 and §14.1; True when the stack must not see the response."""
        found = self._find(response.call_id or "")
        if found is None or response.cseq is None or response.cseq.method != "INVITE":
            return False
        dialog, peer = found
        is_confirmed = dialog.state.value == "confirmed"
        if response.status_code >= 300:
            return is_confirmed
        if response.status_code < 200 and is_confirmed:
            return False
        if response.to_addr is not None and response.to_addr.tag and not is_confirmed:
            dialog.remote_tag = response.to_addr.tag
            dialog.route_set = list(reversed(response.headers.get("record-route")))
        if response.contact:
            dialog.remote_target = stringify_uri(response.contact[0].uri)
        if response.status_code < 200 or not self._is_callee(response.call_id or ""):
            return False
        ack = self._request(dialog, "ACK")
        dialog.local_cseq -= 1  # an ACK takes no number of its own
        ack.headers.set_single("CSeq", f"{response.cseq.seq} ACK")
        self.send(ack, peer)
        return True

    def _is_callee(self, call_id: str) -> bool:
        reader = getattr(self.on_message, "__self__", None)
        return isinstance(reader, SipUAS) and call_id in reader.active_calls
