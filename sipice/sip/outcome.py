"""RFC 3261 §13, §14, RFC 3311 §5.3: how requests end, and what a failure takes back."""

from __future__ import annotations

from sipice.sip import closing, compose, digest, resend
from sipice.sip.alarms import Alarm, Due
from sipice.sip.call import Meaning
from sipice.sip.leg import CallLeg, Parked, Transaction, TransactionKey
from sipice.sip.message import SipMessage, parse_message
from sipice.sip.settings import LIFETIME
from sipice.sip.state import TapState

_CHALLENGES = frozenset({401, 407, 420, 421, 422, 503, *range(300, 400)})
"""The sender is expected to try again with the same description."""


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
        if status in digest.CHALLENGES:
            transaction.challenge = response
        if status < 300 and key.out and transaction.plain is not None:
            leg.note_plain(key.dialog, transaction.plain)
        if status >= 300:
            _failed(state, leg, now, transaction, status, rejected=rejected)


def expire(state: TapState, leg: CallLeg, now: float, key: TransactionKey) -> None:
    """A request got no final response (RFC 3261 §17.1.1.2, timer B; §14.1)."""
    transaction = leg.transactions.get(key)
    if transaction is not None and transaction.pending:
        own = parse_message(compose.response(transaction.item.message, 408, tag=leg.own_tag))
        meaning = leg.take(now, own, transaction.item.way)
        settle(state, leg, now, transaction, own, rejected=meaning is Meaning.REJECTION)


def is_initial(transaction: Transaction) -> bool:
    """An INVITE outside any dialog."""
    return transaction.key.method == "INVITE" and not transaction.item.message.to_tag


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
