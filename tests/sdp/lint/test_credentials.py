"""ufrag and password."""

from __future__ import annotations

import pytest

import sdp
from sdp.lint import check
from tests.marks import rfc
from tests.sdp.lint.examples import codes, whole

A, V = "m=audio 9 RTP/AVP 0\n", "m=video 9 RTP/AVP 31\n"
UFRAG, PWD = "a=ice-ufrag:8hhY\n", "a=ice-pwd:asd88fgpdd777uzjYhagZg\n"
UFRAG_2, PWD_2 = "a=ice-ufrag:9uB6\n", "a=ice-pwd:YH75Fviy6338Vbrhrlp8Yh\n"
NOTES = {"ICE015", "ICE110", "ICE502", "SDP113"}


def faults(text: str) -> list[str]:
    return [code for code in codes(text) if code not in NOTES]


@rfc("8839", "5.4", "MUST", "8839-5.4-1")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (A + UFRAG, ["ICE001"]),
        (A + PWD, ["ICE002"]),
        (UFRAG + A, ["ICE001"]),
        (PWD + A, ["ICE002"]),
        (UFRAG, ["ICE001"]),
        (UFRAG + A + PWD, ["ICE013"]),
        (UFRAG + A + PWD + V, ["ICE001", "ICE013"]),
        (UFRAG + PWD + A + V, []),
        (A + UFRAG + PWD + V, []),
        (UFRAG + PWD + A + UFRAG_2 + PWD_2 + V, ["ICE010"]),
        (UFRAG + PWD + A + PWD_2, ["ICE010", "ICE013"]),
        (A + UFRAG + PWD + V + UFRAG + PWD_2, ["ICE012"]),
        (UFRAG + PWD + A + V + UFRAG + PWD_2, ["ICE010", "ICE012"]),
        (A + UFRAG + PWD + V + UFRAG_2 + PWD, []),
        (A + UFRAG + UFRAG_2 + PWD + PWD_2, ["ICE011", "ICE011"]),
    ],
)
def test_each_stream_has_both_at_one_level(text: str, expected: list[str]) -> None:
    assert sorted(faults(text)) == expected


def test_a_bundled_section_has_those_of_the_first() -> None:
    text = f"a=group:BUNDLE a v\n{A}a=mid:a\na=rtcp-mux\n{UFRAG}{PWD}{V}a=mid:v\n"
    assert codes(text.replace("ice-ufrag", "ice-options:ice2\na=ice-ufrag")) == ["ICE502", "ICE502"]


@rfc("8839", "5.4", "MUST", "8839-5.4-2")
@pytest.mark.parametrize(
    ("ufrag", "pwd", "expected"),
    [
        ("8hh", "x" * 22, ["ICE006"]),
        ("8hhY", "x" * 21, ["ICE003"]),
        ("x" * 32, "x" * 256, []),
        ("x" * 33, "x" * 22, ["ICE008"]),
        ("x" * 256, "x" * 22, ["ICE008"]),
        ("x" * 257, "x" * 257, ["ICE004", "ICE007"]),
        ("8h_Y", "x" * 22, ["ICE009"]),
        ("8hhY", "x" * 22 + "=", ["ICE005"]),
        ("", "", ["ICE003", "ICE006"]),
        ("0123", "12e5" * 6, []),
    ],
)
def test_lengths_and_characters(ufrag: str, pwd: str, expected: list[str]) -> None:
    assert sorted(faults(f"{A}a=ice-ufrag:{ufrag}\na=ice-pwd:{pwd}\n")) == expected


def test_passwords_are_counted_and_not_shown() -> None:
    text = f"{A}{UFRAG}a=ice-pwd:Secret/of=mine\n{V}{UFRAG}a=ice-pwd:Another-one\n"
    found = check(sdp.parse(whole(text)))
    assert {f.code for f in found} >= {"ICE003", "ICE005", "ICE012"}
    assert not any("Secret" in f.message or "Another" in f.message for f in found)
    assert any("has 14 characters" in f.message for f in found)
