"""The peer's offers, and our answers to them."""

from __future__ import annotations

import pytest

import sdp
from sdp import effective
from sipice.ice import AgentConfig, IceServer, Role, ServerKind
from sipice.net import Address, SendDatagram
from sipice.session import (
    DescriptionReady,
    IceOff,
    Kind,
    MismatchFound,
    PathSelected,
    Reason,
    SessionConfig,
    UpdateNeeded,
)
from sipice.stun.check import CheckRequest, parse_check
from tests.marks import rfc
from tests.session.conversation import Conversation, Rules
from tests.session.solo import (
    PEER_UFRAG,
    Solo,
    own_section,
    own_text,
    parsed,
    peer_text,
    quick,
    section,
)
from tests.session.stack import MUX, Line, Stack
from tests.simnet.nat import PORT_RESTRICTED, SYMMETRIC
from tests.simnet.topology import OPEN, behind, build

HOME, HARD = behind(PORT_RESTRICTED), behind(SYMMETRIC)
OWN = own_text(own_section())
MUXED = own_text(own_section(7000, "a=rtcp-mux"))


def call_from(offer: bytes, config: SessionConfig | None = None) -> Solo:
    solo = Solo(config or quick())
    solo.offered(offer)
    return solo


def role(solo: Solo) -> Role:
    return solo.controller._leg.dialogs["peer"].agent.role


@rfc("8839", "4.3.2", "MUST", "8839-4.3.2-1")
@rfc("8839", "4.2.3", "rule", "8839-4.2.3-1")
@rfc("3264", "6", "MUST", "3264-6-1")
def test_an_initial_answer_has_ice_and_the_answerer_is_controlled() -> None:
    solo = call_from(peer_text(section(components=2)))
    answer = parsed(solo.answer(OWN))
    assert [c.component for c in answer.media[0].candidates] == [1, 2]
    assert effective.credentials(answer, 0) is not None
    assert answer.ice_options == ("ice2",)
    assert answer.ice_pacing == 50
    assert answer.origin is not None
    assert answer.origin.username == "me"
    assert role(solo) is Role.CONTROLLED
    offerer = Solo(quick())
    offerer.offer(OWN, "")
    offerer.answered(peer_text(section()))
    assert role(offerer) is Role.CONTROLLING


@rfc("8839", "4.3.2", "rule", "8839-4.3.2-4")
def test_checks_begin_when_the_answer_leaves_and_not_before() -> None:
    solo = call_from(peer_text(section()))
    assert not any(isinstance(one, SendDatagram) for one in solo.commands)
    solo.answer(OWN)
    sent = [one for one in solo.commands if isinstance(one, SendDatagram)]
    assert sent
    checks = [parse_check(one.data) for one in sent]
    assert all(isinstance(one, CheckRequest) for one in checks)


@rfc("8839", "4.3.2", "MUST NOT", "8839-4.3.2-5")
def test_an_offer_without_ice_gets_an_answer_without_ice() -> None:
    solo = call_from(peer_text(section(ice=False), ufrag=None))
    text = solo.answer(OWN)
    assert b"ice" not in text.lower()
    assert b"candidate" not in text
    assert solo.controller.media("peer", 0, 1).send is not None


@rfc("8839", "4.2.5", "MAY/MUST", "8839-4.2.5-3")
@rfc("8839", "8", "rule", "8839-8-2")
@rfc("8839", "5.3", "rule", "8839-5.3-1")
def test_a_mismatch_is_answered_with_ice_mismatch_and_ends_ice_for_the_stream() -> None:
    odd = section(6002).replace("m=audio 6002", "m=audio 33000")
    solo = call_from(peer_text(section(), odd))
    answer = parsed(solo.answer(own_text(own_section(), own_section(7002))))
    assert [one.section for one in solo.all(MismatchFound)] == [1]
    assert [one.stream for one in solo.all(IceOff)] == [1]
    assert answer.media[0].candidates
    assert answer.media[1].ice_mismatch
    assert not answer.media[1].has("candidate")
    assert not answer.ice_mismatch
    plain = solo.controller.media("peer", 1, 1).send
    assert plain is not None
    assert plain.to.port == 33000
    later = parsed(solo.offer(own_text(own_section(), own_section(7002))))
    assert not later.media[1].ice_mismatch, "answers only"


@rfc("8839", "4.2.5", "MUST NOT", "8839-4.2.5-4")
@rfc("8840", "4.1.2", "MUST / MUST NOT", "8840-4.1.2-1")
@rfc("9429", "5.2.1", "MUST", "9429-5.2.1-3")
@rfc("8839", "4.2.2", "rule", "8839-4.2.2-2")
def test_a_browsers_placeholders_are_no_mismatch() -> None:
    lines = ("c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0", "a=mid:0", "a=rtcp-mux")
    solo = call_from(peer_text(section(9, *lines, ice=False), options="trickle ice2"))
    answer = parsed(solo.answer(MUXED))
    assert solo.all(MismatchFound) == []
    assert [c.component for c in answer.media[0].candidates] == [1]


@rfc("8445", "5.1.1", "RECOMMENDED", "8445-5.1.1-1")
def test_gathering_begins_with_the_offer_and_not_with_the_answer() -> None:
    server = IceServer(ServerKind.STUN, Address.parse("192.0.2.99", 3478))
    solo = Solo(SessionConfig(agent=AgentConfig(servers=(server,))))
    solo.controller.receive_offer(0.0, "peer", peer_text(section()))
    solo.wait(0.2)
    asked = [one for one in solo.commands if isinstance(one, SendDatagram)]
    assert {one.remote for one in asked} == {server.address}


@rfc("8445", "13", "rule", "8445-13-2")
@rfc("9429", "3.5.5", "MUST", "9429-3.5.5-1")
@pytest.mark.parametrize("options", ["ice2 rtp+ecn foo", None, "trickle"])
def test_options_that_we_do_not_know_or_that_are_missing_do_no_harm(options: str | None) -> None:
    solo = call_from(peer_text(section(), options=options))
    answer = parsed(solo.answer(OWN))
    assert answer.ice_options == ("ice2",)
    assert answer.media[0].candidates


@rfc("9429", "5.2.2", "MUST", "9429-5.2.2-2")
def test_versions_may_jump() -> None:
    solo = call_from(peer_text(section()))
    solo.answer(OWN)
    seen = solo.offered(peer_text(section(6000, "a=sendonly"), version=40))
    origin = parsed(seen).origin
    assert origin is not None
    assert origin.session_version == "2", "our stack sees steps of one"


@rfc("8838", "5", "MUST", "8838-5-1")
@pytest.mark.parametrize("offers_trickle", [True, False])
@rfc("8838", "5", "MAY", "8838-5-2")
def test_the_answer_waits_for_candidates_unless_the_offer_takes_them_one_by_one(
    offers_trickle: bool,
) -> None:
    server = IceServer(ServerKind.STUN, Address.parse("192.0.2.99", 3478))
    options = "ice2 trickle" if offers_trickle else "ice2"
    begun = Solo(SessionConfig(agent=AgentConfig(servers=(server,))))
    begun.controller.receive_offer(
        0.0, "peer", peer_text(section(6000, "a=mid:x"), options=options)
    )
    begun.take()
    begun.controller.begin_answer(0.0, "peer", OWN)
    at_once = [one for one in begun.take() if isinstance(one, DescriptionReady)]
    assert bool(at_once) is offers_trickle
    waited = [one for one in begun.wait(5.0) if isinstance(one, DescriptionReady)]
    assert len(at_once + waited) == 1


@rfc("5761", "5.1.1/8035", "MUST", "5761-5.1.1-1")
def test_mux_that_was_not_offered_is_not_answered() -> None:
    solo = call_from(peer_text(section(components=2)))
    answer = parsed(solo.answer(MUXED))
    assert not answer.media[0].rtcp_mux
    assert {c.component for c in answer.media[0].candidates} == {1, 2}


@rfc("5761", "5.1.3", "MUST", "5761-5.1.3-2")
def test_mux_that_is_accepted_leaves_one_component() -> None:
    solo = call_from(peer_text(section(6000, "a=rtcp-mux", components=2)))
    media = parsed(solo.answer(MUXED)).media[0]
    assert media.rtcp_mux
    assert {c.component for c in media.candidates} == {1}
    assert media.rtcp is None


@rfc("8445", "5.1.1.1", "rule", "8445-5.1.1.1-4")
def test_a_missing_second_component_is_no_proof_of_mux() -> None:
    solo = call_from(peer_text(section()))
    media = parsed(solo.answer(OWN)).media[0]
    assert {c.component for c in media.candidates} == {1, 2}


@rfc("5761", "5.1.3", "MUST NOT", "5761-5.1.3-3")
def test_mux_that_is_refused_leaves_both_components() -> None:
    solo = call_from(peer_text(section(6000, "a=rtcp-mux", components=2)))
    media = parsed(solo.answer(OWN)).media[0]
    assert not media.rtcp_mux
    assert {c.component for c in media.candidates} == {1, 2}


@rfc("8858", "4.3", "MUST", "8858-4.3-1")
@rfc("8858", "4.3", "MUST NOT", "8858-4.3-2")
@pytest.mark.parametrize("can", [True, False])
def test_a_mux_only_stream_is_muxed_or_refused(can: bool) -> None:
    solo = call_from(peer_text(section(6000, "a=rtcp-mux", "a=rtcp-mux-only")))
    own = own_text(own_section(7000, "a=rtcp-mux", "a=rtcp-mux-only")) if can else OWN
    media = parsed(solo.answer(own)).media[0]
    assert bool(media.port) is can
    assert not media.rtcp_mux_only
    assert media.rtcp_mux is can


@rfc("3264", "6", "MUST", "3264-6-4")
def test_port_0_is_answered_with_port_0_whatever_our_stack_says() -> None:
    solo = call_from(peer_text(section(), section(0)))
    answer = parsed(solo.answer(own_text(own_section(), own_section(7002))))
    assert [media.port for media in answer.media] == [40000, 0]
    assert not answer.media[1].has("candidate")


@rfc("3264", "6", "MUST", "3264-6-3")
def test_a_stream_that_our_stack_refuses_gives_its_ports_back() -> None:
    solo = call_from(peer_text(section(), section(6002)))
    answer = parsed(solo.answer(own_text(own_section(), own_section(0))))
    assert answer.media[1].port == 0
    assert solo.closed == [1]


@rfc("6337", "3.1.1", "must", "6337-3.1.1-3")
@rfc("8840", "4.3.2", "rule/MUST", "8840-4.3.2-4")
@rfc("8840", "4.3.3", "MUST/MAY", "8840-4.3.3-2")
def test_the_final_answer_repeats_its_preview_byte_for_byte() -> None:
    solo = call_from(peer_text(section()))
    preview = solo.answer(OWN, final=False)
    assert solo.answer(own_text(own_section(7000, "a=ptime:20")), final=False) == preview
    assert solo.controller.receive_offer(solo.now, "peer", OWN) is not None, "still open"
    assert solo.answer(own_text(own_section(7000, "a=sendonly"), version=3)) == preview
    assert solo.controller.receive_offer(solo.now, "peer", peer_text(section(), version=2)) is None


@rfc("8839", "4.4.2.1", "MUST", "8839-4.4.2.1-1")
@rfc("5245", "9.2.1.1", "compat", "5245-9.2.1.1-1")
@rfc("8838", "15", "rule", "8838-15-1")
@pytest.mark.parametrize("both", [True, False], ids=["both", "only the ufrag"])
def test_a_restart_is_answered_with_new_ufrag_and_password(both: bool) -> None:
    solo = call_from(peer_text(section()))
    first = effective.credentials(parsed(solo.answer(OWN)), 0)
    more = {"pwd": "z" * 24} if both else {}
    solo.offered(peer_text(section(), version=2, ufrag="OTHERufr", **more))  # type: ignore[arg-type]
    again = effective.credentials(parsed(solo.answer(OWN)), 0)
    assert first is not None
    assert again is not None
    assert first.ufrag != again.ufrag
    assert first.pwd != again.pwd
    assert role(solo) is Role.CONTROLLED


@rfc("8839", "4.4.1.1.1", "MUST NOT", "8839-4.4.1.1.1-3")
def test_credentials_that_only_move_to_another_level_are_no_restart() -> None:
    solo = call_from(peer_text(section()))
    first = effective.credentials(parsed(solo.answer(OWN)), 0)
    moved = section(6000, "a=ice-options:ice2", f"a=ice-ufrag:{PEER_UFRAG}",
                    "a=ice-pwd:PEERpasswordPEERpassword")  # fmt: skip
    solo.offered(peer_text(moved, version=2, ufrag=None))
    assert effective.credentials(parsed(solo.answer(OWN)), 0) == first


@pytest.mark.parametrize("hold", ["a=sendonly", "a=inactive"])
@rfc("3264", "8.4", "rule", "3264-8.4-1")
@rfc("6337", "5.3", "should", "6337-5.3-1")
@rfc("3264", "5.1", "rule", "3264-5.1-2")
def test_hold_and_resume_touch_no_ice(hold: str) -> None:
    solo = call_from(peer_text(section()))
    first = parsed(solo.answer(OWN))
    for version, line in ((2, hold), (3, "a=sendrecv")):
        seen = solo.offered(peer_text(section(6000, line), version=version))
        assert line.encode() in seen
        answer = parsed(solo.answer(own_text(own_section(7000, "a=recvonly"))))
        assert effective.credentials(answer, 0) == effective.credentials(first, 0)
        assert answer.media[0].rtcp == first.media[0].rtcp
    assert solo.opened == [0]


@rfc("3264", "8.4", "MUST", "3264-8.4-2")
@rfc("6337", "5.4", "rule", "6337-5.4-1")
def test_the_old_hold_stops_media_of_a_peer_without_ice_until_it_resumes() -> None:
    solo = call_from(peer_text(section(ice=False), ufrag=None))
    solo.answer(OWN)
    path = solo.controller.media("peer", 0, 1)
    held = peer_text(section(6000, "c=IN IP4 0.0.0.0", ice=False), ufrag=None, version=2)
    seen = solo.offered(held)
    assert b"c=IN IP4 0.0.0.0" in seen, "our stack has to know"
    solo.answer(OWN)
    assert solo.controller.media("peer", 0, 1).send is None
    solo.offered(peer_text(section(ice=False), ufrag=None, version=3))
    solo.answer(OWN)
    assert solo.controller.media("peer", 0, 1) == path


@rfc("3264", "8.4", "MUST", "3264-8.4-2")
def test_with_ice_the_old_hold_is_only_a_missing_default() -> None:
    topology = build(OPEN, OPEN, rtt=0.020)
    call = Conversation(topology).connect().run(5.0)
    offer = call.judge.sent["a", ""][0]
    held = sdp.parse(offer)
    sdp.rewrite.set_destination(held, 0, sdp.Destination("0.0.0.0", 9))
    sdp.rewrite.set_origin(held, version=99)
    call.inject(call.b, held.to_bytes())
    assert call.b.controller.media("a", 0, 1).send is not None
    call.talk()


def test_a_refresh_is_answered_with_the_same_bytes_and_touches_nothing() -> None:
    offer = peer_text(section())
    solo = call_from(offer)
    seen, answer = solo.judge.shown["solo", "peer"][-1], solo.answer(OWN)
    for number in range(3):
        assert solo.offered(offer) == seen
        assert solo.answer(own_text(own_section(7000, f"a=ptime:{number}"))) == answer
    assert solo.opened == [0]


def test_a_refresh_after_our_own_update_is_no_place_for_remote_candidates() -> None:
    topology = build(OPEN, OPEN, rtt=0.020)
    call = Conversation(topology).connect().run(5.0)
    call.reoffer(call.a)
    call.run(1.0)
    assert call.sent(call.a)[-1].media[0].remote_candidates
    repeated = call.judge.sent["b", "a"][-1]
    call.inject(call.a, repeated)
    call.run(1.0)
    answer = call.sent(call.a)[-1]
    assert not answer.media[0].remote_candidates
    assert answer.media[0].candidates


def test_a_peer_that_forgets_to_count_up_is_understood_anyway() -> None:
    solo = call_from(peer_text(section()))
    solo.answer(OWN)
    seen = solo.offered(peer_text(section(6000, "a=sendonly")))
    assert b"a=sendonly" in seen
    assert parsed(seen).origin != parsed(solo.judge.shown["solo", "peer"][0]).origin


@rfc("8839", "4.4.3.1", "MUST/SHOULD NOT", "8839-4.4.3.1-5")
@rfc("8839", "4.3.1", "note", "8839-4.3.1-4")
def test_an_offer_without_ice_in_mid_call_goes_on_without_and_may_come_back() -> None:
    solo = call_from(peer_text(section()))
    first = effective.credentials(parsed(solo.answer(OWN)), 0)
    solo.offered(peer_text(section(ice=False), version=2, ufrag=None))
    assert b"candidate" not in solo.answer(OWN)
    assert [one.stream for one in solo.all(IceOff)] == [0]
    path = solo.controller.media("peer", 0, 1).send
    assert path is not None
    solo.offered(peer_text(section(), version=3, ufrag="OTHERufr"))
    again = effective.credentials(parsed(solo.answer(OWN)), 0)
    assert again not in (None, first)
    assert solo.controller.media("peer", 0, 1).send == path, "until a pair is valid"
    assert role(solo) is Role.CONTROLLED


@rfc("8839", "4.4.2", "rule", "8839-4.4.2-2")
@rfc("8839", "4.4.2", "MUST", "8839-4.4.2-5")
@rfc("8839", "4.4.2", "MUST NOT", "8839-4.4.2-1")
def test_an_updated_offer_is_answered_with_the_candidates_it_names() -> None:
    topology = build(OPEN, OPEN, rtt=0.020)
    stacks = Stack("a", [Line(extra=MUX)]), Stack("b", [Line(extra=MUX)])
    call = Conversation(topology, stacks=stacks).connect().run(5.0)
    call.reoffer(call.a)
    call.run(1.0)
    offer, answer = call.sent(call.a)[-1], call.sent(call.b)[-1]
    (entry,) = offer.media[0].remote_candidates
    (candidate,) = answer.media[0].candidates
    assert (entry.address, entry.port) == (candidate.address, candidate.port)
    assert not answer.media[0].has("remote-candidates")
    assert call.refused == []
    call.talk()


@rfc("8839", "4.4.2", "SHOULD", "8839-4.4.2-4")
def test_an_updated_offer_that_overtakes_our_own_check_waits_for_it() -> None:
    """RFC 8839 appendix B."""
    topology = build(OPEN, OPEN, rtt=0.020)
    stacks = Stack("a", [Line(extra=MUX)]), Stack("b", [Line(extra=MUX)])
    call = Conversation(topology, stacks=stacks, rules=Rules(delay=0.005))
    world = call.world
    world.losses.append(
        lambda name, packet: name == "b" and world.now < 0.4 and packet.data[:2] == b"\0\1"
    )
    call.start()
    world.run(until=0.3)
    assert call.a.all(PathSelected)
    assert not call.b.all(PathSelected), "its own checks are lost"
    answers = len(call.sent(call.b))
    call.reoffer(call.a)
    world.run(until=0.45)
    assert len(call.sent(call.b)) == answers, "the answer waits"
    world.run(until=2.0)
    (candidate,) = call.sent(call.b)[-1].media[0].candidates
    (entry,) = call.sent(call.a)[-1].media[0].remote_candidates
    assert (candidate.address, candidate.port) == (entry.address, entry.port)
    assert len(call.sent(call.b)) == answers + 1


@rfc("8839", "4.4.2", "SHOULD", "8839-4.4.2-3")
def test_an_updated_offer_of_a_pair_that_has_failed_here_is_answered_and_ice_restarts() -> None:
    solo = call_from(peer_text(section()), quick(pac=1.0, rc=2))
    solo.controller.begin_answer(solo.now, "peer", OWN)
    solo.take()
    ours = next(iter(solo.bases))
    lines = (f"a=remote-candidates:1 {ours.host} {ours.port}",)
    solo.controller.receive_offer(solo.now, "peer", peer_text(section(6000, *lines), version=2))
    solo.take()
    solo.controller.begin_answer(solo.now, "peer", OWN)
    assert not [one for one in solo.take() if isinstance(one, DescriptionReady)]
    new = solo.wait(60.0)
    (ready,) = [one for one in new if isinstance(one, DescriptionReady)]
    assert ready.kind is Kind.ANSWER
    assert next(one.reason for one in new if isinstance(one, UpdateNeeded)) is Reason.RESTART
    later = parsed(solo.offer(OWN))
    assert effective.is_restart(parsed(ready.sdp), later, 0)


def test_our_stacks_refusal_of_an_offer_changes_nothing() -> None:
    solo = call_from(peer_text(section()))
    first = parsed(solo.answer(OWN))
    dialog = solo.controller._leg.dialogs["peer"]
    slots = dialog.slots
    solo.offered(peer_text(section(), section(6002), version=2, ufrag="OTHERufr", pwd="q" * 24))
    solo.controller.offer_failed(solo.now, "peer", 488)
    solo.take()
    assert dialog.slots == slots
    assert solo.closed == [1]
    solo.offered(peer_text(section(), version=3))
    assert effective.credentials(parsed(solo.answer(OWN)), 0) == effective.credentials(first, 0)


@rfc("6337", "2.2", "must", "6337-2.2-1")
@rfc("8839", "7.1.2", "SHOULD/MUST", "8839-7.1.2-1")
@rfc("3262", "5", "MUST", "3262-5-2")
def test_an_invite_without_offer_gets_ours_and_its_answer_later() -> None:
    solo = Solo(quick())
    offer = parsed(solo.offer(OWN))
    assert offer.media[0].candidates
    solo.answered(peer_text(section()))
    assert role(solo) is Role.CONTROLLING


@rfc("3264", "8.3.3", "MAY", "3264-8.3.3-1")
def test_audio_becomes_fax_and_audio_again_over_the_same_stream() -> None:
    topology = build(OPEN, OPEN, rtt=0.020)
    call = Conversation(topology).connect().run(5.0)
    fax = Line("image", "udptl", "t38", extra=())
    for line in (fax, Line()):
        call.stack["a"].lines = [line]
        call.reoffer(call.a)
        call.run(2.0)
        assert call.sent(call.b)[-1].media[0].type == line.media
        call.talk()
    assert call.refused == []
    assert call.a.controller.streams("b") == (0,)


@rfc("8839", "4.4.3.1", "MUST", "8839-4.4.3.1-2")
@rfc("8839", "4.4.3.1", "rule", "8839-4.4.3.1-3")
def test_an_exchange_while_checks_run_keeps_what_they_have_come_to() -> None:
    solo = call_from(peer_text(section()))
    solo.controller.begin_answer(solo.now, "peer", OWN)
    solo.take()
    agent = solo.controller._leg.dialogs["peer"].agent
    first = list(agent._state.streams[0].current.checklist)
    states = [(pair.to, pair.state) for pair in first]
    assert states
    line = "a=candidate:2 1 UDP 2130706000 198.51.100.8 6000 typ host"
    more = peer_text(section(6000, line), section(6100), version=2)
    solo.controller.receive_offer(solo.now, "peer", more)
    solo.take()
    solo.controller.begin_answer(solo.now, "peer", own_text(own_section(), own_section(7002)))
    solo.take()
    later = agent._state.streams[0].current.checklist
    assert [(pair.to, pair.state) for pair in later if pair in first] == states
    assert {pair.to.host for pair in later} == {"198.51.100.7", "198.51.100.8"}
    second = agent._state.streams[1].current
    assert second.checklist
    assert not any(component.valid for component in second.components)
