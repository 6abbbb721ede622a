"""Taps in virtual time: endpoints with scripted stacks and controllers, and a wire between them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random

from sipice.errors import DecodeError
from sipice.net import Address
from sipice.session.events import (
    DescriptionReady,
    Direction,
    FragmentReady,
    Kind,
    Rejected,
    SessionEvent,
)
from sipice.sip.body import session_description
from sipice.sip.message import parse_message
from sipice.sip.outputs import (
    CallKey,
    Close,
    Deliver,
    Open,
    Report,
    Send,
    SendInfo,
    SendReoffer,
    Way,
)
from sipice.sip.settings import TapConfig
from sipice.sip.tap import Tap
from tests.sip.story import FRAGMENT, request, response, sdp

CONTACT = "Contact: <sip:alice@192.0.2.1:5060>"
BOB = "Contact: <sip:bob@192.0.2.2:5060>"
TRICKLES = ("Supported: trickle-ice", "Recv-Info: trickle-ice")
ICE = b"a=ice-ufrag:8hhY\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n"
WAY = Way("UDP", Address.parse("192.0.2.9", 5060), "flow")
TCP = WAY._replace(transport="TCP")


@dataclass(slots=True, eq=False)
class FakeController:
    """Marks what goes out with ICE lines and a number, takes them off what comes in."""

    clock: Clock
    owner: Callable[[object], None]
    delay: float = 0.0
    """How long a description takes, in seconds."""
    silent: bool = False
    """No description ever comes."""
    trouble: dict[str, Rejected] = field(default_factory=dict[str, Rejected])
    """By verb: what it is answered with."""
    calls: list[tuple[object, ...]] = field(default_factory=list[tuple[object, ...]])
    budgets: list[int | None] = field(default_factory=list[int | None])
    restarts: list[bool] = field(default_factory=list[bool])
    trickles: dict[str, bool] = field(default_factory=dict[str, bool])
    connected: bool = False
    news: bytes = b""
    """Candidates found while the offer was out, for every branch."""
    count: int = 0

    def begin_offer(
        self,
        now: float,
        dialog: str,
        sdp: bytes,
        *,
        budget: int | None = None,
        restart: bool = False,
    ) -> Rejected | None:
        self.budgets.append(budget)
        self.restarts.append(restart)
        return self._take("begin_offer", dialog, sdp, Direction.TO_PEER, Kind.OFFER)

    def begin_answer(
        self,
        now: float,
        dialog: str,
        sdp: bytes,
        *,
        final: bool = True,
        budget: int | None = None,
    ) -> Rejected | None:
        self.budgets.append(budget)
        kind = Kind.ANSWER if final else Kind.PREVIEW
        return self._take("begin_answer", dialog, sdp, Direction.TO_PEER, kind)

    def receive_offer(self, now: float, dialog: str, sdp: bytes) -> Rejected | None:
        return self._take("receive_offer", dialog, sdp, Direction.TO_STACK, Kind.OFFER)

    def receive_answer(
        self, now: float, dialog: str, sdp: bytes, *, final: bool = True
    ) -> Rejected | None:
        kind = Kind.ANSWER if final else Kind.PREVIEW
        return self._take("receive_answer", dialog, sdp, Direction.TO_STACK, kind)

    def offer_failed(self, now: float, dialog: str, status: int) -> None:
        self.calls.append(("offer_failed", dialog, status))

    def receive_fragment(self, now: float, dialog: str, body: bytes) -> Rejected | None:
        self.calls.append(("receive_fragment", dialog, body))
        return self.trouble.get("receive_fragment")

    def is_connected(self, dialog: str) -> bool:
        return self.connected

    def fragment(self, now: float, dialog: str) -> bytes:
        return FRAGMENT

    def set_trickle(self, now: float, dialog: str, supported: bool) -> None:
        self.trickles[dialog] = supported
        if supported and self.news:
            news = FragmentReady(dialog, self.news)
            self.clock.after(0.0, lambda: self.owner(news))

    def confirm(self, now: float, dialog: str) -> None:
        self.calls.append(("confirm", dialog))

    def end(self, now: float, dialog: str) -> None:
        self.calls.append(("end", dialog))

    def close(self, now: float) -> None:
        self.calls.append(("close",))

    def verbs(self) -> list[str]:
        """What was called, with its dialog."""
        return [" ".join(str(one) for one in call[:2]) for call in self.calls]

    def _take(
        self, verb: str, dialog: str, sdp: bytes, direction: Direction, kind: Kind
    ) -> Rejected | None:
        rejected = self.trouble.get(verb)
        if rejected is not None:
            return rejected
        preview = " preview" if kind is Kind.PREVIEW else ""
        self.calls.append((verb + preview, dialog, sdp))
        if not self.silent:
            self.count += 1
            done = self._done(sdp, direction)
            ready = DescriptionReady(dialog, direction, kind, done)
            self.clock.after(self.delay, lambda: self.owner(ready))
        return None

    def _done(self, sdp: bytes, direction: Direction) -> bytes:
        if direction is Direction.TO_PEER:
            return sdp + ICE + b"a=x-number:%d\r\n" % self.count
        return sdp[: sdp.index(ICE)] if ICE in sdp else sdp


@dataclass(slots=True, eq=False)
class Clock:
    """Virtual time in seconds."""

    now: float = 0.0
    _heap: list[tuple[float, int, Callable[[], None]]] = field(
        default_factory=list[tuple[float, int, Callable[[], None]]]
    )
    _count: itertools.count[int] = field(default_factory=itertools.count)

    def after(self, delay: float, action: Callable[[], None]) -> None:
        heappush(self._heap, (self.now + delay, next(self._count), action))

    def step(self, until: float) -> bool:
        if not self._heap or self._heap[0][0] > until:
            self.now = until
            return False
        self.now, _, action = heappop(self._heap)
        action()
        return True


class Endpoint:
    """A tap, its controllers, what it put on the wire, and what its stack has got."""

    def __init__(
        self, clock: Clock, config: TapConfig | None = None, *, delay: float = 0.0, way: Way = WAY
    ) -> None:
        self.clock = clock
        self.delay = delay
        self.way = way
        self.silent = False
        self.full = False
        """There is no room for another controller."""
        self.trouble: dict[str, Rejected] = {}
        self.controllers: dict[CallKey, FakeController] = {}
        self.open: list[CallKey] = []
        self.wire: list[bytes] = []
        self.stack: list[bytes] = []
        self.times: list[tuple[float, str]] = []
        self.asked: list[SendInfo | SendReoffer] = []
        self.reports: list[str] = []
        self.peer: Callable[[bytes], None] | None = None
        self.tap = Tap(self._make, config=config, rng=Random(5))

    def outgoing(self, data: bytes) -> None:
        """The stack sends."""
        self.tap.outgoing(self.clock.now, data, self.way)
        self.work()

    def incoming(self, data: bytes) -> None:
        """The wire brings."""
        self.tap.incoming(self.clock.now, data, self.way)
        self.work()

    def event(self, event: SessionEvent) -> None:
        """The only controller tells something."""
        self.tap.controller_event(self.clock.now, next(iter(self.controllers)), event)
        self.work()

    @property
    def controller(self) -> FakeController:
        """The only controller."""
        (found,) = self.controllers.values()
        return found

    def work(self) -> None:
        """Carry out what the tap asks for, then wait for its next deadline."""
        for output in self.tap.take_outputs():
            match output:
                case Send(data):
                    self.wire.append(data)
                    self.times.append((self.clock.now, first_word(data)))
                    if self.peer is not None:
                        self.peer(data)
                case Deliver(data):
                    self.stack.append(data)
                case Open(key):
                    assert key not in self.open
                    self.open.append(key)
                case Close(key):
                    self.open.remove(key)
                case SendInfo() | SendReoffer():
                    self.asked.append(output)
                case Report(_, text):
                    self.reports.append(text)
        due = self.tap.next_timeout()
        if due is not None:
            self.clock.after(max(0.0, due - self.clock.now), self._tick)

    def sent(self) -> list[str]:
        """Start lines on the wire, short: the method, or status and method."""
        return [first_word(data) for data in self.wire]

    def delivered(self) -> list[str]:
        """The same of what the stack has got."""
        return [first_word(data) for data in self.stack]

    def _tick(self) -> None:
        due = self.tap.next_timeout()
        if due is not None and due <= self.clock.now:
            self.tap.handle_timeout(self.clock.now)
            self.work()

    def _make(self, key: CallKey) -> FakeController | None:
        if self.full:
            return None

        def tell(event: object) -> None:
            self.tap.controller_event(self.clock.now, key, event)
            self.work()

        made = FakeController(self.clock, tell, self.delay, self.silent, self.trouble)
        self.controllers[key] = made
        return made


def alone(
    config: TapConfig | None = None, *, delay: float = 0.0, way: Way = WAY
) -> tuple[Endpoint, Clock]:
    """One endpoint without a peer: the test plays both the stack and the wire."""
    clock = Clock()
    return Endpoint(clock, config, delay=delay, way=way), clock


def joined(
    latency: float = 0.01, *, delay: float = 0.0, config: TapConfig | None = None
) -> tuple[Endpoint, Endpoint, Clock]:
    """Two endpoints with a wire between them."""
    clock = Clock()
    one, two = (Endpoint(clock, config, delay=delay) for _ in range(2))
    one.peer = lambda data: clock.after(latency, lambda: two.incoming(data))
    two.peer = lambda data: clock.after(latency, lambda: one.incoming(data))
    return one, two, clock


def run(clock: Clock, seconds: float = 1.0) -> None:
    """Let virtual time pass."""
    until = clock.now + seconds
    for _ in range(100_000):
        if not clock.step(until):
            return
    raise AssertionError("time stands still")


def first_word(data: bytes) -> str:
    """The method of a request; status and method of a response."""
    try:
        message = parse_message(data)
    except DecodeError:
        return ""
    return f"{message.status} {message.method}" if message.status else message.method


def body_of(data: bytes) -> bytes:
    """The SDP of a message; empty if it has none."""
    found = session_description(parse_message(data))
    return found.data if found else b""


def header(data: bytes, name: str) -> str | None:
    """A header field of a message."""
    return parse_message(data).header(name)


def headers(data: bytes, name: str) -> list[str]:
    """The values of a listed header field of a message."""
    return parse_message(data).values(name)


def call_out(end: Endpoint, clock: Clock, *extra: str, confirmed: bool = True) -> None:
    """The endpoint has called bob, who has answered; ``extra`` are header fields of the 200."""
    end.outgoing(request("INVITE", 1, CONTACT, body=sdp("offer")))
    run(clock, 0.1)
    if confirmed:
        end.incoming(response(200, 1, BOB, *extra, body=sdp("answer")))
        run(clock, 0.1)
        end.outgoing(request("ACK", 1, to="bob"))
        run(clock, 0.1)


def call_in(end: Endpoint, clock: Clock, *extra: str, confirmed: bool = True) -> None:
    """Alice has called the endpoint, which is bob and has answered; ``extra`` is in her INVITE."""
    end.incoming(request("INVITE", 1, CONTACT, *extra, body=sdp("offer")))
    run(clock, 0.1)
    if confirmed:
        end.outgoing(response(200, 1, BOB, body=sdp("answer")))
        run(clock, 0.1)
        end.incoming(request("ACK", 1, to="bob"))
        run(clock, 0.1)
