"""RFC 8445 §7.1 to §7.2.4: checks as the client sends them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sipice.ice import (
    CandidateType,
    PairSelected,
    Role,
)
from sipice.net import Address
from sipice.stun import Class, Key, Message, Method, decode, encode
from sipice.stun import attributes as a
from tests.ice.harness import Puppet, Sent, Side, address, remote
from tests.marks import rfc
from tests.rfc.alone import OWN, PEER, Alone, peers, requests
from tests.rfc.servers import Asked, Desk, turn, with_servers
from tests.simnet import wire

MAPPED = address("192.0.2.3:45664")
SECOND = "10.0.0.2:6100"


def first_check(role: Role = Role.CONTROLLED) -> tuple[Alone, Sent]:
    case = Alone(role)
    (check,) = case.log
    return case, check


def raw(data: bytes) -> list[int]:
    return wire.parse(data).kinds()


# §7.1: what a check carries


@rfc("8445", "7.1.1", "MUST", "8445-7.1.1-1")
@rfc("8445", "7.1.1", "", "AT-06")
def test_priority_is_that_of_a_peer_reflexive_candidate_of_the_same_base() -> None:
    theirs = [remote(PEER), remote("10.0.0.2:6001", component=2, foundation="2")]
    case = Alone(hosts=["10.0.0.1:5000", "10.0.1.1:5000"], peers=theirs, components=2)
    case.run(0.3)
    told = {str(sent.source): sent.message.get(a.PRIORITY) for sent in requests(case.log)}
    assert told == {
        "10.0.0.1:5000": 1862270975,
        "10.0.0.1:5001": 1862270974,
        "10.0.1.1:5000": 1862270719,
        "10.0.1.1:5001": 1862270718,
    }


@rfc("8445", "7.1.2", "MUST/MUST NOT", "8445-7.1.2-1")
@pytest.mark.parametrize("role", list(Role))
def test_use_candidate_is_sent_by_the_controlling_agent_alone(role: Role) -> None:
    case = Alone(role, peers=peers(PEER, SECOND))
    case.serve(3.0)
    nominating = [sent for sent in requests(case.log) if sent.nominates]
    assert bool(nominating) == (role is Role.CONTROLLING)
    assert bool(case.selected()) == (role is Role.CONTROLLING)


@rfc("8445", "7.1.3", "MUST", "8445-7.1.3-1")
@rfc("8445", "16.1", "MUST", "8445-16.1-1")
@pytest.mark.parametrize("role", list(Role))
def test_every_check_of_every_stream_claims_the_role_with_one_tie_breaker(role: Role) -> None:
    case = Alone(role, peers=peers(PEER, SECOND), streams=2).serve(3.0)
    mine, other = a.ICE_CONTROLLING, a.ICE_CONTROLLED
    if role is Role.CONTROLLED:
        mine, other = other, mine
    sent = requests(case.log)
    assert {s.source.port for s in sent} == {5000, 5010}
    assert len({s.message.get(mine) for s in sent}) == 1
    assert {s.message.get(other) for s in sent} == {None}
    assert sent[0].message.get(mine) is not None


@rfc("8445", "7.2.2", "MUST", "8445-7.2.2-1")
@rfc("8445", "7.2.4", "MUST / MUST NOT", "8445-7.2.4-1")
@rfc("8489", "9.1.2", "MUST", "8489-9.1.2-1")
@rfc("8489", "9.1.2", "", "AT-64")
@pytest.mark.parametrize("role", list(Role))
def test_a_check_has_these_attributes_and_no_others(role: Role) -> None:
    """In particular no MESSAGE-INTEGRITY-SHA256, which an RFC 5389 peer would answer with 420."""
    case, check = first_check(role)
    claim = 0x802A if role is Role.CONTROLLING else 0x8029
    kinds = raw(check.data)
    assert sorted(kinds[:-2]) == [0x0006, 0x0024, claim]
    assert kinds[-2:] == [0x0008, 0x8028]
    message = wire.parse(check.data)
    assert message.get(0x0006) == f"PUPPETuf:{case.puppet.peer.ufrag}".encode()
    assert wire.integrity_valid(message, case.puppet.credentials.pwd.encode())
    assert wire.fingerprint_valid(message)


@rfc("8445", "7.2.2", "MUST", "8445-7.2.2-1")
def test_the_answer_to_a_check_is_sealed_with_the_peers_password_not_ours() -> None:
    case, check = first_check()
    ours = Key.short_term(case.puppet.peer.pwd)
    message = Message(
        Method.BINDING,
        Class.SUCCESS,
        check.message.transaction_id,
        (a.XOR_MAPPED_ADDRESS(check.source),),
    )
    case.receive(encode(message, ours))
    assert case.path() is None
    case.answer(check)
    assert case.path() == PEER


@rfc("8445", "7.2.4", "MUST / MUST NOT", "8445-7.2.4-1")
def test_an_answer_in_the_form_of_rfc_3489_is_none() -> None:
    """Without the magic cookie and without integrity, as servers of old would."""
    case, check = first_check()
    mapped = bytes((0, 1)) + check.source.port.to_bytes(2, "big") + check.source.ip
    old = b"\x01\x01\x00\x0c" + check.data[4:20] + b"\x00\x01\x00\x08" + mapped
    case.receive(old)
    case.receive(old[:4] + bytes(4) + old[8:])
    assert case.path() is None
    case.run(0.5)
    assert [sent.data for sent in case.log] == [check.data] * 2, "retransmissions go on"


# §7.2.1: checks from a relayed candidate


class Relayed:
    """An agent with a relayed candidate, and a peer behind the relay."""

    def __init__(self, role: Role = Role.CONTROLLED) -> None:
        self.side = Side("a", role, [OWN], with_servers(turn()))
        self.desk = Desk(self.side, mapped={address(OWN): MAPPED}).gather()
        self.permitting = True
        self.desk.answer = self._answer
        self.puppet = Puppet(self.side)
        self.agent = self.side.agent
        self.agent.set_remote_description(self.desk.now, 0, self.puppet.description)

    def _answer(self, asked: Asked) -> bytes | None:
        is_permission = asked.message.method == wire.Method.CREATE_PERMISSION
        return None if is_permission and not self.permitting else self.desk.usual(asked)

    @property
    def allocation(self) -> Asked:
        return self.desk.requests(wire.Method.ALLOCATE)[-1]

    def checks(self) -> list[Message]:
        """The requests that reached the peer through the relay."""
        found = [decode(one.data) for one in self.desk.carried if one.peer == address(PEER)]
        return [message for message in found if message.message_class is Class.REQUEST]

    def answer(self, check: Message) -> None:
        relayed = self.desk.relay_of(self.allocation)
        self.desk.from_peer(self.allocation, address(PEER), self.puppet.success(check, relayed))


@rfc("8445", "7.2.1", "MUST", "8445-7.2.1-1")
@rfc("8445", "7.2.1", "", "AT-63")
def test_a_check_through_a_relay_waits_for_the_permission_of_the_remote_address() -> None:
    case = Relayed()
    case.permitting = False
    begun = case.desk.now
    case.desk.run(begun + 0.4)
    (asked, *_) = case.desk.requests(wire.Method.CREATE_PERMISSION)
    assert asked.message.address(wire.Attr.XOR_PEER_ADDRESS) is not None
    assert Address(*asked.message.address(wire.Attr.XOR_PEER_ADDRESS) or (b"", 0)).ip == (
        address(PEER).ip
    )
    assert case.checks() == []
    case.permitting = True
    case.desk.run(begun + 1.0)
    assert case.checks()
    assert case.desk.requests(wire.Method.CHANNEL_BIND) == [], "no channel before ICE is done"


@rfc("8445", "7.1.3", "MUST", "8445-7.1.3-1")
def test_a_check_that_waited_for_the_permission_leaves_with_the_role_of_that_moment() -> None:
    case = Relayed(Role.CONTROLLED)
    case.permitting = False
    case.desk.run(case.desk.now + 0.2)
    refused = decode(case.desk.direct[0].data)
    base = case.side.bases[address(OWN)]
    case.agent.receive_datagram(case.desk.now, case.puppet.error(refused, 487), base, address(PEER))
    case.permitting = True
    case.desk.run(case.desk.now + 0.6)
    direct, relayed = decode(case.desk.direct[-1].data), case.checks()[0]
    assert direct.get(a.ICE_CONTROLLING) is not None
    assert refused.get(a.ICE_CONTROLLED) != direct.get(a.ICE_CONTROLLING), "drawn anew"
    assert relayed.get(a.ICE_CONTROLLING) == direct.get(a.ICE_CONTROLLING)
    assert relayed.get(a.ICE_CONTROLLED) is None


@rfc("8445", "7.2.1", "MUST", "8445-7.2.1-1")
def test_a_check_that_waited_for_the_permission_leaves_once() -> None:
    """Whether it was due to be repeated meanwhile, or to be given up for another."""
    case = Relayed()
    case.permitting = False
    case.desk.run(case.desk.now + 1.8)
    case.permitting = True
    before = case.desk.now
    while not case.checks():
        case.desk.run(case.desk.now + 0.01)
    assert case.desk.now - before < 3.0
    assert len(case.checks()) == 1


@rfc("8445", "7.2.1", "MUST", "8445-7.2.1-1")
def test_the_permission_is_kept_while_ice_has_not_concluded() -> None:
    case = Relayed()
    case.desk.run(1000.0)
    instants = [asked.at for asked in case.desk.requests(wire.Method.CREATE_PERMISSION)]
    assert len(instants) >= 4
    assert max(b - a for a, b in pairwise([*instants, 1000.0])) < 300


@rfc("8445", "7.2.1", "MUST", "8445-7.2.1-1")
@rfc("8445", "7.2.1", "", "AT-63")
def test_a_channel_is_bound_once_a_relayed_pair_is_selected() -> None:
    case = Relayed(Role.CONTROLLING)
    for _ in range(4):
        case.desk.run(case.desk.now + 0.3)
        case.answer(case.checks()[-1])
    (selected,) = case.side.all(PairSelected)
    assert selected.local.type is CandidateType.RELAYED
    case.desk.run(case.desk.now + 0.1)
    (bound,) = case.desk.requests(wire.Method.CHANNEL_BIND)
    assert bound.message.address(wire.Attr.XOR_PEER_ADDRESS) == address(PEER)
