"""A section: its lines, edits of single lines, and typed views that never raise."""

import pytest

from sdp import Direction, RemoteCandidate, SdpError, parse
from tests.sdp.text import crlf, described, section


def test_lines_of_a_kind_are_found_by_field_or_attribute_name() -> None:
    audio = section("c=IN IP4 192.0.2.1", "a=mid:0", "a=MID:1", "a=x")
    assert audio.positions("c=") == [1]
    assert audio.positions("mid") == [2, 3]
    assert audio.positions("MID") == [2, 3]
    assert audio.values("mid") == [b"0", b"1"]
    assert audio.values("x") == [b""]
    assert audio.values("m=") == [b"audio 5004 RTP/AVP 0"]
    assert audio.positions("é") == ()
    assert audio.positions("b=") == ()


def test_an_attribute_whose_name_reads_like_a_field_is_none() -> None:
    assert section("a=c=IN IP4 192.0.2.1", "a=c=:x").positions("c=") == ()


def test_an_attribute_is_a_text_without_outer_blanks() -> None:
    audio = section("a=mid: 0 ", "a=label", "a=ice-lite ", "a=odd:\udcff".replace("\udcff", "é"))
    assert audio.attribute("mid") == "0"
    assert audio.attribute("label") == ""
    assert audio.attribute("setup") is None
    assert audio.attribute("odd") == "é"
    assert audio.ice_lite, "a flag may have a blank behind it"


def test_a_name_with_a_blank_before_it_is_another_name() -> None:
    """So that what the views see as ICE is what strip removes."""
    assert not section("a= ice-lite").ice_lite


def test_a_field_letter_is_small_and_stands_at_the_start() -> None:
    assert described("C=IN IP4 192.0.2.2", " c=IN IP4 192.0.2.3").connection is not None
    assert len(described("C=IN IP4 192.0.2.2", " c=IN IP4 192.0.2.3").connections) == 1


def test_a_section_shows_its_lines_and_is_short_in_a_log() -> None:
    audio = section("a=mid:0")
    assert audio.lines == (b"m=audio 5004 RTP/AVP 0\r\n", b"a=mid:0\r\n")
    assert repr(audio) == "<MediaDescription of 2 lines>"


def test_a_replaced_line_keeps_its_ending_and_its_neighbours() -> None:
    description = parse(b"v=0\ns=-\r\r\nt=0 0")
    description.replace(1, b"s=x")
    assert description.to_bytes() == b"v=0\ns=x\r\r\nt=0 0"
    assert description.session_name == "x"


def test_inserted_lines_end_as_their_neighbour() -> None:
    description = parse(b"v=0\ns=-")
    description.insert(description.attributes_end(), [b"a=x", b"a=y"])
    assert description.to_bytes() == b"v=0\ns=-\na=x\na=y"
    assert description.has("y")


def test_inserting_nothing_changes_nothing() -> None:
    description = parse(b"v=0")
    description.insert(1, [])
    assert description.to_bytes() == b"v=0"


def test_removed_lines_are_gone_from_text_and_views() -> None:
    audio = section("a=mid:0", "a=label:1")
    assert audio.has("mid")
    audio.remove([1])
    assert not audio.has("mid")
    assert audio.label == "1"


@pytest.mark.parametrize("line", [b"a=x\r\n", b"a=x\0", b"\na=x"])
def test_an_edit_refuses_what_would_end_a_line_and_changes_nothing(line: bytes) -> None:
    audio = section("a=mid:0")
    before = audio.lines
    with pytest.raises(SdpError):
        audio.insert(1, [b"a=fine", line])
    with pytest.raises(SdpError):
        audio.replace(1, line)
    assert audio.lines == before


def test_lines_that_were_handed_out_never_change() -> None:
    audio = section("a=mid:0")
    before = audio.lines
    audio.replace(1, b"a=mid:1")
    audio.remove([0])
    assert before == (b"m=audio 5004 RTP/AVP 0\r\n", b"a=mid:0\r\n")


def test_views_read_what_they_can_and_leave_the_rest() -> None:
    audio = section(
        "i=title ",
        "c=nonsense",
        "c=IN IP4 233.252.0.1/127",
        "c=IN IP4 233.252.0.2/127",
        "b=AS:64",
        "b=",
        "a=candidate:x",
        "a=candidate:1 1 UDP 1 192.0.2.1 9 typ host",
        "a=remote-candidates:1 192.0.2.1 9",
        "a=remote-candidates:2 192.0.2.1 10",
        "a=remote-candidates:junk",
        "a=fingerprint:sha-256 AA",
        "a=fingerprint:",
        "a=crypto:1 AES inline:x",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:1",
        "a=fmtp:101 0-15",
        "a=rtcp:x",
        "a=rtcp:5",
        "a=rtcp:6",
        "a=setup:actpass",
        "a=tls-id:abc",
        "a=ptime:20.5",
        "a=label:l",
        "a=rtcp-mux",
        "a=rtcp-mux-only",
        "a=ice-mismatch",
        "a=ice-pacing:50",
        "a=ice-ufrag: 8hhY",
        "a=ice-pwd:p",
        "a=end-of-candidates",
    )
    assert audio.information == "title "
    assert [c.address for c in audio.connections] == ["233.252.0.1", "233.252.0.2"]
    assert audio.connection == audio.connections[0]
    assert [str(line) for line in audio.bandwidths] == ["AS:64"]
    assert len(audio.candidates) == 1
    assert audio.remote_candidates == (
        RemoteCandidate(1, "192.0.2.1", 9),
        RemoteCandidate(2, "192.0.2.1", 10),
    )
    assert [f.value for f in audio.fingerprints] == ["AA"]
    assert [c.suite for c in audio.cryptos] == ["AES"]
    assert [r.encoding for r in audio.rtpmaps] == ["PCMU"]
    assert [f.parameters for f in audio.fmtps] == ["0-15"]
    assert audio.rtcp is not None
    assert audio.rtcp.port == 5
    assert (audio.setup, audio.tls_id, audio.ptime, audio.label) == ("actpass", "abc", "20.5", "l")
    assert audio.rtcp_mux
    assert audio.rtcp_mux_only
    assert audio.ice_mismatch
    assert audio.ice_pacing == 50
    assert (audio.ice_ufrag, audio.ice_pwd) == ("8hhY", "p")
    assert audio.end_of_candidates


def test_what_is_not_there_is_none_or_empty() -> None:
    audio = section()
    assert audio.information is None
    assert audio.connection is None
    assert audio.rtcp is None
    assert audio.ice_pacing is None
    assert audio.remote_candidates == ()
    assert audio.ice_options == ()
    assert audio.direction is None
    assert not audio.rtcp_mux


def test_the_first_direction_counts() -> None:
    assert section("a=recvonly", "a=sendrecv").direction is Direction.RECVONLY


def test_the_options_of_all_lines_count_once_each() -> None:
    audio = section("a=ice-options:ice2 trickle", "a=ice-options:trickle x", "a=ice-options:")
    assert audio.ice_options == ("ice2", "trickle", "x")


def test_a_pacing_that_is_no_number_is_no_pacing() -> None:
    assert section("a=ice-pacing:fast").ice_pacing is None


def test_lines_may_have_no_letter_at_all() -> None:
    assert parse(crlf("", "=", "x", "a=") + b"\0").attribute("") == ""
