"""The leading fields of candidates."""

from __future__ import annotations

import pytest

import sdp
from sdp.lint import check
from tests.marks import rfc
from tests.sdp.lint.examples import codes, whole

ICE = (
    "m=audio 9 RTP/AVP 0\na=rtcp-mux\na=ice-options:ice2\na=ice-ufrag:8hhY\n"
    "a=ice-pwd:asd88fgpdd777uzjYhagZg\n"
)


def of(candidate: str) -> list[str]:
    return codes(f"{ICE}a=candidate:{candidate}\n")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("1 1 UDP 2130706431 192.0.2.1 5004", []),
        ("1 1 udp 2147483647 192.0.2.1 1", []),
        ("1 1 UDP", ["ICE201"]),
        ("1 x UDP 2130706431 192.0.2.1 5004", ["ICE201"]),
        ("1 0 UDP 2130706431 192.0.2.1 5004", ["ICE202"]),
        ("1 257 UDP 2130706431 192.0.2.1 5004", ["ICE202"]),
        ("1 1 UDP 0 192.0.2.1 5004", ["ICE203"]),
        ("1 1 UDP 4294967296 192.0.2.1 5004", ["ICE203"]),
        ("1 1 UDP 2147483648 192.0.2.1 5004", ["ICE204"]),
        ("1 1 UDP 4294967295 192.0.2.1 5004", ["ICE204"]),
        (f"{'a' * 33} 1 UDP 2130706431 192.0.2.1 5004", ["ICE205"]),
        ("a_b 1 UDP 2130706431 192.0.2.1 5004", ["ICE206"]),
        ("1 1 UDP 2130706431 192.0.2.1 0", ["ICE207"]),
        ("1 1 UDP 2130706431 192.0.2.1 65536", ["ICE208"]),
    ],
)
def test_each_leading_field_has_its_rule(fields: str, expected: list[str]) -> None:
    assert of(f"{fields} typ host") == expected


@rfc("8839", "5.1", "rule", "8839-5.1-6")
def test_an_unknown_transport_is_no_error() -> None:
    found = check(sdp.parse(whole(f"{ICE}a=candidate:1 1 DCCP 1 192.0.2.1 5004 typ host\n")))
    assert [(f.code, f.severity.value, f.line, f.stream) for f in found] == [
        ("ICE209", "warning", 11, 0)
    ]
    assert found[0].message == "transport 'DCCP' is unknown; peers ignore the candidate"


@rfc("6544", "4.5", "MUST", "6544-4.5-1")
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("1 1 TCP 1 192.0.2.1 9 typ host tcptype active", []),
        ("1 1 TCP 1 192.0.2.1 5004 typ host tcptype passive", []),
        ("1 1 tcp 1 192.0.2.1 5004 typ host tcptype so", []),
        ("1 1 TCP 1 192.0.2.1 5004 typ host tcptype active", ["ICE213"]),
        ("1 1 TCP 1 192.0.2.1 0 typ host tcptype active", ["ICE207"]),
        ("1 1 TCP 1 192.0.2.1 5004 typ host", ["ICE210"]),
        ("1 1 TCP 1 192.0.2.1 5004 typ host tcptype Active", ["ICE211"]),
        ("1 1 UDP 1 192.0.2.1 5004 typ host tcptype so", ["ICE212"]),
    ],
)
def test_tcp_candidates_say_who_connects(fields: str, expected: list[str]) -> None:
    assert of(fields) == expected


def test_an_unreadable_candidate_shows_none_of_its_words() -> None:
    secret = "asd88fgpdd777uzjYhagZg"
    found = check(
        sdp.parse(whole(f"{ICE}a=candidate:1 {secret} 1 UDP 2130706431 192.0.2.1 5004\n"))
    )
    assert [f.message for f in found] == [
        "component, priority or port is no number; peers ignore the candidate"
    ]
    few = check(sdp.parse(whole(f"{ICE}a=candidate:1 1\n")))
    assert few[0].message == "2 fields, at least 6 are needed; peers ignore the candidate"
