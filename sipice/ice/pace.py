"""RFC 8445 §14.2: one new transaction per Ta, and a slot of the shared pacer for each."""

from __future__ import annotations

from sipice.ice import checklist
from sipice.ice.state import AgentState
from sipice.ice.timers import PACE


def arm(state: AgentState) -> None:
    """Arm Pace while a check or a question is ready, for the later of now and last new + Ta."""
    if not state.questions and not checklist.is_ready(state):
        release(state)
        return
    if state.slot is not None:
        return
    earliest = state.last_new + state.ta
    if earliest <= state.now:
        earliest = state.slot = state.pacer.reserve(state.now)
    state.timers.arm(PACE, earliest)


def take(state: AgentState) -> bool:
    """Pace is due: whether the slot is ours now; otherwise Pace is armed for when it will be."""
    if state.slot is None:
        slot = state.pacer.reserve(state.now)
        if slot > state.now:
            state.slot = slot
            state.timers.arm(PACE, slot)
            return False
    state.slot = None
    state.last_new = state.now
    return True


def release(state: AgentState) -> None:
    """Nothing is ready: give the slot back."""
    state.timers.disarm(PACE)
    if state.slot is not None:
        state.pacer.give_back(state.slot)
        state.slot = None
