"""RFC 8489 §14: the attributes of STUN, ICE and TURN, one table row each.

A row is called to make an attribute of a message, ``PRIORITY(1862270975)``, and is the key to read
it, ``message.get(PRIORITY)``. MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256 and FINGERPRINT have no
rows: they are computed by ``encode`` and checked by ``decode`` and ``verify_integrity``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Generic, NamedTuple, TypeVar

from sipice.errors import StunDecodeError, UsageError
from sipice.net import Address

MAGIC_COOKIE = 0x2112A442
COOKIE_BYTES = MAGIC_COOKIE.to_bytes(4, "big")

MESSAGE_INTEGRITY = 0x0008
MESSAGE_INTEGRITY_SHA256 = 0x001C
FINGERPRINT = 0x8028

T = TypeVar("T")


class ErrorCode(NamedTuple):
    """The value of ERROR-CODE: 300 to 699 and its reason phrase."""

    code: int
    reason: str


class PasswordAlgorithm(NamedTuple):
    """One entry of PASSWORD-ALGORITHMS: 1 is MD5, 2 is SHA-256."""

    number: int
    parameters: bytes = b""


class AddressError(NamedTuple):
    """The value of ADDRESS-ERROR-CODE: the family that was not allocated (4 or 6), and why."""

    family: int
    error: ErrorCode


class Icmp(NamedTuple):
    """The value of ICMP: what came back instead of an answer of the peer."""

    type: int
    code: int
    data: bytes


class Codec(NamedTuple, Generic[T]):
    """How a value is written and read; both get the transaction id, which XOR addresses need.

    ``decode`` returns None for a value to be treated as if the attribute were absent.
    """

    encode: Callable[[T, bytes], bytes]
    decode: Callable[[bytes, bytes], T | None]


@dataclass(frozen=True, slots=True, eq=False)
class Attribute(Generic[T]):
    """One row of the table."""

    number: int
    name: str
    codec: Codec[T]
    rfc: str
    """Where it is defined."""

    def __call__(self, value: T) -> tuple[int, object]:
        """The attribute with this value, as an element of ``Message.attributes``."""
        return self.number, value


# --- codecs ---------------------------------------------------------------------------------------


def _malformed(what: str) -> StunDecodeError:
    return StunDecodeError(f"malformed {what}")


def _number(layout: str) -> Codec[int]:
    """A whole number; the layout pads with the reserved bytes, which are ignored on receipt."""
    struct = Struct(layout)

    def decode(raw: bytes, _: bytes) -> int:
        if len(raw) != struct.size:
            raise _malformed("number")
        value: int = struct.unpack(raw)[0]
        return value

    return Codec(lambda value, _: struct.pack(value), decode)


def _text(limit: int) -> Codec[str]:
    """UTF-8 text of fewer than ``limit`` bytes when sent, of at most 763 bytes when received."""

    def encode(value: str, _: bytes) -> bytes:
        raw = value.encode()
        if len(raw) >= limit:
            raise UsageError(f"a text of {len(raw)} bytes; fewer than {limit} are allowed")
        return raw

    def decode(raw: bytes, _: bytes) -> str:
        if len(raw) > 763:
            raise _malformed("text: too long")
        try:
            return raw.decode()
        except UnicodeDecodeError:
            raise _malformed("text: not UTF-8") from None

    return Codec(encode, decode)


def _lenient_text() -> Codec[str]:
    """Text that only people read: odd bytes in it are no reason to drop a message."""
    return Codec(_text(763).encode, lambda raw, _: raw.decode(errors="replace"))


def _blob(least: int, most: int) -> Codec[bytes]:
    def decode(raw: bytes, _: bytes) -> bytes:
        if not least <= len(raw) <= most:
            raise _malformed("byte string")
        return raw

    return Codec(lambda value, _: value, decode)


def _flag() -> Codec[bool]:
    """Present or absent; a value, which nobody should send, is ignored."""
    return Codec(lambda value, _: b"", lambda raw, _: True)


def _encode_address(value: Address, _: bytes) -> bytes:
    return bytes((0, 1 if len(value.ip) == 4 else 2)) + value.port.to_bytes(2, "big") + value.ip


def _decode_address(raw: bytes, _: bytes) -> Address | None:
    if len(raw) < 4:
        raise _malformed("address")
    expected = {1: 8, 2: 20}.get(raw[1])
    if expected is None:
        return None  # §6.3.3: an unsupported family is ignored
    if len(raw) != expected:
        raise _malformed("address")
    return Address(raw[4:], raw[2] << 8 | raw[3])


def xor_address(value: Address, transaction_id: bytes) -> Address:
    """§14.2: obfuscate an address, or reveal it again."""
    size = len(value.ip)
    mask = int.from_bytes((COOKIE_BYTES + transaction_id)[:size], "big")
    ip = (int.from_bytes(value.ip, "big") ^ mask).to_bytes(size, "big")
    return Address(ip, value.port ^ MAGIC_COOKIE >> 16)


def _encode_xor_address(value: Address, transaction_id: bytes) -> bytes:
    return _encode_address(xor_address(value, transaction_id), transaction_id)


def _decode_xor_address(raw: bytes, transaction_id: bytes) -> Address | None:
    value = _decode_address(raw, transaction_id)
    return None if value is None else xor_address(value, transaction_id)


def _encode_error(value: ErrorCode, _: bytes) -> bytes:
    if not 300 <= value.code <= 699:
        raise UsageError(f"error code {value.code}; 300 to 699 are allowed")
    return bytes((0, 0, value.code // 100, value.code % 100)) + value.reason.encode()


def _decode_error(raw: bytes, _: bytes) -> ErrorCode:
    if len(raw) < 4:
        raise _malformed("error code")
    hundreds, rest = raw[2] & 0x07, raw[3]
    if not 3 <= hundreds <= 6 or rest > 99:
        raise _malformed("error code")
    return ErrorCode(hundreds * 100 + rest, raw[4:].decode(errors="replace"))


def _encode_numbers(value: Sequence[int], _: bytes) -> bytes:
    return b"".join(number.to_bytes(2, "big") for number in value)


def _decode_numbers(raw: bytes, _: bytes) -> tuple[int, ...]:
    if len(raw) % 2:
        raise _malformed("list of attribute types")
    return tuple(raw[i] << 8 | raw[i + 1] for i in range(0, len(raw), 2))


def _encode_algorithm(value: PasswordAlgorithm, _: bytes) -> bytes:
    size = len(value.parameters)
    head = value.number.to_bytes(2, "big") + size.to_bytes(2, "big")
    return head + value.parameters + bytes(-size % 4)


def _split_algorithms(raw: bytes) -> list[PasswordAlgorithm]:
    found, position = [], 0
    while position < len(raw):
        size = int.from_bytes(raw[position + 2 : position + 4], "big")
        end = position + 4 + size
        if end > len(raw):
            raise _malformed("password algorithm")
        number = int.from_bytes(raw[position : position + 2], "big")
        found.append(PasswordAlgorithm(number, raw[position + 4 : end]))
        position = end + -size % 4
    return found


def _decode_algorithm(raw: bytes, _: bytes) -> PasswordAlgorithm:
    found = _split_algorithms(raw)
    if len(found) != 1:
        raise _malformed("password algorithm")
    return found[0]


def _encode_algorithms(value: Sequence[PasswordAlgorithm], _: bytes) -> bytes:
    return b"".join(_encode_algorithm(algorithm, _) for algorithm in value)


def _decode_algorithms(raw: bytes, _: bytes) -> tuple[PasswordAlgorithm, ...]:
    return tuple(_split_algorithms(raw))


def _encode_family(value: int, _: bytes) -> bytes:
    return bytes((1 if value == 4 else 2, 0, 0, 0))


def _decode_family(raw: bytes, _: bytes) -> int | None:
    if len(raw) != 4:
        raise _malformed("address family")
    return {1: 4, 2: 6}.get(raw[0])


def _encode_address_error(value: AddressError, _: bytes) -> bytes:
    return bytes((1 if value.family == 4 else 2,)) + _encode_error(value.error, _)[1:]


def _decode_address_error(raw: bytes, _: bytes) -> AddressError | None:
    error = _decode_error(raw, _)
    family = {1: 4, 2: 6}.get(raw[0])
    return None if family is None else AddressError(family, error)


def _encode_icmp(value: Icmp, _: bytes) -> bytes:
    return bytes((0, 0, value.type, value.code)) + value.data


def _decode_icmp(raw: bytes, _: bytes) -> Icmp:
    # Erratum 8901: type and code have 8 bits each. The data has 4 bytes; tolerate others.
    if len(raw) < 4:
        raise _malformed("ICMP")
    return Icmp(raw[2], raw[3], raw[4:])


_ADDRESS = Codec(_encode_address, _decode_address)
_XOR_ADDRESS = Codec(_encode_xor_address, _decode_xor_address)
_FAMILY = Codec(_encode_family, _decode_family)

# --- the table ------------------------------------------------------------------------------------

MAPPED_ADDRESS = Attribute(0x0001, "MAPPED-ADDRESS", _ADDRESS, "8489 14.1")
USERNAME = Attribute(0x0006, "USERNAME", _text(509), "8489 14.3")
ERROR_CODE = Attribute(0x0009, "ERROR-CODE", Codec(_encode_error, _decode_error), "8489 14.8")
UNKNOWN_ATTRIBUTES: Attribute[Sequence[int]] = Attribute(
    0x000A, "UNKNOWN-ATTRIBUTES", Codec(_encode_numbers, _decode_numbers), "8489 14.13"
)
REALM = Attribute(0x0014, "REALM", _text(763), "8489 14.9")
NONCE = Attribute(0x0015, "NONCE", _blob(0, 763), "8489 14.10")
PASSWORD_ALGORITHM = Attribute(
    0x001D, "PASSWORD-ALGORITHM", Codec(_encode_algorithm, _decode_algorithm), "8489 14.12"
)
USERHASH = Attribute(0x001E, "USERHASH", _blob(32, 32), "8489 14.4")
XOR_MAPPED_ADDRESS = Attribute(0x0020, "XOR-MAPPED-ADDRESS", _XOR_ADDRESS, "8489 14.2")
PASSWORD_ALGORITHMS: Attribute[Sequence[PasswordAlgorithm]] = Attribute(
    0x8002, "PASSWORD-ALGORITHMS", Codec(_encode_algorithms, _decode_algorithms), "8489 14.11"
)
ALTERNATE_DOMAIN = Attribute(0x8003, "ALTERNATE-DOMAIN", _text(256), "8489 14.16")
SOFTWARE = Attribute(0x8022, "SOFTWARE", _lenient_text(), "8489 14.14")
ALTERNATE_SERVER = Attribute(0x8023, "ALTERNATE-SERVER", _ADDRESS, "8489 14.15")
OTHER_ADDRESS = Attribute(0x802C, "OTHER-ADDRESS", _ADDRESS, "5780 7.4")

PRIORITY = Attribute(0x0024, "PRIORITY", _number("!I"), "8445 16.1")
USE_CANDIDATE = Attribute(0x0025, "USE-CANDIDATE", _flag(), "8445 16.1")
ICE_CONTROLLED = Attribute(0x8029, "ICE-CONTROLLED", _number("!Q"), "8445 16.1")
ICE_CONTROLLING = Attribute(0x802A, "ICE-CONTROLLING", _number("!Q"), "8445 16.1")

CHANNEL_NUMBER = Attribute(0x000C, "CHANNEL-NUMBER", _number("!H2x"), "8656 18.1")
LIFETIME = Attribute(0x000D, "LIFETIME", _number("!I"), "8656 18.2")
XOR_PEER_ADDRESS = Attribute(0x0012, "XOR-PEER-ADDRESS", _XOR_ADDRESS, "8656 18.3")
DATA = Attribute(0x0013, "DATA", _blob(0, 0xFFFF), "8656 18.4")
XOR_RELAYED_ADDRESS = Attribute(0x0016, "XOR-RELAYED-ADDRESS", _XOR_ADDRESS, "8656 18.5")
REQUESTED_ADDRESS_FAMILY = Attribute(0x0017, "REQUESTED-ADDRESS-FAMILY", _FAMILY, "8656 18.6")
EVEN_PORT = Attribute(0x0018, "EVEN-PORT", _number("!B"), "8656 18.7")
REQUESTED_TRANSPORT = Attribute(0x0019, "REQUESTED-TRANSPORT", _number("!B3x"), "8656 18.8")
DONT_FRAGMENT = Attribute(0x001A, "DONT-FRAGMENT", _flag(), "8656 18.9")
RESERVATION_TOKEN = Attribute(0x0022, "RESERVATION-TOKEN", _blob(8, 8), "8656 18.10")
ADDITIONAL_ADDRESS_FAMILY = Attribute(0x8000, "ADDITIONAL-ADDRESS-FAMILY", _FAMILY, "8656 18.11")
ADDRESS_ERROR_CODE = Attribute(
    0x8001, "ADDRESS-ERROR-CODE", Codec(_encode_address_error, _decode_address_error), "8656 18.12"
)
ICMP = Attribute(0x8004, "ICMP", Codec(_encode_icmp, _decode_icmp), "8656 18.13")

TABLE: dict[int, Attribute[object]] = {
    row.number: row for row in list(globals().values()) if isinstance(row, Attribute)
}
"""Every row by its number."""

REASONS = {
    300: "Try Alternate",
    400: "Bad Request",
    401: "Unauthenticated",
    403: "Forbidden",
    420: "Unknown Attribute",
    437: "Allocation Mismatch",
    438: "Stale Nonce",
    440: "Address Family not Supported",
    441: "Wrong Credentials",
    442: "Unsupported Transport Protocol",
    443: "Peer Address Family Mismatch",
    486: "Allocation Quota Reached",
    487: "Role Conflict",
    500: "Server Error",
    508: "Insufficient Capacity",
}
"""Error codes and their usual reason phrases."""
