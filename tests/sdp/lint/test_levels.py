"""Attributes at the wrong level, and how attributes are written."""

from __future__ import annotations

import pytest

import sdp
from sdp.lint import check
from tests.marks import rfc
from tests.sdp.lint.examples import codes, whole

MEDIA = "m=audio 5004 RTP/AVP 0\n"
BOTH = "a=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\na=ice-options:ice2\n"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ host", "ICE101"),
        ("remote-candidates:1 192.0.2.1 5004", "ICE102"),
        ("ice-mismatch", "ICE103"),
        ("rtcp:5005", "SDP401"),
        ("rtcp-mux", "SDP411"),
        ("rtcp-mux-only", "SDP412"),
        ("mid:a", "SDP510"),
        ("bundle-only", "SDP515"),
    ],
)
def test_what_belongs_to_a_section_is_told_at_session_level(line: str, code: str) -> None:
    found = check(sdp.parse(whole(f"a={line}\na={line}\n{MEDIA}")))
    assert [(f.line, f.stream) for f in found if f.code == code] == [(6, None)]


@rfc("3605", "2.1", "MUST NOT", "3605-2.1-1")
def test_rtcp_is_of_one_section() -> None:
    assert codes(f"a=rtcp:5005\n{MEDIA}") == ["SDP401"]


@rfc("8839", "5.3", "rule", "8839-5.3-1")
def test_lite_is_of_the_session_and_mismatch_of_a_section() -> None:
    assert codes(f"{MEDIA}a=ice-lite\n") == ["ICE104"]
    assert codes(f"a=ice-lite\n{MEDIA}") == []
    assert codes(f"a=ice-mismatch\n{MEDIA}", "answer") == ["ICE103"]
    assert codes(f"{MEDIA}a=ice-mismatch\n", "answer") == []


def test_pacing_and_groups_are_of_the_session() -> None:
    assert codes(f"{MEDIA}a=ice-pacing:50\n") == ["ICE105"]
    assert codes(f"{MEDIA}a=group:LS a\n") == ["SDP511"]


def test_a_blank_behind_the_colon_is_told_per_line() -> None:
    text = BOTH.replace("ufrag:", "ufrag: ").replace("pwd:", "pwd:\t")
    found = check(sdp.parse(whole(f"m=audio 9 RTP/AVP 0\n{text}")))
    assert [(f.code, f.line) for f in found if f.severity != "info"] == [
        ("SDP013", 7),
        ("SDP013", 8),
    ]


def test_known_names_are_in_lower_case() -> None:
    assert codes(f"{MEDIA}a=SENDRECV\na=T38FaxVersion:0\na=X-nat\n") == ["SDP014", "ICE909"]


def test_attributes_have_names() -> None:
    assert codes(f"{MEDIA}a=\n") == ["SDP015"]


@pytest.mark.parametrize("line", ["a=rtcp:5005  IN IP4 192.0.2.1", "c=IN\tIP4 192.0.2.1"])
def test_fields_are_divided_by_one_blank(line: str) -> None:
    assert codes(f"{MEDIA}{line}\n") == ["SDP016"]


def test_flags_have_no_value() -> None:
    found = check(sdp.parse(whole(f"{MEDIA}a=rtcp-mux:yes\n")))
    assert [(f.code, f.line) for f in found] == [("SDP017", 7)]
    assert "a=rtcp-mux has the value 'yes'" in found[0].message
