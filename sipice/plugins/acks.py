"""RFC 3261 §17.1.1.3: the ACK of a refused INVITE, for stacks that forget it."""

from __future__ import annotations

from sipice.errors import DecodeError
from sipice.sip.attempts import ANSWERS
from sipice.sip.message import RequestLine, SipMessage, parse_message

_REMEMBERED = 256
_Key = tuple[str, int, str]


class Acks:
    """Remembers the INVITEs that left, and acknowledges what refuses them, each time it comes."""

    def __init__(self) -> None:
        self._invites: dict[_Key, SipMessage] = {}
        self._acknowledged: set[_Key] = set()

    def sent(self, data: bytes) -> None:
        """A message went out."""
        if data.startswith(b"INVITE "):
            invite = _read(data)
            if invite is not None and invite.cseq is not None and invite.values("via"):
                key = invite.call_id, invite.cseq.number, invite.via_branch
                self._invites[key] = invite
                if len(self._invites) > _REMEMBERED:
                    oldest = next(iter(self._invites))
                    del self._invites[oldest]
                    self._acknowledged.discard(oldest)

    def answer(self, data: bytes) -> bytes | None:
        """The ACK for a message that came, if it needs one."""
        if not data.startswith(b"SIP/2.0 ") or data[8:9] not in b"3456":
            return None
        response = _read(data)
        cseq = None if response is None else response.cseq
        if response is None or cseq is None or cseq.method != "INVITE":
            return None
        key = response.call_id, cseq.number, response.via_branch
        invite = self._invites.get(key)
        if invite is None:
            return None
        self._acknowledged.add(key)
        return _ack(invite, response)

    def repeats(self, data: bytes) -> bool:
        """It is an ACK of what has got its own here: the tap's, for a challenge that it answers."""
        ack = _read(data) if data.startswith(b"ACK ") else None
        cseq = None if ack is None else ack.cseq
        if ack is None or cseq is None:
            return False
        return (ack.call_id, cseq.number, ack.via_branch) in self._acknowledged


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
        # RFC 3261 §22.1: it shows what the INVITE showed
        *(f"{one.name}: {one.value}" for one in invite.headers if one.key in ANSWERS),
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
