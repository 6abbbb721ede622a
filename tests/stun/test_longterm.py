"""RFC 8489 §9.2: what a client makes of a challenge."""

from __future__ import annotations

import pytest

from sipice.errors import UsageError
from sipice.stun import (
    Challenge,
    Class,
    LongTermCredentials,
    Message,
    Method,
    PasswordAlgorithm,
    decode,
    encode,
    long_term_key,
    userhash,
    verify_integrity,
)
from sipice.stun import attributes as a
from sipice.stun.longterm import Features, security_features
from tests.marks import rfc

OLD_NONCE = b"f//499k954d6OL34oL9FSTvy64sA"
MD5, SHA256, NEWER = (PasswordAlgorithm(number) for number in (1, 2, 3))


def credentials() -> LongTermCredentials:
    return LongTermCredentials("user", "secret")


def challenge(
    code: int = 401,
    *,
    realm: str | None = "example.org",
    nonce: bytes | None = OLD_NONCE,
    algorithms: tuple[PasswordAlgorithm, ...] = (),
) -> Message:
    attributes = [a.ERROR_CODE(a.ErrorCode(code, ""))]
    if realm is not None:
        attributes.append(a.REALM(realm))
    if nonce is not None:
        attributes.append(a.NONCE(nonce))
    if algorithms:
        attributes.append(a.PASSWORD_ALGORITHMS(algorithms))
    return Message(Method.ALLOCATE, Class.ERROR, bytes(12), tuple(attributes))


def cookie(features: str) -> bytes:
    return b"obMatJos2" + features.encode() + OLD_NONCE


def challenged(response: Message) -> LongTermCredentials:
    mine = credentials()
    assert mine.accept(response, authenticated=False) is Challenge.RETRY
    return mine


def request(mine: LongTermCredentials) -> Message:
    message = Message(Method.ALLOCATE, Class.REQUEST, bytes(12), mine.attributes())
    return decode(encode(message, mine.key, sha256=mine.uses_sha256))


@rfc("8489", "9.2.3.1", "MUST", "8489-9.2.3-1")
def test_before_a_challenge_nothing_is_told() -> None:
    assert credentials().attributes() == ()
    assert credentials().key is None


@rfc("8489", "9.2.3.2", "SHOULD/MUST", "8489-9.2.3-2")
def test_after_a_challenge_requests_carry_user_realm_and_nonce() -> None:
    message = request(challenged(challenge()))
    assert message.attributes == (a.USERNAME("user"), a.REALM("example.org"), a.NONCE(OLD_NONCE))
    assert message.integrity_at
    assert not message.integrity_sha256_at
    assert verify_integrity(message, long_term_key("user", "example.org", "secret"))


@rfc("8489", "9.2.5", "MUST", "8489-9.2.5-4")
@rfc("8656", "6", "MUST", "8656-6-1")
@pytest.mark.parametrize(
    ("offered", "chosen"),
    [((MD5, SHA256), SHA256), ((SHA256, MD5), SHA256), ((NEWER, MD5), MD5), ((SHA256,), SHA256)],
)
def test_of_the_algorithms_offered_sha256_is_chosen_and_the_list_is_echoed(
    offered: tuple[PasswordAlgorithm, ...], chosen: PasswordAlgorithm
) -> None:
    message = request(challenged(challenge(nonce=cookie("AAAB"), algorithms=offered)))
    assert message.get(a.PASSWORD_ALGORITHMS) == offered
    assert message.get(a.PASSWORD_ALGORITHM) == chosen
    assert message.integrity_sha256_at
    assert not message.integrity_at
    assert verify_integrity(message, long_term_key("user", "example.org", "secret", chosen.number))


@rfc("8489", "9.2.5", "MUST", "8489-9.2.5-4")
def test_no_known_algorithm_ends_the_attempt() -> None:
    response = challenge(nonce=cookie("AAAB"), algorithms=(NEWER,))
    assert credentials().accept(response, authenticated=False) is Challenge.UNUSABLE


@rfc("8489", "9.2.5", "MUST NOT", "8489-9.2.5-3")
@pytest.mark.parametrize("features", ["AAAB", "gAAA", "AAAD", "wAAA"])
def test_a_list_that_was_taken_away_ends_the_attempt(features: str) -> None:
    response = challenge(nonce=cookie(features))
    assert credentials().accept(response, authenticated=False) is Challenge.UNUSABLE


@rfc("8489", "9.2.5", "MUST", "8489-9.2.5-5")
@rfc("8489", "9.2.5", "", "AT-71")
@pytest.mark.parametrize("features", ["AAAC", "QAAA", "AAAD", "wAAA"])
def test_a_server_that_wants_anonymity_gets_the_user_hash(features: str) -> None:
    offered = (SHA256,) if features in ("AAAD", "wAAA") else ()
    message = request(challenged(challenge(nonce=cookie(features), algorithms=offered)))
    assert message.get(a.USERNAME) is None
    assert bool(message.integrity_sha256_at) == bool(offered)
    assert message.get(a.USERHASH) == userhash("user", "example.org")


@rfc("8489", "9.2", "", "AT-71")
@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ("AAAA", Features(False, False)),
        ("AAAB", Features(True, False)),
        ("AAAC", Features(False, True)),
        ("AAAD", Features(True, True)),
        ("gAAA", Features(True, False)),
        ("QAAA", Features(False, True)),
        ("wAAA", Features(True, True)),
        ("A*AA", Features(False, False)),
    ],
)
def test_both_readings_of_the_nonce_cookie_are_understood(
    features: str, expected: Features
) -> None:
    assert security_features(cookie(features)) == expected
    assert security_features(b"x" + cookie(features)) == Features(False, False)


def test_a_nonce_cut_inside_its_cookie_has_no_features() -> None:
    for end in range(13):
        assert security_features(cookie("AAAD")[:end]) == Features(False, False)


@rfc("8489", "9.2.5", "SHOULD", "8489-9.2.5-1")
def test_the_same_credentials_are_not_tried_twice_but_another_realm_is() -> None:
    mine = challenged(challenge())
    assert mine.accept(challenge(), authenticated=True) is Challenge.WRONG_CREDENTIALS
    assert mine.accept(challenge(realm="other"), authenticated=True) is Challenge.RETRY
    assert mine.realm == "other"


@rfc("8489", "9.2.5", "MUST", "8489-9.2.5-2")
def test_a_stale_nonce_is_replaced() -> None:
    mine = challenged(challenge())
    assert mine.accept(challenge(438, nonce=b"new"), authenticated=True) is Challenge.RETRY
    assert a.NONCE(b"new") in mine.attributes()


@pytest.mark.parametrize("response", [challenge(realm=None), challenge(nonce=None)])
def test_half_a_challenge_is_none(response: Message) -> None:
    assert credentials().accept(response, authenticated=False) is Challenge.UNUSABLE


def test_a_realm_that_cannot_be_prepared_is_the_servers_fault() -> None:
    response = challenge(realm="a\u00adb")
    assert credentials().accept(response, authenticated=False) is Challenge.UNUSABLE


def test_a_password_that_cannot_be_prepared_is_the_callers_fault() -> None:
    with pytest.raises(UsageError):
        LongTermCredentials("user", "The\u00adMatrix")


@rfc("8489", "9.1.4", "MUST", "8489-9.1.4-2")
def test_responses_are_sealed_the_way_requests_are() -> None:
    key = long_term_key("user", "example.org", "secret", 2)
    mine = challenged(challenge(nonce=cookie("AAAB"), algorithms=(SHA256,)))
    success = Message(Method.ALLOCATE, Class.SUCCESS, bytes(12))
    assert mine.verify(decode(encode(success, key, sha256=True)))
    assert not mine.verify(decode(encode(success, key)))
    assert not mine.verify(decode(encode(success)))
    assert not credentials().verify(decode(encode(success, key)))


def test_another_server_is_met_without_credentials() -> None:
    mine = challenged(challenge(nonce=cookie("AAAB"), algorithms=(SHA256,)))
    mine.forget_challenge()
    assert mine == credentials()


def test_the_password_is_not_shown() -> None:
    mine = challenged(challenge())
    assert "secret" not in repr(mine)
    assert OLD_NONCE.decode() not in repr(mine)
