"""What the neighbours of RFC 8839 say about the text: 3264, 3605, 5761, 8858, 9143, 6544, mDNS."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdp import Candidate, Destination, Direction, SdpError, Support, lint
from sdp import effective as eff
from sdp.ice import why_unusable
from sdp.rewrite import set_destination, set_origin
from tests.marks import rfc
from tests.sdp.rfc.examples import codes, errors, example, step
from tests.sdp.text import HOST, ICE, described

AUDIO, VIDEO = "m=audio 5004 RTP/AVP 0", "m=video 5006 RTP/AVP 96"
RTCP_CANDIDATE = "a=candidate:1 2 UDP 2130706430 192.0.2.1 5005 typ host"
OUR_HOST = Candidate.parse(HOST.removeprefix("a="))

# RFC 3264 ----------------------------------------------------------------------------------------


@rfc("3264", "5", "rule", "3264-5-3")
def test_a_description_may_have_no_media_at_all() -> None:
    assert described().media == []
    assert errors(described(), "offer") == set()


@rfc("3264", "5.1", "MUST", "3264-5.1-1")
@pytest.mark.parametrize("direction", list(Direction))
def test_a_stream_is_marked_with_its_direction(direction: Direction) -> None:
    assert eff.direction(described(AUDIO, f"a={direction}"), 0) is direction
    assert eff.direction(described(AUDIO), 0) is Direction.SENDRECV


@rfc("3264", "5.1", "rule", "3264-5.1-3")
def test_port_0_is_a_stream_that_is_not_wanted() -> None:
    description = described("m=audio 0 RTP/AVP 0")
    assert not eff.is_alive(description, 0)
    assert eff.default_destination(description, 0) is None
    assert errors(description, "offer") == set()


@rfc("3264", "8", "MUST", "3264-8-1")
@pytest.mark.parametrize(("version", "finding"), [(1, "SDP701"), (2, None), (4, "SDP702")])
def test_a_changed_description_has_the_next_version(version: int, finding: str | None) -> None:
    before, after = described(AUDIO), described(AUDIO, "a=sendonly")
    set_origin(after, version=version)
    found = {one.code for one in lint.compare(before, after)}
    assert found & {"SDP701", "SDP702", "SDP703"} == ({finding} if finding else set())


@rfc("3264", "8", "MUST", "3264-8-2")
def test_the_number_of_streams_never_shrinks() -> None:
    assert "SDP704" in step((AUDIO, VIDEO), (AUDIO,))
    assert "SDP704" not in step((AUDIO, VIDEO), (AUDIO, "m=video 0 RTP/AVP 96"))


@rfc("3264", "8.3.2", "MUST NOT", "3264-8.3.2-1")
def test_a_dynamic_payload_type_keeps_its_codec() -> None:
    before = ("m=audio 5004 RTP/AVP 96", "a=rtpmap:96 opus/48000/2")
    assert "SDP706" in step(before, (before[0], "a=rtpmap:96 G722/8000"))
    assert "SDP706" not in step(before, before)


# RFC 3605 ----------------------------------------------------------------------------------------


@rfc("3605", "2.1", "MUST NOT", "3605-2.1-1")
def test_rtcp_is_an_attribute_of_sections_only() -> None:
    assert "SDP401" in codes(("a=rtcp:5005", AUDIO))
    assert eff.default_destination(described("a=rtcp:9999", AUDIO), 0, 2) == Destination(
        "192.0.2.1", 5005
    )


@rfc("3605", "2.1", "rule", "3605-2.1-2")
def test_rtcp_without_an_address_has_that_of_the_section() -> None:
    description = described(AUDIO, "c=IN IP4 192.0.2.7", "a=rtcp:53020")
    assert eff.default_destination(description, 0, 2) == Destination("192.0.2.7", 53020)


@rfc("3605", "2.1", "rule", "3605-2.1-3")
def test_without_the_attribute_rtcp_is_one_port_higher() -> None:
    assert eff.default_destination(described(AUDIO), 0, 2) == Destination("192.0.2.1", 5005)


@rfc("3605", "3.2", "rule", "3605-3.2-1")
def test_rtcp_does_not_go_with_several_ports() -> None:
    assert "SDP410" in codes(("m=audio 5004/2 RTP/AVP 0", "a=rtcp:5009"))


# RFC 5761 and 8858 -------------------------------------------------------------------------------


@rfc("5761", "4", "MUST NOT", "5761-4-1")
@given(st.integers(0, 127))
def test_muxed_sections_do_not_use_payload_types_64_to_95(payload: int) -> None:
    lines = (f"m=audio 5004 RTP/AVP {payload}", f"a=rtpmap:{payload} x/8000", "a=rtcp-mux")
    assert ("SDP302" in codes(lines)) is (64 <= payload <= 95)


@rfc("5761", "5.1.3", "MUST", "5761-5.1.3-1")
def test_an_offer_of_mux_has_a_fallback() -> None:
    assert "SDP409" in codes(described(*ICE, AUDIO, "a=rtcp-mux", HOST), "offer")
    both = (*ICE, AUDIO, "a=rtcp:5005", "a=rtcp-mux", HOST, RTCP_CANDIDATE)
    assert "SDP409" not in codes(described(*both), "offer")
    assert eff.mismatch(described(*both), 0) == ()
    only = (*ICE, AUDIO, "a=rtcp-mux", "a=rtcp-mux-only", HOST)
    assert "SDP409" not in codes(described(*only), "offer")


@rfc("5761", "5.1.3", "MUST", "5761-5.1.3-2")
def test_an_answer_that_accepts_mux_has_candidates_for_component_1_only() -> None:
    accepted = (*ICE, AUDIO, "a=rtcp-mux", HOST)
    assert "SDP408" not in codes(described(*accepted), "answer")
    assert "SDP408" in codes(described(*accepted, RTCP_CANDIDATE), "answer")


ONLY = (*ICE, AUDIO, "a=rtcp-mux", "a=rtcp-mux-only", HOST)


@rfc("8858", "4.2", "MUST", "8858-4.2-1")
def test_mux_only_goes_with_mux() -> None:
    assert "SDP403" in codes((AUDIO, "a=rtcp-mux-only"))
    assert "SDP403" not in codes(ONLY)


@rfc("8858", "4.2", "MUST", "8858-4.2-2")
def test_with_mux_only_rtcp_names_the_place_of_rtp() -> None:
    assert "SDP406" in codes((*ONLY, "a=rtcp:5005"))
    assert "SDP406" not in codes((*ONLY, "a=rtcp:5004"))
    for line in ("a=rtcp:5005", "a=x"):
        assert eff.default_destination(described(*ONLY, line), 0, 2) == Destination(
            "192.0.2.1", 5004
        )


@rfc("8858", "5.3", "MUST NOT", "8858-5.3-1")
def test_with_mux_only_there_are_no_candidates_for_rtcp() -> None:
    assert "SDP405" in codes((*ONLY, RTCP_CANDIDATE))
    assert "SDP405" not in codes(example("09"))


@rfc("8858", "4.3", "MUST NOT", "8858-4.3-2")
def test_mux_only_in_an_answer_is_a_finding_and_accepted() -> None:
    answer = described(*ONLY)
    assert "SDP404" in codes(answer, "answer")
    assert "SDP404" not in codes(answer, "offer")
    assert answer.media[0].rtcp_mux_only


# RFC 9143 ----------------------------------------------------------------------------------------

GROUP = "a=group:BUNDLE 0 1"
FIRST, SECOND = (AUDIO, "a=mid:0", "a=rtcp-mux"), (VIDEO, "a=mid:1", "a=rtcp-mux")
ONLY_BUNDLED = ("m=video 0 RTP/AVP 96", "a=mid:1", "a=bundle-only", "a=rtcp-mux")


@rfc("9143", "5", "rule", "9143-5-1")
@rfc("9143", "10", "rule", "9143-10-3")
def test_the_first_mid_of_a_group_is_the_tagged_section_and_lends_its_ice() -> None:
    description = described("a=group:BUNDLE 1 0", *FIRST, *SECOND, *ICE, HOST)
    for stream in (0, 1):
        assert eff.ice_home(description, stream) is description.media[1]
        assert eff.support(description, stream) is Support.FULL
        assert eff.usable_candidates(description, stream) == [OUR_HOST]
        assert eff.mismatch(description, stream) == (() if stream == 0 else (1,))
    assert eff.ice_home(example("11"), 1).mid == "0"


@rfc("9143", "7.1.1", "MUST", "9143-7.1.1-1")
def test_bundled_sections_have_one_address_type() -> None:
    six = (VIDEO, "c=IN IP6 2001:db8::1", *SECOND[1:])
    assert "SDP512" in codes((GROUP, *FIRST, *six))
    assert "SDP512" not in codes((GROUP, *FIRST, *SECOND))


@rfc("9143", "7.1.3", "MUST", "9143-7.1.3-1")
def test_a_bundle_only_section_of_a_first_offer_has_no_candidates() -> None:
    offer = (GROUP, *ICE, *FIRST, HOST, *ONLY_BUNDLED)
    assert "ICE308" not in codes(offer)
    assert "ICE308" in codes((*offer, HOST))


@rfc("9143", "7.2", "MUST", "9143-7.2-1")
def test_bundle_only_is_port_0_and_never_the_suggested_tag() -> None:
    with_port = (VIDEO, *ONLY_BUNDLED[1:])
    assert "SDP505" in codes((GROUP, *FIRST, *with_port))
    assert "SDP505" not in codes((GROUP, *FIRST, *ONLY_BUNDLED))
    reverse = "a=group:BUNDLE 1 0"
    assert "SDP509" in codes((reverse, *FIRST, *ONLY_BUNDLED))
    assert "SDP509" not in codes((GROUP, *FIRST, *ONLY_BUNDLED))


@rfc("9143", "7.2", "rule", "9143-7.2-2")
def test_port_0_disables_a_section_unless_it_is_bundle_only() -> None:
    assert eff.is_alive(described(GROUP, *FIRST, *ONLY_BUNDLED), 1)
    disabled = tuple(line for line in ONLY_BUNDLED if line != "a=bundle-only")
    assert not eff.is_alive(described(GROUP, *FIRST, *disabled), 1)


@rfc("9143", "7.3", "MUST", "9143-7.3-1")
@pytest.mark.parametrize("number", ["11", "12"])
def test_both_forms_of_a_bundled_answer_are_understood(number: str) -> None:
    answer = example(number)
    assert eff.is_alive(answer, 1)
    assert eff.default_destination(answer, 1) == Destination("192.0.2.20", 20000)
    assert eff.mismatch(answer, 1) == ()


@rfc("9143", "9.3", "MUST", "9143-9.3-1")
def test_bundled_rtp_is_muxed_with_its_rtcp() -> None:
    assert "SDP504" in codes((GROUP, *FIRST[:2], *SECOND[:2]))
    assert "SDP504" not in codes((GROUP, *FIRST, *SECOND))


@rfc("9143", "6", "MUST", "9143-6-1")
def test_bundle_only_outside_of_a_group_is_discarded() -> None:
    assert not eff.is_alive(described(*ONLY_BUNDLED), 0)
    assert "SDP503" in codes((*FIRST, *ONLY_BUNDLED))


@rfc("9143", "7.5.3", "MUST", "9143-7.5.3-1")
def test_a_disabled_section_is_in_no_group() -> None:
    disabled = tuple(line for line in ONLY_BUNDLED if line != "a=bundle-only")
    assert "SDP506" in codes((GROUP, *FIRST, *disabled))
    assert "SDP506" not in codes(("a=group:BUNDLE 0", *FIRST, *disabled))


# RFC 9429 ----------------------------------------------------------------------------------------


@rfc("9429", "3.5.2.1", "fact", "9429-3.5.2.1-1")
def test_a_candidate_string_of_a_browser_has_the_name_and_no_a() -> None:
    line = "candidate:1 1 UDP 1694498815 192.0.2.33 10000 typ host"
    candidate = Candidate.parse(line)
    assert (candidate.foundation, candidate.address, candidate.port) == ("1", "192.0.2.33", 10000)
    assert b"candidate:" + candidate.to_bytes() == line.encode()


@rfc("9429", "5.2.1", "MUST", "9429-5.2.1-3")
def test_the_empty_offer_of_a_browser_is_understood_with_its_rtcp_line() -> None:
    offer = example("10")
    assert eff.support(offer, 0) is Support.FULL
    assert eff.mismatch(offer, 0) == ()
    place = eff.default_destination(offer, 0, 2)
    assert place is not None
    assert place.is_placeholder


@rfc("9429", "5.2.1", "SHOULD/MUST", "9429-5.2.1-6")
@given(st.lists(st.booleans(), min_size=5, max_size=5))
def test_attributes_are_accepted_at_both_levels(at_media: list[bool]) -> None:
    lines = (*ICE, "a=end-of-candidates", "a=sendonly")
    top = [line for line, below in zip(lines, at_media, strict=True) if not below]
    below = [line for line, below in zip(lines, at_media, strict=True) if below]
    description = described(*top, AUDIO, *below)
    assert eff.support(description, 0) is Support.FULL
    assert eff.has_ended(description, 0)
    assert eff.direction(description, 0) is Direction.SENDONLY


# RFC 6544 ----------------------------------------------------------------------------------------


@rfc("6544", "4.5")
@pytest.mark.parametrize("tcptype", ["active", "passive", "so"])
def test_a_tcp_candidate_says_who_connects(tcptype: str) -> None:
    candidate = replace(OUR_HOST, transport="TCP", port=9, tcptype=tcptype)
    assert candidate.to_bytes().endswith(f" 9 typ host tcptype {tcptype}".encode())
    assert why_unusable(candidate) is None
    with pytest.raises(SdpError, match="candidate tcptype"):
        replace(candidate, tcptype=None).to_bytes()
    assert len(eff.usable_candidates(example("13"), 0)) == 6


@rfc("6544", "4.5", "MUST", "6544-4.5-2")
def test_a_stream_over_tcp_says_who_sets_it_up() -> None:
    tcp = ("m=audio 9 TCP/RTP/AVP 0", HOST.replace("UDP", "TCP") + " tcptype passive")
    assert "ICE404" in codes((*ICE, *tcp))
    assert "ICE404" not in codes((*ICE, *tcp, "a=setup:active", "a=connection:new"))


# mDNS --------------------------------------------------------------------------------------------

HIDDEN = replace(OUR_HOST, address="1f4712db-ea17-4bcf-a596-105139dfd8bf.local")


@rfc("mdns", "Gathering", "MUST", "mdns-gather-4")
@pytest.mark.parametrize("port", [9, 0])
def test_the_reflexive_candidate_of_a_hidden_one_hides_its_base(port: int) -> None:
    candidate = replace(OUR_HOST, type="srflx", related_address="0.0.0.0", related_port=port)
    assert candidate.to_bytes().endswith(f"raddr 0.0.0.0 rport {port}".encode())
    assert why_unusable(Candidate.parse(candidate.to_bytes())) is None


@rfc("mdns", "Encoding", "MUST", "mdns-enc-1")
def test_a_name_stands_in_the_candidate_and_never_in_c() -> None:
    assert HIDDEN.address.encode() in HIDDEN.to_bytes()
    with pytest.raises(SdpError, match="destination address"):
        set_destination(described(AUDIO), 0, Destination(HIDDEN.address, 5004))
    assert "SDP213" in codes((AUDIO, f"c=IN IP4 {HIDDEN.address}"))


@rfc("mdns", "Processing", "rule", "mdns-recv-1")
@pytest.mark.parametrize(
    ("address", "resolved"),
    [(HIDDEN.address, True), ("a.b.local", False), ("local", False), ("a.example.com", False)],
)
def test_only_names_with_one_dot_and_local_are_resolved(address: str, resolved: bool) -> None:
    candidate = replace(HIDDEN, address=address)
    assert candidate.is_mdns is resolved
    assert (why_unusable(candidate, mdns=True) is None) is resolved
    assert why_unusable(candidate) is not None


# RFC 5245 ----------------------------------------------------------------------------------------


@rfc("5245", "9.2.1.1", "compat", "5245-9.2.1.1-1")
@pytest.mark.parametrize("changed", ["a=ice-ufrag:newU", "a=ice-pwd:newPasswordOf22chars++"])
def test_one_changed_half_of_the_credentials_is_a_restart(changed: str) -> None:
    name = changed.partition(":")[0]
    later = [line for line in ICE if not line.startswith(name)] + [changed]
    assert eff.is_restart(described(*ICE, AUDIO), described(*later, AUDIO), 0)
