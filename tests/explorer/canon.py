"""The canonical form of a world: what it will do, without absolute times and random names.

Two worlds of one form go the same way on, but for what chance decides (transaction ids, when the
next consent check is due). Fields that nobody named here are taken as they are: a form that
holds too much costs states, one that holds too little would hide them.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from hashlib import blake2b
from typing import Any

from sipice.ice.credentials import Credentials
from sipice.ice.pair import CandidatePair, PairState
from sipice.ice.state import AgentState, Media
from sipice.ice.timers import Consent, Timers
from sipice.stun import attributes as a
from sipice.stun import decode
from tests.explorer.world import Datagram, World

TIMES = {"answered_at", "at", "consent_at", "heard_at", "sent_at", "started", "watched"}
"""Instants; what matters of them is how long ago they were."""
LEFT_OUT: dict[type, set[str]] = {
    AgentState: {
        *("config", "rng", "tie_breaker", "pacer", "local", "tracer", "now", "commands", "events"),
        *("counters", "identifiers", "refusals", "refusals_since", "stale", "slot", "last_new"),
    },
    Media: {"table"},
}
"""Handled below, derived from the rest, or never a reason to act."""
MASKED = {"key", "template", "data"}


class Namer:
    """Gives what chance named numbers in order of appearance."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.names: dict[object, int] = {}
        self.objects: dict[int, int] = {}

    def name(self, kind: str, value: object) -> str:
        number = self.names.setdefault((kind, value), len(self.names))
        return f"{kind}{number}"

    def age(self, when: float | None) -> float | None:
        return None if when is None else round(when - self.now, 6)


def form(world: World) -> bytes:
    """A digest of the canonical form."""
    namer = Namer(world.now)
    sides = [_agent(agent._state, namer) for agent in world.agents]
    breakers = [agent._state.tie_breaker for agent in world.agents]
    air = sorted(repr(_datagram(one, world, namer)) for one in world.air)
    mail = [(one.to, one.kind, _any(one.what, namer)) for one in world.mail]
    rest = (breakers[0] > breakers[1], world.losses, world.doubles, world.may_restart)
    whole = repr((sides, air, mail, rest, [one is not None for one in world.restarts]))
    return blake2b(whole.encode(), digest_size=16).digest()


def _agent(state: AgentState, namer: Namer) -> Any:
    timers = sorted(
        state.timers.keys(),
        key=lambda one: (isinstance(one[0], Consent), one[1]),
    )
    streams = _any(state, namer)
    local = state.local
    return (
        streams,
        [
            (_timer(key, namer), None if isinstance(key, Consent) else namer.age(when))
            for key, when in timers
        ],
        [(number, one.component, one.users, one.listed) for number, one in local.bases.items()],
        # How long ago a new check began matters for one Ta only.
        max(round(state.last_new - state.now, 6), -state.ta),
        None if state.slot is None else max(namer.age(state.slot) or 0.0, 0.0),
    )


def _timer(key: Any, namer: Namer) -> Any:
    values = (namer.name("id", one) if isinstance(one, bytes) else one for one in key)
    return (type(key).__name__, *values)


def _datagram(datagram: Datagram, world: World, namer: Namer) -> Any:
    message = decode(datagram.data)
    user = message.get(a.USERNAME)
    breaker = message.get(a.ICE_CONTROLLING) or message.get(a.ICE_CONTROLLED)
    return (
        (datagram.to, str(datagram.source), str(datagram.destination)),
        message.message_class.name,
        namer.name("id", message.transaction_id),
        user and [namer.name("word", part) for part in user.split(":")],
        message.get(a.USE_CANDIDATE) is not None,
        message.get(a.ICE_CONTROLLING) is not None,
        breaker and breaker > world.agents[datagram.to]._state.tie_breaker,
        message.get(a.PRIORITY),
        str(message.get(a.XOR_MAPPED_ADDRESS)),
        message.error_code,
    )


def _any(value: Any, namer: Namer) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return round(value, 6)
        case bytes():
            return namer.name("id", value) if len(value) == 12 else value
        case Enum():
            return value.name
        case Credentials():
            return namer.name("word", value.ufrag)
        case Timers():
            return None
        case dict():
            return [(_any(key, namer), _any(one, namer)) for key, one in value.items()]
        case tuple() | list():
            return [_any(one, namer) for one in value]
        case set() | frozenset():
            return sorted(map(repr, value))
    return _object(value, namer)


def _object(value: Any, namer: Namer) -> Any:
    known = namer.objects.get(id(value))
    if known is not None:
        return ("seen", known)
    namer.objects[id(value)] = len(namer.objects)
    if not is_dataclass(value):
        return type(value).__name__
    out = LEFT_OUT.get(type(value), set()) | MASKED
    found = [type(value).__name__]
    for one in fields(value):
        if one.name not in out:
            part = getattr(value, one.name)
            if isinstance(value, CandidatePair) and one.name == "sent_at":
                part = part if value.state is PairState.IN_PROGRESS else None
            found.append(namer.age(part) if one.name in TIMES else _any(part, namer))  # type: ignore[arg-type]
    return found
