"""RFC 8489 §9, §14.5 to §14.7: keys, MESSAGE-INTEGRITY(-SHA256) and FINGERPRINT over bytes."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import md5, sha1, sha256
from hmac import compare_digest, digest
from zlib import crc32

from precis_i18n import get_profile

MD5 = 1
SHA256 = 2
"""Numbers of the password algorithms (§18.5.1)."""

FINGERPRINT_XOR = 0x5354554E
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


class Key:
    """The key of MESSAGE-INTEGRITY.

    HMAC-SHA1 starts with one block made of the key alone, twice; both states are kept, so that a
    message costs two copies instead of four blocks. They are a cache: export the password instead.
    """

    __slots__ = ("_inner", "_outer", "_secret")

    def __init__(self, secret: bytes) -> None:
        block = secret if len(secret) <= 64 else sha1(secret, usedforsecurity=False).digest()
        block = block.ljust(64, b"\0")
        self._secret = secret
        self._inner = sha1(block.translate(_INNER), usedforsecurity=False)
        self._outer = sha1(block.translate(_OUTER), usedforsecurity=False)

    @classmethod
    def short_term(cls, password: str) -> Key:
        """§9.1.1; ICE passwords are ASCII and need no preparation."""
        return cls(password.encode())

    def hmac_sha1(self, data: bytes) -> bytes:
        """The value of MESSAGE-INTEGRITY over ``data``."""
        inner = self._inner.copy()
        inner.update(data)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()

    def verifies(self, signed: bytes, mac: bytes) -> bool:
        """Whether ``mac`` is the MESSAGE-INTEGRITY of this key over ``signed``."""
        inner = self._inner.copy()
        inner.update(signed)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return compare_digest(outer.digest(), mac)

    def hmac_sha256(self, data: bytes) -> bytes:
        """The value of MESSAGE-INTEGRITY-SHA256 over ``data``."""
        return digest(self._secret, data, "sha256")

    def __repr__(self) -> str:
        return "Key(...)"


def opaque_string(text: str) -> str:
    """RFC 8265 §4.2; raises ValueError for a text that the profile does not allow."""
    if text.isascii() and text.isprintable() and text:
        return text
    prepared: str = get_profile("OpaqueString").enforce(text)
    return prepared


def long_term_key(
    username: str,
    realm: str,
    password: str,
    algorithm: int = MD5,
    *,
    prepare: Callable[[str], str] = opaque_string,
) -> Key:
    """§9.2.2, §18.5.1: the key of long-term credentials.

    ``prepare`` is applied to the realm and the password; servers of old want SASLprep instead.
    """
    text = f"{username}:{prepare(realm)}:{prepare(password)}".encode()
    if algorithm == SHA256:
        return Key(sha256(text).digest())
    return Key(md5(text, usedforsecurity=False).digest())


def userhash(username: str, realm: str, *, prepare: Callable[[str], str] = opaque_string) -> bytes:
    """§14.4: the value of USERHASH."""
    return sha256(f"{prepare(username)}:{prepare(realm)}".encode()).digest()


def fingerprint(data: bytes) -> int:
    """§14.7: the value of FINGERPRINT; the header's length in ``data`` includes it already."""
    return crc32(data) ^ FINGERPRINT_XOR
