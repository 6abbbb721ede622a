"""RFC 8489 §6, §9.2: the requests of one client to one server, and how each of them ends."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto
from random import Random
from typing import NamedTuple

from sipice.net import Address
from sipice.stun.longterm import Challenge, LongTermCredentials
from sipice.stun.message import Class, Message, encode
from sipice.stun.transaction import RTO, Transaction
from sipice.turn.channel import Channel

MAX_OUTSTANDING = 10
"""Requests under way to one server (RFC 8489 §6.2)."""
MAX_RESENDS = 4
"""Further attempts after a 5xx (§6.3.4) and, each, after a stale nonce."""


class Step(Enum):
    """The purposes of requests that concern the allocation as a whole."""

    ALLOCATE = auto()
    REFRESH = auto()
    SWEEP = auto()
    DELETE = auto()


class Permit(NamedTuple):
    """The purpose of a CreatePermission: these peers."""

    peers: tuple[Address, ...]


Purpose = Step | Permit | Channel
"""Why a request is made; a channel, to be bound."""


class Ending(Enum):
    """How a request ended."""

    SUCCESS = auto()
    ERROR = auto()
    """With an error response that is final."""
    TIMEOUT = auto()
    INTEGRITY = auto()
    """Answers came, but none that was sealed with our key (§9.1.4)."""
    CREDENTIALS = auto()
    CHALLENGE = auto()
    MALFORMED = auto()
    """The response lacks ERROR-CODE, or has an unknown attribute that must be understood."""


@dataclass(slots=True, eq=False)
class _Request:
    method: int
    attributes: tuple[tuple[int, object], ...]
    purpose: Purpose
    resends: int = 0
    stale: int = 0
    rejected: bool = False
    """A response with wrong integrity was dropped."""
    authenticated: bool = False
    data: bytes = field(default=b"", repr=False)


class Answer(NamedTuple):
    """The end of a request, under the purpose that its owner gave it."""

    purpose: Purpose
    ending: Ending
    message: Message | None = None

    @property
    def error_code(self) -> int | None:
        """The server's, if it named one."""
        return None if self.message is None else self.message.error_code


class Requests:
    """Sends requests, repeats them, meets challenges. Packets to send pile up in ``outbox``."""

    __slots__ = ("_credentials", "_pending", "_reliable", "_rng", "_rto", "_waiting", "outbox")

    def __init__(
        self,
        credentials: LongTermCredentials,
        rng: Random,
        *,
        reliable: bool = False,
        rto: float = RTO,
    ) -> None:
        self._credentials = credentials
        self._rng = rng
        self._reliable = reliable
        self._rto = rto
        self._pending: dict[bytes, tuple[_Request, Transaction]] = {}
        self._waiting: deque[_Request] = deque()
        self.outbox: list[bytes] = []

    def start(
        self, now: float, method: int, attributes: tuple[tuple[int, object], ...], purpose: Purpose
    ) -> None:
        """Send a request now, or when one of those under way has ended."""
        self._waiting.append(_Request(method, attributes, purpose))
        self._send_waiting(now)

    def indicate(self, method: int) -> None:
        """Send an indication without attributes; nothing answers it (§6.2.1)."""
        transaction_id = self._new_transaction_id()
        self.outbox.append(encode(Message(method, Class.INDICATION, transaction_id)))

    def receive(self, now: float, message: Message) -> Answer | None:
        """The end of a request, if this response is one."""
        pending = self._pending.get(message.transaction_id)
        if pending is None or message.message_class < Class.SUCCESS:
            return None
        request = pending[0]
        if request.method != message.method:
            return None
        answer: Answer | None = None
        if self._is_credible(request, message):
            del self._pending[message.transaction_id]
            answer = self._judge(now, request, message)
        elif request.rejected and self._reliable:  # §9.1.4: no other response will come
            del self._pending[message.transaction_id]
            answer = Answer(request.purpose, Ending.INTEGRITY, message)
        self._send_waiting(now)
        return answer

    def next_timeout(self) -> float | None:
        """When to call ``handle_timeout``."""
        return min((t.next_timeout() for _, t in self._pending.values()), default=None)

    def handle_timeout(self, now: float) -> list[Answer]:
        """Repeat what is due; the requests that ended without a response."""
        ended: list[Answer] = []
        for transaction_id, (request, transaction) in list(self._pending.items()):
            again = transaction.handle_timeout(now)
            if again:
                self.outbox.append(request.data)
            elif again is False:
                del self._pending[transaction_id]
                ending = Ending.INTEGRITY if request.rejected else Ending.TIMEOUT
                ended.append(Answer(request.purpose, ending))
        self._send_waiting(now)
        return ended

    def clear(self) -> None:
        """Forget all requests."""
        self._pending.clear()
        self._waiting.clear()

    def _send_waiting(self, now: float) -> None:
        while self._waiting and len(self._pending) < MAX_OUTSTANDING:
            self._send(now, self._waiting.popleft())

    def _send(self, now: float, request: _Request) -> None:
        credentials = self._credentials
        transaction_id = self._new_transaction_id()
        attributes = request.attributes + credentials.attributes()
        message = Message(request.method, Class.REQUEST, transaction_id, attributes)
        request.data = encode(message, credentials.key, sha256=credentials.uses_sha256)
        request.authenticated = credentials.key is not None
        transaction = Transaction(now, rto=self._rto, reliable=self._reliable)
        self._pending[transaction_id] = request, transaction
        self.outbox.append(request.data)

    def _new_transaction_id(self) -> bytes:
        return self._rng.getrandbits(96).to_bytes(12, "big")

    def _is_credible(self, request: _Request, message: Message) -> bool:
        """Whether a response may be looked at; if not it is as if it had been lost (§9.2.5)."""
        if not request.authenticated:
            # §10: a redirection needs integrity, and it cannot have any here.
            return message.error_code != 300
        if message.error_code in (401, 438) or self._credentials.verify(message):
            return True
        # §9.2.5: a 400 without integrity was never received; all else is told from a time-out.
        if message.has_integrity or message.error_code != 400:
            request.rejected = True
        return False

    def _judge(self, now: float, request: _Request, message: Message) -> Answer | None:
        code = message.error_code
        success = message.message_class is Class.SUCCESS
        if message.unknown_required or (code is None and not success):
            return Answer(request.purpose, Ending.MALFORMED, message)
        if success:
            return Answer(request.purpose, Ending.SUCCESS, message)
        if code in (401, 438):
            return self._meet_challenge(now, request, message)
        if code is not None and 500 <= code < 600 and code != 508 and request.resends < MAX_RESENDS:
            request.resends += 1
            self._send(now, request)
            return None
        return Answer(request.purpose, Ending.ERROR, message)

    def _meet_challenge(self, now: float, request: _Request, message: Message) -> Answer | None:
        request.stale += 1
        if request.stale > MAX_RESENDS:
            return Answer(request.purpose, Ending.CHALLENGE, message)
        match self._credentials.accept(message, authenticated=request.authenticated):
            case Challenge.RETRY:
                self._send(now, request)
                return None
            case Challenge.WRONG_CREDENTIALS:
                return Answer(request.purpose, Ending.CREDENTIALS, message)
            case Challenge.UNUSABLE:
                return Answer(request.purpose, Ending.CHALLENGE, message)
