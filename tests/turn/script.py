"""A TURN client and, by hand, the server it talks to: messages of the independent codec."""

from __future__ import annotations

from random import Random

from sipice.net import Address
from sipice.stun import LongTermCredentials
from sipice.turn import Allocated, TurnClient, TurnConfig, TurnEvent
from tests.simnet import wire
from tests.simnet.wire import Attr, Class, Message, Method

SERVER = Address.parse("192.0.2.1", 3478)
RELAYED = Address.parse("192.0.2.1", 50000)
RELAYED_V6 = Address.parse("2001:db8::1", 50000)
MAPPED = Address.parse("203.0.113.7", 40000)
PEER = Address.parse("198.51.100.1", 7000)
OTHER = Address.parse("198.51.100.2", 7000)
REALM, NONCE = "example.org", b"f//499k954d6OL34oL9FSTvy64sA"
KEY = wire.long_term_key("user", REALM, "secret")

Pairs = list[tuple[int, bytes]]


class Script:
    """The client under test, a clock, and answers."""

    def __init__(self, config: TurnConfig | None = None) -> None:
        self.now = 1000.0
        credentials = LongTermCredentials("user", "secret")
        self.client = TurnClient(
            config or TurnConfig(keepalive=None), SERVER, credentials, Random(1)
        )
        self.nonce = NONCE

    # what the client does

    def packets(self) -> list[Message]:
        """What it sent since last asked, each checked for its FINGERPRINT where it has one."""
        return [wire.parse(packet) for packet in self.client.take_packets()]

    def packet(self) -> Message:
        (found,) = self.packets()
        return found

    def signed(self, method: Method) -> Message:
        """The one authenticated request that it sent."""
        found = self.packet()
        assert found.method == method
        assert found.get(Attr.NONCE) == self.nonce
        assert wire.integrity_valid(found, KEY)
        return found

    def events(self) -> list[TurnEvent]:
        return self.client.take_events()

    def event(self) -> TurnEvent:
        (found,) = self.events()
        return found

    # what the server and time do

    def give(self, data: bytes) -> None:
        self.client.receive(self.now, data)

    def answer(
        self,
        request: Message,
        code: int | None = None,
        pairs: Pairs | None = None,
        *,
        key: bytes | None = KEY,
    ) -> None:
        """A response to a request; ``code`` makes it an error."""
        attributes = pairs or []
        if code is not None:
            attributes = [(Attr.ERROR_CODE, wire.error_code(code, "")), *attributes]
        cls = Class.SUCCESS if code is None else Class.ERROR
        self.give(wire.build(request.method, cls, request.transaction, attributes, key=key))

    def challenge(self, request: Message, code: int = 401, nonce: bytes = NONCE) -> None:
        self.nonce = nonce
        pairs: Pairs = [(Attr.REALM, REALM.encode()), (Attr.NONCE, nonce)]
        self.answer(request, code, pairs, key=None)

    def grant(self, request: Message, lifetime: int = 600, *relayed: Address) -> None:
        """Success for an Allocate."""
        pairs: Pairs = [
            (Attr.XOR_RELAYED_ADDRESS, wire.xor_address(one, request.transaction))
            for one in relayed or (RELAYED,)
        ]
        pairs.append((Attr.XOR_MAPPED_ADDRESS, wire.xor_address(MAPPED, request.transaction)))
        pairs.append((Attr.LIFETIME, lifetime.to_bytes(4)))
        self.answer(request, None, pairs)

    def wait(self, seconds: float) -> None:
        """Let time pass, with every deadline obeyed on its instant."""
        until = self.now + seconds
        while (when := self.client.next_timeout()) is not None and when <= until:
            self.now = when
            self.client.handle_timeout(when)
            after = self.client.next_timeout()
            assert after is None or after > when
        self.now = until

    # ways to a certain state

    def challenged(self) -> Message:
        """The authenticated Allocate."""
        self.client.allocate(self.now)
        self.challenge(self.packet())
        return self.signed(Method.ALLOCATE)

    def allocated(self, lifetime: int = 600, *relayed: Address) -> Allocated:
        self.grant(self.challenged(), lifetime, *relayed)
        found = self.event()
        assert isinstance(found, Allocated)
        return found

    def permitted(self, *peers: Address) -> None:
        self.client.permit(self.now, *peers)
        self.answer(self.signed(Method.CREATE_PERMISSION))
        self.events()

    def bound(self, peer: Address) -> int:
        """The number of a channel that is bound to a peer whose permission is there already."""
        self.permitted(peer)
        self.client.bind_channel(self.now, peer)
        request = self.signed(Method.CHANNEL_BIND)
        self.answer(request)
        self.events()
        return int.from_bytes((request.get(Attr.CHANNEL_NUMBER) or b"")[:2])


def peers_of(message: Message) -> list[Address]:
    return [
        Address(*wire.unxor_address(value, message.transaction))
        for kind, value, _ in message.attributes
        if kind == Attr.XOR_PEER_ADDRESS
    ]


def data_indication(
    peer: Address | None, data: bytes | None, *more: tuple[int, bytes], method: int = Method.DATA
) -> bytes:
    pairs = (
        [] if peer is None else [(int(Attr.XOR_PEER_ADDRESS), wire.xor_address(peer, bytes(12)))]
    )
    if data is not None:
        pairs.append((int(Attr.DATA), data))
    return wire.build(method, Class.INDICATION, bytes(12), [*pairs, *more], fingerprint=False)
