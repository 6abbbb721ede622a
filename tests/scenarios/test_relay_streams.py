"""Relays over connections, whatever happens when: at the end nothing is left of them."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from sipice.ice import AgentConfig, IceServer
from sipice.net import Transport
from tests.simnet.call import Call, Exchange, Plan, ice_servers
from tests.simnet.nat import SYMMETRIC
from tests.simnet.servers import Manner
from tests.simnet.topology import BLOCKED, behind, build

SEEDS = range(40)


def made(rng: Random) -> Call:
    site = rng.choice([BLOCKED, behind(SYMMETRIC)])
    topology = build(site, site, rtt=rng.choice([0.0, 0.02, 0.2]), seed=rng.randrange(1000))
    (good,) = ice_servers(topology, stun=False, turn=True)
    assert isinstance(good, IceServer)
    servers = (replace(good, transport=Transport.TCP), *ice_servers(topology))
    if rng.random() < 0.3:
        topology.stun.manner = Manner.DEAD
    if rng.random() < 0.3:
        servers = (*servers, good)
    trickle = rng.random() < 0.5
    plan = Plan(exchange=Exchange.TRICKLE if trickle else Exchange.VANILLA, signalling=0.01)
    config = AgentConfig(servers=servers, trickle=trickle, gather_timeout=1.0)
    return Call(topology, config=config, plan=plan, streams=rng.choice([1, 2]))


def disturb(call: Call, rng: Random) -> None:
    """Something that happens to connections, streams or servers."""
    peer = rng.choice([call.a, call.b])
    if peer.agent._state.closed:
        return
    match rng.randrange(6):
        case 0:
            call.topology.turn.hang_up()
        case 1 if peer.flows:
            flow = rng.choice(sorted(peer.server_flows))
            for connection in peer.agent._state.local.flows.values():
                if connection.flow.number == flow:
                    ready = rng.random() < 0.5
                    peer.tell(peer.agent.writable, connection.flow, ready)
        case 2:
            call.topology.turn.auth.expire_nonces()
        case 3 if (
            len(peer.streams) > 1 and call.plan.exchange is Exchange.VANILLA and call.known_at
        ):
            stream = peer.streams[0]
            if stream in peer.agent._state.streams:
                peer.tell(peer.agent.remove_stream, stream)
        case 4:
            call.topology.turn.restart()
        case _:
            peer.send_media(b"\x80 media", stream=peer.streams[-1])


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_left_of_a_disturbed_session(seed: int) -> None:
    rng = Random(seed)
    call = made(rng)
    for _ in range(rng.randrange(1, 8)):
        call.world.at(rng.uniform(0.0, 3.0), lambda: disturb(call, rng))
    call.start()
    end = rng.uniform(0.5, 40.0)
    call.world.run(until=end)
    for peer in (call.a, call.b):
        peer.tell(peer.agent.close)
    call.world.run(until=end + 2.0)
    for peer in (call.a, call.b):
        assert peer.flows == {}
        assert peer.sockets == {}
        assert peer.agent._state.local.flows == {}
        assert peer.agent.next_timeout() is None
    assert not call.topology.turn.clients_over_streams
