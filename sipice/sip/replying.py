"""Requests that the tap answers itself, and requests that it makes itself."""

from __future__ import annotations

from sipice.sip import compose, ends, outcome, resend
from sipice.sip.call import Meaning
from sipice.sip.dialog import keep_newest
from sipice.sip.leg import CallLeg, Item, PeerDialog, Transaction
from sipice.sip.message import CSeq, SipMessage, parse_message
from sipice.sip.settings import T2
from sipice.sip.state import TapState


def reply(
    state: TapState,
    leg: CallLeg,
    now: float,
    transaction: Transaction,
    status: int,
    fields: compose.Fields = (),
) -> None:
    """The tap answers a request in the place of the one it was meant for."""
    item = transaction.item
    data = compose.response(item.message, status, tag=leg.own_tag, fields=fields)
    if not transaction.own:
        state.emit(leg, data, item.way, out=not item.out)
    own = parse_message(data)
    meaning = leg.take(now, own, item.way)
    outcome.settle(state, leg, now, transaction, own, rejected=meaning is Meaning.REJECTION)
    transaction.reply = data
    if not item.out and item.message.method == "INVITE" and item.way.is_datagram:
        name = ("reply", transaction.key)
        resend.start(state, leg, now, name, data, item.way, ceiling=T2, times=10)


def reply_again(state: TapState, leg: CallLeg, transaction: Transaction) -> None:
    """A retransmission of a request that the tap has answered."""
    if transaction.reply is not None:
        state.emit(leg, transaction.reply, transaction.item.way, out=not transaction.key.out)


def own_request(
    state: TapState,
    leg: CallLeg,
    dialog: PeerDialog,
    method: str,
    fields: compose.Fields,
    body: bytes,
) -> Item | None:
    """A request of the tap's own; its responses are not for the stack. None without a way."""
    if dialog.ends is None:
        return None
    cseq = CSeq(leg.next_number(dialog.tag), method)
    branch = f"z9hG4bK{state.token()}"
    data = ends.request(dialog.ends, leg.key.call_id, cseq, branch, fields, body)
    item = Item(parse_message(data), dialog.ends.way, True)
    _own(leg, item)
    return item


def send_own(state: TapState, leg: CallLeg, now: float, item: Item) -> None:
    """Send a request of the tap's own that carries no offer."""
    transaction = _own(leg, item)
    if transaction is None:
        return
    transaction.left = True
    state.emit(leg, item.message.data, item.way, out=item.out)
    if item.out and item.way.is_datagram:
        repeat_own(state, leg, now, transaction, item.message.data)


def repeat_own(
    state: TapState, leg: CallLeg, now: float, transaction: Transaction, data: bytes
) -> None:
    """RFC 3261 §17.1.2.2: no stack has timer E for it."""
    name = ("request", transaction.key)
    resend.start(state, leg, now, name, data, transaction.item.way, ceiling=T2, times=10)


def _own(leg: CallLeg, item: Item) -> Transaction | None:
    transaction = leg.begin(item)
    if transaction is not None:
        transaction.own = True
    return transaction


def own_answered(
    state: TapState, leg: CallLeg, transaction: Transaction, response: SipMessage
) -> None:
    """A response without meaning for offers to a request of the tap's own."""
    resend.stop(state, leg, ("request", transaction.key))
    if (response.status or 0) >= 200:
        transaction.final = response.status


def acknowledge(state: TapState, leg: CallLeg, item: Item, transaction: Transaction) -> None:
    """The ACK of a re-INVITE of the tap's own (RFC 3261 §13.2.2.4, §17.1.1.3)."""
    request = transaction.item.message
    dialog = leg.dialog(item.theirs)
    if dialog.tag not in transaction.acks:
        if (item.message.status or 0) >= 300:
            target = compose.Target(compose.uri_of(request), tuple(request.values("route")))
            branch = request.via_branch
        else:
            target = dialog.ends.target if dialog.ends else compose.target_of_response(item.message)
            branch = f"z9hG4bK{state.token()}"
            dialog.acknowledged = True
        via = next(iter(request.values("via")), "")
        number = transaction.key.number
        ack = compose.following(item.message, via, number, "ACK", target, branch)
        transaction.acks[dialog.tag] = ack
    state.emit(leg, transaction.acks[dialog.tag], transaction.item.way, out=True)


def end_unwanted(
    state: TapState, leg: CallLeg, now: float, item: Item, transaction: Transaction
) -> None:
    """A 2xx to an INVITE that nobody wants: its ACK, and the BYE if it makes a dialog."""

    def request(number: int, method: str) -> bytes:
        branch = f"z9hG4bK{state.token()}"
        return compose.following(item.message, via, number, method, target, branch)

    via = next(iter(transaction.item.message.values("via")), "")
    target = compose.target_of_response(item.message)
    number = transaction.key.number
    known = transaction.acks.get(item.theirs)
    ack = known or request(number, "ACK")
    transaction.acks[item.theirs] = ack
    keep_newest(transaction.acks, state.config.most_dialogs)
    state.emit(leg, ack, item.way, out=not item.out)
    if known is None and outcome.is_initial(transaction):
        bye = parse_message(request(number + 1, "BYE"))
        send_own(state, leg, now, Item(bye, item.way, not item.out))
