"""What our stack sees of the peer."""

from __future__ import annotations

import pytest

from tests.marks import rfc
from tests.session.solo import Solo, own_section, own_text, parsed, peer_text, quick, section

OWN = own_text(own_section())


def test_the_stack_sees_no_ice_and_its_own_anchor() -> None:
    solo = Solo(quick())
    seen = parsed(solo.offered(peer_text(section(components=2))))
    connection = seen.media[0].connection or seen.connection
    assert connection is not None
    assert (connection.address, seen.media[0].port) == ("127.0.0.1", 9000)
    assert seen.media[0].rtcp is not None
    assert seen.media[0].rtcp.port == 9001


def test_with_mux_agreed_there_is_one_anchor() -> None:
    solo = Solo(quick())
    solo.offer(own_text(own_section(7000, "a=rtcp-mux")), "")
    seen = parsed(solo.answered(peer_text(section(6000, "a=rtcp-mux"))))
    assert seen.media[0].rtcp is None
    assert seen.media[0].port == 9000


def test_where_media_does_not_pass_the_stack_the_peers_own_address_stays() -> None:
    solo = Solo(quick(), opens=False)
    solo.controller.receive_offer(0.0, "peer", peer_text(section()))
    for command in solo.controller.take_commands():
        solo.controller.ports_opened(0.0, command.stream)  # type: ignore[union-attr]
    (ready,) = solo.controller.take_events()
    seen = parsed(ready.sdp)  # type: ignore[union-attr]
    assert seen.media[0].port == 6000


@pytest.mark.parametrize("trickle", [True, False])
def test_mids_that_we_have_written_do_not_reach_the_stack(trickle: bool) -> None:
    solo = Solo()
    from sipice.session import SessionConfig

    solo = Solo(SessionConfig() if trickle else quick())
    offer = parsed(solo.offer(OWN, ""))
    assert (offer.media[0].mid is not None) is trickle
    mid = offer.media[0].mid or "0"
    seen = parsed(solo.answered(peer_text(section(6000, f"a=mid:{mid}"))))
    assert (seen.media[0].mid is None) is trickle


@rfc("8839", "4.2.5", "MUST NOT", "8839-4.2.5-4")
def test_a_placeholder_of_an_ice_peer_is_an_ordinary_stream_for_the_stack() -> None:
    solo = Solo(quick())
    seen = solo.offered(peer_text(section(9, "c=IN IP4 0.0.0.0", ice=False)))
    assert b"c=IN IP4 0.0.0.0" not in seen
    assert parsed(seen).media[0].port == 9000
