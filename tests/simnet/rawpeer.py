"""An ICE peer made of the independent codec: as simple, or as odd, as a test wants it."""

from __future__ import annotations

from collections.abc import Callable

from sipice.ice import Candidate, CandidateType, Credentials, Description
from sipice.net import Address
from tests.simnet import wire
from tests.simnet.host import Host, Socket
from tests.simnet.wire import Attr, Class, Message, Method
from tests.simnet.world import Packet

HOST_PRIORITY = 2130706431
PRFLX_PRIORITY = 1862270975

Answer = Callable[["RawPeer", Packet, Message], bytes | None]


class RawPeer:
    """Holds sockets, answers checks as ``answer`` says, and sends what it is told to."""

    def __init__(self, host: Host, *, controlling: bool = False, sockets: int = 1) -> None:
        self.host = host
        self.world = host.world
        self.controlling = controlling
        self.tie_breaker = bytes([0x80] * 8)
        self.ufrag, self.password = "rawpeer1", "the password of the raw peer"
        self.answer: Answer = succeed
        self.requests: list[Packet] = []
        self.responses: list[Message] = []
        self.theirs: Credentials | None = None
        self.sockets: list[Socket] = [
            host.bind(ip, self._take) for ip in host.ips for _ in range(sockets)
        ]
        self._count = 0

    @property
    def description(self) -> Description:
        """What it tells its peer: a host candidate for each socket, the first best."""
        candidates = tuple(
            Candidate(
                component=1,
                type=CandidateType.HOST,
                address=socket.address,
                priority=HOST_PRIORITY - 256 * number,
                foundation=str(number + 1),
            )
            for number, socket in enumerate(self.sockets)
        )
        return Description(Credentials(self.ufrag, self.password), candidates)

    def know(self, description: Description) -> None:
        self.theirs = description.credentials

    def check(
        self,
        to: Address,
        *,
        nominate: bool = False,
        socket: Socket | None = None,
        extra: tuple[tuple[int, bytes], ...] = (),
    ) -> None:
        """Send a connectivity check."""
        assert self.theirs is not None
        self._count += 1
        role = Attr.ICE_CONTROLLING if self.controlling else Attr.ICE_CONTROLLED
        pairs: list[tuple[int, bytes]] = [
            (Attr.USERNAME, f"{self.theirs.ufrag}:{self.ufrag}".encode()),
            (Attr.PRIORITY, PRFLX_PRIORITY.to_bytes(4)),
            (role, self.tie_breaker),
            *extra,
        ]
        if nominate:
            pairs.append((Attr.USE_CANDIDATE, b""))
        data = wire.build(
            Method.BINDING,
            Class.REQUEST,
            b"raw" + self._count.to_bytes(9),
            pairs,
            key=self.theirs.pwd.encode(),
        )
        (socket or self.sockets[0]).send(to, data)

    def response(
        self,
        request: Message,
        pairs: list[tuple[int, bytes]],
        *,
        cls: Class = Class.SUCCESS,
        signed: bool = True,
    ) -> bytes:
        key = self.password.encode() if signed else None
        return wire.build(Method.BINDING, cls, request.transaction, pairs, key=key)

    def refusal(self, request: Message, number: int, *, signed: bool = True) -> bytes:
        pairs: list[tuple[int, bytes]] = [(Attr.ERROR_CODE, wire.error_code(number, "no"))]
        return self.response(request, pairs, cls=Class.ERROR, signed=signed)

    def _take(self, packet: Packet) -> None:
        if not wire.looks_like_stun(packet.data):
            return
        message = wire.parse(packet.data)
        if message.cls is not Class.REQUEST:
            self.responses.append(message)
            return
        self.requests.append(packet)
        data = self.answer(self, packet, message)
        if data is not None:
            socket = next(one for one in self.sockets if one.address == packet.dst)
            socket.send(packet.src, data)


def succeed(peer: RawPeer, packet: Packet, request: Message) -> bytes:
    """The honest answer."""
    mapped = wire.xor_address(packet.src, request.transaction)
    return peer.response(request, [(Attr.XOR_MAPPED_ADDRESS, mapped)])


def refuse(number: int, *, signed: bool = True) -> Answer:
    """The same error for every check."""
    return lambda peer, _, request: peer.refusal(request, number, signed=signed)


def silent(peer: RawPeer, packet: Packet, request: Message) -> None:
    """No answer at all."""
