"""The conformance checker finds what is wrong, and only that."""

from __future__ import annotations

import pytest

from tests.simnet import wire
from tests.simnet.checker import Checker, ConformanceError
from tests.simnet.wire import Attr, Class, Method, Place

L: Place = bytes([10, 0, 1, 1]), 8998
R: Place = bytes([192, 0, 2, 1]), 3478
STUN: Place = bytes([192, 0, 2, 2]), 3478
L_PASSWORD, R_PASSWORD = b"asd88fgpdd777uzjYhagZg", b"YH75Fviy6338Vbrhrlp8Yh"
T = bytes(range(12))
CHECK = {
    Attr.USERNAME: b"9uB6:8hhY",
    Attr.PRIORITY: (1862270975).to_bytes(4),
    Attr.ICE_CONTROLLING: bytes(range(8)),
}
"""The check of L for R in RFC 8445 §15.1."""


def checker() -> Checker:
    made = Checker()
    made.watch("L", "8hhY", L_PASSWORD.decode())
    made.watch("R", "9uB6", R_PASSWORD.decode())
    made.servers.add(STUN)
    return made


def check(
    changes: dict[Attr, bytes | None] | None = None,
    *,
    key: bytes | None = R_PASSWORD,
    fingerprint: bool = True,
    transaction: bytes = T,
) -> bytes:
    """The check with some attributes changed, or left out (None)."""
    merged = {**CHECK, **(changes or {})}
    pairs = [(kind, value) for kind, value in merged.items() if value is not None]
    return wire.build(
        Method.BINDING, Class.REQUEST, transaction, pairs, key=key, fingerprint=fingerprint
    )


def answer(
    pairs: list[tuple[int, bytes]],
    *,
    cls: Class = Class.SUCCESS,
    key: bytes | None = R_PASSWORD,
    fingerprint: bool = True,
    transaction: bytes = T,
) -> bytes:
    return wire.build(Method.BINDING, cls, transaction, pairs, key=key, fingerprint=fingerprint)


MAPPED = [(int(Attr.XOR_MAPPED_ADDRESS), wire.xor_address(L, T))]


def test_a_right_check_and_its_answer_pass() -> None:
    eye = checker()
    eye.sent(0, "L", (L, R, check()))
    eye.sent(0.5, "L", (L, R, check()))  # retransmitted
    eye.received(0.6, "R", (L, R, check()))
    eye.sent(0.6, "R", (R, L, answer(MAPPED)))
    assert eye.judged == {"1 REQUEST": 2, "1 SUCCESS": 1}


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (check(key=None), "without MESSAGE-INTEGRITY"),
        (check(key=L_PASSWORD), "not keyed with the peer's password"),
        (check(fingerprint=False), "without FINGERPRINT"),
        (check({Attr.USERNAME: None}), "USERNAME"),
        (check({Attr.USERNAME: b"8hhY:9uB6"}), "USERNAME"),
        (check({Attr.USERNAME: b"9uB6"}), "USERNAME"),
        (check({Attr.PRIORITY: None}), "PRIORITY"),
        (check({Attr.PRIORITY: (2130706431).to_bytes(4)}), "PRIORITY"),
        (check({Attr.ICE_CONTROLLING: None}), "exactly one"),
        (check({Attr.ICE_CONTROLLED: bytes(8)}), "exactly one"),
        (check({Attr.ICE_CONTROLLING: None, Attr.ICE_CONTROLLED: bytes(8),
                Attr.USE_CANDIDATE: b""}), "USE-CANDIDATE"),
        (check({Attr.USE_CANDIDATE: b"\0\0\0\0"}), "USE-CANDIDATE"),
        (check({Attr.REALM: b"x"}), "comprehension-required"),
        (check({Attr.SOFTWARE: b"x" * 500}), "a check of"),
        (check()[:-4] + bytes(4), "FINGERPRINT is wrong"),
        (check()[:-4], "length"),
    ],
)  # fmt: skip
def test_a_wrong_check_is_found(bad: bytes, complaint: str) -> None:
    with pytest.raises(ConformanceError, match=complaint):
        checker().sent(0, "L", (L, R, bad))


def test_padding_must_be_zero_and_nothing_may_follow_the_integrity() -> None:
    late = wire.build(Method.BINDING, Class.INDICATION, T, [(Attr.MESSAGE_INTEGRITY, bytes(20)),
                                                            (Attr.SOFTWARE, b"late")])  # fmt: skip
    with pytest.raises(ConformanceError, match="follows MESSAGE-INTEGRITY"):
        checker().sent(0, "L", (L, R, late))
    odd = wire.build(Method.BINDING, Class.REQUEST, T, [(Attr.SOFTWARE, b"abc")], fingerprint=False)
    with pytest.raises(ConformanceError, match="padding"):
        checker().sent(0, "L", (L, STUN, odd[:-1] + b" "))


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (answer(MAPPED, key=L_PASSWORD), "own password"),
        (answer(MAPPED, key=None), "without MESSAGE-INTEGRITY"),
        (answer(MAPPED, fingerprint=False), "FINGERPRINT"),
        (answer([]), "without XOR-MAPPED-ADDRESS"),
        (answer([(Attr.XOR_MAPPED_ADDRESS, wire.xor_address(R, T))]), "source of the request"),
        (answer([*MAPPED, (Attr.USERNAME, b"9uB6:8hhY")]), "in a success response"),
        (answer(MAPPED, transaction=bytes(12)), "never came"),
        (answer([(Attr.ERROR_CODE, wire.error_code(401, "no"))], cls=Class.ERROR, key=None),
         "401 for a request with right credentials"),
        (answer([(Attr.ERROR_CODE, wire.error_code(487, "no"))], cls=Class.ERROR, key=None),
         "487 without"),
        (answer([(Attr.ERROR_CODE, wire.error_code(420, "no"))], cls=Class.ERROR),
         "UNKNOWN-ATTRIBUTES"),
        (answer([], cls=Class.ERROR), "ERROR-CODE"),
    ],
)  # fmt: skip
def test_a_wrong_answer_is_found(bad: bytes, complaint: str) -> None:
    eye = checker()
    eye.received(0, "R", (L, R, check()))
    with pytest.raises(ConformanceError, match=complaint):
        eye.sent(0, "R", (R, L, bad))


@pytest.mark.parametrize(
    "request_",
    [
        check(key=L_PASSWORD),
        check(key=None),
        check(fingerprint=False),
        check({Attr.USERNAME: b"8hhY:9uB6"}),
    ],
)
def test_an_unauthenticated_request_must_not_be_accepted(request_: bytes) -> None:
    eye = checker()
    eye.received(0, "R", (L, R, request_))
    with pytest.raises(ConformanceError, match="unauthenticated"):
        eye.sent(0, "R", (R, L, answer(MAPPED)))


def test_one_request_gets_one_response() -> None:
    eye = checker()
    eye.received(0, "R", (L, R, check()))
    eye.sent(0, "R", (R, L, answer(MAPPED)))
    with pytest.raises(ConformanceError, match="more responses"):
        eye.sent(0, "R", (R, L, answer(MAPPED)))


def test_a_transaction_id_belongs_to_one_request() -> None:
    eye = checker()
    eye.sent(0, "L", (L, R, check()))
    with pytest.raises(ConformanceError, match="two different requests"):
        eye.sent(1, "L", (L, R, check({Attr.USE_CANDIDATE: b""})))


def conflict(transaction: bytes) -> bytes:
    pairs = [(int(Attr.ERROR_CODE), wire.error_code(487, "Role Conflict"))]
    return answer(pairs, cls=Class.ERROR, transaction=transaction)


def test_the_tie_breaker_changes_after_a_487_and_only_then() -> None:
    other: dict[Attr, bytes | None] = {Attr.ICE_CONTROLLING: bytes(8)}
    eye = checker()
    eye.sent(0, "L", (L, R, check()))
    with pytest.raises(ConformanceError, match="changed without"):
        eye.sent(1, "L", (L, R, check(other, transaction=bytes(12))))
    eye = checker()
    eye.sent(0, "L", (L, R, check()))
    eye.received(1, "L", (R, L, conflict(T)))
    with pytest.raises(ConformanceError, match="used again"):
        eye.sent(2, "L", (L, R, check(transaction=bytes(12))))
    eye.sent(3, "L", (L, R, check(other, transaction=bytes(11) + b"1")))


def test_a_keepalive_is_bare() -> None:
    eye = checker()
    eye.sent(0, "L", (L, R, wire.build(Method.BINDING, Class.INDICATION, T)))
    with pytest.raises(ConformanceError, match="keepalive"):
        eye.sent(0, "L", (L, R, wire.build(Method.BINDING, Class.INDICATION, T, key=R_PASSWORD)))


def test_gathering_is_unauthenticated() -> None:
    eye = checker()
    eye.sent(0, "L", (L, STUN, wire.build(Method.BINDING, Class.REQUEST, T)))
    with pytest.raises(ConformanceError, match="gathering"):
        eye.sent(0, "L", (L, STUN, check(transaction=bytes(12))))


UDP = (int(Attr.REQUESTED_TRANSPORT), b"\x11\0\0\0")
LONG_TERM = [(int(Attr.USERNAME), b"user"), (int(Attr.REALM), b"r"), (int(Attr.NONCE), b"n")]


@pytest.mark.parametrize(
    ("method", "pairs", "key", "complaint"),
    [
        (Method.ALLOCATE, [], None, "REQUESTED-TRANSPORT"),
        (Method.ALLOCATE, [(Attr.REQUESTED_TRANSPORT, b"\x11\1\0\0")], None, "three zero"),
        (Method.ALLOCATE, [UDP, LONG_TERM[0]], None, "credentials in part"),
        (Method.ALLOCATE, [UDP, *LONG_TERM], None, "credentials in part"),
        (Method.REFRESH, [], None, "without credentials"),
        (Method.CREATE_PERMISSION, LONG_TERM, b"k", "without a peer"),
        (Method.CHANNEL_BIND, [*LONG_TERM, (Attr.CHANNEL_NUMBER, b"\x50\0\0\0")], b"k", "CHANNEL"),
    ],
)
def test_a_wrong_turn_request_is_found(
    method: Method, pairs: list[tuple[int, bytes]], key: bytes | None, complaint: str
) -> None:
    with pytest.raises(ConformanceError, match=complaint):
        checker().sent(0, "L", (L, STUN, wire.build(method, Class.REQUEST, T, pairs, key=key)))


def test_a_check_inside_a_send_indication_is_judged_too() -> None:
    eye = checker()
    relay: Place = bytes([192, 0, 2, 2]), 50000
    allocated = [(int(Attr.XOR_RELAYED_ADDRESS), wire.xor_address(relay, T))]
    eye.received(0, "L", (STUN, L, wire.build(Method.ALLOCATE, Class.SUCCESS, T, allocated)))

    def wrapped(inner: bytes) -> bytes:
        pairs = [(int(Attr.XOR_PEER_ADDRESS), wire.xor_address(R, T)), (int(Attr.DATA), inner)]
        return wire.build(Method.SEND, Class.INDICATION, T, pairs)

    eye.sent(0, "L", (L, STUN, wrapped(check())))
    with pytest.raises(ConformanceError, match="without FINGERPRINT"):
        eye.sent(0, "L", (L, STUN, wrapped(check(fingerprint=False, transaction=bytes(12)))))


def test_a_lite_agent_sends_no_request() -> None:
    eye = checker()
    eye.lite.add("L")
    with pytest.raises(ConformanceError, match="lite"):
        eye.sent(0, "L", (L, R, check()))


def test_hosts_that_announced_nothing_are_not_judged() -> None:
    eye = checker()
    eye.sent(0, "attacker", (L, R, b"\0\1broken"))
    assert not eye.judged
