"""Our offers, and the answers to them."""

from __future__ import annotations

import pytest

from sdp import effective
from sipice.ice import AgentConfig
from sipice.session import (
    DescriptionReady,
    Direction,
    Kind,
    MismatchFound,
    Reason,
    SessionConfig,
    Trickle,
    UpdateNeeded,
)
from tests.marks import rfc
from tests.session.conversation import Conversation, Rules
from tests.session.solo import Solo, own_section, own_text, parsed, peer_text, quick, section
from tests.session.stack import MUX, Line, Stack
from tests.simnet.topology import OPEN, build

OWN = own_text(own_section())


def initial(config: SessionConfig | None = None, text: bytes = OWN) -> tuple[Solo, bytes]:
    solo = Solo(config or quick())
    return solo, solo.offer(text, "")


@rfc("8839", "4.3.1", "MUST", "8839-4.3.1-1")
@rfc("8839", "4.2.1.2", "rule", "8839-4.2.1.2-1")
@rfc("8839", "4.2.1.5", "MUST", "8839-4.2.1.5-1")
@rfc("8839", "4.2.2", "MUST", "8839-4.2.2-1")
@rfc("5245", "4.3", "compat", "5245-4.3-1")
def test_an_initial_offer_names_every_candidate_ufrag_password_and_ice2() -> None:
    solo, text = initial()
    offer = parsed(text)
    assert [c.component for c in offer.media[0].candidates] == [1, 2]
    found = effective.credentials(offer, 0)
    assert found is not None
    assert len(found.ufrag) <= 32
    assert offer.ice_options == ("ice2",)
    assert offer.media[0].rtcp is not None
    assert solo.opened == [0]


@rfc("8839", "4.3.1", "SHOULD/MUST NOT", "8839-4.3.1-2")
@rfc("8839", "4.2.1.4", "MUST/MUST NOT", "8839-4.2.1.4-1")
@pytest.mark.parametrize("lite", [False, True])
def test_pacing_is_of_full_agents_and_ice_lite_of_lite_ones(lite: bool) -> None:
    _, text = initial(quick(lite=lite, ta=0.020))
    offer = parsed(text)
    assert offer.ice_lite is lite
    assert offer.ice_pacing == (None if lite else 20)


@rfc("8839", "4.2.2", "rule", "8839-4.2.2-3")
def test_a_stream_without_rtcp_has_one_component() -> None:
    _, text = initial(text=own_text(own_section(7000, "b=RS:0", "b=RR:0")))
    offer = parsed(text)
    assert [c.component for c in offer.media[0].candidates] == [1]
    assert offer.media[0].rtcp is None


@rfc("5761", "5.1.3", "MUST", "5761-5.1.3-1")
@rfc("8858", "5.3", "MUST NOT", "8858-5.3-1")
@pytest.mark.parametrize("only", [False, True])
def test_offered_mux_has_the_fallback_unless_it_is_mux_only(only: bool) -> None:
    lines = ("a=rtcp-mux", "a=rtcp-mux-only") if only else ("a=rtcp-mux",)
    _, text = initial(text=own_text(own_section(7000, *lines)))
    media = parsed(text).media[0]
    assert media.rtcp_mux
    assert {c.component for c in media.candidates} == ({1} if only else {1, 2})
    assert (media.rtcp is None) is only


@rfc("8839", "4.2.1.6", "MUST", "8839-4.2.1.6-1")
@rfc("8839", "4.4.1.1.1", "MUST NOT/MUST", "8839-4.4.1.1.1-1")
def test_an_inactive_section_has_ice_and_keeps_its_address() -> None:
    _, text = initial(text=own_text(own_section(7000, "b=AS:0", "a=inactive")))
    offer = parsed(text)
    assert effective.credentials(offer, 0) is not None
    connection = effective.connection(offer, 0)
    assert connection is not None
    assert not connection.is_unspecified


@rfc("8839", "4.2.1.6", "SHOULD NOT", "8839-4.2.1.6-2")
@rfc("8839", "4.4.1.1.2", "MUST NOT/SHOULD NOT", "8839-4.4.1.1.2-1")
@rfc("3264", "5.1", "rule", "3264-5.1-3")
def test_a_section_with_port_0_has_no_ice() -> None:
    solo, text = initial(text=own_text(own_section(), own_section(0)))
    offer = parsed(text)
    assert not offer.media[1].has("candidate")
    assert not offer.media[1].has("ice-ufrag")
    assert solo.opened == [0]


@rfc("3264", "5", "rule", "3264-5-3")
def test_an_offer_may_have_no_sections_at_all() -> None:
    solo, text = initial(text=own_text())
    assert parsed(text).media == []
    solo.answered(peer_text(ufrag=None))


@pytest.mark.parametrize(
    "lines",
    [
        own_section(9, media="message", proto="TCP/MSRP", formats="*"),
        own_section(5000, media="application", proto="TCP/BFCP", formats="*"),
        own_section(5000, media="application", proto="XYZ", formats="1"),
        own_section(5000, "c=IN IP4 233.252.0.1/127"),
        own_section(5000).replace("5000", "5000/2"),
    ],
)
def test_sections_that_are_none_of_our_business_pass_unchanged(lines: str) -> None:
    solo, text = initial(text=own_text(own_section(), lines))
    assert lines.encode() in text
    assert solo.opened == [0]
    answer = peer_text(section(), lines)
    seen = solo.answered(answer)
    assert lines.encode() in seen


def test_fax_has_one_component_and_ice() -> None:
    fax = own_section(7000, media="image", proto="udptl", formats="t38")
    _, text = initial(text=own_text(fax))
    media = parsed(text).media[0]
    assert [c.component for c in media.candidates] == [1]
    assert media.rtcp is None


@rfc("8839", "4.3.1", "rule", "8839-4.3.1-3")
@rfc("8840", "4.1.1", "MUST/SHOULD", "8840-4.1.1-2")
@rfc("8840", "4.1.1", "MUST NOT", "8840-4.1.1-3")
def test_an_offer_without_candidates_has_the_placeholder_and_no_rtcp_line() -> None:
    solo = Solo(SessionConfig(trickle=Trickle.FULL), hosts=())
    media = parsed(solo.offer(OWN, "")).media[0]
    assert media.port == 9
    assert media.rtcp is None
    assert not media.candidates


@rfc("8839", "4.3.3", "MUST", "8839-4.3.3-2")
@rfc("8839", "4.2.5", "MUST", "8839-4.2.5-5")
def test_ice_mismatch_of_one_stream_ends_ice_for_that_one_only() -> None:
    solo, _ = initial(text=own_text(own_section(), own_section(7002)))
    solo.answered(peer_text(section(), section(6002, "a=ice-mismatch", ice=False)))
    plain = solo.controller.media("peer", 1, 1).send
    assert plain is not None
    assert plain.to.port == 6002
    assert solo.controller.media("peer", 0, 1).send is None, "checks run"


@pytest.mark.parametrize(
    "answer",
    [
        peer_text(section(ice=False), section(6002, ice=False), ufrag=None),
        peer_text(*[section(port, "a=ice-mismatch", ice=False) for port in (6000, 6002)]),
    ],
    ids=["no ICE", "ice-mismatch everywhere"],
)
@rfc("8839", "4.3.3", "MUST", "8839-4.3.3-1")
@rfc("5245", "5.1", "compat", "5245-5.1-2")
def test_an_answer_without_ice_ends_it_for_the_session(answer: bytes) -> None:
    solo, _ = initial(text=own_text(own_section(), own_section(7002)))
    solo.answered(answer)
    ports = [solo.controller.media("peer", stream, 1).send for stream in (0, 1)]
    assert [path.to.port for path in ports if path is not None] == [6000, 6002]
    rtcp = solo.controller.media("peer", 0, 2).send
    assert rtcp is not None
    assert rtcp.to.port == 6001


@rfc("8839", "4.3.3", "MUST", "8839-4.3.3-3")
@rfc("8839", "8", "rule", "8839-8-3")
def test_a_mismatch_that_we_find_in_the_answer_ends_ice_for_the_session() -> None:
    solo, _ = initial(text=own_text(own_section(), own_section(7002)))
    odd = section(6002).replace("m=audio 6002", "m=audio 33000")
    solo.answered(peer_text(section(), odd))
    assert [one.section for one in solo.all(MismatchFound)] == [1]
    found = [solo.controller.media("peer", stream, 1).send for stream in (0, 1)]
    assert [path.to.port for path in found if path is not None] == [6000, 33000]


@pytest.mark.parametrize("host", ["phone.example.org", "0.0.0.0"])
@rfc("8839", "4.2.5", "MUST NOT", "8839-4.2.5-6")
@rfc("8839", "4.2.5", "MUST NOT", "8839-4.2.5-4")
@rfc("8840", "4.1.4", "MUST NOT", "8840-4.1.4-1")
def test_names_and_placeholders_are_no_mismatch(host: str) -> None:
    solo, _ = initial()
    text = peer_text(
        section(9, f"c=IN IP4 {host}", ice=False),
    )
    line = "a=candidate:1 1 UDP 2130706431 198.51.100.7 6000 typ host\r\n"
    solo.answered(text + line.encode())
    assert solo.all(MismatchFound) == []
    assert solo.controller.media("peer", 0, 1).send is None


@rfc("3264", "6", "MUST", "3264-6-3")
@rfc("9429", "5.11", "rule", "9429-5.11-1")
@rfc("8839", "4.4.3.1", "MUST", "8839-4.4.3.1-1")
def test_a_rejected_stream_gives_its_ports_back() -> None:
    solo, _ = initial(text=own_text(own_section(), own_section(7002)))
    seen = parsed(solo.answered(peer_text(section(), section(0))))
    assert solo.closed == [1]
    assert solo.controller.streams("peer") == (0, None)
    assert seen.media[1].port == 0


@rfc("5761", "5.1.1/8035", "MUST", "5761-5.1.1-1")
@rfc("5761", "8035 §3.1", "MUST", "5761-5.1.1-2")
@rfc("5761", "5.1.3", "rule", "5761-5.1.3-4")
@rfc("5761", "5.1.3", "MUST NOT", "5761-5.1.3-3")
@pytest.mark.parametrize("accepts", [True, False])
def test_the_answer_decides_about_rtcp_on_the_port_of_rtp(accepts: bool) -> None:
    topology = build(OPEN, OPEN, rtt=0.020)
    stacks = Stack("a", [Line(extra=MUX)]), Stack("b", [Line(extra=MUX if accepts else ())])
    call = Conversation(topology, stacks=stacks).connect().run(5.0)
    for party in (call.a, call.b):
        second = party.controller.media(call.dialog(party), 0, 2).send
        assert (second is None) is accepts
    call.talk()
    if not accepts:
        call.talk(component=2)
    assert len(call.a.bases) == (1 if accepts else 2)


@rfc("8858", "4.4", "MUST", "8858-4.4-1")
def test_a_mux_only_stream_that_is_answered_without_mux_is_removed_by_a_new_offer() -> None:
    solo, _ = initial(text=own_text(own_section(7000, "a=rtcp-mux", "a=rtcp-mux-only")))
    solo.answered(peer_text(section()))
    assert [event.reason for event in solo.all(UpdateNeeded)] == [Reason.MUX_REFUSED]
    assert parsed(solo.offer(OWN)).media[0].port == 0


@rfc("6337", "3.1.1", "must", "6337-3.1.1-1")
@rfc("6337", "3.1.1", "must", "6337-3.1.1-2")
@rfc("3261", "13.2.1", "MUST", "3261-13.2.1-2")
@rfc("8840", "4.3.2", "rule/MUST", "8840-4.3.2-4")
def test_the_first_of_preview_and_answer_counts() -> None:
    solo, _ = initial()
    seen = solo.answered(peer_text(section()), final=False)
    assert solo.controller.begin_offer(solo.now, "peer", OWN) is not None, "still open"
    again = solo.answered(peer_text(section()), final=False)
    other = peer_text(section(6100), version=2)
    final = solo.answered(other)
    assert seen == again == final
    ready = [one for one in solo.all(DescriptionReady) if one.kind is Kind.ANSWER]
    assert "differs" in ready[-1].notes[0]
    assert solo.controller.begin_offer(solo.now, "peer", OWN) is None


@rfc("5245", "12.1.1", "compat", "5245-12.1.1-1")
def test_checks_begin_with_the_preview() -> None:
    topology = build(OPEN, OPEN, rtt=0.020)
    call = Conversation(topology, rules=Rules(preview=True, ringing=5.0))
    sent: list[float] = []
    call.world.sent.append(
        lambda now, name, packet: (
            sent.append(now) if name == "a" and packet.data[:2] == b"\0\1" else None
        )
    )
    call.start()
    call.run(2.0)
    previewed = next(at for at, one in call.a.events if getattr(one, "kind", 0) is Kind.PREVIEW)
    assert min(sent) == previewed
    assert call.a.controller.media("b", 0, 1).send is not None
    call.talk()
    call.run(5.0)
    assert call.is_connected


def test_a_challenged_offer_leaves_again_the_same() -> None:
    solo, text = initial()
    solo.controller.offer_failed(solo.now, "", 401)
    assert solo.offer(own_text(own_section(), version=9), "") == text
    assert solo.opened == [0]
    solo.answered(peer_text(section()))


def test_a_refused_initial_offer_may_be_followed_by_a_simpler_one() -> None:
    solo, text = initial()
    first = effective.credentials(parsed(text), 0)
    solo.controller.offer_failed(solo.now, "", 488)
    later = solo.offer(own_text(own_section(7000, "a=ptime:20")), "")
    assert effective.credentials(parsed(later), 0) == first
    solo.controller.offer_failed(solo.now, "", 488)
    other = solo.offer(own_text(own_section(), own_section(7002)), "")
    assert len(parsed(other).media) == 2
    assert solo.closed == [0]
    solo.controller.offer_failed(solo.now, "", 488)
    fax = own_section(7000, media="image", proto="udptl", formats="t38")
    solo.offer(own_text(own_section(), fax), "")
    assert solo.closed == [0, 1, 2]


@rfc("8839", "4.4", "rule", "8839-4.4-2")
@rfc("3261", "14.1", "rule", "3261-14.1-3")
@rfc("6337", "3.4", "must", "6337-3.4-1")
@rfc("3311", "5.3", "MUST", "3311-5.3-1")
@pytest.mark.parametrize("status", [488, 491, 408, 503])
def test_a_failed_offer_leaves_everything_as_it_was(status: int) -> None:
    solo, first = initial()
    solo.answered(peer_text(section()))
    dialog = solo.controller._leg.dialogs["peer"]
    before = (dialog.slots, dialog.local, dialog.remote)
    solo.offer(own_text(own_section(), own_section(7002)), restart=True)
    solo.controller.offer_failed(solo.now, "peer", status)
    solo.take()
    assert (dialog.slots, dialog.local, dialog.remote) == before
    assert solo.closed == [1]
    again = solo.offer(OWN)
    assert effective.credentials(parsed(again), 0) == effective.credentials(parsed(first), 0)


@rfc("8839", "4.4.1.2.1", "MUST", "8839-4.4.1.2.1-1")
@rfc("9429", "5.2.2", "MUST", "9429-5.2.2-1")
def test_before_nomination_an_offer_repeats_the_same_ice() -> None:
    solo, first = initial()
    solo.answered(peer_text(section()))
    later = solo.offer(own_text(own_section(7000, "a=sendonly")))
    one, two = parsed(first), parsed(later)
    assert one.media[0].values("candidate") == two.media[0].values("candidate")
    assert effective.credentials(one, 0) == effective.credentials(two, 0)
    assert not two.media[0].has("remote-candidates")


@rfc("8839", "4.4.1.1.3", "rule", "8839-4.4.1.1.3-1")
@rfc("3264", "8.1", "MUST", "3264-8.1-1")
def test_an_added_stream_has_ice_of_its_own() -> None:
    solo, first = initial()
    solo.answered(peer_text(section()))
    offer = parsed(solo.offer(own_text(own_section(), own_section(7002))))
    assert effective.credentials(offer, 0) == effective.credentials(parsed(first), 0)
    assert effective.credentials(offer, 1) not in (None, effective.credentials(offer, 0))
    solo.answered(peer_text(section(), section(6002), version=2))
    assert solo.controller.streams("peer") == (0, 1)


@rfc("3264", "8.1", "MUST", "3264-8.1-1")
def test_a_removed_slot_is_used_again_with_new_ice() -> None:
    solo, first = initial()
    solo.answered(peer_text(section()))
    removed = parsed(solo.offer(own_text(own_section(0))))
    assert not removed.media[0].has("ice-ufrag")
    solo.answered(peer_text(section(0), version=2))
    assert solo.closed == [0]
    recycled = parsed(solo.offer(OWN))
    solo.answered(peer_text(section(6002), version=3))
    assert solo.controller.streams("peer") == (1,)
    assert effective.credentials(recycled, 0) != effective.credentials(parsed(first), 0)


@rfc("8839", "4.4.1.1.1", "MUST", "8839-4.4.1.1.1-2")
@rfc("8839", "7.5", "MUST/SHOULD", "8839-7.5-1")
@rfc("9429", "5.2.3.1", "MUST", "9429-5.2.3.1-1")
@rfc("6337", "5.2.5", "should", "6337-5.2.5-2")
def test_a_restart_changes_ufrag_and_password_of_every_stream() -> None:
    solo, first = initial(text=own_text(own_section(), own_section(7002)))
    solo.answered(peer_text(section(), section(6002)))
    text = own_text(own_section(), own_section(7002))
    later = parsed(solo.offer(text, restart=True))
    for stream in (0, 1):
        before = effective.credentials(parsed(first), stream)
        after = effective.credentials(later, stream)
        assert before is not None
        assert after is not None
        assert before.ufrag != after.ufrag
        assert before.pwd != after.pwd
        assert {c.address for c in later.media[stream].candidates} == {"192.0.2.10"}


@rfc("9429", "5.10", "rule", "9429-5.10-1")
def test_an_answer_that_restarts_on_its_own_makes_us_restart() -> None:
    solo, _ = initial()
    solo.answered(peer_text(section()))
    solo.offer(own_text(own_section(7000, "a=sendonly")))
    solo.answered(peer_text(section(), version=2, ufrag="OTHERufr", pwd="y" * 24))
    (note,) = [one.notes for one in solo.all(DescriptionReady) if one.notes]
    assert "restarts" in note[0]
    text = solo.offer(OWN)
    assert effective.is_restart(parsed(solo.judge.sent["solo", "peer"][0]), parsed(text), 0)


@rfc("8838", "3", "SHOULD", "8838-3-1")
@rfc("8840", "5.3", "should", "8840-5.3-1")
@rfc("8839", "7.1.1", "RECOMMENDED/SHOULD", "8839-7.1.1-1")
@rfc("5245", "5.1", "compat", "5245-5.1-1")
@pytest.mark.parametrize("trickle", Trickle)
def test_the_first_offer_waits_for_its_candidates_unless_the_peer_is_known(
    trickle: Trickle,
) -> None:
    from sipice.ice import IceServer, ServerKind
    from sipice.net import Address

    server = IceServer(ServerKind.STUN, Address.parse("192.0.2.99", 3478))
    config = SessionConfig(agent=AgentConfig(servers=(server,)), trickle=trickle)
    solo = Solo(config)
    solo.controller.begin_offer(0.0, "", OWN)
    new = [one for one in solo.take() if isinstance(one, DescriptionReady)]
    assert bool(new) is (trickle is Trickle.FULL)
    late = [one for one in solo.wait(0.5) if isinstance(one, DescriptionReady)]
    assert len(new) + len(late) == 1
    media = parsed((new + late)[0].sdp).media[0]
    assert media.port not in (0, 9), "a host candidate is the default meanwhile"
    assert not media.end_of_candidates, "the server may still answer"


def test_an_offer_waits_for_its_sockets() -> None:
    solo = Solo(opens=False)
    solo.controller.begin_offer(0.0, "", OWN)
    assert solo.wait(30.0) == []
    (command,) = [one for one in solo.commands if solo.opened]
    solo.open(command)  # type: ignore[arg-type]
    (ready,) = solo.take()
    assert isinstance(ready, DescriptionReady)
    assert ready.direction is Direction.TO_PEER


@rfc("8839", "4.4.3.1", "MUST/SHOULD NOT", "8839-4.4.3.1-5")
def test_after_an_answer_has_taken_ice_away_our_next_offer_begins_it_anew() -> None:
    solo, first = initial()
    solo.answered(peer_text(section()))
    solo.offer(own_text(own_section(7000, "a=sendonly")))
    solo.answered(peer_text(section(ice=False), ufrag=None, version=2))
    path = solo.controller.media("peer", 0, 1).send
    assert path is not None
    later = parsed(solo.offer(OWN))
    assert effective.is_restart(parsed(first), later, 0)
    solo.answered(peer_text(section(ice=False), ufrag=None, version=3))
    assert solo.controller.media("peer", 0, 1).send == path
