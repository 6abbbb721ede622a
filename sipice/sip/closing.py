"""RFC 3261 §15: how dialogs and call legs end, and what is done with messages that still wait."""

from __future__ import annotations

from sipice.sip import compose, resend
from sipice.sip.alarms import Alarm, Due
from sipice.sip.leg import CallLeg, Item
from sipice.sip.outputs import Close
from sipice.sip.settings import LIFETIME
from sipice.sip.state import TapState


def end_dialog(state: TapState, leg: CallLeg, now: float, tag: str) -> None:
    """A BYE has passed, or a fork has lost."""
    dialog = leg.dialogs.get(tag)
    if dialog is None or dialog.ended:
        return
    dialog.ended = True
    resend.stop(state, leg, ("18x", tag))
    flush(state, leg, tag)
    if leg.controller is not None:
        leg.controller.end(now, tag)
    forks_may_answer = leg.key.caller and any(
        one.pending and not one.key.dialog for one in leg.invites()
    )
    if not forks_may_answer and all(one.ended for one in leg.dialogs.values()):
        close(state, leg, now)


def close(state: TapState, leg: CallLeg, now: float) -> None:
    """The call is over; the leg is kept until retransmissions have died out."""
    if leg.closed:
        return
    leg.closed = True
    leg.resends.clear()
    leg.parked = None
    for tag in [*leg.dialogs, ""]:
        flush(state, leg, tag)
    state.alarms.cancel_call(leg.key)
    state.alarms.set(Due(leg.key, Alarm.FORGET), now + LIFETIME)
    if leg.controller is not None:
        leg.controller.close(now)
        state.outputs.append(Close(leg.key))


def due(state: TapState, leg: CallLeg, now: float, alarm: Alarm) -> None:
    """One of the ends that come by time alone."""
    match alarm:
        case Alarm.SILENCE:
            _silence(state, leg, now)
        case Alarm.FORKS:
            _lose_forks(state, leg, now)
        case _:
            state.remove(leg.key)


def _silence(state: TapState, leg: CallLeg, now: float) -> None:
    """Nothing has followed a failure: its offer is not made again (D4.4)."""
    parked, leg.parked = leg.parked, None
    if not any(one.confirmed for one in leg.dialogs.values()):
        close(state, leg, now)
    elif parked is not None and leg.controller is not None:
        leg.controller.offer_failed(now, parked.dialog, parked.status)


def _lose_forks(state: TapState, leg: CallLeg, now: float) -> None:
    """RFC 3261 §13.2.2.4: early dialogs end some time after another one was confirmed."""
    for tag, dialog in list(leg.dialogs.items()):
        if not dialog.confirmed:
            end_dialog(state, leg, now, tag)


def flush(state: TapState, leg: CallLeg, tag: str) -> None:
    """Messages of a dialog that is gone are no longer waited for: requests get an answer."""
    for out in (True, False):
        waiting = leg.queue(out=out)
        gone = [item for item in waiting if item.theirs == tag]
        awaiting = leg.awaiting.get(out)
        if awaiting is not None and awaiting.item.theirs == tag:
            gone.insert(0, awaiting.item)
            forget_description(state, leg, out=out)
        for item in gone:
            if item in waiting:
                waiting.remove(item)
            _give_up(state, leg, item)


def forget_description(state: TapState, leg: CallLeg, *, out: bool) -> None:
    """Nobody waits for the controller any more."""
    leg.awaiting.pop(out, None)
    state.alarms.cancel(Due(leg.key, Alarm.DESCRIBE, out))


def _give_up(state: TapState, leg: CallLeg, item: Item) -> None:
    message = item.message
    transaction = leg.transaction(item)
    if message.is_request:
        if message.method != "ACK":
            reply = compose.response(message, 487, tag=leg.own_tag)
            if transaction is not None:
                transaction.reply, transaction.final = reply, 487
            if transaction is None or not transaction.own:
                state.emit(leg, reply, item.way, out=not item.out)
    elif item.out and transaction is not None and transaction.pending:
        # the stack's answer has not left: to the peer the request ends as RFC 3261 §15.1.2 has it
        request = transaction.item.message
        reply = compose.response(request, 487, tag=leg.own_tag)
        state.emit(leg, reply, item.way, out=True)
        transaction.reply, transaction.final = reply, 487
        if message.method == "INVITE" and 200 <= (message.status or 0) < 300:
            via = next(iter(request.values("via")), "")
            target, branch = compose.target_of_response(message), f"z9hG4bK{state.token()}"
            number = transaction.key.number
            ack = compose.following(message, via, number, "ACK", target, branch)
            transaction.acks[item.theirs] = ack
            state.emit(leg, ack, item.way, out=False)
