"""RFC 5780 §4: how the NAT before us maps and filters, as far as servers can tell, sans-IO.

The owner carries datagrams of one UDP socket: what ``take_packets`` gives goes to the address with
it, what comes goes into ``receive``; ``handle_timeout`` is called at ``next_timeout``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from random import Random

from sipice.errors import StunDecodeError
from sipice.net import Address
from sipice.stun import attributes as a
from sipice.stun.message import Class, Message, Method, decode, encode
from sipice.stun.transaction import Transaction

CHANGE_REQUEST = 0x0003
"""Not in the table of attributes: a request that has it and comes to us gets 420 (§7.2)."""
CHANGE_PORT = b"\0\0\0\2"
CHANGE_BOTH = b"\0\0\0\6"

RC, RM = 3, 2
"""Three requests, at 0, 500 and 1500 ms, and silence after 2.5 s: silence is an answer here."""


class Dependence(Enum):
    """On what of the remote address a mapping or a filter depends (RFC 4787 §4.1, §5)."""

    NOTHING = "endpoint-independent"
    ADDRESS = "address-dependent"
    ADDRESS_AND_PORT = "address- and port-dependent"
    SOMETHING = "dependent on the destination"
    """Two servers saw two addresses; neither tells whether by address or by port."""


@dataclass(slots=True)
class Seen:
    """What one server said to the first question."""

    server: Address
    mapped: Address | None = None
    """None: no usable answer."""
    other: Address | None = None
    """Its second address and port, if it has one (§7.4)."""
    took: float | None = None


@dataclass(slots=True)
class Behaviour:
    """What was found out; None where nothing can be said."""

    local: Address
    servers: list[Seen]
    mapping: Dependence | None = None
    filtering: Dependence | None = None
    second: list[Address] = field(default_factory=list[Address])
    """The mapped addresses that the tests at the second address of a server saw."""

    @property
    def mapped(self) -> Address | None:
        """Our address as the first server that answered saw it."""
        return next((one.mapped for one in self.servers if one.mapped is not None), None)

    @property
    def has_nat(self) -> bool | None:
        """Whether somebody on the way changes our address."""
        return None if self.mapped is None else self.mapped != self.local

    @property
    def preserves_port(self) -> bool | None:
        """Whether the port outside is ours."""
        return None if self.mapped is None else self.mapped.port == self.local.port


class _Test(Enum):
    FIRST = "I"
    BOTH_CHANGED = "filtering II"
    PORT_CHANGED = "filtering III"
    OTHER_ADDRESS = "mapping II"
    OTHER_BOTH = "mapping III"


@dataclass(slots=True, eq=False)
class _Question:
    test: _Test
    server: Seen
    to: Address
    data: bytes
    transaction: Transaction
    expected: Address | None
    """From where the answer has to come; None: from wherever it was sent to."""


class Probe:
    """Finds out the behaviour of the way between one socket and some servers."""

    __slots__ = ("_outbox", "_questions", "_rng", "_steps", "_subject", "found", "is_finished")

    def __init__(self, local: Address, servers: Sequence[Address], rng: Random) -> None:
        self.found = Behaviour(local, [Seen(server) for server in servers])
        self.is_finished = False
        self._rng = rng
        self._questions: dict[bytes, _Question] = {}
        self._outbox: list[tuple[bytes, Address]] = []
        self._subject: Seen | None = None
        """The server with two addresses, while its silence tells something about filters."""
        self._steps = [self._filter, self._map_address, self._map_port, self._conclude]

    def start(self, now: float) -> None:
        """Ask all servers for our address."""
        for seen in self.found.servers:
            self._ask(now, _Test.FIRST, seen, seen.server)
        self._go_on(now)

    def receive(self, now: float, data: bytes, source: Address) -> None:
        """A datagram came; anything that answers no question is dropped."""
        try:
            message = decode(data)
        except StunDecodeError:
            return
        question = self._questions.get(message.transaction_id)
        if question is None or message.message_class < Class.SUCCESS:
            return
        if question.expected is None and source != question.to:
            return
        del self._questions[message.transaction_id]
        self._take(now, question, message, source)
        self._go_on(now)

    def next_timeout(self) -> float | None:
        """When to call ``handle_timeout``."""
        waiting = (one.transaction.next_timeout() for one in self._questions.values())
        return min(waiting, default=None)

    def handle_timeout(self, now: float) -> None:
        """Repeat what is due; give up what has been repeated often enough."""
        for identifier, question in list(self._questions.items()):
            again = question.transaction.handle_timeout(now)
            if again:
                self._outbox.append((question.data, question.to))
            elif again is False:
                del self._questions[identifier]
                self._silence(question)
        self._go_on(now)

    def take_packets(self) -> list[tuple[bytes, Address]]:
        """What is to be sent, and where to."""
        outbox, self._outbox = self._outbox, []
        return outbox

    def _ask(
        self,
        now: float,
        test: _Test,
        server: Seen,
        to: Address,
        change: bytes | None = None,
        expected: Address | None = None,
    ) -> None:
        identifier = self._rng.getrandbits(96).to_bytes(12, "big")
        attributes = () if change is None else ((CHANGE_REQUEST, change),)
        data = encode(Message(Method.BINDING, Class.REQUEST, identifier, attributes))
        schedule = Transaction(now, rc=RC, rm=RM)
        self._questions[identifier] = _Question(test, server, to, data, schedule, expected)
        self._outbox.append((data, to))

    def _take(self, now: float, question: _Question, message: Message, source: Address) -> None:
        found = self.found
        mapped = message.get(a.XOR_MAPPED_ADDRESS) or message.get(a.MAPPED_ADDRESS)
        is_answer = message.message_class is Class.SUCCESS and mapped is not None
        match question.test:
            case _Test.FIRST:
                question.server.took = now - question.transaction.started
                if is_answer:
                    question.server.mapped = mapped
                    question.server.other = message.get(a.OTHER_ADDRESS)
            case _Test.BOTH_CHANGED if is_answer and source == question.expected:
                found.filtering = Dependence.NOTHING
            case _Test.PORT_CHANGED if is_answer and source == question.expected:
                found.filtering = found.filtering or Dependence.ADDRESS
            case _Test.BOTH_CHANGED | _Test.PORT_CHANGED:
                self._subject = None  # it cannot answer from elsewhere, so silence says nothing
            case _Test.OTHER_ADDRESS | _Test.OTHER_BOTH if is_answer and mapped is not None:
                found.second.append(mapped)
            case _:
                pass

    def _silence(self, question: _Question) -> None:
        """What did not come may have been held back."""
        if question.test is _Test.PORT_CHANGED and self._subject is not None:
            self.found.filtering = self.found.filtering or Dependence.ADDRESS_AND_PORT

    def _go_on(self, now: float) -> None:
        """The next step, when nothing is under way any more."""
        while not self._questions and self._steps:
            self._steps.pop(0)(now)
        self.is_finished = not self._questions

    def _filter(self, now: float) -> None:
        """§4.4: whether somebody may answer to whom we have not sent anything."""
        seen = self._find_subject()
        if seen is None or seen.other is None:
            return
        self._subject = seen
        port_changed = Address(seen.server.ip, seen.other.port)
        self._ask(now, _Test.BOTH_CHANGED, seen, seen.server, CHANGE_BOTH, seen.other)
        self._ask(now, _Test.PORT_CHANGED, seen, seen.server, CHANGE_PORT, port_changed)

    def _map_address(self, now: float) -> None:
        """§4.3, test II: whether another address sees another one of ours."""
        seen = self._find_subject()
        if seen is not None and seen.other is not None and self.found.has_nat:
            self._ask(now, _Test.OTHER_ADDRESS, seen, Address(seen.other.ip, seen.server.port))

    def _map_port(self, now: float) -> None:
        """§4.3, test III: whether another port does."""
        seen, second = self._find_subject(), self.found.second
        if seen is not None and seen.other is not None and second and second[0] != seen.mapped:
            self._ask(now, _Test.OTHER_BOTH, seen, seen.other)

    def _conclude(self, _: float) -> None:
        found, second = self.found, self.found.second
        first = [one.mapped for one in found.servers if one.mapped is not None]
        seen = self._find_subject()
        if not first:
            return
        if not found.has_nat:
            found.mapping = Dependence.NOTHING
        elif len(set(first)) > 1 and len(second) < 2:
            found.mapping = Dependence.SOMETHING
        elif seen is None or not second:
            several = len({one.server.ip for one in found.servers if one.mapped is not None}) > 1
            found.mapping = Dependence.NOTHING if several else None
        elif second[0] == seen.mapped:
            found.mapping = Dependence.NOTHING
        elif len(second) < 2:
            found.mapping = Dependence.SOMETHING
        else:
            same = second[0] == second[1]
            found.mapping = Dependence.ADDRESS if same else Dependence.ADDRESS_AND_PORT

    def _find_subject(self) -> Seen | None:
        """A server with a second address to which nothing has been sent yet (§4.4)."""
        asked = {one.server.ip for one in self.found.servers}
        for seen in self.found.servers:
            other = seen.other
            if seen.mapped is None or other is None or other.port == seen.server.port:
                continue
            if other.family == seen.server.family and other.ip not in asked:
                return seen
        return None
