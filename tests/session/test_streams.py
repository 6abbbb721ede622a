"""Streams that come, go and restart with their m= sections."""

from __future__ import annotations

import pytest

import sdp
from sipice.ice import AgentConfig, IceServer, ServerKind
from sipice.net import Address
from sipice.session import DescriptionReady, SessionConfig, Trickle, streams
from tests.marks import rfc
from tests.session.solo import Solo, own_section, own_text, parsed, peer_text, quick, section

OWN = own_text(own_section())


@pytest.mark.parametrize(
    ("options", "lines", "trickles"),
    [
        ("ice2 trickle", ("a=mid:a",), True),
        ("trickle", ("a=mid:a",), True),
        ("ice2", ("a=mid:a",), False),
        ("ice2 trickle", (), False),
    ],
)
@rfc("8838", "3", "MUST / MUST NOT", "8838-3-3")
def test_whether_a_description_can_be_trickled_to(
    options: str, lines: tuple[str, ...], trickles: bool
) -> None:
    text = parsed(peer_text(section(6000, *lines), options=options))
    assert streams.says_trickle(text) is trickles


@rfc("8838", "3", "MUST / MUST NOT", "8838-3-3")
def test_the_option_on_some_streams_only_counts_for_none() -> None:
    parts = section(6000, "a=mid:a", "a=ice-options:trickle"), section(6002, "a=mid:b")
    assert not streams.says_trickle(parsed(peer_text(*parts)))


def test_a_description_without_ice_cannot_be_trickled_to() -> None:
    assert not streams.says_trickle(parsed(peer_text(section(), ufrag=None)))


@rfc("8839", "7.5", "MUST/SHOULD", "8839-7.5-1")
def test_a_restart_asks_for_the_sockets_that_were_released() -> None:
    solo = Solo(quick())
    solo.offer(OWN, "")
    solo.answered(peer_text(section()))
    solo.offer(OWN, restart=True)
    assert solo.opened == [0, 0]


def test_a_restart_over_one_that_has_come_to_nothing_yet() -> None:
    solo = Solo(quick())
    solo.offer(OWN, "")
    solo.answered(peer_text(section()))
    for number in range(2, 5):
        solo.offer(OWN, restart=True)
        again = peer_text(section(), version=number, ufrag=f"OTHER{number}xx")
        solo.answered(again)
    solo.offer(OWN, restart=True)
    solo.controller.offer_failed(solo.now, "peer", 488)
    solo.take()
    assert solo.controller.streams("peer") == (0,)


@rfc("8858", "4.5", "SHOULD/MUST", "8858-4.5-1")
def test_separate_rtcp_after_mux_takes_a_stream_with_two_components() -> None:
    solo = Solo(quick())
    solo.offer(own_text(own_section(7000, "a=rtcp-mux")), "")
    solo.answered(peer_text(section(6000, "a=rtcp-mux")))
    offer = parsed(solo.offer(OWN))
    assert {candidate.component for candidate in offer.media[0].candidates} == {1, 2}
    solo.answered(peer_text(section(6100, components=2), version=2, ufrag="OTHERufr"))
    assert solo.controller.streams("peer") == (1,)
    assert solo.closed == [0]


SLOW = IceServer(ServerKind.STUN, Address.parse("192.0.2.99", 3478))


@pytest.mark.parametrize("trickle", [Trickle.OFF, Trickle.HALF])
def test_an_offer_leaves_at_the_deadline_with_what_is_there(trickle: Trickle) -> None:
    config = SessionConfig(agent=AgentConfig(servers=(SLOW,)), trickle=trickle)
    solo = Solo(config, dialog="")
    assert solo.controller.begin_offer(0.0, "", OWN) is None
    assert solo.take() == []
    assert solo.controller.next_timeout() is not None
    solo.wait(0.499)
    assert solo.all(DescriptionReady) == []
    solo.wait(0.501)
    (ready,) = solo.all(DescriptionReady)
    offer = sdp.parse(ready.sdp)
    assert [one.address for one in offer.media[0].candidates] == ["192.0.2.10", "192.0.2.10"]
    assert not offer.media[0].end_of_candidates


def test_an_answer_leaves_at_once_when_its_stack_was_slower_than_the_deadline() -> None:
    solo = Solo(SessionConfig(agent=AgentConfig(servers=(SLOW,)), trickle=Trickle.OFF))
    assert solo.controller.receive_offer(0.0, "peer", peer_text(section())) is None
    solo.wait(1.0)
    assert solo.controller.begin_answer(solo.now, "peer", OWN) is None
    (ready,) = solo.take()
    assert isinstance(ready, DescriptionReady)
    assert b"a=candidate" in ready.sdp


def test_a_quick_answer_waits_for_the_deadline_and_no_longer() -> None:
    agent = AgentConfig(servers=(SLOW,))
    solo = Solo(SessionConfig(agent=agent, trickle=Trickle.OFF, gather_deadline=0.2))
    assert solo.controller.receive_offer(0.0, "peer", peer_text(section())) is None
    solo.take()
    assert solo.controller.begin_answer(solo.now, "peer", OWN) is None
    assert solo.take() == []
    (ready,) = solo.wait(0.201)
    assert isinstance(ready, DescriptionReady)
    assert b"a=candidate" in ready.sdp


def test_sockets_that_are_not_wanted_any_more_are_never_asked_for() -> None:
    solo = Solo(quick())
    solo.controller.receive_offer(0.0, "peer", peer_text(section()))
    solo.controller.offer_failed(0.0, "peer", 488)
    assert solo.controller.take_commands() == []
    solo.controller.receive_offer(0.0, "peer", peer_text(section()))
    solo.take()
    solo.controller.offer_failed(0.0, "peer", 488)
    solo.take()
    assert solo.opened == solo.closed == [1]
