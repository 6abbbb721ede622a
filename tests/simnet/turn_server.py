"""A TURN server over UDP and TCP in virtual time (RFC 8656), honest, limited, or worse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial

from sipice.net import Address
from tests.simnet import wire
from tests.simnet.host import Host, Socket
from tests.simnet.servers import STUN_PORT, later
from tests.simnet.tcp import End
from tests.simnet.turn_auth import Authenticator, Client, Realm, Refusal
from tests.simnet.wire import Attr, Class, Message, Method
from tests.simnet.world import Packet

PERMISSION = 300.0
CHANNEL = 600.0
QUARANTINE = 300.0


class Vice(Enum):
    """What an allocation server may do wrong."""

    NONE = auto()
    DEAD = auto()
    BAD_INTEGRITY = auto()
    """Seals its answers with another key."""
    NO_RELAY = auto()
    """Reports success without XOR-RELAYED-ADDRESS."""
    ALWAYS_STALE = auto()
    """Answers 438 to everything that is authenticated."""
    ALWAYS_UNAUTHORIZED = auto()
    """Answers 401 to everything, whatever the credentials."""


@dataclass(slots=True, kw_only=True)
class Policy:
    """What a server grants."""

    default_lifetime: float = 600.0
    max_lifetime: float = 3600.0
    quota: int = 100
    """Allocations; one more gets 486."""
    ports: int = 1000
    """Relayed ports; one more gets 508."""
    refuse_allocate: int | None = None
    """An error for every authenticated Allocate."""
    alternate: Address | None = None
    """Sends everybody elsewhere with 300."""
    forbidden: set[bytes] = field(default_factory=set)
    """Peers that get 403."""
    vice: Vice = Vice.NONE
    delay: float = 0.0
    channels: bool = True
    """Without: ChannelBind gets 400."""


@dataclass(slots=True, eq=False)
class Allocation:
    """One relayed address and what it lets through."""

    client: Address
    user: str
    transaction: bytes
    socket: Socket
    expires: float
    permissions: dict[bytes, float] = field(default_factory=dict)
    channels: dict[int, tuple[Address, float]] = field(default_factory=dict)
    second: Socket | None = None
    """The relayed address of the other family (§7.2)."""
    asked_twice: bool = False

    def towards(self, ip: bytes) -> Socket | None:
        """The relayed address of a family, by an address of that family."""
        for socket in (self.socket, self.second):
            if socket is not None and len(socket.address.ip) == len(ip):
                return socket
        return None

    def channel_of(self, peer: Address, now: float) -> int | None:
        for number, (bound, expires) in self.channels.items():
            if bound == peer and expires > now:
                return number
        return None


class TurnServer:
    """Serves STUN and TURN clients at one address; relays from ``relay_ip``."""

    def __init__(
        self,
        host: Host,
        *,
        ip: bytes | None = None,
        relay_ips: Iterable[bytes] | None = None,
        realm: Realm | None = None,
        policy: Policy | None = None,
    ) -> None:
        self.host = host
        self.policy = policy or Policy()
        self.auth = Authenticator(realm or Realm(), host.world.rng)
        self.allocations: dict[Address, Allocation] = {}
        self.unpermitted = 0
        """Send indications to peers without a permission."""
        self.log: list[tuple[float, Method, int]] = []
        """Every request with the answer it got, 0 for success."""
        address = host.ips[0] if ip is None else ip
        self.relays = {len(one): one for one in relay_ips or [address]}
        """The relaying IP address of each family (by its length)."""
        self._socket = host.bind(address, self._take, STUN_PORT)
        self.address = self._socket.address
        self._ends: dict[Address, tuple[End, bytearray]] = {}
        """Connections of clients, each with the beginning of a message."""
        host.tcp.listen(self.address, self._accept)

    # What comes from clients

    def _take(self, packet: Packet) -> None:
        if self.policy.vice is Vice.DEAD:
            return
        if wire.is_channel_data(packet.data):
            self._from_channel(packet)
            return
        try:
            message = wire.parse(packet.data)
        except wire.WireError:
            return
        if message.cls is Class.REQUEST:
            self._request(packet.src, message)
        elif message.cls is Class.INDICATION and message.method == Method.SEND:
            self._from_indication(packet.src, message)

    def _accept(self, end: End) -> None:
        """RFC 8656 §2.1: a client over TCP; its messages are told apart by their length."""
        client, buffer = end.remote, bytearray()
        self._ends[client] = end, buffer

        def take(data: bytes) -> None:
            buffer.extend(data)
            while len(buffer) >= 4:
                length = int.from_bytes(buffer[2:4])
                whole = 20 + length if buffer[0] < 0x40 else 4 + length + -length % 4
                if len(buffer) < whole:
                    return
                self._take(Packet(client, self.address, bytes(buffer[:whole])))
                del buffer[:whole]

        end.on_data = take
        end.on_close = lambda: self._hung_up(client)

    def _hung_up(self, client: Address) -> None:
        """§5: the allocation ends with its 5-tuple."""
        self._ends.pop(client, None)
        allocation = self.allocation(client)
        if allocation is not None:
            self.end(allocation)

    def hang_up(self) -> None:
        """Close all connections of clients."""
        for end, _ in list(self._ends.values()):
            end.close()
            self._hung_up(end.remote)

    @property
    def clients_over_streams(self) -> set[Address]:
        """Who is connected now."""
        return set(self._ends)

    def _to_client(self, client: Address, data: bytes) -> None:
        if client in self._ends:
            self._ends[client][0].send(data + bytes(-len(data) % 4))
        else:
            self._socket.send(client, data)

    def _request(self, client: Address, message: Message) -> None:
        if message.method == Method.BINDING:
            pairs = [(Attr.XOR_MAPPED_ADDRESS, wire.xor_address(client, message.transaction))]
            self._respond(client, message, pairs, None)
            return
        who = self._judge(client, message)
        if isinstance(who, Refusal):
            self._refuse(client, message, who, None)
            return
        result = self._serve(client, message, who)
        if isinstance(result, Refusal):
            self._refuse(client, message, result, who)
        else:
            self._respond(client, message, result, who)

    def _judge(self, client: Address, message: Message) -> Client | Refusal:
        who = self.auth.judge(self.now, client, message)
        if isinstance(who, Client):
            if self.policy.vice is Vice.ALWAYS_STALE:
                return Refusal(438, "Stale Nonce", challenge=True)
            if self.policy.vice is Vice.ALWAYS_UNAUTHORIZED:
                return Refusal(401, "Unauthorized", challenge=True)
        return who

    def _serve(
        self, client: Address, message: Message, who: Client
    ) -> list[tuple[Attr, bytes]] | Refusal:
        if message.method == Method.ALLOCATE:
            return self._allocate(client, message, who)
        allocation = self.allocation(client)
        if allocation is None:
            return Refusal(437, "Allocation Mismatch")
        if allocation.user != who.user:
            return Refusal(441, "Wrong Credentials")
        match message.method:
            case Method.REFRESH:
                return self._refresh(allocation, message)
            case Method.CREATE_PERMISSION:
                return self._permit(allocation, message)
            case Method.CHANNEL_BIND:
                return self._bind(allocation, message)
        return Refusal(400, "Bad Request")

    def _allocate(
        self, client: Address, message: Message, who: Client
    ) -> list[tuple[Attr, bytes]] | Refusal:
        existing = self.allocation(client)
        if existing is not None:
            if existing.transaction == message.transaction:  # its answer was lost
                return self._allocated(existing, message)
            return Refusal(437, "Allocation Mismatch")
        if (refusal := self._refuses(message)) is not None:
            return refusal
        family = message.get(Attr.REQUESTED_ADDRESS_FAMILY) or b"\1"
        relay = self.relays.get({1: 4, 2: 16}.get(family[0], 0))
        if relay is None:
            return Refusal(440, "Address Family not Supported")
        allocation = Allocation(
            client,
            who.user,
            message.transaction,
            self.host.bind(relay, lambda packet: self._from_peer(allocation, packet)),
            self.now + self._lifetime(message),
        )
        if message.has(Attr.ADDITIONAL_ADDRESS_FAMILY):
            allocation.asked_twice = True
            other = self.relays.get(16)
            if other is not None:
                take = partial(self._from_peer, allocation)
                allocation.second = self.host.bind(other, take)
        self.allocations[client] = allocation
        return self._allocated(allocation, message)

    def _refuses(self, message: Message) -> Refusal | None:
        policy = self.policy
        transport = message.get(Attr.REQUESTED_TRANSPORT)
        if transport is None:
            return Refusal(400, "Bad Request")
        if transport[:1] != b"\x11":
            return Refusal(442, "Unsupported Transport Protocol")
        if policy.refuse_allocate is not None:
            return Refusal(policy.refuse_allocate, "Refused")
        if self._count() >= policy.ports:
            return Refusal(508, "Insufficient Capacity")
        if self._count() >= policy.quota:
            return Refusal(486, "Allocation Quota Reached")
        return None if policy.alternate is None else Refusal(300, "Try Alternate")

    def _allocated(self, allocation: Allocation, message: Message) -> list[tuple[Attr, bytes]]:
        t = message.transaction
        pairs = [
            (Attr.XOR_MAPPED_ADDRESS, wire.xor_address(allocation.client, t)),
            (Attr.LIFETIME, int(allocation.expires - self.now).to_bytes(4)),
        ]
        if self.policy.vice is not Vice.NO_RELAY:
            for socket in filter(None, (allocation.second, allocation.socket)):
                relayed = wire.xor_address(socket.address, t)
                pairs.insert(0, (Attr.XOR_RELAYED_ADDRESS, relayed))
            if allocation.asked_twice and allocation.second is None:
                refused = b"\2" + wire.error_code(440, "Address Family not Supported")[1:]
                pairs.append((Attr.ADDRESS_ERROR_CODE, refused))
        return pairs

    def _lifetime(self, message: Message) -> float:
        wanted = int.from_bytes(message.get(Attr.LIFETIME) or b"")
        return max(self.policy.default_lifetime, min(wanted, self.policy.max_lifetime))

    def _refresh(
        self, allocation: Allocation, message: Message
    ) -> list[tuple[Attr, bytes]] | Refusal:
        family = message.get(Attr.REQUESTED_ADDRESS_FAMILY)
        if family is not None and not allocation.towards(bytes({1: 4, 2: 16}.get(family[0], 0))):
            return Refusal(443, "Peer Address Family Mismatch")
        if message.get(Attr.LIFETIME) == bytes(4):
            self.end(allocation)
            return [(Attr.LIFETIME, bytes(4))]
        lifetime = self._lifetime(message)
        allocation.expires = self.now + lifetime
        return [(Attr.LIFETIME, int(lifetime).to_bytes(4))]

    def _permit(
        self, allocation: Allocation, message: Message
    ) -> list[tuple[Attr, bytes]] | Refusal:
        peers = [
            wire.unxor_address(value, message.transaction)
            for kind, value, _ in message.attributes
            if kind == Attr.XOR_PEER_ADDRESS
        ]
        if not peers:
            return Refusal(400, "Bad Request")
        for ip, _ in peers:
            if (refusal := self._peer_refused(allocation, ip)) is not None:
                return refusal
        for ip, _ in peers:
            allocation.permissions[ip] = self.now + PERMISSION
        return []

    def _peer_refused(self, allocation: Allocation, ip: bytes) -> Refusal | None:
        if allocation.towards(ip) is None:
            return Refusal(443, "Peer Address Family Mismatch")
        return Refusal(403, "Forbidden") if ip in self.policy.forbidden else None

    def _bind(self, allocation: Allocation, message: Message) -> list[tuple[Attr, bytes]] | Refusal:
        place = message.address(Attr.XOR_PEER_ADDRESS)
        number = int.from_bytes((message.get(Attr.CHANNEL_NUMBER) or b"")[:2])
        if place is None or not 0x4000 <= number <= 0x4FFF or not self.policy.channels:
            return Refusal(400, "Bad Request")
        peer = Address(*place)
        if (refusal := self._peer_refused(allocation, peer.ip)) is not None:
            return refusal
        for other, (bound, expires) in allocation.channels.items():
            resting = expires + QUARANTINE > self.now
            if resting and (other == number) != (bound == peer):
                return Refusal(400, "Bad Request")
        allocation.channels[number] = peer, self.now + CHANNEL
        allocation.permissions[peer.ip] = self.now + PERMISSION
        return []

    # What is relayed

    def _from_indication(self, client: Address, message: Message) -> None:
        allocation = self.allocation(client)
        peer, data = message.address(Attr.XOR_PEER_ADDRESS), message.get(Attr.DATA)
        if allocation is not None and peer is not None and data is not None:
            if allocation.permissions.get(peer[0], 0.0) > self.now:
                self._relay(allocation, Address(*peer), data)
            else:
                self.unpermitted += 1
                self.host.world.trace.note(self.now, self.host.name, "Send without permission")

    def _from_channel(self, packet: Packet) -> None:
        allocation = self.allocation(packet.src)
        if allocation is None:
            return
        try:
            number, data = wire.parse_channel_data(packet.data)
        except wire.WireError:
            return
        peer, expires = allocation.channels.get(number, (None, 0.0))
        if peer is not None and expires > self.now:
            self._relay(allocation, peer, data)

    def _relay(self, allocation: Allocation, peer: Address, data: bytes) -> None:
        socket = allocation.towards(peer.ip)
        if socket is not None:
            socket.send(peer, data)

    def _from_peer(self, allocation: Allocation, packet: Packet) -> None:
        """§11.3: the permission is by IP address; a bound channel saves the indication."""
        alive = self.allocation(allocation.client) is allocation
        if not alive or allocation.permissions.get(packet.src.ip, 0.0) <= self.now:
            self.host.world.trace.packet(self.now, self.host.name, "noperm", packet)
            return
        number = allocation.channel_of(packet.src, self.now)
        if number is not None:
            data = wire.channel_data(number, packet.data)
        else:
            t = self.host.world.rng.randbytes(12)
            pairs = [
                (Attr.XOR_PEER_ADDRESS, wire.xor_address(packet.src, t)),
                (Attr.DATA, packet.data),
            ]
            data = wire.build(Method.DATA, Class.INDICATION, t, pairs, fingerprint=False)
        self._to_client(allocation.client, data)

    # Answers and housekeeping

    @property
    def now(self) -> float:
        return self.host.world.now

    def allocation(self, client: Address) -> Allocation | None:
        """The living allocation of a client."""
        allocation = self.allocations.get(client)
        if allocation is not None and allocation.expires <= self.now:
            self.end(allocation)
            return None
        return allocation

    def end(self, allocation: Allocation) -> None:
        """It expired, was deleted, or the server takes it away."""
        self.allocations.pop(allocation.client, None)
        for socket in filter(None, (allocation.socket, allocation.second)):
            socket.close()

    def restart(self) -> None:
        """All allocations and nonces are gone."""
        for allocation in list(self.allocations.values()):
            self.end(allocation)
        self.auth.expire_nonces()

    def _count(self) -> int:
        return sum(self.allocation(client) is not None for client in list(self.allocations))

    def _refuse(
        self, client: Address, message: Message, refusal: Refusal, who: Client | None
    ) -> None:
        pairs: list[tuple[int, bytes]] = [
            (Attr.ERROR_CODE, wire.error_code(refusal.number, refusal.reason))
        ]
        if refusal.challenge:
            pairs += self.auth.challenge(self.now, client)
        if refusal.number == 300 and self.policy.alternate is not None:
            pairs.append((Attr.ALTERNATE_SERVER, wire.plain_address(self.policy.alternate)))
        self.log.append((self.now, Method(message.method), refusal.number))
        self._send(client, message, Class.ERROR, pairs, who)

    def _respond(
        self,
        client: Address,
        message: Message,
        pairs: list[tuple[Attr, bytes]],
        who: Client | None,
    ) -> None:
        self.log.append((self.now, Method(message.method), 0))
        self._send(client, message, Class.SUCCESS, pairs, who)

    def _send(
        self,
        client: Address,
        message: Message,
        cls: Class,
        pairs: Iterable[tuple[int, bytes]],
        who: Client | None,
    ) -> None:
        key = sha256 = None
        if who is not None:
            wrong = self.policy.vice is Vice.BAD_INTEGRITY
            secret = b"another key" if wrong else who.key
            key, sha256 = (None, secret) if who.sha256 else (secret, None)
        data = wire.build(
            message.method, cls, message.transaction, pairs, key=key, sha256=sha256,
            fingerprint=message.has(Attr.FINGERPRINT),
        )  # fmt: skip
        later(self.host, self.policy.delay, lambda: self._to_client(client, data))
