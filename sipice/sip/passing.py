"""Passing a message on with what has to change in it."""

from __future__ import annotations

from sipice.sip import alerting, announce, observing, replying
from sipice.sip.body import SDP, put_body, session_description
from sipice.sip.dialog import keep_newest
from sipice.sip.edit import Edit
from sipice.sip.leg import MOST_REMEMBERED, CallLeg, Item, Transaction
from sipice.sip.state import TapState


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
        check_size(state, leg, item, len(data))
    if transaction is None:
        return
    if item.out and not item.message.is_request:
        leg.passed[item.identity] = None
        keep_newest(leg.passed, MOST_REMEMBERED)
    if item.message.is_request:
        observing.request_passed(state, leg, now, item, transaction, data)
    else:
        if item.out:
            observing.repeat_provisional(state, leg, now, item, transaction, data, body or b"")
        observing.response_passed(state, leg, now, item, transaction, rejected=rejected)
        if is_own and item.message.method == "INVITE" and (item.message.status or 0) >= 200:
            replying.acknowledge(state, leg, item, transaction)


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
    """In the place of the description; or of the whole body, where that may be made plain."""
    message = edit.message
    body = session_description(message)
    if body is None:
        if flatten and sdp:
            _put_whole(edit, sdp)
        return
    odd = bool(body.container) or message.header("content-type") != SDP
    if (flatten and odd) or not (sdp or body.container):
        _put_whole(edit, sdp)
        return
    put_body(edit, body, sdp)
    if message.header("content-length") is None:
        edit.append("Content-Length", str(len(message.body) - len(body.data) + len(sdp)))


def _put_whole(edit: Edit, sdp: bytes) -> None:
    edit.splice(edit.message.body_start, edit.message.body_end, sdp)
    edit.put("Content-Length", str(len(sdp)))
    if sdp:
        edit.put("Content-Type", SDP)
    else:
        edit.drop("Content-Type")
        edit.drop("Content-Disposition")


def check_size(state: TapState, leg: CallLeg, item: Item, size: int) -> None:
    """RFC 3261 §18.1.1; D4.5 of docs/decisions.md."""
    if item.out and item.way.is_datagram and size > state.config.datagram_size:
        what = f"{item.message.status or ''} {item.message.method}".strip()
        state.report(
            leg,
            f"the {what} has {size} bytes with its candidates, and over UDP no more than "
            f"{state.config.datagram_size} travel safely: use TCP, or fewer interfaces",
        )


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
