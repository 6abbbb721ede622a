"""Which lines there must be, how often and in which order."""

from __future__ import annotations

import pytest

import sdp
from sdp.lint import check
from tests.marks import rfc
from tests.sdp.lint.examples import codes, whole

MEDIA = "m=audio 5004 RTP/AVP 0\n"


@pytest.mark.parametrize(
    ("line", "code"),
    [(b"v=0", "SDP101"), (b"o=-", "SDP103"), (b"s=-", "SDP104"), (b"t=", "SDP106")],
)
def test_each_mandatory_line_is_missed(line: bytes, code: str) -> None:
    data = b"".join(part for part in whole(MEDIA).splitlines(True) if not part.startswith(line))
    found = check(sdp.parse(data))
    assert [(f.code, f.line, f.stream) for f in found] == [(code, 1, None)]


@rfc("8866", "5.3", "MUST", "8866-5.3-1")
def test_the_session_name_is_there_once_and_not_empty() -> None:
    assert codes(whole(MEDIA).replace(b"s=-", b"s=")) == ["SDP105"]
    assert codes(whole(MEDIA).replace(b"s=-", b"s= ")) == []
    assert codes(whole(MEDIA).replace(b"s=-", b"s=-\r\ns=x")) == ["SDP108"]


def test_one_misplaced_line_per_level_is_told() -> None:
    media = f"{MEDIA}a=sendrecv\nb=AS:64\nc=IN IP4 192.0.2.2\n"
    found = check(sdp.parse(whole(media)))
    assert [(f.code, f.line, f.stream) for f in found] == [("SDP107", 8, 0)]
    assert found[0].message.startswith("b= stands behind a=;")


def test_repeat_lines_and_all_optional_lines_have_their_place() -> None:
    text = (
        "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\ni=x\nu=x\ne=x\np=x\nc=IN IP4 192.0.2.1\nb=AS:64\n"
        "t=0 0\nr=1 1 1\nt=0 0\nz=0 0\na=x\nm=audio 5004 RTP/AVP 0\ni=x\nc=IN IP4 192.0.2.1\n"
        "b=AS:64\na=y\n"
    )
    assert codes(text) == []


def test_a_session_line_in_a_section_is_not_also_out_of_order() -> None:
    assert codes(f"{MEDIA}t=0 0\n") == ["SDP109"]


@rfc("8866", "5.7", "MUST", "8866-5.7-1")
def test_each_stream_in_use_needs_an_address() -> None:
    head = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\n"
    own = f"{MEDIA}c=IN IP4 192.0.2.1\n"
    assert codes(head + own + MEDIA) == ["SDP110"]
    assert codes(f"{head}{own}m=audio 0 RTP/AVP 0\n") == []


@rfc("8866", "5.7", "MUST", "8866-5.7-1")
def test_only_layered_multicast_has_several_addresses() -> None:
    one, two = "c=IN IP4 192.0.2.1\n", "c=IN IP6 2001:db8::1\n"
    layers = "c=IN IP6 ff15::101/3\nc=IN IP6 ff15::201/3\n"
    assert codes(MEDIA + one + two) == ["SDP112"]
    assert codes(MEDIA + layers) == []
    assert "SDP112" in codes(f"c=IN IP4 192.0.2.2\n{MEDIA}")


@rfc("8866", "5.12", "MUST NOT/MUST", "8866-5.12-1")
def test_a_key_is_told_but_never_shown() -> None:
    found = check(sdp.parse(whole(f"k=clear:SecretOfMine\n{MEDIA}k=clear:SecretOfMine\n")))
    assert [f.code for f in found] == ["SDP111", "SDP111"]
    assert not any("SecretOfMine" in f.message for f in found)


@rfc("8866", "6.7", "rule", "8866-6.7-1")
def test_a_level_has_one_direction() -> None:
    assert codes(f"a=inactive\n{MEDIA}a=sendrecv\n") == []
    assert codes(f"{MEDIA}a=recvonly\na=sendrecv\na=inactive\n") == ["SDP114"]
    found = check(sdp.parse(whole(f"{MEDIA}a=recvonly\na=sendrecv\n")))
    assert found[0].message.startswith("a=sendrecv follows a=recvonly;")
