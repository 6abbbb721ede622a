"""RFC 3261 §22, RFC 7616, RFC 8760: the answer to a Digest challenge, with MD5 or SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sipice.sip.headers import split_values, unquote
from sipice.sip.message import SipMessage

CHALLENGES = frozenset({401, 407})

_ANSWERS = {"www-authenticate": "Authorization", "proxy-authenticate": "Proxy-Authorization"}
_ALGORITHMS = {"md5": hashlib.md5, "sha-256": hashlib.sha256}
_LONGEST = 2_000
_MOST = 16
"""Challenges of one response that are looked at, and how long they may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """An account of our side."""

    username: str
    password: str = field(repr=False)
    realm: str | None = None
    """Whose challenges it answers; None: everybody's, and any peer may then test passwords."""


class Challenge(NamedTuple):
    """What a server wants to see."""

    answer: str
    """The name of the header field that it wants to see it in."""
    realm: str
    nonce: str
    algorithm: str
    """As it was written; empty where it was not."""
    opaque: str | None
    qop: bool
    stale: bool
    """Only the nonce was too old, the password was right."""


class Vouched(NamedTuple):
    """The challenges that a request has met on its way, which may lead past several proxies."""

    challenges: tuple[Challenge, ...] = ()
    times: int = 0


UNCHALLENGED = Vouched()


class Request(NamedTuple):
    """What is vouched for."""

    method: str
    uri: str


def challenges(response: SipMessage) -> list[Challenge]:
    """What can be answered of a 401 or 407: of each realm the first (RFC 8760 §2.4)."""
    found: dict[tuple[str, str], Challenge] = {}
    if response.status not in CHALLENGES:
        return []
    fields = [one for one in response.headers if one.key in _ANSWERS]
    for header in fields[:_MOST]:
        challenge = _read(_ANSWERS[header.key], header.value)
        if challenge is not None:
            found.setdefault((challenge.answer, challenge.realm), challenge)
    return list(found.values())


def _read(answer: str, value: str) -> Challenge | None:
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest" or len(value) > _LONGEST:
        return None
    parts = (one.partition("=") for one in split_values(rest))
    named = {name.strip().lower(): unquote(text.strip()) for name, _, text in parts}
    qops = [one.strip().lower() for one in named.get("qop", "").split(",") if one.strip()]
    algorithm = named.get("algorithm", "")
    if (algorithm or "MD5").lower() not in _ALGORITHMS or not named.get("nonce"):
        return None
    if qops and "auth" not in qops:
        return None
    stale = named.get("stale", "").lower() == "true"
    opaque = named.get("opaque")
    return Challenge(
        answer, named.get("realm", ""), named["nonce"], algorithm, opaque, bool(qops), stale
    )


def chosen(accounts: Sequence[Credentials], realm: str) -> Credentials | None:
    """The account for a realm: one of its own before one for everybody."""
    fitting = [one for one in accounts if one.realm in (realm, None)]
    return min(fitting, key=lambda one: one.realm is None, default=None)


def authorization(
    account: Credentials, challenge: Challenge, request: Request, *, count: int, cnonce: str
) -> str:
    """RFC 7616 §3.4: the value of the field; ``count`` is how often the nonce has been used now."""
    digest = _hash(challenge.algorithm)
    secret = digest(f"{account.username}:{challenge.realm}:{account.password}")
    what = digest(f"{request.method}:{request.uri}")
    use = f"{count:08x}:{cnonce}:auth:" if challenge.qop else ""
    fields = {
        "username": _quoted(account.username),
        "realm": _quoted(challenge.realm),
        "nonce": _quoted(challenge.nonce),
        "uri": _quoted(request.uri),
        "response": _quoted(digest(f"{secret}:{challenge.nonce}:{use}{what}")),
    }
    if challenge.algorithm:
        fields["algorithm"] = challenge.algorithm
    if challenge.qop:
        fields |= {"qop": "auth", "nc": f"{count:08x}", "cnonce": _quoted(cnonce)}
    if challenge.opaque is not None:
        fields["opaque"] = _quoted(challenge.opaque)
    return "Digest " + ", ".join(f"{name}={value}" for name, value in fields.items())


def _hash(algorithm: str) -> Callable[[str], str]:
    make = _ALGORITHMS[(algorithm or "MD5").lower()]

    def digest(text: str) -> str:
        data = text.encode("utf-8", "surrogateescape")
        return make(data, usedforsecurity=False).hexdigest()

    return digest


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
