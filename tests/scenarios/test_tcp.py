"""RFC 6544: where UDP does not pass, a connection does."""

from __future__ import annotations

import pytest

from sipice.ice import AgentConfig, PathLost, TcpType
from sipice.net import Transport
from tests.marks import rfc
from tests.simnet.call import Call, Exchange, Plan
from tests.simnet.nat import PORT_RESTRICTED, SYMMETRIC
from tests.simnet.talk import Talk
from tests.simnet.topology import BLOCKED, FIREWALLED, OPEN, SiteKind, behind, build

TCP = AgentConfig(ice_tcp=True)


def call(
    a: SiteKind, b: SiteKind, *, exchange: Exchange = Exchange.VANILLA, seed: int = 0,
    components: int = 1, loss: float = 0.0,
) -> Call:  # fmt: skip
    plan = Plan(exchange=exchange, signalling=0.020)
    topology = build(a, b, rtt=0.050, seed=seed, loss=loss)
    return Call(topology, config=TCP, plan=plan, seed=seed, components=components)


def transport(made: Call) -> tuple[Transport, TcpType | None]:
    selected = made.a.selected()
    assert selected is not None
    return selected.local.transport, selected.local.tcptype


@pytest.mark.parametrize("exchange", list(Exchange))
@pytest.mark.parametrize("components", [1, 2])
@rfc("6544", "6.2", "MUST", "6544-6.2-1")
def test_a_host_without_udp_connects_out(exchange: Exchange, components: int) -> None:
    made = call(BLOCKED, OPEN, exchange=exchange, components=components).run()
    made.assert_connected()
    assert transport(made) == (Transport.TCP, TcpType.ACTIVE)
    made = call(OPEN, BLOCKED, exchange=exchange, components=components).run()
    made.assert_connected()
    selected = made.b.selected()
    assert selected is not None
    assert selected.local.tcptype is TcpType.ACTIVE


@pytest.mark.parametrize("site", [OPEN, behind(PORT_RESTRICTED), behind(SYMMETRIC)], ids=str)
def test_udp_is_preferred_where_it_passes(site: SiteKind) -> None:
    made = call(site, OPEN).run()
    made.assert_connected()
    assert transport(made)[0] is Transport.UDP


@pytest.mark.parametrize("peer", [BLOCKED, FIREWALLED], ids=str)
def test_two_that_cannot_be_reached_fail_in_time(peer: SiteKind) -> None:
    made = call(BLOCKED, peer).run(limit=300.0)
    made.assert_failed()


def test_media_flows_in_frames_both_ways() -> None:
    made = call(BLOCKED, OPEN).run()
    made.assert_connected()
    talk = Talk(made.a, made.b)
    made.world.run(until=20.0)
    talk.stop()
    for peer in (made.a, made.b):
        assert peer.all(PathLost) == []
        assert talk.missing(peer) == 0
        assert talk.longest_gap(peer) < 0.1


def test_a_restart_over_a_connection() -> None:
    made = call(BLOCKED, OPEN).run()
    talk = Talk(made.a, made.b)
    made.world.run(until=5.0)
    made.restart(made.b)
    made.world.run(until=15.0)
    talk.stop()
    selected = made.a.selected()
    assert selected is not None
    assert selected.generation > 1
    for peer in (made.a, made.b):
        assert talk.longest_gap(peer) < 0.2


def test_a_connection_that_breaks_is_made_again() -> None:
    made = call(BLOCKED, OPEN).run()
    made.world.run(until=10.0)
    for end in list(made.topology.a.host.tcp.ends.values()):
        end.close()
        end.on_close()
    made.world.run(until=60.0)
    both_alive(made)


@pytest.mark.parametrize("who", ["a", "b", "both"])
def test_a_connection_that_ends_with_a_process_is_made_again_by_the_next(who: str) -> None:
    made = call(BLOCKED, OPEN).run()
    made.world.run(until=10.0)
    for peer in (made.a, made.b):
        if who in (peer.name, "both"):
            peer.reincarnate()
    made.world.run(until=60.0)
    both_alive(made)


def both_alive(made: Call) -> None:
    for sender, receiver in ((made.a, made.b), (made.b, made.a)):
        assert sender.all(PathLost) == []
        before = len(receiver.media)
        assert sender.send_media(b"\x80 still here")
        made.world.run(until=made.world.now + 1.0)
        assert len(receiver.media) == before + 1


@pytest.mark.parametrize("seed", range(10))
def test_lossy_udp_beside_tcp(seed: int) -> None:
    call(OPEN, behind(SYMMETRIC), seed=seed, loss=0.15, components=2).run().assert_connected()
