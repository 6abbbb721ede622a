"""RFC 8656 whole: allocations over hours, through NAT and loss, on the virtual network's server."""

from __future__ import annotations

from random import Random

import pytest

from sipice.net import Address
from sipice.stun import LongTermCredentials
from sipice.turn import (
    Allocated,
    ChannelBound,
    DataReceived,
    Loss,
    Lost,
    PermissionFailed,
    PermissionGranted,
    Redirected,
    TurnClient,
    TurnConfig,
    TurnEvent,
)
from tests.marks import rfc
from tests.simnet import wire
from tests.simnet.host import Host, Network
from tests.simnet.link import Link
from tests.simnet.nat import PORT_RESTRICTED, SYMMETRIC, Nat, NatKind
from tests.simnet.turn_auth import MD5, SHA256, Realm
from tests.simnet.turn_server import Policy, TurnServer, Vice
from tests.simnet.wire import Attr, Method
from tests.simnet.world import Packet, World


class Bench:
    """A client behind a NAT, driven by the world; a server and a peer in the open."""

    def __init__(
        self,
        realm: Realm | None = None,
        policy: Policy | None = None,
        *,
        config: TurnConfig | None = None,
        password: str = "secret",
        nat: NatKind = PORT_RESTRICTED,
        delay: float = 0.02,
        loss: float = 0.0,
        seed: int = 1,
    ) -> None:
        self.world = World(seed, start=1000.0)
        internet, lan = Network(self.world, "internet"), Network(self.world, "lan")
        Nat(
            self.world,
            "nat",
            nat,
            inside=lan,
            outside=internet,
            addresses="203.0.113.1",
        )
        hosts = [Host(self.world, name) for name in ("client", "server", "peer")]
        hosts[0].attach(
            lan, "192.168.1.10", up=Link(delay=delay, loss=loss), down=Link(delay=delay, loss=loss)
        )
        hosts[1].attach(internet, ["198.51.100.1", "2001:db8::1"])
        hosts[2].attach(internet, "198.51.100.9")
        self.server_host = hosts[1]
        self.server = self.serve(realm, policy)
        self.peer_heard: list[Packet] = []
        self.peer = hosts[2].bind(hosts[2].ips[0], self.peer_heard.append)
        self.socket = hosts[0].bind(hosts[0].ips[0], self._take)
        self.client = TurnClient(
            config or TurnConfig(),
            self.server.address,
            LongTermCredentials("user", password),
            Random(seed),
        )
        self.events: list[TurnEvent] = []
        self.sent: list[wire.Message] = []
        self.world.timed.append(self)
        self.world.stepped.append(self.flush)

    def serve(self, realm: Realm | None, policy: Policy | None, ip: str = "") -> TurnServer:
        address = Address.parse(ip or "198.51.100.1", 0).ip
        relays = [Address.parse("198.51.100.1", 0).ip, Address.parse("2001:db8::1", 0).ip]
        return TurnServer(
            self.server_host, ip=address, relay_ips=relays, realm=realm, policy=policy
        )

    def _take(self, packet: Packet) -> None:
        assert packet.src == self.client.server
        self.client.receive(self.world.now, packet.data)

    def next_timeout(self) -> float | None:
        return self.client.next_timeout()

    def handle_timeout(self, now: float) -> None:
        self.client.handle_timeout(now)
        after = self.client.next_timeout()
        assert after is None or after > now

    def flush(self) -> None:
        for packet in self.client.take_packets():
            self.sent.append(wire.parse(packet))
            self.socket.send(self.client.server, packet)
        self.events += self.client.take_events()

    def run(self, seconds: float) -> list[TurnEvent]:
        """Let time pass; the events of it."""
        self.flush()
        self.world.run(self.world.now + seconds)
        events, self.events = self.events, []
        return events

    def allocate(self) -> Address:
        self.client.allocate(self.world.now)
        (event,) = self.run(1.0)
        assert isinstance(event, Allocated)
        return event.relayed[0]

    def send(self, data: bytes) -> None:
        packet = self.client.encapsulate(self.peer.address, data)
        assert packet is not None
        self.socket.send(self.client.server, packet)

    def refused(self) -> list[tuple[Method, int]]:
        return [(method, code) for _, method, code in self.server.log if code]


@pytest.mark.parametrize(
    "realm",
    [
        Realm(),
        Realm(cookie=False),
        Realm(algorithms=(MD5,)),
        Realm(algorithms=(SHA256,)),
        Realm(algorithms=(MD5, SHA256)),
        Realm(algorithms=(SHA256, MD5), printed_order=True),
        Realm(anonymity=True),
        Realm(anonymity=True, printed_order=True),
        Realm(algorithms=(SHA256,), anonymity=True),
    ],
)
@rfc("8489", "9.2.5", "MUST", "8489-9.2.5-4")
@rfc("8489", "9.2.5", "MUST", "8489-9.2.5-5")
def test_every_kind_of_challenge_is_met(realm: Realm) -> None:
    bench = Bench(realm)
    relayed = bench.allocate()
    assert relayed.ip == bench.server.address.ip
    assert bench.refused() == [(Method.ALLOCATE, 401)]
    bench.client.permit(bench.world.now, bench.peer.address)
    assert bench.run(1.0) == [PermissionGranted(bench.peer.address.ip)]
    sealed_by_sha256 = bench.sent[-1].has(Attr.MESSAGE_INTEGRITY_SHA256)
    assert sealed_by_sha256 == bool(realm.algorithms)


def test_an_allocation_takes_two_round_trips() -> None:
    bench = Bench(delay=0.05)
    bench.client.allocate(bench.world.now)
    bench.flush()
    bench.world.run(stop=lambda: bool(bench.events))
    assert bench.world.now == pytest.approx(1000.0 + 2 * 0.1)


@rfc("8656", "9", "rule", "8656-9-1")
@rfc("8656", "12", "rule", "8656-12-4")
def test_data_passes_both_ways_for_three_hours_without_a_gap() -> None:
    bench = Bench(Realm(algorithms=(SHA256,), nonce_lifetime=1800.0))
    relayed = bench.allocate()
    bench.client.bind_channel(bench.world.now, bench.peer.address)
    events = bench.run(1.0)
    assert events == [
        ChannelBound(bench.peer.address, 0x4000),
        PermissionGranted(bench.peer.address.ip),
    ]
    for number in range(1080):
        data = number.to_bytes(2)
        bench.send(data)
        bench.peer.send(relayed, data)
        assert bench.run(10.0) == [DataReceived(bench.peer.address, data)]
        assert bench.peer_heard.pop() == Packet(relayed, bench.peer.address, data)
    assert {code for _, code in bench.refused()} == {401, 438}
    requests = [message for message in bench.sent if message.method != Method.BINDING]
    assert len(requests) < 100


@pytest.mark.parametrize("seed", range(5))
def test_an_allocation_survives_loss_for_an_hour(seed: int) -> None:
    bench = Bench(loss=0.1, seed=seed)
    bench.client.allocate(bench.world.now)
    allocated = bench.run(40.0)
    assert isinstance(allocated[0], Allocated)
    bench.client.bind_channel(bench.world.now, bench.peer.address)
    assert len(bench.run(40.0)) == 2
    assert bench.run(3600.0) == []
    assert bench.client.channel_number(bench.peer.address) == 0x4000
    assert len(bench.server.allocations) == 1


@pytest.mark.parametrize(("keepalive", "reached"), [(15.0, True), (None, False)])
def test_a_silent_relay_stays_reachable_through_a_nat_that_forgets(
    keepalive: float | None, reached: bool
) -> None:
    bench = Bench(nat=SYMMETRIC, config=TurnConfig(keepalive=keepalive))
    relayed = bench.allocate()
    bench.client.permit(bench.world.now, bench.peer.address)
    bench.run(230.0)
    bench.peer.send(relayed, b"hello")
    assert bool(bench.run(1.0)) == reached


@rfc("8656", "11.1", "MUST", "8656-11.1-1")
def test_data_passes_in_indications_where_there_are_no_channels() -> None:
    bench = Bench(policy=Policy(channels=False))
    relayed = bench.allocate()
    bench.client.permit(bench.world.now, bench.peer.address)
    bench.run(1.0)
    bench.client.bind_channel(bench.world.now, bench.peer.address)
    bench.run(1.0)
    bench.send(b"out")
    bench.peer.send(relayed, b"in")
    assert bench.run(1.0) == [DataReceived(bench.peer.address, b"in")]
    assert bench.peer_heard == [Packet(relayed, bench.peer.address, b"out")]


def test_with_no_permission_nothing_passes() -> None:
    bench = Bench()
    relayed = bench.allocate()
    bench.peer.send(relayed, b"in")
    assert bench.run(1.0) == []


def test_a_forbidden_peer_fails_alone() -> None:
    forbidden = Address.parse("10.0.0.1", 5000)
    bench = Bench(policy=Policy(forbidden={forbidden.ip}))
    bench.allocate()
    bench.client.permit(bench.world.now, forbidden, bench.peer.address)
    assert sorted(bench.run(1.0), key=str) == [
        PermissionFailed(forbidden.ip, 403),
        PermissionGranted(bench.peer.address.ip),
    ]


def test_an_allocation_of_ipv6() -> None:
    bench = Bench(config=TurnConfig(family=6))
    assert bench.allocate().family == 6
    assert bench.run(700.0) == []
    assert len(bench.server.allocations) == 1


@pytest.mark.parametrize(
    ("policy", "password", "lost"),
    [
        (Policy(), "wrong", Lost(Loss.CREDENTIALS, 401)),
        (Policy(quota=0), "secret", Lost(Loss.CAPACITY, 486, 60.0)),
        (Policy(ports=0), "secret", Lost(Loss.CAPACITY, 508, 60.0)),
        (Policy(refuse_allocate=403), "secret", Lost(Loss.REFUSED, 403)),
        (Policy(vice=Vice.DEAD), "secret", Lost(Loss.TIMEOUT, retry_after=0.0)),
        (Policy(vice=Vice.ALWAYS_UNAUTHORIZED), "secret", Lost(Loss.CREDENTIALS, 401)),
        (Policy(vice=Vice.ALWAYS_STALE), "secret", Lost(Loss.CHALLENGE, 438)),
        (Policy(vice=Vice.BAD_INTEGRITY), "secret", Lost(Loss.INTEGRITY)),
        (Policy(vice=Vice.NO_RELAY), "secret", Lost(Loss.UNUSABLE)),
    ],
)
@rfc("8656", "7.4", "rule", "8656-7.4-1")
def test_every_refusal_and_vice_ends_in_a_loss_and_few_packets(
    policy: Policy, password: str, lost: Lost
) -> None:
    bench = Bench(policy=policy, password=password)
    bench.client.allocate(bench.world.now)
    assert bench.run(120.0) == [lost]
    assert len(bench.sent) <= 12
    assert bench.client.next_timeout() is None


@rfc("8489", "10", "MUST", "8489-10-1")
def test_a_redirected_client_allocates_at_the_other_server() -> None:
    bench = Bench()
    bench.server_host.interfaces[0].add("198.51.100.2")
    other = bench.serve(None, None, "198.51.100.2")
    bench.server.policy.alternate = other.address
    bench.client.allocate(bench.world.now)
    assert bench.run(1.0) == [Redirected(other.address, None)]
    bench.allocate()
    assert (len(bench.server.allocations), len(other.allocations)) == (0, 1)


@rfc("8656", "8.3", "rule", "8656-8.3-1")
def test_a_server_that_forgot_everything_is_noticed_and_asked_again() -> None:
    bench = Bench()
    bench.allocate()
    bench.server.restart()
    assert bench.run(600.0) == [Lost(Loss.MISMATCH, 437, 0.0)]
    bench.allocate()


@rfc("8656", "8", "MUST", "8656-8-1")
def test_deletion_leaves_nothing_behind() -> None:
    bench = Bench()
    bench.allocate()
    bench.client.delete(bench.world.now)
    assert bench.run(1.0) == [Lost(Loss.DELETED)]
    assert bench.server.allocations == {}
