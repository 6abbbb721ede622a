"""RFC 8839 §5: the attributes themselves, as they are written and as they are read."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdp import Candidate, Credentials, Destination, Ice, RemoteCandidate, SdpError, StreamIce
from sdp import effective as eff
from sdp.ice import why_unusable
from sdp.rewrite import put, set_destination
from tests.marks import rfc
from tests.sdp.rfc.examples import codes
from tests.sdp.strategies import candidates
from tests.sdp.text import HOST, ICE, described

AUDIO = "m=audio 5004 RTP/AVP 0"
OUR_HOST = Candidate.parse(HOST.removeprefix("a="))
OURS = Credentials("8hhY", "asd88fgpdd777uzjYhagZg")


@rfc("8839", "5.1", "MUST NOT / MUST", "8839-5.1-1")
@pytest.mark.parametrize(
    "address", ["media.example.com", "a.b.local", "200a0b:12f0::1", "192.0.2.300", "@"]
)
@rfc("8839", "5.1", "", "AT-52")
def test_names_are_not_written_and_ignored_when_read(address: str) -> None:
    candidate = replace(OUR_HOST, address=address)
    with pytest.raises(SdpError) as refused:
        candidate.to_bytes()
    assert refused.value.field == "candidate address"
    description = described(*ICE, AUDIO, HOST, HOST.replace("192.0.2.1", address))
    assert len(description.media[0].candidates) == 2, "the description is accepted"
    assert eff.usable_candidates(description, 0) == [OUR_HOST]


@rfc("8839", "5.1", "MUST", "8839-5.1-2")
def test_component_1_is_rtp_and_2_is_rtcp_and_they_begin_with_1() -> None:
    description = described(AUDIO, "a=rtcp:7000")
    assert eff.default_destination(description, 0, 1) == Destination("192.0.2.1", 5004)
    assert eff.default_destination(description, 0, 2) == Destination("192.0.2.1", 7000)
    assert eff.default_destination(description, 0, 3) is None
    rtcp = HOST.replace(" 1 UDP", " 2 UDP")
    assert "ICE305" in codes((*ICE, AUDIO, rtcp))
    assert "ICE305" not in codes((*ICE, AUDIO, HOST, rtcp))


RELATED = "raddr 10.0.0.1 rport 9"


@rfc("8839", "5.1", "MUST", "8839-5.1-3")
@pytest.mark.parametrize("kind", ["srflx", "prflx", "relay"])
def test_all_but_host_candidates_have_a_related_address(kind: str) -> None:
    candidate = replace(OUR_HOST, type=kind)
    with pytest.raises(SdpError, match="candidate raddr"):
        candidate.to_bytes()
    full = replace(candidate, related_address="10.0.0.1", related_port=9)
    assert full.to_bytes().endswith(f"typ {kind} {RELATED}".encode())
    assert "ICE218" in codes((*ICE, AUDIO, HOST.replace("typ host", f"typ {kind}")))
    with pytest.raises(SdpError, match="candidate raddr"):
        replace(full, type="host").to_bytes()
    assert "ICE217" in codes((*ICE, AUDIO, f"{HOST} {RELATED}"))


@rfc("8839", "5.1", "MUST", "8839-5.1-4")
@pytest.mark.parametrize("nothing", ["0.0.0.0", "::"])
def test_a_related_address_can_be_hidden(nothing: str) -> None:
    hidden = replace(OUR_HOST, type="srflx", related_address=nothing, related_port=9)
    assert hidden.to_bytes().endswith(f"typ srflx raddr {nothing} rport 9".encode())
    assert why_unusable(hidden) is None
    line = f"a=candidate:{hidden.to_bytes().decode()}"
    assert not {"ICE217", "ICE218", "ICE219"} & codes((*ICE, AUDIO, line))


@rfc("8839", "5.1", "MUST", "8839-5.1-5")
@given(candidates())
@rfc("8839", "5.1", "", "AT-52")
def test_unknown_pairs_are_ignored_and_survive_a_rewrite(candidate: Candidate) -> None:
    line = "a=candidate:" + candidate.to_bytes().decode()
    description = described(*ICE, AUDIO, line)
    [read] = description.media[0].candidates
    assert why_unusable(read) == why_unusable(replace(candidate, extensions=()))
    set_destination(description, 0, Destination("198.51.100.1", 30000))
    assert line.encode() + b"\r\n" in description.media[0].lines
    put(description, Ice(streams=[StreamIce(candidates=[read])], credentials=OURS))
    assert line.encode() + b"\r\n" in description.media[0].lines


@rfc("8839", "5.1", "rule", "8839-5.1-6")
@pytest.mark.parametrize("transport", ["SCTP", "TLS", "x-new"])
@rfc("8839", "5.1", "", "AT-52")
def test_an_unknown_transport_makes_a_candidate_unusable_and_is_no_error(transport: str) -> None:
    description = described(*ICE, AUDIO, HOST, HOST.replace("UDP", transport))
    assert [c.transport for c in description.media[0].candidates] == ["UDP", transport]
    assert eff.usable_candidates(description, 0) == [OUR_HOST]


@rfc("8839", "5.2", "MUST", "8839-5.2-1")
def test_remote_candidates_are_read_from_any_number_of_lines_and_written_on_one() -> None:
    entries = (RemoteCandidate(1, "192.0.2.1", 5004), RemoteCandidate(2, "192.0.2.1", 5005))
    lines = ("a=remote-candidates:2 192.0.2.1 5005", "a=remote-candidates:1 192.0.2.1 5004")
    description = described(*ICE, AUDIO, *lines)
    assert set(description.media[0].remote_candidates) == set(entries)
    put(description, Ice(streams=[StreamIce(remote_candidates=entries[::-1])], credentials=OURS))
    assert description.media[0].values("remote-candidates") == [
        b"1 192.0.2.1 5004 2 192.0.2.1 5005"
    ]


@rfc("8839", "5.3", "rule", "8839-5.3-1")
def test_lite_is_of_the_session_and_mismatch_of_a_section_in_an_answer() -> None:
    assert "ICE104" in codes((*ICE, AUDIO, HOST, "a=ice-lite"))
    assert "ICE103" in codes((*ICE, "a=ice-mismatch", AUDIO, HOST))
    assert "ICE120" in codes(described(*ICE, AUDIO, "a=ice-mismatch"), "offer")
    assert "ICE120" not in codes(described(*ICE, AUDIO, "a=ice-mismatch"), "answer")
    description = described(AUDIO, AUDIO)
    streams = [StreamIce(), StreamIce(mismatch=True)]
    put(description, Ice(streams=streams, credentials=OURS, lite=True))
    assert [section.ice_lite for section in description.sections] == [True, False, False]
    assert [section.ice_mismatch for section in description.sections] == [False, False, True]


@rfc("8839", "5.4", "MUST", "8839-5.4-1")
def test_each_stream_has_credentials_and_equal_ufrags_have_equal_passwords() -> None:
    with pytest.raises(SdpError, match="credentials: stream 0 has no ufrag and password"):
        Ice(streams=[StreamIce()])
    assert "ICE014" in codes((AUDIO, HOST))
    two = (AUDIO, *ICE, HOST, "m=video 5006 RTP/AVP 96", ICE[1], "a=ice-pwd:" + "x" * 22)
    assert "ICE012" in codes(two)


@rfc("8839", "5.4", "MUST", "8839-5.4-2")
@given(st.integers(0, 300), st.integers(0, 300))
def test_ufrags_of_4_to_32_are_written_and_up_to_256_are_read(ufrag: int, pwd: int) -> None:
    lines = (f"a=ice-ufrag:{'u' * ufrag}", f"a=ice-pwd:{'p' * pwd}")
    try:
        Ice(streams=[], credentials=Credentials("u" * ufrag, "p" * pwd))
        written = True
    except SdpError:
        written = False
    assert written is (4 <= ufrag <= 32 and 22 <= pwd <= 256)
    if 4 <= ufrag <= 256 and 22 <= pwd <= 256:
        read = eff.credentials(described(*lines, AUDIO), 0)
        assert read == Credentials("u" * ufrag, "p" * pwd)


@rfc("8839", "5.5")
def test_a_description_without_pacing_asks_for_50_milliseconds() -> None:
    assert eff.pacing(described(*ICE, AUDIO)) == 50
    assert eff.pacing(described(*ICE, "a=ice-pacing:100", AUDIO)) == 100
    assert "ICE116" in codes((*ICE, "a=ice-pacing:4", AUDIO))


@rfc("8839", "5.6")
def test_options_may_stand_at_both_levels_and_none_replaces_the_other() -> None:
    description = described(*ICE, AUDIO, "a=ice-options:trickle rtp+ecn")
    assert set(eff.ice_options(description, 0)) == {"ice2", "trickle", "rtp+ecn"}
