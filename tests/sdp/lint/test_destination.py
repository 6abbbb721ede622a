"""Default destinations, and candidates that come later."""

from __future__ import annotations

import pytest

import sdp
from sdp.lint import check
from tests.marks import rfc
from tests.sdp.lint.examples import codes, whole

BOTH = "a=ice-options:ice2\na=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\n"
ICE = f"m=audio 5004 RTP/AVP 0\n{BOTH}"
MUX = "a=rtcp-mux\n"
HOST = "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ host\n"
HOST_2 = "a=candidate:1 2 UDP 2130706430 192.0.2.1 5005 typ host\n"
OTHER = HOST.replace("192.0.2.1", "198.51.100.1")


@rfc("8839", "4.2.5", "rule", "8839-4.2.5-2")
@rfc("8839", "4.2.1.2", "rule", "8839-4.2.1.2-1")
def test_the_default_destination_is_a_candidate() -> None:
    assert codes(ICE + MUX + HOST) == []
    found = check(sdp.parse(whole(ICE + MUX + OTHER)))
    assert [(f.code, f.line, f.stream) for f in found] == [("ICE401", 6, 0)]
    assert "'192.0.2.1' port 5004" in found[0].message


@rfc("8839", "4.2.5", "rule", "8839-4.2.5-2")
@pytest.mark.parametrize(
    "candidate",
    [
        HOST.replace("5004", "5006"),
        HOST.replace(" UDP ", " TCP ").replace("typ host", "typ host tcptype so"),
        HOST.replace("1 1 UDP", "1 2 UDP") + OTHER,
    ],
)
def test_port_transport_and_component_count(candidate: str) -> None:
    assert "ICE401" in codes(ICE + MUX + candidate)


def test_an_address_has_many_spellings() -> None:
    line = "c=IN IP6 2001:DB8:0::1\n"
    candidate = HOST.replace("192.0.2.1", "2001:db8::1")
    assert codes(ICE.replace("\n", f"\n{line}", 1) + MUX + candidate) == []


@rfc("8839", "4.2.5", "MUST NOT", "8839-4.2.5-4")
@rfc("8840", "4.1.2", "MUST / MUST NOT", "8840-4.1.2-1")
@pytest.mark.parametrize("address", ["IN IP4 0.0.0.0", "IN IP6 ::"])
def test_a_placeholder_is_no_mismatch(address: str) -> None:
    section = ICE.replace("5004", "9").replace("\n", f"\nc={address}\n", 1)
    assert codes(section + MUX + HOST) == []


@rfc("8839", "4.2.5", "MUST NOT", "8839-4.2.5-6")
def test_a_name_is_no_mismatch() -> None:
    section = ICE.replace("\n", "\nc=IN IP4 host.example.org\n", 1)
    assert codes(section + MUX + HOST) == ["SDP212"]


def test_no_ice_and_no_port_are_no_mismatch() -> None:
    assert "ICE401" not in codes(ICE.replace("ice-pwd", "x") + MUX + OTHER)
    assert "ICE401" not in codes(ICE.replace("5004", "0") + MUX + OTHER)
    assert "ICE401" not in codes(ICE + MUX + "a=ice-mismatch\n")


def test_a_bundled_section_does_not_repeat_the_mismatch_of_the_first() -> None:
    group = f"a=group:BUNDLE a b\n{ICE}{MUX}a=mid:a\n"
    assert codes(group + OTHER + ICE + MUX + "a=mid:b\n") == ["ICE401"]
    assert codes(group + HOST + ICE + MUX + "a=mid:b\n") == []
    assert codes(group + HOST + ICE.replace("5004", "5006") + MUX + "a=mid:b\n") == ["ICE401"]
    assert codes(group + HOST + f"m=video 5004 RTP/AVP 31\n{MUX}a=mid:b\n") == []


@rfc("8866", "5.14", "MUST", "8866-5.14-2")
@rfc("8839", "4.2.2", "rule", "8839-4.2.2-2")
@pytest.mark.parametrize(
    ("rtcp", "expected"),
    [
        ("", []),
        ("a=rtcp:5005\n", []),
        ("a=rtcp:5005 IN IP4 192.0.2.1\n", []),
        ("a=rtcp:9 IN IP4 0.0.0.0\n", []),
        ("a=rtcp:5007\n", ["ICE402"]),
        ("a=rtcp:5005 IN IP4 192.0.2.2\n", ["ICE402"]),
    ],
)
def test_rtcp_goes_to_a_candidate_of_component_2(rtcp: str, expected: list[str]) -> None:
    assert codes(ICE + rtcp + HOST + HOST_2) == expected


def test_the_port_above_is_told_at_the_media_line() -> None:
    found = check(sdp.parse(whole(ICE + HOST + HOST_2.replace("5005", "5007"))))
    assert [(f.code, f.line) for f in found] == [("ICE402", 6)]
    assert found[0].message.startswith("the port above that of m= names '192.0.2.1' port 5005")


def test_rtcp_follows_a_media_mismatch_silently() -> None:
    assert codes(ICE + OTHER + HOST_2.replace("192.0.2.1", "198.51.100.1")) == ["ICE401"]
    without = ICE.replace("ice-pwd", "x") + "a=rtcp:5007\n" + HOST + HOST_2
    assert "ICE402" not in codes(without)


@rfc("8840", "4.1.1", "MUST NOT", "8840-4.1.1-3")
@rfc("9429", "5.2.1", "MUST", "9429-5.2.1-3")
def test_early_rtcp_is_noted_as_what_browsers_do() -> None:
    early = ICE.replace("5004", "9").replace("ice2", "ice2 trickle") + MUX + "a=mid:a\n"
    rtcp = "a=rtcp:9 IN IP4 0.0.0.0\n"
    assert codes(early) == []
    found = check(sdp.parse(whole(early + rtcp)))
    assert [(f.code, f.severity.value, f.line) for f in found] == [("ICE403", "info", 12)]
    assert codes(early + rtcp + HOST) == []


@rfc("6544", "4.5", "MUST", "6544-4.5-2")
def test_a_tcp_default_needs_setup() -> None:
    tcp = f"m=audio 9 TCP/RTP/AVP 0\n{BOTH}{MUX}"
    active = "a=candidate:1 1 TCP 2128609279 192.0.2.1 9 typ host tcptype active\n"
    assert codes(tcp + active) == ["ICE404"]
    assert codes(f"{tcp}{active}a=setup:active\n") == []
    assert codes(f"a=setup:active\n{tcp}{active}") == []


@rfc("8840", "4.1.1", "MUST", "8840-4.1.1-5")
@rfc("8840", "4.1.3", "MUST", "8840-4.1.3-1")
def test_trickle_needs_a_mid() -> None:
    trickle = ICE.replace("5004", "9").replace("ice2", "ice2 trickle") + MUX
    assert codes(trickle) == ["ICE501"]
    assert codes(trickle, "answer") == ["ICE501"]
    assert codes(f"{trickle}a=mid:a\n") == []
    assert codes(trickle.replace("audio 9", "audio 0")) == []


@rfc("8839", "4.3.1", "rule", "8839-4.3.1-3")
@rfc("8839", "4.3.2", "rule", "8839-4.3.2-3")
def test_no_candidates_at_all_are_legal_and_noted() -> None:
    section = ICE.replace("5004", "9") + MUX
    found = check(sdp.parse(whole(section)))
    assert [(f.code, f.severity.value) for f in found] == [("ICE502", "info")]
    assert codes(section + HOST) == []
