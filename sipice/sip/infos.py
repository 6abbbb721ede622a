"""RFC 8840 §4, RFC 6086: candidates that come and go in INFO requests."""

from __future__ import annotations

from sipice.sip import announce, compose, replying, resend
from sipice.sip.alarms import Alarm, Due
from sipice.sip.announce import TRICKLE
from sipice.sip.body import SDPFRAG, Body, bodies
from sipice.sip.dialog import keep_newest
from sipice.sip.headers import parameters
from sipice.sip.leg import MOST_REMEMBERED, CallLeg, Item, PeerDialog, TransactionKey
from sipice.sip.outputs import SendInfo
from sipice.sip.settings import LIFETIME
from sipice.sip.state import TapState

_HEADERS = (
    ("Info-Package", TRICKLE),
    ("Content-Type", SDPFRAG),
    ("Content-Disposition", "Info-Package"),
)
_REFUSALS = frozenset({405, 415, 420, 469, 489, 501})
"""The peer does not take such INFO at all."""

_TRIES = 4
"""An INFO may overtake the response that makes its dialog, and is then tried again (§4.2.1)."""


def receive(state: TapState, leg: CallLeg, now: float, item: Item) -> bool:
    """An INFO of the peer; True if it was for the tap."""
    package = item.message.header("info-package")
    if package is None or leg.closed or not state.config.trickle or not leg.packages:
        return False
    name = parameters(package)[0]
    if name != TRICKLE and name in leg.packages:
        return False
    identity = item.identity
    reply = leg.info_replies.get(identity)
    if reply is None:
        reply = _answer(state, leg, now, item, name)
        leg.info_replies[identity] = reply
        keep_newest(leg.info_replies, MOST_REMEMBERED)
    state.emit(leg, reply, item.way, out=True)
    return True


def _answer(state: TapState, leg: CallLeg, now: float, item: Item, package: str) -> bytes:
    message = item.message
    if package not in leg.packages:
        listed = (("Recv-Info", ", ".join(sorted(leg.packages))),)
        return compose.response(message, 469, fields=listed)
    body = _fragment(item)
    if body is None:
        return compose.response(message, 415, fields=(("Accept", SDPFRAG),))
    dialog = leg.dialogs.get(item.theirs)
    if dialog is not None and dialog.ended:
        return compose.response(message, 481)
    number = message.cseq.number if message.cseq else 0
    seen = dialog.info_seen if dialog is not None else -1
    if number > seen:
        if dialog is not None:
            dialog.info_seen = number
        # RFC 6086 §4.2.2: what is well-formed gets a 200 whatever becomes of its content
        if leg.controller is not None:
            leg.controller.receive_fragment(now, item.theirs, body.data)
    return compose.response(message, 200)


def _fragment(item: Item) -> Body | None:
    """The body of the package: alone, or the part that says so (RFC 6086 §4.3.1)."""
    found = [body for body in bodies(item.message) if body.content_type == SDPFRAG]
    return next((body for body in found if not body.encoding), None)


def reached(state: TapState, leg: CallLeg, now: float, item: Item) -> None:
    """A request of the peer in a dialog proves that it has the dialog (RFC 8840 §4.3.2)."""
    dialog = leg.dialogs.get(item.theirs)
    if dialog is not None and item.message.to_tag:
        dialog.both_ends = True
        rack = item.message.rack
        if rack is not None and rack.rseq == dialog.unpracked:
            dialog.pracked, dialog.unpracked = dialog.unpracked, None
            dialog.unacknowledged_1xx = False
        resend.stop(state, leg, ("18x", dialog.tag))
        send(state, leg, now, dialog)


def tell(state: TapState, leg: CallLeg, now: float, dialog: str, body: bytes) -> None:
    """The controller has candidates for the peer; they go as soon as they may."""
    known = leg.dialogs.get(dialog)
    if known is not None:
        known.fragment = body
        send(state, leg, now, known)


def note(state: TapState, leg: CallLeg, now: float, dialog: PeerDialog, item: Item) -> None:
    """A message of the peer may say what it can; the controller is told, and so is the peer."""
    announce.note(dialog, item)
    supported = may_trickle(state, dialog)
    if leg.controller is not None and supported is not dialog.told_trickle:
        dialog.told_trickle = supported
        leg.controller.set_trickle(now, dialog.tag, supported)
    send(state, leg, now, dialog)


def greet(state: TapState, leg: CallLeg, now: float, dialog: PeerDialog) -> None:
    """RFC 8840 §4.3.2, §4.3.3: an unreliable 18x is answered by an INFO, so that it stops."""
    if dialog.greeted or leg.controller is None or not may_trickle(state, dialog):
        return
    dialog.greeted = True
    if dialog.info_asked is None:
        # unless the controller has news on its way, which do as well
        dialog.greeting = True
        state.alarms.set(Due(leg.key, Alarm.INFO, dialog.tag), now)


def send(state: TapState, leg: CallLeg, now: float, dialog: PeerDialog) -> None:
    """RFC 8840 §4.3: only with support on both sides, a dialog at both ends, one at a time."""
    if dialog.fragment is None or not may_trickle(state, dialog):
        return
    if not dialog.both_ends:
        _call_for(state, leg, now, dialog)
        return
    if dialog.info is not None or dialog.info_asked is not None:
        return
    dialog.info_asked, dialog.fragment = dialog.fragment, None
    dialog.greeting = False
    asked = SendInfo(leg.key, leg.identify(dialog.tag), _HEADERS, dialog.info_asked)
    state.outputs.append(asked)
    state.alarms.set(Due(leg.key, Alarm.INFO, dialog.tag), now + LIFETIME)


def refused(state: TapState, leg: CallLeg, now: float, tag: str) -> None:
    """The stack has been asked and does not speak in this dialog: the tap does."""
    dialog = leg.dialogs.get(tag)
    if dialog is None or dialog.info_asked is None or dialog.info is not None:
        return
    item = replying.own_request(state, leg, dialog, "INFO", _HEADERS, dialog.info_asked)
    if item is not None:
        replying.send_own(state, leg, now, item)
        sent(leg, item)


def _call_for(state: TapState, leg: CallLeg, now: float, dialog: PeerDialog) -> None:
    """RFC 8840 §4.3.3: an 18x without a description tells the peer of the dialog too."""
    name = ("18x", dialog.tag)
    if dialog.provisional is not None and name not in leg.resends:
        data, way = dialog.provisional
        resend.start(state, leg, now, name, data, way)


def may_trickle(state: TapState, dialog: PeerDialog) -> bool:
    """The peer can and wants to."""
    return (
        state.config.trickle
        and dialog.trickles
        and dialog.recv_info
        and not dialog.ended
        and not dialog.info_refused
    )


def sent(leg: CallLeg, item: Item) -> None:
    """The stack's INFO with candidates has passed."""
    message = item.message
    dialog = leg.dialogs.get(item.theirs)
    cseq = message.cseq
    if dialog is None or cseq is None or _fragment(item) is None:
        return
    dialog.info = TransactionKey(True, item.theirs, cseq.number, "INFO")


def answered(state: TapState, leg: CallLeg, now: float, item: Item) -> None:
    """The response to our INFO: the next one may go, or this one once more."""
    dialog = leg.dialogs.get(item.theirs)
    cseq, status = item.message.cseq, item.message.status or 0
    if dialog is None or dialog.info is None or cseq is None or status < 200:
        return
    if dialog.info.number != cseq.number:
        return
    state.alarms.cancel(Due(leg.key, Alarm.INFO, dialog.tag))
    told, dialog.info, dialog.info_asked = dialog.info_asked, None, None
    if status < 300:
        dialog.info_tries = 0
    elif status in _REFUSALS:
        dialog.info_refused = True
    elif dialog.info_tries < _TRIES:
        dialog.info_tries += 1
        dialog.fragment = dialog.fragment or told
        state.alarms.set(Due(leg.key, Alarm.INFO, dialog.tag), now + 2.0 ** (dialog.info_tries - 1))
        return
    send(state, leg, now, dialog)


def due(state: TapState, leg: CallLeg, now: float, tag: str) -> None:
    """An INFO is tried again, or was never answered."""
    dialog = leg.dialogs.get(tag)
    if dialog is None:
        return
    if dialog.greeting and leg.controller is not None:
        dialog.fragment = leg.controller.fragment(now, tag) or None
    dialog.info, dialog.info_asked, dialog.greeting = None, None, False
    send(state, leg, now, dialog)
