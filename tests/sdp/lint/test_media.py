"""Ports, formats and the old hold."""

from __future__ import annotations

import pytest

import sdp
from sdp.lint import check
from tests.marks import rfc
from tests.sdp.lint.examples import codes, whole

ICE = "a=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("audio 0 RTP/AVP 0", []),
        ("audio 65535 RTP/AVP 0", ["SDP220"]),
        ("audio 65536 RTP/AVP 0", ["SDP218"]),
        ("audio x RTP/AVP 0", ["SDP218"]),
        ("audio RTP/AVP 0", ["SDP218"]),
        ("audio 5004 RTP/AVP", ["SDP219"]),
        ("application 5004 TCP/BFCP *", []),
        ("application 5004 UDP/DTLS/SCTP webrtc-datachannel", []),
        ("audio 5004 RTP/AVP *", ["SDP301"]),
        ("audio 5004 RTP/AVP 128 129", ["SDP301"]),
        ("audio 5004 RTP/AVP 35", ["SDP303"]),
        ("audio 0 RTP/AVP 96", []),
    ],
)
def test_media_lines(line: str, expected: list[str]) -> None:
    assert codes(f"m={line}\n") == expected


@rfc("8866", "6.6", "rule", "8866-6.6-1")
def test_payload_types_are_7_bits() -> None:
    found = check(sdp.parse(whole("m=audio 5004 RTP/AVP 0 127 128\na=rtpmap:127 opus/48000/2\n")))
    assert [(f.code, f.line) for f in found] == [("SDP301", 6)]
    assert found[0].message.startswith("'128' is no RTP payload type")


@rfc("3264", "6", "MUST", "3264-6-3")
def test_a_refused_stream_still_has_a_format() -> None:
    assert codes("m=audio 0 RTP/AVP\n") == ["SDP219"]


@rfc("5761", "4", "MUST NOT", "5761-4-1")
def test_muxed_payload_types_do_not_look_like_rtcp() -> None:
    section = "m=audio 5004 RTP/AVP 63 64 95 96 x\na=rtpmap:63 a/8000\na=rtpmap:96 b/8000\n"
    assert codes(section) == ["SDP301"]
    assert codes(f"{section}a=rtcp-mux\n") == ["SDP301", "SDP302"]


@rfc("8866", "RFC 8866 5.14", "MUST", "8866-5.14-1")
def test_an_odd_port_without_rtcp_is_noted() -> None:
    odd = "m=audio 5005 RTP/AVP 0\n"
    assert codes(odd) == ["SDP220"]
    assert codes(f"{odd}a=rtcp:5006\n") == []
    assert codes(f"{odd}a=rtcp-mux\n") == []
    assert codes(f"{odd}b=RS:0\nb=RR:0\n") == []
    assert codes("m=image 5005 udptl t38\n") == []


@pytest.mark.parametrize("rtpmap", ["96", "96 opus", "96 opus/x", "opus/48000 96 x"])
def test_an_rtpmap_needs_a_rate(rtpmap: str) -> None:
    found = codes(f"m=audio 5004 RTP/AVP 0\na=rtpmap:{rtpmap}\n")
    assert found == ["SDP304"]


def test_two_streams_on_one_port_need_a_bundle() -> None:
    plain = "m=audio 5004 RTP/AVP 0\na=mid:a\na=rtcp-mux\n"
    secure = "m=audio 5004 RTP/SAVP 0\na=mid:b\na=rtcp-mux\n"
    assert codes(plain + secure) == ["SDP305"]
    assert codes(f"a=group:BUNDLE a b\n{plain}{secure}") == []
    assert codes(f"a=group:BUNDLE a\na=group:BUNDLE b\n{plain}{secure}") == ["SDP305"]
    assert codes(plain + secure.replace("\n", "\nc=IN IP4 192.0.2.2\n", 1)) == []


@rfc("8839", "4.4.1.1.1", "MUST NOT/MUST", "8839-4.4.1.1.1-1")
def test_hold_by_address_is_told_and_a_placeholder_is_none() -> None:
    zero = "c=IN IP4 0.0.0.0\n"
    assert "SDP306" in codes(f"m=audio 5004 RTP/AVP 0\n{zero}{ICE}")
    assert "SDP306" not in codes(f"m=audio 9 RTP/AVP 0\n{zero}{ICE}")
    assert "SDP306" not in codes(f"m=audio 0 RTP/AVP 0\n{zero}")
    assert "SDP306" in codes("m=audio 5004 RTP/AVP 0\nc=IN IP6 ::\n")


def test_port_1_is_the_placeholder_of_older_browsers() -> None:
    section = "m=audio 1 RTP/AVP 0\nc=IN IP4 0.0.0.0\n"
    assert "SDP306" not in codes(section + ICE)
    assert "SDP306" in codes(section)


def test_hold_at_session_level_is_told_at_the_media_line() -> None:
    data = whole("m=audio 5004 RTP/AVP 0\n").replace(b"c=IN IP4 192.0.2.1", b"c=IN IP4 0.0.0.0")
    assert [(f.code, f.line) for f in check(sdp.parse(data))] == [("SDP306", 6)]


def test_payload_types_of_one_section_are_one_fact() -> None:
    found = check(sdp.parse(whole("m=audio 5004 RTP/AVP 96 97 98 96 200\n")))
    assert [f.message.partition(";")[0] for f in found] == [
        "'200' is no RTP payload type",
        "payload type 96 and 2 more without a=rtpmap",
    ]


def test_a_media_type_that_is_no_text_is_shown_printably() -> None:
    found = [f for f in check(sdp.parse(b"v=0\r\nm=\xe0 9 RTP/AVP\r\n")) if f.code == "SDP219"]
    assert len(found) == 1
    assert found[0].message.isprintable()
