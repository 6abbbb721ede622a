"""Where media go: ports, addresses and the o= line, changed without touching other lines."""

import pytest
from hypothesis import given

import sdp
import sdp.rewrite
from sdp import Destination, SdpError, SessionDescription
from sdp import effective as eff
from sdp.rewrite import set_destination, set_origin
from tests.sdp.strategies import any_text
from tests.sdp.text import SESSION, crlf, described

RTP, RTCP = Destination("198.51.100.1", 30000), Destination("198.51.100.1", 30001)
V6 = Destination("2001:db8::1", 30000)
NONE_YET = Destination("0.0.0.0", 9)
AUDIO = "m=audio 5004 RTP/AVP 0"
VIDEO = "m=video 5006 RTP/AVP 96"
OWN = "c=IN IP4 192.0.2.7"


def moved(*lines: str, to: tuple[Destination, ...] = (RTP,), stream: int = 0) -> list[str]:
    """The lines after the usual session lines when a stream was sent elsewhere."""
    description = described(*lines)
    set_destination(description, stream, *to)
    return after_session(description)


def after_session(description: SessionDescription) -> list[str]:
    return description.to_bytes().decode().split("\r\n")[len(SESSION) : -1]


def test_port_and_address_are_written_and_nothing_else() -> None:
    assert moved("m=audio  5004/2 RTP/AVP 0 ", OWN, "a=mid:0") == [
        "m=audio  30000/2 RTP/AVP 0 ",
        "c=IN IP4 198.51.100.1",
        "a=mid:0",
    ]


def test_one_stream_that_lives_by_the_session_changes_the_session_line() -> None:
    description = described(AUDIO, "a=mid:0")
    set_destination(description, 0, RTP)
    assert description.to_bytes() == crlf(
        *SESSION[:3], "c=IN IP4 198.51.100.1", SESSION[4], "m=audio 30000 RTP/AVP 0", "a=mid:0"
    )


@pytest.mark.parametrize("other", ["m=video 0 RTP/AVP 96", "m=video 000/2 RTP/AVP 96"])
def test_a_dead_stream_does_not_need_the_session_line(other: str) -> None:
    description = described(AUDIO, other)
    set_destination(description, 0, RTP)
    assert after_session(description) == ["m=audio 30000 RTP/AVP 0", other]
    assert description.values("c=") == [b"IN IP4 198.51.100.1"]


def test_a_stream_with_a_line_of_its_own_leaves_the_session_line_to_the_other() -> None:
    description = described(AUDIO, VIDEO, "c=IN odd", OWN)
    set_destination(description, 0, RTP)
    assert description.values("c=") == [b"IN IP4 198.51.100.1"]
    assert after_session(description)[1:] == [VIDEO, "c=IN odd", OWN]


def test_a_stream_whose_own_line_is_unreadable_lives_by_the_session() -> None:
    description = described(AUDIO, VIDEO, "c=IN odd")
    before = eff.default_destination(description, 1)
    set_destination(description, 0, RTP)
    assert eff.default_destination(description, 0) == RTP
    assert eff.default_destination(description, 1) == before


def test_a_stream_that_shares_the_session_line_gets_one_of_its_own() -> None:
    assert moved(AUDIO, "i=title", "b=AS:64", VIDEO) == [
        "m=audio 30000 RTP/AVP 0",
        "i=title",
        "c=IN IP4 198.51.100.1",
        "b=AS:64",
        VIDEO,
    ]


def test_without_any_c_line_the_stream_gets_one() -> None:
    description = sdp.parse(crlf("v=0", AUDIO))
    set_destination(description, 0, V6)
    assert description.to_bytes() == crlf("v=0", "m=audio 30000 RTP/AVP 0", "c=IN IP6 2001:db8::1")


def test_a_shared_session_line_that_says_it_already_is_enough() -> None:
    lines = ("m=audio 5004 RTP/AVP 0", VIDEO)
    assert moved(*lines, to=(Destination("192.0.2.1", 5004),)) == list(lines)


def test_two_streams_at_one_place_change_the_session_line_at_two_get_their_own() -> None:
    description = described(AUDIO, VIDEO)
    sdp.rewrite.strip(description, {0: [RTP], 1: [RTP._replace(port=30002)]})
    assert description.values("c=") == [b"IN IP4 198.51.100.1"]
    description = described(AUDIO, VIDEO)
    sdp.rewrite.strip(description, {0: [RTP], 1: [V6]})
    assert description.values("c=") == [b"IN IP4 192.0.2.1"]
    assert [section.values("c=") for section in description.media] == [
        [b"IN IP4 198.51.100.1"],
        [b"IN IP6 2001:db8::1"],
    ]


def test_of_several_c_lines_one_is_left() -> None:
    lines = (AUDIO, "c=IN IP4 233.252.0.1/127", "a=x", "a=y", "c=IN IP4 233.252.0.2/127")
    assert moved(*lines, to=(RTP, RTCP)) == [
        "m=audio 30000 RTP/AVP 0",
        "c=IN IP4 198.51.100.1",
        "a=rtcp:30001 IN IP4 198.51.100.1",
        "a=x",
        "a=y",
    ]


@pytest.mark.parametrize(
    ("line", "to"),
    [
        ("c=IN  IP4\t198.51.100.1 ", RTP),
        ("c=IN IP6 2001:DB8:0:0::1", V6),
    ],
)
def test_a_c_line_that_says_it_in_other_words_is_not_touched(line: str, to: Destination) -> None:
    assert moved(AUDIO, line, to=(to,))[1] == line


@pytest.mark.parametrize("line", ["c=IN IP6 ::/5", "c=IN IP4 2001:db8::1", "c=", "c=IN IP6 x/y/z"])
def test_a_c_line_that_says_something_else_is_replaced(line: str) -> None:
    assert moved(AUDIO, line, to=(V6,))[1] == "c=IN IP6 2001:db8::1"


def test_rtcp_gets_a_line_before_the_other_attributes() -> None:
    assert moved(AUDIO, OWN, "b=AS:1", "a=mid:0", to=(RTP, RTCP)) == [
        "m=audio 30000 RTP/AVP 0",
        "c=IN IP4 198.51.100.1",
        "b=AS:1",
        "a=rtcp:30001 IN IP4 198.51.100.1",
        "a=mid:0",
    ]
    assert moved(AUDIO, OWN, to=(RTP, RTCP))[-1] == "a=rtcp:30001 IN IP4 198.51.100.1"


def test_an_rtcp_line_is_replaced_in_its_place_and_doubles_go() -> None:
    lines = (AUDIO, OWN, "a=mid:0", "a=RTCP:1", "a=x", "a=rtcp:2 IN IP4 192.0.2.7", "a=rtcp :3")
    assert moved(*lines, to=(RTP, RTCP))[2:] == [
        "a=mid:0",
        "a=rtcp:30001 IN IP4 198.51.100.1",
        "a=x",
    ]


@pytest.mark.parametrize("line", ["a=rtcp:30001", "a=rtcp: 30001  IN IP4 198.51.100.1"])
def test_an_rtcp_line_that_says_it_already_is_not_touched(line: str) -> None:
    assert moved(AUDIO, OWN, line, to=(RTP, RTCP))[2] == line


@pytest.mark.parametrize("to", [(RTP,), (NONE_YET, NONE_YET)])
def test_an_rtcp_line_goes_when_rtcp_has_no_place_of_its_own(to: tuple[Destination, ...]) -> None:
    assert not any("rtcp:" in line for line in moved(AUDIO, OWN, "a=rtcp:1", to=to))


def test_an_unreadable_rtcp_line_is_replaced() -> None:
    assert moved(AUDIO, OWN, "a=rtcp:x", to=(RTP, RTCP))[2] == "a=rtcp:30001 IN IP4 198.51.100.1"


def test_a_port_with_leading_zeros_that_names_the_port_is_not_touched() -> None:
    lines = ("m=audio 030000 RTP/AVP 0", "c=IN IP4 198.51.100.1")
    assert moved(*lines) == list(lines)


def test_no_destination_changes_nothing() -> None:
    assert not set_destination(described(AUDIO), 0)


@pytest.mark.parametrize(
    "line",
    [
        "m=audio x RTP/AVP 0",
        "m=audio RTP/AVP 0",
        "m=audio 5004",
        "m=audio 5004/2",
        "m=",
        f"m=audio {'1' * 5000} RTP/AVP 0",
        "m=& 7031257164384765625/9055676269501915625 A",
        "m=\x0b 8 4",
    ],
    ids=lambda line: line[:24],
)
def test_a_stream_without_a_readable_port_cannot_be_moved(line: str) -> None:
    description = described(line, OWN)
    assert description.media[0].port is None
    with pytest.raises(SdpError) as refused:
        set_destination(description, 0, RTP)
    assert refused.value.field == "m="
    assert after_session(description) == [line, OWN]


@pytest.mark.parametrize(
    ("place", "field"),
    [
        (Destination("media.example.com", 5004), "destination address"),
        (Destination("192.0.2.1\r\n", 5004), "destination address"),
        (Destination("[2001:db8::1]", 5004), "destination address"),
        (Destination("fe80::1%eth0", 5004), "destination address"),
        (Destination("", 5004), "destination address"),
        (Destination("192.0.2.1", -1), "destination port"),
        (Destination("192.0.2.1", 65536), "destination port"),
    ],
)
@pytest.mark.parametrize("second", [False, True])
def test_a_destination_is_an_ip_address_and_a_port(
    place: Destination, field: str, second: bool
) -> None:
    description = described(AUDIO)
    before = description.to_bytes()
    with pytest.raises(SdpError) as refused:
        set_destination(description, 0, *((RTP, place) if second else (place,)))
    assert refused.value.field == field
    assert description.to_bytes() == before


@pytest.mark.parametrize("stream", [-1, 1, 7])
def test_a_stream_that_is_not_there_is_refused(stream: int) -> None:
    with pytest.raises(SdpError, match=f"streams: there is no stream {stream}"):
        set_destination(described(AUDIO), stream, RTP)


@given(any_text)
def test_a_moved_stream_has_its_new_place_and_others_keep_theirs(data: bytes) -> None:
    description = sdp.parse(data)
    for stream, section in enumerate(description.media):
        others = [n for n in range(len(description.media)) if n != stream]
        before = {n: (description.media[n].port, eff.connection(description, n)) for n in others}
        if section.port is None:
            continue
        set_destination(description, stream, RTP)
        connection = eff.connection(description, stream)
        assert section.port == RTP.port
        assert connection is not None
        assert connection.address == RTP.address
        assert not set_destination(description, stream, RTP), "twice is once"
        for n in others:
            port, where = before[n]
            if port:
                assert description.media[n].port == port
                assert eff.connection(description, n) == where


# o= ----------------------------------------------------------------------------------------------


def origin(line: str) -> SessionDescription:
    return sdp.parse(crlf("v=0", line, "s=-"))


def test_fields_of_the_origin_change_one_by_one() -> None:
    description = origin("o=phone 123 7 IN IP6 ::1")
    set_origin(description, version=8)
    assert description.values("o=") == [b"phone 123 8 IN IP6 ::1"]
    set_origin(description, username="gw")
    set_origin(description, session_id="456")
    assert description.values("o=") == [b"gw 456 8 IN IP6 ::1"]
    set_origin(description, address="192.0.2.9")
    assert description.values("o=") == [b"gw 456 8 IN IP4 192.0.2.9"]


def test_nothing_to_change_changes_nothing() -> None:
    assert not set_origin(origin("o=phone 123 7 IN IP6 ::1"))
    assert not set_origin(origin("o=phone 123 7 IN IP6 ::1"), version=7, username="phone")


def test_blanks_of_the_origin_stay_where_they_are() -> None:
    description = origin("o= lin  3723 713\tIN IP4 192.0.2.2 ")
    set_origin(description, version=714)
    assert description.values("o=") == [b" lin  3723 714\tIN IP4 192.0.2.2 "]


def test_the_origin_that_is_read_is_the_one_that_is_written() -> None:
    description = sdp.parse(crlf("v=0", "o=junk", "o=- 1 2 IN IP4 192.0.2.2"))
    set_origin(description, version=3)
    assert description.values("o=") == [b"junk", b"- 1 3 IN IP4 192.0.2.2"]


@pytest.mark.parametrize("line", ["o=- 1 2 IN IP4", "o=", "x=y", "o=- 1 2 IN IP4 a b"])
def test_without_a_readable_origin_there_is_nothing_to_change(line: str) -> None:
    description = origin(line)
    with pytest.raises(SdpError) as refused:
        set_origin(description, version=3)
    assert refused.value.field == "o="


@pytest.mark.parametrize(
    ("value", "field"),
    [
        *(({"username": bad}, "o= username") for bad in ("", "a b", "a\r", "a\0", "a\tb", "\x01")),
        *(({"session_id": bad}, "o= session id") for bad in ("", "x", "-1", "1 2", "1\n", "١")),
        *(({"version": bad}, "o= version") for bad in ("", "x", "1.0", "1\r\n")),
        ({"version": -1}, "o= version"),
        ({"version": 10**5000}, "o= version"),
        *(({"address": bad}, "o= address") for bad in ("", "host", "[::1]", "192.0.2.1\n")),
    ],
)
def test_an_origin_field_that_would_not_be_valid_is_refused(
    value: dict[str, str], field: str
) -> None:
    description = origin("o=- 1 2 IN IP4 192.0.2.2")
    before = description.to_bytes()
    with pytest.raises(SdpError) as refused:
        set_origin(description, **value)
    assert refused.value.field == field
    assert description.to_bytes() == before
