"""What an agent knows of its pairs, for people and for monitoring; never a reason to act."""

from __future__ import annotations

from typing import NamedTuple

from sipice.ice.agent import Agent
from sipice.ice.candidate import Candidate
from sipice.ice.pair import CandidatePair, PairState
from sipice.ice.state import Generation


class PairStatistics(NamedTuple):
    """A pair of a checklist; once completion has freed these, the selected one alone."""

    stream: int
    generation: int
    component: int
    local: Candidate
    """The address that the peer sees, as soon as a check has shown it."""
    remote: Candidate
    state: PairState
    nominated: bool
    selected: bool
    rtt: float | None
    """Seconds of the last round trip that was measured: of a check, later of consent."""


def pairs(agent: Agent) -> list[PairStatistics]:
    """All pairs of the living generations, each checklist by priority."""
    return [
        _of(generation, pair)
        for stream in agent._state.streams.values()
        for generation in stream.generations()
        for pair in _listed(generation)
    ]


def _listed(generation: Generation) -> list[CandidatePair]:
    proven = [pair.valid or pair for pair in generation.checklist]
    selected = [one.selected for one in generation.components if one.selected is not None]
    return [*generation.checklist, *(pair for pair in selected if pair not in proven)]


def _of(generation: Generation, pair: CandidatePair) -> PairStatistics:
    component = generation.component(pair.component)
    proven = pair.valid or pair
    return PairStatistics(
        generation.stream,
        generation.number,
        pair.component,
        proven.local,
        pair.remote,
        pair.state,
        proven.nominated,
        component is not None and component.selected is proven,
        proven.rtt,
    )
