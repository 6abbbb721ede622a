"""A STUN server in virtual time (RFC 8489 §12), honest or not."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from sipice.net import Address
from tests.simnet import wire
from tests.simnet.host import Host
from tests.simnet.wire import Attr, Class, Message, Method
from tests.simnet.world import Packet

STUN_PORT = 3478


class Manner(Enum):
    """How a server treats its clients."""

    HONEST = auto()
    DEAD = auto()
    """Never answers."""
    OLD = auto()
    """Answers with MAPPED-ADDRESS, as RFC 3489 did."""
    REFUSING = auto()
    """Answers with 500."""
    LYING = auto()
    """Answers with an address that is not the client's."""
    FORGETFUL = auto()
    """Answers without any address."""
    CONFUSED = auto()
    """Answers under another transaction id."""
    ELSEWHERE = auto()
    """Answers from another port."""
    GARBLED = auto()
    """Answers with a broken FINGERPRINT."""


LIE = Address.parse("198.18.0.66", 6666)


class StunServer:
    """Answers Binding requests at one address."""

    def __init__(
        self,
        host: Host,
        *,
        ip: bytes | None = None,
        manner: Manner = Manner.HONEST,
        delay: float = 0.0,
        fingerprint: bool = True,
    ) -> None:
        self.host = host
        self.manner = manner
        self.delay = delay
        self.fingerprint = fingerprint
        self.requests: list[Packet] = []
        address = host.ips[0] if ip is None else ip
        self._socket = host.bind(address, self._take, STUN_PORT)
        self._other = host.bind(address, lambda _: None)
        self.address = self._socket.address

    def _take(self, packet: Packet) -> None:
        request = _request(packet.data)
        if request is None or request.method != Method.BINDING:
            return
        self.requests.append(packet)
        if self.manner is Manner.DEAD:
            return
        answer = self._answer(request, packet.src)
        socket = self._other if self.manner is Manner.ELSEWHERE else self._socket
        later(self.host, self.delay, lambda: socket.send(packet.src, answer))

    def _answer(self, request: Message, source: Address) -> bytes:
        transaction = request.transaction
        if self.manner is Manner.CONFUSED:
            transaction = transaction[:-1] + bytes([transaction[-1] ^ 1])
        pairs: list[tuple[int, bytes]] = []
        cls = Class.SUCCESS
        match self.manner:
            case Manner.REFUSING:
                cls = Class.ERROR
                pairs.append((Attr.ERROR_CODE, wire.error_code(500, "Server Error")))
            case Manner.OLD:
                pairs.append((Attr.MAPPED_ADDRESS, wire.plain_address(source)))
            case Manner.FORGETFUL:
                pass
            case manner:
                shown = LIE if manner is Manner.LYING else source
                pairs.append((Attr.XOR_MAPPED_ADDRESS, wire.xor_address(shown, transaction)))
        answer = wire.build(Method.BINDING, cls, transaction, pairs, fingerprint=self.fingerprint)
        return answer[:-1] + bytes([answer[-1] ^ 1]) if self.manner is Manner.GARBLED else answer


def later(host: Host, delay: float, action: Callable[[], None]) -> None:
    """Now, or after the time a slow server takes."""
    if delay:
        host.world.after(delay, action)
    else:
        action()


def _request(data: bytes) -> Message | None:
    try:
        message = wire.parse(data)
    except wire.WireError:
        return None
    return message if message.cls is Class.REQUEST else None
