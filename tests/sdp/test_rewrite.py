"""Put ICE in, take it out: only these lines, idempotent, undone, strictly valid or refused."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sdp
from sdp import (
    Candidate,
    Credentials,
    Destination,
    Ice,
    RemoteCandidate,
    SdpError,
    SessionDescription,
    StreamIce,
)
from sdp import effective as eff
from sdp.lines import content, split
from sdp.rewrite import put, strip
from tests.sdp.strategies import any_text, candidates, credentials
from tests.sdp.text import ICE, SESSION, crlf, described

AUDIO, VIDEO = "m=audio 5004 RTP/AVP 0", "m=video 5006 RTP/AVP 96"
OURS = Credentials("ourU", "ourOwnPasswordOf24Chars/")
THEIRS = Credentials("8hhY", "asd88fgpdd777uzjYhagZg")
OUR_LINES = ["a=ice-options:ice2", "a=ice-ufrag:ourU", "a=ice-pwd:ourOwnPasswordOf24Chars/"]
RTP, RTCP = Destination("198.51.100.1", 30000), Destination("198.51.100.1", 30001)
HOST = Candidate(
    foundation="1",
    component=1,
    transport="UDP",
    priority=2130706431,
    address="198.51.100.1",
    port=30000,
    type="host",
)
SRFLX = replace(HOST, foundation="2", type="srflx", related_address="10.0.0.1", related_port=9)
HOST_LINE = "a=candidate:1 1 UDP 2130706431 198.51.100.1 30000 typ host"
SRFLX_LINE = "a=candidate:2 1 UDP 2130706431 198.51.100.1 30000 typ srflx raddr 10.0.0.1 rport 9"
END = "a=end-of-candidates"


def text(description: SessionDescription) -> list[str]:
    """The lines after the usual session lines."""
    return description.to_bytes().decode().split("\r\n")[len(SESSION) : -1]


def session_ice(streams: int, **values: Any) -> Ice:
    return Ice(streams=[StreamIce(candidates=[HOST])] * streams, credentials=OURS, **values)


# Putting -----------------------------------------------------------------------------------------


def test_everything_has_its_line_and_its_order() -> None:
    description = described("a=tool:x", AUDIO, "a=mid:0", VIDEO)
    ice = Ice(
        credentials=OURS,
        options=("ice2", "trickle"),
        pacing=30,
        end_of_candidates=True,
        streams=[
            StreamIce(
                candidates=[HOST, SRFLX],
                credentials=THEIRS,
                remote_candidates=(RemoteCandidate(1, "192.0.2.9", 7),),
                end_of_candidates=True,
                destinations=[RTP, RTCP],
            ),
            StreamIce(mismatch=True),
        ],
    )
    assert put(description, ice)
    assert text(description) == [
        "a=tool:x",
        "a=ice-options:ice2 trickle",
        "a=ice-pacing:30",
        "a=ice-ufrag:ourU",
        "a=ice-pwd:ourOwnPasswordOf24Chars/",
        END,
        "m=audio 30000 RTP/AVP 0",
        "c=IN IP4 198.51.100.1",
        "a=rtcp:30001 IN IP4 198.51.100.1",
        "a=mid:0",
        "a=ice-ufrag:8hhY",
        "a=ice-pwd:asd88fgpdd777uzjYhagZg",
        HOST_LINE,
        SRFLX_LINE,
        "a=remote-candidates:1 192.0.2.9 7",
        END,
        VIDEO,
        "a=ice-mismatch",
    ]


def test_a_lite_agent_says_so_first() -> None:
    description = described(AUDIO)
    put(description, session_ice(1, lite=True))
    assert text(description)[0] == "a=ice-lite"


def test_what_was_said_about_ice_before_is_replaced_at_the_end_of_the_section() -> None:
    description = described(*ICE, "a=tool:x", AUDIO, "a=Candidate:9 1 UDP 1 192.0.2.1 9", "a=mid:0")
    put(description, session_ice(1))
    assert text(description) == [
        OUR_LINES[0],
        *OUR_LINES[1:],
        "a=tool:x",
        AUDIO,
        "a=mid:0",
        HOST_LINE,
    ]


def test_lines_that_stand_there_already_are_not_moved() -> None:
    description = described(*OUR_LINES, AUDIO, SRFLX_LINE, "a=mid:0", END, "a=x")
    put(description, Ice(credentials=OURS, streams=[StreamIce(candidates=[HOST, SRFLX])]))
    assert text(description)[len(OUR_LINES) :] == [AUDIO, HOST_LINE, SRFLX_LINE, "a=mid:0", "a=x"]
    third = replace(HOST, foundation="3")
    put(description, Ice(credentials=OURS, streams=[StreamIce(candidates=[HOST, third, SRFLX])]))
    assert text(description)[len(OUR_LINES) + 1 :] == [
        HOST_LINE,
        HOST_LINE.replace(":1", ":3", 1),
        SRFLX_LINE,
        "a=mid:0",
        "a=x",
    ]


def test_lines_in_another_order_are_put_in_ours() -> None:
    description = described(*OUR_LINES, AUDIO, SRFLX_LINE, HOST_LINE, HOST_LINE)
    put(description, Ice(credentials=OURS, streams=[StreamIce(candidates=[HOST, SRFLX])]))
    assert text(description)[len(OUR_LINES) + 1 :] == [HOST_LINE, SRFLX_LINE]


def test_a_stream_without_ice_loses_what_it_had() -> None:
    description = described(*ICE, AUDIO, HOST_LINE, VIDEO, HOST_LINE)
    put(description, Ice(streams=[None], credentials=OURS))
    assert text(description) == [*OUR_LINES, AUDIO, VIDEO]


def test_more_streams_than_sections_are_refused() -> None:
    description = described(AUDIO)
    before = description.to_bytes()
    with pytest.raises(SdpError, match="streams: 2 streams more than there are m= sections"):
        put(description, session_ice(3))
    assert description.to_bytes() == before


def test_a_put_that_fails_half_way_has_changed_nothing() -> None:
    description = described(*ICE, AUDIO, "m=video x RTP/AVP 96")
    before = description.to_bytes()
    stream = StreamIce(candidates=[HOST], destinations=[RTP])
    with pytest.raises(SdpError, match="m=: the m= line has no port"):
        put(description, Ice(streams=[stream, stream], credentials=OURS))
    assert description.to_bytes() == before


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\r\n"], ids=repr)
def test_new_lines_end_as_their_neighbours_do(end: bytes) -> None:
    description = sdp.parse(crlf(*SESSION, AUDIO).replace(b"\r\n", end))
    put(description, session_ice(1))
    lines = split(description.to_bytes())
    assert len(lines) == len(SESSION) + 5
    assert all(line == content(line) + end for line in lines)


def test_mixed_ends_stay_as_they_are() -> None:
    data = b"v=0\r\nm=video 9 RTP/AVP 97\na=candidate:3 1 UDP 1 192.0.2.5 1 typ host"
    description = sdp.parse(data)
    put(description, Ice(streams=[StreamIce(credentials=OURS)], options=()))
    assert description.to_bytes() == (
        b"v=0\r\nm=video 9 RTP/AVP 97\na=ice-ufrag:ourU\na=ice-pwd:ourOwnPasswordOf24Chars/"
    )


@pytest.mark.parametrize("tail", ["", "\r\n", "junk\r\n", "\r\n\r\n", "k=x"])
def test_ice_goes_before_what_is_no_line_of_sdp(tail: str) -> None:
    data = crlf(*SESSION, AUDIO, "a=mid:0") + tail.encode()
    description = sdp.parse(data)
    put(description, session_ice(1))
    after = description.to_bytes().decode()
    assert HOST_LINE in after
    if not tail.startswith("k="):
        assert after.endswith(HOST_LINE + "\r\n" + tail)
    strip(description)
    assert description.to_bytes() == data


@given(any_text, st.lists(candidates(), max_size=3), credentials, st.booleans())
def test_put_is_done_once_and_undone_by_strip_where_there_was_no_ice(
    data: bytes, ours: list[Candidate], who: Credentials, ended: bool
) -> None:
    description = sdp.parse(data)
    strip(description)
    plain = description.to_bytes()
    if sdp.parse(plain).to_bytes() != plain or len(sdp.parse(plain).media) != len(
        description.media
    ):
        return
    description = sdp.parse(plain)
    if strip(description):
        return  # a bare CR and an LF have met and made ICE lines of what was none
    count = len(description.media)
    stream = StreamIce(candidates=ours, credentials=who, end_of_candidates=ended)
    ice = Ice(streams=[stream] * count, lite=True)
    change = put(description, ice)
    assert not put(description, ice)
    for number in range(count):
        assert eff.credentials(description, number) == who
        assert description.media[number].candidates == ours
        assert description.media[number].end_of_candidates is ended
    reread = sdp.parse(description.to_bytes())
    strip(reread)
    assert reread.to_bytes() == plain
    change.undo()
    assert description.to_bytes() == plain


@given(any_text)
def test_after_strip_no_view_sees_ice(data: bytes) -> None:
    description = sdp.parse(data)
    strip(description)
    assert not strip(description)
    for section in description.sections:
        assert not section.ice_lite
        assert not section.ice_mismatch
        assert not section.candidates
        assert not section.end_of_candidates
        assert section.ice_ufrag is None
        assert section.ice_pwd is None
        assert section.ice_pacing is None
        assert section.ice_options == ()
        assert section.remote_candidates == ()


# Stripping ---------------------------------------------------------------------------------------


def test_strip_takes_every_ice_line_and_leaves_the_rest() -> None:
    description = described(
        *ICE,
        "a=ICE-LITE",
        "a=ice-pacing:50",
        "a=ice-something:else",
        AUDIO,
        "a=rtcp:5005",
        "a=rtcp-mux",
        HOST_LINE,
        "a=remote-candidates:1 192.0.2.1 9",
        "a=ice-mismatch",
        "a=mid:0",
        END,
        "a=candidates",
    )
    assert strip(description)
    assert text(description) == [
        "a=ice-something:else",
        AUDIO,
        "a=rtcp:5005",
        "a=rtcp-mux",
        "a=mid:0",
        "a=candidates",
    ]


def test_strip_can_send_streams_elsewhere_at_once() -> None:
    description = described(*ICE, AUDIO, HOST_LINE, VIDEO, HOST_LINE)
    strip(description, {0: [RTP, RTCP], 1: ()})
    assert text(description) == [
        "m=audio 30000 RTP/AVP 0",
        "c=IN IP4 198.51.100.1",
        "a=rtcp:30001 IN IP4 198.51.100.1",
        VIDEO,
    ]


def test_strip_of_many_lines_is_one_walk() -> None:
    many = [HOST_LINE] * 2000
    description = described(AUDIO, *many, "a=mid:0")
    strip(description)
    assert text(description) == [AUDIO, "a=mid:0"]


@pytest.mark.parametrize(
    ("data", "left"),
    [
        (b"v=0\na=ice-lite", b"v=0"),
        (b"v=0\na=x\na=ice-lite", b"v=0\na=x\n"),
        (b"x\n\r\n\r\na=candidate:1 1 UDP 1 192.0.2.1 1 typ host", b"x\n\r\n\r\n"),
        (b"a=ice-lite", b""),
    ],
)
def test_strip_at_an_open_end_damages_no_line(data: bytes, left: bytes) -> None:
    description = sdp.parse(data)
    strip(description)
    assert description.to_bytes() == left


def test_a_strip_that_fails_has_changed_nothing() -> None:
    description = described(*ICE, AUDIO, HOST_LINE)
    before = description.to_bytes()
    for wrong in ({0: [Destination("name", 1)]}, {5: [RTP]}):
        with pytest.raises(SdpError):
            strip(description, wrong)
        assert description.to_bytes() == before


# What must not be written ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"credentials": Credentials("abc", OURS.pwd)}, "ice-ufrag"),
        ({"credentials": Credentials("a" * 33, OURS.pwd)}, "ice-ufrag"),
        ({"credentials": Credentials("ab\r\n", OURS.pwd)}, "ice-ufrag"),
        ({"credentials": Credentials("abcd", "short")}, "ice-pwd"),
        ({"credentials": Credentials("abcd", "a" * 257)}, "ice-pwd"),
        ({"credentials": Credentials("abcd", "a" * 22 + "\0")}, "ice-pwd"),
        ({"options": ("a b",)}, "ice-options"),
        ({"options": ("ice2", "x\n")}, "ice-options"),
        ({"pacing": -1}, "ice-pacing"),
        ({"pacing": 10**10}, "ice-pacing"),
        ({"lite": True, "pacing": 50}, "ice-pacing"),
        ({"credentials": None}, "credentials"),
    ],
)
def test_an_ice_value_that_rfc_8839_forbids_cannot_be_made(
    values: dict[str, Any], field: str
) -> None:
    with pytest.raises(SdpError) as refused:
        Ice(**{"credentials": OURS, "streams": [StreamIce()], **values})
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"credentials": Credentials("abc", OURS.pwd)}, "ice-ufrag"),
        ({"candidates": [replace(HOST, foundation="a-b")]}, "candidate foundation"),
        ({"candidates": [HOST, replace(HOST, address="host.example.com")]}, "candidate address"),
        (
            {"remote_candidates": (RemoteCandidate(0, "192.0.2.1", 9),)},
            "remote-candidates component",
        ),
        ({"mismatch": True, "candidates": [HOST]}, "ice-mismatch"),
        ({"mismatch": True, "credentials": OURS}, "ice-mismatch"),
        (
            {"mismatch": True, "remote_candidates": (RemoteCandidate(1, "192.0.2.1", 9),)},
            "ice-mismatch",
        ),
    ],
)
def test_a_stream_value_that_rfc_8839_forbids_cannot_be_made(
    values: dict[str, Any], field: str
) -> None:
    with pytest.raises(SdpError) as refused:
        StreamIce(**values)
    assert refused.value.field == field


def test_destinations_are_checked_when_the_value_is_made() -> None:
    stream = StreamIce(destinations=[Destination("media.example.com", 5004)])
    with pytest.raises(SdpError) as refused:
        Ice(streams=[stream], credentials=OURS)
    assert refused.value.field == "destination address"


def test_a_stream_with_mismatch_needs_no_credentials() -> None:
    description = described(AUDIO)
    put(description, Ice(streams=[StreamIce(mismatch=True)]))
    assert text(description) == ["a=ice-options:ice2", AUDIO, "a=ice-mismatch"]


def test_no_options_are_no_line() -> None:
    description = described(AUDIO)
    put(description, session_ice(1, options=()))
    assert text(description)[:2] == OUR_LINES[1:]


def test_an_ice_value_does_not_show_its_password() -> None:
    ice = Ice(streams=[StreamIce(credentials=THEIRS)], credentials=OURS)
    assert OURS.pwd not in repr(ice)
    assert THEIRS.pwd not in repr(ice)


def test_one_value_serves_any_number_of_descriptions() -> None:
    ice = session_ice(1)
    texts = set()
    for _ in range(3):
        description = described(AUDIO)
        put(description, ice)
        description.media[0].insert(1, [b"i=x"])
        texts.add(description.to_bytes())
    assert len(texts) == 1
