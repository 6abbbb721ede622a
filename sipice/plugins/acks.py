"""RFC 3261 §17.1.1.3: the ACK of a refused INVITE, for stacks that forget it."""

from __future__ import annotations

from sipice.errors import DecodeError
from sipice.sip.message import RequestLine, SipMessage, parse_message

_REMEMBERED = 256


class Acks:
    """Remembers the INVITEs that left, and acknowledges what refuses them, each time it comes."""

    def __init__(self) -> None:
        self._invites: dict[tuple[str, int, str], SipMessage] = {}

    def sent(self, data: bytes) -> None:
        """A message went out."""
        if data.startswith(b"INVITE "):
            invite = _read(data)
            if invite is not None and invite.cseq is not None and invite.values("via"):
                key = invite.call_id, invite.cseq.number, invite.via_branch
                self._invites[key] = invite
                if len(self._invites) > _REMEMBERED:
                    del self._invites[next(iter(self._invites))]

    def answer(self, data: bytes) -> bytes | None:
        """The ACK for a message that came, if it needs one."""
        if not data.startswith(b"SIP/2.0 ") or data[8:9] not in b"3456":
            return None
        response = _read(data)
        cseq = None if response is None else response.cseq
        if response is None or cseq is None or cseq.method != "INVITE":
            return None
        invite = self._invites.get((response.call_id, cseq.number, response.via_branch))
        return None if invite is None else _ack(invite, response)


def _read(data: bytes) -> SipMessage | None:
    try:
        return parse_message(data)
    except DecodeError:
        return None


def _ack(invite: SipMessage, response: SipMessage) -> bytes:
    assert isinstance(invite.start_line, RequestLine)
    number = "" if invite.cseq is None else str(invite.cseq.number)
    lines = [
        f"ACK {invite.start_line.uri} SIP/2.0",
        f"Via: {invite.values('via')[0]}",
        *(f"Route: {route}" for route in invite.values("route")),
        "Max-Forwards: 70",
        f"From: {invite.header('from')}",
        f"To: {response.header('to') or invite.header('to')}",
        f"Call-ID: {invite.call_id}",
        f"CSeq: {number} ACK",
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
