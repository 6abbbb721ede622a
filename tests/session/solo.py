"""One controller without a network, and a peer whose descriptions are written by hand."""

from __future__ import annotations

from random import Random
from typing import TypeVar

import sdp
from sipice.ice import AgentConfig, Pacer
from sipice.net import Address, Base, ReleaseBase
from sipice.session import (
    ClosePorts,
    Controller,
    DescriptionReady,
    Direction,
    Kind,
    OpenPorts,
    Rejected,
    SessionCommand,
    SessionConfig,
    SessionEvent,
    Trickle,
)
from tests.session.conversation import Judge

E = TypeVar("E", bound=SessionEvent)

PEER_UFRAG, PEER_PWD = "PEERufra", "PEERpasswordPEERpassword"
VANILLA = SessionConfig(trickle=Trickle.OFF)
ANCHOR = Address.parse("127.0.0.1", 0).ip


class Solo:
    """Answers every OpenPorts at once; time is what the test says."""

    def __init__(
        self,
        config: SessionConfig = VANILLA,
        *,
        hosts: tuple[str, ...] = ("192.0.2.10",),
        dialog: str = "peer",
        opens: bool = True,
    ) -> None:
        self.controller = Controller(config, rng=Random(7), pacer=Pacer())
        self.hosts = hosts
        self.dialog = dialog
        self.opens = opens
        self.now = 0.0
        self.judge = Judge()
        self.events: list[SessionEvent] = []
        self.commands: list[SessionCommand] = []
        self.bases: dict[Address, Base] = {}
        self._port = 40_000

    # Our stack

    def offer(self, text: bytes, dialog: str | None = None, **more: object) -> bytes:
        """Our stack offers; what goes to the peer."""
        name = self.dialog if dialog is None else dialog
        refusal = self.controller.begin_offer(self.now, name, text, **more)  # type: ignore[arg-type]
        assert refusal is None, refusal
        return self._last(Direction.TO_PEER, Kind.OFFER).sdp

    def answer(self, text: bytes, *, final: bool = True, **more: object) -> bytes:
        """Our stack answers; what goes to the peer."""
        refusal = self.controller.begin_answer(
            self.now, self.dialog, text, final=final, **more  # type: ignore[arg-type]
        )  # fmt: skip
        assert refusal is None, refusal
        return self._last(Direction.TO_PEER, Kind.ANSWER if final else Kind.PREVIEW).sdp

    # The peer

    def offered(self, text: bytes) -> bytes:
        """The peer offers; what our stack sees."""
        refusal = self.controller.receive_offer(self.now, self.dialog, text)
        assert refusal is None, refusal
        return self._last(Direction.TO_STACK, Kind.OFFER).sdp

    def answered(self, text: bytes, *, final: bool = True, dialog: str | None = None) -> bytes:
        """The peer answers; what our stack sees."""
        name = self.dialog if dialog is None else dialog
        if final:  # as where a 2xx brings it
            self.controller.confirm(self.now, name)
        refusal = self.controller.receive_answer(self.now, name, text, final=final)
        assert refusal is None, refusal
        return self._last(Direction.TO_STACK, Kind.ANSWER if final else Kind.PREVIEW).sdp

    def refuses_offer(self, text: bytes) -> Rejected:
        found = self.controller.receive_offer(self.now, self.dialog, text)
        assert found is not None
        assert self.take() == []
        return found

    def refuses_answer(self, text: bytes) -> Rejected:
        found = self.controller.receive_answer(self.now, self.dialog, text)
        assert found is not None
        assert self.take() == []
        return found

    # Outputs

    def take(self) -> list[SessionEvent]:
        """Carry the commands out; the events that are new."""
        new: list[SessionEvent] = []
        while True:
            events, commands = self.controller.take_events(), self.controller.take_commands()
            if not events and not commands:
                break
            new += events
            self.commands += commands
            for event in events:
                if isinstance(event, DescriptionReady):
                    self.judge.look("solo", event)
            for command in commands:
                if isinstance(command, OpenPorts) and self.opens:
                    self.open(command)
        self.events += new
        return new

    def open(self, command: OpenPorts) -> None:
        """Bind what a stream wants."""
        for component in range(1, command.components + 1):
            for host in self.hosts:
                address = Address.parse(host, self._port + component - 1)
                base = self.controller.add_local_address(
                    self.now, command.stream, component, address
                )
                self.bases[address] = base
        anchor = tuple(Address(ANCHOR, 9000 + 10 * command.stream + n) for n in (0, 1))
        self._port += 2
        self.controller.ports_opened(self.now, command.stream, anchor)

    def wait(self, until: float) -> list[SessionEvent]:
        """Let time pass; what happened meanwhile."""
        new = self.take()
        while (due := self.controller.next_timeout()) is not None and due <= until:
            self.now = max(self.now, due)
            self.controller.handle_timeout(self.now)
            new += self.take()
        self.now = max(self.now, until)
        return new

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def closed(self) -> list[int]:
        return [command.stream for command in self.commands if isinstance(command, ClosePorts)]

    @property
    def released(self) -> list[Base]:
        return [command.base for command in self.commands if isinstance(command, ReleaseBase)]

    @property
    def opened(self) -> list[int]:
        return [command.stream for command in self.commands if isinstance(command, OpenPorts)]

    def _last(self, direction: Direction, kind: Kind) -> DescriptionReady:
        new = [one for one in self.wait(self.now + 6.0) if isinstance(one, DescriptionReady)]
        assert new, "no description is ready"
        assert (new[-1].direction, new[-1].kind) == (direction, kind)
        return new[-1]


def peer_text(
    *sections: str,
    version: int = 1,
    ufrag: str | None = PEER_UFRAG,
    pwd: str = PEER_PWD,
    options: str | None = "ice2",
    head: tuple[str, ...] = (),
    address: str = "198.51.100.7",
) -> bytes:
    """A peer's description; without ``ufrag`` it does no ICE."""
    lines = ["v=0", f"o=peer 99 {version} IN IP4 {address}", "s=-", f"c=IN IP4 {address}", "t=0 0"]
    lines += head
    if ufrag is not None:
        lines += [f"a=ice-options:{options}"] if options else []
        lines += [f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{pwd}"]
    text = "".join(f"{line}\r\n" for line in lines)
    return (text + "".join(sections)).encode()


def section(
    port: int = 6000,
    *more: str,
    media: str = "audio",
    proto: str = "RTP/AVP",
    formats: str = "0",
    ice: bool = True,
    components: int = 1,
    host: str = "198.51.100.7",
) -> str:
    """An m= section of a peer, with one host candidate for each component."""
    lines = [f"m={media} {port} {proto} {formats}", *more]
    if ice and port:
        lines += [
            f"a=candidate:1 {number} UDP {2130706432 - number} {host} {port + number - 1} typ host"
            for number in range(1, components + 1)
        ]
    return "".join(f"{line}\r\n" for line in lines)


def own_text(*sections: str, version: int = 1, head: tuple[str, ...] = ()) -> bytes:
    """What our stack writes."""
    lines = ["v=0", f"o=me 42 {version} IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
             *head]  # fmt: skip
    return ("".join(f"{line}\r\n" for line in lines) + "".join(sections)).encode()


def own_section(port: int = 7000, *more: str, media: str = "audio", proto: str = "RTP/AVP",
                formats: str = "0") -> str:  # fmt: skip
    return "".join(f"{line}\r\n" for line in (f"m={media} {port} {proto} {formats}", *more))


def parsed(text: bytes) -> sdp.SessionDescription:
    return sdp.parse(text)


def quick(**agent: object) -> SessionConfig:
    """No trickling, and the agent as told."""
    return SessionConfig(trickle=Trickle.OFF, agent=AgentConfig(**agent))  # type: ignore[arg-type]
