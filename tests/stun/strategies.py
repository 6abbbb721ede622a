"""Messages as hypothesis draws them: every attribute of the table with any value it can have."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from hypothesis import strategies as st

from sipice.net import Address
from sipice.stun import Class, ErrorCode, Key, Message, Method, PasswordAlgorithm, encode
from sipice.stun import attributes as a
from sipice.stun.message import append_fingerprint, encode_attributes

transaction_ids = st.binary(min_size=12, max_size=12)
ports = st.integers(0, 0xFFFF)
ips = st.one_of(st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16))
addresses = st.builds(Address, ips, ports)
families = st.sampled_from([4, 6])
error_codes = st.builds(ErrorCode, st.integers(300, 699), st.text(max_size=20))
algorithms = st.builds(PasswordAlgorithm, st.integers(0, 0xFFFF), st.binary(max_size=9))


def texts(limit: int) -> st.SearchStrategy[str]:
    return st.text(max_size=limit // 4)


VALUES: dict[a.Attribute[Any], st.SearchStrategy[Any]] = {
    a.MAPPED_ADDRESS: addresses,
    a.USERNAME: texts(508),
    a.ERROR_CODE: error_codes,
    a.UNKNOWN_ATTRIBUTES: st.lists(ports, max_size=5).map(tuple),
    a.REALM: texts(762),
    a.NONCE: st.binary(max_size=60),
    a.PASSWORD_ALGORITHM: algorithms,
    a.USERHASH: st.binary(min_size=32, max_size=32),
    a.XOR_MAPPED_ADDRESS: addresses,
    a.PASSWORD_ALGORITHMS: st.lists(algorithms, max_size=4).map(tuple),
    a.ALTERNATE_DOMAIN: texts(255),
    a.SOFTWARE: texts(762),
    a.ALTERNATE_SERVER: addresses,
    a.OTHER_ADDRESS: addresses,
    a.PRIORITY: st.integers(0, 2**32 - 1),
    a.USE_CANDIDATE: st.just(True),
    a.ICE_CONTROLLED: st.integers(0, 2**64 - 1),
    a.ICE_CONTROLLING: st.integers(0, 2**64 - 1),
    a.CHANNEL_NUMBER: ports,
    a.LIFETIME: st.integers(0, 2**32 - 1),
    a.XOR_PEER_ADDRESS: addresses,
    a.DATA: st.binary(max_size=60),
    a.XOR_RELAYED_ADDRESS: addresses,
    a.REQUESTED_ADDRESS_FAMILY: families,
    a.EVEN_PORT: st.integers(0, 255),
    a.REQUESTED_TRANSPORT: st.integers(0, 255),
    a.DONT_FRAGMENT: st.just(True),
    a.RESERVATION_TOKEN: st.binary(min_size=8, max_size=8),
    a.ADDITIONAL_ADDRESS_FAMILY: families,
    a.ADDRESS_ERROR_CODE: st.builds(a.AddressError, families, error_codes),
    a.ICMP: st.builds(a.Icmp, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=8)),
}

known_attributes = st.sampled_from(list(VALUES)).flatmap(lambda row: VALUES[row].map(row))
unknown_attributes = st.tuples(
    st.sampled_from([0x0030, 0x7F00, 0x8100, 0xC057, 0xFF00]), st.binary(max_size=9)
)
messages = st.builds(
    Message,
    st.integers(0, 0xFFF),
    st.sampled_from(Class),
    transaction_ids,
    st.lists(st.one_of(known_attributes, unknown_attributes), max_size=6).map(tuple),
)

KEY = Key.short_term("VOkJxbRl1RmTxUk/WvJxBt")

# Attributes that checks have, each time with other values, in any order and number.
_check_attributes = st.one_of(
    texts(60).map(a.USERNAME),
    VALUES[a.PRIORITY].map(a.PRIORITY),
    VALUES[a.ICE_CONTROLLED].map(a.ICE_CONTROLLED),
    VALUES[a.ICE_CONTROLLING].map(a.ICE_CONTROLLING),
    st.just(a.USE_CANDIDATE(True)),
    addresses.map(a.XOR_MAPPED_ADDRESS),
    st.text(max_size=5).map(a.SOFTWARE),
    unknown_attributes,
)
_request_attributes = st.tuples(
    st.sampled_from(["9uB6:8hhY", "9uB6:8hhZ", "ü:8hhY___"]).map(a.USERNAME),
    VALUES[a.PRIORITY].map(a.PRIORITY),
    st.sampled_from([a.ICE_CONTROLLED(7), a.ICE_CONTROLLING(2**64 - 1)]),
)
_lists = st.one_of(
    st.lists(_check_attributes, max_size=6).map(tuple),
    st.tuples(_request_attributes, st.lists(_check_attributes, max_size=2)).flatmap(
        lambda parts: st.permutations([*parts[0], *parts[1]]).map(tuple)
    ),
    st.tuples(addresses.map(a.XOR_MAPPED_ADDRESS)),
)
check_messages = st.builds(
    Message, st.just(Method.BINDING), st.sampled_from(Class), transaction_ids, _lists
)


@st.composite
def check_datagrams(draw: st.DrawFn) -> bytes:
    """Checks and what resembles them, often with a few bytes changed after sealing."""
    message = draw(check_messages)
    key = draw(st.sampled_from([KEY, KEY, KEY, None]))
    sha256 = draw(st.sampled_from([False, False, False, True]))
    data = encode(message, key, sha256=sha256, fingerprint=False)
    ignored = draw(st.sampled_from([(), (), (), (a.USE_CANDIDATE(True),), ((0x7F00, b"x"),)]))
    data += encode_attributes(ignored, bytes(12))
    if draw(st.sampled_from([True, True, True, False])):
        data = append_fingerprint(data)
    data = draw(mutations(data))
    return refingerprint(data) if draw(st.booleans()) else data


def refingerprint(data: bytes) -> bytes:
    """With a right FINGERPRINT where the last 8 bytes are one, so that a change is looked at."""
    if data[-8:-4] != b"\x80\x28\x00\x04":
        return data
    return data[:-4] + (crc32(data[:-8]) ^ 0x5354554E).to_bytes(4, "big")


@st.composite
def mutations(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes themselves, or with some overwritten, cut off or added."""
    changed = bytearray(data)
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        if changed:
            changed[draw(st.integers(0, len(changed) - 1))] = draw(st.integers(0, 255))
    if draw(st.sampled_from([False, False, False, True])):
        return bytes(changed[: draw(st.integers(0, len(changed)))])
    return bytes(changed) + draw(st.sampled_from([b"", b"", b"", b"\0", b"\0\0\0\0"]))
