"""RFC 6337 §2, RFC 3261 §12: the state of a dialog, and the rules of one offer in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from sipice.net import Address
from sipice.sip.call import (
    Description,
    Dialog,
    DialogState,
    Exchange,
    Fragment,
    Limits,
    Meaning,
    Outcome,
    Remark,
)

_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(slots=True, eq=False)
class Negotiation:
    """An exchange while it lives."""

    pattern: int
    cseq: int
    offer: Description
    answer: Description | None = None
    preview: Description | None = None
    outcome: Outcome = Outcome.PENDING
    status: int | None = None
    ended: float | None = None
    repeats: int = 0
    remarks: dict[Remark, None] = field(default_factory=dict[Remark, None])

    @property
    def is_open(self) -> bool:
        """Neither answered nor rejected yet."""
        return self.outcome in (Outcome.PENDING, Outcome.PROVISIONAL)

    def take_preview(self, description: Description) -> Meaning:
        """§3.1.1: SDP in an unreliable provisional response; the exchange stays open."""
        first = self.answer or self.preview
        if first is not None or not self.is_open:
            return self._ignore(description, first)
        self.preview = description
        self.outcome = Outcome.PROVISIONAL
        return Meaning.PREVIEW

    def take_answer(self, description: Description, pattern: int) -> Meaning:
        """The first SDP in a reliable message is the answer, all later SDP is ignored."""
        if self.answer is not None:
            return self._ignore(description, self.answer)
        if self.preview is not None and self.preview.body.data != description.body.data:
            self.remark(Remark.ANSWER_DIFFERS)
        self.pattern = pattern
        self._settle(description)
        return Meaning.ANSWER

    def take_empty_success(self, now: float) -> None:
        """A 2xx without SDP where the answer should have been."""
        if self.answer is not None:
            return
        if self.preview is None:
            self.remark(Remark.NO_ANSWER)
            return
        self.remark(Remark.PREVIEW_STANDS)
        self._settle(self.preview)
        self.ended = now

    def reject(self, now: float, status: int) -> Meaning:
        """The request that carried the offer failed (RFC 3264 §4)."""
        if not self.is_open:
            return Meaning.NOTHING
        self.outcome = Outcome.REJECTED
        self.status = status
        self.ended = now
        return Meaning.REJECTION

    def remark(self, remark: Remark) -> None:
        """Note something odd, once."""
        self.remarks[remark] = None

    def _settle(self, description: Description) -> None:
        self.answer = description
        self.outcome = Outcome.ANSWERED
        self.status = None
        self.ended = description.time

    def _ignore(self, description: Description, first: Description | None) -> Meaning:
        if first is not None and first.body.data != description.body.data:
            self.remark(Remark.LATER_SDP_DIFFERS)
        return Meaning.IGNORED

    def snapshot(self) -> Exchange:
        """The exchange as it stands."""
        return Exchange(
            pattern=self.pattern,
            cseq=self.cseq,
            offer=self.offer,
            answer=self.answer,
            preview=self.preview,
            outcome=self.outcome,
            status=self.status,
            ended=self.ended,
            repeats=self.repeats,
            remarks=tuple(self.remarks),
        )


@dataclass(slots=True, eq=False)
class Leg:
    """A dialog while it lives, or what an INVITE has begun before any tag came back."""

    from_tag: str
    to_tag: str
    source: Address | None
    destination: Address | None
    limits: Limits
    state: DialogState = DialogState.EARLY
    negotiations: list[Negotiation] = field(default_factory=list[Negotiation])
    fragments: list[Fragment] = field(default_factory=list[Fragment])
    reliable: dict[tuple[int, int], Negotiation | None] = field(
        default_factory=dict[tuple[int, int], Negotiation | None]
    )
    """By RSeq and CSeq: the offer or answer that a reliable 1xx of this fork carried."""

    def open(self, pattern: int, cseq: int, offer: Description) -> Negotiation:
        """A new offer in this dialog."""
        negotiation = Negotiation(pattern, cseq, offer)
        if any(earlier.is_open for earlier in self.negotiations):
            negotiation.remark(Remark.OFFER_TOO_EARLY)
        self.adopt([negotiation])
        return negotiation

    def adopt(self, negotiations: list[Negotiation]) -> None:
        """Put negotiations behind those of this dialog."""
        self.negotiations += negotiations
        del self.negotiations[: -self.limits.exchanges]

    def take_fragment(self, fragment: Fragment) -> None:
        """Keep what an INFO brought."""
        self.fragments.append(fragment)
        del self.fragments[: -self.limits.fragments]

    def note_reliable(self, rseq: int, cseq: int, negotiation: Negotiation | None) -> None:
        """Remember what a reliable 1xx carried, for the PRACK to come."""
        self.reliable[rseq, cseq] = negotiation
        keep_newest(self.reliable, self.limits.transactions)

    def open_offer_in_1xx(self) -> Negotiation | None:
        """The offer of pattern 4 that waits for its PRACK."""
        waiting = (n for n in self.negotiations if n.pattern == 4 and n.is_open)
        return next(waiting, None)

    def snapshot(self) -> Dialog:
        """The dialog as it stands."""
        return Dialog(
            from_tag=self.from_tag,
            to_tag=self.to_tag,
            source=self.source,
            destination=self.destination,
            state=self.state,
            exchanges=tuple(negotiation.snapshot() for negotiation in self.negotiations),
            fragments=tuple(self.fragments),
        )


def keep_newest(table: dict[_K, _V], limit: int) -> None:
    """Drop the oldest entries above the limit."""
    while len(table) > limit:
        del table[next(iter(table))]
