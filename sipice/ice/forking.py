"""RFC 8445 §7.3.1.4, RFC 8839 §7: one offer, several answers: siblings over one local side."""

from __future__ import annotations

from sipice.ice.state import AgentState, Component, Generation, Media, Stream


def fork(state: AgentState) -> AgentState:
    """A state with its own remote side, checklists, role and consent over the same local one."""
    local = state.local
    if not local.members:
        local.members = (state,)
        local.next_member = state.member << 1
    member, local.next_member = local.next_member, local.next_member << 1
    sibling = AgentState(
        config=state.config,
        rng=state.rng,
        role=state.role,
        tie_breaker=state.tie_breaker,
        pacer=state.pacer,
        local=local,
        ta=state.config.ta,
        member=member,
        tracer=None if state.tracer is None else state.tracer.sibling(member),
        now=state.now,
    )
    local.members += (sibling,)
    for base in local.bases.values():
        if base.stream in state.streams:
            base.users |= member
    for stream in state.streams.values():
        sibling.streams[stream.id] = _sibling_stream(stream)
    return sibling


def leave(state: AgentState) -> None:
    """A sibling has ended."""
    local = state.local
    local.members = tuple([member for member in local.members if member is not state])


def _sibling_stream(stream: Stream) -> Stream:
    return Stream(
        id=stream.id,
        components=stream.components,
        current=Generation(
            number=stream.current.number,
            stream=stream.id,
            local=stream.current.local,
            components=tuple(map(Component, range(1, stream.components + 1))),
        ),
        media=tuple(map(Media, range(1, stream.components + 1))),
    )
