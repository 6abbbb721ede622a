"""What the rules look at."""

from __future__ import annotations

import sdp
from sdp.lint import check
from sdp.lint.view import View
from tests.marks import rfc
from tests.sdp.lint.examples import whole

BOTH = "a=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\n"


def view(text: str) -> View:
    return View(sdp.parse(whole(text)))


def test_lines_are_counted_over_all_sections() -> None:
    seen = view("a=x\nm=audio 9 RTP/AVP 0\na=mid:a\nm=video 9 RTP/AVP 31\na=mid:v\n")
    assert [stream.hit(stream.at("mid"), "").line for stream in seen.streams] == [8, 10]
    assert seen.last == 10


def test_a_section_that_lost_its_media_line_is_still_looked_at() -> None:
    description = sdp.parse(whole("m=audio 9 RTP/AVP 0\na=mid:a\n"))
    description.media[0].remove([0])
    assert View(description).streams[0].media_line is None
    assert check(description) == []


@rfc("9143", "10", "rule", "9143-10-3")
def test_the_ice_of_a_bundled_section_lives_in_the_first() -> None:
    seen = view(f"a=group:BUNDLE a v\nm=audio 9 RTP/AVP 0\na=mid:a\n{BOTH}m=video 9 x 0\na=mid:v\n")
    audio, video = seen.streams
    assert seen.home(video) is audio
    assert seen.has_ice(video)
    assert seen.is_alive(video)


def test_a_group_whose_first_section_is_missing_leaves_sections_alone() -> None:
    seen = view("a=group:BUNDLE x v\nm=video 9 RTP/AVP 31\na=mid:v\n")
    assert seen.tagged(seen.streams[0]) is seen.streams[0]


def test_a_description_is_its_own_forerunner() -> None:
    seen = view("m=audio 9 RTP/AVP 0\n")
    assert seen.earlier is seen
    assert not seen.is_fragment
