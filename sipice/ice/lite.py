"""RFC 8445 §7.3.2, §8.2: the lite agent learns, is nominated to, and selects."""

from __future__ import annotations

from collections.abc import Sequence

from sipice.ice import checklist, conclude, media, tracing
from sipice.ice.pair import CandidatePair, PairState, Role
from sipice.ice.state import AgentState, Component, Generation
from sipice.net import Address


def receive_check(
    state: AgentState,
    generation: Generation,
    component: Component,
    pair: CandidatePair,
    use_candidate: bool,
) -> None:
    """§7.3.2: a nominated pair of a full peer is valid, and selected as soon as it is nominated."""
    if not use_candidate:
        return
    pair.state = PairState.SUCCEEDED
    pair.answered_at = state.now
    if pair not in component.valid:
        component.valid.append(pair)
        if state.tracer is not None:
            why = "the peer nominated it"
            tracing.pair_state(state, generation, pair, why, "7.3.2")
    conclude.nominated(state, generation, pair)
    for other in generation.components:
        state.outdate(generation.stream, other.number)


def select_towards_lite(state: AgentState, generation: Generation) -> None:
    """§8.2: two lite agents send no checks; each component takes its best pair at once.

    Host candidates of one component carry RFC 6724's precedence in their priorities, so the best
    pair is the one that address selection would choose. A component with several pairs may come
    out otherwise on the peer's side: the controlling agent then has to send updated candidates.
    """
    for component in generation.components:
        pairs = [pair for pair in generation.checklist if pair.component == component.number]
        if not pairs:
            continue
        best = pairs[0]
        best.state = PairState.SUCCEEDED
        best.answered_at = state.now
        component.valid.append(best)
    stream = state.streams[generation.stream]
    for component in generation.components:
        for pair in component.valid[:1]:
            generation.sources += ((pair.base.number, pair.to),)
            stream.media[component.number - 1].heard_more = True
            conclude.nominated(state, generation, pair)
    checklist.sort(state, generation)


def adopt(
    state: AgentState, generation: Generation, pairs: Sequence[tuple[Address, Address]]
) -> None:
    """RFC 8839 §4.4.2.2: the other lite agent controls, and says which pairs it uses."""
    assert generation.remote is not None
    if not pairs:
        return
    conclude.switch_role(state, Role.CONTROLLED, renew_tie_breaker=False)
    for ours, theirs in pairs:
        for local in generation.local.candidates:
            component = generation.component(local.component)
            for remote in generation.remote.candidates:
                if (local.address, remote.address) != (ours, theirs) or component is None:
                    continue
                if remote.component == local.component:
                    pair = checklist.make_pair(state, local, remote)
                    _take(state, generation, component, pair)


def _take(
    state: AgentState, generation: Generation, component: Component, pair: CandidatePair
) -> None:
    pair.state, pair.answered_at = PairState.SUCCEEDED, state.now
    component.valid, component.selected = [pair], None
    media.add_source(state, generation, (pair.base.number, pair.to), component.number)
    conclude.nominated(state, generation, pair)
