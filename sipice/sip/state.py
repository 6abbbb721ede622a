"""The state of a tap: its call legs, what is due, and what it asks of its owner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from sipice.sip import attempts
from sipice.sip.alarms import Alarms
from sipice.sip.controlling import Controlling
from sipice.sip.leg import CallLeg, Item
from sipice.sip.outputs import CallKey, Deliver, Open, Output, Report, Send, Way
from sipice.sip.settings import TapConfig

MOST_REPORTS = 20
"""Of one call; a peer that sends rubbish for hours must not fill the log."""


@dataclass(slots=True, eq=False)
class TapState:
    """What every procedure of the tap works on."""

    config: TapConfig
    rng: Random
    make: Callable[[CallKey], Controlling | None]
    legs: dict[CallKey, CallLeg] = field(default_factory=dict[CallKey, CallLeg])
    by_call: dict[str, list[CallLeg]] = field(default_factory=dict[str, list[CallLeg]])
    alarms: Alarms = field(default_factory=Alarms)
    outputs: list[Output] = field(default_factory=list[Output])
    told_full: bool = False

    def emit(self, leg: CallLeg | None, data: bytes, way: Way, *, out: bool) -> None:
        """To the wire; or to the stack, which knows only the numbers of its own requests."""
        if out:
            if leg is not None and self.config.credentials:
                data = attempts.leave(leg.attempts, data, way)
            self.outputs.append(Send(data, way))
        else:
            self.outputs.append(Deliver(leg.restored(data) if leg else data, way))

    def report(self, leg: CallLeg, text: str) -> None:
        """One line for the log; of one call only so many."""
        leg.reports += 1
        if leg.reports < MOST_REPORTS:
            self.outputs.append(Report(leg.key, text))
        elif leg.reports == MOST_REPORTS:
            self.outputs.append(Report(leg.key, f"{text}; no more is said of this call"))

    def report_full(self) -> None:
        """Calls are refused; said once until there is room again."""
        if not self.told_full:
            self.told_full = True
            text = f"more than {self.config.most_calls} calls: they are refused"
            self.outputs.append(Report(None, text))

    def token(self) -> str:
        """A fresh tag or branch end (RFC 3261 §19.3)."""
        return f"{self.rng.getrandbits(64):016x}"

    def controller(self, leg: CallLeg) -> Controlling | None:
        """The controller of a call leg, made when the first description passes; None: no room."""
        if leg.controller is None:
            leg.controller = self.make(leg.key)
            if leg.controller is not None:
                self.outputs.append(Open(leg.key, leg.controller))
        return leg.controller

    def find(self, item: Item) -> CallLeg | None:
        """The call leg of a message, by Call-ID and tags."""
        ours, theirs = item.ours, item.theirs
        answer = item.out and not item.message.is_request
        for leg in self.by_call.get(item.message.call_id, ()):
            if leg.key.caller:
                if leg.key.tag == ours:
                    return leg
            elif leg.key.tag == theirs and (answer or ours in ("", *leg.tags)):
                return leg
        return None

    def is_full(self) -> bool:
        """There are as many calls as there may be; finished ones give way."""
        finished = [leg for leg in self.legs.values() if leg.closed]
        if finished and len(self.legs) >= 2 * self.config.most_calls:
            self.remove(finished[0].key)
        return len(self.legs) - len(finished) >= self.config.most_calls

    def add(self, leg: CallLeg) -> None:
        """A new call leg; it takes the place of a finished one of the same name."""
        self.remove(leg.key)
        self.told_full = False
        self.legs[leg.key] = leg
        self.by_call.setdefault(leg.key.call_id, []).append(leg)

    def remove(self, key: CallKey) -> None:
        """Forget a call leg and all that is due in it."""
        leg = self.legs.pop(key, None)
        if leg is None:
            return
        self.alarms.cancel_call(key)
        same = self.by_call[key.call_id]
        same.remove(leg)
        if not same:
            del self.by_call[key.call_id]
