"""A dialog of aiosip that knows what RFC 3261 §12 wants it to know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sipice.plugins.aiosip_wire import Headers, Response, aiosip, uri_in
from sipice.sip.compose import cancelling
from sipice.sip.digest import CHALLENGES
from sipice.sip.message import SipMessage, parse_message
from sipice.sip.outputs import DialogId, Way

_COPIED = ("Via", "From", "CSeq", "Record-Route")
REMEMBERED = 8
_SDP = "application/sdp"

OnRequest = Callable[["Dialog", Any], bool]
"""Told of a request inside a dialog; True when it has replied, else the dialog does."""


class _Counter(dict[str, int]):
    """One CSeq for all methods of a dialog (RFC 3261 §12.2.1.1)."""

    def __getitem__(self, method: str) -> int:
        return self.get("", 0)

    def __setitem__(self, method: str, value: int) -> None:
        super().__setitem__("", max(value, self.get("", 0)))


class Dialog(aiosip.Dialog):  # type: ignore[misc]
    """A dialog that knows its peer's tag, target and route (RFC 3261 §12)."""

    on_request: OnRequest | None = None
    on_provisional: Callable[[Dialog, Any], object] | None = None

    def __init__(self, *arguments: Any, is_callee: bool = False, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.cseqs = _Counter()
        self.is_callee = is_callee
        self.target, self.routes = "", list[str]()
        self.early: Any = None
        """The To of an early dialog, before the final response has made one."""
        self.sdp: str | None = None
        """What was described last: it answers a re-INVITE when nobody else does."""
        self.asked: dict[str, Any] = {}
        self.sent: dict[str, tuple[bytes, Way]] = {}
        """Requests of the peer and our replies, by CSeq."""
        self.inviting: tuple[bytes, Way] | None = None
        """Our INVITE, until its final response has come."""
        self._rings = self._is_cancelled = False
        self.acknowledged: tuple[str, ...] = ()
        """Reliable provisional responses that have had their PRACK."""
        self.invited: Any = None
        self.is_over = False
        """It only waits for repeated messages."""

    @property
    def id(self) -> DialogId:
        """As RFC 3261 §12 names it; of several early dialogs the one that was heard of last."""
        ours, theirs = self.from_details, self.early or self.to_details
        if self.is_callee:
            ours, theirs = theirs, ours
        tags = (str(one["params"].get("tag", "")) for one in (ours, theirs))
        return DialogId(self.call_id, *tags)

    def send_message(self, method: str, **named: Any) -> Any:
        """A request; the From of a callee is its own and not the caller's."""
        if method == "ACK":
            return None  # each final response has had its own
        if self.is_callee:
            named.setdefault("from_details", self.to_details)
            named.setdefault("to_details", self.from_details)
        elif self.early is not None and method not in ("CANCEL", "INVITE"):
            named.setdefault("to_details", self.early)
        self._note(named)
        return super().send_message(method, **named)

    def cancel(self) -> None:
        """Give up a call that nobody has answered; its INVITE ends with 487 (RFC 3261 §9.1).

        The CANCEL leaves once a provisional response has come.
        """
        self._is_cancelled = True
        if self._rings and self.inviting is not None:
            invite, way = self.inviting
            self.inviting = None
            self.app.plugin.outgoing(cancelling(parse_message(invite)), way)

    def send_reply(self, status_code: int, status_message: str, **named: Any) -> None:
        """A reply; to the last INVITE where the headers name no other request by CSeq.

        One that refuses what would have made the dialog is its end.
        """
        headers = named["headers"] = named.get("headers") or Headers()
        request: Any = self.asked.get(str(headers.get("CSeq")), self.invited)
        self.to_details.add_tag()
        for name in _COPIED:
            if name in request.headers:
                headers[name] = request.headers[name]
        to = str(request.headers["To"])
        headers["To"] = to if "tag=" in to else f"{to};tag={self.to_details['params']['tag']}"
        self._note(named)
        if status_code >= 300 and self.is_callee and "tag=" not in to:
            self.app.forget_later(self)
        super().send_reply(status_code, status_message, **named)

    def take(self, message: Any, view: SipMessage) -> None:
        """A message of this dialog, as ICE leaves it to the stack."""
        if isinstance(message, Response):
            self._response(message, view)
            return
        cseq = str(message.headers["CSeq"])
        if cseq in self.sent:
            self.app.plugin.outgoing(*self.sent[cseq])
            return
        self.note_request(message, view)
        if view.method in ("ACK", "BYE"):
            self.receive_message(message)
            if view.method == "BYE":
                self.app.forget_later(self)
            return
        if view.method == "CANCEL":
            self._cancelled(cseq)
            return
        if self.on_request is None or not self.on_request(self, message):
            sdp = self.sdp if view.body and view.method in ("INVITE", "UPDATE") else None
            self.send_reply(200, "OK", headers=Headers({"CSeq": cseq}), payload=sdp)

    def _cancelled(self, cseq: str) -> None:
        """RFC 3261 §9.2: 200, and 487 to the INVITE if it has not been answered."""
        self.send_reply(200, "OK", headers=Headers({"CSeq": cseq}))
        invite = self.invited.headers["CSeq"]
        answered = self.sent.get(str(invite), (b"SIP/2.0 1",))[0]
        if answered.startswith(b"SIP/2.0 1"):
            self.send_reply(487, "Request Terminated", headers=Headers({"CSeq": invite}))

    def note_request(self, message: Any, view: SipMessage) -> None:
        """What a request says about its dialog, before anybody answers it."""
        self.asked[str(message.headers["CSeq"])] = message
        for old in list(self.asked)[:-REMEMBERED]:
            del self.asked[old]
            self.sent.pop(old, None)
        if view.method in ("INVITE", "UPDATE"):
            self._learn(view)
        if view.method == "INVITE" or self.invited is None:
            self.invited = message

    def _note(self, named: dict[str, Any]) -> None:
        """Aiosip sends SDP without saying what it is."""
        typed = named.get("content_type") or "Content-Type" in (named.get("headers") or ())
        if named.get("payload") and not typed:
            named["content_type"] = _SDP
        if named.get("content_type") == _SDP:
            self.sdp = named["payload"]

    def _response(self, message: Any, view: SipMessage) -> None:
        status = message.status_code
        if status < 200:
            if view.method == "INVITE" and view.to_tag:
                self._learn_early(message, view)
                self.app.acknowledge_early(self, view)
            if self.on_provisional is not None and status > 100:
                self.on_provisional(self, message)
            if view.method == "INVITE":
                self._rings = True
                if self._is_cancelled:
                    self.cancel()
            return
        if view.method == "INVITE" and status < 300:
            self._learn(view)
            self.app.acknowledge(self, message)
        if view.method == "INVITE":
            self.early = self.inviting = None
            self._rings = False
            self._is_cancelled = self._is_cancelled and status in CHALLENGES
        if message.cseq in self._msgs[message.method]:  # else repeated
            self.receive_message(message)
        if view.method == "BYE":
            self.app.forget_later(self)

    def _learn_early(self, message: Any, view: SipMessage) -> None:
        """RFC 3261 §12.1.2: a provisional response makes an early dialog; the last one counts."""
        if "tag" not in self.to_details["params"]:
            self.early = message.to_details
            self._learn(view)

    def _learn(self, view: SipMessage) -> None:
        for contact in view.contacts[:1]:
            self.target = uri_in(contact)
        if not self.routes or self.early is not None:
            routes = view.values("Record-Route")
            self.routes = routes if self.is_callee else routes[::-1]
        if (view.status or 0) >= 200 and not self.is_callee and view.to_tag:
            self.to_details["params"]["tag"] = view.to_tag
