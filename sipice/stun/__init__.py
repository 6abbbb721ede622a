"""STUN (RFC 8489), sans-IO: messages, attributes, integrity.

``decode(data)`` gives a Message or raises StunDecodeError; ``encode(message, key)`` seals it.
Attributes are made by the rows of ``sipice.stun.attributes``, ``USERNAME("abcd:efgh")``, and read
with ``message.get(USERNAME)``. A key is ``Key.short_term(password)`` or ``long_term_key(...)``.

On the way of connectivity checks ``parse_check(data)`` gives a CheckRequest or CheckResponse, which
are tuples, and a Message for anything else; ``key.verifies(check.signed, check.mac)`` is their
integrity. ``CheckTemplate`` and ``success_response`` build them.

``Transaction`` is the schedule of a client's request, ``classify`` tells STUN from media, and
``Framer`` cuts byte streams.
"""

from sipice.errors import StunDecodeError
from sipice.stun.attributes import (
    Attribute,
    ErrorCode,
    PasswordAlgorithm,
    xor_address,
)
from sipice.stun.check import (
    Check,
    CheckParser,
    CheckRequest,
    CheckResponse,
    CheckTemplate,
    as_check,
    parse_check,
    success_response,
)
from sipice.stun.demux import Protocol, classify, is_stun
from sipice.stun.framing import Framer, frame_rfc4571
from sipice.stun.integrity import Key, long_term_key, userhash
from sipice.stun.longterm import Challenge, LongTermCredentials
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
    "Challenge",
    "Check",
    "CheckParser",
    "CheckRequest",
    "CheckResponse",
    "CheckTemplate",
    "Class",
    "ErrorCode",
    "Framer",
    "Key",
    "LongTermCredentials",
    "Message",
    "Method",
    "PasswordAlgorithm",
    "Protocol",
    "StunDecodeError",
    "Transaction",
    "as_check",
    "classify",
    "decode",
    "encode",
    "error_response",
    "frame_rfc4571",
    "is_stun",
    "long_term_key",
    "parse_check",
    "success_response",
    "userhash",
    "verify_integrity",
    "xor_address",
]
