"""The order of messages: each direction of a call leg in its own queue; what need not wait goes on.

D4.6 of docs/decisions.md: waiting for candidates never blocks CANCEL, 100, BYE or another call.
"""

from __future__ import annotations

from sipice.sip import alerting, closing, compose, describe, glare, infos, passing, replying, resend
from sipice.sip.alarms import Alarm, Due
from sipice.sip.body import SDP, bodies
from sipice.sip.call import Meaning
from sipice.sip.glare import OFFERING
from sipice.sip.leg import CallLeg, Item, Transaction, TransactionKey
from sipice.sip.state import TapState

_ORDERED = frozenset({"INVITE", "ACK", "PRACK", "UPDATE"})
"""Their transactions carry descriptions; all others pass at once."""


def take(state: TapState, leg: CallLeg, now: float, item: Item) -> None:
    """A message has come: it waits for its turn, or passes what waits."""
    message = item.message
    if message.is_request and not item.out:
        infos.reached(state, leg, now, item)
    if message.is_request and message.method == "CANCEL":
        _cancel(state, leg, now, item)
    elif message.status == 100 or not _is_ordered(item):
        _pass_at_once(state, leg, now, item)
    elif _is_merged(leg, item):
        state.emit(leg, compose.response(message, 482, tag=leg.own_tag), item.way, out=True)
    elif _is_waiting(leg, item):
        _absorb(state, leg, item)
    elif item.identity in leg.passed and item.out not in leg.awaiting:
        # a retransmission does not wait behind what waits for its being acknowledged
        _process(state, leg, now, item)
    elif _is_full(state, leg, item):
        state.report(leg, f"too many messages wait: a {message.method} was dropped")
    else:
        if message.is_request and message.method not in ("ACK", "BYE"):
            _arrived(state, leg, now, item)
        leg.queue(out=item.out).append(item)
        advance(state, leg, now)


def _is_ordered(item: Item) -> bool:
    """A BYE of the peer does not overtake the 2xx before it."""
    method = item.message.method
    return method in _ORDERED or (method == "BYE" and not item.out)


def advance(state: TapState, leg: CallLeg, now: float) -> None:
    """Let everything go on that waits for nothing."""
    for out in (True, False):
        waiting = leg.queue(out=out)
        while waiting and out not in leg.awaiting and not _is_held(state, leg, now, waiting[0]):
            _process(state, leg, now, waiting.popleft())


def _is_held(state: TapState, leg: CallLeg, now: float, item: Item) -> bool:
    """RFC 3262 §3: what the PRACK of our reliable 1xx has to come before.

    That is another reliable 1xx, and the 2xx if the 1xx had a description.
    """
    message = item.message
    dialog = leg.dialogs.get(item.theirs)
    if alerting.is_early(state, leg, now, item):
        return True
    if not item.out or message.method != "INVITE" or dialog is None or dialog.unpracked is None:
        return False
    if 200 <= (message.status or 0) < 300:
        return dialog.unacknowledged_1xx
    return message.is_reliable_provisional and message.rseq != dialog.unpracked


def _is_merged(leg: CallLeg, item: Item) -> bool:
    """RFC 3261 §8.2.2.2: the same INVITE by another way; it would ring twice."""
    known = leg.transaction(item)
    message = item.message
    return (
        known is not None
        and not item.out
        and message.is_request
        and message.method == "INVITE"
        and known.item.message.via_branch != message.via_branch
    )


def _is_waiting(leg: CallLeg, item: Item) -> bool:
    """A retransmission of what has not left yet."""
    awaiting = leg.awaiting.get(item.out)
    items = [*leg.queue(out=item.out), *([awaiting.item] if awaiting else ())]
    return any(one.identity == item.identity for one in items)


def _absorb(state: TapState, leg: CallLeg, item: Item) -> None:
    transaction = leg.transaction(item)
    if transaction is not None and item.message.is_request:
        transaction.repeated = True


def _is_full(state: TapState, leg: CallLeg, item: Item) -> bool:
    waiting = leg.queue(out=item.out)
    size = sum(len(one.message.data) for one in waiting)
    return (
        len(waiting) >= state.config.most_waiting
        or size + len(item.message.data) > state.config.most_bytes
    )


def _is_one_fork_too_many(state: TapState, leg: CallLeg, item: Item) -> bool:
    return (
        not item.out
        and item.theirs not in leg.dialogs
        and (item.message.status or 0) < 300
        and len(leg.dialogs) >= state.config.most_dialogs
    )


def _arrived(state: TapState, leg: CallLeg, now: float, item: Item) -> None:
    known = leg.transaction(item)
    transaction = leg.begin(item)
    new = known is None and transaction is not None and not leg.closed
    if new and transaction is not None and not item.out and item.message.method == "INVITE":
        due = Due(leg.key, Alarm.TRYING, transaction.key)
        state.alarms.set(due, now + state.config.trying_after)


def trying(state: TapState, leg: CallLeg, key: TransactionKey) -> None:
    """Nobody has answered this INVITE for a while (RFC 3261 §17.2.1)."""
    transaction = leg.transactions.get(key)
    if transaction is not None and not transaction.provisional and transaction.pending:
        item = transaction.item
        state.emit(leg, compose.response(item.message, 100), item.way, out=True)


def _pass_at_once(state: TapState, leg: CallLeg, now: float, item: Item) -> None:
    message = item.message
    transaction = leg.transaction(item)
    if message.method == "INFO" and _take_info(state, leg, now, item):
        return
    if not message.is_request and transaction is not None and transaction.own:
        replying.own_answered(state, leg, transaction, message)
        return
    if message.is_request and message.method == "BYE":
        closing.end_dialog(state, leg, now, item.theirs)
    passing.forward(state, leg, now, item)


def _take_info(state: TapState, leg: CallLeg, now: float, item: Item) -> bool:
    if not item.message.is_request:
        if not item.out:
            infos.answered(state, leg, now, item)
        return False
    if not item.out:
        return infos.receive(state, leg, now, item)
    infos.sent(leg, item)
    return False


def _process(state: TapState, leg: CallLeg, now: float, item: Item) -> None:
    if item.message.is_request:
        _process_request(state, leg, now, item)
    else:
        _process_response(state, leg, now, item)


def _process_request(state: TapState, leg: CallLeg, now: float, item: Item) -> None:
    message = item.message
    transaction = leg.transaction(item)
    if message.method == "BYE" or message.cseq is None:
        _pass_at_once(state, leg, now, item)
        return
    if message.method == "ACK":
        if transaction is not None and transaction.reply is not None:
            resend.stop(state, leg, ("reply", transaction.key))
            return
    elif transaction is not None:
        if transaction.reply is not None:
            replying.reply_again(state, leg, transaction)
            return
        if not transaction.begun:
            transaction.begun = True
            if not leg.closed and _refused(state, leg, now, item, transaction):
                return
    _by_meaning(state, leg, now, item, leg.take(now, message, item.way))


def _refused(
    state: TapState, leg: CallLeg, now: float, item: Item, transaction: Transaction
) -> bool:
    """Requests that the tap answers before anybody looks at their descriptions."""
    status = glare.refusal(leg, item, transaction)
    if status is not None:
        fields: compose.Fields = ()
        if status == glare.TOO_EARLY:
            fields = compose.retry_after(state.rng.randint(0, 10))
        replying.reply(state, leg, now, transaction, status, fields)
        return True
    if not item.out and any(
        one.content_type == SDP and one.encoding for one in bodies(item.message)
    ):
        accept = (("Accept", SDP), ("Accept-Encoding", "identity"))
        replying.reply(state, leg, now, transaction, 415, accept)
        return True
    return False


def _process_response(state: TapState, leg: CallLeg, now: float, item: Item) -> None:
    message = item.message
    transaction = leg.transaction(item)
    if transaction is None:
        _pass_at_once(state, leg, now, item)
    elif _is_one_fork_too_many(state, leg, item):
        state.report(leg, f"more than {state.config.most_dialogs} forks: one was dropped")
    elif transaction.own and message.method not in OFFERING:
        replying.own_answered(state, leg, transaction, message)
    elif transaction.reply is not None:
        # one side has got an answer of the tap's already
        if message.method == "INVITE" and 200 <= (message.status or 0) < 300:
            replying.end_unwanted(state, leg, now, item, transaction)
    else:
        _by_meaning(state, leg, now, item, leg.take(now, message, item.way))


def _by_meaning(state: TapState, leg: CallLeg, now: float, item: Item, meaning: Meaning) -> None:
    match meaning:
        case Meaning.OFFER | Meaning.ANSWER | Meaning.PREVIEW:
            describe.describe(state, leg, now, item, meaning)
        case Meaning.REPEAT:
            transaction = leg.transaction(item)
            if transaction is not None and item.out and item.message.is_request:
                transaction.repeated = True
                resend.stop(state, leg, ("request", transaction.key))
            passing.repeat(state, leg, now, item)
        case Meaning.IGNORED if passing.is_out_of_place(item):
            passing.forward(state, leg, now, item, leg.first_answer(item))
        case Meaning.NOTHING if describe.success_without_answer(
            state, leg, now, item, leg.transaction(item)
        ):
            pass
        case _:
            rejected = meaning is Meaning.REJECTION
            passing.forward(state, leg, now, item, rejected=rejected)


def _cancel(state: TapState, leg: CallLeg, now: float, item: Item) -> None:
    """RFC 3261 §9: a CANCEL overtakes everything; an INVITE that has not left never does."""
    transaction = leg.transaction(item)
    waiting = _withdraw(state, leg, item)
    if waiting is None:
        # an INVITE that has ended here: nobody else knows it
        if transaction is not None and transaction.reply is not None and not transaction.left:
            state.emit(leg, compose.response(item.message, 200), item.way, out=not item.out)
        else:
            passing.forward(state, leg, now, item)
        return
    state.emit(
        leg, compose.response(item.message, 200, tag=leg.own_tag), item.way, out=not item.out
    )
    transaction = leg.begin(waiting)
    if transaction is not None:
        replying.reply(state, leg, now, transaction, 487)
    advance(state, leg, now)


def _withdraw(state: TapState, leg: CallLeg, item: Item) -> Item | None:
    """The INVITE that a CANCEL means, taken out of what waits."""
    awaiting = leg.awaiting.get(item.out)
    if awaiting is not None and _means(item, awaiting.item):
        closing.forget_description(state, leg, out=item.out)
        return awaiting.item
    for one in leg.queue(out=item.out):
        if _means(item, one):
            leg.queue(out=item.out).remove(one)
            return one
    return None


def _means(cancel: Item, other: Item) -> bool:
    one, two = cancel.message.cseq, other.message.cseq
    same = one is not None and two is not None and one.number == two.number
    return same and other.message.is_request and other.message.method == "INVITE"
