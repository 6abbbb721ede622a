"""What is remembered of a stream, over restarts that stand and that fail."""

from __future__ import annotations

from sipice.session.state import Selected, Stream
from tests.ice.harness import remote

ONE = Selected(remote("10.0.0.1:1"), remote("10.0.0.2:1"))
TWO = Selected(remote("10.0.0.1:2"), remote("10.0.0.2:2"))


def completed() -> Stream:
    return Stream(selected={(1, 1): ONE}, completed={1})


def test_a_stream_is_nominated_when_all_its_components_are() -> None:
    assert Stream(selected={(1, 1): ONE}).nominated == ()
    assert completed().nominated == (ONE,)
    assert Stream(selected={(1, 2): TWO, (1, 1): ONE}, completed={1}).nominated == (ONE, TWO)


def test_after_a_restart_only_the_new_generation_counts() -> None:
    stream = completed()
    stream.begin_anew(stream.latest)
    assert list(stream.nominated) == []
    assert not stream.has_failed
    stream.selected[2, 1] = TWO
    stream.completed.add(2)
    assert stream.nominated == (TWO,)


def test_a_restart_that_came_to_nothing_never_was() -> None:
    stream = completed()
    mark = stream.latest
    stream.selected[2, 1] = TWO
    stream.completed.add(2)
    stream.failed.add(3)
    stream.go_back(mark)
    assert stream.nominated == (ONE,)
    assert not stream.has_failed
    assert stream.latest == 1


def test_a_branch_of_a_fork_remembers_what_was_offered_and_no_pair() -> None:
    stream = completed()
    stream.known, stream.ufrag, stream.capacity = (ONE.local,), "abcd", 2
    sibling = stream.for_sibling()
    assert (sibling.known, sibling.ufrag, sibling.capacity) == ((ONE.local,), "abcd", 2)
    assert sibling.nominated == ()
