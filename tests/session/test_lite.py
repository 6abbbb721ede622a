"""Lite agents: as peers, as ourselves, and two of them."""

from __future__ import annotations

import pytest

from sdp import effective
from sipice.ice import AgentConfig, Role
from sipice.session import SessionConfig, Trickle
from tests.marks import rfc
from tests.session.conversation import Conversation
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
