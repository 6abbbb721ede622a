"""What comes into an agent that is traced, as it is recorded: the inputs that a replay repeats."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields as fields_of
from typing import Any

from sipice.ice.candidate import Candidate
from sipice.ice.config import DEFAULT, Advertised, AgentConfig, IceServer, NamedServer
from sipice.ice.description import Description
from sipice.ice.destination import AddressFilter, Network
from sipice.ice.events import CandidateGathered, Event
from sipice.ice.pair import Role
from sipice.ice.recorded import TYPES, from_candidate, from_packet
from sipice.ice.recorder import Recorder
from sipice.ice.state import (
    AgentState,
    Check,
    Connection,
)
from sipice.ice.timers import Key as Deadline
from sipice.ice.timers import Retransmit, TransactionEnd
from sipice.ice.tracing import pair_text
from sipice.net import Address, Base, Flow, Resolve
from sipice.stun import Class, Key, Message, Method
from sipice.stun import attributes as a
from sipice.trace import Field

ARGUMENTS: dict[str, tuple[str, ...]] = {
    "remove-stream": ("stream",),
    "add-local-address": ("stream", "component", "address", "tier", "use"),
    "add-local-tcp": ("stream", "component", "address", "tcptype"),
    "remove-local-address": ("base",),
    "gather": ("stream",),
    "name-resolved": ("query", "addresses"),
    "name-failed": ("query", "why"),
    "local-description": ("stream", "generation"),
    "set-remote-description": ("stream", "description", "generation"),
    "add-remote-candidate": ("stream", "candidate", "ufrag"),
    "end-of-candidates": ("stream", "ufrag"),
    "set-role": ("role",),
    "prepare-restart": ("streams",),
    "commit-restart": ("restart",),
    "rollback-restart": ("restart",),
    "resume": ("stream",),
    "keep-components": ("stream", "count"),
    "use-plain": ("stream", "ways", "latch"),
    "use-ice": ("stream",),
    "fork": (),
    "close": (),
    "connection-opened": ("flow",),
    "connection-accepted": ("base", "remote"),
    "connection-closed": ("flow", "why"),
    "writable": ("flow", "ready"),
    "send-failed": ("base", "remote", "hard"),
    "send": ("stream", "component", "size"),
    "media-sent": ("stream", "component"),
    "add-stream": ("components",),
}
"""The inputs by name, with their arguments behind ``now``; ``size`` stands for bytes."""


def started(recorder: Recorder, role: Role, config: AgentConfig) -> None:
    """An agent is made."""
    changed = {
        field.name: _plain(recorder, getattr(config, field.name))
        for field in fields_of(config)
        if getattr(config, field.name) != getattr(DEFAULT, field.name)
    }
    recorder.record(recorder.now, "agent", role=role.value, config=changed)


def called(state: AgentState, call: str, arguments: Sequence[object]) -> None:
    """An input of the owner; arguments that are None are left out."""
    recorder = _recorder(state)
    named = zip(ARGUMENTS[call], arguments, strict=True)
    fields = {name: _plain(recorder, value) for name, value in named if value is not None}
    recorder.record(state.now, call, **fields)


def described(state: AgentState, stream: int, made: Description) -> None:
    """What ``local_description`` gave."""
    recorder = _recorder(state)
    description = _plain(recorder, made)
    recorder.record(state.now, "described", stream=stream, description=description)


def restored(state: AgentState, now: float, data: bytes) -> None:
    """The agent goes on from an export."""
    recorder = _recorder(state)
    try:
        document = exchange_secrets(json.loads(data), recorder.label)
    except ValueError:
        document = None
    recorder.record(now, "restored", document=document)


def exchange_secrets(document: Any, exchange: Callable[[str, str], str]) -> Any:
    """An exported document with something else for each password; called with its ufrag too."""
    match document:
        case dict():
            return {
                name: [value[0], exchange(value[1], value[0])]
                if name == "credentials"
                else exchange_secrets(value, exchange)
                for name, value in document.items()
            }
        case list():
            return [exchange_secrets(one, exchange) for one in document]
        case _:
            return document


def taken(state: AgentState, events: Iterable[Event]) -> None:
    """Events were taken, local candidates among them: these may be paired now (RFC 8838 §10)."""
    count = sum(isinstance(event, CandidateGathered) for event in events)
    if count:
        _recorder(state).record(state.now, "take-events", candidates=count)


def timer(state: AgentState, due: Deadline) -> None:
    """A deadline has come."""
    arguments = [
        value[:4].hex() if isinstance(value, bytes) else str(value) for value in tuple(due)[:-1]
    ]
    check = None
    if isinstance(due, Retransmit | TransactionEnd):
        check = state.transactions.get(due.transaction)
    text = " ".join([type(due).__name__, *arguments])
    if isinstance(check, Check):
        _recorder(state).record(state.now, "timer", due=text, pair=pair_text(check.pair))
    else:
        _recorder(state).record(state.now, "timer", due=text)


def datagram(state: AgentState, data: bytes, base: Base, remote: Address) -> None:
    """A datagram came; what it says and whether its integrity is right, never its MAC."""
    packet = from_packet(data, lambda message: key_of(state, message, base, remote))
    _recorder(state).record(
        state.now,
        "receive-datagram",
        base=base.number,
        local=str(base.address),
        remote=str(remote),
        packet=packet,
    )


def frames(state: AgentState, connection: Connection, packets: Iterable[bytes] | None) -> None:
    """Frames are complete on a connection; None when no frame can be found any more."""
    read: list[Field] | None = None
    if packets is not None:
        read = [
            from_packet(one, lambda message: key_on(state, connection, message)) for one in packets
        ]
    _recorder(state).record(state.now, "receive-stream", flow=connection.flow.number, packets=read)


def key_on(state: AgentState, connection: Connection, message: Message) -> Key | None:
    """The key that a message on a connection should be sealed with."""
    if connection.relay is not None and message.method != Method.BINDING:
        return connection.relay.key
    return key_of(state, message, connection.base, connection.remote)


def key_of(state: AgentState, message: Message, base: Base, remote: Address) -> Key | None:
    """The key that a message should be sealed with."""
    if message.method != Method.BINDING:
        relay = state.local.relays.get((base.number, remote))
        return None if relay is None else relay.key
    if message.message_class is not Class.REQUEST:
        return _key_of_response(state, message.transaction_id)
    ufrag = (message.get(a.USERNAME) or "").partition(":")[0]
    for stream in state.streams.values():
        for generation in stream.generations():
            if generation.local.credentials.ufrag == ufrag:
                return generation.local.key
    return None


def _key_of_response(state: AgentState, identifier: bytes) -> Key | None:
    check = state.transactions.get(identifier)
    pair = getattr(check, "pair", None)
    if isinstance(check, Check):
        return None if check.generation.remote is None else check.generation.remote.key
    for stream in state.streams.values():
        for media in stream.media:
            if pair is not None and media.pair is pair:
                generation = state.find(stream.id, media.generation)
                if generation is not None and generation.remote is not None:
                    return generation.remote.key
    return None


def _plain(recorder: Recorder, value: object) -> Field:
    """An argument as JSON: passwords as labels, media as sizes."""
    match value:
        case None | int() | float():
            return value
        case str() | Address():
            return str(value)
        case Candidate():
            return from_candidate(value)
        case Base() | Flow():
            return value.number
        case Description():
            return _plain_description(recorder, value)
        case IceServer() | NamedServer():
            return _plain_server(recorder, value)
        case Resolve() | Advertised():
            return _plain_odd(value)
        case tuple():
            return [_plain(recorder, one) for one in value]
        case _:
            return _plain_odd(value)


def _plain_odd(value: object) -> Field:
    match value:
        case Role():
            return value.value
        case Resolve(kind, name, port):
            return [kind.value, name, port]
        case Advertised(ip, network, keep):
            own = None if network is None else _prefix(network)
            return {"ip": Address(ip, 0).host, "network": own, "keep": keep}
        case frozenset():
            return sorted(TYPES[one] for one in value)
        case AddressFilter(deny, allow):
            return {
                "deny": [_prefix(one) for one in deny],
                "allow": [_prefix(one) for one in allow],
            }
        case _:
            assert isinstance(value, bytes | bytearray | memoryview), f"a {type(value).__name__}"
            return len(value)


def _prefix(network: Network) -> str:
    return f"{Address(network.ip, 0).host}/{network.bits}"


def _plain_description(recorder: Recorder, value: Description) -> dict[str, Field]:
    credentials = value.credentials
    fields: dict[str, Field] = {
        "ufrag": credentials.ufrag,
        "pwd": recorder.label(credentials.pwd, credentials.ufrag),
        "candidates": [from_candidate(one) for one in value.candidates],
        "lite": value.lite,
        "ice2": value.ice2,
        "trickle": value.trickle,
        "complete": value.complete,
    }
    if value.pacing_ms is not None:
        fields["pacing_ms"] = value.pacing_ms
    if value.uses:
        fields["uses"] = [[str(one) for one in pair] for pair in value.uses]
    return fields


def _plain_server(recorder: Recorder, server: IceServer | NamedServer) -> dict[str, Field]:
    fields: dict[str, Field] = {"kind": server.kind.value}
    if isinstance(server, IceServer):
        fields["address"] = str(server.address)
    else:
        fields["uri"] = str(server.uri)
    if server.username:
        fields["username"] = server.username
    if server.password:
        fields["password"] = recorder.label(server.password, server.username)
    if server.relay_families != (4,):
        fields["families"] = server.relay_families
    fields["transport"] = server.transport.value if server.tls is None else "TLS"
    return fields


def _recorder(state: AgentState) -> Recorder:
    assert state.tracer is not None
    return state.tracer
