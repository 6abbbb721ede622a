"""Whole calls: late answers, early checks, third parties, hold."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import pytest

from sipice.ice import AgentConfig, CandidateType, Role
from sipice.session import DescriptionReady, SessionConfig, Trickle, UpdateNeeded
from tests.marks import rfc
from tests.session.conversation import Conversation, Rules
from tests.simnet.call import ice_servers
from tests.simnet.nat import PORT_RESTRICTED, SYMMETRIC
from tests.simnet.party import Party
from tests.simnet.topology import OPEN, SiteKind, behind, build

HOME, HARD = behind(PORT_RESTRICTED), behind(SYMMETRIC)


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize("ringing", [5.0, 8.0, 25.0, 30.0, 120.0])
@pytest.mark.parametrize(
    "kinds", [(OPEN, OPEN), (HOME, HOME), (HARD, HOME)], ids=["open", "nat", "symmetric"]
)
def test_late_answers_have_audio_every_time(
    kinds: tuple[SiteKind, SiteKind], ringing: float, preview: bool
) -> None:
    topology = build(*kinds, rtt=0.050)
    agent = AgentConfig(servers=ice_servers(topology, turn=True))
    rules = Rules(ringing=ringing, preview=preview)
    call = Conversation(topology, SessionConfig(agent=agent), rules=rules).start()
    call.world.run(until=ringing + 30.0, stop=lambda: call.answered)
    call.run(1.0)
    call.talk()


@rfc("8839", "4.2.4", "MUST", "8839-4.2.4-1")
def test_checks_are_answered_before_the_answer_that_they_belong_to_has_come() -> None:
    topology = build(OPEN, OPEN, rtt=0.020)
    call = Conversation(topology, rules=Rules(delay=1.0))
    told: list[float] = []
    call.world.sent.append(
        lambda now, name, packet: told.append(now) if packet.data[:2] == b"\1\1" else None
    )
    call.start()
    call.world.run(until=1.9)
    assert not call.answered
    assert min(told) < 1.2, "a has answered the checks of b"
    call.world.run(until=2.1)
    call.talk()


@rfc("8839", "7.5", "note", "8839-7.5-2")
def test_two_offers_that_a_third_party_makes_each_others_answer() -> None:
    """RFC 8839 appendix C: both sides believe that they control."""
    topology = build(OPEN, OPEN, rtt=0.020)
    call = Conversation(topology)
    offers: dict[str, bytes] = {}
    for party in (call.a, call.b):
        party.watchers.clear()
        dialog = call.dialog(party)
        party.tell(party.controller.begin_offer, dialog, call.stack[party.name].offer())
        (ready,) = party.all(DescriptionReady)
        offers[party.name] = ready.sdp
        call._announce(party, ready.sdp)
    for party in (call.a, call.b):
        answer = offers[call.other(party).name]
        assert party.tell(party.controller.receive_answer, call.dialog(party), answer) is None
    call.run(3.0)
    roles = {role_of(call, party) for party in (call.a, call.b)}
    assert roles == set(Role)
    call.talk()


def role_of(call: Conversation, party: Party) -> Role:
    return party.controller._leg.dialogs[call.dialog(party)].agent.role


@rfc("8839", "6", "MUST", "8839-6-1")
@pytest.mark.parametrize("direction", ["inactive", "sendonly"])
def test_consent_goes_on_during_hold(direction: str) -> None:
    topology = build(HOME, HOME, rtt=0.050)
    agent = AgentConfig(servers=ice_servers(topology))
    call = Conversation(topology, SessionConfig(agent=agent)).connect().run(5.0)
    call.stack["a"].lines[0].direction = direction
    call.reoffer(call.a)
    call.run(300.0)
    call.stack["a"].lines[0].direction = "sendrecv"
    call.reoffer(call.a)
    call.run(1.0)
    call.talk()
    assert not call.a.all(UpdateNeeded)


@rfc("9429", "3.5.3", "MUST NOT", "9429-3.5.3-1")
def test_with_relays_only_no_other_address_of_ours_is_told() -> None:
    topology = build(HOME, HOME, rtt=0.050)
    agent = AgentConfig(
        servers=ice_servers(topology, turn=True), candidate_types=frozenset({CandidateType.RELAYED})
    )
    config = SessionConfig(agent=agent, trickle=Trickle.OFF)
    call = Conversation(topology, config).connect()
    for party in (call.a, call.b):
        for description in call.sent(party):
            text = description.to_bytes()
            assert b"192.168." not in text
            assert b"203.0.113.2" not in text, "the outside of the NATs"
            assert {one.type for one in description.media[0].candidates} == {"relay"}
    call.talk()


@pytest.mark.parametrize(
    "text",
    [b"", b"\xff" * 2000, b"v=0\r\n" * 5, b"a=candidate:" * 40_000],
    ids=["nothing", "bytes", "lines", "half a megabyte"],
)
def test_a_storm_of_bad_offers_and_fragments_costs_the_call_no_packet(text: bytes) -> None:
    topology = build(HOME, HOME, rtt=0.050)
    agent = AgentConfig(servers=ice_servers(topology))
    call = Conversation(topology, SessionConfig(agent=agent)).connect().run(5.0)
    good = call.judge.sent["a", ""][0]
    other = good.replace(b"m=audio", b"m=video").replace(b" 2 IN", b" 77 IN")
    begin = call.world.now
    for number in range(20):
        at = begin + number * 0.05
        for bad in (text, other + b"m=audio", good.replace(b"ice2", b"ice3")):
            for method in (
                call.b.controller.receive_offer,
                call.b.controller.receive_answer,
                call.b.controller.receive_fragment,
            ):
                call.world.at(at, partial(call.b.tell, method, "a", bad))
    call.talk(2.0)
    for party in (call.a, call.b):
        times = [when for when, _, _ in party.media if when > begin]
        assert max(later - earlier for earlier, later in pairwise(times)) < 0.021
    assert not call.b.closed


def test_a_peer_that_falls_silent_in_mid_negotiation_leaves_the_call_as_it_was() -> None:
    topology = build(HOME, HOME, rtt=0.050)
    agent = AgentConfig(servers=ice_servers(topology))
    call = Conversation(topology, SessionConfig(agent=agent)).connect().run(5.0)
    call.lost = lambda who, event: True
    call.reoffer(call.a, restart=True)
    call.talk(32.0)
    call.a.tell(call.a.controller.offer_failed, "b", 408)
    call.talk(2.0)
    call.lost = lambda who, event: False
    call.reoffer(call.a, restart=True)
    call.talk(3.0)
    assert len(call.sent(call.b)) == 2
