"""STUN (RFC 8489), sans-IO: messages, attributes, integrity.

``decode(data)`` gives a Message or raises StunDecodeError; ``encode(message, key)`` seals it.
Attributes are made by the rows of ``sipice.stun.attributes``, ``USERNAME("abcd:efgh")``, and read
with ``message.get(USERNAME)``. A key is ``Key.short_term(password)`` or ``long_term_key(...)``.
``Transaction`` is the schedule of a client's request, ``classify`` tells STUN from media.
"""

from sipice.errors import StunDecodeError
from sipice.stun.attributes import (
    Attribute,
    ErrorCode,
    PasswordAlgorithm,
    xor_address,
)
from sipice.stun.demux import Protocol, classify, is_stun
from sipice.stun.integrity import Key, long_term_key, userhash
from sipice.stun.message import (
    Class,
    Message,
    Method,
    decode,
    encode,
    error_response,
    verify_integrity,
)
from sipice.stun.transaction import Transaction

__all__ = [
    "Attribute",
    "Class",
    "ErrorCode",
    "Key",
    "Message",
    "Method",
    "PasswordAlgorithm",
    "Protocol",
    "StunDecodeError",
    "Transaction",
    "classify",
    "decode",
    "encode",
    "error_response",
    "is_stun",
    "long_term_key",
    "userhash",
    "verify_integrity",
    "xor_address",
]
