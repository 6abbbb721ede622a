"""RFC 8839 §4.2, §4.3 and §8: what offers and answers say about ICE, and how it is read."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdp import Candidate, Credentials, Destination, Ice, SdpError, StreamIce, Support
from sdp import effective as eff
from sdp.rewrite import put
from tests.marks import rfc
from tests.sdp.rfc.examples import codes, example
from tests.sdp.text import HOST, ICE, described

AUDIO, VIDEO = "m=audio 5004 RTP/AVP 0", "m=video 5006 RTP/AVP 96"
OURS = Credentials("8hhY", "asd88fgpdd777uzjYhagZg")
OUR_HOST = Candidate.parse(HOST.removeprefix("a="))
OUR_PLACE = Destination("192.0.2.1", 5004)
NONE_YET = Destination("0.0.0.0", 9)


@rfc("8839", "4.2.1.1", "rule", "8839-4.2.1.1-1")
def test_each_m_section_is_one_stream_with_candidates_of_its_own() -> None:
    description = described(AUDIO, VIDEO)
    other = replace(OUR_HOST, port=5006)
    streams = [StreamIce(candidates=[OUR_HOST]), StreamIce(candidates=[other])]
    put(description, Ice(streams=streams, credentials=OURS))
    assert [section.candidates for section in description.media] == [[OUR_HOST], [other]]


@rfc("8839", "4.2.1.2", "rule", "8839-4.2.1.2-1")
def test_the_default_destination_is_one_of_the_candidate_lines() -> None:
    description = described(AUDIO)
    stream = StreamIce(candidates=[OUR_HOST], destinations=[OUR_PLACE])
    put(description, Ice(streams=[stream], credentials=OURS))
    assert eff.mismatch(description, 0) == ()
    assert not {"ICE401", "ICE402"} & codes(description)
    assert "ICE401" in codes((*ICE, AUDIO, HOST.replace("5004", "5008")))


@rfc("8839", "4.2.1.4", "MUST/MUST NOT", "8839-4.2.1.4-1")
@pytest.mark.parametrize("before", [(), ("a=ice-lite",)])
@pytest.mark.parametrize("lite", [True, False])
def test_a_lite_agent_says_so_and_a_full_one_never(before: tuple[str, ...], lite: bool) -> None:
    description = described(*before, AUDIO)
    put(description, Ice(streams=[StreamIce()], credentials=OURS, lite=lite))
    assert eff.is_lite(description) is lite


@rfc("8839", "4.2.1.5", "MUST", "8839-4.2.1.5-1")
def test_ice2_is_written_and_a_peer_without_it_is_one_of_rfc_5245() -> None:
    description = described(AUDIO)
    put(description, Ice(streams=[StreamIce()], credentials=OURS))
    assert description.ice_options == ("ice2",)
    assert eff.support(description, 0) is Support.FULL
    legacy = (*ICE[1:], AUDIO, HOST)
    assert eff.support(described(*legacy), 0) is Support.LEGACY
    assert "ICE110" in codes(legacy)


@rfc("8839", "4.2.1.6", "MUST", "8839-4.2.1.6-1")
@pytest.mark.parametrize("line", ["a=inactive", "b=AS:0"])
def test_a_stream_without_media_for_now_has_its_ice_attributes(line: str) -> None:
    description = described(AUDIO, line)
    put(description, Ice(streams=[StreamIce(candidates=[OUR_HOST])], credentials=OURS))
    assert description.media[0].candidates == [OUR_HOST]
    assert eff.support(description, 0) is Support.FULL


@rfc("8839", "4.2.1.6", "SHOULD NOT", "8839-4.2.1.6-2")
def test_candidates_of_a_refused_stream_are_a_finding() -> None:
    refused = (*ICE, "m=audio 0 RTP/AVP 0", HOST)
    assert "ICE307" in codes(refused)
    assert "ICE307" not in codes((*ICE, AUDIO, HOST))
    bundled = ("a=group:BUNDLE 0 1", *ICE, AUDIO, "a=mid:0", HOST)
    only = ("m=video 0 RTP/AVP 96", "a=mid:1", "a=bundle-only")
    assert "ICE307" not in codes((*bundled, *only)), "bundle-only is an extension that lives"


RTCP_CANDIDATE = "a=candidate:1 2 UDP 2130706430 192.0.2.1 5005 typ host"


@rfc("8839", "4.2.2", "MUST", "8839-4.2.2-1")
def test_rtcp_on_a_port_of_its_own_has_candidates() -> None:
    assert "SDP407" in codes((*ICE, AUDIO, HOST))
    both = (*ICE, AUDIO, HOST, RTCP_CANDIDATE)
    assert "SDP407" not in codes(both)
    assert eff.components(described(*both), 0) == (1, 2)
    assert eff.mismatch(described(*both), 0) == ()


@rfc("8839", "4.2.2", "rule", "8839-4.2.2-2")
def test_an_rtcp_line_may_be_missing_when_rtcp_is_one_port_higher() -> None:
    assert eff.default_destination(described(AUDIO), 0, 2) == Destination("192.0.2.1", 5005)
    description = described(AUDIO)
    stream = StreamIce(destinations=[OUR_PLACE, Destination("192.0.2.1", 5009)])
    put(description, Ice(streams=[stream], credentials=OURS))
    assert description.media[0].values("rtcp") == [b"5009 IN IP4 192.0.2.1"]
    assert eff.default_destination(description, 0, 2) == Destination("192.0.2.1", 5009)


@rfc("8839", "4.2.2", "rule", "8839-4.2.2-3")
def test_two_bandwidth_lines_say_that_there_is_no_rtcp() -> None:
    without = (*ICE, AUDIO, "b=RS:0", "b=RR:0", HOST)
    assert eff.default_destination(described(*without), 0, 2) is None
    assert not eff.uses_rtcp(described(*without), 0)
    assert "SDP407" not in codes(without)


@rfc("8839", "4.2.5", "rule", "8839-4.2.5-1")
@pytest.mark.parametrize("level", ["session", "media"])
def test_a_peer_supports_ice_when_ufrag_and_password_are_there(level: str) -> None:
    lines = (*ICE, AUDIO) if level == "session" else (AUDIO, *ICE)
    assert eff.support(described(*lines), 0) is Support.FULL
    for missing in ICE[1:]:
        rest = [line for line in lines if line != missing]
        assert eff.support(described(*rest), 0) is Support.NONE


_addresses = st.sampled_from(("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:DB8:0::1"))
_ports = st.sampled_from((5004, 5005, 5006))
_transports = st.sampled_from(("UDP", "udp", "TCP"))
_lines = st.tuples(st.integers(1, 2), _transports, _addresses, _ports)


@rfc("8839", "4.2.5", "rule", "8839-4.2.5-2")
@given(_addresses, _ports, st.none() | st.tuples(_ports, _addresses), st.lists(_lines, max_size=5))
@rfc("8839", "4.2.5", "", "AT-38")
def test_each_component_needs_a_candidate_equal_to_its_default_destination(
    address: str, port: int, rtcp: tuple[int, str] | None, listed: list[tuple[int, str, str, int]]
) -> None:
    kind = "IP6" if ":" in address else "IP4"
    lines = [f"m=audio {port} RTP/AVP 0", f"c=IN {kind} {address}"]
    if rtcp is not None:
        lines.append(f"a=rtcp:{rtcp[0]} IN {'IP6' if ':' in rtcp[1] else 'IP4'} {rtcp[1]}")
    for component, transport, where, number in listed:
        lines.append(f"a=candidate:1 {component} {transport} 1 {where} {number} typ host")
    canonical = {"2001:DB8:0::1": "2001:db8::1"}
    known = {(c, t.upper(), canonical.get(a, a), p) for c, t, a, p in listed}
    second = rtcp or (port + 1, address)
    places = {1: (port, address), 2: second}
    expected = tuple(
        component
        for component in (1, 2)
        if (component, "UDP", canonical.get(places[component][1], places[component][1]),
            places[component][0]) not in known
        and (component == 1 or any(c == 2 for c, *_ in listed))
    )  # fmt: skip
    assert eff.mismatch(described(*ICE, *lines), 0) == expected


@rfc("8839", "4.2.5", "MAY/MUST", "8839-4.2.5-3")
def test_an_answer_with_ice_mismatch_has_no_candidates_and_ends_ice_for_the_stream() -> None:
    assert eff.mismatch(example("06"), 0) == (1,)
    answer = example("02")
    put(answer, Ice(streams=[StreamIce(mismatch=True)], credentials=OURS))
    assert answer.media[0].ice_mismatch
    assert not answer.media[0].candidates
    assert eff.support(answer, 0) is Support.NONE
    with pytest.raises(SdpError, match="ice-mismatch: excludes credentials and candidates"):
        StreamIce(mismatch=True, candidates=[OUR_HOST])
    assert eff.support(example("07"), 0) is Support.NONE


@rfc("8839", "4.2.5", "MUST NOT", "8839-4.2.5-4")
@pytest.mark.parametrize("address", ["IP4 0.0.0.0", "IP6 ::"])
def test_no_address_with_port_9_is_no_mismatch(address: str) -> None:
    lines = ("m=audio 9 RTP/AVP 0", f"c=IN {address}", HOST)
    description = described(*ICE, *lines)
    assert eff.mismatch(description, 0) == ()
    assert eff.support(description, 0) is Support.FULL


@rfc("8839", "4.2.5", "MUST NOT", "8839-4.2.5-6")
def test_a_name_as_default_destination_is_no_mismatch() -> None:
    assert eff.mismatch(described(*ICE, AUDIO, "c=IN IP4 media.example.com", HOST), 0) == ()


def full(*candidates: Candidate, destination: Destination = OUR_PLACE) -> Ice:
    stream = StreamIce(candidates=candidates, destinations=[destination])
    return Ice(streams=[stream], credentials=OURS, pacing=50)


@rfc("8839", "4.3.1", "MUST", "8839-4.3.1-1")
@rfc("8839", "4.3.2", "MUST", "8839-4.3.2-1")
@pytest.mark.parametrize("number", ["01", "02"])
def test_a_first_offer_or_answer_has_every_candidate_credentials_and_ice2(number: str) -> None:
    """From the same text without ICE, the worked example comes out byte for byte."""
    expected = example(number)
    section = expected.media[0]
    credentials = eff.credentials(expected, 0)
    place = eff.default_destination(expected, 0)
    assert credentials is not None
    assert place is not None
    stream = StreamIce(candidates=section.candidates, destinations=[place])
    ice = Ice(streams=[stream], credentials=credentials, pacing=50)
    plain = example(number)
    for part in plain.sections:
        ours = {n for n, line in enumerate(part.lines) if b"a=ice" in line or b"a=cand" in line}
        part.remove(ours)
    plain.media[0].replace(0, b"m=audio 4000 RTP/AVP 0")
    put(plain, ice)
    assert plain.to_bytes() == expected.to_bytes()


@rfc("8839", "4.3.1", "SHOULD/MUST NOT", "8839-4.3.1-2")
def test_a_full_agent_may_ask_for_a_pacing_and_a_lite_one_must_not() -> None:
    description = described(AUDIO)
    put(description, full(OUR_HOST))
    assert description.ice_pacing == 50
    with pytest.raises(SdpError, match="ice-pacing: a lite agent does not send it"):
        Ice(streams=[], credentials=OURS, lite=True, pacing=50)
    assert "ICE114" in codes(("a=ice-lite", "a=ice-pacing:50", *ICE, AUDIO, HOST))


@rfc("8839", "4.3.1", "rule", "8839-4.3.1-3")
@rfc("8839", "4.3.2", "rule", "8839-4.3.2-3")
def test_an_offer_or_answer_may_have_no_candidate_at_all() -> None:
    description = described(AUDIO)
    put(description, full(destination=NONE_YET))
    assert description.media[0].port == 9
    assert eff.support(description, 0) is Support.FULL
    assert eff.mismatch(description, 0) == ()


@rfc("8839", "4.3.2", "MUST", "8839-4.3.2-2")
@pytest.mark.parametrize("proto", ["RTP/AVP", "UDP/TLS/RTP/SAVPF", "TCP/RTP/AVP"])
def test_the_protocol_of_the_m_line_stays_whatever_the_candidates_use(proto: str) -> None:
    description = described(f"m=audio 5004 {proto} 0")
    put(description, full(OUR_HOST, destination=NONE_YET))
    assert description.media[0].proto == proto
    assert eff.mismatch(description, 0) == ()


@rfc("8839", "8", "rule", "8839-8-2")
def test_a_correct_gateway_leaves_outer_addresses_alone_or_makes_a_mismatch() -> None:
    offer = example("01")
    assert eff.mismatch(offer, 0) == (), "it left the address of the binding"
    offer.replace(offer.positions("c=")[0], b"c=IN IP4 198.51.100.9")
    assert eff.mismatch(offer, 0) == (1,), "it made a binding of its own"
