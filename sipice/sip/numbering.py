"""RFC 3261 §12.2.1.1: CSeq in a dialog in which the tap has sent a request of its own.

To the peer all numbers of our side are one row; the stack does not know of ours, so that its own
later numbers are moved up on their way out, and moved back in the responses.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sipice.sip.edit import Edit
from sipice.sip.message import SipMessage, parse_message


@dataclass(slots=True, eq=False)
class Numbering:
    """The numbers of one dialog in one direction, ours."""

    last: int = 0
    """The highest that the stack has used."""
    shifts: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """From which number of the stack on, how far it is moved up; the newest last."""

    @property
    def highest(self) -> int:
        """The highest number on the wire."""
        return self.last + (self.shifts[-1][1] if self.shifts else 0)

    def next_own(self) -> int:
        """A number on the wire for a request of the tap's own."""
        offset = 1 + self.highest - self.last
        if self.shifts and self.shifts[-1][0] == self.last + 1:
            self.shifts.pop()
        self.shifts.append((self.last + 1, offset))
        return self.last + offset

    def to_wire(self, number: int) -> int:
        """What the peer gets to see instead of the stack's number."""
        return number + next((by for first, by in reversed(self.shifts) if number >= first), 0)

    def to_stack(self, number: int) -> int:
        """The stack's number again."""
        moved = ((first, number - by) for first, by in reversed(self.shifts))
        return next((back for first, back in moved if back >= first), number)


def shifted(message: SipMessage, numbers: Numbering) -> SipMessage:
    """A request of the stack with the numbers that the peer gets to see."""
    cseq = message.cseq
    if cseq is None:
        return message
    if cseq.method not in ("ACK", "CANCEL"):
        numbers.last = max(numbers.last, cseq.number)
    if not numbers.shifts:
        return message
    edit = Edit(message)
    edit.put("CSeq", f"{numbers.to_wire(cseq.number)} {cseq.method}")
    rack = message.rack
    if rack is not None:
        number = numbers.to_wire(rack.cseq.number)
        edit.put("RAck", f"{rack.rseq} {number} {rack.cseq.method}")
    return parse_message(edit.done())


def restored(data: bytes, numbers: Numbering) -> bytes:
    """A response with the number that the stack knows."""
    message = parse_message(data)
    cseq = message.cseq
    if cseq is None or message.is_request:
        return data
    edit = Edit(message)
    edit.put("CSeq", f"{numbers.to_stack(cseq.number)} {cseq.method}")
    return edit.done()
