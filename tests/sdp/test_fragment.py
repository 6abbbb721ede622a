"""Trickle fragments: read losslessly, written strictly, what is new in one is found."""

from dataclasses import replace

import pytest
from hypothesis import given

import sdp
from sdp import (
    Candidate,
    Credentials,
    FragmentStream,
    SdpError,
    additions,
    build_fragment,
    parse_fragment,
)
from tests.sdp.strategies import any_text
from tests.sdp.text import crlf

OURS = Credentials("8hhY", "asd88fgpdd777uzjYhagZg")
HOST = Candidate.parse(b"1 1 UDP 2130706431 192.0.2.1 5010 typ host")
HOST_LINE = "a=candidate:1 1 UDP 2130706431 192.0.2.1 5010 typ host"
OUR_LINES = ("a=ice-ufrag:8hhY", "a=ice-pwd:asd88fgpdd777uzjYhagZg")


@given(any_text)
def test_a_fragment_is_written_back_byte_for_byte(data: bytes) -> None:
    fragment = parse_fragment(data)
    assert fragment.to_bytes() == data
    assert [section.lines for section in fragment.sections] == [
        section.lines for section in sdp.parse(data).sections
    ]


def test_a_fragment_is_read_by_mid() -> None:
    fragment = parse_fragment(
        crlf(
            *OUR_LINES, "m=audio RTP/AVP 0", "a=mid:1", HOST_LINE, "m=x", "m=audio 9 A 0", "a=mid:2"
        )
    )
    assert fragment.mids == ("1", "2")
    assert fragment.media[0].port is None
    section = fragment.section_of("1")
    assert section is not None
    assert section.candidates == [HOST]


def test_credentials_stand_at_the_top_or_in_a_section() -> None:
    other = ("a=ice-ufrag:othr", "a=ice-pwd:othrothrothrothrothrot")
    fragment = parse_fragment(
        crlf(*OUR_LINES, "m=audio 9 A 0", "a=mid:1", "m=audio 9 A 0", *other, "a=mid:2")
    )
    assert fragment.credentials() == OURS
    assert fragment.credentials("1") == OURS
    assert fragment.credentials("2") == Credentials("othr", "othrothrothrothrothrot")
    assert fragment.credentials("3") == OURS
    assert parse_fragment(crlf("a=ice-ufrag:8hhY")).credentials() is None


def test_the_end_stands_for_one_section_or_for_all() -> None:
    one = parse_fragment(crlf("m=audio 9 A 0", "a=mid:1", "a=end-of-candidates"))
    assert one.has_ended("1")
    assert not one.has_ended("2")
    assert parse_fragment(crlf("a=end-of-candidates")).has_ended("2")


def test_a_fragment_is_built_with_its_lines_in_order() -> None:
    fragment = build_fragment(
        [
            FragmentStream(mid="1", candidates=[HOST], end_of_candidates=True),
            FragmentStream(mid="2", media_line="m=video 9 RTP/AVP 96", credentials=OURS),
        ],
        credentials=OURS,
        end_of_candidates=True,
        bundle=("1", "2"),
    )
    assert fragment.to_bytes() == crlf(
        "a=group:BUNDLE 1 2",
        *OUR_LINES,
        "a=end-of-candidates",
        "m=audio 9 RTP/AVP 0",
        "a=mid:1",
        HOST_LINE,
        "a=end-of-candidates",
        "m=video 9 RTP/AVP 96",
        *OUR_LINES,
        "a=mid:2",
    )
    assert parse_fragment(fragment.to_bytes()).to_bytes() == fragment.to_bytes()


def test_a_fragment_may_have_no_section() -> None:
    assert build_fragment([], credentials=OURS).to_bytes() == crlf(*OUR_LINES)


@pytest.mark.parametrize("streams", [[], [FragmentStream(mid="1")]])
def test_a_fragment_without_credentials_is_refused(streams: list[FragmentStream]) -> None:
    with pytest.raises(SdpError, match="every fragment carries ufrag and password"):
        build_fragment(streams)


@pytest.mark.parametrize(
    ("stream", "field"),
    [
        (FragmentStream(mid="a b"), "mid"),
        (FragmentStream(mid=""), "mid"),
        (FragmentStream(mid="1\r\n"), "mid"),
        (FragmentStream(mid="1", media_line="audio"), "media_line"),
        (FragmentStream(mid="1", media_line="m=audio\r\n"), "media_line"),
        (FragmentStream(mid="1", media_line="m=audio\0"), "media_line"),
        *(
            (FragmentStream(mid="1", media_line=line), "media_line")
            for line in ("m=", "m=audio", "m=audio 9", "m=audio 9  RTP/AVP 0", "m=audio 65536 A 0")
        ),
        (FragmentStream(mid="1", candidates=[replace(HOST, port=0)]), "candidate port"),
        (FragmentStream(mid="1", credentials=Credentials("x", "y")), "ice-ufrag"),
    ],
)
def test_what_must_not_be_written_is_refused_with_the_name_of_the_field(
    stream: FragmentStream, field: str
) -> None:
    with pytest.raises(SdpError) as refused:
        build_fragment([stream], credentials=OURS)
    assert refused.value.field == field


def test_a_group_is_made_of_tokens() -> None:
    with pytest.raises(SdpError, match="mid: "):
        build_fragment([], credentials=OURS, bundle=("1", "a b"))


@pytest.mark.parametrize(
    ("change", "new"),
    [
        ({}, False),
        ({"foundation": "9", "priority": 1, "type": "relay"}, False),
        ({"transport": "udp"}, False),
        ({"port": 5011}, True),
        ({"component": 2}, True),
        ({"transport": "TCP"}, True),
        ({"address": "192.0.2.2"}, True),
    ],
)
def test_a_candidate_is_known_by_address_port_transport_and_component(
    change: dict[str, object], new: bool
) -> None:
    later = replace(HOST, **change)  # type: ignore[arg-type]
    assert additions([HOST], [HOST, later, later]) == ([later] if new else [])


def test_addresses_are_compared_by_what_they_name() -> None:
    six = replace(HOST, address="2001:db8::1")
    name = replace(HOST, address="1f4712db.local")
    again = [replace(six, address="2001:DB8:0::1"), replace(name, address="1F4712DB.local")]
    assert additions([six, name], again) == []
