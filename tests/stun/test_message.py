"""RFC 8489 §5, §6.3, §14 through decode and encode."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipice.errors import UsageError
from sipice.net import Address
from sipice.stun import (
    Class,
    ErrorCode,
    Key,
    Message,
    Method,
    StunDecodeError,
    decode,
    encode,
    error_response,
    long_term_key,
    verify_integrity,
)
from sipice.stun import attributes as a
from sipice.stun.message import append_fingerprint, append_integrity
from tests.marks import rfc
from tests.stun import strategies, vectors
from tests.stun.strategies import KEY, mutations

TRANSACTION = bytes(range(12))


def text_of(address: Address | None) -> str:
    return str(address)


@pytest.mark.parametrize("name", vectors.ALL)
@rfc("8489", "5", "MUST", "8489-5-1")
def test_every_vector_is_a_message(name: str) -> None:
    message = decode(vectors.raw(name))
    method, message_class = vectors.expected(name)["type"].split()
    assert message.method == Method[method.upper()]
    assert message.message_class == Class[message_class.upper()]
    assert message.has_fingerprint == bool(vectors.raw(name)[-8:-4] == b"\x80\x28\x00\x04")
    assert message.unknown_required == ()


@pytest.mark.parametrize("name", vectors.ALL)
def test_every_vector_says_what_it_should(name: str) -> None:
    message, expected = decode(vectors.raw(name)), vectors.expected(name)
    read = {
        "username": message.get(a.USERNAME),
        "software": message.get(a.SOFTWARE),
        "priority": message.get(a.PRIORITY),
        "ice_controlled": message.get(a.ICE_CONTROLLED),
        "ice_controlling": message.get(a.ICE_CONTROLLING),
        "use_candidate": message.get(a.USE_CANDIDATE),
        "mapped": text_of(message.get(a.XOR_MAPPED_ADDRESS)),
        "realm": message.get(a.REALM),
        "nonce": (message.get(a.NONCE) or b"").decode(),
        "userhash": (message.get(a.USERHASH) or b"").hex(),
        "error": message.error_code,
    }
    if name == vectors.USERHASH:  # its user name is known to the reader only
        expected = {**expected, "username": None}
    for field, value in expected.items():
        if field in read:
            assert read[field] == value, field


@pytest.mark.parametrize("name", vectors.SHORT_TERM)
@rfc("8489", "14.5", "rule", "8489-14.5-1")
def test_short_term_vectors_verify_with_their_password_only(name: str) -> None:
    message, password = decode(vectors.raw(name)), vectors.expected(name)["password"]
    assert verify_integrity(message, Key.short_term(password))
    assert not verify_integrity(message, Key.short_term(password + "x"))


def test_the_md5_vector_verifies_with_the_prepared_password() -> None:
    message, expected = decode(vectors.raw(vectors.LONG_TERM)), vectors.expected(vectors.LONG_TERM)
    key = long_term_key(expected["username"], expected["realm"], expected["password_prepared"])
    assert verify_integrity(message, key)
    assert verify_integrity(message, Key(bytes.fromhex(expected["key"])))


def test_the_sha256_vector_verifies_with_the_prepared_password() -> None:
    message, expected = decode(vectors.raw(vectors.USERHASH)), vectors.expected(vectors.USERHASH)
    algorithm = message.get(a.PASSWORD_ALGORITHM)
    assert algorithm == a.PasswordAlgorithm(2)
    key = long_term_key(expected["username"], expected["realm"], expected["password_prepared"], 2)
    assert verify_integrity(message, key)
    assert verify_integrity(message, Key(bytes.fromhex(expected["key"])))


def test_a_message_without_integrity_verifies_with_no_key() -> None:
    message = decode(vectors.raw(vectors.KEEPALIVE))
    assert not message.has_integrity
    assert not verify_integrity(message, Key(b""))


@given(strategies.messages, st.sampled_from([None, KEY]), st.booleans(), st.booleans())
def test_what_was_encoded_is_decoded_to_the_same(
    message: Message, key: Key | None, sha256: bool, fingerprint: bool
) -> None:
    data = encode(message, key, sha256=sha256, fingerprint=fingerprint)
    read = decode(data)
    assert read == message
    assert read.has_fingerprint == fingerprint
    assert read.has_integrity == (key is not None)
    assert verify_integrity(read, KEY) == (key is not None)
    assert not verify_integrity(read, Key(b"another"))


@given(st.one_of(st.binary(max_size=200), strategies.messages.map(encode)).flatmap(mutations))
def test_any_bytes_are_a_message_or_the_one_error(data: bytes) -> None:
    try:
        decode(memoryview(data))
    except StunDecodeError:
        return


@rfc("8489", "7", "rule", "8489-7-1")
def test_any_flipped_bit_of_a_fingerprinted_message_makes_it_not_stun() -> None:
    original = vectors.raw(vectors.REQUEST)
    for bit in range(8 * len(original)):
        data = bytearray(original)
        data[bit // 8] ^= 1 << bit % 8
        try:
            message = decode(bytes(data))
        except StunDecodeError:
            continue
        assert not message.has_fingerprint  # the type of FINGERPRINT itself was changed


BINDING = bytes.fromhex("00010000 2112a442") + TRANSACTION


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "nothing"),
        (BINDING[:19], "shorter than a header"),
        (b"\x40" + BINDING[1:], "first bits 01"),
        (b"\x80" + BINDING[1:], "first bits 10"),
        (BINDING[:4] + b"\x21\x12\xa4\x43" + TRANSACTION, "wrong cookie"),
        (BINDING[:2] + b"\0\4" + BINDING[4:], "length beyond the datagram"),
        (BINDING + bytes(4), "datagram beyond the length"),
        (BINDING[:2] + b"\0\2" + BINDING[4:] + b"\0\0", "length no multiple of 4"),
        (BINDING[:2] + b"\0\4" + BINDING[4:] + b"\x80\x22\0\1", "attribute beyond the message"),
    ],
)
@rfc("8489", "5", "MUST", "8489-5-1")
@rfc("8489", "6.3", "rule", "8489-6.3-1")
def test_a_wrong_header_or_walk_is_not_stun(data: bytes, why: str) -> None:
    with pytest.raises(StunDecodeError):
        decode(data)


def test_the_broken_vector_as_printed_in_rfc_8489_is_not_stun() -> None:
    data = vectors.raw(vectors.USERHASH)
    with pytest.raises(StunDecodeError):
        decode(data[:3] + b"\x9c" + data[4:])


def request(*attributes: tuple[int, object]) -> Message:
    return Message(Method.BINDING, Class.REQUEST, TRANSACTION, attributes)


@rfc("8489", "14", "MAY", "8489-14-1")
def test_of_a_repeated_attribute_the_first_counts() -> None:
    message = decode(encode(request(a.PRIORITY(1), a.PRIORITY(2))))
    assert message.get(a.PRIORITY) == 1
    assert message.get_all(a.PRIORITY) == [1, 2]


@rfc("8489", "6.3", "MUST/SHOULD", "8489-6.3-2")
def test_unknown_optional_attributes_are_kept_apart_from_the_required_ones() -> None:
    message = decode(encode(request((0x7F00, b"abc"), (0xFF00, b""), a.PRIORITY(1))))
    assert message.unknown_required == (0x7F00,)
    assert message.get(a.PRIORITY) == 1


def resealed(message: Message, *after: bytes) -> bytes:
    """With attributes between the integrity and the end, and the length to match."""
    data = encode(message, KEY, fingerprint=False) + b"".join(after)
    return data[:2] + (len(data) - 20).to_bytes(2, "big") + data[4:]


@rfc("8489", "9", "MUST", "8489-9-1")
def test_attributes_after_message_integrity_are_ignored() -> None:
    priority, unknown = bytes.fromhex("0024000400000005"), bytes.fromhex("7f000000")
    message = decode(resealed(request(a.USERNAME("a:b")), priority, unknown))
    assert message.get(a.PRIORITY) is None
    assert message.unknown_required == ()
    assert verify_integrity(message, KEY)


@rfc("8489", "9", "MUST", "8489-9-1")
def test_attributes_after_message_integrity_sha256_are_ignored() -> None:
    sealed = encode(request(a.USERNAME("a:b")), KEY, sha256=True, fingerprint=False)
    data = append_integrity(sealed, Key(b"another"))
    data = append_integrity(data, Key(b"another"), sha256=True)
    data += bytes.fromhex("0024000400000005 7f000000")
    message = decode(append_fingerprint(data))
    assert message.attributes == (a.USERNAME("a:b"),)
    assert not message.integrity_at
    assert verify_integrity(message, KEY)


@rfc("8489", "9", "MUST", "8489-9-1")
@rfc("8489", "9.1.3", "MUST", "8489-9.1.3-2")
def test_message_integrity_sha256_after_message_integrity_is_the_one_verified() -> None:
    data = append_integrity(resealed(request(a.USERNAME("a:b"))), Key(b"x"), sha256=True)
    both = decode(data)
    assert both.integrity_at
    assert both.integrity_sha256_at
    assert not verify_integrity(both, KEY)
    assert verify_integrity(both, Key(b"x"))


@pytest.mark.parametrize(("length", "accepted"), [(12, False), (16, True), (32, True), (36, False)])
@rfc("8489", "14.6", "MUST", "8489-14.6-1")
def test_message_integrity_sha256_has_16_to_32_bytes(length: int, accepted: bool) -> None:
    head = bytes.fromhex("001c") + length.to_bytes(2, "big")
    data = BINDING + head + bytes(length)
    data = data[:2] + (len(data) - 20).to_bytes(2, "big") + data[4:]
    if not accepted:
        with pytest.raises(StunDecodeError):
            decode(data)
        return
    mac = KEY.hmac_sha256(data[:20])[:length]
    message = decode(data[:24] + mac)
    assert verify_integrity(message, KEY, shortest=16)
    assert verify_integrity(message, KEY) == (length == 32)  # truncation is for usages that say so


def test_message_integrity_of_another_length_is_not_stun() -> None:
    data = BINDING[:2] + b"\0\x14" + BINDING[4:] + b"\0\x08\0\x10" + bytes(16)
    with pytest.raises(StunDecodeError):
        decode(data)


@rfc("8489", "14.7", "MUST", "8489-14.7-1")
def test_fingerprint_is_the_last_attribute() -> None:
    data = encode(request(a.USERNAME("a:b")), KEY)
    assert data[-8:-4] == b"\x80\x28\x00\x04"
    extended = data + bytes.fromhex("ff000000")
    with pytest.raises(StunDecodeError):
        decode(extended[:2] + (len(extended) - 20).to_bytes(2, "big") + extended[4:])


@rfc("8489", "6.3.1.1", "MUST", "8489-6.3.1.1-1")
def test_an_error_response_says_its_code_and_keeps_the_transaction() -> None:
    answer = decode(encode(error_response(request(), 420, a.UNKNOWN_ATTRIBUTES([0x7F00]))))
    assert answer.message_class is Class.ERROR
    assert answer.transaction_id == TRANSACTION
    assert answer.get(a.ERROR_CODE) == ErrorCode(420, "Unknown Attribute")
    assert answer.get(a.UNKNOWN_ATTRIBUTES) == (0x7F00,)


@pytest.mark.parametrize(
    "attribute",
    [
        a.PRIORITY(2**32),
        a.PRIORITY(-1),
        a.USERNAME("x" * 509),
        a.ERROR_CODE(ErrorCode(299, "")),
        a.XOR_MAPPED_ADDRESS(Address(b"\1\2\3\4", 65536)),
    ],
)
def test_a_value_that_an_attribute_cannot_have_is_the_callers_fault(
    attribute: tuple[int, object],
) -> None:
    with pytest.raises(UsageError):
        encode(request(attribute))


def test_neither_keys_nor_messages_show_secrets() -> None:
    data = encode(request(a.USERNAME("a:b")), KEY)
    shown = repr(KEY) + repr(decode(data))
    assert "VOkJxbRl1RmTxUk" not in shown
    assert data[-28:-8].hex() not in shown
    assert repr(data[-28:-8])[2:-1] not in shown
