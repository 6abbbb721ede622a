"""The JSON view, and sdp-transform as a second opinion on every candidate of every trace."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.capabilities import require

require("transform")

import sdp_transform

import sdp
from sdp.compat import to_dict
from sdp.lines import content, text
from tests.sdp.text import ICE, crlf, described
from tests.traces.corpus import Trace, foreign_traces, own_traces

AUDIO = "m=audio 5004 RTP/AVP 0 101"


def media(view: Mapping[str, object], number: int = 0) -> dict[str, Any]:
    sections = view["media"]
    assert isinstance(sections, list)
    section = sections[number]
    assert isinstance(section, dict)
    return section


# The view ----------------------------------------------------------------------------------------


def test_the_view_has_the_shape_of_sdp_transform() -> None:
    view = to_dict(described(*ICE, AUDIO, "a=rtpmap:101 telephone-event/8000", "a=ptime:20"))
    assert view["origin"] == {
        "username": "-",
        "sessionId": "1",
        "sessionVersion": 1,
        "netType": "IN",
        "ipVer": 4,
        "address": "192.0.2.1",
    }
    assert view["connection"] == {"version": 4, "ip": "192.0.2.1"}
    audio = media(view)
    assert (audio["type"], audio["port"], audio["protocol"]) == ("audio", 5004, "RTP/AVP")
    assert audio["payloads"] == "0 101"
    assert audio["rtp"] == [{"payload": 101, "codec": "telephone-event", "rate": 8000}]
    assert audio["ptime"] == 20


@pytest.mark.parametrize("value", ["0123", "12e5", "1e999", "0x1f", "007+", "00/1"])
def test_identifiers_are_texts_and_stay_as_they_were(value: str) -> None:
    lines = (
        f"a=ice-ufrag:{value}",
        f"a=ice-pwd:{value}",
        f"a=mid:{value}",
        f"a=candidate:{value} 1 UDP 1 192.0.2.1 9 typ host ufrag {value}",
    )
    audio = media(to_dict(described(AUDIO, *lines)))
    assert (audio["iceUfrag"], audio["icePwd"], audio["mid"]) == (value, value, value)
    assert audio["candidates"] == [
        {
            "foundation": value,
            "component": 1,
            "protocol": "UDP",
            "priority": 1,
            "ip": "192.0.2.1",
            "port": 9,
            "type": "host",
            "ufrag": value,
        }
    ]


def test_a_candidate_keeps_every_extension() -> None:
    line = (
        "a=candidate:1 1 tcp 1 192.0.2.1 9 typ srflx raddr 10.0.0.1 rport 8 tcptype active"
        " generation 0 network-id 3 network-cost 50 generation 7 x-y 1"
    )
    [candidate] = media(to_dict(described(AUDIO, line)))["candidates"]
    assert candidate == {
        "foundation": "1",
        "component": 1,
        "protocol": "tcp",
        "priority": 1,
        "ip": "192.0.2.1",
        "port": 9,
        "type": "srflx",
        "raddr": "10.0.0.1",
        "rport": 8,
        "tcptype": "active",
        "generation": 0,
        "network-id": 3,
        "network-cost": 50,
        "x-y": "1",
    }


def test_every_option_and_flag_is_there() -> None:
    view = to_dict(
        described(
            "a=ice-lite",
            "a=ice-options:ice2 trickle",
            "a=group:BUNDLE 0 1",
            AUDIO,
            "a=remote-candidates:1 192.0.2.1 9",
            "a=remote-candidates:2 192.0.2.1 10",
            "a=end-of-candidates",
            "a=rtcp-mux",
            "a=setup: passive ",
        )
    )
    audio = media(view)
    assert view["icelite"] == "ice-lite"
    assert view["iceOptions"] == "ice2 trickle"
    assert view["groups"] == [{"type": "BUNDLE", "mids": "0 1"}]
    assert audio["remoteCandidates"] == "1 192.0.2.1 9 2 192.0.2.1 10"
    assert audio["endOfCandidates"] == "end-of-candidates"
    assert audio["rtcpMux"] == "rtcp-mux"
    assert audio["setup"] == "passive"


def test_what_is_not_there_has_no_key() -> None:
    view = to_dict(described(AUDIO))
    assert "iceUfrag" not in media(view)
    assert "candidates" not in media(view)
    assert "groups" not in view


def test_an_origin_version_too_long_for_a_number_is_a_text() -> None:
    version = "9" * 30
    view = to_dict(sdp.parse(crlf("v=0", f"o=- 1 {version} IN IP4 192.0.2.1", "s=-")))
    origin = view["origin"]
    assert isinstance(origin, dict)
    assert origin["sessionVersion"] == version


def test_characters_at_which_others_cut_lines_stay_inside_theirs() -> None:
    name = "a\x0bb\x0cc\x1c\x1d\x1e\x85\u2028\u2029d"
    view = to_dict(sdp.parse(crlf("v=0", f"s={name}", AUDIO, f"i={name}")))
    assert view["name"] == name
    assert media(view)["description"] == name


@pytest.mark.parametrize("line", ["m=audio  5004 RTP/AVP  0 8", "m=audio\t5004 RTP/AVP 0\t8"])
def test_an_m_line_that_only_we_can_read_is_in_the_view(line: str) -> None:
    audio = media(to_dict(described(line)))
    assert (audio["type"], audio["port"], audio["protocol"]) == ("audio", 5004, "RTP/AVP")
    assert audio["payloads"] == "0 8"


def test_a_text_without_an_origin_and_with_unreadable_m_lines_has_a_view() -> None:
    view = to_dict(sdp.parse(b"m=\r\nm=audio x\r\n"))
    assert "origin" not in view
    assert [sorted(media(view, n)) for n in (0, 1)] == [["fmtp", "rtp"], ["fmtp", "rtp"]]


# sdp-transform as an oracle ----------------------------------------------------------------------

_READABLE = re.compile(r"a=candidate:\S+ \d+ \S+ \d+ \S+ \d+ typ \S")
"""What sdp-transform can read: it knows the name in small letters only, single blanks, and a type.

Candidates with upper-case names, double blanks or tabs and the typeless ones of old dialects are
read by us alone.
"""


def _as_transform_would(foundation: str) -> object:
    """It makes a number of whatever looks like one: 0012 is 12, 1e3 is 1000.0, +5 is 5."""
    try:
        number = float(foundation)
    except ValueError:
        return foundation
    return number


def _lines(section: sdp.MediaDescription) -> list[str]:
    lines = [text(content(section.lines[position])) for position in section.positions("candidate")]
    return [line for line in lines if _READABLE.match(line)]


def _ours(lines: list[str]) -> list[tuple[object, ...]]:
    read = [sdp.Candidate.parse(line.removeprefix("a=")) for line in lines]
    return [
        (
            _as_transform_would(one.foundation),
            one.component,
            one.transport,
            one.priority,
            one.address,
            one.port,
            one.type,
        )
        for one in read
    ]


def _theirs(section: Mapping[str, Any]) -> list[tuple[object, ...]]:
    return [
        (
            _as_transform_would(str(one["foundation"])),
            *(one[key] for key in ("component", "protocol", "priority", "ip", "port", "type")),
        )
        for one in section.get("candidates", [])
    ]


def _compare(trace: Trace) -> int:
    """Compares every candidate of a trace, section by section; how many there were."""
    sections = [_lines(section) for section in sdp.parse(trace.data).media]
    lines = [line for section in sections for line in ("m=audio 9 RTP/AVP 0", *section)]
    media = sdp_transform.parse("\r\n".join([*lines, ""]))["media"] if lines else []
    assert [_ours(section) for section in sections] == list(map(_theirs, media)), trace.name
    return sum(map(len, sections))


def test_both_read_the_same_candidates_in_our_traces() -> None:
    assert sum(map(_compare, own_traces())) > 500


@pytest.mark.parametrize("chunk", range(4))
def test_both_read_the_same_candidates_in_foreign_traces(chunk: int) -> None:
    require("traces")
    assert sum(map(_compare, foreign_traces(chunk, 4))) > 0


def _check_identifiers(trace: Trace) -> None:
    description = sdp.parse(trace.data)
    view = to_dict(description)
    for number, section in enumerate(description.media):
        shown = media(view, number)
        assert shown.get("iceUfrag") == section.ice_ufrag, trace.name
        assert shown.get("icePwd") == section.ice_pwd, trace.name
        assert shown.get("mid") == section.mid, trace.name
        foundations = [one["foundation"] for one in shown.get("candidates", [])]
        assert foundations == [one.foundation for one in section.candidates], trace.name
    origin = view.get("origin")
    if description.origin is not None and isinstance(origin, dict):
        assert origin["sessionId"] == description.origin.session_id, trace.name


def test_identifiers_of_every_trace_of_ours_are_shown_as_they_stand() -> None:
    for trace in own_traces():
        _check_identifiers(trace)


@pytest.mark.parametrize("chunk", range(4))
def test_identifiers_of_foreign_traces_are_shown_as_they_stand(chunk: int) -> None:
    require("traces")
    for trace in foreign_traces(chunk, 4):
        _check_identifiers(trace)
