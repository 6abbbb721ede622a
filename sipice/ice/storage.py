"""An agent's state as bytes and back: values only, all times as ages, keyed hashes made anew."""

from __future__ import annotations

import json
from math import isinf

from sipice.errors import DecodeError
from sipice.ice import consent, free, gather, media, moving, timers
from sipice.ice.candidate import BaseUse, TcpType, foundation_key
from sipice.ice.credentials import Credentials
from sipice.ice.events import Loss
from sipice.ice.pair import CandidatePair, PairState, Role
from sipice.ice.question import Asking
from sipice.ice.state import (
    AgentState,
    ChecklistState,
    Component,
    Generation,
    LocalBase,
    LocalGeneration,
    Media,
    Plain,
    Remote,
    Stream,
)
from sipice.ice.stored import (
    Json,
    age,
    from_address,
    from_base,
    from_candidate,
    to_address,
    to_base,
    to_candidate,
)
from sipice.net import Transport
from sipice.stun import Key
from sipice.stun.check import CheckTemplate

VERSION = 1

_NOT_KEPT = (timers.Pace, timers.Retransmit, timers.TransactionEnd, timers.Allocation)
_KEYS: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        timers.Consent,
        timers.ConsentExpiry,
        timers.Quiet,
        timers.Keepalive,
        timers.Pac,
        timers.StopRule,
        timers.FreeCandidates,
        timers.EarlyCheckExpiry,
        timers.RetireGeneration,
        timers.GatherDeadline,
        timers.ServerKeepalive,
    )
}


def export(state: AgentState) -> bytes:
    """The state. What is under way is done again: checks and nominations are not outstanding."""
    now = state.now
    document = {
        "version": VERSION,
        "role": state.role.value,
        "tie_breaker": state.tie_breaker,
        "ta": state.ta,
        "last_new": None if isinf(state.last_new) else age(now, state.last_new),
        "next_stream": state.local.next_stream,
        "next_restart": state.next_restart,
        "restarts": list(state.restarts.items()),
        "next_base": state.local.next_base,
        "next_generation": state.local.next_generation,
        "bases": [
            _from_local_base(base) for base in state.local.bases.values() if base.relay is None
        ],
        "relays": moving.allocations(state),
        "streams": [_from_stream(stream, now) for stream in state.streams.values()],
        "timers": [
            [type(key).__name__, list(key)[:-1], age(when, now)]
            for key, when in state.timers.keys()  # noqa: SIM118 (a table, not a dictionary)
            if not isinstance(key, _NOT_KEPT)
        ],
    }
    return json.dumps(document, separators=(",", ":")).encode()


def restore(state: AgentState, data: bytes, now: float) -> None:
    """Fill a fresh state from what ``export`` gave; raises DecodeError for anything else."""
    try:
        document = json.loads(data)
        if document["version"] != VERSION:
            raise DecodeError(f"an export of version {document['version']}; this is {VERSION}")
        _fill(state, document, now)
    except (KeyError, IndexError, TypeError, ValueError) as problem:
        if isinstance(problem, DecodeError):
            raise
        raise DecodeError("not an exported agent") from problem


def _fill(state: AgentState, document: Json, now: float) -> None:
    state.now = now
    state.role = Role(document["role"])
    state.tie_breaker = document["tie_breaker"]
    state.ta = document["ta"]
    if document["last_new"] is not None:
        state.last_new = now - document["last_new"]
    state.local.next_stream = document["next_stream"]
    state.next_restart = document["next_restart"]
    state.restarts = {number: tuple(streams) for number, streams in document["restarts"]}
    local = state.local
    local.next_base = document["next_base"]
    local.next_generation = document["next_generation"]
    for entry in document["bases"]:
        base = _to_local_base(entry, state.member)
        local.bases[base.base.number] = base
    for entry in document["relays"]:
        moving.take_up(state, entry)
    for entry in document["streams"]:
        stream = _to_stream(state, entry, now)
        state.streams[stream.id] = stream
    for name, fields, after in document["timers"]:
        state.timers.arm(_KEYS[name](*fields), now + after)
    for entry in document["streams"]:
        stream = state.streams[entry["id"]]
        gather.resume(state, stream, [Asking(*one) for one in entry["asking"]])
        _lose_relays(state, stream)
        for path in stream.media:
            media.refresh(state, stream, path.component)
            if path.pair is not None and path.pair.base.transport is Transport.TCP:
                consent.interrupt(state, stream, path)  # connections ended with their process
        for generation in stream.generations():
            state.touch(generation)


def _lose_relays(state: AgentState, stream: Stream) -> None:
    """What stood on an allocation that could not be taken up is lost; a restart finds a way."""
    bases = state.local.bases
    for path in stream.media:
        if path.plain is not None and path.plain.base.number not in bases:
            path.plain = None
    for generation in stream.generations():
        for candidate in list(generation.local.candidates):
            base = candidate.base
            if base is not None and base.number not in bases:
                bases[base.number] = LocalBase(base, stream.id, candidate.component, state.member)
                free.lose_base(state, base, Loss.RELAY_LOST)


def _from_local_base(base: LocalBase) -> Json:
    kind = None if base.tcptype is None else base.tcptype.value
    place = [from_base(base.base), base.stream, base.component]
    return [*place, base.listed, base.asked, kind, base.use]


def _to_local_base(entry: Json, member: int) -> LocalBase:
    base, stream, component, listed, asked, kind, use = entry
    tcptype = None if kind is None else TcpType(kind)
    return LocalBase(
        to_base(base),
        stream,
        component,
        member,
        listed,
        asked,
        tcptype,
        use=None if use is None else BaseUse(use),
    )


def _from_stream(stream: Stream, now: float) -> Json:
    return {
        "id": stream.id,
        "components": stream.components,
        "current": _from_generation(stream.current, now),
        "next": None if stream.next is None else _from_generation(stream.next, now),
        "retired": None if stream.retired is None else _from_generation(stream.retired, now),
        "committed": stream.committed,
        "media": [_from_media(path, now) for path in stream.media],
        "asking": list(stream.asking),
    }


def _to_stream(state: AgentState, entry: Json, now: float) -> Stream:
    following, retired = entry["next"], entry["retired"]
    stream = Stream(
        id=entry["id"],
        components=entry["components"],
        current=_to_generation(state, entry["id"], entry["current"], now),
        media=tuple([_to_media(path, now) for path in entry["media"]]),
        next=None if following is None else _to_generation(state, entry["id"], following, now),
        committed=entry["committed"],
        retired=None if retired is None else _to_generation(state, entry["id"], retired, now),
    )
    for path in stream.media:
        component = stream.current.component(path.component)
        if path.generation == stream.current.number and component is not None:
            path.pair = component.selected or next(iter(component.valid), None)
    return stream


def _from_media(path: Media, now: float) -> Json:
    watched = None if path.watched is None else age(now, path.watched)
    return [
        path.component,
        path.generation,
        age(now, path.consent_at),
        age(now, path.sent_at),
        path.lost,
        path.quiet,
        watched,
        None if path.plain is None else _from_plain(path.plain, now),
    ]


def _to_media(entry: Json, now: float) -> Media:
    component, generation, consented, sent, lost, quiet, watched, plain = entry
    return Media(
        component,
        generation=generation,
        consent_at=now - consented,
        sent_at=now - sent,
        lost=lost,
        quiet=quiet,
        watched=None if watched is None else now - watched,
        plain=None if plain is None else _to_plain(plain, now),
    )


def _from_plain(plain: Plain, now: float) -> Json:
    places = [None if one is None else from_address(one) for one in (plain.peer, plain.signalled)]
    return [from_base(plain.base), *places, age(plain.until, now), plain.latched, plain.yields]


def _to_plain(entry: Json, now: float) -> Plain:
    base, *places, left, latched, yields = entry
    peer, signalled = [None if one is None else to_address(one) for one in places]
    return Plain(to_base(base), peer, now + left, latched, yields, signalled)


def _from_generation(generation: Generation, now: float) -> Json:
    pairs = _pairs_of(generation)
    numbers = {id(pair): number for number, pair in enumerate(pairs)}
    local = generation.local
    return {
        "number": generation.number,
        "credentials": [local.credentials.ufrag, local.credentials.pwd],
        "candidates": [from_candidate(candidate) for candidate in local.candidates],
        "delivered": local.delivered,
        "gathering": local.gathering,
        "finished": local.finished,
        "reflexive": [from_candidate(candidate) for candidate in local.reflexive],
        "preferences": [[ip.hex(), rank] for ip, rank in local.preferences.items()],
        "remote": None if generation.remote is None else _from_remote(generation.remote),
        "state": generation.state.name,
        "pac": generation.pac_running,
        "sources": [[number, from_address(at)] for number, at in generation.sources],
        "pairs": [_from_pair(pair, numbers, now) for pair in pairs],
        "checklist": [numbers[id(pair)] for pair in generation.checklist],
        "triggered": [
            numbers[id(pair)]
            for pair in generation.triggered
            if pair.state is not PairState.SUCCEEDED
        ],
        "components": [
            [
                component.number,
                [numbers[id(pair)] for pair in component.valid],
                _number(numbers, component.selected),
            ]
            for component in generation.components
        ],
    }


def _to_generation(state: AgentState, stream: int, entry: Json, now: float) -> Generation:
    credentials = Credentials(*entry["credentials"])
    local = LocalGeneration(
        entry["number"],
        stream,
        credentials,
        Key.short_term(credentials.pwd),
        candidates=[to_candidate(one) for one in entry["candidates"]],
        delivered=entry["delivered"],
        reflexive=tuple([to_candidate(one) for one in entry["reflexive"]]),
        preferences={bytes.fromhex(ip): rank for ip, rank in entry["preferences"]},
        gathering=entry["gathering"],
        finished=entry["finished"],
    )
    for candidate in (*local.candidates, *local.reflexive):
        local.foundations[foundation_key(candidate)] = candidate.foundation
    generation = Generation(entry["number"], stream, local, ())
    if entry["remote"] is not None:
        generation.remote = _to_remote(entry["remote"], credentials)
    generation.state = ChecklistState[entry["state"]]
    generation.pac_running = entry["pac"]
    generation.sources = tuple([(number, to_address(at)) for number, at in entry["sources"]])
    pairs = [_to_pair(one, now) for one in entry["pairs"]]
    for pair, one in zip(pairs, entry["pairs"], strict=True):
        pair.valid = None if one["valid"] is None else pairs[one["valid"]]
        pair.source = None if one["source"] is None else pairs[one["source"]]
    generation.checklist = [pairs[number] for number in entry["checklist"]]
    generation.index = {
        (pair.base.number, pair.remote.address): pair for pair in generation.checklist
    }
    generation.triggered = tuple([pairs[number] for number in entry["triggered"]])
    for number, valid, selected in entry["components"]:
        component = Component(number, [pairs[one] for one in valid], waits=True)
        component.selected = component.nominating = None if selected is None else pairs[selected]
        generation.components += (component,)
    return generation


def _from_remote(remote: Remote) -> Json:
    return {
        "credentials": [remote.credentials.ufrag, remote.credentials.pwd],
        "lite": remote.lite,
        "complete": remote.complete,
        "ended": remote.ended,
        "candidates": [from_candidate(candidate) for candidate in remote.candidates],
    }


def _to_remote(entry: Json, local: Credentials) -> Remote:
    credentials = Credentials(*entry["credentials"])
    key = Key.short_term(credentials.pwd)
    return Remote(
        credentials,
        key,
        CheckTemplate(f"{credentials.ufrag}:{local.ufrag}", key),
        entry["lite"],
        [to_candidate(one) for one in entry["candidates"]],
        entry["complete"],
        entry["ended"],
    )


def _pairs_of(generation: Generation) -> list[CandidatePair]:
    found: dict[int, CandidatePair] = {}

    def add(pair: CandidatePair | None) -> None:
        if pair is not None and id(pair) not in found:
            found[id(pair)] = pair
            add(pair.valid)
            add(pair.source)

    for listed in (*generation.checklist, *generation.triggered):
        add(listed)
    for component in generation.components:
        for pair in (*component.valid, component.selected):
            add(pair)
    return list(found.values())


def _number(numbers: dict[int, int], pair: CandidatePair | None) -> int | None:
    return None if pair is None else numbers[id(pair)]


def _from_pair(pair: CandidatePair, numbers: dict[int, int], now: float) -> Json:
    return {
        "base": from_base(pair.base),
        "local": from_candidate(pair.local),
        "remote": from_candidate(pair.remote),
        "priority": pair.priority,
        "foundation": list(pair.foundation),
        "state": _resting(pair.state).value,
        "valid": _number(numbers, pair.valid),
        "source": _number(numbers, pair.source),
        "nominated": pair.nominated,
        "nominate": pair.nominate and pair.state is not PairState.SUCCEEDED,
        "conflicts": pair.conflicts,
        "lost": pair.consent_lost,
        "heard": None if pair.heard_at is None else age(now, pair.heard_at),
        "rtt": None if pair.rtt is None else round(pair.rtt, 9),
        "answered": age(now, pair.answered_at),
        "sent": age(now, pair.sent_at),
    }


def _resting(state: PairState) -> PairState:
    return PairState.WAITING if state is PairState.IN_PROGRESS else state


def _to_pair(entry: Json, now: float) -> CandidatePair:
    return CandidatePair(
        base=to_base(entry["base"]),
        local=to_candidate(entry["local"]),
        remote=to_candidate(entry["remote"]),
        priority=entry["priority"],
        foundation=(entry["foundation"][0], entry["foundation"][1]),
        state=PairState(entry["state"]),
        nominated=entry["nominated"],
        nominate=entry["nominate"],
        sent_at=now - entry["sent"],
        rtt=entry["rtt"],
        answered_at=now - entry["answered"],
        conflicts=entry["conflicts"],
        consent_lost=entry["lost"],
        heard_at=None if entry["heard"] is None else now - entry["heard"],
    )
