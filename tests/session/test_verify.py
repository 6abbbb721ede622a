"""What is refused, with which status, and that nothing has changed then."""

from __future__ import annotations

import pytest

from sipice.session import Kind, SessionConfig, Trickle
from sipice.session.state import Phase
from tests.marks import rfc
from tests.session.solo import PEER_PWD, Solo, own_section, own_text, parsed, peer_text, section

OWN = own_text(own_section())
PEER = peer_text(section())


def agreed() -> Solo:
    """A call that the peer offered and we answered."""
    solo = Solo()
    solo.offered(PEER)
    solo.answer(OWN)
    return solo


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"", 400),
        (b"\0\xff\0garbage", 400),
        (b"v=0\r\ns=-\r\nt=0 0\r\n", 400),
        (b"o=a 1 1 IN IP4 192.0.2.1\r\n", 400),
        (PEER.replace(b"m=audio 6000 RTP/AVP 0", b"m=audio"), 400),
        (PEER.replace(b"m=audio 6000", b"m=audio sixty"), 400),
        (PEER.replace(b"m=audio 6000", b"m=audio 66000"), 400),
        (PEER + b"a=x\r\n" * 300_000, 413),
        (PEER.replace(b"a=ice-pwd:" + PEER_PWD.encode(), b"a=ice-pwd:short"), 488),
        (PEER.replace(b"a=ice-ufrag:PEERufra", b"a=ice-ufrag:abc"), 488),
        (PEER.replace(b"a=ice-ufrag:PEERufra", b"a=ice-ufrag:a b-c/d"), 488),
        (peer_text(*[section(6000 + 2 * n) for n in range(17)]), 488),
    ],
)
@rfc("9429", "5.8.3", "MUST", "9429-5.8.3-1")
def test_an_offer_that_cannot_be_accepted_is_refused(text: bytes, status: int) -> None:
    for solo in (Solo(), agreed()):
        before = solo.controller.streams("peer")
        refusal = solo.refuses_offer(text)
        assert refusal.status == status
        assert refusal.warning == f'399 sipice "{refusal.reason}"'
        assert solo.controller.streams("peer") == before


def test_sixty_four_kilobytes_are_no_reason_to_refuse() -> None:
    solo = Solo()
    solo.offered(PEER + b"a=x-padding:" + b"x" * 1000 + b"\r\n" * 1 + b"a=y\r\n" * 12_800)
    assert solo.controller.dialogs == ("peer",)


@rfc("3264", "8", "MUST", "3264-8-2")
def test_m_sections_never_become_fewer() -> None:
    solo = Solo()
    solo.offered(peer_text(section(), section(6002)))
    solo.answer(own_text(own_section(), own_section(7002)))
    assert solo.refuses_offer(peer_text(section(), version=2)).status == 488
    refusal = solo.controller.begin_offer(solo.now, "peer", OWN)
    assert refusal is not None
    assert refusal.status == 500


@pytest.mark.parametrize(
    "change",
    [
        {"options": "ice2 rtp+ecn"},
        {"options": None},
        {"head": ("a=ice-pacing:20",)},
        {"head": ("a=ice-lite",)},
    ],
)
@rfc("8839", "4.4.2.1", "MUST", "8839-4.4.2.1-2")
@rfc("8839", "4.4.1.1.1", "MUST NOT", "8839-4.4.1.1.1-5")
def test_options_pacing_and_lite_do_not_change_without_a_restart(change: dict[str, object]) -> None:
    solo = agreed()
    refusal = solo.refuses_offer(peer_text(section(), version=2, **change))  # type: ignore[arg-type]
    assert (refusal.status, refusal.stream) == (488, 0)
    other = peer_text(section(), version=2, ufrag="OTHERufr", pwd="x" * 22, **change)  # type: ignore[arg-type]
    solo.offered(other)


def test_the_option_to_trickle_may_go_when_there_is_nothing_to_trickle_any_more() -> None:
    solo = Solo()
    solo.offered(peer_text(section(), options="ice2 trickle"))
    solo.answer(OWN)
    solo.offered(peer_text(section(), version=2))
    solo.answer(OWN)
    pacing = ("a=ice-pacing:20",)
    both = peer_text(section(), version=3, options="ice2 trickle", head=pacing)
    assert solo.refuses_offer(both).status == 488


@rfc("3264", "6", "MUST", "3264-6-2")
@rfc("9429", "5.8.3", "MUST", "9429-5.8.3-1")
def test_an_answer_has_the_sections_of_its_offer() -> None:
    solo = Solo()
    solo.offer(own_text(own_section(), own_section(7002)), "")
    assert solo.refuses_answer(PEER).status == 488
    assert solo.refuses_answer(peer_text(section(), section(6002), section(6004))).status == 488
    odd = peer_text(section(), section(6002, media="video"))
    assert solo.refuses_answer(odd).stream == 1
    solo.answered(peer_text(section(), section(6002)))


@rfc("3264", "4 (via 6337 §4)", "MUST NOT", "3264-4-1")
@rfc("6337", "2.2", "must", "6337-2.2-4")
def test_an_offer_that_comes_while_ours_is_open_is_glare() -> None:
    solo = agreed()
    solo.offer(OWN)
    assert solo.refuses_offer(peer_text(section(), version=2)).status == 491
    again = solo.controller.begin_offer(solo.now, "peer", OWN)
    assert again is not None
    assert again.status == 491


@rfc("6337", "UAS", "must/should", "6337-4.3-5")
@rfc("3311", "5.2", "MUST", "3311-5.2-2")
def test_a_second_offer_of_the_peer_has_to_wait_some_seconds() -> None:
    solo = agreed()
    solo.offered(peer_text(section(), version=2))
    seen = set()
    for _ in range(200):
        refusal = solo.refuses_offer(peer_text(section(), version=3))
        assert refusal.status == 500
        seen.add(refusal.retry_after)
    assert seen == set(range(11))
    assert solo.controller.begin_offer(solo.now, "peer", OWN) is not None


@pytest.mark.parametrize("kind", Kind)
def test_answers_to_nothing_are_refused(kind: Kind) -> None:
    solo = Solo()
    assert solo.refuses_answer(PEER).status == 481
    unknown = solo.controller.begin_answer(0.0, "peer", OWN, final=kind is Kind.ANSWER)
    assert unknown is not None
    solo = agreed()
    assert solo.refuses_answer(PEER).status == 481
    refusal = solo.controller.begin_answer(0.0, "peer", OWN)
    assert refusal is not None
    assert refusal.status == 500


def test_an_answer_that_comes_before_the_offer_has_left_answers_nothing() -> None:
    solo = agreed()
    solo.opens = False
    text = own_text(own_section(), own_section(7002))
    assert solo.controller.begin_offer(solo.now, "peer", text) is None
    solo.take()
    assert solo.refuses_answer(PEER).status == 500


def test_garbage_of_our_own_stack_is_refused_as_such() -> None:
    solo = Solo()
    refusal = solo.controller.begin_offer(0.0, "", b"hello")
    assert refusal is not None
    assert refusal.status == 500
    many = own_text(*[own_section(7000 + 2 * n) for n in range(17)])
    assert solo.controller.begin_offer(0.0, "", many) is not None
    solo = Solo()
    solo.offered(PEER)
    for text in (b"hello", own_text(), own_text(own_section(), own_section(7002))):
        refusal = solo.controller.begin_answer(solo.now, "peer", text)
        assert refusal is not None
        assert refusal.status == 500
    assert parsed(solo.answer(OWN)).media[0].port


def test_a_storm_of_offers_leaves_the_call_alone() -> None:
    solo = agreed()
    before = solo.controller.streams("peer")
    solo.offered(peer_text(section(), version=2))
    for number in range(500):
        text = peer_text(section(), section(6002), version=3 + number)
        assert solo.controller.receive_offer(solo.now, "peer", text) is not None
    assert solo.take() == []
    assert solo.controller.streams("peer") == before
    assert solo.controller._leg.dialogs["peer"].phase is Phase.REMOTE_OFFER
    solo.answer(OWN)


def test_calls_have_no_more_dialogs_than_allowed() -> None:
    solo = Solo(SessionConfig(trickle=Trickle.OFF, max_dialogs=2))
    solo.offer(OWN, "")
    for name in ("one", "two"):
        solo.answered(PEER, dialog=name, final=False)
    refused = solo.controller.receive_answer(solo.now, "three", PEER)
    assert refused is not None
    assert solo.controller.receive_offer(solo.now, "four", PEER) is not None
    assert solo.controller.begin_offer(solo.now, "five", OWN) is not None
    assert solo.controller.dialogs == ("one", "two")
