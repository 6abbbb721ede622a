"""Two successive descriptions of one side, apart from ICE."""

from __future__ import annotations

import pytest

import sdp
from sdp.lint import Finding, compare
from tests.marks import rfc

A, V = "m=audio 5004 RTP/AVP 0\n", "m=video 5006 RTP/AVP 31\n"
ORIGIN = "- 1 1 IN IP4 192.0.2.1"
NEXT = "- 1 2 IN IP4 192.0.2.1"


def step(earlier: str, later: str, origin: str = NEXT, before: str = ORIGIN) -> list[Finding]:
    texts = [f"v=0\no={before}\n{earlier}", f"v=0\no={origin}\n{later}"]
    return compare(*(sdp.parse(text.replace("\n", "\r\n").encode()) for text in texts))


def codes(earlier: str, later: str, origin: str = NEXT, before: str = ORIGIN) -> list[str]:
    return [finding.code for finding in step(earlier, later, origin, before)]


@rfc("3264", "8", "MUST", "3264-8-1")
@rfc("8866", "5.2", "rule", "8866-5.2-1")
@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (NEXT, []),
        (ORIGIN, ["SDP701"]),
        ("- 1 3 IN IP4 192.0.2.1", ["SDP702"]),
        ("- 1 0 IN IP4 192.0.2.1", ["SDP702"]),
        ("- 1 x IN IP4 192.0.2.1", []),
        ("x 1 2 IN IP4 192.0.2.1", ["SDP703"]),
        ("- 7 2 IN IP4 192.0.2.1", ["SDP703"]),
        ("- 1 2 IN IP4 192.0.2.2", ["SDP703"]),
        ("- 1 2", []),
    ],
)
def test_a_change_raises_the_version_by_one_and_nothing_else(
    origin: str, expected: list[str]
) -> None:
    assert codes(A, A + V, origin) == expected


def test_the_same_description_keeps_its_version() -> None:
    assert codes(A, A, ORIGIN) == []
    assert codes(A, A, NEXT, before="unreadable") == []


def test_the_other_field_is_named() -> None:
    found = step(A, A, "- 7 2 IN IP4 192.0.2.1")
    assert [f.message for f in found] == ["o= has '7' where it had '1'; peers may refuse it"]
    assert [(f.line, f.stream) for f in found] == [(2, None)]


@rfc("3264", "8", "MUST", "3264-8-2")
def test_streams_do_not_disappear() -> None:
    assert codes(A + V, A) == ["SDP704"]
    assert codes(A + V, A + V.replace("5006", "0")) == []


@rfc("3264", "8.3.3", "MAY", "3264-8.3.3-1")
def test_another_media_type_is_noted() -> None:
    fax = "m=image 5004 udptl t38\n"
    found = step(A, fax)
    assert [(f.code, f.severity.value, f.stream) for f in found] == [("SDP705", "info", 0)]
    assert codes(A.replace("5004", "0"), fax) == []
    assert codes("m=audio\n", fax) == []


@rfc("3264", "8.3.2", "MUST NOT", "3264-8.3.2-1")
def test_payload_types_keep_their_codec() -> None:
    def opus(codec: str) -> str:
        return f"{A}a=rtpmap:96 {codec}\na=rtpmap:x\n"

    assert codes(opus("opus/48000/2"), opus("OPUS/48000/2")) == []
    assert codes(opus("L16/8000"), opus("L16/8000/1")) == []
    found = step(opus("opus/48000/2"), opus("G726-32/8000"))
    assert [(f.code, f.line, f.stream) for f in found] == [("SDP706", 4, 0)]
