"""RFC 8840: trickle in offers and answers, and the fragments that INFO carries."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdp import (
    Candidate,
    Credentials,
    Destination,
    FragmentStream,
    Ice,
    SdpError,
    SessionDescription,
    StreamIce,
    Support,
    additions,
    build_fragment,
    parse_fragment,
)
from sdp import effective as eff
from sdp.fragment import CONTENT_TYPE
from sdp.rewrite import put
from tests.marks import rfc
from tests.sdp.rfc.examples import codes, data
from tests.sdp.strategies import candidates
from tests.sdp.text import HOST, ICE, crlf, described

OURS = Credentials("8hhY", "asd88fgpdd777uzjYhagZg")
OUR_HOST = Candidate.parse(HOST.removeprefix("a="))
NONE_YET = (Destination("0.0.0.0", 9), Destination("0.0.0.0", 9))
TRICKLE = ("a=ice-options:trickle ice2", *ICE[1:])
EMPTY = ("m=audio 9 RTP/AVP 0", "c=IN IP4 0.0.0.0", "a=mid:0")


def trickling(*ours: Candidate, ended: bool = False) -> SessionDescription:
    """A description that offers to trickle and has these candidates already."""
    description = described("m=audio 5004 RTP/AVP 0", "a=rtcp:5005", "a=mid:0", "a=rtcp-mux")
    place = (Destination("192.0.2.1", 5004),) if ours else NONE_YET
    stream = StreamIce(candidates=ours, destinations=place, end_of_candidates=ended)
    put(description, Ice(streams=[stream], credentials=OURS, options=("trickle", "ice2")))
    return description


@rfc("8840", "4", "MUST", "8840-4-2")
def test_trickle_stands_among_the_options() -> None:
    assert eff.is_trickle(trickling(), 0)
    assert not eff.is_trickle(described(*ICE, *EMPTY), 0)


@rfc("8840", "4", "MAY", "8840-4-3")
@pytest.mark.parametrize("count", [0, 1, 3])
def test_any_number_of_candidates_may_stand_in_the_first_offer(count: int) -> None:
    ours = [replace(OUR_HOST, port=5004 + number) for number in range(count)]
    description = trickling(*ours)
    assert description.media[0].candidates == ours
    assert eff.support(description, 0) is Support.FULL
    assert eff.mismatch(description, 0) == ()


@rfc("8840", "4.1.1", "MUST", "8840-4.1.1-1")
@rfc("8840", "4.1.3", "MUST", "8840-4.1.3-1")
def test_known_candidates_are_written_as_ever_and_unknown_ones_leave_port_9_without_rtcp() -> None:
    assert trickling(OUR_HOST).media[0].values("candidate") == [OUR_HOST.to_bytes()]
    section = trickling().media[0]
    assert section.port == 9
    assert section.rtcp is None
    assert section.mid == "0"
    with pytest.raises(SdpError):
        trickling(replace(OUR_HOST, foundation="not-ice-chars"))


@rfc("8840", "4.1.1", "MUST/SHOULD", "8840-4.1.1-2")
@pytest.mark.parametrize("address", ["0.0.0.0", "::"])
def test_no_candidate_yet_is_port_9_and_no_address(address: str) -> None:
    description = described("m=audio 5004 RTP/AVP 0", "a=mid:0")
    stream = StreamIce(destinations=[Destination(address, 9)])
    put(description, Ice(streams=[stream], credentials=OURS, options=("trickle", "ice2")))
    place = eff.default_destination(description, 0)
    assert place is not None
    assert place.is_placeholder
    assert (place.address, place.port) == (address, 9)


@rfc("8840", "4.1.1", "MUST NOT", "8840-4.1.1-3")
def test_no_candidate_yet_means_no_rtcp_line() -> None:
    assert not trickling().media[0].has("rtcp")
    assert "ICE403" in codes((*TRICKLE, *EMPTY, "a=rtcp:9 IN IP4 0.0.0.0"))
    assert "ICE403" not in codes((*TRICKLE, *EMPTY))


@rfc("8840", "4.1.1", "rule", "8840-4.1.1-4")
def test_rtcp_mux_stays_where_it_was() -> None:
    assert trickling().media[0].rtcp_mux


@rfc("8840", "4.1.1", "MUST", "8840-4.1.1-5")
def test_a_trickling_section_has_a_mid() -> None:
    assert "ICE501" in codes((*TRICKLE, *EMPTY[:2]))
    assert "ICE501" not in codes((*TRICKLE, *EMPTY))


@rfc("8840", "4.1.2", "MUST / MUST NOT", "8840-4.1.2-1")
@rfc("8840", "4.1.4", "MUST NOT", "8840-4.1.4-1")
@pytest.mark.parametrize("lines", [EMPTY, (*EMPTY, HOST), (*EMPTY, "a=rtcp:9 IN IP4 0.0.0.0")])
def test_default_values_of_a_trickling_peer_are_no_mismatch(lines: tuple[str, ...]) -> None:
    description = described(*TRICKLE, *lines)
    assert eff.mismatch(description, 0) == ()
    assert eff.support(description, 0) is Support.FULL
    assert not {"ICE401", "ICE402"} & codes(description)


# Fragments ---------------------------------------------------------------------------------------


@rfc("8840", "4.4", "MUST", "8840-4.4-1")
def test_a_fragment_has_a_content_type_of_its_own() -> None:
    assert CONTENT_TYPE == "application/trickle-ice-sdpfrag"


@rfc("8840", "4.4", "MUST", "8840-4.4-2")
@given(st.lists(candidates(), min_size=1, max_size=3))
def test_each_section_has_its_mid_directly_before_the_candidates(ours: list[Candidate]) -> None:
    stream = FragmentStream(mid="1", candidates=ours, credentials=OURS)
    lines = build_fragment([stream]).media[0].lines
    first = next(n for n, line in enumerate(lines) if line.startswith(b"a=candidate:"))
    assert lines[first - 1] == b"a=mid:1\r\n"
    assert lines[0].startswith(b"m=")


@rfc("8840", "4.4", "MAY/MUST", "8840-4.4-3")
def test_the_pseudo_m_line_is_the_real_one_or_the_default() -> None:
    unknown = FragmentStream(mid="1")
    known = FragmentStream(mid="2", media_line="m=video 5006/2 UDP/TLS/RTP/SAVPF 96 97")
    fragment = build_fragment([unknown, known], credentials=OURS)
    assert [section.lines[0] for section in fragment.media] == [
        b"m=audio 9 RTP/AVP 0\r\n",
        b"m=video 5006/2 UDP/TLS/RTP/SAVPF 96 97\r\n",
    ]


@rfc("8840", "4.4", "MUST", "8840-4.4-4")
@pytest.mark.parametrize("line", ["m=audio 9 RTP/AVP 0", "m=video 0 x", "m=RTP/AVP", "m=", "m=\0"])
def test_what_else_the_pseudo_m_line_says_is_ignored(line: str) -> None:
    fragment = parse_fragment(crlf(*ICE[1:], line, "a=mid:1", HOST))
    section = fragment.section_of("1")
    assert section is not None
    assert section.candidates == [OUR_HOST]
    assert fragment.credentials("1") == OURS


_MIDS = ("0", "1", "audio", "x")


@rfc("8840", "4.4", "rule", "8840-4.4-5")
@given(st.permutations(_MIDS), st.integers(0, 4))
def test_sections_come_in_any_order_and_number_and_are_found_by_mid(
    order: list[str], count: int
) -> None:
    ports = {mid: 5000 + number for number, mid in enumerate(_MIDS)}
    streams = [
        FragmentStream(mid=mid, candidates=[replace(OUR_HOST, port=ports[mid])])
        for mid in order[:count]
    ]
    fragment = parse_fragment(build_fragment(streams, credentials=OURS).to_bytes())
    assert fragment.mids == tuple(order[:count])
    for mid in _MIDS:
        section = fragment.section_of(mid)
        assert (section is not None) is (mid in order[:count])
        if section is not None:
            assert [candidate.port for candidate in section.candidates] == [ports[mid]]


@rfc("8840", "4.4", "rule", "8840-4.4-6")
def test_the_end_before_the_first_section_is_that_of_all_and_else_of_its_own() -> None:
    streams = [FragmentStream(mid="1", end_of_candidates=True), FragmentStream(mid="2")]
    some = build_fragment(streams, credentials=OURS)
    assert [some.has_ended(mid) for mid in ("1", "2")] == [True, False]
    every = build_fragment([], credentials=OURS, end_of_candidates=True)
    assert every.has_ended("1")
    assert not every.media


@rfc("8840", "4.4", "MUST", "8840-4.4-7")
def test_every_fragment_has_ufrag_and_password_at_the_level_of_the_description() -> None:
    at_top = build_fragment([FragmentStream(mid="1")], credentials=OURS)
    assert [section.ice_ufrag for section in at_top.sections] == ["8hhY", None]
    inside = build_fragment([FragmentStream(mid="1", credentials=OURS)])
    assert [section.ice_ufrag for section in inside.sections] == [None, "8hhY"]
    with pytest.raises(SdpError, match="every fragment carries ufrag and password"):
        build_fragment([FragmentStream(mid="1")])
    assert "ICE603" in codes(parse_fragment(crlf("m=audio 9 RTP/AVP 0", "a=mid:1", HOST)))


_known = st.lists(candidates(), max_size=6)


@rfc("8840", "4.4", "MUST", "8840-4.4-10")
@given(_known, st.integers(0, 6))
def test_known_candidates_are_taken_out_and_new_ones_delivered_once_in_order(
    every: list[Candidate], seen: int
) -> None:
    delivered: list[Candidate] = []
    for cumulative in (every[:seen], every[:seen], every, every):
        delivered += additions(delivered, cumulative)
    assert delivered == additions([], every)
    places = [(c.ip, c.port, c.transport.upper(), c.component) for c in delivered]
    assert len(set(places)) == len(places)
    everywhere = [(c.ip, c.port, c.transport.upper(), c.component) for c in every]
    assert set(places) == set(everywhere)
    assert [everywhere.index(place) for place in places] == sorted(map(everywhere.index, places))


@rfc("8840", "4.4", "rule", "8840-4.4-11")
@given(_known, st.integers(0, 6))
def test_an_older_cumulative_fragment_brings_nothing(every: list[Candidate], older: int) -> None:
    assert additions(every, every[:older]) == []


@rfc("8840", "8.2", "MAY/MUST", "8840-8.2-1")
def test_the_end_may_stand_in_an_offer_together_with_its_credentials() -> None:
    description = trickling(OUR_HOST, ended=True)
    assert eff.has_ended(description, 0)
    assert eff.credentials(description, 0) == OURS
    with pytest.raises(SdpError):
        Ice(streams=[StreamIce(end_of_candidates=True)])
    assert "ICE016" in codes(("m=audio 5004 RTP/AVP 0", "a=end-of-candidates"))


_unknown = st.from_regex(r"a=[a-z-]{1,12}(:[ -~]{0,20})?", fullmatch=True).filter(
    lambda line: not line.lower().startswith(("a=mid", "a=ice-", "a=candidate", "a=end-of"))
)


@rfc("8840", "9.2", "MUST", "8840-9.2-1")
@given(st.lists(_unknown, max_size=4))
def test_unknown_attributes_of_a_fragment_are_ignored(unknown: list[str]) -> None:
    lines = crlf(*ICE[1:], *unknown, "m=audio 9 RTP/AVP 0", *unknown, "a=mid:1", *unknown, HOST)
    fragment = parse_fragment(lines)
    assert fragment.to_bytes() == lines
    assert fragment.mids == ("1",)
    assert fragment.credentials("1") == OURS
    assert fragment.media[0].candidates == [OUR_HOST]


@rfc("8840", "9.2")
def test_the_worked_info_body_can_be_built_byte_for_byte() -> None:
    body = parse_fragment(data("16"))
    streams = [
        FragmentStream(mid=section.mid or "", candidates=section.candidates, end_of_candidates=True)
        for section in body.media
    ]
    built = build_fragment(streams, credentials=body.credentials())
    first, second, *rest = built.lines + built.media[0].lines + built.media[1].lines
    assert b"".join([second, first, *rest]) == data("16"), "it has the password first"
