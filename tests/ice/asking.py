"""An agent that asks servers for candidates, and answers to give it."""

from __future__ import annotations

from sipice.ice import AgentConfig, CandidateGathered, CandidateType, IceServer, Role, ServerKind
from sipice.net import Address
from sipice.stun import Class, Message, Method, encode
from sipice.stun import attributes as a
from tests.ice.harness import Sent, Side, address, advance, sent_by

STUN = address("192.0.2.2:3478")
SECOND = address("192.0.2.3:3478")
MAPPED = address("203.0.113.7:41000")
OWN = address("10.0.0.1:5000")


def config(*servers: Address, kind: ServerKind = ServerKind.STUN, **more: float) -> AgentConfig:
    entries = tuple(IceServer(kind, server, username="u", password="p") for server in servers)
    return AgentConfig(servers=entries, gather_timeout=more.get("gather_timeout", 5.0))


class Case:
    def __init__(self, settings: AgentConfig, *hosts: str) -> None:
        self.side = Side("a", Role.CONTROLLING, hosts or ("10.0.0.1:5000",), settings)
        self.agent = self.side.agent
        self.agent.gather(0.0)
        self.sent: list[Sent] = []

    def run(self, until: float) -> list[Sent]:
        new = advance(self.side, until)
        self.sent += new
        return new

    def answer(
        self,
        request: Sent,
        now: float,
        attribute: tuple[int, object] | None = None,
        *,
        code: int = 0,
        source: Address | None = None,
    ) -> None:
        kind = Class.ERROR if code else Class.SUCCESS
        value = a.ERROR_CODE(a.ErrorCode(code, "")) if code else a.XOR_MAPPED_ADDRESS(MAPPED)
        message = Message(
            Method.BINDING, kind, request.message.transaction_id, (attribute or value,)
        )
        data = encode(message, fingerprint=False)
        base = self.side.bases[request.source]
        self.agent.receive_datagram(now, data, base, source or request.to)
        self.sent += sent_by(self.side, now)

    def kinds(self) -> list[CandidateType]:
        return [event.candidate.type for event in self.side.all(CandidateGathered)]
