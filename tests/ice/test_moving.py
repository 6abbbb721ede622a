"""RFC 8656: what becomes of an allocation when its agent goes on in another process."""

from __future__ import annotations

from random import Random

from sipice.ice import Agent, AgentConfig, Loss, PathLost
from tests.ice.test_link import call as over_a_connection
from tests.simnet.call import Call, ice_servers
from tests.simnet.nat import SYMMETRIC
from tests.simnet.topology import behind, build


def relayed_call() -> Call:
    topology = build(behind(SYMMETRIC), behind(SYMMETRIC), rtt=0.02)
    servers = ice_servers(topology, stun=False, turn=True)
    call = Call(topology, config=AgentConfig(servers=servers)).run()
    call.world.run(until=call.world.now + 10.0)
    return call


def test_an_allocation_moves_with_its_session_and_nothing_of_it_is_lost() -> None:
    call = relayed_call()
    now = call.world.now
    for peer in (call.a, call.b):
        before = peer.agent.media(0, 1)
        data = peer.agent.export(now)
        again = Agent.restore(peer.config, data, now, rng=Random(7))
        assert again.export(now) == data
        assert again.media(0, 1) == before
        assert not [event for event in again.take_events() if isinstance(event, PathLost)]


def test_without_its_server_in_the_configuration_an_allocation_is_lost() -> None:
    call = relayed_call()
    now = call.world.now
    for peer in (call.a, call.b):
        send = peer.agent.media(0, 1).send
        assert send is not None
        again = Agent.restore(AgentConfig(), peer.agent.export(now), now, rng=Random(7))
        lost = [event.reason for event in again.take_events() if isinstance(event, PathLost)]
        assert lost == ([Loss.RELAY_LOST] if send.relayed else [])
        assert (again.media(0, 1).send is None) is send.relayed


def test_an_allocation_over_a_connection_ends_with_it_and_that_is_said() -> None:
    made = over_a_connection().run()
    made.world.run(until=made.world.now + 10.0)
    for peer in (made.a, made.b):
        peer.reincarnate()
        lost = peer.first(PathLost)
        assert lost is not None
        assert lost == (made.world.now, lost[1])
        assert lost[1].reason is Loss.RELAY_LOST
