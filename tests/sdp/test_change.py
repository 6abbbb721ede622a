"""A change knows whether it did something, and the way back."""

import pytest
from hypothesis import given

import sdp
from sdp import Destination, Ice, SdpError, StreamIce
from sdp.change import Change, copies
from sdp.rewrite import put, set_destination, strip
from tests.sdp.strategies import any_text
from tests.sdp.text import HOST, ICE, described

PLACE = Destination("198.51.100.1", 30000)


def test_a_change_that_changed_no_byte_is_false() -> None:
    description = described("m=audio 5004 RTP/AVP 0")
    assert not strip(description)
    assert strip(described(*ICE))


def test_undo_gives_the_bytes_and_the_views_of_before() -> None:
    description = described(*ICE, "m=audio 5004 RTP/AVP 0", HOST)
    before = description.to_bytes()
    change = strip(description)
    assert not description.media[0].candidates
    change.undo()
    assert description.to_bytes() == before
    assert len(description.media[0].candidates) == 1
    assert not change


def test_changes_are_undone_in_the_reverse_order() -> None:
    description = described("m=audio 5004 RTP/AVP 0")
    before = description.to_bytes()
    first = set_destination(description, 0, PLACE)
    second = set_destination(description, 0, PLACE._replace(port=1))
    moved = description.to_bytes()
    with pytest.raises(SdpError, match="edited after this change"):
        first.undo()
    assert description.to_bytes() == moved
    second.undo()
    first.undo()
    assert description.to_bytes() == before


def test_a_change_is_not_undone_over_a_later_edit() -> None:
    description = described(*ICE, "m=audio 5004 RTP/AVP 0", HOST)
    change = strip(description)
    description.media[0].insert(1, [b"a=mid:0"])
    edited = description.to_bytes()
    with pytest.raises(SdpError):
        change.undo()
    assert description.to_bytes() == edited


def test_a_second_undo_does_nothing() -> None:
    description = described(*ICE)
    change = strip(description)
    change.undo()
    description.insert(1, [b"i=x"])
    change.undo()
    assert description.information == "x"


@given(any_text)
def test_every_rewrite_of_every_text_can_be_undone(data: bytes) -> None:
    description = sdp.parse(data)
    credentials = sdp.Credentials("8hhY", "asd88fgpdd777uzjYhagZg")
    ice = Ice(streams=[StreamIce()] * len(description.media), credentials=credentials)
    changes = [strip(description), put(description, ice)]
    for change in reversed(changes):
        change.undo()
    assert description.to_bytes() == data


def test_only_sections_whose_lines_differ_are_touched() -> None:
    description = described("m=audio 5004 RTP/AVP 0", "m=video 5006 RTP/AVP 96")
    video = description.media[1].lines
    texts = copies(description)
    texts[1].append(b"a=mid:0\r\n")
    assert Change(description, texts)
    assert description.media[0].mid == "0"
    assert description.media[1].lines == video
