"""Our messages before the eyes of aioice's parser, and aioice's before ours."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.capabilities import require

require("aioice")

from aioice import stun as theirs

from sipice.net import Address
from sipice.stun import (
    CheckRequest,
    CheckResponse,
    CheckTemplate,
    Class,
    ErrorCode,
    Key,
    Message,
    Method,
    decode,
    encode,
    error_response,
    parse_check,
    success_response,
    verify_integrity,
)
from sipice.stun import attributes as a
from tests.stun import strategies, vectors

PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt"
KEY = Key.short_term(PASSWORD)

# What aioice has a codec for, and how it writes what we read.
COMMON: list[a.Attribute[Any]] = [
    a.MAPPED_ADDRESS,
    a.USERNAME,
    a.ERROR_CODE,
    a.CHANNEL_NUMBER,
    a.LIFETIME,
    a.XOR_PEER_ADDRESS,
    a.DATA,
    a.REALM,
    a.NONCE,
    a.XOR_RELAYED_ADDRESS,
    a.XOR_MAPPED_ADDRESS,
    a.PRIORITY,
    a.USE_CANDIDATE,
    a.SOFTWARE,
    a.ICE_CONTROLLED,
    a.ICE_CONTROLLING,
]
attributes = (
    st.lists(st.sampled_from(COMMON), max_size=5, unique_by=lambda row: row.number)
    .flatmap(lambda rows: st.tuples(*(strategies.VALUES[row].map(row) for row in rows)))
    .map(tuple)
)
CLASSES = {
    Class.REQUEST: theirs.Class.REQUEST,
    Class.INDICATION: theirs.Class.INDICATION,
    Class.SUCCESS: theirs.Class.RESPONSE,
    Class.ERROR: theirs.Class.ERROR,
}


def as_theirs(value: object) -> object:
    match value:
        case Address():
            return value.host, value.port
        case ErrorCode():
            return tuple(value)
        case True:
            return None
        case _:
            return value


@given(
    st.sampled_from(list(Method)),
    st.sampled_from(list(Class)),
    strategies.transaction_ids,
    attributes,
)
def test_each_reads_and_verifies_what_the_other_wrote(
    method: Method,
    message_class: Class,
    transaction_id: bytes,
    given_attributes: tuple[tuple[int, object], ...],
) -> None:
    ours = Message(method, message_class, transaction_id, given_attributes)
    read = theirs.parse_message(encode(ours, KEY))
    assert read.message_method == theirs.Method(method.value)
    assert read.message_class == CLASSES[message_class]
    assert read.transaction_id == transaction_id
    assert read.check_message_integrity(PASSWORD.encode())
    for number, value in given_attributes:
        assert read.attributes[a.TABLE[number].name] == as_theirs(value)

    written = theirs.Message(theirs.Method(method.value), CLASSES[message_class], transaction_id)
    for number, value in given_attributes:
        written.attributes[a.TABLE[number].name] = as_theirs(value)
    written.add_message_integrity(PASSWORD.encode())
    message = decode(bytes(written))
    assert message == ours
    assert verify_integrity(message, KEY)
    assert bytes(written) == encode(ours, KEY)


@pytest.mark.parametrize("name", vectors.SHORT_TERM)
def test_the_vectors_mean_the_same_to_both(name: str) -> None:
    read = theirs.parse_message(vectors.raw(name))
    assert read.check_message_integrity(vectors.expected(name)["password"].encode())
    for number, value in decode(vectors.raw(name)).attributes:
        assert read.attributes[a.TABLE[number].name] == as_theirs(value)


@given(strategies.transaction_ids, strategies.addresses, st.booleans(), st.booleans())
def test_the_fast_way_is_read_by_theirs(
    transaction_id: bytes, mapped: Address, controlling: bool, nominate: bool
) -> None:
    template = CheckTemplate("evtj:h6vY", KEY)
    request = theirs.parse_message(
        template.build(transaction_id, 1862270975, 77, controlling, nominate)
    )
    assert request.check_message_integrity(PASSWORD.encode())
    assert request.attributes["USERNAME"] == "evtj:h6vY"
    assert request.attributes["PRIORITY"] == 1862270975
    assert request.attributes["ICE-CONTROLLING" if controlling else "ICE-CONTROLLED"] == 77
    assert ("USE-CANDIDATE" in request.attributes) == nominate
    response = theirs.parse_message(success_response(transaction_id, mapped, KEY))
    assert response.check_message_integrity(PASSWORD.encode())
    assert response.attributes["XOR-MAPPED-ADDRESS"] == (mapped.host, mapped.port)


@given(strategies.transaction_ids, strategies.addresses, st.booleans())
def test_the_fast_way_reads_theirs(transaction_id: bytes, mapped: Address, nominate: bool) -> None:
    request = theirs.Message(theirs.Method.BINDING, theirs.Class.REQUEST, transaction_id)
    request.attributes |= {"USERNAME": "evtj:h6vY", "PRIORITY": 5, "ICE-CONTROLLED": 9}
    if nominate:
        request.attributes["USE-CANDIDATE"] = None
    request.add_message_integrity(PASSWORD.encode())
    response = theirs.Message(theirs.Method.BINDING, theirs.Class.RESPONSE, transaction_id)
    response.attributes["XOR-MAPPED-ADDRESS"] = (mapped.host, mapped.port)
    response.add_message_integrity(PASSWORD.encode())
    for _ in range(2):
        check, answer = parse_check(bytes(request)), parse_check(bytes(response))
        assert isinstance(check, CheckRequest)
        assert check[:6] == (transaction_id, "evtj:h6vY", 5, False, 9, nominate)
        assert KEY.verifies(check.signed, check.mac)
        assert isinstance(answer, CheckResponse)
        assert answer[:2] == (transaction_id, mapped)
        assert KEY.verifies(answer.signed, answer.mac)


def test_an_error_answer_is_read_by_theirs() -> None:
    request = decode(vectors.raw(vectors.CHECK))
    read = theirs.parse_message(encode(error_response(request, 487), KEY))
    assert read.attributes["ERROR-CODE"] == (487, "Role Conflict")
    assert read.check_message_integrity(PASSWORD.encode())
