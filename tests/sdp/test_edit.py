"""Edits of a list of lines: neighbours keep their bytes, new lines take their ending."""

import pytest

from sdp import SdpError
from sdp.edit import (
    FEW,
    ICE_ATTRIBUTES,
    attributes_end,
    check_line,
    connection_positions,
    ice_positions,
    insert,
    is_plain,
    remove,
    rtcp_positions,
)
from sdp.lines import split


@pytest.mark.parametrize(
    ("text", "position", "result"),
    [
        (b"v=0\r\ns=-\r\n", 1, b"v=0\r\na=x\r\na=y\r\ns=-\r\n"),
        (b"v=0\ns=-\r\n", 1, b"v=0\na=x\na=y\ns=-\r\n"),
        (b"v=0\rs=-\r\n", 1, b"v=0\ra=x\ra=y\rs=-\r\n"),
        (b"v=0\r\r\ns=-\r\n", 1, b"v=0\r\r\na=x\r\r\na=y\r\r\ns=-\r\n"),
        (b"v=0\ns=-\n", 0, b"a=x\ra=y\rv=0\ns=-\n"),
        (b"v=0\ns=-", 2, b"v=0\ns=-\ra=x\ra=y"),
        (b"", 0, b"a=x\ra=y\r"),
    ],
)
def test_new_lines_end_as_the_line_before_them_else_as_told(
    text: bytes, position: int, result: bytes
) -> None:
    lines = split(text)
    insert(lines, position, [b"a=x", b"a=y"], b"\r")
    assert b"".join(lines) == result


def test_no_new_lines_change_nothing() -> None:
    lines = [b"v=0"]
    insert(lines, 1, [], b"\r\n")
    assert lines == [b"v=0"]


@pytest.mark.parametrize("count", [1, FEW - 1, FEW, FEW + 20])
def test_few_and_many_lines_are_removed_alike(count: int) -> None:
    lines = [b"%d\n" % number for number in range(100)]
    remove(lines, range(50, 50 + count))
    assert lines == [b"%d\n" % number for number in range(100) if not 50 <= number < 50 + count]


def test_nothing_to_remove_changes_nothing() -> None:
    lines = [b"v=0\r\n", b"s=-"]
    assert remove(lines, []) == b""
    assert lines == [b"v=0\r\n", b"s=-"]


@pytest.mark.parametrize("text", [b"v=0\r\nm=a\n", b"m=a\r\r\n", b"c=x\r"])
def test_what_was_inserted_at_an_open_end_goes_without_a_trace(text: bytes) -> None:
    lines = split(text.rstrip(b"\r\n"))
    before = lines.copy()
    insert(lines, len(lines), [b"a=x", b"a=y"], b"\n")
    remove(lines, [len(lines) - 2, len(lines) - 1])
    assert lines == before


def test_the_ending_that_an_open_end_takes_from_a_line_is_returned() -> None:
    lines = [b"m=a\n", b"a=x"]
    assert remove(lines, [1]) == b"\n"
    assert lines == [b"m=a"]


@pytest.mark.parametrize("text", [b"a=z\r\na=x", b"v=0\n\r\na=x", b"x\n\na=x"])
def test_an_attribute_or_an_empty_line_before_an_open_end_keeps_its_ending(text: bytes) -> None:
    lines = split(text)
    assert remove(lines, [len(lines) - 1]) == b""
    assert b"".join(lines) == text.removesuffix(b"a=x")


def test_the_only_line_can_be_removed() -> None:
    lines = [b"a=x"]
    remove(lines, [0])
    assert lines == []


@pytest.mark.parametrize(
    ("text", "position"),
    [
        (b"", 0),
        (b"junk\r\n", 0),
        (b"v=0\r\ns=-\r\n", 2),
        (b"v=0\r\na=x\r\n\r\n\r\n", 2),
        (b"v=0\r\na=x\r\nfoo\r\n", 2),
        (b"v=0\r\na=x", 1),
        (b"v=0\r\nc=x", 2),
    ],
)
def test_a_new_attribute_goes_behind_the_last_line_but_not_behind_junk(
    text: bytes, position: int
) -> None:
    assert attributes_end(split(text)) == position


@pytest.mark.parametrize("name", sorted(ICE_ATTRIBUTES))
def test_an_ice_attribute_is_found_in_any_case_and_by_its_whole_name(name: bytes) -> None:
    lines = [
        b"a=" + name + b"\r\n",
        b"a=" + name.upper() + b":x\r\n",
        b"a=" + name + b" :x\r\n",
        b"a=" + name + b"-not:x\r\n",
        b"a=x-" + name + b":x\r\n",
        b"A=" + name + b":x\r\n",
    ]
    assert ice_positions(lines) == [0, 1, 2]


def test_rtcp_lines_are_found_by_their_whole_name() -> None:
    lines = [b"a=rtcp:9\r\n", b"a=RTCP:9\n", b"a=rtcp :9", b"a=rtcp-mux\r\n", b"a=rtcp 9\r\n"]
    assert rtcp_positions(lines) == [0, 1, 2]
    assert rtcp_positions([b"a=rtcp x:9"]) == []


def test_connection_lines_are_found() -> None:
    assert connection_positions([b"m=a", b"c=x", b"C=x", b"c=y"]) == [1, 3]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (b"v=0\r\ns=-\r\n", True),
        (b"m=audio 9 RTP/AVP 0\r\na=rtcp-mux\r\n", True),
        (b"", False),
        (b"v=0\n", False),
        (b"v=0\r\r\n", False),
        (b"v=0", False),
        (b"v=0\r\n\r\n", False),
        (b"v=0\r\na=ice-lite\r\nb=x\r\n", False),
        (b"m=a\r\na=rtcp:9\r\nb=x\r\n", False),
    ],
)
def test_a_plain_section_ends_as_usual_and_has_neither_ice_nor_rtcp(
    text: bytes, plain: bool
) -> None:
    assert is_plain(split(text)) is plain


@pytest.mark.parametrize("line", [b"a=x\r", b"a=\nx", b"a=\0"])
def test_a_line_that_would_end_early_is_refused(line: bytes) -> None:
    with pytest.raises(SdpError) as refused:
        check_line(line)
    assert refused.value.field == "a="
