"""Peers that are not ours: legacy, odd, and hostile ones that know the password."""

from __future__ import annotations

import pytest

from sipice.ice import AgentConfig, Loss, MediaChanged, PairSelected, PathLost, Role, StreamFailed
from sipice.net import Address
from tests.marks import rfc
from tests.simnet import wire
from tests.simnet.call import Watch
from tests.simnet.host import Host, Socket
from tests.simnet.peer import Peer
from tests.simnet.rawpeer import Answer, RawPeer, refuse, silent, succeed
from tests.simnet.topology import OPEN, build
from tests.simnet.wire import Attr, Class, Message
from tests.simnet.world import Packet


class Meeting:
    """One of our agents and a raw peer."""

    def __init__(
        self,
        *,
        role: Role = Role.CONTROLLING,
        sockets: int = 1,
        rtt: float = 0.050,
        config: AgentConfig | None = None,
        ice2: bool = True,
    ) -> None:
        topology = build(OPEN, OPEN, rtt=rtt)
        self.world = topology.world
        self.internet = topology.internet
        self.peer = Peer(topology.a.host, role=role, config=config)
        self.raw = RawPeer(topology.b.host, controlling=role is Role.CONTROLLED, sockets=sockets)
        self.watch = Watch(self.world)
        self.watch.follow(self.peer)
        self.peer.bind_all()
        self.peer.tell(self.peer.agent.gather)
        self.watch.announce(self.peer, 0)
        self.watch.checker.passwords[self.raw.ufrag] = self.raw.password
        self.raw.know(self.peer.description(0))
        self.ours = self.peer.bases[0][2].address
        self.ice2 = ice2

    def start(self) -> None:
        description = self.raw.description
        if not self.ice2:
            description = type(description)(
                description.credentials, description.candidates, ice2=False
            )
        self.peer.accept(0, description)

    def nominate_at(self, when: float, socket: Socket) -> None:
        def nominate() -> None:
            self.raw.check(self.ours, nominate=True, socket=socket)

        self.world.at(when, nominate)

    def run(self, until: float) -> None:
        self.world.run(until=until)

    def sent(self) -> int:
        lines = self.world.trace.lines()
        return sum((line.where, line.what) == ("a", "sends") for line in lines)


def test_a_plain_peer_that_only_answers_is_nominated() -> None:
    meeting = Meeting()
    meeting.start()
    meeting.run(2.0)
    assert meeting.peer.completed
    nominations = [
        packet for packet in meeting.raw.requests if wire.parse(packet.data).has(Attr.USE_CANDIDATE)
    ]
    assert len(nominations) == 1


@rfc("8445", "8.1.1", "MUST", "8445-8.1.1-3")
def test_an_aggressive_peer_gets_the_best_of_what_it_nominates() -> None:
    meeting = Meeting(role=Role.CONTROLLED, sockets=3, ice2=False)
    meeting.start()
    # It nominates everything, the worst first, as RFC 5245 allowed.
    for number, socket in enumerate(reversed(meeting.raw.sockets)):
        meeting.nominate_at(0.100 + 0.020 * number, socket)
    meeting.run(2.0)
    selected = meeting.peer.selected()
    assert selected is not None
    assert selected.remote.address == meeting.raw.sockets[0].address


@rfc("8445", "7.3.1.5", "rule", "8445-7.3.1.5-1")
def test_a_nomination_in_the_first_check_counts_once_our_own_succeeds() -> None:
    meeting = Meeting(role=Role.CONTROLLED)
    meeting.start()
    meeting.raw.check(meeting.ours, nominate=True)
    meeting.run(0.040)
    assert meeting.peer.selected() is None
    meeting.run(1.0)
    assert meeting.peer.selected() is not None


@pytest.mark.parametrize("number", [400, 401, 403, 420, 487, 500, 699])
@pytest.mark.parametrize("signed", [True, False])
def test_a_storm_of_errors_ends_in_failure_with_few_packets(number: int, signed: bool) -> None:
    meeting = Meeting()
    meeting.raw.answer = refuse(number, signed=signed)
    meeting.start()
    meeting.run(400.0)
    assert meeting.peer.failed
    assert meeting.peer.first(PairSelected) is None
    assert meeting.sent() <= 30


def without_address(peer: RawPeer, packet: Packet, request: Message) -> bytes:
    return peer.response(request, [])


def unsigned(peer: RawPeer, packet: Packet, request: Message) -> bytes:
    mapped = wire.xor_address(packet.src, request.transaction)
    return peer.response(request, [(Attr.XOR_MAPPED_ADDRESS, mapped)], signed=False)


def with_unknown(peer: RawPeer, packet: Packet, request: Message) -> bytes:
    mapped = wire.xor_address(packet.src, request.transaction)
    return peer.response(request, [(Attr.XOR_MAPPED_ADDRESS, mapped), (0x7F00, b"must know")])


@pytest.mark.parametrize("answer", [without_address, unsigned, with_unknown, silent])
@rfc("8489", "6.3.3", "rule", "8489-6.3.3-1")
def test_an_answer_that_proves_nothing_makes_no_pair(answer: Answer) -> None:
    meeting = Meeting()
    meeting.raw.answer = answer
    meeting.start()
    meeting.run(100.0)
    assert meeting.peer.first(PairSelected) is None
    assert meeting.peer.failed


def test_a_lying_mapped_address_leads_nowhere_else() -> None:
    def lie(peer: RawPeer, packet: Packet, request: Message) -> bytes:
        place = Address.parse("192.0.2.200", 9999)
        mapped = wire.xor_address(place, request.transaction)
        return peer.response(request, [(Attr.XOR_MAPPED_ADDRESS, mapped)])

    meeting = Meeting()
    meeting.raw.answer = lie
    meeting.start()
    meeting.run(5.0)
    destinations = {
        line.dst for line in meeting.world.trace.lines()
        if (line.where, line.what) == ("a", "sends")
    }  # fmt: skip
    assert destinations == {meeting.raw.sockets[0].address}


@rfc("7675", "5.2", "rule", "7675-5.2-1")
def test_a_signed_403_revokes_consent_and_an_unsigned_one_does_not() -> None:
    for signed in (True, False):
        meeting = Meeting()
        meeting.start()
        meeting.run(2.0)
        assert meeting.peer.completed
        meeting.raw.answer = refuse(403, signed=signed)
        meeting.run(10.0)
        lost = [event.reason for event in meeting.peer.all(PathLost)]
        assert lost == ([Loss.CONSENT_REVOKED] if signed else [])


@pytest.mark.parametrize("late", [True, False])
def test_a_thousand_addresses_of_one_peer_stay_within_the_limits(late: bool) -> None:
    """RFC 8445 §19.5.1: what a peer with the password can make an agent do."""
    meeting = Meeting(role=Role.CONTROLLED)
    crowd = Host(meeting.world, "crowd")
    crowd.attach(meeting.internet, [f"198.18.{i // 250}.{i % 250 + 1}" for i in range(1000)])
    sockets = [crowd.bind(ip, lambda _: None) for ip in crowd.ips]
    if late:
        meeting.start()
        meeting.run(0.5)
    for socket in sockets:
        meeting.raw.check(meeting.ours, socket=socket)
    meeting.run(1.0)
    if not late:
        meeting.start()
    meeting.run(100.0)
    requests = {
        line.data[8:20]
        for line in meeting.world.trace.lines()
        if (line.where, line.what) == ("a", "sends") and line.data[:2] == b"\0\1"
    }
    assert len(requests) <= 110
    # The raw peer itself is not crowded out.
    meeting.raw.check(meeting.ours, nominate=True)
    meeting.run(103.0)
    if late:
        assert meeting.peer.selected() is not None


def test_thousands_of_repeated_checks_are_answered_and_change_nothing() -> None:
    meeting = Meeting()
    meeting.start()
    meeting.run(2.0)
    tables = len(meeting.peer.all(MediaChanged))
    for number in range(2_000):
        meeting.world.at(2.0 + number * 0.0005, lambda: meeting.raw.check(meeting.ours))
    meeting.run(4.0)
    assert len(meeting.raw.responses) >= 2_000
    assert len(meeting.peer.all(MediaChanged)) == tables
    assert all(message.cls is Class.SUCCESS for message in meeting.raw.responses)
    assert meeting.peer.all(StreamFailed) == []


@rfc("8489", "6.3.1", "rule", "8489-6.3.1-1")
def test_an_unknown_required_attribute_gets_420_and_an_optional_one_is_ignored() -> None:
    meeting = Meeting()
    meeting.start()
    meeting.run(2.0)
    meeting.raw.check(meeting.ours, extra=((0x7F00, b"x"),))
    meeting.run(2.2)
    answer = meeting.raw.responses[-1]
    assert answer.error() == 420
    assert answer.get(Attr.UNKNOWN_ATTRIBUTES) == b"\x7f\x00"
    meeting.raw.check(meeting.ours, extra=((0xFF00, b"x"),))
    meeting.run(2.4)
    assert meeting.raw.responses[-1].cls is Class.SUCCESS


def test_a_peer_that_answers_only_sometimes_keeps_the_call() -> None:
    meeting = Meeting()
    meeting.start()
    meeting.run(2.0)
    counted = 0

    def every_third(peer: RawPeer, packet: Packet, request: Message) -> bytes | None:
        nonlocal counted
        counted += 1
        return succeed(peer, packet, request) if counted % 3 == 0 else None

    meeting.raw.answer = every_third
    meeting.run(300.0)
    assert meeting.peer.all(PathLost) == []
