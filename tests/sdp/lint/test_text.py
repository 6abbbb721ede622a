"""The text itself: line ends, bytes, blank lines and lines that are none."""

from __future__ import annotations

import pytest

import sdp
from sdp.lint import check
from tests.marks import rfc
from tests.sdp.lint.examples import codes, whole

TEXT_CODES = {f"SDP{number:03}" for number in range(1, 18)}
GOOD = whole("m=audio 5004 RTP/AVP 0\n")


def text_codes(data: bytes) -> list[str]:
    return [code for code in codes(data) if code in TEXT_CODES]


@rfc("8866", "5", "SHOULD", "8866-5-3")
def test_bare_lf_is_accepted_and_told_once() -> None:
    found = check(sdp.parse(GOOD.replace(b"\r\n", b"\n")))
    assert [(f.code, f.severity.value, f.line) for f in found] == [("SDP001", "info", 1)]


def test_one_line_end_that_differs_is_found_where_it_stands() -> None:
    data = GOOD.replace(b"s=-\r\n", b"s=-\n")
    assert [(f.code, f.line) for f in check(sdp.parse(data))] == [("SDP004", 3)]


def test_mixed_line_ends_are_not_also_bare_ones() -> None:
    assert text_codes(GOOD.replace(b"\r\n", b"\n", 3)) == ["SDP004"]
    assert text_codes(GOOD.replace(b"\r\n", b"\r", 1)) == ["SDP004"]


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r", b"\r\r\n"])
def test_line_numbers_count_lines_whatever_ends_them(end: bytes) -> None:
    data = whole("m=audio 5004 RTP/AVP 0\na=ice-ufrag:8hhY\na=ice-pwd:short\n")
    found = check(sdp.parse(data.replace(b"\r\n", end)))
    assert [f.line for f in found if f.code == "ICE003"] == [8]
    assert [f.stream for f in found if f.code == "ICE003"] == [0]


def test_a_text_without_any_line_has_findings_without_a_line() -> None:
    found = check(sdp.parse(b""))
    assert {f.code for f in found} == {"SDP101", "SDP103", "SDP104", "SDP106", "SDP113"}
    assert {f.line for f in found} == {None}


def test_a_last_line_without_end_does_not_make_the_ends_mixed() -> None:
    assert text_codes(GOOD[:-2]) == ["SDP005"]


def test_a_single_line_without_end_is_only_unfinished() -> None:
    assert text_codes(b"v=0") == ["SDP005"]


@rfc("8866", "5", "MUST", "8866-5-4")
def test_other_encodings_need_a_charset() -> None:
    latin = GOOD.replace(b"s=-", b"s=Caf\xe9")
    assert text_codes(latin) == ["SDP007"]
    assert text_codes(latin.replace(b"t=0 0\r\n", b"t=0 0\r\na=charset:ISO-8859-1\r\n")) == []
    assert text_codes(GOOD.replace(b"s=-", "s=Café".encode())) == []


@rfc("8866", "5", "MUST", "8866-5-4")
def test_nul_is_found_in_every_line() -> None:
    assert text_codes(GOOD.replace(b"s=-", b"s=\0").replace(b"AVP 0", b"AVP 0\0")) == ["SDP006"] * 2


def test_blank_lines_inside_and_at_the_end_are_two_things() -> None:
    data = GOOD.replace(b"m=", b"\r\nm=") + b"\r\n\r\n"
    found = [(f.code, f.line) for f in check(sdp.parse(data))]
    assert found == [("SDP008", 6), ("SDP009", 8)]


def test_lines_with_blanks_only_are_blank_lines() -> None:
    assert text_codes(GOOD.replace(b"m=", b"  \r\nm=")) == ["SDP008"]


def test_trailing_blanks_are_told_once_and_one_blank_is_a_session_name() -> None:
    data = GOOD.replace(b"s=-", b"s= ")
    assert text_codes(data) == []
    assert text_codes(data.replace(b"\r\n", b" \r\n")) == ["SDP010"]


@rfc("8866", "5", "MUST", "8866-5-1")
@pytest.mark.parametrize("line", [b"x=1", b"A=sendrecv", b"==", b"\xc3="])
def test_unknown_letters_void_the_description(line: bytes) -> None:
    found = check(sdp.parse(GOOD + line + b"\r\n"))
    assert "SDP012" in [f.code for f in found]
    assert all("whole description" in f.message for f in found if f.code == "SDP012")


def test_a_line_without_equals_sign_is_shown_but_not_its_end() -> None:
    found = check(sdp.parse(GOOD + b"sendrecv\r\n"))
    assert [f.message for f in found] == [
        "'sendrecv' is no SDP line; peers may refuse the description"
    ]
