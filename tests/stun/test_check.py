"""RFC 8445 §7: checks read by their shape and made from templates, against the strict codec."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sipice.net import Address
from sipice.stun import (
    Class,
    Key,
    Message,
    Method,
    StunDecodeError,
    decode,
    encode,
    verify_integrity,
)
from sipice.stun import attributes as a
from sipice.stun.check import (
    Check,
    CheckParser,
    CheckRequest,
    CheckResponse,
    CheckTemplate,
    as_check,
    parse_check,
    success_response,
)
from sipice.stun.message import append_fingerprint, append_integrity, encode_attributes
from tests.budget import examples
from tests.marks import rfc
from tests.stun import strategies, vectors
from tests.stun.strategies import KEY

LEARNED = CheckParser()


def strictly(data: bytes) -> Check | None:
    try:
        return as_check(decode(data))
    except StunDecodeError:
        return None


def quickly(data: bytes, parser: CheckParser = LEARNED) -> Check | None:
    try:
        return parser.parse(data)
    except StunDecodeError:
        return None


@settings(max_examples=examples(200))
@given(st.lists(strategies.check_datagrams(), min_size=1, max_size=6))
def test_reading_by_shape_equals_the_strict_parser(datagrams: list[bytes]) -> None:
    for data in datagrams:
        assert quickly(data) == strictly(data)
        assert quickly(data) == strictly(data)  # now by its shape, where it has one


def test_reading_by_shape_equals_the_strict_parser_on_each_changed_byte_of_the_vectors() -> None:
    rng = Random(1)
    for name in vectors.SHORT_TERM:
        original, parser = vectors.raw(name), CheckParser()
        quickly(original, parser)
        for place in range(len(original)):
            for value in (0, 0xFF, original[place] ^ 1, rng.randrange(256)):
                data = original[:place] + bytes((value,)) + original[place + 1 :]
                for candidate in (data, strategies.refingerprint(data)):
                    assert quickly(candidate, parser) == strictly(candidate)
                    assert quickly(candidate) == strictly(candidate)


def test_a_check_is_a_tuple_of_its_fields() -> None:
    for _ in range(2):
        check = parse_check(vectors.raw(vectors.NOMINATION))
        assert isinstance(check, CheckRequest)
        assert check[1:6] == ("9uB6:8hhY", 1862270975, True, 0x0102030405060708, True)
        key = Key.short_term(vectors.expected(vectors.NOMINATION)["password"])
        assert key.verifies(check.signed, check.mac)
        assert not Key.short_term("another").verifies(check.signed, check.mac)


@pytest.mark.parametrize("name", [vectors.RESPONSE_V4, vectors.RESPONSE_V6, vectors.SUCCESS])
def test_an_answer_is_a_tuple_of_its_fields(name: str) -> None:
    parser = CheckParser()
    for _ in range(2):
        check = parser.parse(vectors.raw(name))
        assert isinstance(check, CheckResponse)
        assert str(check.mapped) == vectors.expected(name)["mapped"]
        key = Key.short_term(vectors.expected(name)["password"])
        assert key.verifies(check.signed, check.mac)


@pytest.mark.parametrize("name", [vectors.ROLE_CONFLICT, vectors.KEEPALIVE, vectors.LONG_TERM])
def test_what_is_no_ordinary_check_stays_a_message(name: str) -> None:
    assert isinstance(parse_check(vectors.raw(name)), Message)


@pytest.mark.parametrize("missing", range(3))
def test_a_request_that_lacks_something_stays_a_message(missing: int) -> None:
    attributes = [a.USERNAME("a:b"), a.PRIORITY(1), a.ICE_CONTROLLED(2)]
    del attributes[missing]
    message = Message(Method.BINDING, Class.REQUEST, bytes(12), tuple(attributes))
    assert isinstance(parse_check(encode(message, KEY)), Message)


def test_a_request_in_both_roles_stays_a_message() -> None:
    attributes = (a.USERNAME("a:b"), a.PRIORITY(1), a.ICE_CONTROLLED(2), a.ICE_CONTROLLING(2))
    message = Message(Method.BINDING, Class.REQUEST, bytes(12), attributes)
    assert isinstance(parse_check(encode(message, KEY)), Message)


def test_an_unknown_required_attribute_keeps_a_check_a_message() -> None:
    attributes = (a.USERNAME("a:b"), a.PRIORITY(1), a.ICE_CONTROLLED(2), (0x7F00, b"?"))
    message = parse_check(
        encode(Message(Method.BINDING, Class.REQUEST, bytes(12), attributes), KEY)
    )
    assert isinstance(message, Message)
    assert message.unknown_required == (0x7F00,)


@rfc("8489", "9.1.3", "MUST", "8489-9.1.3-2")
def test_a_check_with_the_stronger_integrity_stays_a_message() -> None:
    attributes = (a.USERNAME("a:b"), a.PRIORITY(1), a.ICE_CONTROLLED(2))
    message = Message(Method.BINDING, Class.REQUEST, bytes(12), attributes)
    sealed = encode(message, KEY, fingerprint=False)
    both = append_fingerprint(append_integrity(sealed, KEY, sha256=True))
    assert isinstance(parse_check(both), Message)


@rfc("8489", "7", "rule", "8489-7-1")
def test_a_check_without_fingerprint_stays_a_message() -> None:
    attributes = (a.USERNAME("a:b"), a.PRIORITY(1), a.ICE_CONTROLLED(2))
    message = Message(Method.BINDING, Class.REQUEST, bytes(12), attributes)
    assert isinstance(parse_check(encode(message, KEY, fingerprint=False)), Message)


def test_what_follows_the_integrity_does_not_nominate() -> None:
    attributes = (a.USERNAME("a:b"), a.PRIORITY(1), a.ICE_CONTROLLED(2))
    message = Message(Method.BINDING, Class.REQUEST, bytes(12), attributes)
    sealed = encode(message, KEY, fingerprint=False)
    data = append_fingerprint(sealed + encode_attributes((a.USE_CANDIDATE(True),), bytes(12)))
    for _ in range(2):
        check = parse_check(data)
        assert isinstance(check, CheckRequest)
        assert not check.use_candidate
        assert KEY.verifies(check.signed, check.mac)


def test_shapes_remembered_are_bounded() -> None:
    parser = CheckParser()
    for length in range(400):
        for order in range(6):
            extra = [(0xC000 + order, b"x" * length)]
            attributes = [a.USERNAME("a:b"), a.PRIORITY(1), a.ICE_CONTROLLED(2)]
            message = Message(Method.BINDING, Class.REQUEST, bytes(12), (*attributes, *extra))
            assert isinstance(parser.parse(encode(message, KEY)), CheckRequest)
    assert sum(len(shapes) for shapes in parser._shapes.values()) <= 1024


@rfc("8489", "9.1.2", "MUST", "8489-9.1.2-1")
@given(
    strategies.transaction_ids,
    strategies.VALUES[a.PRIORITY],
    strategies.VALUES[a.ICE_CONTROLLED],
    st.booleans(),
    st.booleans(),
)
def test_a_template_makes_what_encode_makes(
    transaction_id: bytes, priority: int, tie_breaker: int, controlling: bool, nominate: bool
) -> None:
    extra = (a.SOFTWARE("sipice"),)
    role = a.ICE_CONTROLLING if controlling else a.ICE_CONTROLLED
    tail = (a.USE_CANDIDATE(True),) if nominate else ()
    attributes = (a.USERNAME("evtj:h6vY"), *extra, a.PRIORITY(priority), role(tie_breaker), *tail)
    message = Message(Method.BINDING, Class.REQUEST, transaction_id, attributes)
    template = CheckTemplate("evtj:h6vY", KEY, extra)
    built = template.build(transaction_id, priority, tie_breaker, controlling, nominate)
    assert built == encode(message, KEY)
    assert verify_integrity(decode(built), KEY)


@given(strategies.transaction_ids, strategies.addresses)
def test_an_answer_is_what_encode_makes(transaction_id: bytes, mapped: Address) -> None:
    message = Message(
        Method.BINDING, Class.SUCCESS, transaction_id, (a.XOR_MAPPED_ADDRESS(mapped),)
    )
    assert success_response(transaction_id, mapped, KEY) == encode(message, KEY)
