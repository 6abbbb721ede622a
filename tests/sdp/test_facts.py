"""What holds for all streams of a description is read once, and read again after an edit."""

from __future__ import annotations

import sdp
from sdp import effective
from sdp.facts import facts

BUNDLED = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nb=RS:0\r\n"
    b"a=group:LS 0 1\r\na=group:BUNDLE 0 1\r\na=ice-options:ice2\r\n"
    b"m=audio 5000 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=ice-ufrag:abcd\r\n"
    b"a=ice-pwd:0123456789012345678901\r\na=candidate:1 1 UDP 1 192.0.2.1 5000 typ host\r\n"
    b"m=video 5000 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=ice-ufrag:abcd\r\n"
    b"a=ice-pwd:0123456789012345678901\r\n"
)


def test_facts_are_read_once_for_one_state() -> None:
    description = sdp.parse(BUNDLED)
    assert facts(description) is facts(description)
    assert facts(description).no_bandwidth == {"RS"}
    assert facts(description).options == ("ice2",)
    assert set(facts(description).bundles) == {"0", "1"}


def test_an_edit_of_any_section_makes_them_new() -> None:
    description = sdp.parse(BUNDLED)
    before = facts(description)
    description.media[1].replace(1, b"a=mid:one")
    assert facts(description) is not before
    assert "one" in facts(description).sections
    assert effective.bundle_of(description, 1) is None


def test_another_number_of_sections_makes_them_new() -> None:
    description = sdp.parse(BUNDLED)
    before = facts(description)
    del description.media[1]
    assert facts(description) is not before


def test_a_section_that_repeats_the_ufrag_of_the_tagged_one_has_no_ice_of_its_own() -> None:
    description = sdp.parse(BUNDLED)
    assert effective.ice_home(description, 1) is description.media[0]
    assert effective.mismatch(description, 1) == ()
    assert effective.components(description, 1) == (1,)


def test_a_section_with_another_ufrag_has_ice_of_its_own() -> None:
    description = sdp.parse(
        BUNDLED.replace(b"a=mid:1\r\na=ice-ufrag:abcd", b"a=mid:1\r\na=ice-ufrag:efgh")
    )
    assert effective.ice_home(description, 1) is description.media[1]


def test_a_port_that_cannot_be_one_is_no_destination() -> None:
    text = b"c=IN IP4 192.0.2.1\r\nm=audio %d RTP/AVP 0\r\n"
    assert effective.default_destination(sdp.parse(text % 65535), 0) == ("192.0.2.1", 65535, "UDP")
    assert effective.default_destination(sdp.parse(text % 65535), 0, 2) is None
    assert effective.default_destination(sdp.parse(text % 65536), 0) is None
    far = sdp.parse(text % 5000 + b"a=rtcp:70000\r\n")
    assert effective.default_destination(far, 0, 2) is None
