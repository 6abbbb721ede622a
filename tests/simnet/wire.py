"""RFC 8489 and RFC 8656 on the wire, once more: a small codec that shares no line with ours.

The virtual servers speak through it and the conformance checker reads through it, so a mistake in
the codec under test cannot hide by being made on both sides. It imports nothing of sipice.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

Place = tuple[bytes, int]
"""A transport address: packed IP and port."""

COOKIE = b"\x21\x12\xa4\x42"
HEADER = 20
_TWO = struct.Struct("!HH").unpack_from


class WireError(ValueError):
    """The bytes are no well-formed STUN message."""


class Class(IntEnum):
    """The two class bits of a message type."""

    REQUEST = 0
    INDICATION = 1
    SUCCESS = 2
    ERROR = 3


_CLASSES = tuple(Class)


class Method(IntEnum):
    """The methods that ICE and TURN over UDP use."""

    BINDING = 0x001
    ALLOCATE = 0x003
    REFRESH = 0x004
    SEND = 0x006
    DATA = 0x007
    CREATE_PERMISSION = 0x008
    CHANNEL_BIND = 0x009


class Attr(IntEnum):
    """Attribute types."""

    MAPPED_ADDRESS = 0x0001
    CHANGE_REQUEST = 0x0003
    USERNAME = 0x0006
    MESSAGE_INTEGRITY = 0x0008
    ERROR_CODE = 0x0009
    UNKNOWN_ATTRIBUTES = 0x000A
    CHANNEL_NUMBER = 0x000C
    LIFETIME = 0x000D
    XOR_PEER_ADDRESS = 0x0012
    DATA = 0x0013
    REALM = 0x0014
    NONCE = 0x0015
    XOR_RELAYED_ADDRESS = 0x0016
    REQUESTED_ADDRESS_FAMILY = 0x0017
    EVEN_PORT = 0x0018
    REQUESTED_TRANSPORT = 0x0019
    DONT_FRAGMENT = 0x001A
    MESSAGE_INTEGRITY_SHA256 = 0x001C
    PASSWORD_ALGORITHM = 0x001D
    USERHASH = 0x001E
    XOR_MAPPED_ADDRESS = 0x0020
    RESERVATION_TOKEN = 0x0022
    PRIORITY = 0x0024
    USE_CANDIDATE = 0x0025
    ADDITIONAL_ADDRESS_FAMILY = 0x8000
    ADDRESS_ERROR_CODE = 0x8001
    PASSWORD_ALGORITHMS = 0x8002
    ALTERNATE_DOMAIN = 0x8003
    SOFTWARE = 0x8022
    ALTERNATE_SERVER = 0x8023
    FINGERPRINT = 0x8028
    ICE_CONTROLLED = 0x8029
    ICE_CONTROLLING = 0x802A
    OTHER_ADDRESS = 0x802C


@dataclass(frozen=True, slots=True)
class Message:
    """A parsed message; ``attributes`` are (type, value, offset) in the order of the wire."""

    method: int
    cls: Class
    transaction: bytes
    attributes: tuple[tuple[int, bytes, int], ...]
    raw: bytes

    def get(self, kind: int) -> bytes | None:
        """The value of the first attribute of that type."""
        for number, value, _ in self.attributes:
            if number == kind:
                return value
        return None

    def has(self, kind: int) -> bool:
        return self.get(kind) is not None

    def kinds(self) -> list[int]:
        return [number for number, _, _ in self.attributes]

    def address(self, kind: int) -> Place | None:
        """A XOR-ed address attribute, decoded."""
        value = self.get(kind)
        return None if value is None else unxor_address(value, self.transaction)

    def error(self) -> int | None:
        """The number of ERROR-CODE."""
        value = self.get(Attr.ERROR_CODE)
        return None if value is None or len(value) < 4 else (value[2] & 7) * 100 + value[3]


def message_type(method: int, cls: int) -> int:
    """§5: the class bits stand between those of the method."""
    return (
        (method & 0x000F)
        | (method & 0x0070) << 1
        | (method & 0x0F80) << 2
        | (cls & 1) << 4
        | (cls & 2) << 7
    )


@lru_cache(maxsize=1024)
def parse(data: bytes) -> Message:
    """One whole datagram; raises WireError for anything that is not exactly one message.

    Everybody on the way of a datagram asks for the same.
    """
    if len(data) < HEADER:
        raise WireError(f"{len(data)} bytes are no header")
    kind, length = _TWO(data)
    if kind & 0xC000 or data[4:8] != COOKIE:
        raise WireError("no leading zero bits or no magic cookie")
    if length % 4 or HEADER + length != len(data):
        raise WireError(f"length {length} in a datagram of {len(data)}")
    method = (kind & 0x000F) | (kind & 0x00E0) >> 1 | (kind & 0x3E00) >> 2
    cls = _CLASSES[(kind >> 4 & 1) | (kind >> 7 & 2)]
    return Message(method, cls, data[8:20], tuple(_attributes(data)), data)


def _attributes(data: bytes) -> Iterable[tuple[int, bytes, int]]:
    offset = HEADER
    while offset < len(data):
        kind, length = _TWO(data, offset)
        end = offset + 4 + length
        if end > len(data):
            raise WireError(f"attribute 0x{kind:04x} is longer than its message")
        yield kind, data[offset + 4 : end], offset
        offset = end + -length % 4


def looks_like_stun(data: bytes) -> bool:
    """RFC 7983: first byte 0 to 3, and the cookie."""
    return len(data) >= HEADER and data[0] < 4 and data[4:8] == COOKIE


def is_channel_data(data: bytes) -> bool:
    """RFC 8656 §12.6: first byte 64 to 79."""
    return len(data) >= 4 and 64 <= data[0] <= 79


def attribute(kind: int, value: bytes) -> bytes:
    """Header, value and zero padding."""
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def build(
    method: int,
    cls: int,
    transaction: bytes,
    attributes: Iterable[tuple[int, bytes]] = (),
    *,
    key: bytes | None = None,
    sha256: bytes | None = None,
    fingerprint: bool = True,
) -> bytes:
    """A message; ``key`` adds MESSAGE-INTEGRITY, ``sha256`` MESSAGE-INTEGRITY-SHA256."""
    body = b"".join(attribute(kind, value) for kind, value in attributes)
    start = struct.pack("!H", message_type(method, cls))

    def head(extra: int) -> bytes:
        return start + struct.pack("!H", len(body) + extra) + COOKIE + transaction

    if key is not None:
        mac = hmac.digest(key, head(24) + body, "sha1")
        body += attribute(Attr.MESSAGE_INTEGRITY, mac)
    if sha256 is not None:
        mac = hmac.digest(sha256, head(36) + body, "sha256")
        body += attribute(Attr.MESSAGE_INTEGRITY_SHA256, mac)
    if fingerprint:
        crc = zlib.crc32(head(8) + body) ^ 0x5354554E
        body += attribute(Attr.FINGERPRINT, struct.pack("!I", crc))
    return head(0) + body


def fingerprint_valid(message: Message) -> bool:
    """§14.7: present, last, and the CRC of everything before it."""
    if not message.attributes:
        return False
    kind, value, offset = message.attributes[-1]
    if kind != Attr.FINGERPRINT or len(value) != 4:
        return False
    return int.from_bytes(value) == zlib.crc32(message.raw[:offset]) ^ 0x5354554E


def integrity_valid(message: Message, key: bytes) -> bool:
    """§14.5: the HMAC-SHA1 over everything before it, the length ending after it."""
    return _mac_valid(message, Attr.MESSAGE_INTEGRITY, key, "sha1", 20)


def integrity_sha256_valid(message: Message, key: bytes) -> bool:
    """§14.6, untruncated."""
    return _mac_valid(message, Attr.MESSAGE_INTEGRITY_SHA256, key, "sha256", 32)


def _mac_valid(message: Message, wanted: int, key: bytes, digest: str, size: int) -> bool:
    for kind, value, offset in message.attributes:
        if kind == wanted:
            length = struct.pack("!H", offset + 4 + size - HEADER)
            covered = message.raw[:2] + length + message.raw[4:offset]
            return hmac.compare_digest(_mac(key, covered, digest), value)
    return False


@lru_cache(maxsize=1024)
def _mac(key: bytes, covered: bytes, digest: str) -> bytes:
    """A request is judged when it leaves, and again with its answer."""
    return hmac.digest(key, covered, digest)


def padding_is_zero(message: Message) -> bool:
    """§14: a sender pads with zeros."""
    for _, value, offset in message.attributes:
        end = offset + 4 + len(value)
        if len(value) % 4 and any(message.raw[end : end + -len(value) % 4]):
            return False
    return True


def xor_address(place: Place, transaction: bytes) -> bytes:
    """§14.2."""
    ip, port = place
    family = 1 if len(ip) == 4 else 2
    mask = COOKIE + transaction
    mixed = bytes(a ^ b for a, b in zip(ip, mask, strict=False))
    return struct.pack("!BBH", 0, family, port ^ 0x2112) + mixed


def unxor_address(value: bytes, transaction: bytes) -> Place:
    """The reverse; raises WireError."""
    if len(value) < 4 or len(value) != {1: 8, 2: 20}.get(value[1]):
        raise WireError(f"an address of {len(value)} bytes")
    mask = COOKIE + transaction
    ip = bytes(a ^ b for a, b in zip(value[4:], mask, strict=False))
    return ip, struct.unpack_from("!H", value, 2)[0] ^ 0x2112


def plain_address(place: Place) -> bytes:
    """§14.1: MAPPED-ADDRESS and ALTERNATE-SERVER."""
    ip, port = place
    return struct.pack("!BBH", 0, 1 if len(ip) == 4 else 2, port) + ip


def error_code(number: int, reason: str) -> bytes:
    """§14.8."""
    return struct.pack("!HBB", 0, number // 100, number % 100) + reason.encode()


def long_term_key(user: str, realm: str, password: str, *, sha256: bool = False) -> bytes:
    """§9.2.2; the password prepared already."""
    text = f"{user}:{realm}:{password}".encode()
    return hashlib.sha256(text).digest() if sha256 else hashlib.md5(text).digest()


def user_hash(user: str, realm: str) -> bytes:
    """§14.4."""
    return hashlib.sha256(f"{user}:{realm}".encode()).digest()


def channel_data(number: int, data: bytes) -> bytes:
    """RFC 8656 §12.4, unpadded as over UDP."""
    return struct.pack("!HH", number, len(data)) + data


def parse_channel_data(data: bytes) -> tuple[int, bytes]:
    """Number and data; raises WireError where the length does not fit."""
    number, length = struct.unpack_from("!HH", data)
    if len(data) < 4 + length:
        raise WireError("truncated ChannelData")
    return number, data[4 : 4 + length]
