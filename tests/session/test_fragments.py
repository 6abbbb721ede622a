"""Candidates that travel in fragments."""

from __future__ import annotations

import pytest

import sdp
from sdp import effective
from sipice.ice import AgentConfig, IceServer, ServerKind
from sipice.net import Address
from sipice.session import DescriptionReady, FragmentReady, SessionConfig, Trickle
from tests.marks import rfc
from tests.session.conversation import Conversation, Rules
from tests.session.solo import (
    PEER_PWD,
    PEER_UFRAG,
    Solo,
    own_section,
    own_text,
    parsed,
    peer_text,
    section,
)
from tests.simnet.call import ice_servers
from tests.simnet.nat import PORT_RESTRICTED
from tests.simnet.topology import behind, build

OWN = own_text(own_section())
SERVER = IceServer(ServerKind.STUN, Address.parse("192.0.2.99", 3478))
SLOW = SessionConfig(agent=AgentConfig(servers=(SERVER,)))


def offer(*lines: str) -> bytes:
    return peer_text(section(6000, "a=mid:x", *lines), options="ice2 trickle")


def body(*candidates: str, ufrag: str = PEER_UFRAG, mid: str = "x", ended: bool = False) -> bytes:
    lines = [f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{PEER_PWD}", "m=audio 9 RTP/AVP 0", f"a=mid:{mid}"]
    lines += [f"a=candidate:{one}" for one in candidates]
    lines += ["a=end-of-candidates"] if ended else []
    return "".join(f"{line}\r\n" for line in lines).encode()


LATE = "9 1 UDP 1694498815 198.51.100.77 7777 typ srflx raddr 10.0.0.1 rport 5"


def remotes(solo: Solo) -> set[str]:
    agent = solo.controller._leg.dialogs["peer"].agent
    remote = agent._state.streams[0].current.remote
    return set() if remote is None else {one.address.host for one in remote.candidates}


def trickling() -> Solo:
    """A call whose answer left while our gathering is still under way."""
    solo = Solo(SLOW)
    solo.controller.receive_offer(0.0, "peer", offer())
    solo.take()
    solo.controller.begin_answer(0.0, "peer", OWN)
    solo.take()
    return solo


@rfc("8840", "4", "MAY/MUST", "8840-4-4")
@rfc("8840", "3.2", "rule", "8840-3.2-1")
@rfc("8840", "4.4", "MUST", "8840-4.4-7")
@rfc("8838", "13", "SHOULD", "8838-13-2")
@rfc("8840", "4.4", "MAY/MUST", "8840-4.4-3")
def test_what_comes_later_leaves_in_a_fragment_with_the_end_mark() -> None:
    solo = trickling()
    sent = parsed(solo.judge.sent["solo", "peer"][-1])
    assert not sent.media[0].end_of_candidates
    solo.wait(6.0)
    (ready,) = solo.all(FragmentReady)
    fragment = sdp.parse_fragment(ready.body)
    assert fragment.mids == ("x",)
    assert fragment.has_ended("x")
    assert fragment.credentials("x") == effective.credentials(sent, 0)
    assert fragment.media[0].media_line == sent.media[0].media_line
    assert sdp.lint.check(fragment) == []


@rfc("8840", "4.4", "MUST", "8840-4.4-9")
def test_each_fragment_repeats_what_came_before_in_its_order() -> None:
    topology = build(behind(PORT_RESTRICTED), behind(PORT_RESTRICTED), rtt=0.050)
    config = SessionConfig(
        agent=AgentConfig(servers=ice_servers(topology, turn=True)), trickle=Trickle.FULL
    )
    call = Conversation(topology, config).connect()
    bodies = [event.body for event in call.b.all(FragmentReady)]
    assert len(bodies) > 1
    first = [c.to_bytes() for c in call.sent(call.b)[0].media[0].candidates]
    for one in bodies:
        lines = [c.to_bytes() for c in sdp.parse_fragment(one).media[0].candidates]
        assert lines[: len(first)] == first
        first = lines


@rfc("8840", "4.3", "MUST", "8840-4.3-1")
@rfc("8838", "3", "MUST", "8838-3-2")
@rfc("8839", "5.6", "rule", "8839-5.6-1")
@pytest.mark.parametrize("case", ["no option", "no mid", "said so by SIP", "switched off"])
def test_nothing_is_trickled_to_who_cannot_take_it(case: str) -> None:
    options = "ice2" if case == "no option" else "ice2 trickle"
    lines = () if case == "no mid" else ("a=mid:x",)
    config = (
        SessionConfig(agent=SLOW.agent, trickle=Trickle.OFF) if case == "switched off" else SLOW
    )
    solo = Solo(config)
    text = peer_text(section(6000, *lines), options=options)
    solo.controller.receive_offer(0.0, "peer", text)
    solo.take()
    if case == "said so by SIP":
        solo.controller.set_trickle(0.0, "peer", supported=False)
    solo.controller.begin_answer(0.0, "peer", OWN)
    solo.wait(20.0)
    assert len(solo.all(DescriptionReady)) == 2
    assert solo.all(FragmentReady) == []


@rfc("8838", "9", "MUST", "8838-9-2")
@rfc("8838", "18", "MUST", "8838-18-1")
@rfc("8840", "4.4", "MUST", "8840-4.4-10")
def test_the_peers_candidates_reach_ice_once() -> None:
    solo = trickling()
    for _ in range(3):
        assert solo.controller.receive_fragment(solo.now, "peer", body(LATE)) is None
    assert remotes(solo) == {"198.51.100.7", "198.51.100.77"}


@rfc("8840", "4.4", "MUST", "8840-4.4-8")
@rfc("8838", "9", "rule", "8838-9-3")
@pytest.mark.parametrize("one", [body(LATE, ufrag="STALEufr"), body(LATE, mid="y"), b"", b"\xff"])
def test_other_generations_and_sections_are_ignored(one: bytes) -> None:
    solo = trickling()
    assert solo.controller.receive_fragment(solo.now, "peer", one) is None
    assert remotes(solo) == {"198.51.100.7"}


@rfc("8838", "14", "MUST", "8838-14-2")
def test_nothing_counts_after_the_end_mark() -> None:
    solo = trickling()
    solo.controller.receive_fragment(solo.now, "peer", body(ended=True))
    solo.controller.receive_fragment(solo.now, "peer", body(LATE))
    assert remotes(solo) == {"198.51.100.7"}


def test_what_comes_before_our_answer_waits_for_it() -> None:
    solo = Solo(SLOW)
    solo.controller.receive_offer(0.0, "peer", offer())
    solo.take()
    solo.controller.receive_fragment(0.0, "peer", body(LATE, ended=True))
    assert remotes(solo) == set()
    solo.controller.begin_answer(0.0, "peer", OWN)
    solo.take()
    assert remotes(solo) == {"198.51.100.7", "198.51.100.77"}


@rfc("8840", "4", "MAY", "8840-4-5")
@rfc("8840", "4.3.3", "MUST", "8840-4.3.3-1")
def test_checks_run_before_any_answer_when_the_peer_trickles_in_an_early_dialog() -> None:
    solo = Solo(SessionConfig())
    solo.offer(OWN, "")
    mid = parsed(solo.judge.sent["solo", ""][0]).media[0].mid
    assert mid is not None
    solo.controller.set_trickle(solo.now, "peer", supported=True)
    solo.controller.receive_fragment(solo.now, "peer", body(LATE, mid=mid))
    assert remotes(solo) == {"198.51.100.77"}
    solo.answered(peer_text(section(6000, f"a=mid:{mid}"), options="ice2 trickle"))
    assert remotes(solo) == {"198.51.100.77", "198.51.100.7"}


def test_credentials_that_no_check_can_be_made_with_introduce_nobody() -> None:
    solo = Solo(SessionConfig())
    solo.offer(OWN, "")
    solo.controller.receive_fragment(solo.now, "peer", body(LATE, mid="0", ufrag="x"))
    assert remotes(solo) == set()


def test_fragments_that_are_too_large_or_for_nobody_are_refused() -> None:
    solo = trickling()
    huge = b"a=x:" + b"y" * (1 << 20)
    refusal = solo.controller.receive_fragment(solo.now, "peer", huge)
    assert refusal is not None
    assert refusal.status == 413
    stranger = solo.controller.receive_fragment(solo.now, "nobody", body(LATE))
    assert stranger is not None
    assert stranger.status == 481


@rfc("8840", "4.2", "rule", "8840-4.2-1")
@rfc("8840", "3.2", "SHALL", "8840-3.2-2")
def test_a_later_offer_holds_all_that_was_trickled_and_counts_up_by_one() -> None:
    topology = build(behind(PORT_RESTRICTED), behind(PORT_RESTRICTED), rtt=0.050)
    config = SessionConfig(agent=AgentConfig(servers=ice_servers(topology)), trickle=Trickle.HALF)
    call = Conversation(topology, config, rules=Rules(trickling=True)).start()
    call.world.run(until=10.0, stop=lambda: bool(call.b.all(FragmentReady)))
    told = sdp.parse_fragment(call.b.all(FragmentReady)[-1].body).media[0].candidates
    call.reoffer(call.b)
    call.run(0.001)
    offer_text = call.sent(call.b)[-1]
    assert [c.to_bytes() for c in offer_text.media[0].candidates] == [c.to_bytes() for c in told]


@rfc("8840", "7", "SHOULD/MUST", "8840-7-2")
def test_a_fragment_of_a_bundling_answerer_names_the_group() -> None:
    solo = Solo(SLOW)
    head = ("a=group:BUNDLE x y",)
    parts = [section(6000 + 2 * n, f"a=mid:{mid}", "a=rtcp-mux") for n, mid in enumerate("xy")]
    solo.controller.receive_offer(0.0, "peer", peer_text(*parts, options="ice2 trickle", head=head))
    solo.take()
    own = [own_section(7000 + 2 * n, f"a=mid:{mid}", "a=rtcp-mux") for n, mid in enumerate("xy")]
    solo.controller.begin_answer(0.0, "peer", own_text(*own, head=head))
    solo.take()
    solo.wait(6.0)
    assert b"a=group:BUNDLE x y\r\n" in solo.all(FragmentReady)[-1].body


def test_the_whole_of_what_is_trickled_can_be_had_at_any_time() -> None:
    solo = trickling()
    assert b"a=mid:x" in solo.controller.fragment(solo.now, "peer")
    assert solo.controller.fragment(solo.now, "nobody") == b""


@rfc("8838", "3", "rule", "8838-3-4")
def test_once_the_peer_is_known_to_trickle_later_offers_leave_at_once() -> None:
    solo = trickling()
    solo.wait(6.0)
    solo.controller.begin_offer(solo.now, "peer", own_text(own_section(), own_section(7002)))
    (ready,) = [one for one in solo.take() if isinstance(one, DescriptionReady)]
    assert not parsed(ready.sdp).media[1].end_of_candidates
    (later,) = [one for one in solo.wait(solo.now + 6.0) if isinstance(one, FragmentReady)]
    assert sdp.parse_fragment(later.body).has_ended("1")


@rfc("8840", "6", "rule", "8840-6-1")
def test_a_half_trickling_offer_lists_all_components() -> None:
    solo = Solo(SessionConfig())
    text = solo.offer(own_text(own_section(7000, "a=rtcp-mux")), "")
    assert {one.component for one in parsed(text).media[0].candidates} == {1, 2}


@rfc("9143", "10", "note", "9143-10-4")
def test_what_is_trickled_for_a_bundled_section_is_the_groups() -> None:
    solo = Solo(SLOW)
    head = ("a=group:BUNDLE x y",)
    parts = [section(9, "c=IN IP4 0.0.0.0", f"a=mid:{mid}", "a=rtcp-mux", ice=False)
             for mid in "xy"]  # fmt: skip
    solo.controller.receive_offer(0.0, "peer", peer_text(*parts, options="ice2 trickle", head=head))
    solo.take()
    own = [own_section(7000 + 2 * n, f"a=mid:{mid}", "a=rtcp-mux") for n, mid in enumerate("xy")]
    solo.controller.begin_answer(0.0, "peer", own_text(*own, head=head))
    solo.take()
    solo.controller.receive_fragment(0.0, "peer", body(LATE, mid="y"))
    assert remotes(solo) == {"198.51.100.77"}
