"""Where RTCP goes, and whether it shares the port of RTP."""

from __future__ import annotations

import pytest

from tests.marks import rfc
from tests.sdp.lint.examples import codes

MEDIA = "m=audio 5004 RTP/AVP 0\n"
ICE = f"{MEDIA}a=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\na=ice-options:ice2\n"
HOST = "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ host\n"
HOST_2 = "a=candidate:1 2 UDP 2130706430 192.0.2.1 5005 typ host\n"
MUX, ONLY = "a=rtcp-mux\n", "a=rtcp-mux-only\n"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("5005", []),
        ("5005 IN IP4 192.0.2.1", []),
        ("65536", ["SDP402"]),
        ("x", ["SDP402"]),
        ("5005 IN IP4", ["SDP402"]),
        ("", ["SDP402"]),
    ],
)
def test_rtcp_is_a_port_with_or_without_address(value: str, expected: list[str]) -> None:
    assert codes(f"{MEDIA}a=rtcp:{value}\n") == expected


@rfc("8858", "4.2", "MUST", "8858-4.2-1")
def test_mux_only_needs_mux() -> None:
    assert codes(MEDIA + ONLY) == ["SDP403"]
    assert codes(MEDIA + MUX + ONLY) == []


@rfc("8858", "4.3", "MUST NOT", "8858-4.3-2")
def test_mux_only_in_an_answer_is_told_unless_it_is_bundled() -> None:
    assert codes(MEDIA + MUX + ONLY, "answer") == ["SDP404"]
    assert codes(MEDIA + MUX + ONLY, "offer") == []
    assert codes(f"a=group:BUNDLE a\n{MEDIA}{MUX}{ONLY}a=mid:a\n", "answer") == []


@rfc("8858", "5.3", "MUST NOT", "8858-5.3-1")
def test_mux_only_has_no_second_component() -> None:
    assert codes(ICE + MUX + ONLY + HOST + HOST_2) == ["SDP405"]
    assert codes(ICE + MUX + ONLY + HOST) == []


@rfc("8858", "4.2", "MUST", "8858-4.2-2")
def test_mux_only_has_no_other_rtcp_address() -> None:
    both = MEDIA + MUX + ONLY
    assert codes(f"{both}a=rtcp:5005\n") == ["SDP406"]
    assert codes(f"{both}a=rtcp:5004 IN IP4 192.0.2.2\n") == ["SDP406"]
    assert codes(f"{both}a=rtcp:5004 IN IP4 192.0.2.1\n") == []
    assert codes(f"{both}a=rtcp:9 IN IP4 0.0.0.0\n") == []
    assert codes(f"m=audio 0 RTP/AVP 0\n{MUX}{ONLY}a=rtcp:5005\n") == []


@rfc("8839", "4.2.2", "MUST", "8839-4.2.2-1")
def test_separate_rtcp_needs_candidates() -> None:
    assert codes(ICE + HOST) == ["SDP407"]
    assert codes(ICE + HOST + HOST_2) == []
    assert codes(ICE + MUX + HOST) == []


@rfc("8839", "4.2.2", "rule", "8839-4.2.2-3")
def test_a_stream_without_rtcp_needs_no_second_component() -> None:
    assert codes(ICE.replace("a=", "b=RS:0\nb=RR:0\na=", 1) + HOST) == []
    assert codes(ICE.replace("a=", "b=RS:0\na=", 1) + HOST) == ["SDP407"]
    assert codes(f"b=RS:0\nb=RR:0\n{ICE}{HOST}") == ["SDP107"]


def test_more_candidates_may_follow_while_trickling() -> None:
    trickle = ICE.replace("ice2", "ice2 trickle") + "a=mid:a\n"
    assert codes(trickle + HOST) == []
    assert codes(f"{trickle}{HOST}a=end-of-candidates\n") == ["SDP407"]
    assert codes(f"a=end-of-candidates\n{trickle}{HOST}") == ["SDP407"]


@rfc("5761", "5.1.3", "MUST", "5761-5.1.3-2")
def test_an_answer_that_accepts_mux_has_one_component() -> None:
    assert codes(ICE + MUX + HOST + HOST_2, "answer") == ["SDP408"]
    assert codes(ICE + MUX + HOST, "answer") == []
    assert codes(ICE + HOST + HOST_2, "answer") == []


@rfc("5761", "5.1.3", "MUST", "5761-5.1.3-1")
def test_an_offer_of_mux_has_two_components_or_only_mux() -> None:
    assert codes(ICE + MUX + HOST, "offer") == ["SDP409"]
    assert codes(ICE + MUX + HOST + HOST_2, "offer") == []
    assert codes(ICE + MUX + ONLY + HOST, "offer") == []
    assert codes(f"a=group:BUNDLE a\n{ICE}{MUX}{HOST}a=mid:a\n", "offer") == []


@rfc("3605", "3.2", "rule", "3605-3.2-1")
def test_rtcp_cannot_speak_for_several_ports() -> None:
    assert codes("m=audio 5004/2 RTP/AVP 0\na=rtcp:5010\n") == ["SDP410"]
    assert codes("m=audio 5004/1 RTP/AVP 0\na=rtcp:5010\n") == []
