"""Values of the agent as records hold them, and back: addresses, candidates, STUN messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from sipice.errors import StunDecodeError
from sipice.ice.candidate import Candidate, CandidateType, TcpType
from sipice.net import Address, Base, Transport
from sipice.stun import Class, Key, Message, Method, decode, encode, is_stun, verify_integrity
from sipice.stun import attributes as a
from sipice.stun.attributes import Attribute, ErrorCode
from sipice.stun.message import append_fingerprint, append_integrity
from sipice.trace import Field

Json: TypeAlias = Any
"""What json read from a record; nothing of it leaves the functions that make values of it."""

TYPES = {
    CandidateType.HOST: "host",
    CandidateType.SERVER_REFLEXIVE: "srflx",
    CandidateType.PEER_REFLEXIVE: "prflx",
    CandidateType.RELAYED: "relay",
}
_TYPES = {word: kind for kind, word in TYPES.items()}
_ROWS = {row.name: row for row in a.TABLE.values()}
_WRONG = Key(b"a key that nobody has")


def to_address(text: str) -> Address:
    """The reverse of ``str(address)``."""
    host, _, port = text.rpartition(":")
    return Address.parse(host.strip("[]"), int(port))


def from_candidate(candidate: Candidate) -> dict[str, Field]:
    """A candidate; what it has not is left out."""
    fields: dict[str, Field] = {
        "type": TYPES[candidate.type],
        "component": candidate.component,
        "address": str(candidate.address),
        "priority": candidate.priority,
        "foundation": candidate.foundation,
    }
    if candidate.transport is not Transport.UDP:
        fields["transport"] = candidate.transport.value
    if candidate.base is not None:
        fields["base"] = candidate.base.number
    if candidate.related is not None:
        fields["related"] = str(candidate.related)
    if candidate.server is not None:
        fields["server"] = str(candidate.server)
    if candidate.tcptype is not None:
        fields["tcptype"] = candidate.tcptype.value
    if candidate.hidden:
        fields["hidden"] = True
    return fields


def to_type(word: str) -> CandidateType:
    """The reverse of TYPES."""
    return _TYPES[word]


def to_candidate(fields: Json, bases: dict[int, Base]) -> Candidate:
    """The reverse; a base is found by its number."""
    related, server, tcptype = (fields.get(name) for name in ("related", "server", "tcptype"))
    return Candidate(
        component=fields["component"],
        type=_TYPES[fields["type"]],
        address=to_address(fields["address"]),
        priority=fields["priority"],
        foundation=fields["foundation"],
        transport=Transport(fields.get("transport", "UDP")),
        base=bases.get(fields["base"]) if "base" in fields else None,
        related=None if related is None else to_address(related),
        tcptype=None if tcptype is None else TcpType(tcptype),
        server=None if server is None else to_address(server),
        hidden=fields.get("hidden", False),
    )


Judge = Callable[[Message], Key | None]
"""Finds the key that a message should have been sealed with; None where nobody knows one."""


def from_packet(data: bytes, judge: Judge) -> dict[str, Field]:
    """A packet without its MAC: STUN by attributes, ChannelData by its load, the rest by size."""
    if len(data) >= 4 and 0x40 <= data[0] < 0x80:
        inner = data[4 : 4 + (data[2] << 8 | data[3])]
        return {"channel": data[0] << 8 | data[1], "load": from_packet(inner, judge)}
    if not is_stun(data):
        return {"media": len(data), "first": data[0] if data else 0}
    try:
        message = decode(data)
    except StunDecodeError as problem:
        return {"malformed": str(problem)}
    fields: dict[str, Field] = {
        "message": _name_of(message),
        "id": message.transaction_id.hex(),
        "attributes": [_from_attribute(*entry, judge) for entry in message.attributes],
        "integrity": _verdict(message, judge),
    }
    if message.has_integrity:
        seals = ((message.integrity_at, "SHA1"), (message.integrity_sha256_at, "SHA256"))
        fields["seal"] = "+".join(name for at, name in seals if at)
    if not message.has_fingerprint:
        fields["fingerprint"] = False
    return fields


def to_packet(fields: Json, judge: Judge) -> bytes:
    """A packet that is decoded to the same, sealed with our key where the first one was right."""
    if "channel" in fields:
        load, number = to_packet(fields["load"], judge), int(fields["channel"])
        return number.to_bytes(2, "big") + len(load).to_bytes(2, "big") + load
    if "media" in fields:
        size: int = fields["media"]
        return bytes((fields["first"],)).ljust(size, b"\0") if size else b""
    if "malformed" in fields:
        data = encode(Message(Method.BINDING, Class.REQUEST, bytes(12)))
        return data[:-1] + bytes((data[-1] ^ 1,))
    message, has_fingerprint = _to_message(fields, judge), "fingerprint" not in fields
    data = encode(message, fingerprint=False)
    key = (judge(message) if fields["integrity"] == "ok" else None) or _WRONG
    for name in fields["seal"].split("+") if "seal" in fields else ():
        data = append_integrity(data, key, sha256=name == "SHA256")
    return append_fingerprint(data) if has_fingerprint else data


def _verdict(message: Message, judge: Judge) -> str:
    if not message.has_integrity:
        return "none"
    key = judge(message)
    if key is None:
        return "unknown"
    return "ok" if verify_integrity(message, key) else "wrong"


def _to_message(fields: Json, judge: Judge) -> Message:
    method, kind = fields["message"].rsplit(" ", 1)
    number = int(method[7:], 16) if method.startswith("method ") else Method[method]
    attributes = tuple(_to_attribute(name, value, judge) for name, value in fields["attributes"])
    return Message(number, Class[kind.upper()], bytes.fromhex(fields["id"]), attributes)


def _name_of(message: Message) -> str:
    try:
        method = Method(message.method).name
    except ValueError:
        method = f"method {message.method:#x}"
    return f"{method} {message.message_class.name.lower()}"


def _from_attribute(number: int, value: object, judge: Judge) -> list[Field]:
    row = a.TABLE.get(number)
    if row is None:
        assert isinstance(value, bytes)
        return [f"{number:#06x}", value.hex()]
    if row is a.DATA and isinstance(value, bytes):
        return [row.name, from_packet(value, judge)]
    return [row.name, _from_value(row, value)]


def _from_value(row: Attribute[object], value: object) -> Field:
    match value:
        case Address():
            return str(value)
        case ErrorCode(code, reason):
            return [code, reason]
        case bool() | str():
            return value
        case int():
            return f"{value:016x}" if row in (a.ICE_CONTROLLING, a.ICE_CONTROLLED) else value
        case bytes():
            return value.hex()
        case _:
            return f"raw {row.codec.encode(value, bytes(12)).hex()}"


def _to_attribute(name: str, value: Json, judge: Judge) -> tuple[int, object]:
    row = _ROWS.get(name)
    if row is None:
        return int(name, 16), bytes.fromhex(value)
    if row is a.DATA:
        return row(to_packet(value, judge))
    return row(_to_value(row, value))


def _to_value(row: Attribute[object], value: Json) -> object:
    if isinstance(value, str) and value.startswith("raw "):
        return row.codec.decode(bytes.fromhex(value[4:]), bytes(12))
    if row in (a.ICE_CONTROLLING, a.ICE_CONTROLLED):
        return int(value, 16)
    if row.name.endswith("ADDRESS") or row is a.ALTERNATE_SERVER:
        return to_address(value)
    if row is a.ERROR_CODE:
        return ErrorCode(*value)
    if row in (a.NONCE, a.USERHASH, a.RESERVATION_TOKEN):
        return bytes.fromhex(value)
    return value
