"""Lite agents: as peers, as ourselves, and two of them."""

from __future__ import annotations

import pytest

from sdp import effective
from sipice.ice import AgentConfig, Role
from sipice.session import DescriptionReady, SessionConfig, Trickle, UpdateNeeded
from tests.marks import rfc
from tests.session.conversation import Conversation
from tests.session.solo import Solo, own_section, own_text, parsed, peer_text, section
from tests.session.stack import MUX, Line, Stack
from tests.simnet.call import ice_servers
from tests.simnet.nat import PORT_RESTRICTED
from tests.simnet.party import Party
from tests.simnet.topology import OPEN, behind, build

LITE = SessionConfig(agent=AgentConfig(lite=True), trickle=Trickle.OFF)


def call(*, lite: str, hosts: int = 1) -> Conversation:
    """``lite`` names the lite sides; the other one is behind a NAT."""
    kinds = [OPEN if name in lite else behind(PORT_RESTRICTED) for name in "ab"]
    topology = build(*kinds, rtt=0.050)
    for site in topology.sites[: 2 if hosts > 1 else 0]:
        for number in range(1, hosts):
            site.host.interfaces[0].add(f"203.0.113.{80 + 10 * (site is topology.b) + number}")
    full = SessionConfig(agent=AgentConfig(servers=ice_servers(topology)), trickle=Trickle.OFF)
    configs = [LITE if name in lite else full for name in "ab"]
    stacks = Stack("a", [Line(extra=MUX)]), Stack("b", [Line(extra=MUX)])
    return Conversation(topology, *configs, stacks=stacks)


def role(made: Conversation, party: Party) -> Role:
    return party.controller._leg.dialogs[made.dialog(party)].agent.role


@pytest.mark.parametrize("lite", ["a", "b", "ab"])
@rfc("8839", "4.2.1.4", "MUST/MUST NOT", "8839-4.2.1.4-1")
@rfc("9429", "5.1.1", "MUST", "9429-5.1.1-1")
def test_lite_sides_connect_and_the_full_one_controls(lite: str) -> None:
    made = call(lite=lite).connect()
    made.talk()
    for party in (made.a, made.b):
        text = made.sent(party)[0]
        assert effective.is_lite(text) is (party.name in lite)
        assert (text.ice_pacing is None) is (party.name in lite)
    if lite == "ab":
        assert role(made, made.a) is Role.CONTROLLING
    else:
        full = made.a if lite == "b" else made.b
        assert role(made, full) is Role.CONTROLLING


@rfc("8839", "4.4.1.3 Lite", "MUST", "8839-4.4.1.3-1")
@rfc("8839", "4.4.1.3 Lite", "MUST", "8839-4.4.1.3-2")
@pytest.mark.parametrize("completed", [False, True])
def test_later_offers_of_a_lite_agent(completed: bool) -> None:
    """All candidates again while ICE runs; the one in use, without remote-candidates, after."""
    made = call(lite="a", hosts=3)
    made.start()
    made.world.run(until=10.0 if completed else 0.330)
    made.reoffer(made.a)
    made.run(1.0)
    first, later = made.sent(made.a)[0], made.sent(made.a)[-1]
    assert effective.credentials(first, 0) == effective.credentials(later, 0)
    if completed:
        (candidate,) = later.media[0].candidates
        assert candidate.address == made.selected(made.a).local.address.host
        assert later.media[0].port == candidate.port
    else:
        told = [one for one in first.media[0].candidates if one.component == 1]
        assert later.media[0].candidates == told
    assert not later.media[0].remote_candidates
    made.talk()


@rfc("8839", "4.4.3.2 Lite", "MUST", "8839-4.4.3.2-1")
@pytest.mark.parametrize("who", ["a", "b"])
def test_a_restart_with_a_lite_side_keeps_media_flowing(who: str) -> None:
    made = call(lite="b").connect().run(5.0)
    party = made.a if who == "a" else made.b
    made.reoffer(party, restart=True)
    made.talk(3.0)
    for one in (made.a, made.b):
        assert effective.is_restart(made.sent(one)[0], made.sent(one)[-1], 0)


@rfc("8839", "4.4.1.3 Lite", "MUST", "8839-4.4.1.3-3")
def test_the_controlling_one_of_two_lite_agents_names_the_remote_candidates() -> None:
    made = call(lite="ab").connect().run(1.0)
    made.reoffer(made.a)
    made.run(1.0)
    (entry,) = made.sent(made.a)[-1].media[0].remote_candidates
    assert (entry.address, entry.port) == (
        made.selected(made.b).local.address.host,
        made.selected(made.b).local.address.port,
    )
    assert not made.sent(made.b)[-1].media[0].remote_candidates
    made.talk()


@rfc("8839", "4.4.2.2 Lite", "rule/MUST", "8839-4.4.2.2-1")
@pytest.mark.parametrize("offers", [True, False])
def test_of_two_lite_agents_who_gets_remote_candidates_is_controlled_and_takes_them(
    offers: bool,
) -> None:
    solo = Solo(LITE, hosts=("192.0.2.10", "192.0.2.11"))
    other = "a=candidate:2 1 UDP 2130706000 198.51.100.8 6000 typ host"
    lite = ("a=ice-lite",)
    first = peer_text(section(6000, other), head=lite)
    own = own_text(own_section())
    controller = solo.controller
    if offers:
        controller.begin_offer(0.0, "", own)
        solo.take()
        controller.receive_answer(0.0, "peer", first)
    else:
        controller.receive_offer(0.0, "peer", first)
        solo.take()
        controller.begin_answer(0.0, "peer", own)
    solo.take()
    (ours,) = [one for one in solo.bases if (one.host, one.port) == ("192.0.2.11", 40000)]
    lines = (
        "c=IN IP4 198.51.100.8",
        other,
        f"a=remote-candidates:1 {ours.host} {ours.port}",
    )
    later = peer_text(section(6000, *lines, ice=False), version=2, head=lite)
    controller.receive_offer(1.0, "peer", later)
    solo.take()
    controller.begin_answer(1.0, "peer", own)
    (ready,) = [one for one in solo.take() if isinstance(one, DescriptionReady)]
    answer = parsed(ready.sdp)
    (candidate,) = answer.media[0].candidates
    assert (candidate.address, candidate.port) == (ours.host, ours.port)
    path = solo.controller.media("peer", 0, 1).send
    assert path is not None
    assert (path.base.address, path.to.host) == (ours, "198.51.100.8")
    assert solo.controller._leg.dialogs["peer"].agent.role is Role.CONTROLLED
    assert solo.all(UpdateNeeded) == []
