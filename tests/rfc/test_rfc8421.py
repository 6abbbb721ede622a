"""RFC 8421: how addresses of two families and several interfaces are ranked."""

from __future__ import annotations

import pytest

from sipice.ice import Candidate, CandidateType, Role
from tests.ice.harness import Side, address, pair_of
from tests.marks import rfc


def four(number: int) -> str:
    return f"10.0.{number}.1:5000"


def six(number: int) -> str:
    return f"[2001:db8:{number}::1]:5000"


def ranked(hosts: list[str], *, components: int = 1) -> list[Candidate]:
    side = Side("a", Role.CONTROLLING, hosts, components=components)
    candidates = side.agent.local_description(0).candidates
    return sorted(candidates, key=lambda candidate: -candidate.priority)


def families(hosts: list[str]) -> str:
    return "".join(str(candidate.address.family) for candidate in ranked(hosts))


@rfc("8421", "4", "should", "8421-4-1")
@rfc("8421", "4", "should", "8421-4-2")
@pytest.mark.parametrize(
    ("fours", "sixes", "order"),
    [
        (2, 6, "66664646"),
        (1, 1, "64"),
        (2, 2, "6644"),
        (3, 3, "664644"),
        (4, 2, "646444"),
        (2, 0, "44"),
        (0, 2, "66"),
    ],
)
def test_ipv6_has_a_head_start_and_then_the_families_alternate(
    fours: int, sixes: int, order: str
) -> None:
    """The head start is (N4 + N6) / N4 addresses, whatever the order they were found in."""
    hosts = [four(number) for number in range(fours)] + [six(number) for number in range(sixes)]
    assert families(hosts) == order
    assert families(hosts[::-1]) == order


@rfc("8421", "4", "should", "8421-4-1")
def test_within_a_family_the_order_of_the_owner_is_kept() -> None:
    hosts = [four(2), six(5), four(1), six(3), six(4)]
    order = [str(candidate.address) for candidate in ranked(hosts)]
    assert [host for host in order if host.startswith("10.")] == [four(2), four(1)]
    assert [host for host in order if host.startswith("[")] == [six(5), six(3), six(4)]


@rfc("8421", "5", "rule", "8421-5-1")
def test_local_preferences_are_unique_and_the_components_part_is_untouched() -> None:
    hosts = [four(number) for number in range(3)] + [six(number) for number in range(4)]
    made = ranked(hosts, components=2)
    for component in (1, 2):
        own = [candidate for candidate in made if candidate.component == component]
        assert len({candidate.priority >> 8 & 0xFFFF for candidate in own}) == 7
        assert {256 - (candidate.priority & 0xFF) for candidate in own} == {component}
    by_ip: dict[bytes, set[int]] = {}
    for candidate in made:
        by_ip.setdefault(candidate.address.ip, set()).add(candidate.priority >> 8)
    assert all(len(preferences) == 1 for preferences in by_ip.values())


@rfc("8421", "5", "rule", "8421-5-2")
def test_both_sides_have_their_pairs_in_the_same_order() -> None:
    wire = pair_of(
        [four(1), four(2), six(1), six(2), six(3)], ["10.0.9.2:6000", "[2001:db8:9::2]:6000"]
    )
    wire.connect()
    lists = [side.agent._state.streams[0].current.checklist for side in (wire.a, wire.b)]
    ours = [(pair.base.address, pair.to) for pair in lists[0]]
    theirs = [(pair.to, pair.base.address) for pair in lists[1]]
    assert ours == theirs
    assert [pair.priority for pair in lists[0]] == [pair.priority for pair in lists[1]]
    assert len(ours) == 5


@rfc("8421", "5", "option", "8421-5-3")
def test_no_host_candidate_is_demoted_to_another_type_preference() -> None:
    """The option would give equal types different preferences, which RFC 8445 forbids."""
    hosts = [four(number) for number in range(4)] + [six(number) for number in range(4)]
    for candidate in ranked(hosts):
        assert candidate.type is CandidateType.HOST
        assert candidate.priority >> 24 == 126


@rfc("8421", "3", "should", "8421-3-1")
@rfc("8421", "5", "should", "8421-3-2")
def test_addresses_that_are_added_later_come_at_the_very_end() -> None:
    """How the owner ranks interfaces it does not trust: it adds them when the others are made."""
    side = Side("a", Role.CONTROLLING, [four(1), six(1)])
    first = side.agent.local_description(0).candidates
    side.bind(0.0, address(six(9)))
    side.bind(0.0, address(four(9)))
    later = [one for one in side.agent.local_description(0).candidates if one not in first]
    assert len(later) == 2
    assert max(one.priority for one in later) < min(one.priority for one in first)


@rfc("8421", "4", "should", "8421-4-1")
def test_the_families_are_tried_in_the_order_of_the_ranking() -> None:
    wire = pair_of([four(1), six(1)], ["10.0.9.2:6000", "[2001:db8:9::2]:6000"])
    wire.lose = lambda sent: True
    wire.connect().run(0.06)
    assert [sent.to.family for sent in wire.requests(wire.a)] == [6, 4]
