"""RFC 8656: a STUN and TURN server for the demonstration, as much as one call needs.

It asks for long-term credentials, gives one allocation per client, and forwards by permission,
channel and indication. It forgets nothing by itself: it lives no longer than its call.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sipice.cli.demo.network import Network
from sipice.errors import StunDecodeError
from sipice.net import Address
from sipice.stun import Class, Key, Message, Method, decode, encode, is_stun, long_term_key
from sipice.stun import attributes as a
from sipice.stun.message import error_response, verify_integrity
from sipice.turn.channel import channel_data, parse_channel_data

REALM, USER = "demo", "demo"
LIFETIME = 600
_NONCE = b"0123456789abcdef"


@dataclass(slots=True, eq=False)
class _Allocation:
    client: Address
    relayed: Address
    permitted: set[bytes] = field(default_factory=set[bytes])
    channels: dict[int, Address] = field(default_factory=dict[int, Address])
    numbers: dict[Address, int] = field(default_factory=dict[Address, int])


@dataclass(slots=True, eq=False)
class TurnServer:
    """Answers at ``address`` and relays from further ports of the same host."""

    network: Network
    address: Address
    password: str = field(repr=False)
    relayed_packets: int = 0
    allocations: dict[Address, _Allocation] = field(default_factory=dict[Address, _Allocation])
    _key: Key = field(init=False)
    _next: int = 50_000

    def __post_init__(self) -> None:
        self._key = long_term_key(USER, REALM, self.password)
        self.network.open(self.address, self.receive)

    def receive(self, data: bytes, source: Address) -> None:
        """Whatever a client sends: requests, Send indications, ChannelData."""
        allocation = self.allocations.get(source)
        if not is_stun(data):
            self._channel(allocation, data)
            return
        try:
            message = decode(data)
        except StunDecodeError:
            return
        if message.message_class is Class.REQUEST:
            self._answer(self._request(message, source, allocation), source)
        elif message.method == Method.SEND and allocation is not None:
            peer, load = message.get(a.XOR_PEER_ADDRESS), message.get(a.DATA)
            if peer is not None and load is not None:
                self._forward(allocation, peer, load)

    def _answer(self, message: Message, client: Address) -> None:
        signed = message.get(a.REALM) is None and message.method != Method.BINDING
        data = encode(message, self._key if signed else None)
        self.network.send(data, self.address, client)

    def _request(self, request: Message, client: Address, held: _Allocation | None) -> Message:
        if request.method == Method.BINDING:
            return self._success(request, a.XOR_MAPPED_ADDRESS(client))
        if not request.has_integrity or not verify_integrity(request, self._key):
            challenge = (a.REALM(REALM), a.NONCE(_NONCE))
            return error_response(request, 401, *challenge)
        if (request.method == Method.ALLOCATE) == (held is not None):
            return error_response(request, 437)
        if held is None:
            return self._allocate(request, client)
        if request.method == Method.REFRESH:
            return self._refresh(request, held)
        peer = request.get(a.XOR_PEER_ADDRESS)
        if peer is None:
            return error_response(request, 400)
        held.permitted.update(one.ip for one in request.get_all(a.XOR_PEER_ADDRESS))
        number = request.get(a.CHANNEL_NUMBER)
        if request.method == Method.CHANNEL_BIND and number is not None:
            held.channels[number] = peer
            held.numbers[peer] = number
        return self._success(request)

    def _success(self, request: Message, *attributes: tuple[int, object]) -> Message:
        return Message(request.method, Class.SUCCESS, request.transaction_id, attributes)

    def _allocate(self, request: Message, client: Address) -> Message:
        relayed = Address(self.address.ip, self._next)
        self._next += 1
        held = self.allocations[client] = _Allocation(client, relayed)
        self.network.open(relayed, lambda data, peer: self._back(held, data, peer))
        return self._success(
            request,
            a.XOR_RELAYED_ADDRESS(relayed),
            a.XOR_MAPPED_ADDRESS(client),
            a.LIFETIME(LIFETIME),
        )

    def _refresh(self, request: Message, held: _Allocation) -> Message:
        wanted = request.get(a.LIFETIME)
        if wanted == 0:
            del self.allocations[held.client]
            self.network.close(held.relayed)
        return self._success(request, a.LIFETIME(0 if wanted == 0 else LIFETIME))

    def _channel(self, allocation: _Allocation | None, data: bytes) -> None:
        parsed = parse_channel_data(data)
        if allocation is not None and parsed is not None and parsed[0] in allocation.channels:
            self._forward(allocation, allocation.channels[parsed[0]], parsed[1])

    def _forward(self, allocation: _Allocation, peer: Address, load: bytes) -> None:
        if peer.ip in allocation.permitted:
            self.relayed_packets += 1
            self.network.send(load, allocation.relayed, peer)

    def _back(self, allocation: _Allocation, data: bytes, peer: Address) -> None:
        if peer.ip not in allocation.permitted:
            return
        number = allocation.numbers.get(peer)
        if number is not None:
            wrapped = channel_data(number, data)
        else:
            attributes = (a.XOR_PEER_ADDRESS(peer), a.DATA(data))
            transaction = len(data).to_bytes(12, "big")
            wrapped = encode(Message(Method.DATA, Class.INDICATION, transaction, attributes))
        self.network.send(wrapped, self.address, allocation.client)
