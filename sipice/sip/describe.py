"""RFC 6337 §2: each description of a call passes its controller once, and comes back rewritten."""

from __future__ import annotations

from sipice.session.events import DescriptionReady, Direction, Kind, Rejected
from sipice.sip import closing, compose, observing, outcome, passing, replying
from sipice.sip.alarms import Alarm, Due
from sipice.sip.body import session_description
from sipice.sip.call import Meaning
from sipice.sip.controlling import Controlling
from sipice.sip.leg import Answer, Awaiting, CallLeg, Item, Transaction
from sipice.sip.message import parse_message
from sipice.sip.state import TapState

_KINDS = {
    Meaning.OFFER: Kind.OFFER,
    Meaning.ANSWER: Kind.ANSWER,
    Meaning.PREVIEW: Kind.PREVIEW,
}


def describe(state: TapState, leg: CallLeg, now: float, item: Item, meaning: Meaning) -> None:
    """An offer, an answer or a preview: hand it to the controller; it goes on when that is done."""
    body = session_description(item.message)
    if body is None or meaning not in _KINDS or leg.is_over(item.theirs):
        passing.forward(state, leg, now, item)
        return
    kind = _KINDS[meaning]
    transaction = leg.transaction(item)
    if kind is Kind.OFFER and item.message.is_request and transaction is not None:
        transaction.plain = body.data
        if _came_again(state, leg, now, item, transaction):
            return
    elif item.out:
        leg.note_plain(item.theirs, body.data)
    _await(state, leg, now, item, body.data, kind)


def success_without_answer(
    state: TapState, leg: CallLeg, now: float, item: Item, transaction: Transaction | None
) -> bool:
    """A 2xx without the answer that its request is owed, or with one that came before.

    RFC 6337 §3.1.1: a preview is the answer then. Without any the call cannot be had. False for
    every other message.
    """
    message = item.message
    owed = transaction is not None and transaction.plain is not None
    if not owed or message.is_request or not 200 <= (message.status or 0) < 300:
        return False
    if session_description(message) is not None or leg.is_over(item.theirs):
        return False
    known = leg.answer(item)
    if known is None:
        text = "there is no answer in it"
        reject(state, leg, now, item, Rejected(488, compose.warning(text), None, text))
    elif not known.final:
        _await(state, leg, now, item, known.original, Kind.ANSWER)
    elif not item.out and state.config.repeat_answer:
        passing.forward(state, leg, now, item, known.passed)
    else:
        return False
    return True


def _await(state: TapState, leg: CallLeg, now: float, item: Item, sdp: bytes, kind: Kind) -> None:
    controller = state.controller(leg)
    if controller is None:
        refuse(state, leg, now, item)
        return
    rejected = _hand_over(state, leg, controller, now, item, sdp, kind)
    if rejected is not None:
        reject(state, leg, now, item, rejected)
        return
    leg.awaiting[item.out] = Awaiting(item, item.theirs, kind, sdp)
    due = Due(leg.key, Alarm.DESCRIBE, item.out)
    state.alarms.set(due, now + state.config.describe_within)


def _hand_over(
    state: TapState,
    leg: CallLeg,
    controller: Controlling,
    now: float,
    item: Item,
    sdp: bytes,
    kind: Kind,
) -> Rejected | None:
    message, dialog, final = item.message, item.theirs, kind is Kind.ANSWER
    if not item.out:
        if kind is Kind.OFFER:
            return controller.receive_offer(now, dialog, sdp)
        if message.method == "INVITE" and (message.status or 0) >= 200:
            # no further fork can answer with less than a 2xx
            observing.confirm(state, leg, now, dialog)
        return controller.receive_answer(now, dialog, sdp, final=final)
    budget = _budget(state, leg, item, sdp)
    if kind is Kind.OFFER:
        # RFC 8839 §7.5: who is asked for an offer in a dialog restarts ICE
        restart = not message.is_request and leg.is_confirmed(dialog)
        return controller.begin_offer(now, dialog, sdp, budget=budget, restart=restart)
    return controller.begin_answer(now, dialog, sdp, final=final, budget=budget)


def _budget(state: TapState, leg: CallLeg, item: Item, sdp: bytes) -> int | None:
    """What RFC 3261 §18.1.1 leaves for the description, in bytes; None on streams."""
    if not item.way.is_datagram:
        return None
    whole = len(passing.rewritten(state, item, leg.transaction(item), sdp))
    # Content-Length may get two digits more
    return max(0, state.config.datagram_size - (whole - len(sdp)) - 2)


def _came_again(
    state: TapState, leg: CallLeg, now: float, item: Item, transaction: Transaction
) -> bool:
    """After a challenge the same offer leaves with the identical description."""
    parked, leg.parked = leg.parked, None
    if parked is None:
        return False
    state.alarms.cancel(Due(leg.key, Alarm.SILENCE))
    same = (parked.out, parked.dialog) == (item.out, item.theirs)
    if same and _without_origin(parked.plain) == _without_origin(transaction.plain or b""):
        transaction.rewritten = parked.rewritten
        passing.forward(state, leg, now, item, parked.rewritten)
        return True
    if leg.controller is not None:
        leg.controller.offer_failed(now, parked.dialog, parked.status)
    return False


def _without_origin(sdp: bytes) -> list[bytes]:
    """Some stacks count o= up with each attempt."""
    return [line for line in sdp.split(b"\n") if not line.startswith(b"o=")]


def ready(state: TapState, leg: CallLeg, now: float, event: DescriptionReady) -> None:
    """The controller has the description that a message waits for."""
    out = event.direction is Direction.TO_PEER
    awaiting = leg.awaiting.get(out)
    if awaiting is None or awaiting.dialog != event.dialog:
        return
    closing.forget_description(state, leg, out=out)
    transaction = leg.transaction(awaiting.item)
    if transaction is not None and awaiting.kind is Kind.OFFER:
        transaction.rewritten = event.sdp
    if awaiting.kind is not Kind.OFFER:
        final = awaiting.kind is Kind.ANSWER
        leg.note_answer(awaiting.item, Answer(awaiting.original, event.sdp, final))
    passing.forward(state, leg, now, awaiting.item, event.sdp)
    for note in event.notes:
        state.report(leg, note)


def overdue(state: TapState, leg: CallLeg, now: float, *, out: bool) -> None:
    """The controller has not come back in time."""
    awaiting = leg.awaiting.get(out)
    if awaiting is not None:
        closing.forget_description(state, leg, out=out)
        text = "no description in time"
        rejected = Rejected(500, compose.warning(text), None, text)
        reject(state, leg, now, awaiting.item, rejected)


def exhausted(state: TapState, leg: CallLeg, now: float) -> None:
    """There is no room for what the descriptions that are waited for would need."""
    for out in list(leg.awaiting):
        item = leg.awaiting[out].item
        closing.forget_description(state, leg, out=out)
        refuse(state, leg, now, item)


def refuse(state: TapState, leg: CallLeg, now: float, item: Item) -> None:
    """RFC 3261 §21.5.4, §21.5.1: a new call may come later; one that stands keeps what it has."""
    stands = leg.is_confirmed(item.theirs)
    text = "there is no room for it now"
    status, later = (500 if stands else 503), state.rng.randint(1, 10)
    _turn_down(state, leg, now, item, Rejected(status, compose.warning(text), None, text, later))
    if not stands:
        closing.close(state, leg, now)


def reject(state: TapState, leg: CallLeg, now: float, item: Item, rejected: Rejected) -> None:
    """A description that cannot be used: the side that sent it hears of it by the rules of SIP."""
    message = item.message
    what = f"{message.status or ''} {message.method}".strip()
    side = "our stack" if item.out else "the peer"
    state.report(leg, f"the SDP of {side} in the {what} was rejected: {rejected.reason}")
    _turn_down(state, leg, now, item, rejected)


def _turn_down(state: TapState, leg: CallLeg, now: float, item: Item, rejected: Rejected) -> None:
    message, transaction = item.message, leg.transaction(item)
    if transaction is None or (message.is_request and message.method == "ACK"):
        passing.forward(state, leg, now, item, b"")
    elif message.is_request:
        replying.reply(state, leg, now, transaction, rejected.status, _fields(rejected))
    elif (message.status or 0) < 200 or rejected.status == 481:
        passing.forward(state, leg, now, item, b"")
    else:
        _replace_success(state, leg, now, item, rejected)


def _fields(rejected: Rejected) -> compose.Fields:
    fields: compose.Fields = (("Warning", rejected.warning),) if rejected.warning else ()
    if rejected.status == 421:
        # RFC 8839 §9.3: an offer without ICE is not wanted
        fields += (("Require", "ice"),)
    if rejected.retry_after is not None:
        fields += compose.retry_after(rejected.retry_after)
    return fields


def _replace_success(
    state: TapState, leg: CallLeg, now: float, item: Item, rejected: Rejected
) -> None:
    """Whoever asked sees a failure; whoever answered sees the ACK, and the BYE of a new call.

    RFC 3261 §13.2.2.4 has the caller end a dialog whose answer it cannot take by a BYE.
    """
    transaction = leg.transaction(item)
    if transaction is None:
        return
    # towards the peer our stack's fault is ours, towards our stack the peer's description is bad
    status = 500 if item.out else rejected.status
    data = compose.failure(item.message, status, _fields(rejected))
    if not transaction.own:
        state.emit(leg, data, item.way, out=item.out)
    transaction.reply = data
    own = parse_message(data)
    leg.take(now, own, item.way)
    outcome.settle(state, leg, now, transaction, own, rejected=True)
    if outcome.is_initial(transaction):
        closing.end_dialog(state, leg, now, item.theirs)
    if item.message.method == "INVITE":
        replying.end_unwanted(state, leg, now, item, transaction)
