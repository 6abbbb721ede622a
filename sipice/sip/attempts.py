"""RFC 3261 §22.2: requests in a dialog that came again with the next CSeq because of a challenge.

Their sender knows the first of such a row, the peer waits for the last. What passes between them
is translated: repeated requests, ACK, CANCEL and RAck on their way out, responses on their way in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from sipice.errors import DecodeError
from sipice.sip.compose import Fields
from sipice.sip.dialog import keep_newest
from sipice.sip.digest import UNCHALLENGED, Vouched
from sipice.sip.edit import Edit
from sipice.sip.message import CSeq, SipMessage, parse_message
from sipice.sip.outputs import Way

_MOST = 32
"""Of one call; what has ended without coming again is forgotten."""

_BRANCH = re.compile(r"(;\s*branch\s*=\s*)[^;,\s]+", re.IGNORECASE)
_OF_INVITE = frozenset({"ACK", "CANCEL"})
ANSWERS = ("authorization", "proxy-authorization")


class Name(NamedTuple):
    """A request of our side: its dialog by the peer's tag, and its CSeq on the wire."""

    dialog: str
    number: int
    method: str


class Attempt(NamedTuple):
    """A request as it left."""

    number: int
    branch: str
    data: bytes


@dataclass(slots=True, eq=False)
class Attempts:
    """One request of our side, however often it has been sent."""

    method: str
    first: Attempt
    last: Attempt
    way: Way
    vouched: Vouched = UNCHALLENGED
    answers: Fields = ()
    """The header fields of the last one that answer its challenges."""
    acks: dict[int, bytes] = field(default_factory=dict[int, bytes])
    """Of the INVITEs before the last one, by their CSeq: how the challenge was acknowledged."""
    is_cancelled: bool = False

    @property
    def came_again(self) -> bool:
        """Its sender does not know what is on the wire."""
        return self.last is not self.first

    def renew(self, number: int, branch: str, answers: Fields) -> bytes:
        """Make the next one of the same text; what is to be sent."""
        edit = Edit(parse_message(self.first.data))
        edit.put("CSeq", f"{number} {self.method}")
        _put_branch(edit, branch)
        for name, value in answers:
            edit.append(name, value)
        self.answers = answers
        self.last = Attempt(number, branch, edit.done())
        return self.last.data

    def to_wire(self, message: SipMessage) -> bytes:
        """A message about the first one, as it fits the last."""
        method = message.method
        if not self.came_again:
            return message.data
        if method == self.method:
            return self.last.data
        edit = Edit(message)
        edit.put("CSeq", f"{self.last.number} {method}")
        if message.via_branch == self.first.branch:
            _put_branch(edit, self.last.branch)
        if method == "ACK":
            # RFC 3261 §22.1: nobody may challenge an ACK, so that it shows what the INVITE showed
            for name, value in self.answers:
                edit.append(name, value)
        return edit.done()

    def to_sender(self, response: SipMessage) -> SipMessage:
        """A response to the last one, as if it were to the first."""
        if not self.came_again:
            return response
        edit = Edit(response)
        edit.put("CSeq", f"{self.first.number} {response.method}")
        if response.via_branch == self.last.branch:
            _put_branch(edit, self.first.branch)
        return parse_message(edit.done())


def name_of(tag: str, cseq: CSeq) -> Name:
    """Of a message about a request: CANCEL and ACK are about an INVITE."""
    return Name(tag, cseq.number, "INVITE" if cseq.method in _OF_INVITE else cseq.method)


def leave(known: dict[Name, Attempts], data: bytes, way: Way) -> bytes:
    """A message of our side as the peer has to see it; new requests in dialogs are remembered."""
    message = _request(data)
    cseq = message.cseq if message else None
    if message is None or cseq is None or not message.to_tag:
        return data
    name = name_of(message.to_tag, cseq)
    found = known.get(name)
    if found is None:
        if message.method not in _OF_INVITE:
            attempt = Attempt(cseq.number, message.via_branch, data)
            known[name] = Attempts(cseq.method, attempt, attempt, way)
            keep_newest(known, _MOST)
        return _acknowledging(known, message)
    if message.method == "CANCEL":
        found.is_cancelled = True
    return found.to_wire(message) if cseq.number == found.first.number else data


def _request(data: bytes) -> SipMessage | None:
    if data.startswith(b"SIP/"):
        return None
    try:
        return parse_message(data)
    except DecodeError:
        # the tap has made it with a Contact of the peer that is longer than any first line may be
        return None


def _acknowledging(known: dict[Name, Attempts], message: SipMessage) -> bytes:
    """RFC 3262 §7.2: a PRACK names the INVITE that the peer has answered."""
    rack = message.rack
    about = known.get(name_of(message.to_tag, rack.cseq)) if rack else None
    if rack is None or about is None or not about.came_again:
        return message.data
    edit = Edit(message)
    edit.put("RAck", f"{rack.rseq} {about.last.number} {rack.cseq.method}")
    return edit.done()


def _put_branch(edit: Edit, branch: str) -> None:
    via = next((one for one in edit.message.headers if one.key == "via"), None)
    if via is not None:
        edit.replace(via, _BRANCH.sub(lambda found: found[1] + branch, via.value, count=1))
