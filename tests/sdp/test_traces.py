"""Every trace at hand: nothing is lost, everything can be read, edits touch what they name."""

import inspect
from collections.abc import Callable, Iterator
from functools import cached_property

import pytest

import sdp
from sdp import (
    Candidate,
    Credentials,
    Destination,
    Ice,
    SdpError,
    SessionDescription,
    StreamIce,
    lint,
    rewrite,
)
from sdp import effective as eff
from tests.capabilities import needs
from tests.fuzz.fuzz_sdp_lint import check_findings
from tests.marks import rfc
from tests.sdp.linediff import Named, check_touched_only, is_ice, split
from tests.traces.corpus import Trace, foreign_traces, own_traces

CHUNKS = 16
Meaning = list[dict[str, object]]
OUR_CREDENTIALS = Credentials("ourU", "ourOwnPasswordOf24Chars/")
OUR_ADDRESSES = ("192.0.2.200", "192.0.2.201", "2001:db8::200")


def _places(stream: int) -> tuple[Destination, Destination]:
    """Where we put RTP and RTCP of a stream; not all streams are at the same address."""
    address = OUR_ADDRESSES[stream % len(OUR_ADDRESSES)]
    return Destination(address, 40000), Destination(address, 40001)


def _candidates(stream: int) -> list[Candidate]:
    return [
        Candidate(
            foundation="1",
            component=component,
            transport="UDP",
            priority=2130706432 - component,
            address=place.address,
            port=place.port,
            type="host",
        )
        for component, place in enumerate(_places(stream), 1)
    ]


RTP, RTCP = _places(0)
OURS = [_candidates(stream) for stream in range(len(OUR_ADDRESSES))]


class Known:
    """A trace, and what it says: worked out once for all tests."""

    def __init__(self, trace: Trace) -> None:
        self.name, self.data = trace.name, trace.data
        self.parse = sdp.parse_fragment if trace.is_fragment else sdp.parse

    @cached_property
    def meaning(self) -> Meaning:
        return _meaning(self.parse(self.data))


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(0, id="own"),
        *(pytest.param(n, id=f"foreign-{n}", marks=needs("traces")) for n in range(1, CHUNKS + 1)),
    ],
)
def traces(request: pytest.FixtureRequest) -> list[Known]:
    """One chunk; pytest runs all tests of it before it goes to the next."""
    found = foreign_traces(request.param - 1, CHUNKS) if request.param else own_traces()
    return [Known(trace) for trace in found]


def each(traces: list[Known], check: Callable[[Known], None]) -> None:
    """Runs a check on every trace of a chunk and says which one failed it."""
    for trace in traces:
        try:
            check(trace)
        except BaseException as error:
            error.add_note(f"in {trace.name}")
            raise


def _property_names(kind: type) -> list[str]:
    return [name for name, _ in inspect.getmembers(kind, lambda member: type(member) is property)]


VIEWS: dict[type, list[str]] = {
    kind: _property_names(kind)
    for kind in (sdp.SessionDescription, sdp.MediaDescription, sdp.Fragment)
}


def _views(section: sdp.Section) -> Iterator[object]:
    for name in VIEWS[type(section)]:
        view = getattr(section, name)
        yield from view if isinstance(view, list | tuple) else [view]


@rfc("8866", "5", "", "AT-69")
def test_nothing_is_lost_and_everything_can_be_read(traces: list[Known]) -> None:
    def check(trace: Known) -> None:
        data, description = trace.data, trace.parse(trace.data)
        assert description.to_bytes() == data
        for section in description.sections:
            for view in _views(section):
                assert str(view) is not None
        _meaning(description)
        assert description.to_bytes() == data

    each(traces, check)


def test_lint_has_something_to_say_or_not_but_never_fails(traces: list[Known]) -> None:
    def check(trace: Known) -> None:
        data, description = trace.data, trace.parse(trace.data)
        check_findings(lint.check(description), description)
        assert description.to_bytes() == data

    each(traces, check)


def test_stripping_removes_the_ice_lines_and_nothing_else(traces: list[Known]) -> None:
    def check(trace: Known) -> None:
        data, description, before = trace.data, trace.parse(trace.data), trace.meaning
        change = rewrite.strip(description)
        after = description.to_bytes()
        check_touched_only(data, after, Named(ice=True))
        assert not any(is_ice(line) for line in split(after))
        assert bool(change) == (after != data)
        assert _without_ice(_meaning(trace.parse(after))) == _without_ice(before)
        assert not rewrite.strip(description)
        change.undo()
        assert description.to_bytes() == data

    each(traces, check)


def test_putting_ice_touches_ice_lines_only_and_strip_takes_it_out(traces: list[Known]) -> None:
    def check(trace: Known) -> None:
        data, description, before = trace.data, trace.parse(trace.data), trace.meaning
        streams = [
            StreamIce(candidates=OURS[number % 3], end_of_candidates=True)
            for number in range(len(description.media))
        ]
        ice = Ice(streams=streams, credentials=OUR_CREDENTIALS, pacing=20)
        change = rewrite.put(description, ice)
        after = description.to_bytes()
        check_touched_only(data, after, Named(ice=True))
        again = trace.parse(after)
        _sees(again, ("ice2",), session=True)
        assert eff.pacing(again) == 20
        assert _without_ice(_meaning(again)) == _without_ice(before)
        _happens_once(description, lambda: rewrite.put(description, ice))
        if not any(is_ice(line) for line in split(data)):
            rewrite.strip(again)
            assert again.to_bytes() == data
        change.undo()
        assert description.to_bytes() == data

    each(traces, check)


def test_putting_ice_with_destinations_touches_these_too(traces: list[Known]) -> None:
    def check(trace: Known) -> None:
        data, description, before = trace.data, trace.parse(trace.data), trace.meaning
        streams = [
            StreamIce(
                candidates=OURS[number % 3],
                credentials=OUR_CREDENTIALS,
                destinations=_places(number),
            )
            for number in range(len(description.media))
        ]
        ice = Ice(streams=streams, options=("ice2", "trickle"))
        if any(section.port is None for section in description.media):
            with pytest.raises(SdpError):
                rewrite.put(description, ice)
            assert description.to_bytes() == data
            return
        change = rewrite.put(description, ice)
        after = description.to_bytes()
        every = frozenset(range(len(description.media)))
        check_touched_only(data, after, Named(ice=True, moved=every))
        again = trace.parse(after)
        _sees(again, ("ice2", "trickle"), session=False)
        for number in every:
            _goes_to(again, number, *_places(number))
            _default_is_ours(again, number)
        assert _apart_from_media(_meaning(again)) == _apart_from_media(before)
        _happens_once(description, lambda: rewrite.put(description, ice))
        change.undo()
        assert description.to_bytes() == data

    each(traces, check)


@pytest.mark.parametrize("wanted", [(RTP,), (RTP, RTCP)], ids=["rtp", "rtp-and-rtcp"])
def test_a_new_destination_moves_one_stream(
    traces: list[Known], wanted: tuple[Destination, ...]
) -> None:
    def check(trace: Known) -> None:
        data, description = trace.data, trace.parse(trace.data)
        number = len(description.media) - 1 if len(wanted) == 1 else 0
        if not description.media or description.media[number].port is None:
            return
        before = trace.meaning
        change = rewrite.set_destination(description, number, *wanted)
        after = description.to_bytes()
        check_touched_only(data, after, Named(moved=frozenset({number})))
        again = trace.parse(after)
        _goes_to(again, number, *wanted)
        _others_are_as_before(before, _meaning(again), number)
        _happens_once(description, lambda: rewrite.set_destination(description, number, *wanted))
        change.undo()
        assert description.to_bytes() == data

    each(traces, check)


def test_a_destination_that_holds_already_changes_nothing(traces: list[Known]) -> None:
    def check(trace: Known) -> None:
        data, description = trace.data, trace.parse(trace.data)
        for number, section in enumerate(description.media):
            places = [eff.default_destination(description, number, n) for n in (1, 2)]
            if section.rtcp is None:
                places.pop()
            known = [place for place in places if place is not None]
            if len(known) == len(places) and _is_plain(description, number, known):
                assert not rewrite.set_destination(description, number, *known)
        assert description.to_bytes() == data

    each(traces, check)


def _is_plain(description: SessionDescription, number: int, places: list[Destination]) -> bool:
    """Whether a stream goes to one unicast address, written as it must be."""
    section, connection = description.media[number], eff.connection(description, number)
    assert connection is not None
    return (
        bool(section.port)
        and not any(place.is_name or place.is_placeholder for place in places)
        and set("[]%").isdisjoint(connection.address)
        and (connection.ttl, connection.count) == (None, None)
        and connection.addrtype == ("IP6" if ":" in connection.address else "IP4")
        and connection.nettype == "IN"
        and len(section.positions("c=")) == len(section.connections) <= 1
        and len(section.positions("rtcp")) == len(places) - 1
        and not section.rtcp_mux_only
    )


def set_origin(description: SessionDescription) -> sdp.Change:
    return rewrite.set_origin(description, username="b2bua", version=77, address="2001:db8::1")


def test_a_new_origin_changes_the_origin_line(traces: list[Known]) -> None:
    def check(trace: Known) -> None:
        data, description, before = trace.data, trace.parse(trace.data), trace.meaning
        if description.origin is None:
            with pytest.raises(SdpError):
                set_origin(description)
            assert description.to_bytes() == data
            return
        old = description.origin
        change = rewrite.set_origin(
            description, username="b2bua", version=77, address="2001:db8::1"
        )
        after = description.to_bytes()
        check_touched_only(data, after, Named(origin=True))
        again = trace.parse(after)
        assert again.origin is not None
        assert str(again.origin) == f"b2bua {old.session_id} 77 IN IP6 2001:db8::1"
        assert _meaning(again) == before
        _happens_once(description, lambda: set_origin(description))
        change.undo()
        assert description.to_bytes() == data

    each(traces, check)


# What a description means -------------------------------------------------------------------------

Question = Callable[[SessionDescription, int], object]

_ICE_QUESTIONS: dict[str, Question] = {
    "credentials": eff.credentials,
    "options": eff.ice_options,
    "support": eff.support,
    "ended": eff.has_ended,
    "usable": eff.usable_candidates,
    "components": eff.components,
    "mismatch": eff.mismatch,
}
_WHERE: dict[str, Question] = {
    "connection": eff.connection,
    "rtp": eff.default_destination,
    "rtcp": lambda description, stream: eff.default_destination(description, stream, 2),
    "alive": eff.is_alive,
}
_OTHER: dict[str, Question] = {
    "direction": eff.direction,
    "bundle": eff.bundle_of,
    "rtcp in use": eff.uses_rtcp,
}
_ICE_VIEWS = {
    "candidates",
    "remote_candidates",
    "end_of_candidates",
    *("ice_lite", "ice_mismatch", "ice_options", "ice_pacing", "ice_pwd", "ice_ufrag"),
}
_WHERE_VIEWS = {"connection", "connections", "media_line", "port", "rtcp"}
_NO_VIEWS = {"lines", "sections", "origin"}


def _meaning(description: SessionDescription) -> Meaning:
    """All effective values and views: the session's, then each stream's."""
    session: dict[str, object] = _section_views(description)
    session["pacing"], session["lite"] = eff.pacing(description), eff.is_lite(description)
    streams = []
    for number, section in enumerate(description.media):
        questions = {**_ICE_QUESTIONS, **_WHERE, **_OTHER}
        answers = {name: ask(description, number) for name, ask in questions.items()}
        streams.append(answers | _section_views(section))
    return [session, *streams]


def _section_views(section: sdp.Section) -> dict[str, object]:
    names = VIEWS[type(section)]
    return {f".{name}": getattr(section, name) for name in names if name not in _NO_VIEWS}


_ICE_NAMES = {*_ICE_QUESTIONS, "pacing", "lite", *(f".{view}" for view in _ICE_VIEWS)}
_MOVING_NAMES = {*_WHERE, *(f".{view}" for view in _WHERE_VIEWS)}


def _leaving_out(meaning: Meaning, names: set[str]) -> Meaning:
    return [{k: v for k, v in part.items() if k not in names} for part in meaning]


def _without_ice(meaning: Meaning) -> Meaning:
    # Muxed RTCP goes to the port of RTP unless a candidate says that there is a component 2.
    return _leaving_out(meaning, {*_ICE_NAMES, "rtcp", "rtp"})


def _apart_from_media(meaning: Meaning) -> Meaning:
    return _leaving_out(meaning, _ICE_NAMES | _MOVING_NAMES)


def _others_are_as_before(before: Meaning, after: Meaning, number: int) -> None:
    """A stream that is in use stays where it was; one with port 0 may lose its c= line."""
    for stream, (old, new) in enumerate(zip(before[1:], after[1:], strict=True)):
        if stream == number:
            kept = _leaving_out([old, new], {*_MOVING_NAMES, "mismatch"})
            assert kept[0] == kept[1]
        elif old[".port"]:
            assert old == new, f"stream {stream} changed"
        else:
            left = _leaving_out([old, new], {*_WHERE})
            assert left[0] == left[1]
    session = _leaving_out([before[0], after[0]], {".connection", ".connections"})
    assert session[0] == session[1]


def _sees(description: SessionDescription, options: tuple[str, ...], *, session: bool) -> None:
    for number, section in enumerate(description.media):
        assert eff.credentials(description, number) == OUR_CREDENTIALS
        assert eff.ice_options(description, number) == options
        assert section.candidates == OURS[number % 3]
        assert section.remote_candidates == ()
        assert section.has("ice-ufrag") != session
    assert description.candidates == []
    assert not eff.is_lite(description)


def _goes_to(description: SessionDescription, number: int, *wanted: Destination) -> None:
    first = eff.default_destination(description, number)
    assert first is not None
    assert first[:2] == wanted[0][:2]
    section = description.media[number]
    assert len(section.positions("c=")) <= 1
    if len(wanted) == 1:
        assert section.rtcp is None
    elif eff.uses_rtcp(description, number) and not section.rtcp_mux_only:
        second = eff.default_destination(description, number, 2)
        assert second is not None
        assert second[:2] == wanted[1][:2]


def _default_is_ours(description: SessionDescription, number: int) -> None:
    """Our candidates hold the default, unless the section has no place for both components."""
    section, wrong = description.media[number], eff.mismatch(description, number)
    assert section.media_line is not None
    if section.media_line.transport == "UDP":
        assert wrong == () or (section.rtcp_mux_only and wrong == (2,))


def _happens_once(description: SessionDescription, edit: Callable[[], sdp.Change]) -> None:
    """The same edit again changes nothing and says so."""
    before = description.to_bytes()
    assert not edit()
    assert description.to_bytes() == before
