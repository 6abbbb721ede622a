"""The tap between a SIP stack and its transport: messages in, messages out; no I/O, no clock.

It hands every description of a call to the controller of that call, in the order of the messages,
and lets the message go on with what the controller makes of it. All else passes byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import cast

from sipice.errors import DecodeError
from sipice.session.events import (
    DescriptionReady,
    FragmentReady,
    MediaChanged,
    PathSelected,
    UpdateNeeded,
)
from sipice.sip import (
    closing,
    compose,
    describe,
    infos,
    outcome,
    passing,
    queueing,
    reoffers,
    resend,
    vouching,
)
from sipice.sip.alarms import Alarm, Due
from sipice.sip.controlling import Controlling
from sipice.sip.leg import CallLeg, Item, TransactionKey
from sipice.sip.message import SipMessage, parse_message
from sipice.sip.outputs import CallKey, Output, Way
from sipice.sip.settings import TapConfig
from sipice.sip.state import TapState


class Tap:
    """One per SIP endpoint of a stack.

    ``make`` gives a controller for a call leg, or None where there is no room for one: the call is
    refused with 503. The owner of the tap drives it from ``Open`` to ``Close`` and passes its
    events on. Nothing that a peer or the stack sends raises.
    """

    def __init__(
        self,
        make: Callable[[CallKey], Controlling | None],
        *,
        config: TapConfig | None = None,
        rng: Random,
    ) -> None:
        self._state = TapState(config or TapConfig(), rng, make)

    def outgoing(self, now: float, data: bytes, way: Way) -> None:
        """The stack hands one whole message to its transport."""
        self._take(now, data, way, out=True)

    def incoming(self, now: float, data: bytes, way: Way) -> None:
        """The transport has received one whole message."""
        self._take(now, data, way, out=False)

    def controller_event(self, now: float, key: CallKey, event: object) -> None:
        """An event of the controller of this call leg; what is not for the tap does nothing."""
        leg = self._state.legs.get(key)
        if leg is None or leg.closed:
            return
        match event:
            case DescriptionReady():
                describe.ready(self._state, leg, now, event)
            case FragmentReady(dialog=dialog, body=body):
                infos.tell(self._state, leg, now, dialog, body)
            case UpdateNeeded(dialog=dialog, reason=reason):
                reoffers.want(self._state, leg, now, dialog, reason.value)
            case PathSelected(dialog=dialog):
                # the peer has checked and nominated: it has our description (RFC 8839 §7.1.1)
                resend.stop(self._state, leg, ("18x", dialog))
            case MediaChanged():
                # a phone may be waiting for this to be said to ring
                pass
            case _:
                return
        self._go_on(leg, now)

    def reoffer_refused(self, now: float, key: CallKey, dialog: str) -> None:
        """The stack cannot do what ``SendReoffer`` asked for: the tap does it."""
        leg = self._state.legs.get(key)
        if leg is not None:
            reoffers.refused(self._state, leg, now, dialog)
            self._go_on(leg, now)

    def info_refused(self, now: float, key: CallKey, dialog: str) -> None:
        """The stack cannot do what ``SendInfo`` asked for: the tap does it."""
        leg = self._state.legs.get(key)
        if leg is not None:
            infos.refused(self._state, leg, now, dialog)

    def exhausted(self, now: float, key: CallKey) -> None:
        """There is no room for what this call leg needs now; what it has is not touched."""
        leg = self._state.legs.get(key)
        if leg is not None:
            describe.exhausted(self._state, leg, now)
            self._go_on(leg, now)

    def close(self, now: float, key: CallKey) -> None:
        """The application is done with a call leg."""
        leg = self._state.legs.get(key)
        if leg is not None:
            closing.close(self._state, leg, now)

    def next_timeout(self) -> float | None:
        """When ``handle_timeout`` wants to be called."""
        return self._state.alarms.next()

    def handle_timeout(self, now: float) -> None:
        """Do everything that is due."""
        while (due := self._state.alarms.take(now)) is not None:
            leg = self._state.legs.get(due.key)
            if leg is not None:
                self._due(now, leg, due)
                self._go_on(leg, now)

    def take_outputs(self) -> list[Output]:
        """What the owner has to do, in order."""
        outputs, self._state.outputs = self._state.outputs, []
        return outputs

    def _take(self, now: float, data: bytes, way: Way, *, out: bool) -> None:
        message = self._parse(data)
        if message is None:
            self._state.emit(None, data, way, out=out)
            return
        item = Item(message, way, out)
        leg = self._state.find(item)
        if _begins(item) and (leg is None or _is_new(leg, item)):
            if self._state.is_full():
                self._refuse(item)
                return
            leg = self._begin(item)
        if leg is None:
            self._state.emit(None, passing.rewritten(self._state, item, None, None), way, out=out)
        else:
            shown = leg.numbered(item) if out else vouching.take(self._state, leg, now, item)
            if shown is not None:
                queueing.take(self._state, leg, now, shown)
                self._go_on(leg, now)

    def _go_on(self, leg: CallLeg, now: float) -> None:
        """What the call was waiting for may have come."""
        queueing.advance(self._state, leg, now)
        reoffers.advance(self._state, leg, now)
        queueing.advance(self._state, leg, now)

    def _parse(self, data: bytes) -> SipMessage | None:
        if len(data) > self._state.config.most_bytes:
            return None
        try:
            return parse_message(data)
        except DecodeError:
            return None

    def _begin(self, item: Item) -> CallLeg:
        state = self._state
        key = CallKey(item.message.call_id, item.message.from_tag, item.out)
        leg = CallLeg(key, state.token())
        leg.tags.add(leg.own_tag)
        state.add(leg)
        return leg

    def _refuse(self, item: Item) -> None:
        state = self._state
        fields = compose.retry_after(state.rng.randint(1, 10))
        reply = compose.response(item.message, 503, tag=state.token(), fields=fields)
        state.emit(None, reply, item.way, out=not item.out)
        state.report_full()

    def _due(self, now: float, leg: CallLeg, due: Due) -> None:
        state, detail = self._state, due.detail
        match due.alarm:
            case Alarm.TRYING:
                queueing.trying(state, leg, cast(TransactionKey, detail))
            case Alarm.DESCRIBE:
                describe.overdue(state, leg, now, out=bool(detail))
            case Alarm.RESEND:
                resend.fire(state, leg, now, detail)
            case Alarm.EXPIRE:
                outcome.expire(state, leg, now, cast(TransactionKey, detail))
            case Alarm.SILENCE | Alarm.FORGET | Alarm.FORKS:
                closing.due(state, leg, now, due.alarm)
            case Alarm.INFO:
                infos.due(state, leg, now, str(detail))
            case Alarm.ALERT:
                # it was only to be looked at again
                pass
            case Alarm.REOFFER:
                reoffers.due(state, leg, now, str(detail))


def _begins(item: Item) -> bool:
    """An INVITE outside a dialog."""
    message = item.message
    return message.is_request and message.method == "INVITE" and not message.to_tag


def _is_new(leg: CallLeg, item: Item) -> bool:
    """An INVITE after the end of a call that had the same names."""
    return leg.closed and leg.transaction(item) is None
