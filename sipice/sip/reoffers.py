"""D4.1 of docs/decisions.md: offers that our side owes, made by the stack or in its place.

RFC 8839 §4.3.4 has the controlling agent tell the peer which candidates were nominated. When that
may happen is a matter of RFC 6337 §4.3 and RFC 3311 §5.1; RFC 3261 §14.1 says when to try again.
"""

from __future__ import annotations

from sipice.sip import compose, glare, outcome
from sipice.sip.alarms import Alarm, Due
from sipice.sip.body import SDP
from sipice.sip.leg import CallLeg, Item, PeerDialog, Reoffer, Transaction
from sipice.sip.message import parse_message
from sipice.sip.outputs import SendReoffer
from sipice.sip.settings import LIFETIME
from sipice.sip.state import TapState

_COMES_AGAIN = frozenset({401, 407, 422})
"""The stack answers these by the same request once more."""


def want(state: TapState, leg: CallLeg, now: float, tag: str, reason: str) -> None:
    """The controller needs an offer in this dialog."""
    dialog = leg.dialogs.get(tag)
    if dialog is None or dialog.ended or dialog.reoffer is not None:
        return
    dialog.reoffer = Reoffer(reason, leg.last_number(tag), state.config.own_reoffers)
    advance(state, leg, now)


def advance(state: TapState, leg: CallLeg, now: float) -> None:
    """Something has happened in the call: ask for what may be asked for now."""
    for dialog in leg.dialogs.values():
        if dialog.reoffer is not None:
            _advance(state, leg, now, dialog, dialog.reoffer)


def _advance(
    state: TapState, leg: CallLeg, now: float, dialog: PeerDialog, reoffer: Reoffer
) -> None:
    if dialog.ended:
        dialog.reoffer = None
        return
    made = _made(leg, dialog, reoffer)
    if made is not None:
        if made.final is not None:
            state.alarms.cancel(Due(leg.key, Alarm.REOFFER, dialog.tag))
            _settled(state, leg, now, dialog, reoffer, made)
        return
    if reoffer.asked or now < reoffer.not_before:
        return
    method = _method(leg, dialog, reoffer)
    if method is not None:
        _ask(state, leg, now, dialog, reoffer, method)


def _made(leg: CallLeg, dialog: PeerDialog, reoffer: Reoffer) -> Transaction | None:
    """The newest offer of our side since it was wanted."""
    offers = [
        one
        for one in leg.transactions.values()
        if one.key.out
        and one.key.dialog == dialog.tag
        and one.key.number > reoffer.after
        and one.plain is not None
    ]
    return offers[-1] if offers else None


def _settled(
    state: TapState,
    leg: CallLeg,
    now: float,
    dialog: PeerDialog,
    reoffer: Reoffer,
    made: Transaction,
) -> None:
    status = made.final or 0
    dialog.reoffer = None
    if status == glare.PENDING:
        # RFC 3261 §14.1: who chose the Call-ID waits longer
        least, most = (210, 400) if leg.key.caller else (0, 200)
        at = now + state.rng.randint(least, most) / 100
        dialog.reoffer = Reoffer(reoffer.reason, made.key.number, made.own, not_before=at)
        state.alarms.set(Due(leg.key, Alarm.REOFFER, dialog.tag), at)
    elif status in _COMES_AGAIN and not made.own:
        dialog.reoffer = Reoffer(reoffer.reason, made.key.number, own=False, asked=True)
        state.alarms.set(Due(leg.key, Alarm.REOFFER, dialog.tag), now + LIFETIME)
    elif status >= 300:
        state.report(leg, f"the new offer ({reoffer.reason}) was refused with {status}")


def _method(leg: CallLeg, dialog: PeerDialog, reoffer: Reoffer) -> str | None:
    """By which request an offer may be made now; None: not now."""
    ours = leg.key.tag if leg.key.caller else leg.own_tag
    pending = glare.pending(leg, dialog.tag)
    if (
        any(dialog.confirmed or not outcome.is_initial(one) for one in pending)
        or leg.hop.open_offer(ours, dialog.tag) is not None
        or leg.parked is not None
        or dialog.unacknowledged_1xx
        or True in leg.awaiting
    ):
        return None
    if dialog.confirmed and not dialog.acknowledged:
        return None
    if "UPDATE" in dialog.allow and dialog.both_ends and not reoffer.own:
        return "UPDATE"
    return "INVITE" if dialog.confirmed else None


def _ask(
    state: TapState, leg: CallLeg, now: float, dialog: PeerDialog, reoffer: Reoffer, method: str
) -> None:
    reoffer.asked = True
    state.alarms.set(Due(leg.key, Alarm.REOFFER, dialog.tag), now + LIFETIME)
    if not reoffer.own:
        state.outputs.append(SendReoffer(leg.key, dialog.tag, method))
        return
    invite = _own_invite(state, leg, dialog)
    if invite is not None:
        leg.outgoing.append(invite)


def _own_invite(state: TapState, leg: CallLeg, dialog: PeerDialog) -> Item | None:
    ends = dialog.ends
    plain = leg.plain.get(dialog.tag, leg.plain.get(""))
    if ends is None or plain is None:
        return None
    number = leg.next_number(dialog.tag)
    lines = [
        f"INVITE {ends.target.uri} SIP/2.0",
        f"Via: {compose.with_branch(ends.via, f'z9hG4bK{state.token()}')}",
        "Max-Forwards: 70",
        *(f"Route: {one}" for one in ends.target.route),
        f"From: {ends.local}",
        f"To: {ends.remote}",
        f"Call-ID: {leg.key.call_id}",
        f"CSeq: {number} INVITE",
        f"Contact: {ends.contact}",
    ]
    data = compose.message(lines, (("Content-Type", SDP),), plain)
    item = Item(parse_message(data), ends.way, True)
    transaction = leg.begin(item)
    if transaction is not None:
        transaction.own = True
    return item


def refused(state: TapState, leg: CallLeg, now: float, tag: str) -> None:
    """The stack has been asked and cannot: the tap offers in its place."""
    dialog = leg.dialogs.get(tag)
    if dialog is None or dialog.reoffer is None:
        return
    dialog.reoffer.asked, dialog.reoffer.own = False, True
    advance(state, leg, now)


def due(state: TapState, leg: CallLeg, now: float, tag: str) -> None:
    """It is time to try again, or nothing has come of it."""
    dialog = leg.dialogs.get(tag)
    if dialog is None or dialog.reoffer is None:
        return
    if dialog.reoffer.asked and _made(leg, dialog, dialog.reoffer) is None:
        state.report(leg, f"no new offer was made ({dialog.reoffer.reason})")
        dialog.reoffer = None
    advance(state, leg, now)
