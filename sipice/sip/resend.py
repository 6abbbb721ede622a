"""RFC 3261 §17, RFC 3262 §3: messages of ours that are sent again until something stops them."""

from __future__ import annotations

from collections.abc import Hashable

from sipice.sip.alarms import Alarm, Due
from sipice.sip.leg import CallLeg, Resend
from sipice.sip.outputs import Way
from sipice.sip.settings import T1
from sipice.sip.state import TapState

TIMES = 6
"""After 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s; 64·T1 is the end."""


def start(
    state: TapState,
    leg: CallLeg,
    now: float,
    name: Hashable,
    data: bytes,
    way: Way,
    *,
    ceiling: float = float("inf"),
    times: int = TIMES,
) -> None:
    """It has just been sent; send it again after T1, 2·T1 and so on."""
    leg.resends[name] = Resend(data, way, T1, times, ceiling)
    state.alarms.set(Due(leg.key, Alarm.RESEND, name), now + T1)


def stop(state: TapState, leg: CallLeg, name: Hashable) -> None:
    """It has arrived, or is not wanted any more."""
    if leg.resends.pop(name, None) is not None:
        state.alarms.cancel(Due(leg.key, Alarm.RESEND, name))


def fire(state: TapState, leg: CallLeg, now: float, name: Hashable) -> None:
    """Its time has come once more."""
    resend = leg.resends.get(name)
    if resend is None:
        return
    state.emit(leg, resend.data, resend.way, out=True)
    resend.left -= 1
    resend.interval = min(2 * resend.interval, resend.ceiling)
    if resend.left > 0:
        state.alarms.set(Due(leg.key, Alarm.RESEND, name), now + resend.interval)
    else:
        del leg.resends[name]
