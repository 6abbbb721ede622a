"""The judge of edits itself: it passes what is allowed and sees what is not."""

import pytest

from tests.sdp.linediff import Named, check_touched_only, is_ice, split

TEXT = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
AUDIO = b"m=audio 4000 RTP/AVP 0\r\na=sendrecv\r\n"
UFRAG = b"a=ice-ufrag:abcd\r\n"


def test_lines_keep_their_ends() -> None:
    assert split(b"a\r\nb\nc\rd\r\r\ne") == [b"a\r\n", b"b\n", b"c\r", b"d\r\r\n", b"e"]


def test_ice_attributes_are_told_from_their_likes() -> None:
    assert is_ice(b"a=Candidate:1 1 UDP 1 192.0.2.1 1 typ host\r\n")
    assert is_ice(b"a=end-of-candidates")
    assert not is_ice(b"a=x-candidate-info:1\r\n")
    assert not is_ice(b"a=ice-ufragment:abcd\r\n")
    assert not is_ice(b"a=candidates:1\r\n")


@pytest.mark.parametrize(
    ("after", "named"),
    [
        (TEXT + UFRAG + AUDIO, Named(ice=True)),
        (TEXT + AUDIO.replace(b"4000", b"5000"), Named(moved=frozenset({0}))),
        (TEXT.replace(b"c=IN IP4 192", b"c=IN IP4 198") + AUDIO, Named(moved=frozenset({0}))),
        (TEXT.replace(b"o=- 1 1", b"o=- 1 2") + AUDIO, Named(origin=True)),
    ],
)
def test_what_is_named_may_differ(after: bytes, named: Named) -> None:
    check_touched_only(TEXT + AUDIO, after, named)
    with pytest.raises(AssertionError):
        check_touched_only(TEXT + AUDIO, after, Named())


@pytest.mark.parametrize(
    "after",
    [
        TEXT + UFRAG + AUDIO.replace(b"sendrecv", b"inactive"),
        TEXT + UFRAG + AUDIO.replace(b"sendrecv\r\n", b"sendrecv\n"),
        TEXT + UFRAG[:-2] + b"\n" + AUDIO,
        TEXT + UFRAG,
        AUDIO + TEXT,
        TEXT + AUDIO.replace(b"4000", b"5000"),
        TEXT + AUDIO[:-2],
    ],
)
def test_what_is_not_named_may_not_differ(after: bytes) -> None:
    with pytest.raises(AssertionError):
        check_touched_only(TEXT + AUDIO, after, Named(ice=True))


def test_a_text_without_a_last_line_end_may_get_one_where_it_goes_on() -> None:
    check_touched_only((TEXT + AUDIO)[:-2], TEXT + AUDIO + UFRAG[:-2], Named(ice=True))
    check_touched_only(TEXT + AUDIO + UFRAG[:-2], (TEXT + AUDIO)[:-2], Named(ice=True))
