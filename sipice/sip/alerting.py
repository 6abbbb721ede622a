"""RFC 8839 §7.1.1: whether a callee's phone is said to ring before there is a path for media.

DEVIATION RFC 8839 §7.1.1: by default a 180 leaves at once, because most stacks have rung already
when they send it. ``TapConfig.alert_after_ice`` has it wait for ICE, for a while.
"""

from __future__ import annotations

from sipice.sip.alarms import Alarm, Due
from sipice.sip.edit import Edit
from sipice.sip.leg import CallLeg, Item
from sipice.sip.message import parse_message
from sipice.sip.state import TapState

PATIENCE = 2.0
"""So long at most; the caller hears nothing meanwhile."""

_RINGING = 180


def is_early(state: TapState, leg: CallLeg, now: float, item: Item) -> bool:
    """This 180 has to wait: our answer is out, and its components are not all valid yet."""
    message, dialog = item.message, leg.dialogs.get(item.theirs)
    cseq = message.cseq
    if not state.config.alert_after_ice or not item.out or message.status != _RINGING:
        return False
    if leg.controller is None or dialog is None or dialog.confirmed or cseq is None:
        return False
    if (True, item.theirs, cseq.number) not in leg.answers or _is_answered(leg, item):
        return False
    if dialog.alert_by is None:
        dialog.alert_by = now + PATIENCE
        state.alarms.set(Due(leg.key, Alarm.ALERT, dialog.tag), dialog.alert_by)
    return now < dialog.alert_by and not leg.controller.is_connected(item.theirs)


def _is_answered(leg: CallLeg, item: Item) -> bool:
    """The stack has sent more than that meanwhile."""
    finals = (one for one in leg.outgoing if (one.message.status or 0) >= 200)
    return any(one.message.cseq == item.message.cseq for one in finals)


def split(state: TapState, leg: CallLeg, item: Item, data: bytes) -> bytes:
    """A 180 with our answer leaves as a 183 with it; the ringing itself comes behind."""
    if not state.config.alert_after_ice or item.message.status != _RINGING:
        return data
    bare = Edit(item.message)
    bare.splice(item.message.body_start, item.message.body_end, b"")
    bare.drop("Content-Type")
    bare.drop("RSeq")
    bare.drop_tokens("Require", frozenset({"100rel"}))
    bare.put("Content-Length", "0")
    ringing = item._replace(message=parse_message(bare.done()))
    if all(one.identity != ringing.identity for one in leg.outgoing):
        leg.outgoing.appendleft(ringing)
    _, _, rest = data.partition(b"\n")
    return b"SIP/2.0 183 Session Progress\r\n" + rest
