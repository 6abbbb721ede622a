"""RFC 8445 §6.1.4.2: when a Waiting pair that can hardly succeed lets others go first.

DEVIATION §6.1.4.2: the best pair of two hosts behind different NATs leads to a private address in
the other's network. A check of it is lost, nearly always, and the pair that will work starts one Ta
later for it. So the first check of a list goes to the best pair that does not lead there; after
that the order is by priority again, but that relays, which see private networks even less than we
do, try such addresses last. Every pair is checked, and the best that succeeds is nominated
as ever. ``strict_order`` in the configuration asks for the order of the RFC.
"""

from __future__ import annotations

from sipice.ice.candidate import CandidateType
from sipice.ice.destination import is_private
from sipice.ice.pair import FROZEN, WAITING, CandidatePair
from sipice.ice.state import AgentState, Generation

_UNCHECKED = (FROZEN, WAITING)


def may_wait(state: AgentState, generation: Generation, pair: CandidatePair) -> bool:
    """Whether a pair that is next by priority lets a promising one go first."""
    if not is_doubtful(state, generation, pair):
        return False
    return pair.local.type is CandidateType.RELAYED or _is_first(generation)


def is_doubtful(state: AgentState, generation: Generation, pair: CandidatePair) -> bool:
    """Whether a pair leads into a private network that is not ours, as far as NATs show it."""
    return _leads_inside(pair) and not state.config.strict_order and _are_apart(generation)


def promising(generation: Generation) -> list[CandidatePair]:
    """The pairs, best first, that do not lead into a private network."""
    return [pair for pair in generation.checklist if not _leads_inside(pair)]


def _leads_inside(pair: CandidatePair) -> bool:
    remote = pair.remote
    return remote.type is CandidateType.HOST and is_private(remote.address.ip)


def _is_first(generation: Generation) -> bool:
    return all(pair.state in _UNCHECKED for pair in generation.checklist)


def _are_apart(generation: Generation) -> bool:
    """Whether both sides are behind NATs, and these are not the same."""
    assert generation.remote is not None
    ours, theirs = (
        {one.address.ip for one in candidates if one.type is CandidateType.SERVER_REFLEXIVE}
        for candidates in (generation.local.candidates, generation.remote.candidates)
    )
    return bool(ours) and bool(theirs) and ours.isdisjoint(theirs)
