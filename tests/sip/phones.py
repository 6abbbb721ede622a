"""Phones in the virtual network: a small SIP stack, a tap, and a real controller with its agent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random

from sipice.session import Controller, SessionConfig, SessionEvent
from sipice.sip.body import session_description
from sipice.sip.message import SipMessage, parse_message
from sipice.sip.outputs import (
    CallKey,
    Close,
    Deliver,
    DialogId,
    Open,
    Report,
    Send,
    SendInfo,
    SendReoffer,
    Way,
)
from sipice.sip.settings import TapConfig
from sipice.sip.tap import Tap
from tests.session.stack import Stack
from tests.simnet.host import Host
from tests.simnet.party import Party
from tests.simnet.topology import Topology
from tests.sip.story import rack, request, response
from tests.sip.taps import first_word


@dataclass(slots=True, eq=False)
class Manners:
    """How a phone behaves as a callee."""

    early: str = ""
    """"preview" or "reliable": its answer comes in a 183 first."""
    ringing: float = 0.0
    """Seconds until the 200."""
    challenge: bool = False
    """The first INVITE gets a 401."""
    reoffers: bool = True
    """The stack can offer again when it is asked to."""
    forks: bool = True
    """It can speak in every fork of its call, not only in the one that it has heard of last."""
    rings: bool = True
    """Still, so that the 200 will come."""
    allow: str = "INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, INFO"


@dataclass(slots=True, eq=False)
class Phone:
    """One endpoint; ``others`` are at the ends of its wires: a new call forks to all of them."""

    host: Host
    config: SessionConfig
    tap_config: TapConfig = field(default_factory=TapConfig)
    manners: Manners = field(default_factory=Manners)
    delay: float = 0.025
    stack: Stack = field(default_factory=lambda: Stack("x"))
    way: Way = field(default_factory=lambda: Way("UDP"))
    others: list[Phone] = field(default_factory=list["Phone"])
    party: Party | None = None
    sent: list[bytes] = field(default_factory=list[bytes])
    got: list[bytes] = field(default_factory=list[bytes])
    reports: list[str] = field(default_factory=list[str])
    closed: int = 0
    number: int = 0
    talks_to: str = ""
    heard: str = ""
    """The fork that its stack has heard of last."""
    mangle: Callable[[bytes], bytes] = lambda data: data
    """What the wire makes of its messages."""
    receiver: Callable[[bytes], None] | None = None
    """Takes what comes over the wire in the place of ``receive``."""
    tap: Tap = field(init=False)

    def __post_init__(self) -> None:
        self.tap = Tap(self._make, config=self.tap_config, rng=Random(self.host.name))
        self.host.world.timed.append(self)

    @property
    def name(self) -> str:
        """Its tag, which names the dialog on the other side."""
        return self.host.name

    @property
    def peer(self) -> str:
        """The dialog that counts: that of the 2xx, before that of the only other one."""
        return self.talks_to or self.others[0].name

    @property
    def controller(self) -> Controller:
        assert self.party is not None
        return self.party.controller

    def next_timeout(self) -> float | None:
        return self.tap.next_timeout()

    def handle_timeout(self, now: float) -> None:
        self.tap.handle_timeout(now)
        self._work()

    # What the user of the phone does

    def call(self) -> None:
        self._request("INVITE", self.stack.offer(), to="")

    def reinvite(self) -> None:
        self._request("INVITE", self.stack.offer())

    def refresh(self) -> None:
        self._request("UPDATE")

    def hang_up(self) -> None:
        self._request("BYE")

    def sends(self) -> bool:
        """Media may leave in every stream of the dialog."""
        if self.party is None:
            return False
        streams = {one for one in self.controller.streams(self.peer) if one is not None}
        tables = [self.controller.media(self.peer, stream, 1) for stream in streams]
        return bool(tables) and all(table.send is not None for table in tables)

    def words(self) -> list[str]:
        """What is on the wire of this side."""
        return [first_word(data) for data in self.sent]

    # The wire

    def arrive(self, data: bytes) -> None:
        """Something comes over the wire."""
        (self.receiver or self.receive)(data)

    def receive(self, data: bytes) -> None:
        """One whole message."""
        self.tap.incoming(self.host.world.now, data, self.way)
        self._work()

    def _transmit(self, data: bytes) -> None:
        data = self.mangle(data)
        self.sent.append(data)
        message = parse_message(data)
        meant = message.to_tag if message.is_request else message.from_tag
        for other in self.others:
            if meant in ("", other.name):
                self.host.world.after(self.delay, partial(other.arrive, data))

    def _make(self, key: CallKey) -> Controller:
        self.party = Party(self.host, self.config)
        self.party.watchers.append(lambda event: self._event(key, event))
        return self.party.controller

    def _event(self, key: CallKey, event: SessionEvent) -> None:
        self.host.world.after(0.0, lambda: self._tell(key, event))

    def _tell(self, key: CallKey, event: SessionEvent) -> None:
        self.tap.controller_event(self.host.world.now, key, event)
        self._work()

    def _work(self) -> None:
        if self.party is not None:
            self.party.drain()
        for output in self.tap.take_outputs():
            match output:
                case Send(data):
                    self._transmit(data)
                case Deliver(data):
                    self.got.append(data)
                    self._stack(parse_message(data))
                case SendInfo():
                    self._inform(output)
                case SendReoffer():
                    self._reoffer(output)
                case Report(_, text):
                    self.reports.append(text)
                case Open():
                    pass
                case Close():
                    self.closed += 1

    # The stack

    def _speaks(self, dialog: DialogId) -> bool:
        return self.manners.forks or self.heard == dialog.remote

    def _inform(self, asked: SendInfo) -> None:
        if self._speaks(asked.dialog):
            fields = [f"{name}: {value}" for name, value in asked.headers[:1]]
            kind = dict(asked.headers)["Content-Type"]
            self._request("INFO", asked.body, *fields, to=asked.dialog.remote, body_type=kind)
        else:
            self.tap.info_refused(self.host.world.now, asked.key, asked.dialog.remote)
            self._work()

    def _reoffer(self, asked: SendReoffer) -> None:
        if self.manners.reoffers and self._speaks(asked.dialog):
            self._request(asked.method, self.stack.offer(), to=asked.dialog.remote)
        else:
            self.tap.reoffer_refused(self.host.world.now, asked.key, asked.dialog.remote)
            self._work()

    def _request(
        self,
        method: str,
        body: bytes = b"",
        *fields: str,
        to: str | None = None,
        number: int = 0,
        body_type: str = "application/sdp",
    ) -> None:
        if method not in ("ACK", "CANCEL"):
            self.number += 1
            number = self.number
        data = request(
            method,
            number,
            f"Contact: <sip:{self.name}@192.0.2.1>",
            f"Allow: {self.manners.allow}",
            *fields,
            body=body,
            by=self.name,
            to=self.peer if to is None else to,
            body_type=body_type,
        )
        self._out(data)

    def _respond(self, to: SipMessage, status: int, body: bytes = b"", *, rseq: int = 0) -> None:
        assert to.cseq is not None
        data = response(
            status,
            to.cseq.number,
            f"Contact: <sip:{self.name}@192.0.2.1>",
            f"Allow: {self.manners.allow}",
            body=body,
            method=to.cseq.method,
            by=self.name,
            to=self.peer,
            rseq=rseq,
            branch=to.via_branch.removeprefix("z9hG4bK"),
        )
        self._out(data)

    def _out(self, data: bytes) -> None:
        self.tap.outgoing(self.host.world.now, data, self.way)
        self._work()

    def _stack(self, message: SipMessage) -> None:
        if message.is_request:
            self._stack_request(message)
        else:
            self._stack_response(message)

    def _stack_request(self, message: SipMessage) -> None:
        body = session_description(message)
        match message.method:
            case "INVITE" if message.to_tag:
                self._respond(message, 200, self.stack.answer(body.data) if body else b"")
            case "INVITE":
                self._alert(message, body.data if body else b"")
            case "UPDATE" | "PRACK" | "BYE":
                self._respond(message, 200, self.stack.answer(body.data) if body else b"")
            case _:
                pass

    def _alert(self, message: SipMessage, offer: bytes) -> None:
        if self.manners.challenge:
            self.manners.challenge = False
            self._respond(message, 401)
            return
        answer = self.stack.answer(offer)
        if self.manners.early:
            self._respond(message, 183, answer, rseq=1 if self.manners.early == "reliable" else 0)
        again = b"" if self.manners.early == "reliable" else answer
        self.host.world.after(self.manners.ringing, lambda: self._pick_up(message, again))

    def _pick_up(self, invite: SipMessage, answer: bytes) -> None:
        if self.manners.rings:
            self._respond(invite, 200, answer)

    def _stack_response(self, message: SipMessage) -> None:
        status, cseq = message.status or 0, message.cseq
        assert cseq is not None
        if cseq.method != "INVITE" or status == 100:
            return
        self.heard = message.to_tag
        if status == 401:
            self._request("ACK", number=cseq.number)
            self._request("INVITE", self.stack.offer(), "Authorization: Digest x", to="")
        elif status >= 200:
            if status < 300:
                self.talks_to = message.to_tag
            self._request("ACK", number=cseq.number, to=message.to_tag)
        elif message.is_reliable_provisional:
            field = rack(message.rseq or 0, cseq.number)
            self._request("PRACK", b"", field, to=message.to_tag)


def phones(
    topology: Topology,
    config: SessionConfig,
    *,
    callee: Manners | None = None,
    caller: Manners | None = None,
    caller_tap: TapConfig | None = None,
    callee_config: SessionConfig | None = None,
) -> tuple[Phone, Phone]:
    """Two phones with a wire between them."""
    one = Phone(topology.a.host, config, caller_tap or TapConfig(), caller or Manners())
    two = Phone(topology.b.host, callee_config or config, manners=callee or Manners())
    one.others, two.others = [two], [one]
    return one, two
