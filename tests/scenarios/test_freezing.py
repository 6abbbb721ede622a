"""RFC 8445 §6.1.2.6: foundations hold back what the first check of them will tell."""

from __future__ import annotations

import pytest

from tests.marks import rfc
from tests.simnet.call import Call
from tests.simnet.topology import OPEN, build
from tests.simnet.wire import Place

RTT = 0.300


def checked(made: Call, host: str, before: float) -> list[Place]:
    """The sockets from which a host sent checks before an instant, in order."""
    found: list[Place] = []
    for line in made.world.trace.lines():
        if (line.where, line.what) == (host, "sends") and line.data[:2] == b"\0\1":
            assert line.src is not None
            if line.now < before and line.src not in found:
                found.append(line.src)
    return found


@pytest.mark.parametrize(("streams", "components"), [(1, 2), (3, 1), (3, 2)])
@rfc("8445", "6.1.2.6", "rule", "8445-6.1.2.6-1")
def test_one_check_for_each_foundation_until_it_has_succeeded(
    streams: int, components: int
) -> None:
    made = Call(build(OPEN, OPEN, rtt=RTT), streams=streams, components=components).run()
    made.assert_connected()
    for peer in (made.a, made.b):
        first = peer.bases[0][2]
        assert (peer.bases[0][:2]) == (0, 1)
        assert checked(made, peer.name, RTT - 1e-9) == [first.address]


@rfc("8445", "7.2.5.3.3", "MUST", "8445-7.2.5.3.3-1")
def test_a_success_wakes_its_foundation_in_every_checklist() -> None:
    made = Call(build(OPEN, OPEN, rtt=RTT), streams=3, components=2).run()
    # All six are under way as fast as Ta allows, among the nominations.
    assert len(checked(made, "a", RTT + 12 * 0.050)) == 6


def test_two_addresses_are_two_foundations() -> None:
    topology = build(OPEN, OPEN, rtt=RTT)
    topology.a.wan.add("203.0.113.101")
    made = Call(topology, streams=2).run()
    made.assert_connected()
    early = checked(made, "a", RTT - 1e-9)
    assert len(early) == 2
    assert {place[0] for place in early} == set(topology.a.host.ips)


@rfc("8445", "6.1.2.6", "rule", "8445-6.1.2.6-1")
def test_what_the_first_check_cannot_prove_is_tried_after_it_has_failed() -> None:
    made = Call(build(OPEN, OPEN, rtt=RTT), streams=2)
    port = 50_000  # of b's first socket
    made.topology.b.wan.down.drops.append(lambda packet: packet.dst.port == port)
    made.topology.b.wan.up.drops.append(lambda packet: packet.src.port == port)
    made.start()
    made.world.run(until=60.0)
    assert made.b.bases[0][2].address.port == port
    second = made.a.bases[1][2].address
    when = [
        line.now
        for line in made.world.trace.lines()
        if (line.where, line.what, line.src) == ("a", "sends", second)
    ]
    assert when[0] == pytest.approx(39.5)
