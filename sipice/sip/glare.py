"""RFC 6337 §4.3, RFC 3261 §14, RFC 3311 §5: requests that may not come while others are pending."""

from __future__ import annotations

from sipice.sip.body import session_description
from sipice.sip.leg import CallLeg, Item, Transaction

PENDING = 491
TOO_EARLY = 500
"""With Retry-After: the sender has a request of its own pending."""

OFFERING = frozenset({"INVITE", "UPDATE"})


def refusal(leg: CallLeg, item: Item, transaction: Transaction) -> int | None:
    """The status by which a request in a dialog has to be refused, if it has to."""
    method, message = item.message.method, item.message
    if not message.to_tag or method not in OFFERING:
        return None
    others = [one for one in pending(leg, item.theirs) if one is not transaction]
    status = None
    if method == "INVITE":
        offers = (one for one in others if one.key.method == "UPDATE" and one.plain is not None)
        invites = (one for one in others if one.key.method == "INVITE")
        status = _status(item, [*invites, *offers])
    else:
        same = (one for one in others if one.key.method == "UPDATE" and one.key.out is item.out)
        status = _status(item, list(same))
        if status is None and session_description(message) is not None:
            status = _open_offer(leg, item)
    # what our own stack sends too early is refused here, before it leaves
    return PENDING if status is not None and item.out else status


def _status(item: Item, others: list[Transaction]) -> int | None:
    if not others:
        return None
    return TOO_EARLY if any(one.key.out is item.out for one in others) else PENDING


def pending(leg: CallLeg, theirs: str) -> list[Transaction]:
    """INVITE and UPDATE without a final response; one that began forks is pending in each."""
    known = leg.dialogs.get(theirs)
    names = {theirs} if known is not None and known.confirmed else {theirs, ""}
    return [
        one
        for one in leg.transactions.values()
        if one.key.method in OFFERING and one.begun and one.pending and one.key.dialog in names
    ]


def _open_offer(leg: CallLeg, item: Item) -> int | None:
    sender = leg.hop.open_offer(item.ours, item.theirs)
    if sender is None:
        known = leg.dialogs.get(item.theirs)
        unsure = item.out and known is not None and known.unacknowledged_1xx
        # RFC 3311 §5.1: the callee waits for the PRACK of its answer
        return PENDING if unsure else None
    return TOO_EARLY if (sender == item.ours) is item.out else PENDING
