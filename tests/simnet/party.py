"""One controller at a host of the virtual network, with a stack's media behind its anchors."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TypeVar

from sipice.ice import Pacer
from sipice.net import Address, Base, ReleaseBase, Resolve, SendDatagram, Source
from sipice.session import (
    ClosePorts,
    Controller,
    DataReceived,
    OpenPorts,
    SessionConfig,
    SessionEvent,
)
from sipice.trace import Tracer
from tests.simnet import wire
from tests.simnet.host import Host, Socket
from tests.simnet.invariants import check_state
from tests.simnet.world import Packet

E = TypeVar("E", bound=SessionEvent)

LOOPBACK = Address.parse("127.0.0.1", 0).ip


class Party:
    """Drives a controller as the shell would; sockets are bound when they are asked for."""

    def __init__(
        self,
        host: Host,
        config: SessionConfig,
        *,
        seed: int = 0,
        tracer: Tracer | None = None,
        slow_ports: float = 0.0,
    ) -> None:
        self.host = host
        self.world = host.world
        self.name = host.name
        self.config = config
        rng = Random(f"{seed} {host.name}")
        self.controller = Controller(config, rng=rng, pacer=Pacer(), tracer=tracer)
        self.slow_ports = slow_ports
        self.sockets: dict[int, Socket] = {}
        self.bases: list[tuple[int, int, Base]] = []
        self.anchors: dict[int, tuple[Address, ...]] = {}
        self.closed: list[int] = []
        self.asked: list[Resolve] = []
        self.events: list[tuple[float, SessionEvent]] = []
        self.watchers: list[Callable[[SessionEvent], None]] = []
        self.media: list[tuple[float, str, bytes]] = []
        """What was let in: when, in which dialog, the packet."""
        self.refused_media = 0
        self._next_port = 20_000
        self._busy = False
        self.world.timed.append(self)

    def tell(self, method: Callable[..., object], *arguments: object, **more: object) -> object:
        """Call an input that takes ``now`` first, and carry out what comes of it."""
        result = method(self.world.now, *arguments, **more)
        self.drain()
        return result

    def next_timeout(self) -> float | None:
        return self.controller.next_timeout()

    def handle_timeout(self, now: float) -> None:
        self.controller.handle_timeout(now)
        due = self.controller.next_timeout()
        assert due is None or due > now, f"{self.name} is due again at {due}"
        self.drain()

    # Outputs

    def drain(self) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            while self._drain_once():
                pass
        finally:
            self._busy = False
        for agent in self.controller._leg.agents():
            check_state(agent)

    def _drain_once(self) -> bool:
        events, commands = self.controller.take_events(), self.controller.take_commands()
        for event in events:
            self.events.append((self.world.now, event))
            self.world.trace.event(self.world.now, self.name, event)
            if isinstance(event, DataReceived):
                self.media.append((self.world.now, event.dialog, event.data))
            for watcher in list(self.watchers):
                watcher(event)
        for command in commands:
            match command:
                case SendDatagram(data, base, remote):
                    self.sockets[base.number].send(remote, data)
                case ReleaseBase(base):
                    self.sockets.pop(base.number).close()
                    self.bases = [entry for entry in self.bases if entry[2] != base]
                case OpenPorts(stream, components):
                    self._open(stream, components)
                case ClosePorts(stream):
                    self.closed.append(stream)
                    del self.anchors[stream]
                case Resolve():
                    self.asked.append(command)
                case _:
                    raise AssertionError(f"nobody carries out {command}")
        return bool(events or commands)

    def _open(self, stream: int, components: int) -> None:
        def open_now() -> None:
            held = {(owner, part, base.address.ip) for owner, part, base in self.bases}
            for component in range(1, components + 1):
                for ip in self.host.ips:
                    if (stream, component, ip) not in held:
                        self._bind(ip, stream, component)
            if stream not in self.anchors:
                self._next_port += 2
                pair = (self._next_port, self._next_port + 1)
                self.anchors[stream] = tuple(Address(LOOPBACK, port) for port in pair)
            self.controller.ports_opened(self.world.now, stream, self.anchors[stream])
            self.drain()

        if self.slow_ports:
            self.world.after(self.slow_ports, open_now)
        else:
            open_now()

    def _bind(self, ip: bytes, stream: int, component: int) -> None:
        holder: list[Base] = []
        socket = self.host.bind(ip, lambda packet: self._take(packet, holder[0]))
        now = self.world.now
        base = self.controller.add_local_address(now, stream, component, socket.address)
        holder.append(base)
        self.sockets[base.number] = socket
        self.bases.append((stream, component, base))

    def lose_address(self, ip: bytes) -> None:
        """The host lost an address: the shell tells of each socket it had there."""
        self.host.remove_address(ip)
        for entry in [entry for entry in self.bases if entry[2].address.ip == ip]:
            self.bases.remove(entry)
            self.tell(self.controller.remove_local_address, entry[2])

    # Media

    def _take(self, packet: Packet, base: Base) -> None:
        if not self._is_media(packet, base):
            self.tell(self.controller.receive_datagram, packet.data, base, packet.src)

    def _is_media(self, packet: Packet, base: Base) -> bool:
        """The fast path of a shell: what a media table knows never reaches the controller."""
        data, channel = packet.data, None
        if wire.is_channel_data(data):
            channel, data = wire.parse_channel_data(data)
        if not data or not 128 <= data[0] <= 191:
            return False
        for dialog in self.controller.dialogs:
            for stream, component, _ in self.bases:
                for source in self.controller.media(dialog, stream, component).receive:
                    if _fits(source, base, packet.src, channel):
                        self.media.append((self.world.now, dialog, data))
                        return True
        return False

    def send_media(self, data: bytes, dialog: str, stream: int = 0, component: int = 1) -> bool:
        """Send a media packet by the table alone where it suffices."""
        path = self.controller.media(dialog, stream, component).send
        if path is None:
            return False
        if path.relayed and path.channel is None:
            now = self.world.now
            sent = self.controller.send(now, dialog, stream, component, data)
            self.drain()
            return sent
        framed = data if path.channel is None else wire.channel_data(path.channel, data)
        self.sockets[path.base.number].send(path.to, framed)
        return True

    # Questions for tests

    def all(self, kind: type[E]) -> list[E]:
        return [event for _, event in self.events if isinstance(event, kind)]


def _fits(source: Source, base: Base, remote: Address, channel: int | None) -> bool:
    return source.base == base and source.remote == remote and source.channel == channel
