"""RFC 8489 §9.1.1, §9.2.2, §14.4: keys, user hashes and the preparation of passwords."""

from __future__ import annotations

import hashlib
import hmac
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipice.stun import Key, decode, long_term_key, userhash
from sipice.stun import attributes as a
from sipice.stun.integrity import MD5, SHA256, fingerprint, opaque_string
from tests.marks import rfc
from tests.stun import vectors


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_a_key_computes_hmac(secret: bytes, data: bytes) -> None:
    key, mac = Key(secret), hmac.digest(secret, data, "sha1")
    assert key.hmac_sha1(data) == mac
    assert key.hmac_sha256(data) == hmac.digest(secret, data, "sha256")
    assert key.verifies(data, mac)
    assert not key.verifies(data + b"x", mac)
    assert not key.verifies(data, mac[:19])


def test_the_long_term_keys_are_the_hashes_of_the_rfc() -> None:
    data, mac = (
        b"data",
        hmac.new(bytes.fromhex("8493fbc53ba582fb4c044c456bdc40eb"), b"data", "sha1"),
    )
    assert long_term_key("user", "realm", "pass", MD5).verifies(data, mac.digest())
    mac = hmac.new(hashlib.sha256(b"user:realm:pass").digest(), b"data", "sha1")
    assert long_term_key("user", "realm", "pass", SHA256).verifies(data, mac.digest())


def test_user_hash_is_that_of_the_vector() -> None:
    expected, message = vectors.expected(vectors.USERHASH), decode(vectors.raw(vectors.USERHASH))
    computed = userhash(expected["username"], expected["realm"])
    assert computed == message.get(a.USERHASH)


def test_opaque_string_keeps_what_sasl_prep_would_fold_and_refuses_soft_hyphens() -> None:
    assert opaque_string("M\u00aatr\u2168") == "M\u00aatr\u2168"
    assert opaque_string("a\u3000b") == "a b"  # only spaces are mapped
    with pytest.raises(ValueError, match="DISALLOWED"):
        opaque_string("The\u00adMatrix")


def test_ascii_is_prepared_as_it_is() -> None:
    assert opaque_string("VOkJxbRl1RmTxUk/WvJxBt ~") == "VOkJxbRl1RmTxUk/WvJxBt ~"


@rfc("8489", "9.2.2", "rule")
def test_preparation_is_replaceable() -> None:
    expected, message = vectors.expected(vectors.LONG_TERM), decode(vectors.raw(vectors.LONG_TERM))
    prepared = {expected["password_raw"]: expected["password_prepared"]}
    key = long_term_key(
        expected["username"],
        expected["realm"],
        expected["password_raw"],
        prepare=lambda text: prepared.get(text, text),
    )
    signed = message.data[: message.integrity_at]
    assert key.verifies(signed, bytes.fromhex(expected["mi"]))


def test_fingerprint_is_the_xored_crc() -> None:
    assert fingerprint(b"abc") == crc32(b"abc") ^ 0x5354554E


def test_a_key_does_not_show_itself() -> None:
    assert repr(Key(b"secret")) == "Key(...)"
