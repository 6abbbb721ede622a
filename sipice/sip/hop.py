"""RFC 6337 §2.2, RFC 3262 §5, RFC 3311 §5: the transactions of a call between two neighbours.

One call may be seen on several hops, where a proxy may have changed the SDP; each hop has its own
dialogs. Every rule about which SDP is what stands here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sipice.net import Address
from sipice.sip.body import SDPFRAG, Body, sdp_bodies, session_description
from sipice.sip.call import Description, DialogState, Fragment, Limits, Meaning, Remark
from sipice.sip.dialog import Leg, Negotiation, keep_newest
from sipice.sip.message import CSeq, SipMessage

TransactionKey = tuple[str, str, int, str]
"""A request: From tag, To tag, CSeq number, method. Each fork counts CSeq for itself."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A message with what is known about its way, and the fields that are asked for often."""

    message: SipMessage
    cseq: CSeq
    from_tag: str
    to_tag: str
    time: float
    source: Address | None
    destination: Address | None
    description: Description | None
    """The SDP that it carries, if that can be an offer or an answer."""
    fragments: tuple[Body, ...]

    @property
    def key(self) -> TransactionKey:
        """The transaction of a request."""
        return self.from_tag, self.to_tag, self.cseq.number, self.cseq.method


def see(
    message: SipMessage,
    cseq: CSeq,
    time: float,
    source: Address | None,
    destination: Address | None,
    transport: str,
) -> Seen:
    """Read from a message what the rules ask for."""
    found = sdp_bodies(message)
    body = session_description(message) if found else None
    from_tag, to_tag, status = message.from_tag, message.to_tag, message.status
    description = (
        None
        if body is None
        else Description(
            time=time,
            sender=from_tag if status is None else to_tag,
            source=source,
            destination=destination,
            transport=transport,
            carrier=cseq.method if status is None else f"{status} {cseq.method}",
            message_size=len(message.data),
            body=body,
        )
    )
    fragments = tuple(body for body in found if body.content_type == SDPFRAG)
    return Seen(message, cseq, from_tag, to_tag, time, source, destination, description, fragments)


@dataclass(slots=True, eq=False)
class Transaction:
    """A request, and the negotiations that its responses speak about, by To tag."""

    started: float
    offer: Description | None = None
    negotiations: dict[str, Negotiation] = field(default_factory=dict[str, Negotiation])


@dataclass(slots=True, eq=False)
class Hop:
    """What one pair of neighbours said to each other in one call."""

    limits: Limits
    legs: dict[tuple[str, ...], Leg] = field(default_factory=dict[tuple[str, ...], Leg])
    """By both tags in sorted order; by the From tag alone before there is another."""
    transactions: dict[TransactionKey, Transaction] = field(
        default_factory=dict[TransactionKey, Transaction]
    )
    seen: dict[tuple[object, ...], Negotiation | None] = field(
        default_factory=dict[tuple[object, ...], Negotiation | None]
    )
    unmatched: int = 0

    def add(self, seen: Seen) -> Meaning:
        """Take one message; it may be a retransmission."""
        message = seen.message
        first, body = message.start_line[:2], hash(message.body)
        identity = (seen.key, first, message.rseq, body)
        if identity in self.seen:
            negotiation = self.seen[identity]
            if negotiation is not None:
                negotiation.repeats += 1
            return Meaning.REPEAT
        if message.is_request:
            meaning, about = self._request(seen)
        else:
            meaning, about = self._response(seen, message.status or 0)
        self.seen[identity] = about
        keep_newest(self.seen, 2 * self.limits.transactions)
        return meaning

    def open_offer(self, tag: str, other: str) -> str | None:
        """Who of a dialog has made an offer that is neither answered nor rejected: the tag."""
        leg = self.legs.get(tuple(sorted((tag, other)))) or self.legs.get((tag,))
        offers = (one.offer.sender for one in leg.negotiations if one.is_open) if leg else iter(())
        return next(offers, None)

    def _request(self, seen: Seen) -> _Result:
        known = self.transactions.get(seen.key)
        if known is not None:
            return Meaning.REPEAT, None
        transaction = Transaction(seen.time)
        self.transactions[seen.key] = transaction
        keep_newest(self.transactions, self.limits.transactions)
        match seen.cseq.method:
            case "INVITE":
                return self._offer(seen, transaction, 1)
            case "UPDATE" if seen.description is not None:
                return self._offer(seen, transaction, 6)
            case "PRACK" if seen.description is not None:
                return self._prack(seen, transaction, seen.description)
            case "ACK":
                return self._ack(seen)
            case "INFO":
                return self._info(seen), None
            case "BYE":
                self._end(seen)
        return Meaning.NOTHING, None

    def _offer(self, seen: Seen, transaction: Transaction, pattern: int) -> _Result:
        """Patterns 1, 3, 5, 6: a request may carry an offer."""
        leg = self._leg(seen)
        if not seen.to_tag:
            leg.state = DialogState.EARLY
        description = seen.description
        if description is None:
            return Meaning.NOTHING, None
        negotiation = leg.open(pattern, seen.cseq.number, description)
        transaction.offer = description
        transaction.negotiations[seen.to_tag] = negotiation
        return Meaning.OFFER, negotiation

    def _prack(self, seen: Seen, transaction: Transaction, description: Description) -> _Result:
        """Patterns 4 and 5: it answers the offer in the 1xx, or offers after the answer there."""
        leg = self._leg(seen)
        rack = seen.message.rack
        named = (rack.rseq, rack.cseq.number) if rack else (-1, -1)
        about = leg.reliable.get(named)
        waiting = about if named in leg.reliable else leg.open_offer_in_1xx()
        if waiting is not None and waiting.pattern == 4:
            return waiting.take_answer(description, 4), waiting
        result = self._offer(seen, transaction, 5)
        if about is None and named in leg.reliable and result[1] is not None:
            result[1].remark(Remark.PRACK_OFFER_TOO_EARLY)
        return result

    def _ack(self, seen: Seen) -> _Result:
        """Pattern 2: the answer to the offer in a 2xx; any other SDP in an ACK means nothing."""
        description = seen.description
        if description is None:
            return Meaning.NOTHING, None
        invite = self._transaction(seen, "INVITE")
        negotiation = invite.negotiations.get(seen.to_tag) if invite else None
        if negotiation is None or negotiation.pattern != 2:
            return self._unmatched(negotiation)
        return negotiation.take_answer(description, 2), negotiation

    def _info(self, seen: Seen) -> Meaning:
        """RFC 8840 §3.2: neither offer nor answer; a fragment in it belongs to the dialog."""
        for body in seen.fragments:
            fragment = Fragment(
                time=seen.time, sender=seen.from_tag, cseq=seen.cseq.number, body=body
            )
            self._leg(seen).take_fragment(fragment)
        if seen.fragments:
            return Meaning.FRAGMENT
        return Meaning.IGNORED if seen.description else Meaning.NOTHING

    def _end(self, seen: Seen) -> None:
        leg = self.legs.get(_tags(seen))
        if leg is not None:
            leg.state = DialogState.ENDED

    def _response(self, seen: Seen, status: int) -> _Result:
        transaction = self._transaction(seen, seen.cseq.method)
        if transaction is None:
            return self._unmatched(None) if seen.description else (Meaning.NOTHING, None)
        if status >= 300:
            return self._failure(seen, transaction, status), None
        if seen.cseq.method == "INVITE":
            return self._invite_response(seen, transaction, status)
        description = seen.description
        negotiation = next(iter(transaction.negotiations.values()), None)
        if status < 200 or negotiation is None:
            return (Meaning.IGNORED if description else Meaning.NOTHING), None
        return self._success(negotiation, description, negotiation.pattern, seen.time)

    def _invite_response(self, seen: Seen, transaction: Transaction, status: int) -> _Result:
        if status == 100 or (status < 200 and not seen.to_tag):
            return (Meaning.IGNORED if seen.description else Meaning.NOTHING), None
        leg = self._fork(seen, transaction)
        if status >= 200:
            leg.state = DialogState.CONFIRMED
        reliable = seen.message.is_reliable_provisional
        if transaction.offer is None:
            result = self._offer_in_response(seen, transaction, leg)
        else:
            result = self._answer_in_response(seen, transaction.negotiations[seen.to_tag])
        if reliable and seen.message.rseq is not None:
            leg.note_reliable(seen.message.rseq, seen.cseq.number, result[1])
        return result

    def _offer_in_response(self, seen: Seen, transaction: Transaction, leg: Leg) -> _Result:
        """Patterns 2 and 4: the first reliable response to an INVITE without offer has it."""
        description = seen.description
        if description is None:
            return Meaning.NOTHING, None
        final = (seen.message.status or 0) >= 200
        earlier = transaction.negotiations.get(seen.to_tag)
        if earlier is not None or not (final or seen.message.is_reliable_provisional):
            return Meaning.IGNORED, None
        negotiation = leg.open(2 if final else 4, seen.cseq.number, description)
        transaction.negotiations[seen.to_tag] = negotiation
        return Meaning.OFFER, negotiation

    def _answer_in_response(self, seen: Seen, negotiation: Negotiation) -> _Result:
        """Patterns 1 and 3, and the preview in an unreliable provisional response."""
        description = seen.description
        if (seen.message.status or 0) >= 200:
            return self._success(negotiation, description, 1, seen.time)
        if description is None:
            return Meaning.NOTHING, None
        if seen.message.is_reliable_provisional:
            return negotiation.take_answer(description, 3), negotiation
        return negotiation.take_preview(description), negotiation

    def _success(
        self, negotiation: Negotiation, description: Description | None, pattern: int, now: float
    ) -> _Result:
        if description is None:
            negotiation.take_empty_success(now)
            return Meaning.NOTHING, negotiation
        return negotiation.take_answer(description, pattern), negotiation

    def _failure(self, seen: Seen, transaction: Transaction, status: int) -> Meaning:
        """A failed request takes its offer back on all forks; SDP in the failure is no answer."""
        mine = list(transaction.negotiations.values())
        meanings = [negotiation.reject(seen.time, status) for negotiation in mine]
        if seen.cseq.method == "INVITE":
            self._undo(seen, transaction)
        if Meaning.REJECTION in meanings:
            return Meaning.REJECTION
        return Meaning.IGNORED if seen.description else Meaning.NOTHING

    def _undo(self, seen: Seen, transaction: Transaction) -> None:
        """A failed INVITE ends its early dialogs, or what it changed in a confirmed one (§3.4)."""
        tags = {"", seen.to_tag, *transaction.negotiations}
        for leg in self.legs.values():
            if leg.to_tag in tags and leg.state is DialogState.EARLY:
                leg.state = DialogState.ENDED
        same = self.legs.get(_tags(seen))
        for negotiation in same.negotiations if same else ():
            if negotiation.answer and negotiation.offer.time >= transaction.started:
                negotiation.remark(Remark.UNDONE)

    def _fork(self, seen: Seen, transaction: Transaction) -> Leg:
        """RFC 3261 §12.1: the dialog of a response; each new To tag is another fork."""
        begun = self.legs.pop((seen.from_tag,), None)
        if begun is not None and _tags(seen) not in self.legs:
            begun.to_tag = seen.to_tag
            self.legs[_tags(seen)] = begun
        leg = self._leg(seen)
        if begun is not None and begun is not leg:
            leg.adopt(begun.negotiations)
        if transaction.offer is not None and seen.to_tag not in transaction.negotiations:
            negotiation = transaction.negotiations.pop("", None)
            if negotiation is None:
                negotiation = leg.open(1, seen.cseq.number, transaction.offer)
            transaction.negotiations[seen.to_tag] = negotiation
        return leg

    def _leg(self, seen: Seen) -> Leg:
        tags = _tags(seen)
        leg = self.legs.get(tags)
        if leg is None:
            ends = seen.source, seen.destination
            source, destination = ends if seen.message.is_request else ends[::-1]
            leg = Leg(seen.from_tag, seen.to_tag, source, destination, self.limits)
            self.legs[tags] = leg
            keep_newest(self.legs, self.limits.dialogs)
        return leg

    def _transaction(self, seen: Seen, method: str) -> Transaction | None:
        """By both tags if the request was sent in the dialog, else it is what made the dialog."""
        for to_tag in (seen.to_tag, ""):
            found = self.transactions.get((seen.from_tag, to_tag, seen.cseq.number, method))
            if found is not None:
                return found
        return None

    def _unmatched(self, negotiation: Negotiation | None) -> _Result:
        if negotiation is None:
            self.unmatched += 1
        return Meaning.IGNORED, negotiation


_Result = tuple[Meaning, Negotiation | None]


def _tags(seen: Seen) -> tuple[str, ...]:
    if not seen.to_tag:
        return (seen.from_tag,)
    return tuple(sorted((seen.from_tag, seen.to_tag)))
