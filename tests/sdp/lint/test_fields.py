"""The values of o=, t=, b= and m= lines."""

from __future__ import annotations

import pytest

import sdp
from sdp.lint import check
from tests.marks import rfc
from tests.sdp.lint.examples import codes, whole

MEDIA = "m=audio 5004 RTP/AVP 0\n"


def with_origin(value: str) -> str:
    return f"v=0\no={value}\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n{MEDIA}"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (with_origin("- 1 IN IP4 192.0.2.1"), "SDP201"),
        (f"t=0\n{MEDIA}", "SDP214"),
        (f"{MEDIA}b=64\n", "SDP215"),
        ("m=audio\n", "SDP217"),
    ],
)
def test_an_unreadable_line_is_told_once(text: str, code: str) -> None:
    assert [c for c in codes(text) if c != "SDP107"] == [code]


@rfc("3264", "5", "MUST", "3264-5-1")
def test_id_and_version_are_numbers_of_63_bits() -> None:
    assert codes(with_origin("- x 1 IN IP4 192.0.2.1")) == ["SDP202"]
    assert codes(with_origin("- 1 -1 IN IP4 192.0.2.1")) == ["SDP202"]
    assert codes(with_origin(f"- {2**63} {2**63} IN IP4 192.0.2.1")) == ["SDP203", "SDP203"]
    assert codes(with_origin(f"- {2**63 - 1} 0 IN IP4 192.0.2.1")) == []
    assert codes(with_origin(f"- {'9' * 5000} 1 IN IP4 192.0.2.1")) == ["SDP203"]


@rfc("8866", "5.8", "MUST", "8866-5.8-1")
def test_unknown_bandwidth_types_are_only_noted() -> None:
    found = check(sdp.parse(whole(f"{MEDIA}b=AS:64\nb=RR:0\nb=YZ:1\n")))
    assert [(f.code, f.severity.value, f.line) for f in found] == [("SDP216", "info", 9)]


def test_unreadable_bandwidth_is_not_also_unknown() -> None:
    assert codes(f"{MEDIA}b=YZ:1 2\n") == ["SDP215"]
