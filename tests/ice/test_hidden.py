"""draft-ietf-mmusic-mdns-ice-candidates: addresses that a peer hid behind a name in ``.local``."""

from __future__ import annotations

import json
from random import Random

from sipice.ice import Agent, AgentConfig, CandidateType, Role
from sipice.ice.candidate import Candidate
from sipice.ice.replay import replay
from sipice.trace import JsonLines
from tests.ice.harness import Puppet, Side, remote
from tests.marks import rfc
from tests.rfc.servers import Desk, turn
from tests.simnet.wire import Attr, Method

HIDDEN = remote("198.51.100.7:7000")._replace(hidden=True)
OPEN = remote("198.51.100.8:7000", priority=5)


def relayed() -> tuple[Desk, Puppet]:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"], AgentConfig(servers=(turn(),)))
    return Desk(side), Puppet(side, candidates=[HIDDEN, OPEN])


def pairs(desk: Desk) -> set[tuple[CandidateType, str]]:
    generation = desk.side.agent._state.streams[0].current
    return {(pair.local.type, pair.to.host) for pair in generation.checklist}


@rfc("mdns", "Privacy", "MUST NOT", "mdns-priv-1")
def test_a_hidden_address_is_never_paired_with_our_relay_nor_told_to_its_server() -> None:
    desk, puppet = relayed()
    desk.gather()
    desk.side.agent.local_description(0)
    desk.side.agent.set_remote_description(desk.now, 0, puppet.description)
    desk.run(3.0)
    assert pairs(desk) == {
        (CandidateType.HOST, "198.51.100.7"),
        (CandidateType.HOST, "198.51.100.8"),
        (CandidateType.RELAYED, "198.51.100.8"),
    }
    assert _told(desk) == {"198.51.100.8"}


@rfc("mdns", "Privacy", "MUST NOT", "mdns-priv-1")
def test_a_relay_that_comes_later_does_not_learn_it_either() -> None:
    desk, puppet = relayed()
    desk.side.agent.local_description(0)
    desk.side.agent.set_remote_description(0.0, 0, puppet.description)
    desk.gather(3.0)
    assert (CandidateType.RELAYED, "198.51.100.7") not in pairs(desk)
    assert _told(desk) == {"198.51.100.8"}


def _told(desk: Desk) -> set[str]:
    """The peers that the TURN server has heard of."""
    found = set()
    for asked in desk.requests(Method.CREATE_PERMISSION):
        place = asked.message.address(Attr.XOR_PEER_ADDRESS)
        assert place is not None
        found.add(".".join(map(str, place[0])))
    return found


@rfc("mdns", "Processing", "rule", "mdns-recv-3")
def test_an_address_that_has_shown_itself_already_is_not_paired_twice() -> None:
    """The peer's check came before the name was resolved: the pair stays as it is."""
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    puppet = Puppet(side, HIDDEN.address.host + ":7000", candidates=[])
    puppet.description.complete = False
    side.agent.local_description(0)
    side.agent.set_remote_description(0.0, 0, puppet.description)
    (base,) = side.bases.values()
    request = puppet.request(controlling=True)
    side.agent.receive_datagram(0.1, request, base, HIDDEN.address)
    generation = side.agent._state.streams[0].current
    assert [pair.remote.type for pair in generation.checklist] == [CandidateType.PEER_REFLEXIVE]
    side.agent.add_remote_candidate(0.2, 0, HIDDEN)
    (pair,) = generation.checklist
    assert pair.remote.type is CandidateType.HOST
    assert pair.to == HIDDEN.address


def test_what_is_hidden_stays_so_in_records_and_exports() -> None:
    lines: list[str] = []
    agent = Agent(role=Role.CONTROLLING, rng=Random(1), tracer=JsonLines(lines.append))
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"], agent=agent)
    stream = agent.add_stream()
    side.streams = [stream]
    side.bind(0.0, OPEN.address._replace(ip=b"\x0a\0\0\1"))
    puppet = Puppet(side, candidates=[HIDDEN])
    agent.local_description(stream)
    agent.set_remote_description(0.0, stream, puppet.description)
    assert replay([json.loads(line) for line in lines]) is None
    other = Agent.restore(AgentConfig(), agent.export(0.1), 0.1, rng=Random(2))
    found = other._state.streams[stream].current.remote
    assert found is not None
    assert [_hidden(one) for one in found.candidates] == [True]


def _hidden(candidate: Candidate) -> bool:
    return candidate.hidden
