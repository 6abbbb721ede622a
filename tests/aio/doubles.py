"""Stand-ins for both sides of the driver: a core and an endpoint that do what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence

from sipice.net import Address, Base, Command, Flow, Resolve, Transport

HERE = Address.parse("192.0.2.1", 5000)
THERE = Address.parse("192.0.2.2", 6000)
BASE = Base(1, Transport.UDP, HERE)


def spawn(coroutine: Coroutine[object, object, None]) -> asyncio.Task[None]:
    """Where no task is expected."""
    coroutine.close()
    raise AssertionError("a task was made")


class ScriptedCore:
    """A core that notes its inputs, and wants and tells what the test says."""

    def __init__(self) -> None:
        self.inputs: list[tuple[object, ...]] = []
        self.commands: list[Command] = []
        self.events: list[str] = []
        self.due: float | None = None
        self.on_input: Callable[[str], None] = lambda _: None

    def _note(self, name: str, *arguments: object) -> None:
        self.inputs.append((name, *arguments))
        self.on_input(name)

    def receive_datagram(self, now: float, data: bytes, base: Base, remote: Address) -> None:
        self._note("datagram", data, base, remote)

    def receive_stream(self, now: float, flow: Flow, data: bytes) -> None:
        self._note("stream", flow, data)

    def connection_opened(self, now: float, flow: Flow) -> None:
        self._note("opened", flow)

    def connection_accepted(self, now: float, base: Base, remote: Address) -> Flow:
        self._note("accepted", base, remote)
        return Flow(100 + self.names().count("accepted"))

    def connection_closed(self, now: float, flow: Flow, why: str | None = None) -> None:
        self._note("closed", flow, why)

    def writable(self, now: float, flow: Flow, ready: bool = True) -> None:
        self._note("writable", flow, ready)

    def send_failed(self, now: float, base: Base, remote: Address, *, hard: bool = False) -> None:
        self._note("send-failed", base, remote, hard)

    def send(self, now: float, stream: int, component: int, data: bytes) -> bool:
        self._note("send", stream, component, data)
        return True

    def name_resolved(self, now: float, query: Resolve, addresses: Sequence[Address]) -> None:
        self._note("resolved", query, tuple(addresses))

    def name_failed(self, now: float, query: Resolve, why: str) -> None:
        self._note("not-resolved", query, why)

    def media_sent(self, now: float, stream: int, component: int) -> None:
        self._note("media-sent", stream, component)

    def handle_timeout(self, now: float) -> None:
        assert self.due is not None
        assert now >= self.due
        self.due = None
        self._note("timeout")

    def next_timeout(self) -> float | None:
        return self.due

    def take_commands(self) -> list[Command]:
        taken, self.commands = self.commands, []
        return taken

    def take_events(self) -> list[str]:
        taken, self.events = self.events, []
        return taken

    def close(self, now: float) -> None:
        self._note("close")

    def names(self) -> list[object]:
        """The inputs without their arguments."""
        return [name for name, *_ in self.inputs]


class MemoryEndpoint:
    """An endpoint whose network is two lists; implements ``Endpoint``."""

    def __init__(self, address: Address = HERE) -> None:
        self.address = address
        self.sent: list[tuple[bytes, Address]] = []
        self.refuses = False
        self.routes: dict[Address, Callable[[bytes], None]] = {}
        self.released = False
        self.on_datagram: Callable[[bytes, Address], None] = lambda data, source: None
        self.on_refused: Callable[[Address, bytes], None] = lambda to, sent: None

    def attach(
        self,
        on_datagram: Callable[[bytes, Address], None],
        on_refused: Callable[[Address, bytes], None],
    ) -> None:
        self.on_datagram, self.on_refused = on_datagram, on_refused

    def send(self, data: bytes, to: Address) -> bool:
        if not self.refuses:
            self.sent.append((data, to))
        return not self.refuses

    def sender(self, to: Address) -> Callable[[bytes], bool]:
        return lambda data: self.send(data, to)

    def route(self, source: Address, deliver: Callable[[bytes], None]) -> None:
        self.routes[source] = deliver

    def unroute(self, source: Address) -> None:
        self.routes.pop(source, None)

    def release(self) -> None:
        self.released = True
