"""RFC 8489 §9.2: the client's side of long-term credentials towards one server."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from sipice.errors import UsageError
from sipice.stun.attributes import (
    NONCE,
    PASSWORD_ALGORITHM,
    PASSWORD_ALGORITHMS,
    REALM,
    USERHASH,
    USERNAME,
    PasswordAlgorithm,
)
from sipice.stun.integrity import MD5, SHA256, Key, long_term_key, opaque_string, userhash
from sipice.stun.message import Message, verify_integrity

_NONCE_COOKIE = b"obMatJos2"
_PREFERENCE = (SHA256, MD5)  # RFC 8656 §5: SHA-256 where both are offered


class Features(NamedTuple):
    """What a nonce says that its server can do (§9.2, §18.1)."""

    password_algorithms: bool
    username_anonymity: bool


def security_features(nonce: bytes) -> Features:
    """Read the nonce cookie.

    Erratum 6290 counts the feature bits from the least significant one; the printed text, and
    servers made from it, from the other side. Both are understood.
    """
    if not nonce.startswith(_NONCE_COOKIE):
        return Features(False, False)
    try:
        bits = int.from_bytes(b64decode(nonce[9:13], validate=True), "big")
    except Error:
        return Features(False, False)
    return Features(bool(bits & 0x800001), bool(bits & 0x400002))


class Challenge(Enum):
    """What an error response with a challenge means for the request it answers."""

    RETRY = auto()
    """Send it again, in a new transaction, with what has been learnt."""
    WRONG_CREDENTIALS = auto()
    """It was sent with these very credentials (§9.2.5)."""
    UNUSABLE = auto()
    """It lacks what a challenge needs, or asks for what cannot be done (§9.2.5)."""


@dataclass(slots=True)
class LongTermCredentials:
    """A user name and password, and what a server said about how to use them."""

    username: str
    password: str = field(repr=False)
    prepare: Callable[[str], str] = field(default=opaque_string, repr=False)
    """How realm and password are prepared; see ``long_term_key``."""
    realm: str | None = None
    nonce: bytes = field(default=b"", repr=False)
    algorithms: tuple[PasswordAlgorithm, ...] = ()
    """As the server offered them, to be echoed."""
    algorithm: int = MD5
    key: Key | None = None
    """The key of requests and responses; None before the first challenge."""

    def __post_init__(self) -> None:
        try:
            self.prepare(self.username)
            self.prepare(self.password)
        except ValueError as problem:
            raise UsageError(f"user name or password cannot be prepared: {problem}") from None

    @property
    def uses_sha256(self) -> bool:
        """Whether messages are sealed with MESSAGE-INTEGRITY-SHA256, and only with that."""
        return bool(self.algorithms)

    def attributes(self) -> tuple[tuple[int, object], ...]:
        """What a request carries besides its integrity; nothing before the first challenge."""
        if self.realm is None:
            return ()
        if security_features(self.nonce).username_anonymity:
            who = USERHASH(userhash(self.username, self.realm, prepare=self.prepare))
        else:
            who = USERNAME(self.username)
        found = (who, REALM(self.realm), NONCE(self.nonce))
        if not self.algorithms:
            return found
        chosen = PASSWORD_ALGORITHM(PasswordAlgorithm(self.algorithm))
        return (*found, PASSWORD_ALGORITHMS(self.algorithms), chosen)

    def accept(self, response: Message, *, authenticated: bool) -> Challenge:
        """Learn from a 401 or 438; ``authenticated`` tells how its request was sent."""
        realm, nonce = response.get(REALM), response.get(NONCE)
        stale = response.error_code == 438
        if realm is None or nonce is None:
            return Challenge.UNUSABLE
        if authenticated and not stale and realm == self.realm:
            return Challenge.WRONG_CREDENTIALS
        if not self.username:
            return Challenge.WRONG_CREDENTIALS  # none were given, and this server wants some
        listed = response.get(PASSWORD_ALGORITHMS)
        offered = () if listed is None else tuple(listed)
        if not offered and security_features(nonce).password_algorithms:
            return Challenge.UNUSABLE  # §9.2.5: somebody took the list away (bid-down)
        return Challenge.RETRY if self.adopt(realm, nonce, offered) else Challenge.UNUSABLE

    def adopt(self, realm: str, nonce: bytes, offered: tuple[PasswordAlgorithm, ...]) -> bool:
        """Use what a server demands from now on; False where that cannot be done."""
        numbers = {algorithm.number for algorithm in offered} if offered else {MD5}
        usable = [number for number in _PREFERENCE if number in numbers]
        if not usable:
            return False
        try:
            key = long_term_key(
                self.username, realm, self.password, usable[0], prepare=self.prepare
            )
        except ValueError:  # the realm is the server's, and it may not be preparable
            return False
        self.realm, self.nonce, self.algorithms = realm, nonce, offered
        self.algorithm, self.key = usable[0], key
        return True

    def verify(self, response: Message) -> bool:
        """Whether a response was sealed with our key, in the way of our requests (§9.2.5)."""
        if self.key is None or self.uses_sha256 != bool(response.integrity_sha256_at):
            return False
        return verify_integrity(response, self.key)

    def forget_challenge(self) -> None:
        """Begin anew, with another server."""
        self.realm, self.nonce, self.algorithms = None, b"", ()
        self.algorithm, self.key = MD5, None
