"""aiosip 0.2.0: ``Application`` takes the place of ``aiosip.Application``, and that is all.

    from sipice.plugins.aiosip import Application
    app = Application()

aiosip is old and cannot hold a call by itself. What it does wrong is repaired here, by subclassing
the three classes that it lets its user choose and without touching a file of it: one socket per
local address, bodies with their line ends, one CSeq counter, tags, targets and routes of a dialog,
an ACK for each final response, provisional responses that end nothing, SDP in the answer to a
re-INVITE.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from sipice.plugins.aiosip_dialog import REMEMBERED, Dialog
from sipice.plugins.aiosip_wire import Headers, Request, Response, aiosip, to_aiosip, written
from sipice.plugins.plugin import DEFAULT, Plugin, PluginConfig, way_to
from sipice.sip.message import SipMessage, parse_message
from sipice.sip.outputs import DialogId, Way

_LINGER = 32.0
"""Seconds that a dialog still answers repeated messages after its BYE (RFC 3261, 64 T1)."""


class Udp(aiosip.UDP):  # type: ignore[misc]
    """A socket without a peer: aiosip would bind one per peer, which no callee can."""

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """What the wire brings goes through ICE first."""
        self.app.plugin.incoming(data, way_to("UDP", addr, (self, addr)))

    def error_received(self, error: OSError) -> None:
        """An ICMP error is no reason to stop."""


class Application(aiosip.Application):  # type: ignore[misc]
    """aiosip's Application with ICE in all its calls; ``plugin`` knows what happens in them."""

    acknowledges_failures = False
    answers_challenges = True

    def __init__(self, *, config: PluginConfig = DEFAULT, **named: Any) -> None:
        super().__init__(loop=named.pop("loop", None) or asyncio.get_running_loop(), **named)
        self.plugin = Plugin(self, config)
        self._kept: dict[str, Dialog] = {}
        """aiosip's own table forgets what nobody else holds."""

    async def create_connection(
        self, protocol: Any, local_addr: Any, remote_addr: Any = None, mode: str = "client"
    ) -> Any:
        """One socket per local address serves all peers."""
        key = (Udp, local_addr)
        if key not in self._protocols:
            self._transports[key], self._protocols[key] = await self.loop.create_datagram_endpoint(
                lambda: Udp(app=self, loop=self.loop), local_addr=local_addr
            )
        return self._protocols[key]

    async def start_dialog(self, *arguments: Any, **named: Any) -> Dialog:
        """As aiosip's, but the dialog is one of ours."""
        named = {"dialog": Dialog, "protocol": Udp, **named}
        dialog: Dialog = await super().start_dialog(*arguments, **named)
        self._kept[dialog.call_id] = dialog
        return dialog

    async def stop_dialog(self, dialog: Dialog) -> None:
        """Forget a dialog; aiosip's own fails always."""
        dialog.callbacks = {}
        self._kept.pop(dialog.call_id, None)
        self._dialogs.pop(dialog.call_id, None)

    async def finish(self) -> None:
        """As aiosip's, and everything that calls and sockets hold is given back."""
        await super().finish()
        await self.plugin.close()
        for transport in self._transports.values():
            transport.close()
        self._transports.clear()
        self._protocols.clear()

    def forget_later(self, dialog: Dialog) -> None:
        """The call is over; repeated messages are still answered for a while."""
        dialog.is_over = True
        self.loop.call_later(_LINGER, self._forget, dialog)

    def _forget(self, dialog: Dialog) -> None:
        if dialog.is_over:
            self._kept.pop(dialog.call_id, None)

    def send_message(self, protocol: Any, local_addr: Any, remote_addr: Any, msg: Any) -> None:
        """What a dialog sends goes through ICE first."""
        dialog = self._kept[msg.headers["Call-ID"]]
        inside = isinstance(msg, Request) and "tag=" in str(msg.headers["To"])
        data = written(msg, *((dialog.target, dialog.routes) if inside else ("", ())))
        way = way_to("UDP", remote_addr, (dialog.protocol, remote_addr))
        if isinstance(msg, Request) and msg.method == "INVITE":
            dialog.inviting = data, way
        if isinstance(msg, Response):
            dialog.sent[str(msg.headers["CSeq"])] = data, way
        self.plugin.outgoing(data, way)

    def acknowledge(self, dialog: Dialog, response: Any) -> None:
        """RFC 3261 §13.2.2.4: the ACK of a 2xx, each time that it comes."""
        headers = Headers({"From": response.headers["From"], "To": response.headers["To"]})
        headers.update({"Call-ID": dialog.call_id, "CSeq": f"{response.cseq} ACK"})
        parts = {"to_details": dialog.to_details, "contact_details": dialog.contact_details}
        ack = Request("ACK", cseq=response.cseq, headers=headers, **parts)
        self.send_message(Udp, dialog.local_addr, dialog.remote_addr, ack)

    def acknowledge_early(self, dialog: Dialog, view: SipMessage) -> None:
        """RFC 3262 §4: the PRACK of a reliable provisional response, once."""
        name = f"{view.rseq} {view.cseq.number if view.cseq else 0} INVITE"
        if view.rseq is not None and f"{view.to_tag} {name}" not in dialog.acknowledged:
            dialog.acknowledged = (*dialog.acknowledged[-REMEMBERED:], f"{view.to_tag} {name}")
            dialog.send_message("PRACK", headers=Headers({"RAck": name}))

    def transmit(self, data: bytes, way: Way) -> None:
        """See Stack."""
        udp, address = cast("Any", way.connection)
        udp.transport.sendto(data, address)

    def deliver(self, data: bytes, way: Way) -> None:
        """See Stack; a request outside of any dialog goes to the route of its method."""
        view = parse_message(data)
        message = to_aiosip(view)
        if message is None:
            return
        dialog = self._kept.get(view.call_id)
        is_known = dialog is not None and str(message.headers["CSeq"]) in dialog.asked
        if view.is_request and not view.to_tag and not is_known and view.method != "CANCEL":
            route = self.router.routes.get(view.method)
            if route is not None:
                dialog = dialog or self._callee(message, view, way)
                self._begin(dialog, route, message, view)
        elif dialog is not None:
            dialog.take(message, view)

    def _begin(self, dialog: Dialog, route: Any, message: Any, view: SipMessage) -> None:
        """A request outside of any dialog; also an INVITE that comes again after a challenge."""
        dialog.is_over = False
        if view.method != "INVITE":
            self.forget_later(dialog)
        dialog.note_request(message, view)
        done = route(dialog, message)
        if asyncio.iscoroutine(done):
            self.plugin.spawn(done)

    def _callee(self, message: Any, view: SipMessage, way: Way) -> Dialog:
        udp, remote = cast("Any", way.connection)
        host, port = udp.transport.get_extra_info("sockname")[:2]
        user = message.to_details["uri"]["user"] or "sipice"
        dialog = Dialog(
            self,
            message.headers["From"],
            message.headers["To"],
            view.call_id,
            udp,
            contact_uri=f"sip:{user}@{host}:{port}",
            local_addr=(host, port),
            remote_addr=remote,
            loop=self.loop,
            is_callee=True,
        )
        self._kept[view.call_id] = self._dialogs[view.call_id] = dialog
        return dialog

    def send_info(self, dialog: DialogId, headers: Sequence[tuple[str, str]], body: bytes) -> bool:
        """See Stack."""
        speaking = self._speaking(dialog)
        if speaking is None:
            return False
        speaking.send_message("INFO", headers=Headers(headers), payload=body.decode())
        return True

    def reoffer(self, dialog: DialogId, method: str) -> bool:
        """See Stack."""
        speaking = self._speaking(dialog)
        if speaking is None or speaking.sdp is None:
            return False
        speaking.send_message(method, payload=speaking.sdp)
        return True

    def _speaking(self, dialog: DialogId) -> Dialog | None:
        found = self._kept.get(dialog.call_id)
        return found if found is not None and found.id == dialog else None
