"""RFC 3261 §22: challenges of requests that the tap has made itself."""

from __future__ import annotations

from sipice.sip import compose, digest
from sipice.sip.dialog import keep_newest
from sipice.sip.digest import Vouched
from sipice.sip.leg import MOST_REMEMBERED, CallLeg, PeerDialog
from sipice.sip.message import SipMessage
from sipice.sip.state import TapState

_TIMES = 4
"""A request is made again so often at most."""


def meet(state: TapState, challenge: SipMessage | None, before: Vouched) -> Vouched | None:
    """What the next request has to answer; None where there are no credentials that could do.

    Who has seen ours is not shown them again, unless only the nonce was too old.
    """
    found = [] if challenge is None else digest.challenges(challenge)
    known = {(one.answer, one.realm): one for one in before.challenges}
    for one in found:
        refused = (one.answer, one.realm) in known and not one.stale
        if refused or digest.chosen(state.config.credentials, one.realm) is None:
            return None
        known[one.answer, one.realm] = one
    if not found or before.times >= _TIMES:
        return None
    return Vouched(tuple(known.values()), before.times + 1)


def fields(
    state: TapState, leg: CallLeg, dialog: PeerDialog, method: str, vouched: Vouched
) -> compose.Fields:
    """The header fields that answer these challenges in a request of a dialog."""
    uri = "" if dialog.ends is None else dialog.ends.target.uri
    answers: list[tuple[str, str]] = []
    for one in vouched.challenges:
        account = digest.chosen(state.config.credentials, one.realm)
        if account is None:
            continue
        count = leg.nonces[one.nonce] = leg.nonces.get(one.nonce, 0) + 1
        keep_newest(leg.nonces, MOST_REMEMBERED)
        request = digest.Request(method, uri)
        value = digest.authorization(account, one, request, count=count, cnonce=state.token())
        answers.append((one.answer, value))
    return tuple(answers)


def demand(challenge: SipMessage) -> str:
    """For the log: who wants what, where it cannot be answered."""
    found = digest.challenges(challenge)
    if not found:
        return "no challenge in it can be answered (Digest with MD5 or SHA-256, qop=auth)"
    realms = ", ".join(sorted({f'"{one.realm}"' for one in found}))
    return f"TapConfig.credentials has none that realm {realms} takes"
