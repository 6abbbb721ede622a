"""a=mid, a=group and BUNDLE."""

from __future__ import annotations

import sdp
from sdp.lint import check
from tests.marks import rfc
from tests.sdp.lint.examples import codes, whole

A = "m=audio 5004 RTP/AVP 0\na=rtcp-mux\na=mid:a\n"
V = "m=video 5004 RTP/AVP 31\na=rtcp-mux\na=mid:v\n"
ONLY = "m=video 0 RTP/AVP 31\na=bundle-only\na=mid:v\n"
GROUP = "a=group:BUNDLE a v\n"


@rfc("9143", "5", "rule", "9143-5-1")
def test_a_group_names_sections_that_are_there() -> None:
    assert codes(GROUP + A + V) == []
    found = check(sdp.parse(whole(f"a=group:BUNDLE a x y z\n{A}")))
    assert [(f.code, f.line, f.stream) for f in found] == [("SDP501", 6, None)]
    assert "names mid 'x' and 2 more, which" in found[0].message


def test_an_empty_group_names_nothing() -> None:
    assert codes(f"a=group:BUNDLE\n{A}") == []
    assert codes(f"a=group:\n{A}") == ["SDP514"]


def test_a_repeated_mid_is_told_where_it_is_repeated() -> None:
    found = check(sdp.parse(whole(A + V + A.replace("5004", "5008"))))
    assert [(f.code, f.stream) for f in found] == [("SDP305", 1), ("SDP502", 2)]
    assert "already that of m= section 0" in found[1].message


@rfc("9143", "6", "MUST", "9143-6-1")
def test_bundle_only_means_nothing_outside_of_a_group() -> None:
    assert codes(A + ONLY) == ["SDP503"]
    assert codes(GROUP + A + ONLY) == []


@rfc("9143", "9.3", "MUST", "9143-9.3-1")
def test_bundled_rtp_is_muxed() -> None:
    bare = A.replace("a=rtcp-mux\n", "")
    assert codes(f"a=group:BUNDLE a\n{bare}") == ["SDP504"]
    assert codes(f"a=group:BUNDLE a\n{bare.replace('5004', '0')}") == ["SDP506"]
    assert codes("a=group:BUNDLE d\nm=application 9 UDP/DTLS/SCTP x\na=mid:d\n") == []


@rfc("9143", "7.1.3", "MUST", "9143-7.1.3-2")
def test_only_the_tagged_section_needs_the_attributes_in_answers() -> None:
    assert codes(GROUP + A + V.replace("a=rtcp-mux\n", ""), "answer") == []


@rfc("9143", "7.2", "rule", "9143-7.2-2")
def test_port_0_refuses_a_section_unless_it_is_bundle_only() -> None:
    assert codes(GROUP + A + ONLY.replace("a=bundle-only\n", "")) == ["SDP506"]
    assert codes(GROUP + A + ONLY) == []
    assert codes(GROUP + A + ONLY.replace("video 0", "video 5006")) == ["SDP505"]


@rfc("9143", "7.2", "MUST", "9143-7.2-1")
def test_the_first_section_of_a_group_has_a_port() -> None:
    assert codes(f"a=group:BUNDLE v a\n{ONLY}a=rtcp-mux\n{A}") == ["SDP509"]


def test_a_section_without_mid_stays_out() -> None:
    assert codes(f"{GROUP}{A}{V}m=audio 5008 RTP/AVP 0\n") == ["SDP507"]
    assert codes(f"{GROUP}{A}{V}m=audio 0 RTP/AVP 0\n") == []
    assert codes("m=audio 5008 RTP/AVP 0\n") == []


def test_a_section_is_in_one_group_only() -> None:
    assert codes(f"{GROUP}a=group:BUNDLE v\n{A}{V}") == ["SDP508"]
    assert codes(f"{GROUP}a=group:LS a v\n{A}{V}") == []


@rfc("9143", "7.1.1", "MUST", "9143-7.1.1-1")
def test_a_group_is_of_one_address_type() -> None:
    six = V.replace("\n", "\nc=IN IP6 2001:db8::1\n", 1)
    assert codes(GROUP + A + six) == ["SDP512"]
    assert codes(A + six) == []


def test_sections_of_a_group_without_any_address_are_told_as_such() -> None:
    head = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"
    body = (GROUP + A + V).replace("\n", "\r\n").encode()
    assert codes(head + body) == ["SDP110", "SDP110"]


def test_a_mid_is_a_token() -> None:
    assert codes(A.replace("mid:a", "mid:a b")) == ["SDP513"]
    assert codes(A.replace("mid:a", "mid")) == ["SDP513"]
