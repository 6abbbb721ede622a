"""One agent alone against a puppet: what it sends, and how far it has come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sipice.ice import AgentConfig, Candidate, PairSelected, Role
from sipice.net import Address, Base, SendDatagram
from sipice.stun import Class, Message
from tests.ice.harness import PLAIN, Puppet, Sent, Side, address, remote, sent_by

OWN = "10.0.0.1:5000"
PEER = "10.0.0.2:6000"


class Alone:
    """An agent and the peer that a test plays by hand."""

    def __init__(
        self,
        role: Role = Role.CONTROLLED,
        config: AgentConfig = PLAIN,
        hosts: Iterable[str] = (OWN,),
        peers: Iterable[Candidate] | None = None,
        *,
        streams: int = 1,
        components: int = 1,
        begun: bool = True,
    ) -> None:
        self.side = Side("a", role, hosts, config, streams=streams, components=components)
        self.agent = self.side.agent
        self.puppet = Puppet(self.side, candidates=peers)
        self.now = 0.0
        self.log: list[Sent] = []
        self.answered: set[bytes] = set()
        if begun:
            self.begin()

    def begin(self, now: float = 0.0) -> list[Sent]:
        """Hand over the puppet's description; the first check leaves."""
        for stream in self.side.streams:
            self.agent.set_remote_description(now, stream, self.puppet.description)
        return self.run(now)

    def take(self) -> list[Sent]:
        found = sent_by(self.side, self.now)
        self.log += found
        return found

    def run(self, until: float) -> list[Sent]:
        """Let time pass; nobody answers."""
        found = self.take()
        while (due := self.agent.next_timeout()) is not None and due <= until:
            self.now = max(self.now, due)
            self.agent.handle_timeout(due)
            found += self.take()
        self.now = max(self.now, until)
        return found

    def base(self, at: str = OWN) -> Base:
        return self.side.bases[address(at)]

    def receive(self, data: bytes, source: str = PEER, to: str = OWN) -> list[Sent]:
        self.agent.receive_datagram(self.now, data, self.base(to), address(source))
        return self.take()

    def ask(self, source: str = PEER, to: str = OWN, **how: Any) -> list[Sent]:
        """A check of the puppet's."""
        how.setdefault("controlling", self.agent.role is Role.CONTROLLED)
        return self.receive(self.puppet.request(**how), source, to)

    def nominate(self, source: str = PEER, to: str = OWN, **how: Any) -> list[Sent]:
        return self.ask(source, to, nominate=True, **how)

    def answer(self, sent: Sent, mapped: Address | None = None) -> list[Sent]:
        """The puppet answers a check from where it was sent to."""
        data = self.puppet.success(sent.message, mapped or sent.source)
        self.answered.add(sent.message.transaction_id)
        self.agent.receive_datagram(self.now, data, self.side.bases[sent.source], sent.to)
        return self.take()

    def refuse(self, sent: Sent, code: int) -> list[Sent]:
        data = self.puppet.error(sent.message, code)
        self.answered.add(sent.message.transaction_id)
        self.agent.receive_datagram(self.now, data, self.side.bases[sent.source], sent.to)
        return self.take()

    def serve(self, until: float, *, deaf: Iterable[str] = ()) -> Alone:
        """Let time pass while the puppet answers at once what was not sent to ``deaf`` ones."""
        unheard = {address(text) for text in deaf}
        waiting = [*self.log, *self.take()]
        while True:
            while waiting:
                sent = waiting.pop(0)
                is_new = sent.message.transaction_id not in self.answered
                if sent.is_request and is_new and sent.to not in unheard:
                    waiting += self.answer(sent)
            due = self.agent.next_timeout()
            if due is None or due > until:
                break
            waiting = self.run(due)
        self.now = max(self.now, until)
        return self

    def send_media(self, data: bytes = b"\x80media", component: int = 1) -> SendDatagram | None:
        """What leaves when media is sent by the slow path, None when nothing may."""
        if not self.agent.send(self.now, 0, component, data):
            return None
        (command,) = [c for c in self.agent.take_commands() if isinstance(c, SendDatagram)]
        return command

    def path(self) -> str | None:
        """Where media of the first component goes now."""
        send = self.agent.media(0, 1).send
        return None if send is None else str(send.to)

    def selected(self, component: int = 1, stream: int = 0) -> PairSelected | None:
        return self.side.selected(stream, component)


def requests(sent: Iterable[Sent]) -> list[Sent]:
    return [one for one in sent if one.is_request]


def successes(sent: Iterable[Sent]) -> list[Sent]:
    return [one for one in sent if one.message.message_class is Class.SUCCESS]


def codes(sent: Iterable[Sent]) -> list[int | None]:
    """The error codes of the error responses among these."""
    return [one.message.error_code for one in sent if one.message.message_class is Class.ERROR]


def is_indication(message: Message) -> bool:
    return message.message_class is Class.INDICATION


def peers(*texts: str, first: int = 2130706431) -> list[Candidate]:
    """Host candidates of the puppet, the preferred first, each with its own foundation."""
    return [
        remote(text, priority=first - 256 * number, foundation=f"f{number}")
        for number, text in enumerate(texts)
    ]
