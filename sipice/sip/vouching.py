"""RFC 3261 §22: challenges of requests in a dialog: the tap's own, and those of its stack."""

from __future__ import annotations

from sipice.sip import attempts, compose, digest, passing, resend
from sipice.sip.alarms import Alarm, Due
from sipice.sip.attempts import Attempts
from sipice.sip.dialog import keep_newest
from sipice.sip.digest import Vouched
from sipice.sip.leg import MOST_REMEMBERED, CallLeg, Item, TransactionKey
from sipice.sip.message import SipMessage, parse_message
from sipice.sip.outputs import Send
from sipice.sip.settings import LIFETIME, T2
from sipice.sip.state import TapState

_TIMES = 4
"""A request is made again so often at most."""


def take(state: TapState, leg: CallLeg, now: float, item: Item) -> Item | None:
    """A message of the peer as our side has to see it; None: a challenge, which is answered."""
    message, cseq = item.message, item.message.cseq
    if message.is_request or cseq is None:
        return item
    name = attempts.name_of(message.to_tag, cseq)
    known, status = leg.attempts.get(name), message.status or 0
    if known is None:
        return item
    if cseq.number != known.last.number:
        ack = known.acks.get(cseq.number)
        if ack is not None and status >= 300:
            state.outputs.append(Send(ack, known.way))
        return None
    if cseq.method == known.method:
        resend.stop(state, leg, ("request", _key(known, message.to_tag)))
        if _answered(state, leg, now, item, known):
            return None
        if status >= 200 and not known.came_again:
            del leg.attempts[name]
    return item._replace(message=known.to_sender(message))


def _answered(state: TapState, leg: CallLeg, now: float, item: Item, known: Attempts) -> bool:
    """It was a challenge, and the request has been made again."""
    message, tag = item.message, item.message.to_tag
    if message.status not in digest.CHALLENGES or known.is_cancelled:
        return False
    request = parse_message(known.first.data)
    transaction = leg.transactions.get(_key(known, tag))
    is_own = transaction is not None and transaction.own
    if not is_own and not _may_vouch(state, request):
        return False
    is_over = leg.is_over(tag) and known.method != "BYE"
    if is_over or (transaction is not None and not transaction.pending):
        return False
    vouched = _meet(state, message, known.vouched)
    if vouched is None:
        if not is_own:
            state.report(leg, f"the {known.method} was challenged: {demand(message)}")
        return False
    known.vouched = vouched
    _make_again(state, leg, now, item, known)
    return True


def _may_vouch(state: TapState, request: SipMessage) -> bool:
    """A stack that has answered a challenge once does so again."""
    answers = any(request.header(name) is not None for name in attempts.ANSWERS)
    return state.config.vouch_for_stack and not answers


def _make_again(state: TapState, leg: CallLeg, now: float, item: Item, known: Attempts) -> None:
    tag, way = item.message.to_tag, known.way
    if known.method == "INVITE":
        ack = known.acks[known.last.number] = _ack(item.message, known)
        state.outputs.append(Send(ack, way))
    number = leg.next_number(tag)
    uri = compose.uri_of(parse_message(known.first.data))
    answers = _fields(state, leg, digest.Request(known.method, uri), known.vouched)
    data = known.renew(number, f"z9hG4bK{state.token()}", answers)
    leg.attempts[attempts.Name(tag, number, known.method)] = known
    state.outputs.append(Send(data, way))
    passing.check_size(state, leg, item._replace(message=parse_message(data), out=True), len(data))
    key = _key(known, tag)
    if way.is_datagram and known.method == "INVITE":
        resend.start(state, leg, now, ("request", key), data, way)
    elif way.is_datagram:
        resend.start(state, leg, now, ("request", key), data, way, ceiling=T2, times=10)
    if key in leg.transactions:
        state.alarms.set(Due(leg.key, Alarm.EXPIRE, key), now + LIFETIME)


def _key(known: Attempts, tag: str) -> TransactionKey:
    """As the tap names the request: by the CSeq that it had first."""
    return TransactionKey(True, tag, known.first.number, known.method)


def _ack(challenge: SipMessage, known: Attempts) -> bytes:
    """RFC 3261 §17.1.1.3, §22.1."""
    request = parse_message(known.last.data)
    via = next(iter(request.values("via")), "")
    target = compose.Target(compose.uri_of(request), tuple(request.values("route")))
    number, branch = known.last.number, known.last.branch
    return compose.following(challenge, via, number, "ACK", target, branch, known.answers)


def _meet(state: TapState, challenge: SipMessage, before: Vouched) -> Vouched | None:
    """What the next request has to answer; None where there are no credentials that could do.

    Who has seen ours is not shown them again, unless only the nonce was too old.
    """
    found = digest.challenges(challenge)
    known = {(one.answer, one.realm): one for one in before.challenges}
    for one in found:
        refused = (one.answer, one.realm) in known and not one.stale
        if refused or digest.chosen(state.config.credentials, one.realm) is None:
            return None
        known[one.answer, one.realm] = one
    if not found or before.times >= _TIMES:
        return None
    return Vouched(tuple(known.values()), before.times + 1)


def _fields(
    state: TapState, leg: CallLeg, request: digest.Request, vouched: Vouched
) -> compose.Fields:
    """The header fields that answer these challenges in a request."""
    answers: list[tuple[str, str]] = []
    for one in vouched.challenges:
        account = digest.chosen(state.config.credentials, one.realm)
        if account is None:
            continue
        count = leg.nonces[one.nonce] = leg.nonces.get(one.nonce, 0) + 1
        keep_newest(leg.nonces, MOST_REMEMBERED)
        value = digest.authorization(account, one, request, count=count, cnonce=state.token())
        # a bare CR of the peer would be a line end to some parsers
        answers.append((one.answer, value.replace("\r", " ")))
    return tuple(answers)


def demand(challenge: SipMessage) -> str:
    """For the log: who wants what, where it cannot be answered."""
    found = digest.challenges(challenge)
    if not found:
        return "no challenge in it can be answered (Digest with MD5 or SHA-256, qop=auth)"
    realms = ", ".join(sorted({f'"{one.realm}"' for one in found}))
    return f"TapConfig.credentials has none that realm {realms} takes"
