"""Header fields: names, folding, and the splitting of values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipice.sip.headers import (
    key_of,
    number,
    parameters,
    read_section,
    split_values,
    unquote,
)


@pytest.mark.parametrize(
    ("written", "key"),
    [("i", "call-id"), ("L", "content-length"), ("CALL-ID", "call-id"), ("X-Own", "x-own")],
)
def test_compact_and_long_names_lead_to_one_key(written: str, key: str) -> None:
    assert key_of(written) == key


def test_a_section_knows_the_place_of_each_field() -> None:
    data = b"..To: a\r\nVia:b\n\r\nbody"
    section = read_section(data, 2, len(data))
    assert [(h.name, h.value, data[h.start : h.end]) for h in section.headers] == [
        ("To", "a", b"To: a\r\n"),
        ("Via", "b", b"Via:b\n"),
    ]
    assert data[section.end :] == b"body"
    assert section.problems == ()


def test_folded_lines_become_one_value() -> None:
    data = b"TO :\r\n sip:v@example.com ;   tag\r\n\t= 19n\r\n\r\n"
    (header,) = read_section(data, 0, len(data)).headers
    assert (header.name, header.key, header.value) == (
        "TO",
        "to",
        "sip:v@example.com ;   tag = 19n",
    )


def test_lines_without_colon_and_a_missing_end_are_told() -> None:
    data = b"To: a\r\nnonsense\r\nFrom: b"
    section = read_section(data, 0, len(data))
    assert [h.key for h in section.headers] == ["to", "from"]
    assert [(p.code, p.offset) for p in section.problems] == [
        ("no-colon", 7),
        ("no-blank-line", 24),
    ]


def test_bytes_that_are_not_utf8_survive() -> None:
    data = b"Subject: \xff\xfe\r\n\r\n"
    (header,) = read_section(data, 0, len(data)).headers
    assert header.value.encode("utf-8", "surrogateescape") == b"\xff\xfe"


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("a, b ,c", ["a", "b", "c"]),
        ('"Doe, John" <sip:j@a;b,c>, d', ['"Doe, John" <sip:j@a;b,c>', "d"]),
        (r'"a\",b", c', [r'"a\",b"', "c"]),
        ('"never closed <sip:a>, b', ['"never closed <sip:a>', "b"]),
        ("", [""]),
    ],
)
def test_values_are_split_outside_quotes_and_brackets(value: str, parts: list[str]) -> None:
    assert split_values(value) == parts


def test_parameters_take_odd_blanks_quotes_and_the_first_of_two() -> None:
    value = r'<sip:a;x=1> ; TAG  =  one ; q="a\"b;c"; lr; tag=two'
    assert parameters(value) == ("<sip:a;x=1>", {"tag": "one", "q": 'a"b;c', "lr": ""})


@pytest.mark.parametrize(("text", "inside"), [('"a"', "a"), ('"', '"'), ('a"', 'a"'), ('""', "")])
def test_only_a_quoted_string_is_unquoted(text: str, inside: str) -> None:
    assert unquote(text) == inside


@pytest.mark.parametrize("text", ["", "-1", "1.5", "٣", "9" * 21, "0x1"])
def test_what_is_no_plain_number_is_none(text: str) -> None:
    assert number(text) is None


def test_a_number_may_be_larger_than_the_standard_allows() -> None:
    assert number("36893488147419103232") == 36893488147419103232


@given(st.text(alphabet='a"<>\\;,= \t', max_size=200))
def test_splitting_keeps_every_letter(value: str) -> None:
    joined = "".join(split_values(value)).replace(",", "")
    assert joined.replace(" ", "").replace("\t", "") == "".join(value.replace(",", "").split())
