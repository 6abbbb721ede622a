"""D4.1 of docs/decisions.md: offers that our side owes, made by the stack or in its place.

RFC 8839 §4.3.4 has the controlling agent tell the peer which candidates were nominated. When that
may happen is a matter of RFC 6337 §4.3 and RFC 3311 §5.1; RFC 3261 §14.1 says when to try again.
"""

from __future__ import annotations

from sipice.sip import compose, glare, outcome, replying, vouching
from sipice.sip.alarms import Alarm, Due
from sipice.sip.body import SDP
from sipice.sip.leg import CallLeg, PeerDialog, Reoffer, Transaction
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
        why = "" if made.challenge is None else f": {vouching.demand(made.challenge)}"
        state.report(leg, f"the new offer ({reoffer.reason}) was refused with {status}{why}")


def _method(leg: CallLeg, dialog: PeerDialog, reoffer: Reoffer) -> str | None:
    """By which request an offer may be made now; None: not now."""
    pending = glare.pending(leg, dialog.tag)
    if (
        any(dialog.confirmed or not outcome.is_initial(one) for one in pending)
        or leg.hop.open_offer(leg.ours, dialog.tag) is not None
        or leg.parked is not None
        or dialog.unacknowledged_1xx
        or True in leg.awaiting
    ):
        return None
    if dialog.confirmed and not dialog.acknowledged:
        return None
    may_update = "UPDATE" in dialog.allow and dialog.both_ends
    if may_update and not (reoffer.own and dialog.confirmed):
        return "UPDATE"
    return "INVITE" if dialog.confirmed else None


def _ask(
    state: TapState, leg: CallLeg, now: float, dialog: PeerDialog, reoffer: Reoffer, method: str
) -> None:
    reoffer.asked = True
    state.alarms.set(Due(leg.key, Alarm.REOFFER, dialog.tag), now + LIFETIME)
    if not reoffer.own:
        state.outputs.append(SendReoffer(leg.key, leg.identify(dialog.tag), method))
    else:
        _offer(state, leg, dialog, method)


def _offer(state: TapState, leg: CallLeg, dialog: PeerDialog, method: str) -> None:
    """The tap offers in the place of the stack."""
    plain = leg.described(dialog.tag)
    if dialog.ends is None or plain is None:
        return
    fields: compose.Fields = (("Contact", dialog.ends.contact), ("Content-Type", SDP))
    offer = replying.own_request(state, leg, dialog, method, fields, plain)
    if offer is not None:
        leg.outgoing.append(offer)


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
