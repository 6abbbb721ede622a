"""Bytes to lines and back: nothing is lost, whatever ends a line."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sdp import Limits, SdpError
from sdp.lines import (
    content,
    ending,
    number,
    octets,
    spellings,
    split,
    split_sections,
    text,
    tokens,
    writable,
)
from tests.sdp.strategies import any_text


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"v=0", [b"v=0"]),
        (b"a\r\nb\nc\rd", [b"a\r\n", b"b\n", b"c\r", b"d"]),
        (b"a\r\r\nb", [b"a\r\r\n", b"b"]),
        (b"a\r\rb", [b"a\r", b"\r", b"b"]),
        (b"\r\r\r\n", [b"\r", b"\r\r\n"]),
        (b"a\n\rb", [b"a\n", b"\r", b"b"]),
        (b"\n\n", [b"\n", b"\n"]),
        (b"a\x0bb\x0cc\x1c\x85\xe2\x80\xa8d\0e", [b"a\x0bb\x0cc\x1c\x85\xe2\x80\xa8d\0e"]),
    ],
)
def test_a_line_ends_with_crlf_lf_cr_or_cr_crlf_and_nothing_else(
    data: bytes, lines: list[bytes]
) -> None:
    assert split(data) == lines


@given(any_text)
def test_the_lines_joined_are_the_text(data: bytes) -> None:
    assert b"".join(split(data)) == data


@given(any_text)
def test_each_line_is_a_content_and_one_ending(data: bytes) -> None:
    for line in split(data):
        assert content(line) + ending(line) == line
        assert not re.search(rb"[\r\n]", content(line))
        assert ending(line) in (b"\r\n", b"\n", b"\r", b"\r\r\n", b"")


def line_by_line(data: bytes) -> list[list[bytes]]:
    """The plain way to cut a text into sections."""
    sections: list[list[bytes]] = [[]]
    for line in split(data):
        if line.startswith(b"m="):
            sections.append([])
        sections[-1].append(line)
    return sections


@given(any_text)
@example(b"m=")
@example(b"m=a\nm=b")
@example(b"v=0\rm=a\r\nm=b\r")
@example(b"v=0\r\r\nm=a\r\r\nx")
@example(b"v=0\n\rm=a")
def test_sections_are_those_of_a_walk_over_the_lines(data: bytes) -> None:
    assert split_sections(data) == line_by_line(data)


@pytest.mark.parametrize(
    ("piece", "lines"),
    [(b"\r", 1 << 20), (b"\n", 1 << 20), (b"m=\n", 349525), (b"\r\r\n", 349525), (b"x", 1)],
    ids=repr,
)
def test_a_mebibyte_of_one_thing_is_cut_in_one_walk(piece: bytes, lines: int) -> None:
    data = piece * ((1 << 20) // len(piece))
    sections = split_sections(data)
    assert sum(map(len, sections)) == lines
    assert b"".join(map(b"".join, sections)) == data


def test_an_attribute_name_is_spelled_in_any_case_but_its_a_is_small() -> None:
    assert spellings(b"a=x1:") == {b"a=x1:", b"a=X1:"}


@given(st.binary())
def test_bytes_survive_the_way_through_text(value: bytes) -> None:
    assert octets(text(value)) == value


def test_tokens_are_separated_by_any_number_of_blanks() -> None:
    assert tokens(b" a \t b\xc2\x85c ") == ["a", "b\x85c"]
    assert tokens(b"") == [""]
    assert tokens(b"\xff") == ["\udcff"]


@pytest.mark.parametrize("token", ["", "-1", "+1", "1.0", "0x1", "1e5", "١", "12345678901", " 1"])
def test_what_is_not_all_digits_is_no_number(token: str) -> None:
    assert number(token) is None


def test_a_number_may_have_leading_zeros_and_as_many_digits_as_allowed() -> None:
    assert number("0012") == 12
    assert number("1234567890") == 1234567890
    assert number("123", 2) is None


@pytest.mark.parametrize("value", ["a\rb", "a\nb", "a\0b", "\ud800"])
def test_what_would_cut_or_spoil_a_line_is_refused_with_the_name_of_its_field(value: str) -> None:
    with pytest.raises(SdpError) as refused:
        writable(value, "i=")
    assert refused.value.field == "i="


def test_what_came_in_as_bytes_may_go_out_again() -> None:
    assert writable("caf\udce9 é", "i=") == b"caf\xe9 \xc3\xa9"


def test_the_smallest_limit_is_known() -> None:
    assert Limits(lines=7, media=3, candidates=5).smallest == 3
