"""Passing a message on with what has to change in it, and what its passing means for the call."""

from __future__ import annotations

from sipice.sip import alerting, announce, closing, compose, ends, infos, resend
from sipice.sip.alarms import Alarm, Due
from sipice.sip.body import SDP, put_body, session_description
from sipice.sip.call import Meaning
from sipice.sip.dialog import keep_newest
from sipice.sip.edit import Edit
from sipice.sip.leg import (
    MOST_REMEMBERED,
    CallLeg,
    Item,
    Parked,
    PeerDialog,
    Transaction,
    TransactionKey,
)
from sipice.sip.message import SipMessage, parse_message
from sipice.sip.settings import LIFETIME, T2
from sipice.sip.state import TapState

_CHALLENGES = frozenset({401, 407, 420, 421, 422, 503, *range(300, 400)})
"""The sender is expected to try again with the same description."""

_TO_LITE = 4
"""RFC 8839 §7.1.1: so often is an unreliable 18x sent to a peer that cannot check."""


def forward(
    state: TapState,
    leg: CallLeg,
    now: float,
    item: Item,
    body: bytes | None = None,
    *,
    rejected: bool = False,
) -> None:
    """To the other side, with this description instead of its own; an empty one takes it out.

    ``rejected``: it is a failure that takes an offer back.
    """
    transaction = leg.transaction(item)
    data = rewritten(state, item, transaction, body)
    is_own = transaction is not None and transaction.own and not item.message.is_request
    if item.out and body:
        data = alerting.split(state, leg, item, data)
    if not is_own:
        state.emit(leg, data, item.way, out=item.out)
    if body is not None:
        leg.bodies[item.identity] = body
        keep_newest(leg.bodies, MOST_REMEMBERED)
        _check_size(state, leg, item, len(data))
    if transaction is None:
        return
    if item.out and not item.message.is_request:
        leg.passed[item.identity] = None
        keep_newest(leg.passed, MOST_REMEMBERED)
    if item.message.is_request:
        _observe_request(state, leg, now, item, transaction, data)
    else:
        if item.out:
            _repeat_provisional(state, leg, now, item, transaction, data, body or b"")
        _observe_response(state, leg, now, item, transaction, rejected=rejected)
        if is_own and (item.message.status or 0) >= 200:
            _acknowledge_own(state, leg, item, transaction)


def rewritten(
    state: TapState, item: Item, transaction: Transaction | None, body: bytes | None
) -> bytes:
    """The message as it goes on."""
    edit = Edit(item.message)
    if item.out:
        announce.announce(edit, item, transaction, state.config)
    elif item.message.is_request:
        edit.drop_tokens("Require", announce.OURS)
    if body is not None:
        _put(edit, body, flatten=state.config.flatten and not item.out)
    return edit.done()


def _put(edit: Edit, sdp: bytes, *, flatten: bool) -> None:
    message = edit.message
    body = session_description(message)
    if body is None:
        return
    if sdp and not (flatten and (body.container or message.header("content-type") != SDP)):
        put_body(edit, body, sdp)
        if message.header("content-length") is None:
            edit.append("Content-Length", str(len(message.body) - len(body.data) + len(sdp)))
    elif body.container and not flatten:
        put_body(edit, body, b"")
    else:
        edit.splice(message.body_start, message.body_end, sdp)
        edit.put("Content-Length", str(len(sdp)))
        if sdp:
            edit.put("Content-Type", SDP)
        else:
            edit.drop("Content-Type")
            edit.drop("Content-Disposition")


def _check_size(state: TapState, leg: CallLeg, item: Item, size: int) -> None:
    """RFC 3261 §18.1.1; D4.5 of docs/decisions.md."""
    if item.out and item.way.is_datagram and size > state.config.datagram_size:
        what = f"{item.message.status or ''} {item.message.method}".strip()
        state.report(
            leg,
            f"the {what} has {size} bytes with its candidates, and over UDP no more than "
            f"{state.config.datagram_size} travel safely: use TCP, or fewer interfaces",
        )


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
    settle(state, leg, now, transaction, own, rejected=meaning is Meaning.REJECTION)
    transaction.reply = data
    if not item.out and item.message.method == "INVITE" and item.way.is_datagram:
        name = ("reply", transaction.key)
        resend.start(state, leg, now, name, data, item.way, ceiling=T2, times=10)


def send_own(
    state: TapState, leg: CallLeg, now: float, data: bytes, about: Item, *, out: bool
) -> Transaction | None:
    """A request of the tap's own in the dialog of a message; its responses stop here."""
    item = Item(parse_message(data), about.way, out)
    cseq = item.message.cseq
    if cseq is None:
        return None
    key = TransactionKey(out, item.theirs, cseq.number, cseq.method)
    transaction = leg.transactions[key] = Transaction(key, item, left=True, own=True)
    keep_newest(leg.transactions, MOST_REMEMBERED)
    state.emit(leg, data, item.way, out=out)
    if out and item.way.is_datagram:
        resend.start(state, leg, now, ("request", key), data, item.way, ceiling=T2, times=10)
    return transaction


def own_answered(
    state: TapState, leg: CallLeg, transaction: Transaction, response: SipMessage
) -> None:
    """A response without meaning for offers to a request of the tap's own."""
    resend.stop(state, leg, ("request", transaction.key))
    if (response.status or 0) >= 200:
        transaction.final = response.status


def _acknowledge_own(state: TapState, leg: CallLeg, item: Item, transaction: Transaction) -> None:
    """The ACK of a re-INVITE of the tap's own (RFC 3261 §13.2.2.4, §17.1.1.3)."""
    request = transaction.item.message
    dialog = leg.dialog(item.theirs)
    if transaction.ack is None:
        if (item.message.status or 0) >= 300:
            target = compose.Target(compose.uri_of(request), tuple(request.values("route")))
            branch = request.via_branch
        else:
            target = dialog.ends.target if dialog.ends else compose.target_of_response(item.message)
            branch = f"z9hG4bK{state.token()}"
            dialog.acknowledged = True
        via = next(iter(request.values("via")), "")
        number = transaction.key.number
        transaction.ack = compose.following(item.message, via, number, "ACK", target, branch)
    state.emit(leg, transaction.ack, transaction.item.way, out=True)


def repeat(state: TapState, leg: CallLeg, now: float, item: Item) -> None:
    """A retransmission carries the description that the first one carried."""
    body = leg.bodies.get(item.identity)
    if body is None and is_out_of_place(item):
        body = leg.first_answer(item)
    forward(state, leg, now, item, body)


def is_out_of_place(item: Item) -> bool:
    """SDP that is no offer or answer, where it would be taken for one (RFC 6337 §3.1.1)."""
    message = item.message
    status = message.status or 0
    in_call = message.method == "ACK" if message.is_request else 100 < status < 300
    return in_call and session_description(message) is not None


def expire(state: TapState, leg: CallLeg, now: float, key: TransactionKey) -> None:
    """A request got no final response (RFC 3261 §17.1.1.2, timer B; §14.1)."""
    transaction = leg.transactions.get(key)
    if transaction is not None and transaction.pending:
        own = parse_message(compose.response(transaction.item.message, 408, tag=leg.own_tag))
        meaning = leg.take(now, own, transaction.item.way)
        settle(state, leg, now, transaction, own, rejected=meaning is Meaning.REJECTION)


def repeat_reply(state: TapState, leg: CallLeg, transaction: Transaction) -> None:
    """A retransmission of a request that the tap has answered."""
    if transaction.reply is not None:
        state.emit(leg, transaction.reply, transaction.item.way, out=not transaction.key.out)


def settle(
    state: TapState,
    leg: CallLeg,
    now: float,
    transaction: Transaction,
    response: SipMessage,
    *,
    rejected: bool,
) -> None:
    """A final response has passed, or was made here; ``rejected``: it takes an offer back."""
    status = response.status or 0
    key = transaction.key
    state.alarms.cancel(Due(leg.key, Alarm.EXPIRE, key))
    state.alarms.cancel(Due(leg.key, Alarm.TRYING, key))
    resend.stop(state, leg, ("request", key))
    if transaction.pending:
        transaction.final = status
        if status >= 300:
            _failed(state, leg, now, transaction, status, rejected=rejected)


def _failed(
    state: TapState,
    leg: CallLeg,
    now: float,
    transaction: Transaction,
    status: int,
    *,
    rejected: bool,
) -> None:
    key, initial = transaction.key, is_initial(transaction)
    _roll_back_packages(leg, transaction)
    if rejected and _may_come_again(transaction, status):
        plain, again = transaction.plain, transaction.rewritten
        if plain is not None and again is not None:
            leg.parked = Parked(key.out, key.dialog, plain, again, status)
            rejected = False
    if rejected and leg.controller is not None:
        leg.controller.offer_failed(now, key.dialog, status)
    if initial and status == 487:
        closing.close(state, leg, now)
    elif initial or leg.parked is not None:
        state.alarms.set(Due(leg.key, Alarm.SILENCE), now + LIFETIME)
        if initial and key.out:
            _end_early_dialogs(leg, now)
    if not initial and status in (408, 481) and key.method in ("INVITE", "UPDATE"):
        # RFC 3261 §14.1, RFC 3311 §5.3: the peer does not know the dialog any more
        closing.end_dialog(state, leg, now, transaction.item.theirs)


def is_initial(transaction: Transaction) -> bool:
    """An INVITE outside any dialog."""
    return transaction.key.method == "INVITE" and not transaction.item.message.to_tag


def _may_come_again(transaction: Transaction, status: int) -> bool:
    return status != 487 and (is_initial(transaction) or status in _CHALLENGES)


def _roll_back_packages(leg: CallLeg, transaction: Transaction) -> None:
    """RFC 6086 §5.2.4."""
    dialog = leg.dialogs.get(transaction.key.dialog)
    if dialog is not None and transaction.recv_info is not None:
        dialog.recv_info = transaction.recv_info


def _end_early_dialogs(leg: CallLeg, now: float) -> None:
    for tag, dialog in list(leg.dialogs.items()):
        if not dialog.confirmed:
            del leg.dialogs[tag]
            if leg.controller is not None:
                leg.controller.end(now, tag)


def _observe_request(
    state: TapState,
    leg: CallLeg,
    now: float,
    item: Item,
    transaction: Transaction,
    data: bytes,
) -> None:
    method = item.message.method
    if method != transaction.key.method:
        # a CANCEL, or an ACK
        if method == "ACK":
            leg.dialog(item.theirs).acknowledged = True
        return
    transaction.left = True
    if method in ("INVITE", "UPDATE"):
        _note_request(state, leg, now, item, transaction)
    if method == "INVITE" and item.out and item.way.is_datagram and not transaction.repeated:
        resend.start(state, leg, now, ("request", transaction.key), data, item.way)
    lasts = state.config.answer_within if method == "INVITE" and not item.out else LIFETIME
    state.alarms.set(Due(leg.key, Alarm.EXPIRE, transaction.key), now + lasts)


def _note_request(
    state: TapState, leg: CallLeg, now: float, item: Item, transaction: Transaction
) -> None:
    if item.out:
        if item.message.method == "INVITE":
            leg.packages = announce.packages(item, state.config)
        return
    dialog = leg.dialog(item.theirs)
    transaction.recv_info = dialog.recv_info
    infos.note(state, leg, now, dialog, item)
    if dialog.ends is not None:
        dialog.ends = ends.refreshed(dialog.ends, item.message)


def _observe_response(
    state: TapState,
    leg: CallLeg,
    now: float,
    item: Item,
    transaction: Transaction,
    *,
    rejected: bool,
) -> None:
    message = item.message
    status = message.status or 0
    transaction.provisional = True
    resend.stop(state, leg, ("request", transaction.key))
    state.alarms.cancel(Due(leg.key, Alarm.TRYING, transaction.key))
    if item.out and item.ours:
        leg.own_tag = item.ours
        leg.tags.add(item.ours)
    if message.method == "INVITE":
        if 100 < status < 300 and item.theirs:
            _observe_dialog(state, leg, now, item, transaction)
        if status < 200:
            due = Due(leg.key, Alarm.EXPIRE, transaction.key)
            state.alarms.set(due, now + state.config.answer_within)
    if status >= 200:
        settle(state, leg, now, transaction, message, rejected=rejected)


def _note_ends(dialog: PeerDialog, item: Item, transaction: Transaction) -> None:
    if is_initial(transaction):
        learn = ends.of_callee if item.out else ends.of_caller
        dialog.ends = learn(transaction.item.message, item.message, item.way)
    elif dialog.ends is not None and not item.out:
        dialog.ends = ends.refreshed(dialog.ends, item.message)


def _repeat_provisional(
    state: TapState,
    leg: CallLeg,
    now: float,
    item: Item,
    transaction: Transaction,
    data: bytes,
    body: bytes,
) -> None:
    """RFC 8839 §7.1.1, RFC 8840 §4.3.2: an unreliable 18x with a description is made reliable.

    It is sent again until the peer shows that it has the dialog, or the final response follows.
    """
    message, tag = item.message, item.theirs
    if message.method != "INVITE" or message.status == 100:
        return
    resend.stop(state, leg, ("18x", tag))
    dialog = leg.dialog(tag)
    dialog.provisional = None
    if message.is_reliable_provisional or (message.status or 0) >= 200:
        return
    dialog.provisional = data, item.way
    if b"a=ice-ufrag:" in body and not dialog.both_ends:
        lite = b"a=ice-lite" in (transaction.plain or b"")
        times = _TO_LITE - 1 if lite else resend.TIMES
        resend.start(state, leg, now, ("18x", tag), data, item.way, times=times)
    infos.send(state, leg, now, dialog)


def _observe_dialog(
    state: TapState, leg: CallLeg, now: float, item: Item, transaction: Transaction
) -> None:
    message, tag = item.message, item.theirs
    dialog = leg.dialog(tag)
    _note_ends(dialog, item, transaction)
    if item.out:
        leg.packages = announce.packages(item, state.config)
        if message.is_reliable_provisional:
            dialog.unpracked = message.rseq
            dialog.unacknowledged_1xx = session_description(message) is not None
    else:
        dialog.both_ends = True
        infos.note(state, leg, now, dialog, item)
    if (message.status or 0) >= 200:
        dialog.acknowledged = False
        confirm(state, leg, now, tag)
    elif not item.out and not message.is_reliable_provisional:
        infos.greet(state, leg, now, dialog)


def confirm(state: TapState, leg: CallLeg, now: float, tag: str) -> None:
    """The first 2xx of a dialog."""
    dialog = leg.dialog(tag)
    if dialog.confirmed:
        return
    dialog.confirmed = True
    if leg.controller is not None:
        leg.controller.confirm(now, tag)
    if leg.key.caller:
        state.alarms.set(Due(leg.key, Alarm.FORKS), now + LIFETIME)
