"""A STUN server with two addresses and two ports (RFC 5780), in virtual time."""

from __future__ import annotations

from sipice.net import Address
from tests.simnet import wire
from tests.simnet.host import Host, Socket
from tests.simnet.wire import Attr, Class, Message, Method
from tests.simnet.world import Packet

PORTS = (3478, 3479)


class BehaviourServer:
    """Answers from where it is asked to; ``obeys`` False: always from where it was asked."""

    def __init__(self, host: Host, *, obeys: bool = True, tells: bool = True) -> None:
        self._host = host
        self._obeys, self._tells = obeys, tells
        self._sockets: dict[tuple[int, int], Socket] = {}
        for number, ip in enumerate(host.ips[:2]):
            for place, port in enumerate(PORTS):
                self._bind(ip, port, (number, place))
        self.address = self._sockets[0, 0].address

    def _bind(self, ip: bytes, port: int, place: tuple[int, int]) -> None:
        self._sockets[place] = self._host.bind(ip, lambda packet: self._take(packet, place), port)

    def _take(self, packet: Packet, place: tuple[int, int]) -> None:
        request = wire.parse(packet.data)
        change = request.get(Attr.CHANGE_REQUEST) or bytes(4)
        flags = change[3] if self._obeys else 0
        sender = place[0] ^ flags >> 2 & 1, place[1] ^ flags >> 1 & 1
        other = self._sockets[1 - place[0], 1 - place[1]].address
        data = _answer(request, packet.src, other if self._tells else None)
        self._sockets[sender].send(packet.src, data)


def _answer(request: Message, source: Address, other: Address | None) -> bytes:
    pairs = [(Attr.XOR_MAPPED_ADDRESS, wire.xor_address(source, request.transaction))]
    if other is not None:
        pairs.append((Attr.OTHER_ADDRESS, wire.plain_address(other)))
    return wire.build(Method.BINDING, Class.SUCCESS, request.transaction, pairs)
