"""RFC 8445 §5.1.2, RFC 8839 §5: priorities taken apart, and the values in effect."""

from __future__ import annotations

import pytest

import sdp
from sipice.cli.facts import stream_facts

HEAD = "v=0\no=a 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n"
ICE = "a=ice-ufrag:abcd\na=ice-pwd:0123456789012345678901\n"
AUDIO = "m=audio 5000 RTP/AVP 0\n"


def remarks(line: str) -> str:
    facts = stream_facts(sdp.parse(f"{HEAD}{ICE}{AUDIO}a=candidate:{line}\n".encode()), 0)
    [candidate] = facts.candidates
    return "; ".join(candidate.remarks)


def priority(kind: int, local: int, component: int) -> int:
    return (kind << 24) + (local << 8) + 256 - component


def test_a_priority_is_taken_apart() -> None:
    value = priority(110, 4711, 2)
    text = f"{HEAD}{ICE}{AUDIO}a=candidate:1 2 UDP {value} 192.0.2.1 5001 typ prflx\n"
    [candidate] = stream_facts(sdp.parse(text.encode()), 0).candidates
    parts = candidate.type_preference, candidate.local_preference, candidate.component_part
    assert parts == (110, 4711, 2)
    assert candidate.line == 9
    assert candidate.is_default


@pytest.mark.parametrize(
    ("kind", "preference", "more", "remark"),
    [
        ("host", 126, "", ""),
        ("srflx", 100, "", ""),
        ("srflx", 110, "", "type preference 110; for srflx it usually is 100, 110 is that of"),
        ("host", 120, "", "type preference 120; for host it usually is 126"),
        ("relay", 2, "", ""),
        ("relay", 10, "", "type preference 10; for relay it usually is 0"),
        ("other", 10, "", ""),
    ],
)
def test_an_unusual_type_preference_is_remarked(
    kind: str, preference: int, more: str, remark: str
) -> None:
    value = priority(preference, 65535, 1)
    found = remarks(f"1 1 UDP {value} 192.0.2.1 5000 typ {kind}{more}")
    assert found.startswith(remark)
    assert bool(found) is bool(remark)


def test_tcp_may_have_a_lower_type_preference() -> None:
    line = "1 1 TCP {} 192.0.2.1 9 typ host tcptype active"
    assert not remarks(line.format(priority(90, 1, 1)))
    assert remarks(line.format(priority(127, 1, 1)))


def test_a_priority_for_another_component_is_remarked() -> None:
    found = remarks(f"1 1 UDP {priority(126, 1, 2)} 192.0.2.1 5000 typ host")
    assert found == "the priority encodes component 2, the line says 1"


def test_an_mdns_name_is_usable_and_remarked() -> None:
    line = f"1 1 UDP {priority(126, 1, 1)} 0f7a.local 5000 typ host"
    assert "mDNS" in remarks(line)


def test_unusable_and_unreadable_lines_have_their_reasons() -> None:
    text = (
        f"{HEAD}{ICE}{AUDIO}a=candidate:1 1 SCTP 1 192.0.2.1 5000 typ host\na=candidate:nonsense\n"
    )
    facts = stream_facts(sdp.parse(text.encode()), 0)
    assert [c.unusable for c in facts.candidates] == ["transport 'SCTP' is unknown"]
    assert [(u.line, u.text) for u in facts.unreadable] == [(10, "a=candidate:nonsense")]


@pytest.mark.parametrize(
    ("session", "media", "level"),
    [(ICE, "", "session"), ("", ICE, "media"), ("", "", "none"), (ICE, ICE, "media")],
)
def test_the_level_of_credentials_is_told(session: str, media: str, level: str) -> None:
    facts = stream_facts(sdp.parse(f"{HEAD}{session}{AUDIO}{media}".encode()), 0)
    assert facts.credentials.level == level
    assert facts.credentials.pwd is None


def test_bundled_streams_take_everything_from_the_tagged_one() -> None:
    text = (
        f"{HEAD}a=group:BUNDLE a b\n{AUDIO}a=mid:a\n{ICE}"
        "m=video 0 RTP/AVP 96\na=mid:b\na=bundle-only\n"
    )
    facts = stream_facts(sdp.parse(text.encode()), 1, secrets=True)
    assert (facts.state, facts.bundled_into, facts.credentials.level) == ("bundled", 0, "bundle")
    assert facts.credentials.pwd == "0123456789012345678901"


def test_foundations_are_counted() -> None:
    line = "a=candidate:{} 1 UDP 1 192.0.2.1 {} typ host\n"
    text = HEAD + ICE + AUDIO + line.format("x", 1) + line.format("y", 2) + line.format("x", 3)
    assert stream_facts(sdp.parse(text.encode()), 0).foundations == {"x": 2, "y": 1}
