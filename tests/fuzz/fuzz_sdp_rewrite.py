"""Fuzzes sdp.rewrite, in its descriptions and in the values it is given.

Each edit touches only what it names, is done once, can be undone, writes strictly or refuses.
"""

import re

import sdp
from sdp import Candidate, Change, Credentials, Destination, Ice, SdpError, StreamIce
from sdp.rewrite import put, set_destination, set_origin, strip
from tests.fuzz.fuzz_sdp_parse import LIMITS
from tests.fuzz.harness import main
from tests.fuzz.sdp_seeds import WORDS, description_seeds
from tests.sdp.linediff import Named, check_touched_only, is_ice, split

_GOOD = Credentials("fuzz", "fuzzfuzzfuzzfuzzfuzzfu")
_CANDIDATE = Candidate.parse(b"1 1 UDP 2130706431 192.0.2.99 4999 typ host")
_HERE = Destination("192.0.2.99", 4999)
# Removing a line behind such a CR can join it with the line end that follows.
_BARE_CR = re.compile(rb"\r(?!\r?\n)")
_STRICT_UFRAG = re.compile(rb"a=ice-ufrag:[A-Za-z0-9+/]{4,32}[\r\n]*", re.ASCII)


def body(data: bytes) -> None:
    if not data:
        return
    try:
        description = sdp.parse(data[1:], LIMITS)
    except SdpError:
        return
    if len(description.media) > 40 or (b"\n" in data and _BARE_CR.search(data)):
        return
    edits = (_strip, _put, _put_with_values, _move, _origin, _origin_with_values)
    edits[data[0] % len(edits)](description, data[1:])


def _strip(description: sdp.SessionDescription, data: bytes) -> None:
    change = strip(description)
    after = description.to_bytes()
    check_touched_only(data, after, Named(ice=True))
    assert not any(is_ice(line) for line in split(after))
    assert not strip(description)
    _undo(description, change, data)


def _put(description: sdp.SessionDescription, data: bytes) -> None:
    stream = StreamIce(candidates=[_CANDIDATE], end_of_candidates=True)
    ice = Ice(streams=[stream] * len(description.media), credentials=_GOOD, lite=True)
    change = put(description, ice)
    after = description.to_bytes()
    check_touched_only(data, after, Named(ice=True))
    assert not put(description, ice)
    assert description.to_bytes() == after
    if not any(is_ice(line) for line in split(data)):
        again = sdp.parse(after)
        strip(again)
        assert again.to_bytes() == data
    _undo(description, change, data)


def _put_with_values(description: sdp.SessionDescription, data: bytes) -> None:
    """Takes the values of the text itself for what we would write."""
    session = description.media[0] if description.media else description
    candidates = [candidate for section in description.media for candidate in section.candidates]
    credentials = Credentials(session.ice_ufrag or "", session.ice_pwd or "")
    port = session.rtcp.port if session.rtcp else 5000
    address = session.connection.address if session.connection else "192.0.2.7"
    try:
        stream = StreamIce(
            candidates=candidates,
            credentials=credentials,
            remote_candidates=session.remote_candidates,
            destinations=(Destination(address, port), Destination(address, port)),
        )
        ice = Ice(
            streams=[stream] * len(description.media),
            options=session.ice_options,
            pacing=session.ice_pacing,
        )
        change = put(description, ice)
    except SdpError:
        assert description.to_bytes() == data
        return
    after = description.to_bytes()
    every = frozenset(range(len(description.media)))
    check_touched_only(data, after, Named(ice=True, moved=every))
    for line in split(after):
        assert not line.startswith(b"a=ice-ufrag:") or _STRICT_UFRAG.fullmatch(line), line
    assert not put(description, ice)
    _undo(description, change, data)


def _move(description: sdp.SessionDescription, data: bytes) -> None:
    for number in range(min(3, len(description.media))):
        before = description.to_bytes()
        try:
            change = set_destination(description, number, _HERE, *[_HERE] * (number % 2))
        except SdpError:
            assert description.media[number].port is None
            assert description.to_bytes() == before
            continue
        check_touched_only(before, description.to_bytes(), Named(moved=frozenset({number})))
        assert not set_destination(description, number, _HERE, *[_HERE] * (number % 2))
        _undo(description, change, before)


def _origin(description: sdp.SessionDescription, data: bytes) -> None:
    try:
        change = set_origin(description, username="-", version=3, address="192.0.2.99")
    except SdpError:
        assert description.origin is None or len(description.values("o=")) > 1
        assert description.to_bytes() == data
        return
    check_touched_only(data, description.to_bytes(), Named(origin=True))
    assert not set_origin(description, username="-", version=3, address="192.0.2.99")
    _undo(description, change, data)


def _origin_with_values(description: sdp.SessionDescription, data: bytes) -> None:
    text = data[:40].decode("utf-8", "surrogateescape")
    user, _, version = text.partition(" ")
    lines = len(split(data))
    try:
        change = set_origin(description, username=user, version=version or None)
    except SdpError:
        assert description.to_bytes() == data
        return
    assert len(split(description.to_bytes())) == lines
    check_touched_only(data, description.to_bytes(), Named(origin=True))
    _undo(description, change, data)


def _undo(description: sdp.SessionDescription, change: Change, data: bytes) -> None:
    change.undo()
    assert description.to_bytes() == data


if __name__ == "__main__":
    main(body, description_seeds(), WORDS)
