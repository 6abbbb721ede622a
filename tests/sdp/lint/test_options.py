"""Options, pacing, lite, mismatch and remote-candidates."""

from __future__ import annotations

import pytest

import sdp
from sdp.lint import check
from tests.marks import rfc
from tests.sdp.lint.examples import codes, whole

ICE = "m=audio 9 RTP/AVP 0\na=rtcp-mux\na=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\n"
HOST = "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ host\n"
ICE2 = "a=ice-options:ice2\n"


@rfc("8839", "4.2.1.5", "MUST", "8839-4.2.1.5-1")
def test_who_has_ice_without_ice2_is_taken_for_rfc_5245() -> None:
    found = check(sdp.parse(whole(ICE + HOST + ICE + HOST)))
    assert [(f.code, f.stream) for f in found] == [("ICE110", 0)]
    assert codes(ICE2 + ICE + HOST + ICE + HOST) == []
    assert codes(ICE + ICE2 + HOST + ICE + HOST) == ["ICE110"]
    assert codes("m=audio 5004 RTP/AVP 0\n") == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ["ICE110", "ICE111"]),
        ("trickle,ice2", ["ICE110", "ICE112"]),
        ("rtp+ecn ice2 renomination", []),
        ("ice2 " + "x" * 21, ["ICE113"]),
        ("ice2 google-ice", ["ICE910"]),
    ],
)
def test_options_are_words_of_ice_chars(value: str, expected: list[str]) -> None:
    assert sorted(codes(f"{ICE}{HOST}a=ice-options:{value}\n")) == expected


@rfc("8839", "4.3.1", "SHOULD/MUST NOT", "8839-4.3.1-2")
def test_a_lite_agent_has_no_pace() -> None:
    assert codes(f"a=ice-lite\na=ice-pacing:50\n{ICE2}{ICE}{HOST}") == ["ICE114"]
    assert codes(f"a=ice-pacing:50\n{ICE2}{ICE}{HOST}") == []


@rfc("8839", "5.5", "rule", "8839-5.5-1")
@pytest.mark.parametrize(
    ("value", "expected"),
    [("50", []), ("5", []), ("4", ["ICE116"]), ("-1", ["ICE115"]), ("12345678901", ["ICE115"])],
)
def test_the_pace_is_a_number_of_milliseconds(value: str, expected: list[str]) -> None:
    assert codes(f"a=ice-pacing:{value}\n{ICE2}{ICE}{HOST}") == expected


def test_a_lite_agent_has_host_candidates() -> None:
    srflx = "a=candidate:2 1 UDP 1694498815 198.51.100.1 5004 typ srflx raddr 0.0.0.0 rport 9\n"
    assert codes(f"a=ice-lite\n{ICE2}{ICE}{HOST}{srflx}{srflx}") == ["ICE117", "ICE302"]
    assert codes(f"a=ice-lite\n{ICE2}{ICE}{HOST}") == []


@rfc("8839", "4.4.2", "MUST NOT", "8839-4.4.2-1")
def test_answers_have_no_remote_candidates() -> None:
    remote = f"{ICE2}{ICE}{HOST}a=rtcp-mux-only\na=remote-candidates:1 192.0.2.3 5004\n"
    assert sorted(codes(remote, "answer")) == ["ICE118", "SDP404"]
    assert codes(remote, "offer") == []


@rfc("8839", "5.2", "MUST", "8839-5.2-1")
@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("1 192.0.2.3 5004", ""),
        ("2 192.0.2.3 5005 1 192.0.2.3 5004", ""),
        ("1 192.0.2.3", "not triples"),
        ("", "not triples"),
        ("one 192.0.2.3 5004", "component or port is no number"),
        ("0 192.0.2.3 5004", "component 0 or port 5004 is out of range"),
        ("1 192.0.2.3 65536", "component 1 or port 65536 is out of range"),
        ("1 host.example.org 5004", "'host.example.org' is no IP address"),
    ],
)
def test_remote_candidates_are_triples(value: str, fault: str) -> None:
    found = check(sdp.parse(whole(f"{ICE2}{ICE}{HOST}a=remote-candidates:{value}\n")))
    assert [f.code for f in found] == (["ICE119"] if fault else [])
    assert fault in "".join(f.message for f in found)


@rfc("8839", "5.3", "rule", "8839-5.3-1")
def test_a_mismatch_is_an_answer() -> None:
    assert codes("m=audio 5004 RTP/AVP 0\na=ice-mismatch\n", "offer") == ["ICE120"]
    assert codes("m=audio 5004 RTP/AVP 0\na=ice-mismatch\n", "answer") == []


@rfc("8839", "4.2.5", "MAY/MUST", "8839-4.2.5-3")
def test_a_mismatch_has_no_candidates() -> None:
    assert codes(f"{ICE2}{ICE}a=ice-mismatch\n{HOST}") == ["ICE121"]
