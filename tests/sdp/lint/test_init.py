"""The two questions: what is wrong with a text, and with the step between two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sdp
from sdp import parse_fragment
from sdp.lint import Finding, Kind, Severity, check, compare
from tests.sdp.lint.examples import whole
from tests.traces.corpus import Trace, own_traces, read

RECORDED = [
    trace
    for trace in own_traces()
    if trace.name.startswith("recorded/") and ".local." not in trace.name
]
QUIRKS = {
    "bare-lf": "SDP001",
    "bare-cr": "SDP002",
    "cr-before-crlf": "SDP003",
    "mixed-ends": "SDP004",
    "no-final-end": "SDP005",
    "nul-byte": "SDP006",
    "non-utf8": "SDP007",
    "blank-line-inside": "SDP008",
    "blank-lines-at-end": "SDP009",
    "trailing-blank": "SDP010",
    "junk-line": "SDP011",
    "unknown-letter": "SDP012",
    "blank-before-ufrag": "SDP013",
    "attribute-upper": "SDP014",
    "tab-inside": "SDP016",
    "candidate-double-blank": "SDP016",
    "no-s": "SDP104",
    "empty-s": "SDP105",
    "no-t": "SDP106",
    "no-o": "SDP103",
    "t-before-c": "SDP107",
    "c-after-a": "SDP107",
    "attributes-before-t": "SDP107",
    "c-nowhere": "SDP110",
    "key-line": "SDP111",
    "no-section": "SDP113",
    "o-huge-numbers": "SDP203",
    "o-not-numeric": "SDP202",
    "c-swapped": "SDP206",
    "address-type-lies": "SDP207",
    "c-host-name": "SDP212",
    "unknown-bandwidth": "SDP216",
    "no-format": "SDP219",
    "c-zero-real-port": "SDP306",
    "two-sections-one-port": "SDP305",
    "bundle-without-mid": "SDP507",
    "credentials-both-levels": "ICE010",
    "ufrag-repeated": "ICE011",
    "ufrag-short": "ICE006",
    "ufrag-long": "ICE008",
    "pwd-short": "ICE003",
    "pwd-missing": "ICE001",
    "not-ice-char": "ICE009",
    "lite-media-level": "ICE104",
    "candidates-session-level": "ICE101",
    "candidates-without-ufrag": "ICE014",
    "tcp-without-tcptype": "ICE210",
    "tcp-act": "ICE902",
    "transport-unknown": "ICE908",
    "alt-lines": "ICE903",
    "candidate-host-name": "ICE221",
    "candidate-mdns": "ICE220",
    "candidate-v6-brackets": "ICE223",
    "candidate-unspecified": "ICE227",
    "candidate-port-0": "ICE207",
    "srflx-without-raddr": "ICE218",
    "host-with-raddr": "ICE217",
    "raddr-without-rport": "ICE218",
    "type-unknown": "ICE215",
    "no-typ": "ICE214",
    "type-upper": "ICE216",
    "ext-unknown": "ICE229",
    "ext-odd": "ICE230",
    "component-odd": "ICE202",
    "priority-odd": "ICE203",
    "foundation-odd": "ICE205",
    "default-not-a-candidate": "ICE401",
    "ice-06-candidate": "ICE901",
    "x-candidate-info": "ICE905",
    "x-nat": "ICE909",
    "zone-id": "ICE224",
}
"""Synthetic traces, and the rule that explains each."""

UFRAG, PWD = "8hhY", "asd88fgpdd777uzjYhagZg"
CALL = whole(
    f"a=group:BUNDLE a\na=ice-options:ice2 trickle\na=ice-ufrag:{UFRAG}\na=ice-pwd:{PWD}\n"
    "m=audio 5004 RTP/AVP 0 96\na=mid:a\na=rtpmap:96 opus/48000/2\na=rtcp-mux\na=rtcp:5004\n"
    "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ host generation 0\n"
    "a=candidate:2 1 TCP 1 192.0.2.1 9 typ srflx raddr 0.0.0.0 rport 9 tcptype active\n"
    "a=remote-candidates:1 192.0.2.3 5004\na=end-of-candidates\n"
)


def all_findings(data: bytes) -> list[Finding]:
    description, fragment = sdp.parse(data), parse_fragment(data)
    found = check(description) + check(fragment)
    found += check(description, kind="offer") + check(description, kind="answer")
    return found + compare(sdp.parse(CALL), description) + compare(description, sdp.parse(CALL))


def test_a_call_that_is_right_has_no_findings() -> None:
    assert check(sdp.parse(CALL), kind="offer") == []


def test_findings_come_in_the_order_of_lines() -> None:
    broken = CALL.replace(b"m=audio 5004", b"m=audio 70000").replace(b"s=-", b"s=")
    lines = [finding.line for finding in check(sdp.parse(broken))]
    assert lines == [3, 10]


def test_a_finding_is_a_value() -> None:
    one, other = (check(sdp.parse(b"x=1\r\n"))[0] for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)


@given(st.binary(max_size=200))
def test_any_bytes_can_be_looked_at(data: bytes) -> None:
    all_findings(data)


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """The call with a few pieces cut out, doubled or overwritten."""
    data = CALL
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        stop = draw(st.integers(start, min(start + 60, len(data))))
        odd = st.sampled_from(
            [b" ", b":", b"\r", b"\n", b"\0", b"=", b"-1", b"99999999999", b"\xff"]
        )
        piece = draw(st.one_of(st.just(b""), odd, st.just(data[start:stop] * 2)))
        data = data[:start] + piece + data[stop:]
    return data


@given(mutations())
def test_a_damaged_call_can_be_looked_at_and_no_password_is_told(data: bytes) -> None:
    total = data.count(b"\n") + data.count(b"\r") + 1
    for finding in all_findings(data):
        assert PWD not in finding.message
        assert len(finding.message) < 400
        assert finding.message.isprintable()
        assert finding.line is None or 1 <= finding.line <= max(total, CALL.count(b"\n"))


PHONES = {
    "ICE121": "baresip answers ice-mismatch and leaves its candidates in",
    "SDP207": "linphone writes IP6 in front of an IPv4 address in o=",
}
"""Errors that real peers make in the recordings."""


@pytest.mark.parametrize("trace", RECORDED, ids=lambda trace: trace.name)
def test_real_peers_make_no_errors_but_known_ones(trace: Trace) -> None:
    read = parse_fragment if trace.is_fragment else sdp.parse
    kind: Kind = "offer" if ".offer." in trace.name else "answer"
    errors = {f.code for f in check(read(trace.data), kind=kind) if f.severity is Severity.ERROR}
    assert errors <= (set() if "chromium" in trace.name else set(PHONES))


@pytest.mark.parametrize("trace", [trace for trace in RECORDED if "chromium" in trace.name])
def test_browsers_get_explanations_only(trace: Trace) -> None:
    assert {f.severity for f in check(sdp.parse(trace.data))} <= {Severity.INFO}


@pytest.mark.parametrize(("name", "code"), QUIRKS.items())
def test_a_quirk_seen_in_the_field_is_recognised(name: str, code: str) -> None:
    assert code in [f.code for f in check(sdp.parse(read(f"synthetic/{name}.sdp")))]
