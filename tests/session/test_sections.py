"""What an m= section asks of us."""

from __future__ import annotations

import pytest

from sipice.session import sections
from sipice.session.state import CLOSED, Mode, Slot
from tests.marks import rfc
from tests.session.solo import own_section, own_text, parsed, peer_text, section

AGREED = Slot(Mode.ICE, 0, 1, mux=True)


@pytest.mark.parametrize(
    ("lines", "mode"),
    [
        (own_section(), Mode.ICE),
        (own_section(0), Mode.CLOSED),
        (own_section(0, "a=bundle-only", "a=mid:a"), Mode.BUNDLED),
        (own_section(0, "a=bundle-only", "a=mid:z"), Mode.CLOSED),
        (own_section(7000, proto="UDP/TLS/RTP/SAVPF"), Mode.ICE),
        (own_section(7000, proto="rtp/avp"), Mode.ICE),
        (own_section(7000, media="image", proto="udptl", formats="t38"), Mode.ICE),
        (own_section(7000, media="application", proto="UDP/DTLS/SCTP"), Mode.ICE),
        (own_section(7000, media="application", proto="DTLS/SCTP"), Mode.ICE),
        (own_section(7000, proto="TCP/RTP/AVP"), Mode.FOREIGN),
        (own_section(7000, media="message", proto="TCP/TLS/MSRP"), Mode.FOREIGN),
        (own_section(7000, "c=IN IP6 ff15::101"), Mode.FOREIGN),
    ],
)
@rfc("9143", "7.2", "rule", "9143-7.2-2")
@rfc("9143", "6", "MUST", "9143-6-1")
def test_the_kind_of_a_section(lines: str, mode: Mode) -> None:
    text = own_text(lines, head=("a=group:BUNDLE a",))
    assert sections.kind_of(parsed(text), 0) is mode


@pytest.mark.parametrize(
    ("lines", "before", "count"),
    [
        ((), CLOSED, 2),
        (("a=rtcp-mux",), CLOSED, 2),
        (("a=rtcp-mux",), AGREED, 1),
        ((), AGREED, 2),
        (("a=rtcp-mux", "a=rtcp-mux-only"), CLOSED, 1),
        (("b=RS:0", "b=RR:0"), CLOSED, 1),
    ],
)
@rfc("8445", "5.1.1.1", "MUST", "8445-5.1.1.1-3")
@rfc("8858", "4.5", "SHOULD/MUST", "8858-4.5-1")
def test_the_components_of_our_offers(lines: tuple[str, ...], before: Slot, count: int) -> None:
    text = parsed(own_text(own_section(7000, *lines)))
    assert sections.offered_components(text, 0, before) == count


@pytest.mark.parametrize(
    ("lines", "components", "count"),
    [((), 1, 2), (("a=rtcp-mux",), 1, 1), (("a=rtcp-mux",), 2, 2)],
)
def test_the_components_that_an_offer_asks_for(
    lines: tuple[str, ...], components: int, count: int
) -> None:
    text = parsed(peer_text(section(6000, *lines, components=components)))
    assert sections.asked_components(text, 0, CLOSED) == count


@rfc("9143", "7.3.1", "MUST", "9143-7.3.1-1")
def test_the_tag_is_the_first_of_the_offered_group_that_the_answer_keeps() -> None:
    parts = [own_section(7000 + 2 * n, f"a=mid:{mid}") for n, mid in enumerate("abc")]
    offer = parsed(own_text(*parts, head=("a=group:BUNDLE a b c",)))
    answer = parsed(own_text(own_section(0, "a=mid:a"), *parts[1:], head=("a=group:BUNDLE b c",)))
    assert [sections.tag_of(offer, answer, n) for n in range(3)] == [None, None, 1]
    whole = parsed(own_text(*parts, head=("a=group:BUNDLE a b c",)))
    assert [sections.tag_of(offer, whole, n) for n in range(3)] == [None, 0, 0]
    alone = parsed(own_text(*parts))
    assert [sections.tag_of(offer, alone, n) for n in range(3)] == [None] * 3
