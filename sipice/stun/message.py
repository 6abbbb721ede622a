"""RFC 8489 §5: the STUN message, its header and the walk over its attributes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from hmac import compare_digest
from struct import Struct, error
from typing import cast

from sipice.errors import StunDecodeError, UsageError
from sipice.stun.attributes import (
    ERROR_CODE,
    FINGERPRINT,
    MAGIC_COOKIE,
    MESSAGE_INTEGRITY,
    MESSAGE_INTEGRITY_SHA256,
    REASONS,
    TABLE,
    Attribute,
    ErrorCode,
    T,
)
from sipice.stun.integrity import Key, fingerprint

_HEADER = Struct("!HHI12s")
_ATTRIBUTE = Struct("!HH")
_FINGERPRINT = Struct("!HHI")
_DECODERS = {number: row.codec.decode for number, row in TABLE.items()}


class Class(IntEnum):
    """The class of a message."""

    REQUEST = 0
    INDICATION = 1
    SUCCESS = 2
    ERROR = 3


class Method(IntEnum):
    """The methods of STUN and TURN."""

    BINDING = 0x001
    ALLOCATE = 0x003
    REFRESH = 0x004
    SEND = 0x006
    DATA = 0x007
    CREATE_PERMISSION = 0x008
    CHANNEL_BIND = 0x009


@dataclass(slots=True)
class Message:
    """A STUN message, to be encoded or as decoded; never changed once made.

    ``attributes`` holds (number, value) in order, as the rows of ``sipice.stun.attributes`` make
    them; unknown ones with their raw bytes. What follows the integrity attributes is left out.
    """

    method: int
    message_class: Class
    transaction_id: bytes
    attributes: tuple[tuple[int, object], ...] = ()
    data: bytes = field(default=b"", repr=False, compare=False)
    """The bytes it was decoded from."""
    integrity_at: int = field(default=0, repr=False, compare=False)
    """Where MESSAGE-INTEGRITY begins in ``data``; 0 when absent."""
    integrity_sha256_at: int = field(default=0, repr=False, compare=False)
    """Where MESSAGE-INTEGRITY-SHA256 begins in ``data``; 0 when absent."""
    has_fingerprint: bool = field(default=False, repr=False, compare=False)

    def get(self, attribute: Attribute[T]) -> T | None:
        """The value of the first such attribute (§14: repeated ones are ignored)."""
        number = attribute.number
        for found, value in self.attributes:
            if found == number:
                return cast("T | None", value)
        return None

    def get_all(self, attribute: Attribute[T]) -> list[T]:
        """The values of all such attributes, in order."""
        number = attribute.number
        return [cast("T", value) for found, value in self.attributes if found == number]

    @property
    def error_code(self) -> int | None:
        """The number in ERROR-CODE."""
        found = self.get(ERROR_CODE)
        return None if found is None else found.code

    @property
    def has_integrity(self) -> bool:
        """Whether it carries MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256."""
        return bool(self.integrity_at or self.integrity_sha256_at)

    @property
    def unknown_required(self) -> tuple[int, ...]:
        """The comprehension-required attributes that nobody here knows (§6.3.1)."""
        return tuple(n for n, _ in self.attributes if n < 0x8000 and n not in TABLE)


def error_response(request: Message, code: int, *attributes: tuple[int, object]) -> Message:
    """The error answer to a request, with the usual reason phrase and further attributes."""
    error_code = ERROR_CODE(ErrorCode(code, REASONS.get(code, "Error")))
    return Message(request.method, Class.ERROR, request.transaction_id, (error_code, *attributes))


def encode(
    message: Message, key: Key | None = None, *, sha256: bool = False, fingerprint: bool = True
) -> bytes:
    """The bytes of a message, sealed with MESSAGE-INTEGRITY (or -SHA256) if a key is given."""
    body = encode_attributes(message.attributes, message.transaction_id)
    kind = _message_type(message.method, message.message_class)
    data = _HEADER.pack(kind, len(body), MAGIC_COOKIE, message.transaction_id) + body
    if key is not None:
        data = append_integrity(data, key, sha256=sha256)
    return append_fingerprint(data) if fingerprint else data


def encode_attributes(attributes: tuple[tuple[int, object], ...], transaction_id: bytes) -> bytes:
    """The bytes of attributes alone, padded and in order."""
    return b"".join(
        [_encode_attribute(number, value, transaction_id) for number, value in attributes]
    )


def _encode_attribute(number: int, value: object, transaction_id: bytes) -> bytes:
    row = TABLE.get(number)
    try:
        raw = row.codec.encode(value, transaction_id) if row else bytes(cast("bytes", value))
        return _ATTRIBUTE.pack(number, len(raw)) + raw + bytes(-len(raw) % 4)
    except (error, OverflowError, TypeError) as problem:
        name = row.name if row else f"attribute {number:#06x}"
        raise UsageError(f"{name} cannot have the value {value!r}") from problem


def _message_type(method: int, message_class: int) -> int:
    spread = (method & 0xF80) << 2 | (method & 0x70) << 1 | method & 0xF
    return spread | (message_class & 2) << 7 | (message_class & 1) << 4


def _with_length(data: bytes, length: int) -> bytes:
    return data[:2] + length.to_bytes(2, "big") + data[4:]


def append_integrity(data: bytes, key: Key, *, sha256: bool = False) -> bytes:
    """§14.5, §14.6: add the integrity attribute to an encoded message."""
    number, size = (MESSAGE_INTEGRITY_SHA256, 32) if sha256 else (MESSAGE_INTEGRITY, 20)
    data = _with_length(data, len(data) - 20 + 4 + size)
    mac = key.hmac_sha256(data) if sha256 else key.hmac_sha1(data)
    return data + _ATTRIBUTE.pack(number, size) + mac


def append_fingerprint(data: bytes) -> bytes:
    """§14.7: add FINGERPRINT, after everything else."""
    data = _with_length(data, len(data) - 20 + 8)
    return data + _FINGERPRINT.pack(FINGERPRINT, 4, fingerprint(data))


def decode(data: bytes | bytearray | memoryview) -> Message:
    """Read a message; a wrong FINGERPRINT is an error, its absence is not (§7).

    Raises StunDecodeError, and nothing else, for bytes that are not a well-formed message.
    """
    data = bytes(data)
    size = len(data)
    if size < 20:
        raise StunDecodeError("shorter than a STUN header")
    kind, length, cookie, transaction_id = _HEADER.unpack_from(data)
    if kind & 0xC000 or cookie != MAGIC_COOKIE or length & 3 or length + 20 != size:
        raise StunDecodeError("not a STUN header")
    method = (kind & 0x3E00) >> 2 | (kind & 0xE0) >> 1 | kind & 0xF
    message_class = _CLASSES[(kind & 0x100) >> 7 | (kind & 0x10) >> 4]
    attributes, integrity_at, sha256_at, has_fingerprint = _walk(data, size, transaction_id)
    return Message(
        method,
        message_class,
        transaction_id,
        attributes,
        data,
        integrity_at,
        sha256_at,
        has_fingerprint,
    )


_CLASSES = (Class.REQUEST, Class.INDICATION, Class.SUCCESS, Class.ERROR)


def _walk(
    data: bytes, size: int, transaction_id: bytes
) -> tuple[tuple[tuple[int, object], ...], int, int, bool]:
    """The attributes before integrity, the two integrity positions, and whether FINGERPRINT is."""
    attributes: list[tuple[int, object]] = []
    integrity_at = sha256_at = 0
    position = 20
    while position < size:
        number, length = _ATTRIBUTE.unpack_from(data, position)
        begin = position + 4
        following = begin + length + (-length & 3)
        if following > size:
            raise StunDecodeError("an attribute longer than the message")
        if number == FINGERPRINT:
            _check_fingerprint(data, position, size, length)
            return tuple(attributes), integrity_at, sha256_at, True
        if sha256_at:
            pass  # §9: ignored
        elif number == MESSAGE_INTEGRITY_SHA256:
            _check_integrity_length(length, 16, 32)
            sha256_at = position
        elif integrity_at:
            pass
        elif number == MESSAGE_INTEGRITY:
            _check_integrity_length(length, 20, 20)
            integrity_at = position
        else:
            raw = data[begin : begin + length]
            read = _DECODERS.get(number)
            value = read(raw, transaction_id) if read else raw
            if value is not None:
                attributes.append((number, value))
        position = following
    return tuple(attributes), integrity_at, sha256_at, False


def _check_integrity_length(length: int, least: int, most: int) -> None:
    if length & 3 or not least <= length <= most:
        raise StunDecodeError("an integrity attribute of a wrong length")


def _check_fingerprint(data: bytes, position: int, size: int, length: int) -> None:
    if length != 4 or position + 8 != size:
        raise StunDecodeError("FINGERPRINT is not the last attribute")
    if fingerprint(data[:position]) != int.from_bytes(data[position + 4 :], "big"):
        raise StunDecodeError("wrong FINGERPRINT")


def verify_integrity(message: Message, key: Key, *, shortest: int = 32) -> bool:
    """Whether a decoded message was sealed with this key.

    MESSAGE-INTEGRITY-SHA256 counts where both are present (§9.1.3); ``shortest`` is the length in
    bytes down to which the usage lets it be truncated (§14.6), 16 to 32.
    """
    data = message.data
    if at := message.integrity_sha256_at:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        mac = key.hmac_sha256(_with_length(data[:at], at + length - 16))[:length]
        return length >= shortest and compare_digest(mac, data[at + 4 : at + 4 + length])
    if at := message.integrity_at:
        mac = key.hmac_sha1(_with_length(data[:at], at + 4))
        return compare_digest(mac, data[at + 4 : at + 24])
    return False
