"""RFC 6337: what was found in the messages of a call: dialogs, and the exchanges in each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

from sipice.net import Address
from sipice.sip.body import Body


class Outcome(Enum):
    """How far an offer has come."""

    PENDING = "pending"
    PROVISIONAL = "provisional"
    """Only a preview of the answer has been seen, in an unreliable 18x (RFC 6337 §3.1.1)."""
    ANSWERED = "answered"
    REJECTED = "rejected"


class Remark(StrEnum):
    """What is odd about an exchange, in words for the person who reads the capture."""

    ANSWER_DIFFERS = "the answer differs from its preview in an earlier provisional response"
    LATER_SDP_DIFFERS = "SDP that came after the first answer differs from it and is ignored"
    PREVIEW_STANDS = "the 2xx carries no SDP: the preview in the provisional response stands"
    NO_ANSWER = "the 2xx carries no answer"
    OFFER_TOO_EARLY = "this offer was made while another one was open in the dialog"
    PRACK_OFFER_TOO_EARLY = "the PRACK carries an offer, but the response it names had no answer"
    UNDONE = "the INVITE around this exchange failed: the session goes back to what was before"


class Meaning(Enum):
    """What one message did to the exchanges of its call."""

    NOTHING = "nothing"
    OFFER = "offer"
    PREVIEW = "preview"
    ANSWER = "answer"
    REJECTION = "rejection"
    FRAGMENT = "fragment"
    REPEAT = "repeat"
    """A retransmission."""
    IGNORED = "ignored"
    """It has SDP that is neither offer nor answer."""


class DialogState(Enum):
    """RFC 3261 §12: early until a 2xx, ended by BYE or the failure of its INVITE."""

    EARLY = "early"
    CONFIRMED = "confirmed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """An SDP body on its way: when, from whom to whom, and in what message."""

    time: float
    sender: str
    """The tag of the party that sent it."""
    source: Address | None
    destination: Address | None
    transport: str
    carrier: str
    """The method, behind a status code if it was a response: "INVITE", "183 INVITE"."""
    message_size: int
    """Of the whole SIP message in bytes; over UDP 1,300 is a limit (RFC 3261 §18.1.1)."""
    body: Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One offer and what became of it."""

    pattern: int
    """The row of the table in RFC 6337 §2.2: 1 until a reliable 1xx makes it a 3."""
    cseq: int
    offer: Description
    answer: Description | None
    preview: Description | None
    outcome: Outcome
    status: int | None
    """The status code of a rejection."""
    ended: float | None
    """When it was answered or rejected."""
    repeats: int
    """Retransmissions of the messages that carried offer, preview and answer."""
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """A trickle ICE fragment from an INFO (RFC 8840 §4.4); no part of any exchange."""

    time: float
    sender: str
    cseq: int
    """Tells the order in which one sender sent them (RFC 6086 §4.4)."""
    body: Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialog:
    """One fork of a call on one hop, named by the tags of the request that began it."""

    from_tag: str
    to_tag: str
    """Empty when the call got no further than its INVITE."""
    source: Address | None
    destination: Address | None
    """Where its first message came from and went to: two hops of a proxy are two dialogs."""
    state: DialogState
    exchanges: tuple[Exchange, ...]
    fragments: tuple[Fragment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Everything with one Call-ID; the two legs of a B2BUA are two calls."""

    call_id: str
    started: float
    dialogs: tuple[Dialog, ...]
    unmatched: int
    """Messages with SDP whose request was not seen, so that it is neither offer nor answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is remembered; the oldest goes first."""

    calls: int = 10_000
    hops: int = 8
    """Per call."""
    dialogs: int = 64
    """Per hop."""
    transactions: int = 256
    """Per hop."""
    exchanges: int = 256
    """Per dialog."""
    fragments: int = 256
    """Per dialog."""
