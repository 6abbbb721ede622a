"""What the candidates of a stream are together."""

from __future__ import annotations

import sdp
from sdp.lint import check
from tests.marks import rfc
from tests.sdp.lint.examples import codes, whole

BOTH = "a=ice-options:ice2\na=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\n"
ICE = f"m=audio 9 RTP/AVP 0\na=rtcp-mux\n{BOTH}"
HOST = "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ host\n"
SECOND = "a=candidate:2 1 UDP 2130706175 192.0.2.2 5004 typ host\n"


@rfc("8839", "4.2.5", "rule", "8839-4.2.5-1")
def test_candidates_alone_are_no_ice() -> None:
    assert codes(f"m=audio 5004 RTP/AVP 0\na=rtcp-mux\n{HOST}") == ["ICE014"]
    assert codes(f"{BOTH}m=audio 5004 RTP/AVP 0\na=rtcp-mux\n{HOST}") == []
    assert codes(f"m=audio 0 RTP/AVP 0\na=rtcp-mux\n{HOST}") == ["ICE307"]


def test_a_stream_without_ice_beside_others_is_noted() -> None:
    assert codes(f"{ICE}{HOST}m=image 5006 udptl t38\n") == ["ICE015"]
    assert codes(f"{ICE}{HOST}m=image 0 udptl t38\n") == []
    assert codes(f"{ICE}{HOST}m=audio 5006 RTP/AVP 0\na=rtcp-mux\n{HOST}") == ["ICE014"]


@rfc("8840", "8.2", "MAY/MUST", "8840-8.2-1")
def test_the_end_of_candidates_needs_credentials() -> None:
    bare = "m=audio 5004 RTP/AVP 0\n"
    assert codes(f"{bare}a=end-of-candidates\n") == ["ICE016"]
    assert codes(f"a=end-of-candidates\n{bare}") == ["ICE016"]
    assert codes(f"a=end-of-candidates\n{bare}{ICE}{HOST}") == ["ICE015"]
    assert codes(f"a=end-of-candidates\n{BOTH}") == ["SDP113"]
    assert codes(f"{bare}a=end-of-candidates\na=ice-ufrag:8hhY\n") == ["ICE001"]


def test_priorities_are_unique_in_a_stream() -> None:
    equal = SECOND.replace("2130706175", "2130706431")
    found = check(sdp.parse(whole(ICE + HOST + equal)))
    assert [(f.code, f.line) for f in found] == [("ICE301", 12)]
    assert codes(ICE + HOST + ICE.replace("8hhY", "9uB6") + equal) == []


def test_a_candidate_listed_twice_is_not_also_of_equal_priority() -> None:
    assert codes(ICE + HOST + HOST) == ["ICE302"]
    assert codes(ICE + HOST + HOST.replace("candidate:1", "candidate:2").replace("UDP", "udp")) == [
        "ICE302"
    ]


def test_tcp_candidates_of_two_kinds_may_share_an_address() -> None:
    tcp = "a=candidate:{} 1 TCP {} 192.0.2.1 9 typ host tcptype {}\n"
    assert codes(ICE + tcp.format(1, 2128609279, "active") + tcp.format(2, 2124414975, "so")) == []


def test_the_candidate_that_passes_the_limit_is_told_once() -> None:
    line = "a=candidate:1 1 UDP {} 192.0.2.1 {} typ host\n"
    many = "".join(line.format(2_000_000_000 - n, 5004 + n) for n in range(60))
    found = check(sdp.parse(whole(ICE + many + ICE + many)))
    assert [(f.code, f.line, f.stream) for f in found] == [("ICE303", 11 + 59 + 5 + 41, 1)]


def test_private_candidates_only_are_noted_unless_more_may_follow() -> None:
    private = HOST.replace("192.0.2.1", "192.168.0.1")
    trickle = ICE.replace("ice2", "ice2 trickle") + "a=mid:a\n"
    assert codes(ICE + private) == ["ICE304"]
    assert codes(ICE + private + SECOND) == []
    assert codes(trickle + private) == []
    assert codes(f"{trickle}{private}a=end-of-candidates\n") == ["ICE304"]


@rfc("8839", "5.1", "MUST", "8839-5.1-2")
def test_components_count_from_one() -> None:
    assert codes(ICE + HOST.replace("1 1 UDP", "1 2 UDP")) == ["ICE305"]
    third = HOST.replace("1 1 UDP 2130706431", "1 3 UDP 2130706429").replace("5004", "5006")
    assert codes(ICE + HOST + third) == ["ICE305"]
    second = third.replace("1 3 UDP 2130706429", "1 2 UDP 2130706430").replace("5006", "5005")
    assert codes(ICE + third + second + HOST) == []


def test_a_foundation_is_that_of_one_kind_of_candidate() -> None:
    same = SECOND.replace("candidate:2", "candidate:1")
    assert codes(ICE + HOST + same) == ["ICE306"]
    relay = "a=candidate:{} 1 UDP {} {} 5004 typ relay raddr 192.0.2.1 rport 5004\n"
    relays = relay.format(3, 1, "198.51.100.1") + relay.format(3, 2, "198.51.100.2")
    assert codes(ICE + relays) == []


@rfc("8839", "4.2.1.6", "SHOULD NOT", "8839-4.2.1.6-2")
@rfc("8839", "4.4.1.1.2", "MUST NOT/SHOULD NOT", "8839-4.4.1.1.2-1")
def test_a_refused_stream_has_no_candidates() -> None:
    assert codes(ICE.replace("audio 9", "audio 0") + HOST) == ["ICE307"]
    assert codes(ICE.replace("audio 9", "audio 0")) == []


@rfc("9143", "7.1.3", "MUST", "9143-7.1.3-1")
def test_a_bundle_only_section_has_no_candidates() -> None:
    group = f"a=group:BUNDLE a v\n{ICE}a=mid:a\n{HOST}"
    only = "m=video 0 RTP/AVP 31\na=mid:v\na=bundle-only\n"
    assert codes(group + only) == []
    assert codes(group + only + HOST) == ["ICE308"]
