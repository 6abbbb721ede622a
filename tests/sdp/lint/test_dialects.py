"""How ICE was written before RFC 5245 and beside it."""

from __future__ import annotations

import pytest

import sdp
from sdp.lint import check
from tests.sdp.lint.examples import codes, whole

ICE = (
    "m=audio 9 RTP/AVP 0\na=rtcp-mux\na=ice-options:ice2\na=ice-ufrag:8hhY\n"
    "a=ice-pwd:asd88fgpdd777uzjYhagZg\n"
)
HOST = "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ host"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a=candidate:uX/k 1 tK2bYv9Xn3cLm UDP 0.830 192.0.2.1 5004", ["ICE901"]),
        ("a=candidate:uX/k 1 tK2bYv9Xn3cLm TCP-PASS 0.1 192.0.2.1 5004", ["ICE901"]),
        ("a=candidate:uX/k 1 tK2bYv9Xn3cLm UDP high 192.0.2.1 5004", ["ICE201"]),
        ("a=candidate:uX/k 1 tK2bYv9Xn3cLm XYZ 0.830 192.0.2.1 5004", ["ICE201"]),
        ("a=candidate:2 1 TCP-ACT 1 192.0.2.1 9 typ host", ["ICE902"]),
        ("a=candidate:2 1 tcp-pass 1 192.0.2.1 5004 typ host", ["ICE902"]),
        ("a=alt:1 2 : xyz abc 192.0.2.1 5004\na=alt:2 1 : xyz abc 192.0.2.2 5004", ["ICE903"]),
        ("a=x-candidate-ipv6:2 1 UDP 1 2001:db8::1 5004 typ host", ["ICE904"]),
        ("a=x-candidate-info:1 network-type=wlan", ["ICE905"]),
        ("a=candidate:2 1 UDP 1 192.0.2.2 5004 typ local", ["ICE906"]),
        ("a=candidate:2 1 UDP 1 192.0.2.2 5004 typ stun", ["ICE906"]),
        (f"{HOST.replace('5004', '5006')} username u password SECRET", ["ICE301", "ICE907"]),
        ("a=candidate:2 1 ssltcp 1 192.0.2.1 443 typ host", ["ICE908"]),
        ("a=candidate:2 1 xTLS 1 192.0.2.1 443 typ host", ["ICE908"]),
        ("a=X-nat:0", ["ICE909"]),
        ("a=ice-options:google-ice", ["ICE910"]),
    ],
)
def test_a_dialect_is_named_and_nothing_else_is_said_of_it(line: str, expected: list[str]) -> None:
    assert sorted(codes(f"{ICE}{HOST}\n{line}\n")) == expected


def test_alternatives_by_group_are_named() -> None:
    section = "m=audio 500{} RTP/AVP 0\na=mid:{}\n"
    text = "a=group:ANAT 1 2\n" + section.format(4, 1) + section.format(6, 2)
    assert codes(text) == ["ICE911"]


@pytest.mark.parametrize(
    "line",
    [
        "a=candidate:uXk 1 SECRET UDP 0.830 192.0.2.1 5004",
        "a=candidate:uXk 1 SECRET UDP 0.830 192.0.2.1",
        "a=candidate:uXk 1 SECRET UDP x 192.0.2.1 5004",
        "a=alt:1 1 : SECRET SECRET 192.0.2.1 5004",
        f"{HOST} username SECRET password SECRET generation 0",
        f"{HOST} pwd SECRET",
    ],
)
def test_no_dialect_gives_a_password_away(line: str) -> None:
    found = check(sdp.parse(whole(f"{ICE}{line}\n")))
    assert found
    assert not any("SECRET" in finding.message for finding in found)


def test_old_types_are_translated() -> None:
    text = f"{ICE}{HOST}\na=candidate:2 1 UDP 1 192.0.2.2 5004 typ derived\n"
    messages = [f.message for f in check(sdp.parse(whole(text)))]
    assert messages == ["typ derived of an old draft is srflx today; peers ignore the candidate"]
