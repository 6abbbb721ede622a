"""What one STUN message must look like, whoever sees it: RFC 8489, RFC 8445 §7, §11, RFC 8656.

Each rule takes a parsed message and yields what is wrong with it. Like the codec it reads through,
this module imports nothing of sipice.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.simnet import wire
from tests.simnet.wire import Attr, Class, Message, Method

PRFLX_PREFERENCE = 110
CHECK_LIMIT = {4: 548, 16: 1232}
"""§6.1: a datagram that fits the smallest path, by the length of the IP address."""

SEALS = {Attr.MESSAGE_INTEGRITY, Attr.MESSAGE_INTEGRITY_SHA256, Attr.FINGERPRINT}
CHECK_REQUIRED = {Attr.USERNAME, Attr.PRIORITY, Attr.USE_CANDIDATE, Attr.MESSAGE_INTEGRITY}
LONG_TERM = (Attr.REALM, Attr.NONCE)


def shape(message: Message) -> Iterator[str]:
    """RFC 8489 §14: order, repetition and padding, the same for every message."""
    kinds = message.kinds()
    if len(set(kinds)) != len(kinds) and message.method != Method.CREATE_PERMISSION:
        yield "an attribute stands twice"
    if not wire.padding_is_zero(message):
        yield "padding is not zero"
    sealed = [kind in SEALS for kind in kinds]
    if sealed != sorted(sealed):
        yield "an attribute follows MESSAGE-INTEGRITY"
    if message.has(Attr.FINGERPRINT) and not wire.fingerprint_valid(message):
        yield "FINGERPRINT is wrong or not last"


def check_request(message: Message) -> Iterator[str]:
    """RFC 8445 §7.1, §7.2.2, §7.2.4: a connectivity check, apart from its keys."""
    if not message.has(Attr.MESSAGE_INTEGRITY):
        yield "a check without MESSAGE-INTEGRITY"
    if not message.has(Attr.FINGERPRINT):
        yield "a check without FINGERPRINT"
    yield from _priority(message)
    yield from _role(message)
    required = {kind for kind in message.kinds() if kind < 0x8000}
    if extra := required - CHECK_REQUIRED:
        yield f"comprehension-required {sorted(map(hex, extra))} in a check"
    yield from username(message)


def _priority(message: Message) -> Iterator[str]:
    value = message.get(Attr.PRIORITY)
    if value is None or len(value) != 4:
        yield "a check without a PRIORITY of four bytes"
        return
    number = int.from_bytes(value)
    if not 1 <= number < 2**31 or number >> 24 != PRFLX_PREFERENCE:
        yield f"PRIORITY {number} is not that of a peer-reflexive candidate"
    elif number & 0xFF == 0 and number >> 8 & 0xFFFF == 0:
        yield f"PRIORITY {number} has no local preference"


def _role(message: Message) -> Iterator[str]:
    roles = [message.get(Attr.ICE_CONTROLLING), message.get(Attr.ICE_CONTROLLED)]
    if roles.count(None) != 1:
        yield "not exactly one of ICE-CONTROLLING and ICE-CONTROLLED"
    elif len(roles[0] or roles[1] or b"") != 8:
        yield "a tie-breaker that is not eight bytes"
    nomination = message.get(Attr.USE_CANDIDATE)
    if nomination is not None and (nomination or roles[0] is None):
        yield "USE-CANDIDATE with a value, or from the controlled side"


def username(message: Message) -> Iterator[str]:
    value = message.get(Attr.USERNAME)
    parts = [] if value is None else value.split(b":")
    if len(parts) != 2 or not all(4 <= len(part) <= 256 for part in parts):
        yield f"USERNAME {value!r} is not ufrag:ufrag"


def check_success(message: Message) -> Iterator[str]:
    """RFC 8489 §9.1.3, RFC 8445 §7.3: the answer to a check."""
    if not message.has(Attr.MESSAGE_INTEGRITY) or not message.has(Attr.FINGERPRINT):
        yield "a success response without MESSAGE-INTEGRITY or FINGERPRINT"
    if not message.has(Attr.XOR_MAPPED_ADDRESS):
        yield "a success response without XOR-MAPPED-ADDRESS"
    required = {kind for kind in message.kinds() if kind < 0x8000} - SEALS
    if extra := required - {Attr.XOR_MAPPED_ADDRESS}:
        yield f"{sorted(map(hex, extra))} in a success response"
    if message.has(Attr.ALTERNATE_SERVER):
        yield "ALTERNATE-SERVER in the answer to a check"


def check_error(message: Message) -> Iterator[str]:
    """RFC 8489 §6.3.1.1, §9.1.3, RFC 8445 §7.3.1.1: a check refused."""
    value, code = message.get(Attr.ERROR_CODE), message.error()
    if value is None or code is None or not 300 <= code <= 699 or value[3] > 99:
        yield "an error response without a proper ERROR-CODE"
        return
    if value[:2] != b"\0\0" or value[2] > 7:
        yield "reserved bits set in ERROR-CODE"
    if len(value[4:].decode()) >= 128:
        yield "a reason of 128 characters or more"
    if not message.has(Attr.FINGERPRINT):
        yield "an error response without FINGERPRINT"
    if message.has(Attr.USERNAME):
        yield "USERNAME in a response"
    authenticated = message.has(Attr.MESSAGE_INTEGRITY)
    if code in {400, 401} and authenticated and code == 401:
        yield "MESSAGE-INTEGRITY in a 401"
    if code == 487 and not authenticated:
        yield "487 without MESSAGE-INTEGRITY"
    if (code == 420) != message.has(Attr.UNKNOWN_ATTRIBUTES):
        yield "UNKNOWN-ATTRIBUTES belongs to 420, and 420 to it"


def keepalive(message: Message) -> Iterator[str]:
    """RFC 8445 §11: a Binding indication carries FINGERPRINT and nothing else."""
    if message.kinds() != [Attr.FINGERPRINT]:
        yield f"a keepalive with {list(map(hex, message.kinds()))}"


def gathering_request(message: Message) -> Iterator[str]:
    """RFC 8445 §5.1.1.2: a Binding request to a STUN server."""
    if set(message.kinds()) - {Attr.SOFTWARE, Attr.FINGERPRINT}:
        yield f"a gathering request with {list(map(hex, message.kinds()))}"


def turn_request(message: Message) -> Iterator[str]:
    """RFC 8656 §7.1, §10.1, §12.1 and RFC 8489 §9.2.3."""
    yield from _credentials(message)
    match message.method:
        case Method.ALLOCATE:
            yield from _allocate(message)
        case Method.CREATE_PERMISSION if not message.has(Attr.XOR_PEER_ADDRESS):
            yield "CreatePermission without a peer"
        case Method.CHANNEL_BIND:
            number = message.get(Attr.CHANNEL_NUMBER) or b""
            if len(number) != 4 or number[2:] != b"\0\0" or number[0] >> 4 != 4:
                yield f"CHANNEL-NUMBER {number.hex()}"
            if not message.has(Attr.XOR_PEER_ADDRESS):
                yield "ChannelBind without a peer"
        case Method.REFRESH | Method.CREATE_PERMISSION:
            pass
        case _:
            yield f"a request of method {message.method}"


def _allocate(message: Message) -> Iterator[str]:
    if message.get(Attr.REQUESTED_TRANSPORT) != b"\x11\0\0\0":
        yield "REQUESTED-TRANSPORT is not UDP with three zero bytes"
    family = message.get(Attr.REQUESTED_ADDRESS_FAMILY)
    if family is not None:
        if family not in {b"\1\0\0\0", b"\2\0\0\0"}:
            yield f"REQUESTED-ADDRESS-FAMILY {family.hex()}"
        if message.has(Attr.ADDITIONAL_ADDRESS_FAMILY) or message.has(Attr.RESERVATION_TOKEN):
            yield "REQUESTED-ADDRESS-FAMILY with what it excludes"


def _credentials(message: Message) -> Iterator[str]:
    name = message.has(Attr.USERNAME) or message.has(Attr.USERHASH)
    seal = message.has(Attr.MESSAGE_INTEGRITY) or message.has(Attr.MESSAGE_INTEGRITY_SHA256)
    present = [name, seal, *(message.has(kind) for kind in LONG_TERM)]
    if any(present) and not all(present):
        yield "credentials in part: name, realm, nonce and integrity belong together"
    if message.method != Method.ALLOCATE and not any(present):
        yield "a TURN request without credentials"
    if message.has(Attr.PASSWORD_ALGORITHM) != message.has(Attr.PASSWORD_ALGORITHMS):
        yield "PASSWORD-ALGORITHM and PASSWORD-ALGORITHMS go together"


def send_indication(message: Message) -> Iterator[str]:
    """RFC 8656 §11.1, §5: peer and data, no authentication."""
    kinds = set(message.kinds())
    if not {Attr.XOR_PEER_ADDRESS, Attr.DATA} <= kinds:
        yield "a Send indication without peer or data"
    if kinds & {Attr.USERNAME, Attr.MESSAGE_INTEGRITY, Attr.MESSAGE_INTEGRITY_SHA256}:
        yield "an authenticated indication"


def of_class(message: Message) -> Iterator[str]:
    """The rules for a message whose method and class say all."""
    yield from shape(message)
    match message.method, message.cls:
        case Method.BINDING, Class.INDICATION:
            yield from keepalive(message)
        case Method.BINDING, Class.SUCCESS:
            yield from check_success(message)
        case Method.BINDING, Class.ERROR:
            yield from check_error(message)
        case Method.SEND, Class.INDICATION:
            yield from send_indication(message)
        case _, Class.REQUEST:
            pass
        case _:
            yield f"method {message.method} {message.cls.name} from an agent"
