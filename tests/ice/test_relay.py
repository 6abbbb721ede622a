"""RFC 8656, RFC 8445 §5.1.1.2: allocations in the agent's hands."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from sipice.ice import (
    Agent,
    AgentConfig,
    BaseUse,
    CandidateGathered,
    CandidateType,
    PairSelected,
    Role,
    ServerFailed,
)
from tests.ice.harness import Puppet, Side, address
from tests.marks import rfc
from tests.rfc.servers import TURN, Asked, Desk, stun, turn, with_servers
from tests.simnet import wire
from tests.simnet.call import Call, Plan, ice_servers
from tests.simnet.nat import PORT_RESTRICTED, SYMMETRIC
from tests.simnet.topology import behind, build
from tests.simnet.turn_server import Policy
from tests.simnet.wire import Attr, Method

OWN = "10.0.0.1:5000"


@rfc("8445", "5.1.1.2", "rule", "8445-5.1.1.2-8")
@rfc("8445", "5.1.1.2", "SHOULD", "8445-5.1.1.2-6")
@rfc("8445", "7.2.1", "MUST", "8445-7.2.1-1")
@rfc("8445", "7.3.1.2", "rule", "8445-7.3.1.2-1")
@rfc("8445", "12.1", "RECOMMENDED", "8445-12.1-2")
def test_two_symmetric_nats_connect_through_a_relay_that_gets_a_channel() -> None:
    topology = build(behind(SYMMETRIC), behind(SYMMETRIC), rtt=0.02)
    servers = ice_servers(topology, stun=False, turn=True)
    call = Call(topology, config=AgentConfig(servers=servers), plan=Plan()).run()
    call.assert_connected()
    kinds = {e.candidate.type for e in call.a.all(CandidateGathered)}
    assert kinds == set(CandidateType) - {CandidateType.PEER_REFLEXIVE}
    call.world.run(until=call.world.now + 5.0)
    relayed = [peer for peer in (call.a, call.b) if peer.agent.media(0, 1).send.relayed]  # type: ignore[union-attr]
    assert relayed
    for peer in relayed:
        send = peer.agent.media(0, 1).send
        assert send is not None
        assert send.channel is not None
    assert call.a.send_media(b"\x80 to b")
    assert call.b.send_media(b"\x80 to a")
    call.world.run(until=call.world.now + 1.0)
    assert (call.a.media[-1][1], call.b.media[-1][1]) == (b"\x80 to a", b"\x80 to b")


@rfc("8445", "5.1.1.2", "SHOULD", "8445-5.1.1.2-9")
def test_a_turn_server_without_capacity_still_tells_the_mapped_address() -> None:
    topology = build(behind(PORT_RESTRICTED), policy=Policy(refuse_allocate=508))
    servers = ice_servers(topology, stun=False, turn=True)
    call = Call(topology, config=AgentConfig(servers=servers)).run()
    kinds = [e.candidate.type for e in call.a.all(CandidateGathered)]
    assert kinds == [CandidateType.HOST, CandidateType.SERVER_REFLEXIVE]


@rfc("8445", "8.3.1", "SHOULD", "8445-8.3.1-1")
def test_an_allocation_that_was_not_selected_is_given_back() -> None:
    topology = build()
    servers = ice_servers(topology, turn=True)
    call = Call(topology, config=AgentConfig(servers=servers)).run()
    call.world.run(until=call.world.now + 10.0)
    assert call.a.selected() is not None
    assert call.a.all(PairSelected)
    assert call.a.agent._state.local.relays == {}


@pytest.mark.parametrize("moment", [0.0, 0.01, 0.03, 0.055, 0.07, 0.2])
def test_an_allocation_under_way_when_its_stream_ends_is_given_back(moment: float) -> None:
    """Its socket goes when the server has confirmed it, or has nothing to give back."""
    side = Side("a", Role.CONTROLLING, [OWN], with_servers(turn()))
    desk = Desk(side).gather(until=moment)
    side.agent.remove_stream(desk.now, 0)
    desk.run(until=10.0)
    kept = 0
    for request in desk.requests(Method.ALLOCATE):
        kept += request.message.has(Attr.MESSAGE_INTEGRITY)
    for request in desk.requests(Method.REFRESH):
        assert request.message.get(Attr.LIFETIME) == bytes(4)
        kept -= 1
    assert kept == 0
    assert [str(base.address) for base in side.released] == [OWN]


@rfc("8656", "7.4", "SHOULD", "8656-7.4-2")
def test_a_port_in_use_at_the_server_is_told_and_another_port_helps() -> None:
    """What a process of ours left there would have been swept away; this is somebody else's."""
    side = Side("a", Role.CONTROLLING, [OWN], with_servers(turn()))
    desk = Desk(side)

    def answer(asked: Asked) -> bytes | None:
        signed = asked.message.has(Attr.MESSAGE_INTEGRITY)
        codes: dict[int, int] = {Method.ALLOCATE: 437, Method.REFRESH: 441}
        taken = codes.get(asked.message.method)
        refused = signed and asked.base.address == address(OWN) and taken
        return desk.reply(asked, taken) if refused else desk.usual(asked)

    desk.answer = answer
    desk.gather()
    (failed,) = side.all(ServerFailed)
    assert (failed.code, failed.base) == (437, side.bases[address(OWN)])
    assert desk.candidates(CandidateType.RELAYED) == []
    side.bind(desk.now, address("10.0.0.1:5001"))
    desk.gather(2.0)
    assert len(desk.candidates(CandidateType.RELAYED)) == 1
    assert len(desk.requests(Method.REFRESH)) == 1


@rfc("8656", "3.1", "rule", "8656-3.1-1")
def test_a_data_indication_counts_from_the_server_alone() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"], AgentConfig(servers=(turn(),)))
    desk = Desk(side).gather()
    puppet = Puppet(side, "198.51.100.9:7000")
    side.agent.local_description(0)
    side.agent.set_remote_description(desk.now, 0, puppet.description)
    desk.run(2.0)
    (allocate, *_) = desk.requests(Method.ALLOCATE)
    before = len(desk.carried)
    for server in (address("192.0.2.66:3478"), TURN._replace(port=9)):
        desk.from_peer(replace(allocate, server=server), puppet.host, puppet.request())
    assert len(desk.carried) == before
    desk.from_peer(allocate, puppet.host, puppet.request())
    assert len(desk.carried) == before + 1, "the answer goes back through the relay"


@pytest.mark.parametrize("restored", [False, True])
def test_on_a_shared_port_allocations_have_a_socket_of_their_own(restored: bool) -> None:
    """An allocation belongs to a 5-tuple: two sessions on one port could not have one each."""
    config = with_servers(stun(), turn())
    side = Side("a", Role.CONTROLLING, [], config)
    shared = side.agent.add_local_address(0.0, 0, 1, address(OWN), use=BaseUse.SHARED)
    alone = side.agent.add_local_address(0.0, 0, 1, address("10.0.0.1:6000"), use=BaseUse.RELAYS)
    if restored:
        side.agent = Agent.restore(config, side.agent.export(0.0), 0.0, rng=Random(1))
    outside = {shared.address: address("198.51.100.1:1"), alone.address: address("198.51.100.1:2")}
    desk = Desk(side, mapped=outside).gather(until=1.0)
    assert {request.base for request in desk.requests(Method.BINDING)} == {shared}
    assert {request.base for request in desk.requests(Method.ALLOCATE)} == {alone}
    host, reflexive, relayed = side.agent.local_description(0).candidates
    assert (host.type, host.base) == (CandidateType.HOST, shared)
    assert (reflexive.address, reflexive.base) == (outside[shared.address], shared)
    assert relayed.type is CandidateType.RELAYED
    side.agent.prepare_restart(desk.now)
    desk.gather(until=2.0)
    types = [one.type for one in side.agent.local_description(0).candidates]
    assert types.count(CandidateType.HOST) == 1, "in a restart neither"


def test_without_credentials_a_server_that_wants_none_relays_and_another_is_told() -> None:
    bare = replace(turn(), username="", password="")
    free = Desk(Side("a", Role.CONTROLLING, ["10.0.0.1:5000"], with_servers(bare)))

    def welcome(asked: Asked) -> bytes | None:
        relayed = wire.xor_address(address("192.0.2.9:49152"), asked.message.transaction)
        mapped = wire.xor_address(asked.base.address, asked.message.transaction)
        return free.reply(
            asked, None, (Attr.XOR_RELAYED_ADDRESS, relayed), (Attr.XOR_MAPPED_ADDRESS, mapped)
        )

    free.answer = welcome
    assert len(free.gather().candidates(CandidateType.RELAYED)) == 1
    strict = Desk(Side("a", Role.CONTROLLING, ["10.0.0.1:5000"], with_servers(bare))).gather()
    (event,) = strict.side.all(ServerFailed)
    assert event.why == "the server does not accept user name and password (401)"
