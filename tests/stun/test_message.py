"""RFC 8489 §5, §6.3, §14 through decode and encode."""

from __future__ import annotations

import pytest

from sipice.net import Address
from sipice.stun import (
    Class,
    Key,
    Method,
    decode,
    long_term_key,
    verify_integrity,
)
from sipice.stun import attributes as a
from tests.marks import rfc
from tests.stun import vectors

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
