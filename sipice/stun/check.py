"""RFC 8445 §7: connectivity checks read and made without an object per attribute.

``parse_check`` gives the few fields of an ordinary check as a tuple and everything else as a
Message. Messages of a shape seen before (same types and lengths) are compared with it by one mask
and read at known places; the first of a shape goes through the strict parser, which is also what
the result always equals. ``CheckTemplate`` and ``success_response`` make checks and answers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from struct import Struct
from typing import Any, NamedTuple
from zlib import crc32

from sipice.net import Address
from sipice.stun import attributes as a
from sipice.stun.attributes import COOKIE_BYTES, MAGIC_COOKIE
from sipice.stun.integrity import FINGERPRINT_XOR, Key
from sipice.stun.message import Class, Message, Method, decode, encode_attributes

_BINDING_REQUEST = 0x0001
_BINDING_SUCCESS = 0x0101
_INTEGRITY_HEAD = b"\x00\x08\x00\x14"
_FINGERPRINT = Struct("!HHI").pack
_TYPE_AND_LENGTH = Struct("!HH")
_MAX_SIZE = 1024
_MAX_SHAPES_PER_SIZE = 4


class CheckRequest(NamedTuple):
    """A Binding request with everything that a check has and nothing unknown that is required."""

    transaction_id: bytes
    username: str
    priority: int
    controlling: bool
    """Which role the sender takes."""
    tie_breaker: int
    use_candidate: bool
    signed: bytes
    """What MESSAGE-INTEGRITY covers; see ``Key.verifies``."""
    mac: bytes


class CheckResponse(NamedTuple):
    """A Binding success response with XOR-MAPPED-ADDRESS, MESSAGE-INTEGRITY and FINGERPRINT."""

    transaction_id: bytes
    mapped: Address
    signed: bytes
    """What MESSAGE-INTEGRITY covers; see ``Key.verifies``."""
    mac: bytes


Check = CheckRequest | CheckResponse | Message


def as_check(message: Message) -> Check:
    """The strict reading: a message that is an ordinary check becomes its tuple."""
    ordinary = (
        message.method == Method.BINDING
        and message.integrity_at
        and not message.integrity_sha256_at
        and message.has_fingerprint
        and not message.unknown_required
    )
    if ordinary and message.message_class is Class.REQUEST:
        return _as_request(message)
    if ordinary and message.message_class is Class.SUCCESS:
        mapped = message.get(a.XOR_MAPPED_ADDRESS)
        if mapped is not None:
            return CheckResponse(message.transaction_id, mapped, *_sealed(message))
    return message


def _as_request(message: Message) -> CheckRequest | Message:
    username, priority = message.get(a.USERNAME), message.get(a.PRIORITY)
    controlling, controlled = message.get(a.ICE_CONTROLLING), message.get(a.ICE_CONTROLLED)
    tie_breaker = controlled if controlling is None else controlling
    both = controlling is not None and controlled is not None
    if username is None or priority is None or tie_breaker is None or both:
        return message
    return CheckRequest(
        message.transaction_id,
        username,
        priority,
        controlling is not None,
        tie_breaker,
        message.get(a.USE_CANDIDATE) is not None,
        *_sealed(message),
    )


def _sealed(message: Message) -> tuple[bytes, bytes]:
    data, at = message.data, message.integrity_at
    return data[:2] + (at + 4).to_bytes(2, "big") + data[4:at], data[at + 4 : at + 24]


class _Shape(NamedTuple):
    """Types, lengths and places of a message seen before."""

    mask: int
    expected: int
    """What the bytes are under the mask: all types and lengths, and the family of the address."""
    read: Callable[..., Check | None]
    """Called with the datagram and the places; None if it is no such check after all."""
    places: tuple[object, ...]


class CheckParser:
    """Remembers shapes; what it answers never depends on them."""

    __slots__ = ("_shapes",)

    def __init__(self) -> None:
        self._shapes: dict[int, tuple[_Shape, ...]] = {}

    def parse(self, data: bytes) -> Check:
        """The check in a datagram; raises StunDecodeError as ``decode`` does."""
        for mask, expected, read, places in self._shapes.get(len(data), ()):
            if _from_bytes(data, "little") & mask == expected:
                return read(data, *places) or as_check(decode(data))
        message = decode(data)
        check = as_check(message)
        if check is not message:
            self._learn(message)
        return check

    def _learn(self, message: Message) -> None:
        size = len(message.data)
        known = self._shapes.get(size, ())
        # The bounds hold against a peer that sends a new shape each time.
        if size <= _MAX_SIZE and len(known) < _MAX_SHAPES_PER_SIZE:
            shape = _shape_of(message)
            if shape is not None:
                self._shapes[size] = (*known, shape)


parse_check = CheckParser().parse
"""``CheckParser.parse`` with the shapes seen by this process."""


def _read_request(
    data: bytes,
    unpack: Callable[[bytes], tuple[Any, ...]],
    pick: Callable[[tuple[Any, ...]], tuple[bytes, int, int]],
    signed_head: bytes,
    integrity_at: int,
    controlling: bool,
    use_candidate: bool,
) -> CheckRequest | None:
    values = unpack(data)
    username, priority, tie_breaker = pick(values)
    if crc32(data[:-8]) ^ FINGERPRINT_XOR != values[-1]:
        return None
    try:
        name = username.decode()
    except UnicodeDecodeError:
        return None
    signed = signed_head + data[4:integrity_at]
    return _new(
        CheckRequest,
        (values[0], name, priority, controlling, tie_breaker, use_candidate, signed, values[-2]),
    )


def _read_response_v4(
    data: bytes, unpack: Callable[[bytes], tuple[Any, ...]], signed_head: bytes, integrity_at: int
) -> CheckResponse | None:
    transaction_id, port, ip, mac, fingerprint = unpack(data)
    if crc32(data[:-8]) ^ FINGERPRINT_XOR != fingerprint:
        return None
    mapped = _new(Address, ((ip ^ MAGIC_COOKIE).to_bytes(4, "big"), port ^ _PORT_MASK))
    signed = signed_head + data[4:integrity_at]
    return _new(CheckResponse, (transaction_id, mapped, signed, mac))


def _read_response_v6(
    data: bytes, unpack: Callable[[bytes], tuple[Any, ...]], signed_head: bytes, integrity_at: int
) -> CheckResponse | None:
    transaction_id, port, ip, mac, fingerprint = unpack(data)
    if crc32(data[:-8]) ^ FINGERPRINT_XOR != fingerprint:
        return None
    mapped = a.xor_address(Address(ip, port), transaction_id)
    signed = signed_head + data[4:integrity_at]
    return _new(CheckResponse, (transaction_id, mapped, signed, mac))


_from_bytes = int.from_bytes
_new = tuple.__new__  # half of the cost of calling the class


# How struct reads the values; what else is in the message is skipped.
_PLACES = {
    a.USERNAME.number: "{}s",
    a.PRIORITY.number: "I",
    a.ICE_CONTROLLED.number: "Q",
    a.ICE_CONTROLLING.number: "Q",
    a.XOR_MAPPED_ADDRESS.number: "",
    a.MESSAGE_INTEGRITY: "20s",
    a.FINGERPRINT: "I",
}
_SKIPPED = (a.USE_CANDIDATE.number, a.SOFTWARE.number)
"""The known attributes without a value to read; no bytes of theirs can be malformed."""
_VALUES = (
    [a.USERNAME.number, a.PRIORITY.number, a.ICE_CONTROLLED.number],
    [a.USERNAME.number, a.PRIORITY.number, a.ICE_CONTROLLING.number],
    [a.XOR_MAPPED_ADDRESS.number],
)
_SEAL = [a.MESSAGE_INTEGRITY, a.FINGERPRINT]


def _shape_of(message: Message) -> _Shape | None:
    """The shape of an ordinary check, or None if its values could not be found by place alone."""
    data = message.data
    numbers, mask, layout = _survey(data)
    values = [number for number in numbers if number in _PLACES]
    fields = sorted(values[:-2])
    plain = all(n in _PLACES or n in _SKIPPED or n not in a.TABLE for n in numbers)
    if not plain or values[-2:] != _SEAL or numbers[-2:] != _SEAL or fields not in _VALUES:
        return None
    places: tuple[object, ...] = (_sealed(message)[0][:4], message.integrity_at)
    read: Callable[..., Check | None]
    if message.message_class is Class.REQUEST:
        read = _read_request
        pick = itemgetter(*(1 + values.index(number) for number in fields))
        controlling = a.ICE_CONTROLLING.number in numbers
        places = (pick, *places, controlling, a.USE_CANDIDATE.number in numbers)
    else:
        read = _read_response_v4 if "HI" in layout else _read_response_v6
    expected = int.from_bytes(data, "little") & mask
    return _Shape(mask, expected, read, (Struct(layout).unpack, *places))


def _survey(data: bytes) -> tuple[list[int], int, str]:
    """The attributes in order, the mask of what never changes, and how struct reads the values."""
    numbers, mask, layout = [], bytearray(len(data)), "!8x12s"
    mask[0:8] = b"\xff" * 8
    position = 20
    while position < len(data):
        number, length = _TYPE_AND_LENGTH.unpack_from(data, position)
        numbers.append(number)
        mask[position : position + 4] = b"\xff" * 4
        if number == a.XOR_MAPPED_ADDRESS.number:
            mask[position + 5] = 0xFF  # the family
            place = "2xHI" if length == 8 else "2xH16s"
        else:
            place = _PLACES.get(number, f"{length}x").format(length)
        layout += f"4x{place}{-length % 4}x"
        position += 4 + length + -length % 4
    return numbers, int.from_bytes(mask, "little"), layout


class CheckTemplate:
    """Makes the checks that one agent sends to another; USERNAME, key and ``extra`` are fixed.

    ``extra`` are further attributes of each check, such as SOFTWARE, that do not depend on the
    transaction id.
    """

    __slots__ = ("_body", "_fixed", "_key")

    def __init__(self, username: str, key: Key, extra: tuple[tuple[int, object], ...] = ()) -> None:
        self._key = key
        name = username.encode()
        head = _TYPE_AND_LENGTH.pack(a.USERNAME.number, len(name)) + name + bytes(-len(name) % 4)
        self._fixed = head + encode_attributes(extra, _NO_ID) + _PRIORITY_HEAD
        self._body = len(self._fixed) + 16

    def build(
        self,
        transaction_id: bytes,
        priority: int,
        tie_breaker: int,
        controlling: bool,
        use_candidate: bool = False,
    ) -> bytes:
        """The bytes of one check."""
        role = _CONTROLLING_HEAD if controlling else _CONTROLLED_HEAD
        rest = transaction_id + self._fixed + _VARIABLE(priority, role, tie_breaker)
        if use_candidate:
            signed_head, head = _heads(_BINDING_REQUEST, self._body + 4)
            rest += _USE_CANDIDATE
        else:
            signed_head, head = _heads(_BINDING_REQUEST, self._body)
        sealed = head + rest + _INTEGRITY_HEAD + self._key.hmac_sha1(signed_head + rest)
        return sealed + _FINGERPRINT(a.FINGERPRINT, 4, crc32(sealed) ^ FINGERPRINT_XOR)


def success_response(transaction_id: bytes, mapped: Address, key: Key) -> bytes:
    """The answer to a check that came from ``mapped``."""
    ip, port = mapped
    if len(ip) == 4:
        number = int.from_bytes(ip, "big") ^ MAGIC_COOKIE
        rest = transaction_id + _MAPPED_V4(0x0020, 8, 1, port ^ _PORT_MASK, number)
        signed_head, head = _SUCCESS_V4
    else:
        rest = transaction_id + encode_attributes((a.XOR_MAPPED_ADDRESS(mapped),), transaction_id)
        signed_head, head = _SUCCESS_V6
    sealed = head + rest + _INTEGRITY_HEAD + key.hmac_sha1(signed_head + rest)
    return sealed + _FINGERPRINT(a.FINGERPRINT, 4, crc32(sealed) ^ FINGERPRINT_XOR)


@lru_cache(256)
def _heads(message_type: int, body: int) -> tuple[bytes, bytes]:
    """The first 8 bytes as MESSAGE-INTEGRITY covers them, and as they are sent."""
    pack = _TYPE_AND_LENGTH.pack
    return (
        pack(message_type, body + 24) + COOKIE_BYTES,
        pack(message_type, body + 32) + COOKIE_BYTES,
    )


_NO_ID = bytes(12)
_PRIORITY_HEAD = b"\x00\x24\x00\x04"
_CONTROLLED_HEAD = 0x80290008
_CONTROLLING_HEAD = 0x802A0008
_USE_CANDIDATE = b"\x00\x25\x00\x00"
_PORT_MASK = MAGIC_COOKIE >> 16
_VARIABLE = Struct("!IIQ").pack
_MAPPED_V4 = Struct("!HHHHI").pack
_SUCCESS_V4 = _heads(_BINDING_SUCCESS, 12)
_SUCCESS_V6 = _heads(_BINDING_SUCCESS, 24)
