"""The virtual STUN and TURN servers, asked by a client made of the independent codec."""

from __future__ import annotations

import pytest

from sipice.net import Address
from tests.simnet import wire
from tests.simnet.adversary import Eavesdropper, Spoofer, flip_bits
from tests.simnet.host import Host, Network
from tests.simnet.link import Link
from tests.simnet.nat import PORT_RESTRICTED, Nat
from tests.simnet.servers import LIE, Manner, StunServer
from tests.simnet.turn_auth import MD5, SHA256, Realm
from tests.simnet.turn_server import Policy, TurnServer, Vice
from tests.simnet.wire import Attr, Class, Message, Method
from tests.simnet.world import Packet, World

UDP = (Attr.REQUESTED_TRANSPORT, b"\x11\0\0\0")


class Bench:
    """A client behind a NAT, a server host, and a peer in the open."""

    def __init__(self) -> None:
        self.world = World(1)
        self.internet, lan = Network(self.world, "internet"), Network(self.world, "lan")
        self.nat = Nat(
            self.world,
            "nat",
            PORT_RESTRICTED,
            inside=lan,
            outside=self.internet,
            addresses="203.0.113.1",
        )
        self.client, self.server, peer = (Host(self.world, n) for n in ("client", "server", "peer"))
        self.client.attach(lan, "192.168.1.10")
        self.server.attach(self.internet, ["198.51.100.1", "2001:db8::1"])
        peer.attach(self.internet, "198.51.100.9")
        self.peer_heard: list[Packet] = []
        self.peer = peer.bind(peer.ips[0], self.peer_heard.append)
        self.peer_other = peer.bind(peer.ips[0], self.peer_heard.append)


class TurnClient:
    """Speaks to a TURN server; authenticates as it is told."""

    def __init__(self, bench: Bench, server: TurnServer) -> None:
        self.world = bench.world
        self.server = server
        self.heard: list[Packet] = []
        self.socket = bench.client.bind(bench.client.ips[0], self.heard.append)
        self.user, self.password = "user", "secret"
        self.realm = self.nonce = b""
        self.algorithms: bytes | None = None
        self.sha256 = self.anonymous = False
        self._count = 0

    def request(
        self, method: Method, pairs: list[tuple[Attr, bytes]], *, plain: bool = False
    ) -> Message:
        self._count += 1
        transaction = self._count.to_bytes(12)
        key = sha256 = None
        if self.nonce and not plain:
            realm = self.realm.decode()
            secret = wire.long_term_key(self.user, realm, self.password, sha256=self.sha256)
            key, sha256 = (None, secret) if self.sha256 else (secret, None)
            name = (Attr.USERNAME, self.user.encode())
            if self.anonymous:
                name = (Attr.USERHASH, wire.user_hash(self.user, realm))
            pairs = [*pairs, name, (Attr.REALM, self.realm), (Attr.NONCE, self.nonce)]
            if self.algorithms is not None:
                chosen = (SHA256 if self.sha256 else MD5).to_bytes(2) + bytes(2)
                pairs += [
                    (Attr.PASSWORD_ALGORITHMS, self.algorithms),
                    (Attr.PASSWORD_ALGORITHM, chosen),
                ]
        data = wire.build(method, Class.REQUEST, transaction, pairs, key=key, sha256=sha256)
        self.socket.send(self.server.address, data)
        self.world.run()
        answer = wire.parse(self.heard[-1].data)
        assert answer.transaction == transaction
        return answer

    def learn(self, answer: Message) -> None:
        self.realm = answer.get(Attr.REALM) or b""
        self.nonce = answer.get(Attr.NONCE) or b""
        self.algorithms = answer.get(Attr.PASSWORD_ALGORITHMS)

    def allocate(self, *extra: tuple[Attr, bytes]) -> Message:
        self.learn(self.request(Method.ALLOCATE, [UDP, *extra], plain=True))
        return self.request(Method.ALLOCATE, [UDP, *extra])

    def with_peer(self, method: Method, peer: Address, *extra: tuple[Attr, bytes]) -> Message:
        place = wire.xor_address(peer, (self._count + 1).to_bytes(12))
        return self.request(method, [(Attr.XOR_PEER_ADDRESS, place), *extra])

    def send_to(self, peer: Address, data: bytes) -> None:
        pairs = [(Attr.XOR_PEER_ADDRESS, wire.xor_address(peer, bytes(12))), (Attr.DATA, data)]
        self.socket.send(
            self.server.address, wire.build(Method.SEND, Class.INDICATION, bytes(12), pairs)
        )
        self.world.run()


def turn(policy: Policy | None = None, realm: Realm | None = None) -> tuple[Bench, TurnClient]:
    bench = Bench()
    server = TurnServer(bench.server, policy=policy, realm=realm)
    return bench, TurnClient(bench, server)


def binding(bench: Bench, server: StunServer) -> list[Packet]:
    heard: list[Packet] = []
    socket = bench.client.bind(bench.client.ips[0], heard.append, 5000)
    socket.send(server.address, wire.build(Method.BINDING, Class.REQUEST, bytes(12)))
    bench.world.run()
    return heard


def test_a_stun_server_shows_the_mapped_address() -> None:
    bench = Bench()
    heard = binding(bench, StunServer(bench.server))
    answer = wire.parse(heard[0].data)
    assert answer.address(Attr.XOR_MAPPED_ADDRESS) == Address.parse("203.0.113.1", 5000)


def test_servers_misbehave_as_they_are_told() -> None:
    def ask(manner: Manner) -> list[Packet]:
        bench = Bench()
        return binding(bench, StunServer(bench.server, manner=manner))

    assert ask(Manner.DEAD) == []
    assert ask(Manner.ELSEWHERE) == []  # the NAT lets no other port in
    assert wire.parse(ask(Manner.LYING)[0].data).address(Attr.XOR_MAPPED_ADDRESS) == LIE
    assert wire.parse(ask(Manner.REFUSING)[0].data).error() == 500
    assert wire.parse(ask(Manner.OLD)[0].data).kinds()[0] == Attr.MAPPED_ADDRESS
    assert wire.parse(ask(Manner.FORGETFUL)[0].data).kinds() == [Attr.FINGERPRINT]
    assert wire.parse(ask(Manner.CONFUSED)[0].data).transaction != bytes(12)
    assert not wire.fingerprint_valid(wire.parse(ask(Manner.GARBLED)[0].data))


def test_a_slow_server_takes_its_time() -> None:
    bench = Bench()
    binding(bench, StunServer(bench.server, delay=3.0))
    assert bench.world.now == 3.0


@pytest.mark.parametrize(
    ("realm", "features"),
    [
        (Realm(), "obMatJos2AAAA"),
        (Realm(algorithms=(SHA256, MD5)), "obMatJos2AAAB"),
        (Realm(anonymity=True), "obMatJos2AAAC"),
        (Realm(algorithms=(SHA256,), anonymity=True), "obMatJos2AAAD"),
        (Realm(algorithms=(SHA256,), printed_order=True), "obMatJos2gAAA"),
        (Realm(anonymity=True, printed_order=True), "obMatJos2QAAA"),
        (Realm(algorithms=(SHA256,), anonymity=True, printed_order=True), "obMatJos2wAAA"),
        (Realm(cookie=False), ""),
    ],
)
def test_an_allocation_by_every_kind_of_realm(realm: Realm, features: str) -> None:
    _, client = turn(realm=realm)
    client.sha256 = SHA256 in realm.algorithms
    client.anonymous = realm.anonymity
    answer = client.allocate()
    assert client.nonce.decode().startswith(features)
    assert answer.cls is Class.SUCCESS
    assert answer.address(Attr.XOR_MAPPED_ADDRESS) == Address.parse("203.0.113.1", 50000)
    relayed = answer.address(Attr.XOR_RELAYED_ADDRESS)
    assert relayed is not None
    assert Address(*relayed).host == "198.51.100.1"
    key = wire.long_term_key("user", realm.name, "secret", sha256=client.sha256)
    verify = wire.integrity_sha256_valid if client.sha256 else wire.integrity_valid
    assert verify(answer, key)


def test_wrong_credentials_never_get_in() -> None:
    _, client = turn()
    client.password = "guess"
    assert client.allocate().error() == 401
    client.user = "nobody"
    assert client.allocate().error() == 401


def test_a_bid_down_is_refused() -> None:
    _, client = turn(realm=Realm(algorithms=(SHA256, MD5)))
    client.learn(client.request(Method.ALLOCATE, [UDP]))
    client.algorithms = b"\0\1\0\0"
    assert client.request(Method.ALLOCATE, [UDP]).error() == 400


def test_a_nonce_grows_stale_and_belongs_to_one_client() -> None:
    bench, client = turn(realm=Realm(nonce_lifetime=100.0))
    assert client.allocate().cls is Class.SUCCESS
    bench.world.run(until=101.0)
    stale = client.request(Method.REFRESH, [])
    assert stale.error() == 438
    client.learn(stale)
    assert client.request(Method.REFRESH, []).cls is Class.SUCCESS
    thief = TurnClient(bench, client.server)
    thief.realm, thief.nonce = client.realm, client.nonce
    assert thief.request(Method.ALLOCATE, [UDP]).error() == 438


@pytest.mark.parametrize(
    ("policy", "extra", "error"),
    [
        (Policy(quota=0), [], 486),
        (Policy(ports=0), [], 508),
        (Policy(refuse_allocate=403), [], 403),
        (Policy(alternate=LIE), [], 300),
        (Policy(vice=Vice.ALWAYS_STALE), [], 438),
        (Policy(vice=Vice.ALWAYS_UNAUTHORIZED), [], 401),
    ],
)
def test_an_allocation_is_refused_for_its_reason(
    policy: Policy, extra: list[tuple[Attr, bytes]], error: int
) -> None:
    _, client = turn(policy)
    answer = client.allocate(*extra)
    assert answer.error() == error
    assert answer.has(Attr.ALTERNATE_SERVER) == (error == 300)


def test_an_unknown_family_and_transport_are_refused() -> None:
    _, client = turn()
    assert client.allocate((Attr.REQUESTED_ADDRESS_FAMILY, b"\2\0\0\0")).error() == 440
    client.learn(client.request(Method.ALLOCATE, [UDP], plain=True))
    assert client.request(Method.ALLOCATE, []).error() == 400
    assert client.request(Method.ALLOCATE, [(Attr.REQUESTED_TRANSPORT, b"\6\0\0\0")]).error() == 442


def test_an_ipv6_relay_where_the_server_has_one() -> None:
    bench = Bench()
    server = TurnServer(bench.server, relay_ips=bench.server.ips)
    client = TurnClient(bench, server)
    relayed = client.allocate((Attr.REQUESTED_ADDRESS_FAMILY, b"\2\0\0\0"))
    place = relayed.address(Attr.XOR_RELAYED_ADDRESS)
    assert place is not None
    assert len(place[0]) == 16
    assert client.with_peer(Method.CREATE_PERMISSION, bench.peer.address).error() == 443


def test_an_allocation_belongs_to_its_five_tuple_and_user() -> None:
    realm = Realm(users={"user": "secret", "other": "word"})
    _, client = turn(realm=realm)
    client.learn(client.request(Method.ALLOCATE, [UDP]))
    assert client.request(Method.REFRESH, []).error() == 437
    assert client.request(Method.ALLOCATE, [UDP]).cls is Class.SUCCESS
    assert client.request(Method.ALLOCATE, [UDP]).error() == 437
    client.user, client.password = "other", "word"
    assert client.request(Method.REFRESH, []).error() == 441


def relayed_address(answer: Message) -> Address:
    place = answer.address(Attr.XOR_RELAYED_ADDRESS)
    assert place is not None
    return Address(*place)


def test_a_peer_needs_a_permission_by_its_ip_address_for_five_minutes() -> None:
    bench, client = turn()
    relayed = relayed_address(client.allocate())
    client.send_to(bench.peer.address, b"early")
    assert bench.peer_heard == []
    client.with_peer(Method.CREATE_PERMISSION, bench.peer.address)
    client.send_to(bench.peer.address, b"hello")
    assert bench.peer_heard == [Packet(relayed, bench.peer.address, b"hello")]
    for socket in (bench.peer, bench.peer_other):
        socket.send(relayed, b"back")
        bench.world.run()
        data = wire.parse(client.heard[-1].data)
        assert (data.method, data.get(Attr.DATA)) == (Method.DATA, b"back")
        assert data.address(Attr.XOR_PEER_ADDRESS) == socket.address
    client.socket.send(client.server.address, b"")  # keeps the NAT's mapping, not the permission
    bench.world.run(until=bench.world.now + 300.0)
    before = len(client.heard)
    bench.peer.send(relayed, b"late")
    bench.world.run()
    assert len(client.heard) == before


def test_a_channel_saves_the_indication_both_ways() -> None:
    bench, client = turn()
    relayed = relayed_address(client.allocate())
    number = (Attr.CHANNEL_NUMBER, b"\x40\x01\0\0")
    answer = client.with_peer(Method.CHANNEL_BIND, bench.peer.address, number)
    assert answer.cls is Class.SUCCESS
    client.socket.send(client.server.address, wire.channel_data(0x4001, b"hello"))
    bench.world.run()
    assert bench.peer_heard[-1].data == b"hello"
    bench.peer.send(relayed, b"back")
    bench.peer_other.send(relayed, b"other port")
    bench.world.run()
    assert wire.parse_channel_data(client.heard[-2].data) == (0x4001, b"back")
    assert wire.parse(client.heard[-1].data).method == Method.DATA


def test_channels_are_bound_once_and_rest_before_they_serve_another() -> None:
    bench, client = turn(realm=Realm(nonce_lifetime=1e9))
    client.allocate((Attr.LIFETIME, (3600).to_bytes(4)))
    first = (Attr.CHANNEL_NUMBER, b"\x40\x01\0\0")
    second = (Attr.CHANNEL_NUMBER, b"\x40\x02\0\0")
    wrong = (Attr.CHANNEL_NUMBER, b"\x50\x00\0\0")
    peer, other = bench.peer.address, bench.peer_other.address

    def bind(to: Address, number: tuple[Attr, bytes]) -> int | None:
        return client.with_peer(Method.CHANNEL_BIND, to, number).error()

    assert bind(peer, first) is None
    assert bind(peer, first) is None
    assert bind(peer, second) == 400
    assert bind(other, first) == 400
    assert bind(other, wrong) == 400
    # A NAT without traffic forgets the client, and with it the five-tuple of the allocation.
    for _ in range(9):
        bench.world.run(until=bench.world.now + 100.0)
        client.socket.send(client.server.address, b"")
    assert bind(other, first) is None


def test_an_allocation_ends_by_itself_and_by_refresh() -> None:
    bench, client = turn(Policy(default_lifetime=90.0))
    answer = client.allocate()
    assert answer.get(Attr.LIFETIME) == (90).to_bytes(4)
    bench.world.run(until=bench.world.now + 89.0)
    assert client.request(Method.REFRESH, []).cls is Class.SUCCESS
    bench.world.run(until=bench.world.now + 90.0)
    assert client.request(Method.REFRESH, []).error() == 437
    assert client.allocate().cls is Class.SUCCESS
    assert client.request(Method.REFRESH, [(Attr.LIFETIME, bytes(4))]).cls is Class.SUCCESS
    assert client.request(Method.REFRESH, []).error() == 437


def test_a_restarted_server_knows_nothing() -> None:
    _, client = turn()
    client.allocate()
    client.server.restart()
    answer = client.request(Method.REFRESH, [])
    assert answer.error() == 438
    client.learn(answer)
    assert client.request(Method.REFRESH, []).error() == 437


def test_vices() -> None:
    _, client = turn(Policy(vice=Vice.BAD_INTEGRITY))
    answer = client.allocate()
    assert not wire.integrity_valid(answer, wire.long_term_key("user", "example.org", "secret"))
    _, client = turn(Policy(vice=Vice.NO_RELAY))
    assert not client.allocate().has(Attr.XOR_RELAYED_ADDRESS)
    bench, client = turn(Policy(forbidden={Bench().peer.address.ip}))
    client.allocate()
    assert client.with_peer(Method.CREATE_PERMISSION, bench.peer.address).error() == 403


def test_an_attacker_forges_replays_and_flips() -> None:
    bench = Bench()
    ear = Eavesdropper(bench.world, bench.internet)
    forged = Address.parse("192.0.2.77", 7)
    Spoofer(bench.internet).send(forged, bench.peer.address, b"boo")
    bench.world.run()
    assert bench.peer_heard == [Packet(forged, bench.peer.address, b"boo")]
    stun = StunServer(bench.server)
    binding(bench, stun)
    assert len(stun.requests) == 1
    ear.replay(ear.heard[1], src=forged)  # the answer, to the NAT, from elsewhere: filtered
    assert ear.replay_all(lambda packet: packet.dst == stun.address) == 1
    bench.world.run()
    assert len(stun.requests) == 2
    link = Link()
    flip_bits(bench.world, link, 1.0)
    assert link.mangle is not None
    packet = Packet(forged, forged, bytes(8))
    flipped = link.mangle(packet).data
    assert sum(byte.bit_count() for byte in flipped) == 1
