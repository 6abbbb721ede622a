"""A description: lossless, within limits, with its sections and session-level views."""

import pytest
from hypothesis import example, given

import sdp
from sdp import Limits, SdpError
from tests.sdp.strategies import any_text
from tests.sdp.text import crlf, described, section


@given(any_text)
@example(b"")
@example(b"m=audio")
@example(b"v=0\r\r\nm=a\rm=b\n\0\xff\x85")
def test_what_was_parsed_is_written_back_byte_for_byte(data: bytes) -> None:
    assert sdp.parse(data).to_bytes() == data


@given(any_text)
def test_every_view_answers_for_every_text(data: bytes) -> None:
    description = sdp.parse(data)
    for part in description.sections:
        for name in dir(type(part)):
            if not name.startswith("_"):
                getattr(part, name)


def test_a_description_is_bytes() -> None:
    with pytest.raises(TypeError, match="a description is bytes, not str"):
        sdp.parse("v=0\r\n")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("limits", "complaint"),
    [
        (Limits(size=56), "57 bytes, allowed are 56"),
        (Limits(lines=4), "5 lines, allowed are 4"),
        (Limits(media=1), "2 media sections, allowed are 1"),
        (Limits(candidates=1), "2 candidates, allowed are 1"),
    ],
)
def test_a_text_over_a_limit_is_refused_in_one_sentence(limits: Limits, complaint: str) -> None:
    data = crlf("v=0", "m=a", "a=candidate:1 1 U", "a=CANDIDATE:2 1 UDP 1", "m=b")
    assert len(data) == 57
    with pytest.raises(SdpError, match=f"^{complaint}$"):
        sdp.parse(data, limits)
    with pytest.raises(SdpError, match=f"^{complaint}$"):
        sdp.parse_fragment(data, limits)


def test_a_text_at_its_limits_is_read() -> None:
    data = crlf("v=0", "m=a", "a=candidate:1", "m=b")
    sdp.parse(data, Limits(size=len(data), lines=4, media=2, candidates=1))


@pytest.mark.parametrize(
    ("piece", "complaint"),
    [(b"\r", "lines"), (b"\n", "lines"), (b"m=\n", "media sections")],
    ids=repr,
)
def test_a_mebibyte_of_line_ends_or_sections_is_refused(piece: bytes, complaint: str) -> None:
    with pytest.raises(SdpError, match=complaint):
        sdp.parse(piece * ((1 << 20) // len(piece)))


def test_too_many_candidates_are_refused_however_they_are_spelled() -> None:
    with pytest.raises(SdpError, match="4097 candidates, allowed are 4096"):
        sdp.parse(b"a=Candidate:\r" * 4097)


def test_a_media_section_shows_its_m_line() -> None:
    audio = sdp.parse(b"m=audio 5004/2 RTP/AVP 0 8\r\n").media[0]
    assert (audio.type, audio.port, audio.port_count) == ("audio", 5004, 2)
    assert (audio.proto, audio.formats) == ("RTP/AVP", ("0", "8"))


def test_an_unreadable_m_line_still_begins_a_section() -> None:
    audio = sdp.parse(b"m=\r\na=mid:0\r\n").media[0]
    assert audio.media_line is None
    assert (audio.type, audio.port, audio.port_count) == ("", None, None)
    assert (audio.proto, audio.formats, audio.mid) == ("", (), "0")


def test_bundle_only_is_a_flag() -> None:
    assert section("a=bundle-only").bundle_only
    assert not section().bundle_only


def test_the_session_level_has_views_of_its_own() -> None:
    description = described("t=1 2", "a=group:BUNDLE 0 1", "a=group:LS 1")
    assert description.version == "0"
    assert description.origin is not None
    assert description.origin.address == "192.0.2.1"
    assert description.session_name == "-"
    assert [str(timing) for timing in description.timings] == ["0 0", "1 2"]
    assert [group.semantics for group in description.groups] == ["BUNDLE", "LS"]


def test_what_the_session_level_lacks_is_none() -> None:
    empty = sdp.parse(b"")
    assert (empty.version, empty.origin, empty.session_name) == (None, None, None)
    assert empty.sections == [empty]


def test_a_section_is_found_by_its_mid() -> None:
    description = described("m=audio 9 A 0", "a=mid:0", "m=video 9 A 0", "a=mid:1")
    assert description.section_of("1") is description.media[1]
    assert description.section_of("2") is None


def test_a_line_has_a_number_in_the_whole_text() -> None:
    description = described("m=audio 9 A 0", "a=mid:0", "m=video 9 A 0", "a=mid:1")
    assert description.line_number(description) == 1
    assert description.line_number(description.media[0]) == 6
    assert description.line_number(description.media[1], 1) == 9
    with pytest.raises(SdpError, match="not part of"):
        description.line_number(section())


@pytest.mark.parametrize(
    ("text", "new"),
    [
        (b"v=0\nm=a b c\n", b"a=x\n"),
        (b"v=0\rm=a b c\n", b"a=x\r"),
        (b"v=0", b"a=x\r\n"),
        (b"", b"a=x\r\n"),
        (b"m=audio 9 RTP/AVP 0\na=mid:1\n", b"a=x\n"),
        (b"m=audio", b"a=x\r\n"),
    ],
)
def test_a_new_first_line_ends_as_the_text_began(text: bytes, new: bytes) -> None:
    description = sdp.parse(text)
    description.insert(0, [b"a=x"])
    assert description.to_bytes() == new + text
