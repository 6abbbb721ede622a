"""RFC 8839 §4.4: later offers and answers: hold, restart, removed streams, nominated pairs."""

import pytest

from sdp import Destination, Direction, Ice, RemoteCandidate, StreamIce
from sdp import effective as eff
from sdp.rewrite import put, set_origin
from tests.marks import rfc
from tests.sdp.rfc.examples import codes, example, step
from tests.sdp.text import HOST, ICE, described

AUDIO = "m=audio 5004 RTP/AVP 0"
NEW = ("a=ice-ufrag:Zk3q", "a=ice-pwd:0bWm1tQ2sV9xKf8dJ3hLpN")


@rfc("8839", "4.4.1.1.1", "MUST NOT/MUST", "8839-4.4.1.1.1-1")
def test_hold_is_a_direction_and_no_address() -> None:
    assert "SDP306" in codes((AUDIO, "c=IN IP4 0.0.0.0"))
    held = example("15")
    assert "SDP306" not in codes(held)
    assert eff.direction(held, 0) is Direction.SENDONLY
    assert not eff.is_restart(example("05"), held, 0)


@rfc("8839", "4.4.1.1.1", "MUST", "8839-4.4.1.1.1-2")
def test_a_restart_has_a_new_ufrag_and_a_new_password() -> None:
    before, options = (*ICE, AUDIO, HOST), ICE[0]
    assert eff.is_restart(described(*before), described(options, *NEW, AUDIO, HOST), 0)
    assert "ICE703" in step(before, (options, *NEW, AUDIO, HOST))
    for one in ((ICE[1], NEW[1]), (NEW[0], ICE[2])):
        assert "ICE701" in step(before, (options, *one, AUDIO, HOST)), "only one is against it"


@rfc("8839", "4.4.1.1.1", "MUST NOT", "8839-4.4.1.1.1-3")
@rfc("8839", "4.4.1.1.1", "", "AT-32")
def test_credentials_that_move_between_the_levels_are_no_restart() -> None:
    assert eff.is_restart(example("03"), example("04"), 0)
    assert not eff.is_restart(example("04"), example("05"), 0)
    assert not {"ICE701", "ICE703"} & step((*ICE, AUDIO, HOST), (ICE[0], AUDIO, *ICE[1:], HOST))


CHANGES = [
    ("a=ice-options:ice2 trickle", "ice-options"),
    ("a=ice-pacing:20", "ice-pacing"),
    ("a=ice-lite", "ice-lite"),
]


@rfc("8839", "4.4.1.1.1", "MAY", "8839-4.4.1.1.1-4")
@pytest.mark.parametrize(("line", "name"), CHANGES)
def test_a_restart_may_change_options_pacing_and_lite(line: str, name: str) -> None:
    before, after = (*ICE, AUDIO), (ICE[0], *NEW, line, AUDIO)
    assert name not in eff.changed_without_restart(described(*before), described(*after), 0)
    assert "ICE702" not in step(before, after)


@rfc("8839", "4.4.1.1.1", "MUST NOT", "8839-4.4.1.1.1-5")
@pytest.mark.parametrize(("line", "name"), CHANGES)
def test_without_a_restart_they_stay_as_they_were(line: str, name: str) -> None:
    before, after = (*ICE, AUDIO), (*ICE, line, AUDIO)
    assert eff.changed_without_restart(described(*before), described(*after), 0) == (name,)
    assert "ICE702" in step(before, after)


@rfc("8839", "4.4.1.1.2", "MUST NOT/SHOULD NOT", "8839-4.4.1.1.2-1")
def test_a_removed_stream_has_no_candidates_and_no_other_ice_attribute() -> None:
    description = described(AUDIO, *ICE, HOST)
    stream = StreamIce(destinations=[Destination("192.0.2.1", 0)])
    credentials = eff.credentials(description, 0)
    put(description, Ice(streams=[stream], credentials=credentials))
    section = description.media[0]
    assert section.port == 0
    assert [name for name in ("candidate", "ice-ufrag", "ice-pwd") if section.has(name)] == []
    assert "ICE307" in codes((*ICE, "m=audio 0 RTP/AVP 0", HOST))


@rfc("8839", "4.4.1.2.2", "MUST", "8839-4.4.1.2.2-1")
@rfc("8839", "4.4.1.2.2", "MUST", "8839-4.4.1.2.2-2")
def test_after_nomination_an_offer_has_one_candidate_and_the_remote_ones() -> None:
    """From the first offer of the worked example comes its updated offer, byte for byte."""
    offer = example("01")
    nominated = offer.media[0].candidates[1]
    stream = StreamIce(
        candidates=[nominated],
        remote_candidates=(RemoteCandidate(1, "192.0.2.1", 3478),),
        destinations=[Destination(nominated.address, nominated.port)],
    )
    credentials = eff.credentials(offer, 0)
    put(offer, Ice(streams=[stream], credentials=credentials, pacing=50))
    set_origin(offer, version=2)
    assert offer.to_bytes() == example("03").to_bytes()


@rfc("8839", "4.4.2", "MUST NOT", "8839-4.4.2-1")
def test_remote_candidates_in_an_answer_are_a_finding() -> None:
    assert "ICE118" in codes(example("03"), "answer")
    assert "ICE118" not in codes(example("03"), "offer")
    assert "ICE118" not in codes(example("02"), "answer")
