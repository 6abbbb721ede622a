"""How fast: the bounds of what the procedures allow, to the millisecond."""

from __future__ import annotations

import pytest

from sipice.ice import AgentConfig, MediaChanged, PairSelected
from tests.marks import rfc
from tests.simnet.call import Call, Plan, ice_servers
from tests.simnet.nat import PORT_RESTRICTED, SYMMETRIC, NatKind
from tests.simnet.topology import OPEN, behind, build
from tests.simnet.world import Packet

TA = 0.050
QUIET = Plan(ringing=0.3, early_start=False)
"""Both begin at once, long after they asked their servers."""


def call(rtt: float, *, seed: int = 0, config: AgentConfig | None = None) -> Call:
    return Call(build(OPEN, OPEN, rtt=rtt, seed=seed), seed=seed, config=config)


def is_request(packet: Packet) -> bool:
    return packet.data[:2] == b"\0\1"


def valid_at(made: Call) -> dict[str, float]:
    """When each side could first send media."""
    times: dict[str, float] = {}
    for peer in (made.a, made.b):
        for when, event in peer.events:
            if isinstance(event, MediaChanged) and event.table.send is not None:
                times.setdefault(peer.name, when)
    return times


@pytest.mark.parametrize("rtt", [0.0, 0.020, 0.050, 0.150, 0.600])
@rfc("8445", "12.1", "MAY/MUST", "8445-12.1-1")
def test_media_may_flow_after_one_round_trip(rtt: float) -> None:
    made = call(rtt).run()
    assert valid_at(made) == pytest.approx({"a": rtt, "b": rtt})


@pytest.mark.parametrize("rtt", [0.0, 0.020, 0.050, 0.150, 0.600])
@rfc("8445", "8.1.1", "rule", "8445-8.1.1-1")
def test_the_pair_is_nominated_after_two_round_trips_and_at_most_one_ta(rtt: float) -> None:
    made = call(rtt).run()
    made.assert_connected()
    assert made.completed_after() <= 2 * rtt + TA + 1e-9


@pytest.mark.parametrize(
    ("nat", "rtt", "both"),
    [
        (PORT_RESTRICTED, 0.0, 0.050),  # of two checks that cross one is lost, and made again
        (PORT_RESTRICTED, 0.050, 0.050),
        (SYMMETRIC, 0.0, 0.100),  # behind one that is lost and one into the other's network
        (SYMMETRIC, 0.050, 0.150),
    ],
)
@rfc("8445", "12.1", "MAY/MUST", "8445-12.1-1")
def test_behind_two_nats_media_waits_for_no_check_that_can_hardly_succeed(
    nat: NatKind, rtt: float, both: float
) -> None:
    topology = build(behind(nat), behind(nat), rtt=rtt)
    servers = ice_servers(topology, stun=nat is not SYMMETRIC, turn=nat is SYMMETRIC)
    made = Call(topology, config=AgentConfig(servers=servers), plan=QUIET).run()
    made.assert_connected()
    assert made.known_at is not None
    assert max(valid_at(made).values()) - made.known_at == pytest.approx(both)


@pytest.mark.parametrize(("rtt", "valid"), [(0.0, 0.050), (0.050, 0.100), (0.200, 0.300)])
@pytest.mark.parametrize("loser", ["a", "b"])
@rfc("8445", "7.3.1.4", "MUST", "8445-7.3.1.4-3")
def test_a_lost_first_check_is_rescued_by_the_peers(rtt: float, valid: float, loser: str) -> None:
    made = call(rtt)
    site = made.topology.a if loser == "a" else made.topology.b
    site.wan.up.drop_next(1, match=is_request)
    made.run()
    made.assert_connected()
    assert valid_at(made)[loser] == pytest.approx(valid)


@pytest.mark.parametrize("rtt", [0.0, 0.050, 0.200])
def test_a_lost_answer_is_rescued_by_the_peers_check(rtt: float) -> None:
    made = call(rtt)
    lost: list[Packet] = []

    def lose(host: str, packet: Packet) -> bool:
        if host == "b" and packet.data[:2] == b"\x01\x01" and not lost:
            lost.append(packet)
            return True
        return False

    made.world.losses.append(lose)
    made.run()
    made.assert_connected()
    assert lost
    # b's own check comes after half a round trip and makes a check again, Ta after its first.
    assert valid_at(made)["a"] <= max(rtt / 2, TA) + rtt + 1e-9


def test_a_larger_ta_on_either_side_slows_both_down() -> None:
    topology = build(OPEN, OPEN, rtt=0.0)
    made = Call(topology, config=AgentConfig(), config_b=AgentConfig(ta=0.200), ta=0.200)
    made.run()
    made.assert_connected()
    assert min(made.watch.pacing.gaps) >= 0.200 - 1e-9


@rfc("8445", "14.2", "MUST", "8445-14.2-1")
def test_a_smaller_ta_counts_only_when_both_sides_propose_it() -> None:
    quick = AgentConfig(ta=0.020)
    made = Call(build(OPEN, OPEN), config=quick, ta=0.020).run()
    made.assert_connected()
    assert made.completed_after() <= 0.020 + 1e-9
    made = Call(build(OPEN, OPEN), config=quick, config_b=AgentConfig(), ta=0.050).run()
    made.assert_connected()


@pytest.mark.parametrize("start", [1e-3, 12345.678, 4e6])
def test_the_clock_may_begin_anywhere(start: float) -> None:
    made = Call(build(OPEN, OPEN, rtt=0.050, start=start)).run()
    made.assert_connected()
    assert made.completed_after() < 0.150 + 1e-6
    assert made.a.first(PairSelected) is not None


@pytest.mark.parametrize("rtt", [0.0, 0.020, 0.050, 0.150, 0.600])
def test_a_direct_call_costs_few_requests(rtt: float) -> None:
    made = call(rtt).run()
    made.world.run(until=made.world.now + 1.0)
    sent = {
        name: {
            line.data[8:20]
            for line in made.world.trace.lines()
            if (line.where, line.what) == (name, "sends") and line.data[:2] == b"\0\1"
        }
        for name in ("a", "b")
    }
    # A check each, one more where the peer's check came before the answer, one nomination.
    assert len(sent["a"]) <= 3
    assert len(sent["b"]) <= 2
