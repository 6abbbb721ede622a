"""RFC 3261 §12, §13: what the passing of a message means for its dialog and its transaction."""

from __future__ import annotations

from sipice.sip import announce, ends, infos, outcome, replying, resend
from sipice.sip.alarms import Alarm, Due
from sipice.sip.body import session_description
from sipice.sip.leg import CallLeg, Item, PeerDialog, Transaction
from sipice.sip.settings import LIFETIME
from sipice.sip.state import TapState

_TO_LITE = 4
"""RFC 8839 §7.1.1: so often is an unreliable 18x sent to a peer that cannot check."""


def request_passed(
    state: TapState,
    leg: CallLeg,
    now: float,
    item: Item,
    transaction: Transaction,
    data: bytes,
) -> None:
    """A request has gone on as ``data``, for the first time or once more."""
    method = item.message.method
    if method != transaction.key.method:
        # a CANCEL, or an ACK
        if method == "ACK":
            leg.dialog(item.theirs).acknowledged = True
        return
    if transaction.left:
        return
    transaction.left = True
    if method in ("INVITE", "UPDATE"):
        _note_request(state, leg, now, item, transaction)
    if method == "INVITE" and item.out and item.way.is_datagram and not transaction.repeated:
        resend.start(state, leg, now, ("request", transaction.key), data, item.way)
    elif transaction.own and item.way.is_datagram:
        replying.repeat_own(state, leg, now, transaction, data)
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


def response_passed(
    state: TapState,
    leg: CallLeg,
    now: float,
    item: Item,
    transaction: Transaction,
    *,
    rejected: bool,
) -> None:
    """A response has gone on; ``rejected``: it takes an offer back."""
    message = item.message
    status = message.status or 0
    transaction.provisional = True
    resend.stop(state, leg, ("request", transaction.key))
    state.alarms.cancel(Due(leg.key, Alarm.TRYING, transaction.key))
    if item.out and item.ours:
        leg.own_tag = item.ours
        leg.tags.add(item.ours)
    if message.method == "PRACK" and item.out and 200 <= status < 300:
        _pracked(leg, item)
    if message.method == "INVITE":
        if 100 < status < 300 and item.theirs:
            _observe_dialog(state, leg, now, item, transaction)
        if status < 200:
            due = Due(leg.key, Alarm.EXPIRE, transaction.key)
            state.alarms.set(due, now + state.config.answer_within)
    if status >= 200:
        outcome.settle(state, leg, now, transaction, message, rejected=rejected)


def _pracked(leg: CallLeg, item: Item) -> None:
    """Our stack has taken a PRACK for the one it waits for, whatever its RAck says."""
    dialog = leg.dialogs.get(item.theirs)
    if dialog is not None and dialog.unpracked is not None:
        dialog.pracked, dialog.unpracked = dialog.unpracked, None
        dialog.unacknowledged_1xx = False


def _observe_dialog(
    state: TapState, leg: CallLeg, now: float, item: Item, transaction: Transaction
) -> None:
    message, tag = item.message, item.theirs
    dialog = leg.dialog(tag)
    _note_ends(dialog, item, transaction)
    if item.out:
        leg.packages = announce.packages(item, state.config)
        if message.is_reliable_provisional and message.rseq != dialog.pracked:
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


def _note_ends(dialog: PeerDialog, item: Item, transaction: Transaction) -> None:
    if outcome.is_initial(transaction):
        learn = ends.of_callee if item.out else ends.of_caller
        dialog.ends = learn(transaction.item.message, item.message, item.way)
    elif dialog.ends is not None and not item.out:
        dialog.ends = ends.refreshed(dialog.ends, item.message)


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


def repeat_provisional(
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
    dialog = leg.dialog(tag)
    if message.is_reliable_provisional or (message.status or 0) >= 200:
        resend.stop(state, leg, ("18x", tag))
        dialog.provisional = None
        return
    described = b"a=ice-ufrag:" in body
    if described or dialog.provisional is None:
        dialog.provisional = data, item.way
    if described and not dialog.both_ends:
        lite = b"a=ice-lite" in (transaction.plain or b"")
        times = _TO_LITE - 1 if lite else resend.TIMES
        resend.start(state, leg, now, ("18x", tag), data, item.way, times=times)
    infos.send(state, leg, now, dialog)
