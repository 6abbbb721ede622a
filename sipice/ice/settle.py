"""What an input decides is decided at its end: nomination, pacing, media."""

from __future__ import annotations

from sipice.ice import conclude, media, pace, restart
from sipice.ice.state import AgentState


def settle(state: AgentState) -> None:
    """After an input: decide what it decides, and arm the pacing."""
    if state.touched or state.questions or state.restless:
        state.restless = False
        while touched := state.touched:
            generation = touched[-1]
            state.touched = touched[:-1]
            conclude.update(state, generation)
            stream = state.streams.get(generation.stream)
            if stream is not None and stream.committed:
                restart.take_over(state, stream)
        pace.arm(state)
    if state.stale:
        media.refresh_stale(state)
