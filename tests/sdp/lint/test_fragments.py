"""Trickle fragments."""

from __future__ import annotations

import pytest

from sdp import parse_fragment
from sdp.lint import check
from tests.marks import rfc

BOTH = "a=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\n"
MEDIA, MID = "m=audio 9 RTP/AVP 0\n", "a=mid:1\n"
HOST = "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ host\n"


def of(text: str) -> list[str]:
    return [f.code for f in check(parse_fragment(text.replace("\n", "\r\n").encode()))]


def test_a_fragment_needs_none_of_the_lines_of_a_description() -> None:
    assert of(BOTH + MEDIA + MID + HOST) == []
    assert of(BOTH + "a=end-of-candidates\n") == []


def test_description_lines_are_told_once_per_level() -> None:
    assert of("v=0\ns=-\n" + BOTH + MEDIA + "c=IN IP4 192.0.2.1\n" + MID + HOST) == [
        "ICE601",
        "ICE601",
    ]


@rfc("8840", "4.4", "MUST", "8840-4.4-2")
def test_each_section_has_a_mid_before_its_candidates() -> None:
    assert of(BOTH + MEDIA + HOST) == ["ICE602"]
    assert of(BOTH + MEDIA + HOST + MID) == ["ICE604"]
    assert of(BOTH + MEDIA + MID + "a=rtcp-mux\n" + HOST) == ["ICE604"]
    assert of(BOTH + MEDIA + MID) == []


@rfc("8840", "4.4", "MUST", "8840-4.4-7")
def test_each_fragment_has_credentials() -> None:
    assert of(MEDIA + MID + HOST) == ["ICE603"]
    assert of(MEDIA + BOTH + MID + HOST + MEDIA + "a=mid:2\n") == ["ICE603"]
    assert of("a=end-of-candidates\n") == ["ICE603"]
    assert of(BOTH.partition("\n")[0] + "\n" + MEDIA + MID) == ["ICE001"]


@rfc("8840", "4.4", "MUST", "8840-4.4-4")
@pytest.mark.parametrize("line", ["m=x 99999 y\n", "m=audio 9 RTP/AVP 200\n", "m=\n"])
def test_the_rest_of_the_media_line_does_not_matter(line: str) -> None:
    assert of(BOTH + line + MID + HOST) == []


def test_the_form_of_rfc_9725_is_noted() -> None:
    assert of(BOTH + "m=audio RTP/AVP 0\n" + MID + HOST) == ["ICE605"]


def test_candidates_and_mids_are_looked_at_as_in_a_description() -> None:
    assert of(BOTH + MEDIA + MID + HOST.replace("5004", "0")) == ["ICE207"]
    assert of(BOTH + (MEDIA + MID) * 2) == ["SDP502"]
    assert of(BOTH + MEDIA + MID + HOST.strip() + " ufrag 9uB6\n") == ["ICE233"]
    assert of(BOTH + HOST + MEDIA + MID) == ["ICE101"]
