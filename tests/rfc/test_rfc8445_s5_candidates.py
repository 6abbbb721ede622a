"""RFC 8445 §5.1.2 to §5.3: priorities, redundancy, the lite agent's candidates, descriptions."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from sipice.ice import (
    AgentConfig,
    Candidate,
    CandidateType,
    Credentials,
    GatheringFinished,
    Role,
)
from sipice.ice.candidate import MAX_PRIORITY
from sipice.stun import Class, Key
from sipice.stun import attributes as a
from tests.ice.harness import Side, address, remote
from tests.marks import rfc
from tests.rfc.alone import Alone
from tests.rfc.servers import STUN, TURN, TURN_TOO, Desk, stun, turn, with_servers

LITE = AgentConfig(lite=True)
HOST, SRFLX, RELAYED = (
    CandidateType.HOST,
    CandidateType.SERVER_REFLEXIVE,
    CandidateType.RELAYED,
)


# §5.1.2: priorities


@rfc("8445", "5.1.2", "SHOULD", "8445-5.1.2-2")
@rfc("8445", "5.1.2.1", "MUST", "8445-5.1.2.1-1")
@rfc("8445", "5.1.2.1", "SHOULD/MUST", "8445-5.1.2.1-2")
@pytest.mark.parametrize("component", [1, 2])
def test_an_agent_with_one_address_has_the_priorities_of_the_formula(component: int) -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.5:5000"], with_servers(turn()), components=2)
    made = Desk(side)
    for number, base in enumerate(side.bases):
        made.mapped[base] = address(f"203.0.113.7:{41_000 + number}")
    made.gather()
    own = [c for c in side.agent.local_description(0).candidates if c.component == component]
    assert {c.type: c.priority for c in own} == {
        HOST: 2130706432 - component,
        SRFLX: 1694498816 - component,
        RELAYED: 16777216 - component,
    }


@rfc("8445", "5.1.2", "MUST", "8445-5.1.2-1")
@rfc("8445", "5.1.2.1", "SHOULD/MUST", "8445-5.1.2.1-2")
@rfc("8445", "5.1.2.1", "", "AT-20")
def test_candidates_of_two_interfaces_and_two_servers_all_differ_in_priority() -> None:
    hosts = ["10.0.0.5:5000", "192.168.7.5:5000", "[2001:db8::5]:5000"]
    config = with_servers(stun(), turn(), turn(TURN_TOO), ta=0.020)
    side = Side("a", Role.CONTROLLED, hosts, config, components=2)
    made = Desk(side)
    for number, base in enumerate(side.bases):
        made.mapped[base] = address(f"203.0.113.7:{41_000 + number}")
    made.gather(2.0)
    candidates = side.agent.local_description(0).candidates
    assert {c.type for c in candidates} == {HOST, SRFLX, RELAYED}
    assert len({c.priority for c in candidates}) == len(candidates) == 6 + 4 + 8
    assert all(1 <= c.priority <= 2**31 - 1 for c in candidates)
    first, second = (max(c.priority for c in of(side, host)) for host in hosts[:2])
    assert first - second == 1 << 8, "two network cards: two local preferences"


def of(side: Side, host: str) -> list[Candidate]:
    at = address(host).ip
    return [c for c in side.agent.local_description(0).candidates if c.address.ip == at]


@rfc("8445", "5.1.2.2", "MUST", "8445-5.1.2.2-1")
def test_each_turn_server_has_a_local_preference_of_its_own() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.5:5000"], with_servers(turn(), turn(TURN_TOO)))
    made = Desk(side).gather()
    preferences = {c.server: c.priority >> 8 & 0xFFFF for c in made.candidates(RELAYED)}
    assert set(preferences) == {TURN, TURN_TOO}
    assert preferences[TURN] > preferences[TURN_TOO], "the first configured is preferred"


@rfc("8445", "5.1.2.1", "SHOULD", "8445-5.1.2.1-3")
def test_a_dual_stack_host_prefers_ipv6_and_keeps_ipv4_near_the_top() -> None:
    hosts = [f"10.0.{n}.5:5000" for n in range(2)] + [f"[2001:db8:{n}::5]:5000" for n in range(4)]
    side = Side("a", Role.CONTROLLED, hosts)
    ranked = sorted(side.agent.local_description(0).candidates, key=lambda c: -c.priority)
    families = [c.address.family for c in ranked]
    assert families == [6, 6, 6, 4, 6, 4]


# §5.2: lite


@rfc("8445", "5.2", "MUST", "8445-5.2-1")
@rfc("8445", "5.2", "", "AT-61")
def test_a_lite_agent_has_one_host_candidate_per_address_and_asks_no_server() -> None:
    config = with_servers(stun(), turn(), lite=True)
    made = Desk(Side("a", Role.CONTROLLED, ["192.0.2.50:5000", "[2001:db8::50]:5000"], config))
    made.mapped[address("192.0.2.50:5000")] = address("203.0.113.7:41000")
    made.gather(2.0)
    own = made.side.agent.local_description(0).candidates
    assert [(c.type, c.address.family) for c in own] == [(HOST, 4), (HOST, 6)]
    assert made.asked == []
    assert made.side.all(GatheringFinished)


@rfc("8445", "5.2", "MUST", "8445-5.2-2")
@rfc("8445", "5.2", "MUST", "8445-5.2-3")
def test_a_lite_agent_has_rtcp_candidates_and_foundations_by_address() -> None:
    hosts = ["192.0.2.50:5000", "192.0.2.51:5000"]
    side = Side("a", Role.CONTROLLED, hosts, LITE, components=2)
    own = side.agent.local_description(0).candidates
    assert sorted(c.component for c in own) == [1, 1, 2, 2]
    foundations = {(c.address.ip, c.foundation) for c in own}
    assert len(foundations) == len({ip for ip, _ in foundations}) == 2
    assert len({foundation for _, foundation in foundations}) == 2


@rfc("8445", "5.2", "MUST/SHOULD", "8445-5.2-4")
def test_a_lite_agent_has_the_highest_preferences_and_ipv6_first() -> None:
    alone = Side("a", Role.CONTROLLED, ["192.0.2.50:5000"], LITE)
    assert [c.priority for c in alone.agent.local_description(0).candidates] == [2130706431]
    dual = Side("a", Role.CONTROLLED, ["192.0.2.50:5000", "[2001:db8::50]:5000"], LITE)
    own = sorted(dual.agent.local_description(0).candidates, key=lambda c: -c.priority)
    assert [c.address.family for c in own] == [6, 4]
    assert len({c.priority for c in own}) == 2
    assert {c.priority >> 24 for c in own} == {126}


# §5.3: what is exchanged


@rfc("8445", "5.3", "MUST", "8445-5.3-1")
def test_a_description_tells_everything_about_each_candidate() -> None:
    made = Desk(Side("a", Role.CONTROLLED, ["10.0.0.5:5000"], with_servers(stun(), turn())))
    made.mapped[address("10.0.0.5:5000")] = address("203.0.113.7:41000")
    made.gather()
    own = made.side.agent.local_description(0)
    assert [(c.type, c.address.port, c.component) for c in own.candidates] == [
        (HOST, 5000, 1),
        (SRFLX, 41000, 1),
        (RELAYED, 45000, 1),
    ]
    assert [c.related and c.related.port for c in own.candidates] == [None, 5000, 41000]
    for c in own.candidates:
        assert c.address.ip
        assert c.transport.value.upper() == "UDP"
        assert 1 <= len(c.foundation) <= 32
        assert 1 <= c.priority < 2**32
    assert (own.lite, own.ice2, own.complete) == (False, True, True)
    assert own.credentials.ufrag
    assert own.credentials.pwd
    assert {c.server for c in own.candidates} == {None, STUN, TURN}


@rfc("8445", "5.3", "MUST", "8445-5.3-1")
@pytest.mark.parametrize(
    "change",
    [
        {"foundation": ""},
        {"foundation": "f" * 33},
        {"component": 0},
        {"component": 257},
        {"priority": 0},
        {"priority": MAX_PRIORITY + 1},
    ],
)
def test_a_candidate_outside_the_bounds_is_not_checked(change: dict[str, Any]) -> None:
    good, bad = remote("10.0.0.2:6000"), remote("10.0.0.9:6000")._replace(**change)
    case = Alone(peers=[bad, good])
    assert {str(sent.to) for sent in case.run(1.0) + case.log} == {"10.0.0.2:6000"}


@rfc("8445", "5.3", "MUST", "8445-5.3-2")
@rfc("8445", "5.3", "", "AT-53")
def test_credentials_are_drawn_anew_for_each_stream_and_session_with_enough_bits() -> None:
    texts = []
    for seed in range(50):
        side = Side("a", Role.CONTROLLED, ["10.0.0.5:5000"], streams=2, seed=seed)
        texts += [side.agent.local_description(stream).credentials for stream in (0, 1)]
    assert len({c.ufrag for c in texts}) == len({c.pwd for c in texts}) == 100
    characters = {letter for c in texts for letter in c.ufrag + c.pwd}
    assert len(characters) == 64
    bits = math.log2(len(characters))
    assert min(len(c.ufrag) for c in texts) * bits >= 24
    assert min(len(c.pwd) for c in texts) * bits >= 128
    for at in range(8):
        assert len({c.ufrag[at] for c in texts}) > 32, "each place is random"


@rfc("8445", "5.3", "", "AT-54")
def test_credentials_of_256_characters_are_taken_and_ours_are_short() -> None:
    case = Alone(begun=False)
    case.puppet.credentials = Credentials("u" * 256, "p" * 256)
    case.puppet.key = Key.short_term("p" * 256)
    description = case.puppet.description
    case.puppet.description = replace(description, credentials=case.puppet.credentials)
    (check,) = case.begin()
    ours = case.puppet.peer
    assert check.message.get(a.USERNAME) == f"{'u' * 256}:{ours.ufrag}"
    (answer,) = case.ask("10.0.0.3:7000")
    assert answer.message.message_class is Class.SUCCESS
    case.answer(check)
    assert case.path() == "10.0.0.2:6000"
    assert max(len(ours.ufrag), len(ours.pwd)) <= 32


@rfc("8445", "5.3", "MUST", "8445-5.3-3")
def test_every_candidate_that_was_told_takes_checks_and_then_data() -> None:
    """From the moment of the offer, before any answer."""
    hosts = ["10.0.0.1:5000", "10.0.1.1:5000", "[2001:db8::1]:5000"]
    case = Alone(Role.CONTROLLING, hosts=hosts, begun=False)
    case.agent.local_description(0)
    for host in hosts:
        source = "[2001:db8::2]:6000" if host.startswith("[") else "10.0.0.2:6000"
        (answer,) = case.ask(source, host, controlling=False)
        assert answer.message.message_class is Class.SUCCESS
        assert answer.message.get(a.XOR_MAPPED_ADDRESS) == address(source)
    case.begin(0.1)
    allowed = case.agent.media(0, 1).receive
    assert {str(source.base.address) for source in allowed} == set(hosts)
