"""RFC 8445 §6: roles, checklists and their states, the order of checks."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from sipice.ice import (
    AgentConfig,
    CandidateType,
    PairSelected,
    Role,
    RoleSwitched,
    StreamCompleted,
    StreamFailed,
)
from sipice.stun import Class
from sipice.stun import attributes as a
from tests.ice.harness import Sent, Side, Wire, address, pair_of, remote
from tests.marks import rfc
from tests.rfc.alone import OWN, Alone, peers, requests
from tests.rfc.servers import Desk, stun, with_servers

LITE = AgentConfig(lite=True)
FULL = AgentConfig()
A, B = "10.0.0.1:5000", "10.0.0.2:6000"


def made(a: AgentConfig, b: AgentConfig, starter: str = "a") -> Wire:
    """A call that ``starter`` initiates."""
    role = Role.CONTROLLING if starter == "a" else Role.CONTROLLED
    one = Side("a", role, [A], a)
    return Wire(one, Side("b", role.opposite, [B], b)).connect()


def destinations(sent: list[Sent]) -> list[str]:
    return [str(one.to) for one in requests(sent)]


def until(case: Alone, now: float) -> list[Sent]:
    """Everything sent up to an instant at which nobody answered anything."""
    case.run(now)
    return list(case.log)


def first_checks(sent: list[Sent]) -> list[Sent]:
    """Without retransmissions."""
    found: dict[bytes, Sent] = {}
    for one in requests(sent):
        found.setdefault(one.message.transaction_id, one)
    return list(found.values())


# §6.1.1: roles


@rfc("8445", "6.1.1", "MUST", "8445-6.1.1-1")
@rfc("8445", "6.1.1", "", "AT-62")
@pytest.mark.parametrize("starter", ["a", "b"])
def test_of_two_full_agents_the_initiator_controls_and_nominates(starter: str) -> None:
    wire = made(FULL, FULL, starter).run(2.0)
    assert {side.agent.role for side in (wire.a, wire.b)} == set(Role)
    nominating = {sent.side.name for sent in wire.log if sent.is_request and sent.nominates}
    assert nominating == {starter}
    assert wire.a.all(RoleSwitched) == wire.b.all(RoleSwitched) == []
    assert wire.a.all(StreamCompleted)


@rfc("8445", "6.1.1", "MUST", "8445-6.1.1-2")
@rfc("8445", "6.1.1", "", "AT-62")
@pytest.mark.parametrize("starter", ["a", "b"])
def test_the_full_agent_controls_a_lite_one_whoever_started(starter: str) -> None:
    wire = made(FULL, LITE, starter)
    assert wire.a.agent.role is Role.CONTROLLING, "at once, not after a conflict"
    assert wire.b.agent.role is Role.CONTROLLED
    wire.run(2.0)
    assert wire.a.all(StreamCompleted)
    assert wire.b.all(StreamCompleted)


@rfc("8445", "6.1.1", "MUST", "8445-6.1.1-3")
@rfc("8445", "6.2 Lite", "rule", "8445-6.2-1")
@pytest.mark.parametrize("starter", ["a", "b"])
def test_of_two_lite_agents_the_initiator_controls_and_nobody_checks(starter: str) -> None:
    wire = made(LITE, LITE, starter).run(60.0)
    assert (wire.a.agent.role is Role.CONTROLLING) == (starter == "a")
    assert wire.a.agent.role is wire.b.agent.role.opposite
    assert not any(sent.is_request for sent in wire.log)
    for side in (wire.a, wire.b):
        assert side.when(PairSelected) == 0.0, "the only pair, without any exchange of checks"
        assert side.all(StreamCompleted)


def restarted(wire: Wire, by: Side, *, lite_b: bool = False) -> Wire:
    """A restart that ``by`` offers; b may come back as a lite agent."""
    other = wire.b if by is wire.a else wire.a
    for side in (by, other):
        side.agent.prepare_restart(wire.now)
    mine, theirs = by.description(), other.description()
    if lite_b:
        mine, theirs = (
            replace(d, lite=d is (mine if by is wire.b else theirs)) for d in (mine, theirs)
        )
    other.agent.set_remote_description(wire.now, 0, mine)
    by.agent.set_remote_description(wire.now, 0, theirs)
    wire.drain()
    return wire


@rfc("8445", "6.1.1", "MUST NOT", "8445-6.1.1-4")
@rfc("8445", "6.1.1", "", "AT-30")
@pytest.mark.parametrize("starter", ["a", "b"])
def test_roles_stay_in_a_restart_whoever_offers_it(starter: str) -> None:
    wire = made(FULL, FULL).run(2.0)
    restarted(wire, wire.a if starter == "a" else wire.b).run(6.0)
    assert wire.a.agent.role is Role.CONTROLLING
    assert wire.b.agent.role is Role.CONTROLLED
    assert wire.a.all(RoleSwitched) == wire.b.all(RoleSwitched) == []
    assert len(wire.a.all(PairSelected)) == 2


@rfc("8445", "6.1.1", "MUST NOT", "8445-6.1.1-4")
def test_a_peer_that_restarts_as_a_lite_agent_is_controlled_from_then_on() -> None:
    wire = made(FULL, FULL, "b").run(2.0)
    before = wire.a.agent.role
    restarted(wire, wire.b, lite_b=True)
    assert (before, wire.a.agent.role) == (Role.CONTROLLED, Role.CONTROLLING)


@rfc("8445", "6.1.1", "MUST", "8445-6.1.1-5")
def test_a_peer_that_chooses_its_role_anew_in_a_restart_is_followed() -> None:
    """A peer of RFC 5245 makes the offerer of a restart controlling."""
    wire = made(FULL, FULL).run(2.0)
    wire.b.agent.set_role(2.0, Role.CONTROLLING)
    restarted(wire, wire.b).run(6.0)
    assert wire.a.agent.role is wire.b.agent.role.opposite
    assert len(wire.a.all(PairSelected)) == len(wire.b.all(PairSelected)) == 2


# §6.1.2: forming checklists


@rfc("8445", "6.1.2", "rule", "8445-6.1.2-1")
def test_each_stream_has_a_checklist_of_its_own() -> None:
    wire = pair_of(streams=3).connect().run(2.0)
    assert sorted(event.stream for event in wire.a.all(PairSelected)) == [0, 1, 2]
    pairs = {(s.source.port, s.to.port) for s in wire.requests(wire.a)}
    assert pairs == {(5000, 6000), (5010, 6010), (5020, 6020)}, "never across streams"


@rfc("8445", "6.1.2", "rule", "8445-6.1.2-1")
def test_candidates_that_come_later_are_paired_with_all_that_fit() -> None:
    hosts = ("10.0.0.1:5000", "10.0.1.1:5000")
    case = Alone(hosts=hosts, begun=False)
    case.agent.set_remote_description(
        0.0, 0, replace(case.puppet.description, candidates=(), complete=False)
    )
    assert case.run(0.2) == []
    case.agent.add_remote_candidate(0.2, 0, remote("10.0.0.2:6000"))
    case.agent.add_remote_candidate(0.2, 0, remote("[2001:db8::2]:6000", foundation="6"))
    sent = first_checks(case.run(0.45))
    assert {(str(s.source), str(s.to)) for s in sent} == {(host, B) for host in hosts}


@rfc("8445", "6.1.2.2", "rule", "8445-6.1.2.2-1")
@rfc("8445", "6.1.2.2", "MUST NOT", "8445-6.1.2.2-3")
@rfc("8445", "6.1.2.2", "", "AT-55")
def test_pairs_are_of_one_component_one_family_and_one_scope() -> None:
    hosts = ["10.0.0.1:5000", "[2001:db8::1]:5000", "[fe80::1]:5000"]
    theirs = [
        remote("10.0.0.2:6000"),
        remote("10.0.0.2:6001", component=2),
        remote("[2001:db8::2]:6000", foundation="2"),
        remote("[fe80::2]:6000", foundation="3"),
    ]
    case = Alone(hosts=hosts, peers=theirs, components=2, begun=False)
    case.puppet.description = replace(case.puppet.description, complete=False)
    case.begin()
    sent = first_checks(until(case, 80.0))
    assert {(str(s.source), str(s.to)) for s in sent} == {
        ("10.0.0.1:5000", "10.0.0.2:6000"),
        ("10.0.0.1:5001", "10.0.0.2:6001"),
        ("[2001:db8::1]:5000", "[2001:db8::2]:6000"),
        ("[fe80::1]:5000", "[fe80::2]:6000"),
    }


@rfc("8445", "6.1.2.2", "rule", "8445-6.1.2.2-2")
@pytest.mark.parametrize(("ours", "theirs"), [(2, 1), (1, 2), (2, 2), (1, 1)])
def test_a_stream_completes_with_as_many_components_as_both_have(ours: int, theirs: int) -> None:
    one = Side("a", Role.CONTROLLING, [A], components=ours)
    wire = Wire(one, Side("b", Role.CONTROLLED, [B], components=theirs)).connect().run(3.0)
    for side in (wire.a, wire.b):
        selected = [event.component for event in side.all(PairSelected)]
        assert sorted(selected) == list(range(1, min(ours, theirs) + 1))
        assert len(side.all(StreamCompleted)) == 1


@rfc("8445", "6.1.2.3", "rule", "8445-6.1.2.3-1")
@rfc("8445", "6.1.2.3", "rule", "8445-6.1.2.3-2")
@pytest.mark.parametrize("role", list(Role))
def test_the_controlling_sides_candidates_decide_between_pairs_of_one_minimum(role: Role) -> None:
    """G > D adds one: of (high, low) and (low, high) the one with the high G goes first."""
    case = Alone(role, hosts=["10.0.0.1:5000", "10.0.1.1:5000"], begun=False)
    high, low = (c.priority for c in case.agent.local_description(0).candidates)
    mirrored = [
        remote("10.0.0.2:6000", priority=high, foundation="h"),
        remote("10.0.1.2:6000", priority=low, foundation="l"),
    ]
    case.puppet.description = replace(case.puppet.description, candidates=tuple(mirrored))
    sent = first_checks(case.begin() + case.run(0.3))
    order = [(s.source.host, s.to.host) for s in sent]
    ours_first = [("10.0.0.1", "10.0.1.2"), ("10.0.1.1", "10.0.0.2")]
    middle = ours_first if role is Role.CONTROLLING else ours_first[::-1]
    assert order == [("10.0.0.1", "10.0.0.2"), *middle, ("10.0.1.1", "10.0.1.2")]


@rfc("8445", "6.1.2.3", "rule", "8445-6.1.2.3-1")
def test_both_sides_check_their_pairs_in_the_same_order() -> None:
    wire = pair_of(
        ["10.0.0.1:5000", "10.0.1.1:5000", "[2001:db8::1]:5000"],
        ["10.0.0.2:6000", "10.0.1.2:6000", "[2001:db8::2]:6000"],
        delay=5.0,
    )
    wire.connect().run(0.45)
    ours = [(s.source, s.to) for s in first_checks(wire.requests(wire.a))]
    theirs = [(s.to, s.source) for s in first_checks(wire.requests(wire.b))]
    assert ours == theirs
    assert len(ours) == 5


@rfc("8445", "6.1.2.4", "MUST", "8445-6.1.2.4-1")
@rfc("8445", "6.1.2.4", "rule", "8445-6.1.2.4-2")
@rfc("8445", "6.1.2.4", "", "AT-22")
def test_a_reflexive_candidate_makes_no_pair_beside_that_of_its_base() -> None:
    side = Side("a", Role.CONTROLLED, [A], with_servers(stun()))
    desk = Desk(side, mapped={address(A): address("203.0.113.7:41000")})
    desk.gather()
    assert len(side.agent.local_description(0).candidates) == 2
    case = Alone(begun=False)
    case.side = side
    side.agent.set_remote_description(desk.now, 0, case.puppet.description)
    desk.run(desk.now + 0.45)
    assert [(c.base.address, str(c.remote)) for c in desk.direct] == [(address(A), B)]


@rfc("8445", "6.1.2.4", "rule", "8445-6.1.2.4-2")
def test_a_candidate_told_twice_is_checked_once() -> None:
    twice = [remote(B), remote(B, priority=77, foundation="other")]
    case = Alone(peers=twice)
    assert destinations(until(case, 0.45)) == [B]


@rfc("8445", "6.1.2.5", "MUST", "8445-6.1.2.5-1")
@rfc("8445", "6.1.2.5", "", "AT-23")
@pytest.mark.parametrize(("limit", "told", "left"), [(100, 100, 100), (100, 300, 100), (7, 50, 7)])
def test_no_more_pairs_are_checked_than_the_limit_and_as_many_as_it_allows(
    limit: int, told: int, left: int
) -> None:
    """Ambiguity A2: a list of exactly 100 is left alone."""
    config = AgentConfig(max_pairs=limit, max_remote_candidates=1000)
    many = peers(*(f"10.1.{n // 250}.{n % 250}:6000" for n in range(told)))
    case = Alone(config=config, peers=many)
    checked = set(destinations(until(case, 6.0)))
    assert checked == {str(candidate.address) for candidate in many[:left]}, "the best ones stay"


@rfc("8445", "6.1.2.5", "SHOULD", "8445-6.1.2.5-2")
def test_pairs_beyond_the_limit_are_taken_from_all_lists_alike() -> None:
    config = AgentConfig(max_pairs=10)
    many = peers(*(f"10.1.0.{n}:6000" for n in range(30)))
    case = Alone(config=config, streams=2, begun=False)
    for stream in (0, 1):
        own = tuple(c._replace(foundation=f"{stream}{c.foundation}") for c in many)
        description = replace(case.puppet.description, candidates=own)
        case.agent.set_remote_description(0.0, stream, description)
    sent = first_checks(until(case, 2.0))
    ports = [s.source.port for s in sent]
    assert (ports.count(5000), ports.count(5010)) == (5, 5)
    assert {str(s.to) for s in sent} == {str(candidate.address) for candidate in many[:5]}


@rfc("8445", "6.1.2.6", "rule", "8445-6.1.2.6-1")
@rfc("8445", "6.1.2.6", "", "AT-17")
def test_one_pair_of_each_foundation_begins_over_the_whole_set() -> None:
    """Two streams to one peer: the second list waits for the outcome of the first."""
    theirs = [remote(B), remote("10.0.0.2:6001", component=2, priority=2130706430)]
    case = Alone(peers=theirs, streams=2, components=2)
    first = until(case, 0.45)
    assert [s.source.port for s in first] == [5000]
    case.answer(first[0])
    later = first_checks(case.run(1.0))
    assert [s.source.port for s in later] == [5010, 5001, 5011], "list by list, in turn"


@rfc("8445", "6.1.2.6", "rule", "8445-6.1.2.6-1")
def test_the_lowest_component_begins_even_if_a_higher_one_has_the_better_pair() -> None:
    theirs = [remote(B, priority=1000), remote("10.0.0.2:6001", component=2, priority=2_000_000)]
    case = Alone(peers=theirs, components=2)
    assert destinations(until(case, 0.45)) == [B]


# §6.1.3: the state of the whole


@rfc("8445", "6.1.3", "rule", "8445-6.1.3-1")
def test_each_checklist_completes_or_fails_for_itself() -> None:
    one = Side("a", Role.CONTROLLING, [A], AgentConfig(consent=False), streams=2)
    wire = Wire(one, Side("b", Role.CONTROLLED, [B], AgentConfig(consent=False), streams=2))
    wire.lose = lambda sent: 10 in (sent.to.port % 100, sent.source.port % 100)
    wire.connect().run(100.0)
    for side in (wire.a, wire.b):
        assert [event.stream for event in side.all(StreamCompleted)] == [0]
        assert [event.stream for event in side.all(StreamFailed)] == [1]


# §6.1.4: the order and pace of checks


@rfc("8445", "6.1.4.1", "rule", "8445-6.1.4.1-1")
@rfc("8445", "6.1.4.2", "step 1", "8445-6.1.4.2-2")
@rfc("8445", "6.1.4.2", "", "AT-11")
def test_triggered_checks_go_first_in_the_order_in_which_they_came_one_per_ta() -> None:
    many = peers(*(f"10.0.0.{n}:6000" for n in range(2, 8)))
    case = Alone(peers=many)
    case.run(0.010)
    for host in ("10.0.0.7:6000", "10.0.0.4:6000", "10.0.0.7:6000", "10.0.0.5:6000"):
        case.ask(host)
    sent = first_checks(case.run(0.29))
    assert destinations(sent) == [f"10.0.0.{n}:6000" for n in (7, 4, 5, 3, 6)]
    assert [round(s.at, 3) for s in sent] == [0.05, 0.1, 0.15, 0.2, 0.25]


@rfc("8445", "6.1.4.2", "rule", "8445-6.1.4.2-1")
@rfc("8445", "6.1.4.2", "", "AT-11")
@pytest.mark.parametrize("seed", range(5))
def test_no_two_new_checks_are_closer_than_ta(seed: int) -> None:
    wire = pair_of(
        ["10.0.0.1:5000", "10.0.1.1:5000"], ["10.0.0.2:6000", "10.0.1.2:6000"], streams=2, seed=seed
    )
    wire.connect().run(5.0)
    for side in (wire.a, wire.b):
        # a consent check is no new transaction in the sense of §14.2; none is due before 4 s
        instants = [s.at for s in first_checks(wire.requests(side)) if s.at < 3.5]
        assert len(instants) >= 4
        assert min(b - a for a, b in pairwise(instants)) >= 0.05 - 1e-9


@rfc("8445", "6.1.4.2", "step 2", "8445-6.1.4.2-3")
def test_a_frozen_pair_goes_when_nothing_of_its_foundation_is_under_way_any_more() -> None:
    theirs = [remote(B), remote("10.0.0.2:6001", component=2, priority=2130706430)]
    case = Alone(peers=theirs, components=2)
    assert destinations(first_checks(until(case, 10.0))) == [B]
    case.agent.send_failed(10.0, case.base(), address(B), hard=True)
    assert destinations(case.run(10.0)) == ["10.0.0.2:6001"]


@rfc("8445", "6.1.4.2", "step 3", "8445-6.1.4.2-4")
def test_ordinary_checks_go_by_priority_and_of_equals_by_component() -> None:
    theirs = [
        remote("10.0.0.4:6000", priority=1000, foundation="4"),
        remote("10.0.0.3:6001", priority=2001, foundation="3b", component=2),
        remote("10.0.0.3:6000", priority=2000, foundation="3"),
        remote("10.0.0.2:6000", priority=3000, foundation="2"),
    ]
    case = Alone(peers=theirs, components=2)
    assert destinations(until(case, 0.2)) == [
        "10.0.0.2:6000",
        "10.0.0.3:6001",
        "10.0.0.3:6000",
        "10.0.0.4:6000",
    ]


@rfc("8445", "6.1.4.2", "step 4", "8445-6.1.4.2-5")
def test_lists_take_turns_and_one_without_work_costs_no_time() -> None:
    case = Alone(streams=3, begun=False)
    described = {
        0: peers("10.1.0.1:6000", "10.1.0.2:6000", "10.1.0.3:6000"),
        1: [],
        2: [c._replace(foundation=f"z{c.foundation}") for c in peers("10.3.0.1:6000", B)],
    }
    for stream, candidates in described.items():
        puppet = replace(
            case.puppet.description, candidates=tuple(candidates), complete=bool(candidates)
        )
        case.agent.set_remote_description(0.0, stream, puppet)
    sent = case.run(0.24)
    assert [s.source.port for s in sent] == [5000, 5020, 5000, 5020, 5000]
    assert [round(s.at, 3) for s in sent] == [0.0, 0.05, 0.1, 0.15, 0.2]


@rfc("8445", "6.1.4.2", "rule", "8445-6.1.4.2-6")
def test_checks_leave_the_base_and_go_to_the_remote_candidates_address() -> None:
    theirs = [
        remote("10.9.9.9:6000", priority=500, foundation="h"),
        remote("203.0.113.9:6000", priority=400, foundation="s")._replace(
            type=CandidateType.SERVER_REFLEXIVE, related=address("10.9.9.9:6000")
        ),
    ]
    case = Alone(peers=theirs)
    sent = until(case, 0.3)
    assert {s.source for s in sent} == {address(OWN)}
    assert destinations(sent) == ["10.9.9.9:6000", "203.0.113.9:6000"]


@rfc("8445", "6.1.4.2", "MAY", "8445-6.1.4.2-7")
def test_the_controlled_agent_never_concludes_by_itself() -> None:
    """Everything is valid, but the peer nominates nothing."""
    case = Alone(config=AgentConfig(consent=False), peers=peers(B, "10.0.0.2:6100"))
    case.serve(120.0)
    assert all(sent.message.get(a.USE_CANDIDATE) is None for sent in case.log)
    ends = (PairSelected, StreamCompleted, StreamFailed)
    assert [event for event in case.side.events if isinstance(event, ends)] == []
    assert case.path() == B, "data may flow all the same"


# §6.2, §7: the lite agent


@rfc("8445", "6.2 Lite", "rule", "8445-6.2-1")
def test_two_lite_agents_choose_the_pair_that_address_selection_would_choose() -> None:
    hosts = ("192.0.2.1:5000", "[2001:db8::1]:5000"), ("192.0.2.2:6000", "[2001:db8::2]:6000")
    wire = pair_of(*hosts, LITE, LITE).connect().run(1.0)
    chosen = [side.selected() for side in (wire.a, wire.b)]
    assert [str(event.path.to) for event in chosen if event is not None] == [
        "[2001:db8::2]:6000",
        "[2001:db8::1]:5000",
    ]


@rfc("8445", "7", "MUST", "8445-7-1")
@rfc("8445", "7", "", "AT-61")
@pytest.mark.parametrize("role", list(Role))
def test_a_lite_agent_answers_checks_and_never_sends_one(role: Role) -> None:
    case = Alone(role, LITE, peers=peers(B, "10.0.0.2:6100"))
    case.ask(B, controlling=True)
    case.nominate(B, controlling=True)
    case.run(200.0)
    classes = [sent.message.message_class for sent in case.log]
    assert classes.count(Class.SUCCESS) == 2
    assert Class.REQUEST not in classes
    assert case.selected() is not None


@rfc("8445", "7", "MUST", "8445-7-1")
def test_a_full_agent_both_asks_and_answers() -> None:
    case = Alone()
    (answer,) = case.ask()
    assert answer.message.message_class is Class.SUCCESS
    assert [sent.message.message_class for sent in case.log] == [Class.REQUEST, Class.SUCCESS]
