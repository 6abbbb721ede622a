"""What leaves: strict, complete, and in the place where it belongs."""

from __future__ import annotations

import pytest

from sdp import effective
from sipice.ice import AgentConfig
from sipice.session import SessionConfig, Trickle
from tests.marks import rfc
from tests.session.solo import Solo, own_section, own_text, parsed, peer_text, quick, section


@rfc("8840", "4", "MUST", "8840-4-2")
@rfc("8840", "4.1.1", "MUST", "8840-4.1.1-5")
@rfc("8840", "4.1.3", "MUST", "8840-4.1.3-1")
@rfc("8838", "3", "MUST / MUST NOT", "8838-3-3")
@pytest.mark.parametrize("offers", [True, False])
def test_trickle_is_an_option_of_the_session_and_every_section_has_its_mid(offers: bool) -> None:
    solo = Solo(SessionConfig())
    own = own_text(own_section(), own_section(7002))
    if offers:
        text = solo.offer(own, "")
    else:
        parts = [section(6000 + 2 * n, f"a=mid:{n}") for n in (0, 1)]
        solo.offered(peer_text(*parts, options="ice2 trickle"))
        text = solo.answer(own)
    description = parsed(text)
    assert description.ice_options == ("ice2", "trickle")
    assert [media.mid for media in description.media] == ["0", "1"]


def test_mids_of_our_own_are_free_ones_and_stay() -> None:
    solo = Solo(SessionConfig())
    own = own_text(own_section(7000, "a=mid:1"), own_section(7002))
    offer = parsed(solo.offer(own, ""))
    assert [media.mid for media in offer.media] == ["1", "s1"]
    solo.answered(peer_text(section(6000, "a=mid:1"), section(6002, "a=mid:s1")))
    later = parsed(solo.offer(own))
    assert [media.mid for media in later.media] == ["1", "s1"]


def test_options_stay_as_they_were_where_trickling_was_impossible() -> None:
    solo = Solo(SessionConfig())
    solo.offered(peer_text(section()))
    assert parsed(solo.answer(own_text(own_section()))).ice_options == ("ice2",)
    assert parsed(solo.offer(own_text(own_section(7000, "a=sendonly")))).ice_options == ("ice2",)
    solo.answered(peer_text(section(6000, "a=recvonly"), version=2))
    text = solo.offer(own_text(own_section()), restart=True)
    assert parsed(text).ice_options == ("ice2", "trickle")


@rfc("8840", "8.2", "MAY/MUST", "8840-8.2-1")
@rfc("8838", "13", "SHOULD", "8838-13-6")
@pytest.mark.parametrize("trickle", [Trickle.OFF, Trickle.HALF])
def test_a_complete_list_says_so_to_those_who_might_wait(trickle: Trickle) -> None:
    solo = Solo(SessionConfig(trickle=trickle))
    media = parsed(solo.offer(own_text(own_section()), "")).media[0]
    assert media.end_of_candidates is (trickle is Trickle.HALF)


def test_ice_of_our_own_stack_is_replaced() -> None:
    lines = ("a=ice-ufrag:old0", "a=ice-pwd:oldoldoldoldoldoldoldoldo",
             "a=candidate:1 1 UDP 1 10.9.9.9 1 typ host")  # fmt: skip
    text = Solo(quick()).offer(own_text(own_section(7000, *lines)), "")
    assert b"10.9.9.9" not in text
    assert b"old0" not in text


@rfc("8839", "5.4", "MUST", "8839-5.4-1")
@rfc("8839", "5.4", "MUST", "8839-5.4-2")
def test_every_stream_has_credentials_of_its_own() -> None:
    offer = parsed(Solo(quick()).offer(own_text(own_section(), own_section(7002)), ""))
    one, two = effective.credentials(offer, 0), effective.credentials(offer, 1)
    assert one is not None
    assert two is not None
    assert one.ufrag != two.ufrag
    assert one.pwd != two.pwd


GROUP = ("a=group:BUNDLE a b",)


def bundle(*more: str, second: int = 7002) -> bytes:
    return own_text(
        own_section(7000, "a=mid:a", "a=rtcp-mux"),
        own_section(second, "a=mid:b", "a=rtcp-mux", *more, media="video", formats="96"),
        head=GROUP,
    )


def bundled(port: int, other: int, *more: str, grouped: bool = True) -> bytes:
    two = section(other, "a=mid:b", "a=rtcp-mux", *more, media="video", formats="96", ice=False)
    return peer_text(section(port, "a=mid:a", "a=rtcp-mux"), two, head=GROUP if grouped else ())


@rfc("9143", "10", "MUST", "9143-10-2")
@rfc("9143", "7.2", "MUST", "9143-7.2-1")
@rfc("9143", "9.3.1.1", "MUST", "9143-9.3.1.1-1")
@rfc("9429", "5.2.1", "MUST", "9429-5.2.1-4")
@rfc("9143", "7.1.3", "MUST", "9143-7.1.3-1")
def test_an_initial_bundle_offer_has_ice_of_its_own_in_each_section_but_bundle_only_ones() -> None:
    offer = parsed(Solo(quick()).offer(bundle(), ""))
    one, two = (effective.credentials(offer, n) for n in (0, 1))
    assert one != two
    places = [(media.port, media.rtcp and media.rtcp.port) for media in offer.media]
    assert len(set(places)) == 2
    only = parsed(Solo(quick()).offer(bundle("a=bundle-only", second=0), ""))
    assert only.media[1].port == 0
    assert not only.media[1].has("ice-ufrag")
    assert not only.media[1].has("candidate")


@pytest.mark.parametrize("form", ["RFC 9143", "RFC 8843"])
@rfc("9143", "7.3", "MUST", "9143-7.3-1")
@rfc("9143", "7.4", "MUST", "9143-7.4-1")
@rfc("9143", "10", "rule", "9143-10-1")
@rfc("9143", "7.5", "MUST", "9143-7.5-1")
@rfc("9143", "10", "rule", "9143-10-3")
@rfc("9143", "7.1.3", "MUST", "9143-7.1.3-2")
def test_a_bundle_answer_leaves_one_transport_which_later_offers_name_everywhere(
    form: str,
) -> None:
    solo = Solo(quick())
    solo.offer(bundle(), "")
    if form == "RFC 9143":
        solo.answered(bundled(6000, 6000))
    else:
        solo.answered(bundled(6000, 0, "a=bundle-only"))
    assert solo.controller.streams("peer") == (0, 0)
    assert solo.closed == [1]
    later = parsed(solo.offer(bundle()))
    assert later.media[0].port == later.media[1].port
    assert later.media[0].candidates
    assert not later.media[1].has("candidate")
    assert not later.media[1].has("ice-ufrag")
    assert {candidate.component for candidate in later.media[0].candidates} == {1}


def test_a_bundle_that_is_refused_leaves_each_section_its_own() -> None:
    solo = Solo(quick())
    solo.offer(bundle(), "")
    two = section(6002, "a=mid:b", "a=rtcp-mux", media="video", formats="96")
    solo.answered(peer_text(section(6000, "a=mid:a", "a=rtcp-mux"), two))
    assert solo.controller.streams("peer") == (0, 1)


@rfc("9143", "7.3", "MUST", "9143-7.3-1")
@rfc("9143", "9.3", "MUST", "9143-9.3-1")
@rfc("9143", "7.3.2", "rule", "9143-7.3.2-1")
@pytest.mark.parametrize("accepts", [True, False])
def test_our_answer_to_a_bundle_offer_is_bundled_if_our_stack_wants_it(accepts: bool) -> None:
    solo = Solo(quick())
    offer = peer_text(
        section(6000, "a=mid:a", "a=rtcp-mux"),
        section(6002, "a=mid:b", "a=rtcp-mux", media="video", formats="96"),
        section(0, "a=mid:c", "a=bundle-only", media="video", formats="97"),
        head=("a=group:BUNDLE a b c",),
    )
    solo.offered(offer)
    own = [
        own_section(7000, "a=mid:a", "a=rtcp-mux"),
        own_section(7002, "a=mid:b", "a=rtcp-mux", media="video", formats="96"),
        own_section(7004, "a=mid:c", "a=rtcp-mux", media="video", formats="97"),
    ]
    head = ("a=group:BUNDLE a b c",) if accepts else ()
    answer = parsed(solo.answer(own_text(*own, head=head)))
    ports = [media.port for media in answer.media]
    if accepts:
        assert len(set(ports)) == 1
        assert [media.has("candidate") for media in answer.media] == [True, False, False]
        assert not any(media.rtcp for media in answer.media)
    else:
        assert ports[0] != ports[1]
        assert ports[2] == 0, "bundle-only cannot stand alone"
        assert [media.has("candidate") for media in answer.media] == [True, True, False]


@rfc("9143", "7.3.3", "MUST", "9143-7.3.3-1")
def test_a_bundled_section_may_be_rejected_alone() -> None:
    solo = Solo(quick())
    solo.offer(bundle(), "")
    text = peer_text(
        section(6000, "a=mid:a", "a=rtcp-mux"),
        section(0, "a=mid:b", media="video", formats="96"),
        head=("a=group:BUNDLE a",),
    )
    solo.answered(text)
    assert solo.controller.streams("peer") == (0, None)


def test_the_default_may_be_of_the_other_family() -> None:
    config = SessionConfig(agent=AgentConfig(), trickle=Trickle.OFF, default_family=6)
    solo = Solo(config, hosts=("192.0.2.10", "2001:db8::1"))
    offer = parsed(solo.offer(own_text(own_section()), ""))
    connection = effective.connection(offer, 0)
    assert connection is not None
    assert connection.address == "2001:db8::1"


@rfc("9143", "7.5.2", "MUST", "9143-7.5.2-1")
def test_a_section_that_leaves_its_group_has_ice_of_its_own() -> None:
    solo = Solo(quick())
    solo.offer(bundle(), "")
    solo.answered(bundled(6000, 6000))
    alone = bundle().replace(b"a=group:BUNDLE a b", b"a=group:BUNDLE a")
    offer = parsed(solo.offer(alone))
    assert offer.media[0].port != offer.media[1].port
    one, two = (effective.credentials(offer, n) for n in (0, 1))
    assert one != two
    assert offer.media[1].candidates
