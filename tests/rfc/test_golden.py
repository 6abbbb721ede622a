"""What an independent model of the rules, and the examples of RFC 8445 §15, say must happen.

The order of checks (tests/data/ice_schedules.json) is reproduced in tests/ice/test_checklist.py,
the table of role conflicts in tests/ice/test_respond.py.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sipice.ice import (
    AgentConfig,
    Candidate,
    CandidateType,
    PairSelected,
    Role,
    StreamCompleted,
)
from sipice.stun import attributes as a
from tests.ice.harness import Puppet, Sent, Side, Wire, address
from tests.marks import rfc
from tests.rfc.servers import Desk, stun, turn, with_servers

DATA = Path(__file__).parent.parent / "data"
FORMATION: dict[str, Any] = json.loads((DATA / "ice_formation.json").read_text(encoding="utf-8"))
ROLES: list[dict[str, Any]] = json.loads((DATA / "ice_roles.json").read_text(encoding="utf-8"))[
    "roles"
]
TYPES = {
    "host": CandidateType.HOST,
    "srflx": CandidateType.SERVER_REFLEXIVE,
    "relay": CandidateType.RELAYED,
}
PRIVATE, PUBLIC = "10.0.1.1:8998", "192.0.2.3:45664"
R = "192.0.2.1:3478"


@rfc("8445", "6.1.1", "MUST", "8445-6.1.1-1")
@rfc("8445", "6.1.1", "MUST", "8445-6.1.1-2")
@rfc("8445", "6.1.1", "MUST", "8445-6.1.1-3")
@pytest.mark.parametrize("row", ROLES, ids=str)
def test_roles_follow_the_table(row: dict[str, Any]) -> None:
    role = Role.CONTROLLING if row["we_started"] else Role.CONTROLLED
    side = Side("a", role, ["10.0.0.1:5000"], AgentConfig(lite=row["we_lite"]))
    peer = replace(Puppet(side).description, lite=row["peer_lite"])
    side.agent.set_remote_description(0.0, 0, peer)
    assert side.agent.role is Role(row["role"])


# Forming checklists: two interfaces, a TURN server, RTP and RTCP


def listed(side: Side) -> list[list[object]]:
    """The checklist as the data shows it."""
    return [
        [pair.priority, str(pair.base.address), str(pair.to), pair.component]
        for pair in side.agent._state.streams[0].current.checklist
    ]


def gathered() -> Side:
    """The agent with the local candidates of the data."""
    hosts = ["10.0.0.5:5000", "192.168.7.5:5100"]
    server = turn(address("198.51.100.9:3478"))
    side = Side("a", Role.CONTROLLING, hosts, with_servers(server), components=2)
    desk = Desk(side)
    bases = [address(at) for kind, at, *_ in FORMATION["local"] if kind == "host"]
    for base, reflexive, relayed in zip(bases, *(told(k) for k in ("srflx", "relay")), strict=True):
        desk.mapped[base] = address(reflexive)
        desk.relayed[base, server.address] = address(relayed)
    desk.gather(2.0)
    return side


def told(kind: str) -> list[str]:
    return [at for known, at, *_ in FORMATION["local"] if known == kind]


def remotes() -> list[Candidate]:
    return [
        Candidate(component, CandidateType.HOST, address(at), priority, f"r{number}")
        for number, (at, component, priority) in enumerate(FORMATION["remote"])
    ]


@rfc("8445", "5.1.2", "SHOULD", "8445-5.1.2-2")
@rfc("8445", "5.1.1.2", "rule", "8445-5.1.1.2-10")
def test_two_interfaces_and_a_relay_give_the_candidates_of_the_model() -> None:
    found = [
        [c.type, str(c.address), str(c.base and c.base.address), c.component, c.priority]
        for c in gathered().agent.local_description(0).candidates
    ]
    expected = [[TYPES[kind], *rest] for kind, *rest in FORMATION["local"]]

    def order(row: list[Any]) -> tuple[Any, ...]:
        return row[0].value, row[1]

    assert sorted(found, key=order) == sorted(expected, key=order)


@rfc("8445", "6.1.2.2", "rule", "8445-6.1.2.2-1")
@rfc("8445", "6.1.2.2", "rule", "8445-6.1.2.2-2")
@rfc("8445", "6.1.2.3", "rule", "8445-6.1.2.3-1")
@rfc("8445", "6.1.2.3", "rule", "8445-6.1.2.3-2")
@rfc("8445", "6.1.2.4", "MUST", "8445-6.1.2.4-1")
@rfc("8445", "6.1.2.4", "rule", "8445-6.1.2.4-2")
@pytest.mark.parametrize(("name", "known"), [("two_interfaces", 3), ("peer_has_one_component", 1)])
def test_the_checklist_is_that_of_the_model(name: str, known: int) -> None:
    side = gathered()
    description = replace(Puppet(side).description, candidates=tuple(remotes()[:known]))
    side.agent.set_remote_description(2.0, 0, description)
    assert listed(side) == FORMATION[name]


@rfc("8445", "6.1.2.3", "rule", "8445-6.1.2.3-1")
def test_the_peers_checklist_has_the_same_priorities_and_is_not_pruned() -> None:
    side = Side("b", Role.CONTROLLED, ["192.0.2.1:7000"], components=2)
    ours = tuple(
        Candidate(component, TYPES[kind], address(at), priority, f"{kind}{number}")
        for number, (kind, at, _, component, priority) in enumerate(FORMATION["local"])
    )
    side.agent.set_remote_description(0.0, 0, replace(Puppet(side).description, candidates=ours))
    assert listed(side) == FORMATION["seen_from_the_peer"]
    shared = {row[0] for row in FORMATION["two_interfaces"]}
    assert shared <= {row[0] for row in listed(side)}


# §15.1: an agent behind a NAT, and a public one


def example() -> Wire:
    """Gathering is over; R's first check goes to a private address and is lost."""
    config = with_servers(stun())
    left = Side("L", Role.CONTROLLING, [PRIVATE], config)
    right = Side("R", Role.CONTROLLED, [R], config)
    Desk(left, mapped={address(PRIVATE): address(PUBLIC)}).gather()
    Desk(right).gather()
    made = Wire(left, right, nat={address(PRIVATE): address(PUBLIC)}, now=1.0)
    made.lose = lambda sent: sent.side.name == "R" and sent.to == address(PRIVATE)
    return made


def priority(selected: PairSelected | None, *, controlling: bool) -> int:
    """The formula of §6.1.2.3 over what the event shows."""
    assert selected is not None
    g, d = selected.local.priority, selected.remote.priority
    if not controlling:
        g, d = d, g
    return 2**32 * min(g, d) + 2 * max(g, d) + (g > d)


def checks(made: Wire, side: Side) -> list[Sent]:
    return [s for s in made.requests(side) if s.at < 4.0]


@rfc("8445", "15.1", "", "")
@rfc("8445", "5.1.3", "SHOULD", "8445-5.1.3-1")
@rfc("8445", "7.1.1", "MUST", "8445-7.1.1-1")
def test_the_ipv4_example_ends_with_the_pairs_that_it_names() -> None:
    made = example().connect().run(4.0)
    left, right = made.a, made.b
    assert [c.priority for c in left.agent.local_description(0).candidates] == [
        2130706431,
        1694498815,
    ]
    assert len(right.agent.local_description(0).candidates) == 1, "no NAT: one candidate"
    assert {str(s.to) for s in checks(made, left)} == {R}, "one pair"
    assert checks(made, left)[0].message.get(a.PRIORITY) == 1862270975
    assert [str(s.to) for s in checks(made, right)] == [PRIVATE, PUBLIC], "the second is triggered"
    one, two = left.selected(), right.selected()
    assert one is not None
    assert two is not None
    assert (str(one.local.address), one.local.type) == (PUBLIC, CandidateType.SERVER_REFLEXIVE)
    assert (str(two.remote.address), two.remote.type) == (PUBLIC, CandidateType.SERVER_REFLEXIVE)
    assert priority(one, controlling=True) == priority(two, controlling=False)
    assert priority(one, controlling=True) == 7277816997797167102
    assert left.all(StreamCompleted)
    assert right.all(StreamCompleted)


@rfc("8445", "8.1.2", "MUST", "8445-8.1.2-1")
def test_the_lost_check_of_the_example_is_given_up_when_the_other_pair_is_nominated() -> None:
    made = example().connect().run(60.0)
    assert [s.at for s in made.requests(made.b) if s.to == address(PRIVATE)] == [1.0]


@rfc("8445", "8.1.1", "rule", "8445-8.1.1-1")
def test_the_nomination_of_the_example_leaves_the_socket_of_the_host_candidate() -> None:
    made = example().connect().run(4.0)
    (nomination,) = [s for s in made.requests(made.a) if s.nominates]
    assert (str(nomination.source), str(nomination.to)) == (PRIVATE, R)


# §15.2: IPv6 without any NAT


@rfc("8445", "15.2", "", "")
def test_the_ipv6_example_needs_one_pair_on_each_side() -> None:
    server = address("[2001:db8::9]:3478")
    hosts = ("[2001:db8::3]:5000", "[2001:db8::5]:6000")
    sides = [
        Side(role.value, role, [host], with_servers(stun(server)))
        for role, host in zip(Role, hosts, strict=True)
    ]
    for side in sides:
        Desk(side).gather()
        (only,) = side.agent.local_description(0).candidates
        assert only.type is CandidateType.HOST, "the reflexive one is redundant"
    made = Wire(sides[0], sides[1], now=1.0).connect().run(4.0)
    assert {(str(s.source), str(s.to)) for s in checks(made, made.a)} == {hosts}
    assert {(str(s.source), str(s.to)) for s in checks(made, made.b)} == {hosts[::-1]}
    assert [s.nominates for s in checks(made, made.a)] == [False, True]
    for side in sides:
        assert side.all(StreamCompleted)
