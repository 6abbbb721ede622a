"""One lost packet, whichever it is, never costs the best path."""

from __future__ import annotations

from random import Random

import pytest

from sipice.ice import Candidate, PairSelected
from tests.marks import rfc
from tests.simnet.call import Call
from tests.simnet.link import drop_nth
from tests.simnet.topology import OPEN, Topology, build
from tests.simnet.world import Packet

SEEDS = 2_000
SLICE = 250


def world(seed: int) -> tuple[Topology, Random]:
    """Two hosts with one or two addresses each, all of them in reach of each other."""
    rng = Random(seed)
    topology = build(OPEN, OPEN, seed=seed, rtt=rng.choice([0.0, 0.010, 0.040, 0.100, 0.250]))
    for number, site in enumerate(topology.sites, 1):
        if rng.random() < 0.7:
            # On the same wire: every path is as good as every other but for its priority.
            wan = site.wan
            extra = rng.choice([f"203.0.113.10{number}", f"2001:db8:a{number}::10"])
            wan.add(extra)
    return topology, rng


def best_pair(made: Call) -> tuple[object, object]:
    """The pair of the highest priority, by the formula of RFC 8445 §6.1.2.3."""
    ours = made.a.agent.local_description(0).candidates
    theirs = made.b.agent.local_description(0).candidates
    pairs = [
        (priority(one, other), one.address, other.address)
        for one in ours
        for other in theirs
        if one.address.family == other.address.family
    ]
    assert 1 <= len(pairs) <= 4
    return max(pairs)[1:]


def priority(controlling: Candidate, controlled: Candidate) -> int:
    g, d = controlling.priority, controlled.priority
    return 2**32 * min(g, d) + 2 * max(g, d) + (g > d)


def lose_one(made: Call, number: int) -> None:
    """Lose the packet with this number, counted over all that the two hosts send."""
    drop = drop_nth({number})

    def lose(host: str, packet: Packet) -> bool:
        return drop(packet)

    made.world.losses.append(lose)


def run(seed: int) -> Call:
    topology, rng = world(seed)
    made = Call(topology, seed=seed)
    lose_one(made, rng.randrange(12))
    made.run()
    made.assert_connected()
    # What is decided stays decided: nothing is nominated twice.
    made.world.run(until=made.world.now + 5.0)
    return made


def assert_best(seed: int) -> None:
    made = run(seed)
    chosen = made.a.all(PairSelected)
    assert len(chosen) == len(made.b.all(PairSelected)) == 1
    assert (chosen[0].local.address, chosen[0].remote.address) == best_pair(made), (
        f"seed {seed}\n{made.world.trace.text()}"
    )


@pytest.mark.parametrize("first", range(0, SLICE, 50))
@rfc("8445", "8.1.1", "MUST", "8445-8.1.1-2")
def test_the_best_path_is_selected_whatever_packet_is_lost(first: int) -> None:
    for seed in range(first, first + 50):
        assert_best(seed)


@pytest.mark.long
@pytest.mark.parametrize("first", range(SLICE, SEEDS, 50))
def test_the_best_path_is_selected_in_all_seeds(first: int) -> None:
    for seed in range(first, first + 50):
        assert_best(seed)
