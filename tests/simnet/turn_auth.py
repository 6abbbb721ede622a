"""The server side of the long-term credential mechanism (RFC 8489 §9.2.4)."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from random import Random

from sipice.net import Address
from tests.simnet import wire
from tests.simnet.wire import Attr, Message

MD5, SHA256 = 1, 2
COOKIE = "obMatJos2"


@dataclass(slots=True, kw_only=True)
class Realm:
    """Who may use a server, and how it proves that."""

    name: str = "example.org"
    users: dict[str, str] = field(default_factory=lambda: {"user": "secret"})
    cookie: bool = True
    """Nonces begin with the cookie of RFC 8489 §9.2; an older server's do not."""
    printed_order: bool = False
    """Feature bits as §18.1 prints them, most significant first, before erratum 6290."""
    algorithms: tuple[int, ...] = ()
    """Offered in PASSWORD-ALGORITHMS; none: MD5 without being asked."""
    anonymity: bool = False
    """Demand USERHASH."""
    nonce_lifetime: float = 3600.0

    def features(self) -> str:
        """The four characters after the cookie."""
        bits = (1 if self.algorithms else 0) | (2 if self.anonymity else 0)
        if self.printed_order:
            bits = int(f"{bits:024b}"[::-1], 2)
        return base64.b64encode(bits.to_bytes(3)).decode()

    def algorithms_value(self) -> bytes:
        return b"".join(number.to_bytes(2) + bytes(2) for number in self.algorithms)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error response to be: number, reason, and whether it carries a challenge."""

    number: int
    reason: str
    challenge: bool = False


@dataclass(frozen=True, slots=True)
class Client:
    """An authenticated client: its name, and what its answers are keyed with."""

    user: str
    key: bytes
    sha256: bool


class Authenticator:
    """Issues nonces and judges requests."""

    def __init__(self, realm: Realm, rng: Random) -> None:
        self.realm = realm
        self._rng = rng
        self._nonces: dict[bytes, tuple[Address, float]] = {}

    def challenge(self, now: float, client: Address) -> list[tuple[int, bytes]]:
        """REALM, a new NONCE for this client, and PASSWORD-ALGORITHMS where there are some."""
        prefix = COOKIE + self.realm.features() if self.realm.cookie else ""
        nonce = f"{prefix}{self._rng.getrandbits(64):016x}".encode()
        self._nonces[nonce] = client, now
        pairs: list[tuple[int, bytes]] = [
            (Attr.REALM, self.realm.name.encode()),
            (Attr.NONCE, nonce),
        ]
        if self.realm.algorithms:
            pairs.append((Attr.PASSWORD_ALGORITHMS, self.realm.algorithms_value()))
        return pairs

    def expire_nonces(self) -> None:
        """From now on every nonce is stale."""
        self._nonces.clear()

    def judge(self, now: float, client: Address, request: Message) -> Client | Refusal:
        """The client, or what to answer instead (in the order of §9.2.4)."""
        if not (request.has(Attr.MESSAGE_INTEGRITY) or request.has(Attr.MESSAGE_INTEGRITY_SHA256)):
            return Refusal(401, "Unauthorized", challenge=True)
        nonce = request.get(Attr.NONCE)
        named = request.has(Attr.USERNAME) or request.has(Attr.USERHASH)
        if nonce is None or not named or not request.has(Attr.REALM):
            return Refusal(400, "Bad Request")
        algorithm = self._algorithm(request)
        if algorithm is None:
            return Refusal(400, "Bad Request")
        found = self._client(request, sha256=algorithm == SHA256)
        if found is None:
            return Refusal(401, "Unauthorized", challenge=True)
        issued = self._nonces.get(nonce)
        fresh = issued is not None and issued[0] == client
        if issued is None or not fresh or now - issued[1] >= self.realm.nonce_lifetime:
            return Refusal(438, "Stale Nonce", challenge=True)
        return found

    def _algorithm(self, request: Message) -> int | None:
        """The algorithm the request was made with; None where it contradicts what was offered."""
        chosen, offered = (
            request.get(Attr.PASSWORD_ALGORITHM),
            request.get(Attr.PASSWORD_ALGORITHMS),
        )
        if not self.realm.algorithms or (chosen is None and offered is None):
            return MD5
        if chosen is None or offered != self.realm.algorithms_value():
            return None
        number = int.from_bytes(chosen[:2])
        return number if number in self.realm.algorithms else None

    def _client(self, request: Message, *, sha256: bool) -> Client | None:
        for user, password in self.realm.users.items():
            if self._names(request, user):
                key = wire.long_term_key(user, self.realm.name, password, sha256=sha256)
                if request.has(Attr.MESSAGE_INTEGRITY_SHA256):
                    valid = wire.integrity_sha256_valid(request, key)
                else:
                    valid = wire.integrity_valid(request, key)
                uses = request.has(Attr.MESSAGE_INTEGRITY_SHA256)
                return Client(user, key, uses) if valid else None
        return None

    def _names(self, request: Message, user: str) -> bool:
        if self.realm.anonymity and self.realm.cookie:
            return request.get(Attr.USERHASH) == wire.user_hash(user, self.realm.name)
        return request.get(Attr.USERNAME) == user.encode()
