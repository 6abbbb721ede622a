"""What every stack's adapter attaches to: one tap, and a running call for each controller."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Hashable, Sequence
from dataclasses import replace
from random import SystemRandom
from typing import Protocol

from sipice.net import Address
from sipice.plugins.acks import Acks
from sipice.plugins.call import IceCall
from sipice.plugins.config import DEFAULT, PluginConfig
from sipice.plugins.descriptors import Descriptors
from sipice.plugins.leg import Habits, Leg
from sipice.session import SessionEvent
from sipice.sip.outputs import (
    CallKey,
    Close,
    Deliver,
    DialogId,
    Open,
    Output,
    Report,
    Send,
    SendInfo,
    SendReoffer,
    Way,
)
from sipice.sip.tap import Tap

__all__ = ["DEFAULT", "Plugin", "PluginConfig", "Stack", "way_to"]

log = logging.getLogger("sipice")
_RNG = SystemRandom()


class Stack(Protocol):
    """What an adapter does for the plugin."""

    acknowledges_failures: bool
    """Whether it sends the ACK of a refused INVITE itself; else the plugin does."""

    answers_challenges: bool
    """Whether it makes a challenged request of a dialog again; else the plugin does, if it can."""

    def transmit(self, data: bytes, way: Way) -> None:
        """Put a message on the wire."""

    def deliver(self, data: bytes, way: Way) -> None:
        """Give a message to the stack, as if it had come over the wire."""

    def send_info(self, dialog: DialogId, headers: Sequence[tuple[str, str]], body: bytes) -> bool:
        """Make the stack send an INFO with its own CSeq; False if it does not speak there."""

    def reoffer(self, dialog: DialogId, method: str) -> bool:
        """Make the stack repeat its description in a re-INVITE or UPDATE; False if it cannot."""


def way_to(transport: str, remote: tuple[str, int], connection: Hashable = None) -> Way:
    """The way to a host and port; a name is left to the stack to resolve."""
    try:
        address = Address.parse(remote[0], remote[1])
    except ValueError:
        address = None
    return Way(transport, address, connection)


class Plugin:
    """ICE for one SIP endpoint of a stack; made by its adapter, on a running loop.

    The adapter hands over each message that the stack sends (``outgoing``) and that the wire brings
    (``incoming``). Neither raises for what a message says.
    """

    def __init__(self, stack: Stack, config: PluginConfig = DEFAULT) -> None:
        self.config = replace(config, session=config.for_controllers(), servers=())
        self._stack = stack
        self._loop = asyncio.get_running_loop()
        vouches = config.tap.vouch_for_stack or not stack.answers_challenges
        tap = replace(config.tap, vouch_for_stack=vouches)
        self._tap = Tap(self._make, config=tap, rng=_RNG)
        self._habits = Habits()
        self._descriptors = Descriptors(config.spare_descriptors)
        self._calls: dict[CallKey, IceCall] = {}
        self._ending: set[IceCall] = set()
        """Calls that are over, until their TURN servers have confirmed it."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._touched: list[IceCall] = []
        self._said: list[tuple[CallKey, SessionEvent]] = []
        self._draining = False
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None
        self._acks = None if stack.acknowledges_failures else Acks()
        self.on_call: Callable[[IceCall], None] | None = None
        """Told of each new call with ICE, before anything of it has gone out."""

    @property
    def calls(self) -> tuple[IceCall, ...]:
        """The calls that have ICE now, oldest first."""
        return tuple(self._calls.values())

    def call(self, call_id: str) -> IceCall | None:
        """A call by its Call-ID."""
        return next((call for call in self.calls if call.key.call_id == call_id), None)

    def outgoing(self, data: bytes, way: Way) -> None:
        """The stack sends a message."""
        if self._closed:
            self._carry_out(Send(data, way))
            return
        self._tap.outgoing(self._loop.time(), data, way)
        self._drain()

    def incoming(self, data: bytes, way: Way) -> None:
        """The wire brought a message."""
        if self._closed:
            self._carry_out(Deliver(data, way))
            return
        if way.remote is not None:
            self._habits.note_sip(way.remote)
        ack = None if self._acks is None else self._acks.answer(data)
        if ack is not None:
            self._carry_out(Send(ack, way))
        self._tap.incoming(self._loop.time(), data, way)
        self._drain()

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Run something of the adapter beside, until ``close``."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def close(self) -> None:
        """End all calls and give back what they hold; what comes later passes as it is."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        if self._timer is not None:
            self._timer.cancel()
        calls = [*self._calls.values(), *self._ending]
        self._calls.clear()
        self._ending.clear()
        await asyncio.gather(*(call.close() for call in calls))

    async def _end(self, call: IceCall) -> None:
        await call.close()
        self._ending.discard(call)

    def _make(self, key: CallKey) -> Leg | None:
        """The tap has met a new call; None: the process has not enough descriptors for it."""
        grant = self._descriptors.grant(self._loop.time())
        if grant is None:
            return None
        call = IceCall(
            key,
            self.config,
            self._habits,
            grant=grant,
            touched=self._touched.append,
            happened=self._happened,
            exhausted=self._exhausted,
            closing=self._closing,
        )
        self._calls[key] = call
        if self.on_call is not None:
            self.on_call(call)
        return call.leg

    def _exhausted(self, key: CallKey) -> None:
        """A call cannot have the sockets that it needs now."""
        self._tap.exhausted(self._loop.time(), key)
        self._drain()

    def _happened(self, key: CallKey, event: SessionEvent) -> None:
        """A controller has something to say; the tap is told in its turn."""
        self._said.append((key, event))
        self._drain()

    def _closing(self, call: IceCall) -> None:
        """A call ends, perhaps by the application: the tap has to know."""
        if self._calls.get(call.key) is call:
            self._tap.close(self._loop.time(), call.key)
            self._drain()

    def _drain(self) -> None:
        """Carry out what the tap wants, in order, and tell it what comes of that."""
        if self._draining:
            return
        self._draining = True
        try:
            while self._step():
                pass
        finally:
            self._draining = False
        self._arm()

    def _step(self) -> bool:
        outputs = self._tap.take_outputs()
        for output in outputs:
            if not self._is_acknowledged(output):
                self._carry_out(output)
        touched, self._touched[:] = list(self._touched), []
        for call in touched:
            call.pump()
        said, self._said = self._said, []
        for key, event in said:
            self._tap.controller_event(self._loop.time(), key, event)
        return bool(outputs or touched or said)

    def _is_acknowledged(self, output: Output) -> bool:
        """The tap has an ACK for each challenge that it answers; one has left already."""
        if self._acks is None or not isinstance(output, Send):
            return False
        return self._acks.repeats(output.data)

    def _carry_out(self, output: Output) -> None:
        try:
            self._hand_on(output)
        except Exception:  # whatever a stack does with a message of the peer, the others go on
            log.exception("the SIP stack failed on a message")

    def _hand_on(self, output: Output) -> None:
        match output:
            case Send(data, way):
                self._transmit(data, way)
            case Deliver(data, way):
                self._stack.deliver(data, way)
            case Close(key):
                call = self._calls.pop(key, None)
                if call is not None:
                    self._ending.add(call)
                    self.spawn(self._end(call))
            case SendInfo() | SendReoffer():
                self._ask(output)
            case Report(key, text):
                log.warning("%s%s", f"{key.call_id}: " if key else "", text)
            case Open():
                pass  # a call drives itself from the beginning

    def _ask(self, what: SendInfo | SendReoffer) -> None:
        """What the stack does not do, the tap does in its place."""
        now, key, tag = self._loop.time(), what.key, what.dialog.remote
        match what:
            case SendInfo(_, dialog, headers, body):
                if not self._stack.send_info(dialog, headers, body):
                    self._tap.info_refused(now, key, tag)
            case SendReoffer(_, dialog, method):
                if not self._stack.reoffer(dialog, method):
                    self._tap.reoffer_refused(now, key, tag)

    def _transmit(self, data: bytes, way: Way) -> None:
        if self._acks is not None:
            self._acks.sent(data)
        self._stack.transmit(data, way)

    def _arm(self) -> None:
        due = None if self._closed else self._tap.next_timeout()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if due is None else self._loop.call_at(due, self._fire)

    def _fire(self) -> None:
        self._timer = None
        self._tap.handle_timeout(self._loop.time())
        self._drain()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a task of the SIP stack failed", exc_info=task.exception())
