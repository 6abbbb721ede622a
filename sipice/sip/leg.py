"""RFC 3261 §12, §17: what a tap remembers of one call leg of its endpoint."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import NamedTuple

from sipice.session.events import Kind
from sipice.sip.attempts import Attempts, Name
from sipice.sip.call import Limits, Meaning
from sipice.sip.controlling import Controlling
from sipice.sip.dialog import keep_newest
from sipice.sip.ends import Ends
from sipice.sip.hop import Hop, see
from sipice.sip.message import SipMessage, parse_message
from sipice.sip.numbering import Numbering, restored, shifted
from sipice.sip.outputs import CallKey, DialogId, Way

MOST_REMEMBERED = 256
"""Transactions and rewritten bodies per call leg."""


class Item(NamedTuple):
    """A message on its way through the tap."""

    message: SipMessage
    way: Way
    out: bool
    """From the stack to the wire."""

    @property
    def ours(self) -> str:
        """The tag of this endpoint."""
        message = self.message
        return message.from_tag if message.is_request == self.out else message.to_tag

    @property
    def theirs(self) -> str:
        """The tag of the peer: the name of the dialog. Empty before there is one."""
        message = self.message
        return message.to_tag if message.is_request == self.out else message.from_tag

    @property
    def identity(self) -> Hashable:
        """Equal for a message and its retransmission."""
        message = self.message
        return (
            self.out,
            message.start_line[:2],
            message.cseq,
            message.from_tag,
            message.to_tag,
            message.rseq,
            hash(message.body),
        )


class TransactionKey(NamedTuple):
    """A request: who sent it, in which dialog, and its CSeq on the wire."""

    out: bool
    dialog: str
    number: int
    method: str


@dataclass(slots=True, eq=False)
class Transaction:
    """A request and how far it has come."""

    key: TransactionKey
    item: Item
    """The request."""
    begun: bool = False
    """Its turn in the queue has come."""
    left: bool = False
    """It has been passed on."""
    provisional: bool = False
    """Some response has been passed on."""
    repeated: bool = False
    """The stack sends it again by itself."""
    final: int | None = None
    reply: bytes | None = None
    """What the tap itself answered; each retransmission is answered with it."""
    acks: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """By dialog: how the tap itself has acknowledged a final response."""
    own: bool = False
    """The tap made the request; its responses are not for the stack."""
    challenge: SipMessage | None = None
    """The 401 or 407 that has ended it."""
    plain: bytes | None = None
    """The offer that it carries, as the sender's side wrote it, and as it was passed on."""
    rewritten: bytes | None = None
    recv_info: bool | None = None
    """What the peer had announced before it (RFC 6086 §5.2.4)."""

    @property
    def pending(self) -> bool:
        """No final response has been seen."""
        return self.final is None


@dataclass(slots=True, eq=False)
class Awaiting:
    """A message that waits for the controller's description."""

    item: Item
    dialog: str
    kind: Kind
    original: bytes


class Answer(NamedTuple):
    """An answer in a response."""

    original: bytes
    passed: bytes
    """As it was passed on."""
    final: bool
    """Not only a preview."""


@dataclass(slots=True, eq=False)
class Parked:
    """An offer whose request failed in a way that asks for another one (challenge, redirection)."""

    out: bool
    dialog: str
    plain: bytes
    rewritten: bytes
    status: int


@dataclass(slots=True, eq=False)
class Resend:
    """A message that is sent again until something stops it."""

    data: bytes
    way: Way
    interval: float
    left: int
    """How many times more."""
    ceiling: float = float("inf")
    """The interval grows no further."""


@dataclass(slots=True, eq=False)
class Reoffer:
    """An offer that our side owes in a dialog (RFC 8839 §4.3.4)."""

    reason: str
    after: int
    """An offer with a higher CSeq on the wire settles it."""
    own: bool
    """The tap makes it, as the stack cannot."""
    asked: bool = False
    not_before: float = 0.0


@dataclass(slots=True, eq=False)
class PeerDialog:
    """One dialog, early or confirmed, with what is needed to send in it."""

    tag: str
    confirmed: bool = False
    ends: Ends | None = None
    """What a request of our side in it is made of."""
    reoffer: Reoffer | None = None
    """An offer that our side owes."""
    acknowledged: bool = False
    """The ACK of the last 2xx to an INVITE has passed."""
    alert_by: float | None = None
    """A 180 that waits for ICE waits no longer than this."""
    unpracked: int | None = None
    """The RSeq of our reliable 1xx that has not got its PRACK (RFC 3262 §3)."""
    pracked: int | None = None
    """The RSeq of the last one that has."""
    unacknowledged_1xx: bool = False
    """It has a description."""
    ended: bool = False
    both_ends: bool = False
    """RFC 8840 §4.3: the peer is known to have this dialog too."""
    allow: frozenset[str] = frozenset()
    trickles: bool = False
    """The peer has the option tag trickle-ice (RFC 8840 §5)."""
    recv_info: bool = False
    """The peer takes INFO of this package (RFC 6086 §5.2.2)."""
    provisional: tuple[bytes, Way] | None = None
    """Our last unreliable 18x as it left."""
    info_seen: int = -1
    """The highest CSeq of the peer's INFO with candidates."""
    fragment: bytes | None = None
    """Candidates that are to be told: the newest, which holds all earlier ones."""
    info: TransactionKey | None = None
    """Our INFO that is not answered yet."""
    info_asked: bytes | None = None
    """What the stack has been asked to send in an INFO."""
    info_refused: bool = False
    """The peer takes none, whatever it said."""
    info_tries: int = 0
    told_trickle: bool | None = None
    """What the controller has last been told about the peer's taking INFO."""
    greeted: bool = False
    """RFC 8840 §4.3.2: the first unreliable 18x has been noticed."""
    greeting: bool = False
    """It is to be answered by an INFO, with or without news."""


@dataclass(slots=True, eq=False)
class CallLeg:
    """All dialogs that grow from one INVITE of a call, and the one controller that serves them."""

    key: CallKey
    own_tag: str
    """The To tag of our answers: the tap's choice until the stack has made its own."""
    tags: set[str] = field(default_factory=set[str])
    """Every To tag that the peer has got from us."""
    controller: Controlling | None = None
    closed: bool = False
    hop: Hop = field(default_factory=lambda: Hop(Limits()))
    transactions: dict[TransactionKey, Transaction] = field(
        default_factory=dict[TransactionKey, Transaction]
    )
    dialogs: dict[str, PeerDialog] = field(default_factory=dict[str, PeerDialog])
    bodies: dict[Hashable, bytes] = field(default_factory=dict[Hashable, bytes])
    """Rewritten descriptions by the identity of the message that carried the original."""
    passed: dict[Hashable, None] = field(default_factory=dict[Hashable, None])
    """The identities of responses of ours that have left."""
    answers: dict[tuple[bool, str, int], Answer] = field(
        default_factory=dict[tuple[bool, str, int], "Answer"]
    )
    """The first answer in responses, by direction, dialog and CSeq."""
    plain: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """The last description of our stack that stands, by dialog, as the stack wrote it."""
    outgoing: deque[Item] = field(default_factory=deque[Item])
    incoming: deque[Item] = field(default_factory=deque[Item])
    awaiting: dict[bool, Awaiting] = field(default_factory=dict[bool, Awaiting])
    """By direction."""
    reports: int = 0
    """Lines for the log so far."""
    numbers: dict[str, Numbering] = field(default_factory=dict[str, Numbering])
    """CSeq of our side by dialog."""
    nonces: dict[str, int] = field(default_factory=dict[str, int])
    """How often the tap has used each nonce."""
    attempts: dict[Name, Attempts] = field(default_factory=dict[Name, Attempts])
    """Requests of our side that a challenge may meet, or has met."""
    parked: Parked | None = None
    info_replies: dict[Hashable, bytes] = field(default_factory=dict[Hashable, bytes])
    packages: frozenset[str] = frozenset()
    """The INFO packages that our last Recv-Info named."""
    resends: dict[Hashable, Resend] = field(default_factory=dict[Hashable, Resend])

    @property
    def ours(self) -> str:
        """The tag of our side."""
        return self.key.tag if self.key.caller else self.own_tag

    def identify(self, tag: str) -> DialogId:
        """The dialog with this tag of the peer's."""
        return DialogId(self.key.call_id, self.ours, tag)

    def numbered(self, item: Item) -> Item:
        """A request of the stack as the peer gets to see it."""
        if not item.out or not item.message.is_request:
            return item
        message = shifted(item.message, self._numbers(item.theirs))
        return item._replace(message=message)

    def restored(self, data: bytes) -> bytes:
        """A response for the stack."""
        if not any(one.shifts for one in self.numbers.values()):
            return data
        message = parse_message(data)
        return restored(data, self._numbers(message.to_tag))

    def next_number(self, tag: str) -> int:
        """The CSeq of a request of the tap's own."""
        return self._numbers(tag).next_own()

    def last_number(self, tag: str) -> int:
        """The highest CSeq of our side that the peer has seen in a dialog."""
        return self._numbers(tag).highest

    def _numbers(self, tag: str) -> Numbering:
        found = self.numbers.get(tag)
        if found is None:
            begun = self.numbers.get("")
            found = self.numbers[tag] = Numbering(begun.last if begun else 0)
            keep_newest(self.numbers, MOST_REMEMBERED)
        return found

    def take(self, now: float, message: SipMessage, way: Way) -> Meaning:
        """What a message means for the exchanges of this call leg (RFC 6337)."""
        cseq = message.cseq
        if cseq is None or cseq.method != message.method:
            return Meaning.NOTHING
        return self.hop.add(see(message, cseq, now, None, None, way.transport))

    def queue(self, *, out: bool) -> deque[Item]:
        """What waits in one direction."""
        return self.outgoing if out else self.incoming

    def begin(self, item: Item) -> Transaction | None:
        """The transaction of a request, made when it is new; None for what has no CSeq."""
        found = self.transaction(item)
        cseq = item.message.cseq
        if found is None and cseq is not None:
            key = TransactionKey(item.out, item.theirs, cseq.number, cseq.method)
            found = self.transactions[key] = Transaction(key, item)
            keep_newest(self.transactions, MOST_REMEMBERED)
        return found

    def first_answer(self, item: Item) -> bytes:
        """What takes the place of SDP that comes after the answer (RFC 6337 §3.1.1).

        To the stack the first answer once more, which it might have missed; to the peer nothing,
        unless all that it has got is a preview.
        """
        known = self.answer(item)
        if known is None or (item.out and known.final):
            return b""
        return known.passed

    def answer(self, item: Item) -> Answer | None:
        """The first answer that the responses of this transaction have carried."""
        cseq = item.message.cseq
        return self.answers.get((item.out, item.theirs, cseq.number)) if cseq else None

    def note_plain(self, tag: str, plain: bytes) -> None:
        """Our stack's description of this text stands in a dialog."""
        self.plain[tag] = plain
        keep_newest(self.plain, MOST_REMEMBERED)

    def described(self, tag: str) -> bytes | None:
        """What our stack has said about itself in a dialog; in an early one by its INVITE."""
        first = [one.plain for one in self.invites() if one.key.out and not one.key.dialog]
        known = self.plain.get(tag, self.plain.get(""))
        return known if known is not None or not first else first[-1]

    def note_answer(self, item: Item, answer: Answer) -> None:
        """A response has carried an answer, or a preview of it."""
        cseq = item.message.cseq
        if not item.message.is_request and cseq is not None:
            self.answers[item.out, item.theirs, cseq.number] = answer
            keep_newest(self.answers, MOST_REMEMBERED)

    def invites(self) -> list[Transaction]:
        """The INVITE transactions, the newest last."""
        return [one for one in self.transactions.values() if one.key.method == "INVITE"]

    def dialog(self, tag: str) -> PeerDialog:
        """A dialog by the peer's tag, made when it is new."""
        found = self.dialogs.get(tag)
        if found is None:
            found = self.dialogs[tag] = PeerDialog(tag)
        return found

    def is_confirmed(self, tag: str) -> bool:
        """A 2xx has made this dialog."""
        known = self.dialogs.get(tag)
        return known is not None and known.confirmed

    def is_over(self, tag: str) -> bool:
        """This dialog, or the whole call, has ended."""
        known = self.dialogs.get(tag)
        return self.closed or (known is not None and known.ended)

    def transaction(self, item: Item) -> Transaction | None:
        """The transaction of a message; of an ACK that of its INVITE."""
        message = item.message
        cseq = message.cseq
        if cseq is None:
            return None
        out = item.out == message.is_request
        method = cseq.method
        if method == "ACK" or (method == "CANCEL" and message.is_request):
            method = "INVITE"
        for dialog in (item.theirs, ""):
            found = self.transactions.get(TransactionKey(out, dialog, cseq.number, method))
            if found is not None:
                return found
        return None
