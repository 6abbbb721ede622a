"""A STUN and a TURN server made by hand, for one agent that runs alone.

They speak through the independent codec of tests/simnet, and do exactly what a test tells them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush

from sipice.ice import AgentConfig, Candidate, CandidateType, IceServer, ServerKind
from sipice.net import Address, Base, SendDatagram
from tests.ice.harness import Side, address
from tests.simnet import wire
from tests.simnet.wire import Attr, Class, Message, Method

STUN = address("192.0.2.2:3478")
STUN_TOO = address("192.0.2.4:3478")
TURN = address("192.0.2.9:3478")
TURN_TOO = address("192.0.2.10:3478")
REALM, NONCE = "example.org", b"f//499k954d6OL34oL9FSTvy64sA"
KEY = wire.long_term_key("user", REALM, "secret")
DELAY = 0.010
"""Between a question and its answer, seconds."""

Pairs = list[tuple[int, bytes]]


def stun(at: Address = STUN) -> IceServer:
    return IceServer(ServerKind.STUN, at)


def turn(at: Address = TURN) -> IceServer:
    return IceServer(ServerKind.TURN, at, username="user", password="secret")


def with_servers(*servers: IceServer, lite: bool = False, ta: float = 0.050) -> AgentConfig:
    return AgentConfig(servers=servers, lite=lite, ta=ta)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a server got."""

    at: float
    base: Base
    server: Address
    message: Message
    data: bytes


@dataclass(frozen=True, slots=True)
class Carried:
    """What a TURN server would pass on to a peer."""

    at: float
    relayed: Address
    peer: Address
    data: bytes


@dataclass
class Desk:
    """Runs an agent and answers what it asks servers; all else it sends is kept in ``direct``."""

    side: Side
    mapped: dict[Address, Address] = field(default_factory=dict)
    """What servers say to a base; without an entry the base itself."""
    relayed: dict[tuple[Address, Address], Address] = field(default_factory=dict)
    """The relayed address for a base at a server; the default is the server's own address."""
    answer: Callable[[Asked], bytes | None] | None = None
    """Overrides the answer to a request."""
    now: float = 0.0
    asked: list[Asked] = field(default_factory=list)
    carried: list[Carried] = field(default_factory=list)
    direct: list[SendDatagram] = field(default_factory=list)
    _coming: list[tuple[float, int, Base, Address, bytes]] = field(default_factory=list)

    @property
    def servers(self) -> set[Address]:
        configured = self.side.config.servers
        return {server.address for server in configured if isinstance(server, IceServer)}

    def gather(self, until: float = 1.0) -> Desk:
        self.side.agent.gather(self.now)
        return self.run(until)

    def run(self, until: float) -> Desk:
        agent = self.side.agent
        self._take()
        while (instant := self._next()) is not None and instant <= until:
            self.now = max(self.now, instant)
            if self._coming and self._coming[0][0] <= self.now:
                _, _, base, source, data = heappop(self._coming)
                agent.receive_datagram(self.now, data, base, source)
            else:
                agent.handle_timeout(self.now)
            self._take()
        self.now = max(self.now, until)
        return self

    def candidates(self, kind: CandidateType) -> list[Candidate]:
        return [c for c in self.side.agent.local_description(0).candidates if c.type is kind]

    def requests(self, method: Method) -> list[Asked]:
        """What was asked, without retransmissions."""
        found: dict[bytes, Asked] = {}
        for one in self.asked:
            if one.message.method == method and one.message.cls is Class.REQUEST:
                found.setdefault(one.message.transaction, one)
        return list(found.values())

    def from_peer(self, asked: Asked, peer: Address, data: bytes) -> None:
        """A peer's datagram reaches the agent in a Data indication."""
        pairs = [
            (int(Attr.XOR_PEER_ADDRESS), wire.xor_address(peer, bytes(12))),
            (int(Attr.DATA), data),
        ]
        packet = wire.build(Method.DATA, Class.INDICATION, bytes(12), pairs, fingerprint=False)
        self.side.agent.receive_datagram(self.now, packet, asked.base, asked.server)
        self._take()

    def reply(
        self, asked: Asked, code: int | None = None, *pairs: tuple[int, bytes], signed: bool = True
    ) -> bytes:
        """An answer; ``code`` makes it an error."""
        message = asked.message
        has_key = signed and message.has(Attr.MESSAGE_INTEGRITY)
        error = [] if code is None else [(int(Attr.ERROR_CODE), wire.error_code(code, ""))]
        kind = Class.SUCCESS if code is None else Class.ERROR
        return wire.build(
            message.method,
            kind,
            message.transaction,
            [*error, *pairs],
            key=KEY if has_key else None,
        )

    def usual(self, asked: Asked) -> bytes | None:
        """What a well-behaved server answers."""
        message = asked.message
        mapped = wire.xor_address(self._mapped(asked), message.transaction)
        if message.method == Method.BINDING:
            return self.reply(asked, None, (Attr.XOR_MAPPED_ADDRESS, mapped))
        if not message.has(Attr.MESSAGE_INTEGRITY):
            return self.reply(asked, 401, (Attr.REALM, REALM.encode()), (Attr.NONCE, NONCE))
        if not wire.integrity_valid(message, KEY):
            return self.reply(asked, 401, signed=False)
        pairs: Pairs = []
        if message.method == Method.ALLOCATE:
            relayed = wire.xor_address(self.relay_of(asked), message.transaction)
            pairs = [(Attr.XOR_RELAYED_ADDRESS, relayed), (Attr.XOR_MAPPED_ADDRESS, mapped)]
        if message.method in (Method.ALLOCATE, Method.REFRESH):
            pairs.append((Attr.LIFETIME, (600).to_bytes(4, "big")))
        return self.reply(asked, None, *pairs)

    def relay_of(self, asked: Asked) -> Address:
        server, base = asked.server, asked.base.address
        default = Address(server.ip, 40_000 + base.port + base.ip[-2])
        return self.relayed.get((base, server), default)

    def _mapped(self, asked: Asked) -> Address:
        return self.mapped.get(asked.base.address, asked.base.address)

    def _next(self) -> float | None:
        due = self.side.agent.next_timeout()
        arriving = self._coming[0][0] if self._coming else None
        return min((at for at in (due, arriving) if at is not None), default=None)

    def _take(self) -> None:
        for command in self.side.take(self.now):
            if command.remote in self.servers:
                self._serve(command)
            else:
                self.direct.append(command)

    def _serve(self, command: SendDatagram) -> None:
        if wire.is_channel_data(command.data):
            return
        message = wire.parse(command.data)
        asked = Asked(self.now, command.base, command.remote, message, command.data)
        self.asked.append(asked)
        if message.cls is Class.INDICATION:
            if message.method == Method.SEND:
                self._carry(asked)
            return
        data = self.usual(asked) if self.answer is None else self.answer(asked)
        if data is not None:
            entry = (self.now + DELAY, len(self.asked), command.base, command.remote, data)
            heappush(self._coming, entry)

    def _carry(self, asked: Asked) -> None:
        peer = asked.message.address(Attr.XOR_PEER_ADDRESS)
        data = asked.message.get(Attr.DATA)
        assert peer is not None
        assert data is not None
        self.carried.append(Carried(self.now, self.relay_of(asked), Address(*peer), data))
