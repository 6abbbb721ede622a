"""Candidates and the other ICE values: read tolerantly, written strictly."""

import re
from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sdp import Candidate, Credentials, RemoteCandidate, SdpError
from sdp.ice import (
    CANDIDATE_TYPES,
    MAX_PRIORITY,
    checked_ip,
    checked_options,
    checked_pacing,
    checked_pwd,
    checked_token,
    checked_ufrag,
    format_remote_candidates,
    is_ice_chars,
    parse_remote_candidates,
    why_unusable,
)
from tests.sdp.strategies import any_text, candidates

HOST = Candidate(
    foundation="1",
    component=1,
    transport="UDP",
    priority=2130706431,
    address="192.0.2.1",
    port=5004,
    type="host",
)
SRFLX = replace(HOST, type="srflx", related_address="10.0.0.1", related_port=9)
TCP = replace(HOST, transport="TCP", port=9, tcptype="active")
HUGE = 10**5000
"""More digits than Python makes text of."""


# Reading -----------------------------------------------------------------------------------------


def test_a_candidate_has_six_fields_a_type_and_pairs_of_name_and_value() -> None:
    candidate = Candidate.parse(
        b"a+/1 2 tcp 1694498815 203.0.113.9 9 typ srflx raddr 10.0.0.1 rport 8998"
        b" tcptype active generation 0 ufrag 8hhY network-cost 50"
    )
    assert candidate == Candidate(
        foundation="a+/1",
        component=2,
        transport="tcp",
        priority=1694498815,
        address="203.0.113.9",
        port=9,
        type="srflx",
        related_address="10.0.0.1",
        related_port=8998,
        tcptype="active",
        extensions=(("generation", "0"), ("ufrag", "8hhY"), ("network-cost", "50")),
    )
    assert candidate.extension("ufrag") == "8hhY"
    assert candidate.extension("network-id") is None


@pytest.mark.parametrize("start", ["", "candidate:", "Candidate:"])
def test_a_candidate_may_come_with_the_name_of_its_attribute(start: str) -> None:
    line = start + "0012e5 1 UDP 1 192.0.2.1 9 typ host"
    for value in (line, line.encode()):
        candidate = Candidate.parse(value)
        assert candidate.foundation == "0012e5", "identifiers stay text"
        assert candidate.raw == ("0012e5", "1", "UDP", "1", "192.0.2.1", "9", "typ", "host")


def test_what_stands_twice_or_has_no_value_is_kept_as_an_extension() -> None:
    candidate = Candidate.parse(
        b"1 1 UDP 1 192.0.2.1 9 typ host typ relay raddr a raddr b rport x rport 1 rport 2"
        b" tcptype so tcptype so last"
    )
    assert candidate.type == "host"
    assert candidate.related_address == "a"
    assert candidate.related_port == 1
    assert candidate.tcptype == "so"
    assert candidate.extensions == (
        ("typ", "relay"),
        ("raddr", "b"),
        ("rport", "x"),
        ("rport", "2"),
        ("tcptype", "so"),
        ("last", ""),
    )


def test_a_candidate_of_an_old_dialect_has_no_type() -> None:
    assert Candidate.parse(b"1 1 UDP 1 192.0.2.1 9").type == ""


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"1 1 UDP 1 192.0.2.1",
        b"1 one UDP 1 192.0.2.1 9 typ host",
        b"1 1 UDP 0.84 192.0.2.1 9 typ host",
        b"1 1 UDP 1 192.0.2.1 0x9 typ host",
        b"1 1 UDP 99999999999 192.0.2.1 9 typ host",
        "1 1 UDP 1 192.0.2.1 9 typ host\r\na=x",
    ],
)
def test_without_the_six_leading_fields_it_is_no_candidate(value: bytes | str) -> None:
    with pytest.raises(SdpError) as refused:
        Candidate.parse(value)
    assert refused.value.field == "candidate"


@given(any_text)
def test_reading_answers_with_a_candidate_or_an_sdp_error(value: bytes) -> None:
    try:
        Candidate.parse(value)
    except SdpError:
        return


@pytest.mark.parametrize(
    ("address", "ip", "mdns"),
    [
        ("192.0.2.1", "192.0.2.1", False),
        ("[2001:db8::1]", "2001:db8::1", False),
        ("fe80::1%eth0", "fe80::1", False),
        ("media.example.com", None, False),
        ("1f4712db-ea17-4bcf-a596-105139dfd8bf.local", None, True),
        ("a.LOCAL.", None, True),
        ("a.b.local", None, False),
        ("200a0b:12f0::1", None, False),
    ],
)
def test_an_address_is_an_ip_address_or_a_name(address: str, ip: str | None, mdns: bool) -> None:
    candidate = replace(HOST, address=address)
    assert (candidate.ip, candidate.is_mdns) == (ip, mdns)


def test_a_candidate_can_be_told_apart_in_a_log() -> None:
    assert repr(HOST) == "<Candidate 1 1 UDP 2130706431 192.0.2.1 5004 typ host>"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"component": 0}, "component 0 is not between 1 and 256"),
        ({"component": 257}, "component 257 is not between 1 and 256"),
        ({"priority": 0}, "priority 0 is out of range"),
        ({"priority": 2**32}, "priority 4294967296 is out of range"),
        ({"port": 0}, "port 0 is not between 1 and 65535"),
        ({"port": 65536}, "port 65536 is not between 1 and 65535"),
        ({"transport": "SCTP"}, "transport 'SCTP' is unknown"),
        ({"transport": "TCP"}, "a TCP candidate with tcptype None"),
        ({"type": "weird"}, "type 'weird' is unknown"),
        ({"address": "media.example.com"}, "'media.example.com' is not an IP address"),
        ({"address": "a.local"}, "'a.local' is an mDNS name"),
    ],
)
def test_ice_ignores_a_candidate_for_one_clear_reason(
    change: dict[str, object], reason: str
) -> None:
    candidate = replace(HOST, **change)  # type: ignore[arg-type]
    assert why_unusable(candidate) == reason


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"transport": "udp", "type": "HOST"},
        {"transport": "tcp", "tcptype": "so"},
        {"priority": 2**32 - 1},
        {"address": "fe80::1%eth0"},
        {"foundation": "not ice-chars!"},
    ],
)
def test_ice_uses_what_it_can_use(change: dict[str, object]) -> None:
    assert why_unusable(replace(HOST, **change)) is None  # type: ignore[arg-type]


def test_an_mdns_name_is_usable_for_who_can_resolve_it() -> None:
    assert why_unusable(replace(HOST, address="a.local"), mdns=True) is None
    assert why_unusable(replace(HOST, address="a.b.local"), mdns=True) is not None


# Writing -----------------------------------------------------------------------------------------


@given(candidates())
def test_what_was_written_reads_as_the_same_candidate(candidate: Candidate) -> None:
    line = candidate.to_bytes()
    assert Candidate.parse(line) == candidate
    assert Candidate.parse(line).to_bytes() == line


REFUSED: list[tuple[Candidate, str]] = [
    *(
        (replace(HOST, foundation=value), "candidate foundation")
        for value in ("", "x" * 33, "a-b", "a b", "é", "a\r\n", "a\0")
    ),
    *((replace(HOST, component=value), "candidate component") for value in (-1, 0, 257)),
    *(
        (replace(HOST, transport=value), "candidate transport")
        for value in ("", "U DP", "UDP\n", "U/DP", "ÜDP")
    ),
    *((replace(HOST, priority=value), "candidate priority") for value in (0, -5, MAX_PRIORITY + 1)),
    *(
        (replace(HOST, address=value), "candidate address")
        for value in ("", "example.com", "[::1]", "fe80::1%0", "1.2.3.04", "1.2.3.4\r", "::1\n")
    ),
    (replace(SRFLX, address="a.local"), "candidate address"),
    (replace(HOST, address="a\n.local"), "candidate address"),
    *((replace(HOST, port=value), "candidate port") for value in (0, -1, 65536)),
    *((replace(HOST, type=value), "candidate type") for value in ("", "ho st", "host\r\n")),
    (replace(HOST, type="srflx"), "candidate raddr"),
    (replace(HOST, related_address="10.0.0.1"), "candidate raddr"),
    (replace(HOST, related_port=9), "candidate raddr"),
    (replace(SRFLX, related_port=None), "candidate raddr"),
    (replace(SRFLX, related_address=None), "candidate raddr"),
    (replace(SRFLX, related_address="10.0.0.1 rport 9", related_port=None), "candidate raddr"),
    (
        replace(HOST, type="srflx", extensions=(("raddr", "10.0.0.1"), ("rport", "9"))),
        "candidate raddr",
    ),
    (replace(HOST, type="srflx raddr 10.0.0.1 rport 9"), "candidate type"),
    (replace(SRFLX, related_address="host.example.com"), "candidate raddr"),
    *((replace(SRFLX, related_port=value), "candidate rport") for value in (-1, 65536)),
    (replace(HOST, type="x", related_address="name"), "candidate raddr"),
    (replace(TCP, tcptype=None), "candidate tcptype"),
    (replace(TCP, tcptype="simultaneous"), "candidate tcptype"),
    (replace(HOST, tcptype="a b"), "candidate tcptype"),
    *(
        (replace(HOST, extensions=((name, "0"),)), "candidate extension name")
        for name in ("", "a b", "a\n", "é", "typ", "raddr", "rport", "tcptype")
    ),
    *(
        (replace(HOST, extensions=(("a", value),)), "candidate extension")
        for value in ("a b", "a\r", "\0", "é")
    ),
    (replace(HOST, extensions=(("a", ""), ("b", "1"))), "candidate extension"),
    *((replace(HOST, component=value), "candidate component") for value in (True, HUGE)),
    *((replace(HOST, priority=value), "candidate priority") for value in (True, HUGE)),
    *((replace(HOST, port=value), "candidate port") for value in (True, HUGE)),
    *((replace(SRFLX, related_port=value), "candidate rport") for value in (True, HUGE)),
]


@pytest.mark.parametrize(("candidate", "field"), REFUSED)
def test_what_rfc_8839_does_not_allow_is_refused_with_the_name_of_the_field(
    candidate: Candidate, field: str
) -> None:
    with pytest.raises(SdpError) as refused:
        candidate.to_bytes()
    assert refused.value.field == field


_odd_text = st.sampled_from(
    ("", "1", "host", "srflx", "UDP", "192.0.2.1", "::1", "10.0.0.1 rport 9", "a b", "raddr", "so")
) | st.text(max_size=3)
_odd_number = st.sampled_from((-1, 0, 1, 9, 99, 100, 256, 257, 65535, 65536, MAX_PRIORITY, 2**31))
_odd_candidates = st.builds(
    Candidate,
    foundation=_odd_text,
    component=_odd_number,
    transport=_odd_text,
    priority=_odd_number,
    address=_odd_text,
    port=_odd_number,
    type=_odd_text,
    related_address=st.none() | _odd_text,
    related_port=st.none() | _odd_number,
    tcptype=st.none() | _odd_text,
    extensions=st.lists(st.tuples(_odd_text, _odd_text), max_size=2).map(tuple),
)


_GRAMMAR = re.compile(
    r"[A-Za-z0-9+/]{1,32} (?P<component>[0-9]{1,3}) [!-~]+ (?P<priority>[0-9]{1,10})"
    r" (?P<address>[!-~]+) (?P<port>[0-9]{1,5}) typ (?P<kind>[!-~]+)"
    r"(?: raddr (?P<raddr>[!-~]+))?(?: rport (?P<rport>[0-9]{1,5}))?(?: [!-~]+ [!-~]*)*"
)


@given(_odd_candidates)
@example(replace(SRFLX, related_address="10.0.0.1 rport 9", related_port=None))
@example(replace(HOST, type="srflx", extensions=(("raddr", "10.0.0.1"), ("rport", "9"))))
@example(replace(HOST, extensions=(("a", ""), ("b", "1"))))
@example(replace(HOST, extensions=(("raddr", "10.0.0.1"),)))
@example(replace(HOST, extensions=(("generation", "0"), ("last", ""))))
def test_whatever_is_written_has_the_form_of_rfc_8839_and_reads_as_the_candidate(
    candidate: Candidate,
) -> None:
    """So the short way for plain candidates accepts nothing that the grammar does not."""
    try:
        line = candidate.to_bytes()
    except SdpError:
        return
    assert Candidate.parse(line) == candidate
    match = _GRAMMAR.fullmatch(line.decode("ascii"))
    assert match is not None
    kind, related, related_port = match["kind"], match["raddr"], match["rport"]
    assert 1 <= int(match["component"]) <= 256
    assert 1 <= int(match["priority"]) <= MAX_PRIORITY
    assert 1 <= int(match["port"]) <= 65535
    assert ip_address(match["address"]) or kind == "host"
    assert related is None or ip_address(related)
    assert related_port is None or int(related_port) <= 65535
    if kind in CANDIDATE_TYPES:
        assert (related is not None) is (related_port is not None) is (kind != "host")


def test_a_host_candidate_may_hide_behind_an_mdns_name() -> None:
    hidden = replace(HOST, address="1f4712db-ea17-4bcf-a596-105139dfd8bf.local")
    assert b" 1f4712db-ea17-4bcf-a596-105139dfd8bf.local " in hidden.to_bytes()


def test_a_candidate_is_written_once_and_then_remembered() -> None:
    candidate = replace(HOST)
    assert candidate.to_bytes() is candidate.to_bytes()
    changed = replace(candidate, port=9)
    assert b" 9 typ " in changed.to_bytes(), "a copy with other values is another line"


@pytest.mark.parametrize("length", [4, 32])
def test_a_ufrag_has_4_to_32_characters(length: int) -> None:
    assert checked_ufrag("a" * length) == b"a" * length


@pytest.mark.parametrize("length", [22, 256])
def test_a_password_has_22_to_256_characters(length: int) -> None:
    assert checked_pwd("+" * length) == b"+" * length


@pytest.mark.parametrize("value", ["abc", "a" * 33, "ab-d", "ab d", "abcé", "abcd\n", "", "ab\0d"])
def test_other_ufrags_are_refused(value: str) -> None:
    with pytest.raises(SdpError, match=r"^ice-ufrag: "):
        checked_ufrag(value)


@pytest.mark.parametrize("value", ["a" * 21, "a" * 257, "a" * 22 + "\r", "é" * 22, "_" * 22])
def test_other_passwords_are_refused_without_showing_them(value: str) -> None:
    with pytest.raises(SdpError, match=r"^ice-pwd: ") as refused:
        checked_pwd(value)
    assert value not in str(refused.value)


@pytest.mark.parametrize("options", [(), ("",), ("rtp ecn",), ("a-b",), ("ice2\n",)])
def test_other_options_are_refused(options: tuple[str, ...]) -> None:
    with pytest.raises(SdpError, match=r"^ice-options: "):
        checked_options(options)


def test_options_are_words_of_ice_chars() -> None:
    assert checked_options(("ice2", "rtp+ecn")) == b"ice2 rtp+ecn"
    assert is_ice_chars("a+/9")
    assert not is_ice_chars("a_")


def test_pacing_has_at_most_ten_digits() -> None:
    assert checked_pacing(50) == b"50"
    for value in (-1, 10**10, HUGE, True):
        with pytest.raises(SdpError, match=r"^ice-pacing: "):
            checked_pacing(value)


def test_a_token_is_a_token() -> None:
    assert checked_token("0-a.b", "mid") == "0-a.b"
    with pytest.raises(SdpError, match=r"^mid: "):
        checked_token("a b", "mid")


def test_an_address_is_written_as_it_was_given() -> None:
    assert checked_ip("2001:DB8::1", "address") == "2001:DB8::1"


def test_a_password_is_never_in_a_repr() -> None:
    assert repr(Credentials("8hhY", "asd88fgpdd777uzjYhagZg")) == (
        "Credentials(ufrag='8hhY', pwd=<22 characters>)"
    )


# remote-candidates -------------------------------------------------------------------------------


def test_remote_candidates_are_triples() -> None:
    assert parse_remote_candidates(b"1 192.0.2.1 3478 2 ::1 9") == (
        RemoteCandidate(1, "192.0.2.1", 3478),
        RemoteCandidate(2, "::1", 9),
    )


@pytest.mark.parametrize("value", [b"", b"1 192.0.2.1", b"x 192.0.2.1 9", b"1 192.0.2.1 x"])
def test_other_remote_candidates_are_unreadable(value: bytes) -> None:
    with pytest.raises(SdpError) as refused:
        parse_remote_candidates(value)
    assert refused.value.field == "remote-candidates"


def test_remote_candidates_are_written_on_one_line_by_component() -> None:
    entries = (RemoteCandidate(2, "::1", 9), RemoteCandidate(1, "192.0.2.1", 3478))
    assert format_remote_candidates(entries) == b"1 192.0.2.1 3478 2 ::1 9"


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ((), "remote-candidates"),
        ((RemoteCandidate(0, "192.0.2.1", 9),), "remote-candidates component"),
        ((RemoteCandidate(1, "example.com", 9),), "remote-candidates address"),
        ((RemoteCandidate(1, "192.0.2.1", 0),), "remote-candidates port"),
        ((RemoteCandidate(1, "192.0.2.1", 9), RemoteCandidate(1, "::1", 9)), "remote-candidates"),
    ],
)
def test_other_remote_candidates_are_not_written(
    entries: tuple[RemoteCandidate, ...], field: str
) -> None:
    with pytest.raises(SdpError) as refused:
        format_remote_candidates(entries)
    assert refused.value.field == field


@pytest.mark.parametrize("before", ["", "candidate:", "a=candidate:", "A=CANDIDATE:"])
def test_a_candidate_may_be_pasted_with_the_name_of_its_attribute(before: str) -> None:
    pasted = Candidate.parse(f"{before}1 1 UDP 2130706431 192.0.2.1 5000 typ host")
    assert pasted.foundation == "1"


def test_an_mdns_name_with_odd_characters_is_not_written() -> None:
    named = Candidate(
        foundation="1",
        component=1,
        transport="UDP",
        priority=1,
        address="9f0c2#b1e.local",
        port=5000,
        type="host",
    )
    with pytest.raises(SdpError, match="is not an IP address"):
        named.to_bytes()
