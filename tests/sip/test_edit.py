"""sipice.sip.edit: what is not changed stays, byte for byte."""

from __future__ import annotations

import pytest

from sipice.sip.edit import Edit
from sipice.sip.message import parse_message

DATA = (
    b"INVITE sip:bob@example.com SIP/2.0\r\n"
    b"k:100rel ,  timer\r\n"
    b"Require:  ice, x\r\n"
    b"require: trickle-ice\r\n"
    b"Call-ID: 1\r\n"
    b"\r\n"
)


def edit() -> Edit:
    return Edit(parse_message(DATA))


def test_without_changes_the_bytes_are_the_same() -> None:
    assert edit().done() is not None
    assert edit().done() == DATA


def test_a_value_is_replaced_under_the_name_as_written() -> None:
    one = edit()
    one.put("Supported", "x")
    assert one.done() == DATA.replace(b"k:100rel ,  timer", b"k:x")


def test_a_field_that_is_not_there_goes_behind_the_others() -> None:
    one = edit()
    one.put("Accept", "application/sdp")
    assert one.done() == DATA.replace(b": 1\r\n", b": 1\r\nAccept: application/sdp\r\n")


def test_a_token_is_added_once() -> None:
    one = edit()
    one.add_token("Supported", "timer")
    assert one.done() == DATA
    one.add_token("Supported", "trickle-ice")
    assert one.done() == DATA.replace(b"timer", b"timer, trickle-ice")
    one = Edit(parse_message(b"ACK sip:a SIP/2.0\r\nRecv-Info:\r\n\r\n"))
    one.add_token("Recv-Info", "trickle-ice")
    assert one.done() == b"ACK sip:a SIP/2.0\r\nRecv-Info:trickle-ice\r\n\r\n"


def test_tokens_are_dropped_and_empty_fields_with_them() -> None:
    one = edit()
    one.drop_tokens("Require", frozenset({"ice", "trickle-ice"}))
    expected = DATA.replace(b"ice, x", b"x").replace(b"require: trickle-ice\r\n", b"")
    assert one.done() == expected


def test_all_fields_of_a_name_are_dropped() -> None:
    one = edit()
    one.drop("Require")
    assert b"equire" not in one.done()


@pytest.mark.parametrize("data", [b"ACK sip:a SIP/2.0\r\nCall-ID: 1", b"ACK sip:a SIP/2.0"])
def test_a_field_is_added_to_a_message_that_ends_in_its_header(data: bytes) -> None:
    one = Edit(parse_message(data))
    one.append("X", "y")
    assert one.done() == data + b"\r\nX: y\r\n"
