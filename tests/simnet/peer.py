"""One agent at a host of the virtual network: commands out, datagrams and timeouts in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import TypeVar

from sipice.ice import (
    Agent,
    AgentConfig,
    Candidate,
    Credentials,
    DataReceived,
    Description,
    Event,
    Pacer,
    PairSelected,
    RestartId,
    Role,
    StreamCompleted,
    StreamFailed,
    TcpType,
)
from sipice.ice.demux import Demux
from sipice.net import (
    Address,
    Base,
    CloseConnection,
    Flow,
    Listen,
    OpenConnection,
    ReleaseBase,
    SendDatagram,
    SendStream,
    Source,
)
from sipice.trace import Tracer
from tests.simnet import wire
from tests.simnet.host import Host, Socket
from tests.simnet.invariants import Honesty, check_state
from tests.simnet.tcp import End
from tests.simnet.world import Packet

E = TypeVar("E", bound=Event)


class Peer:
    """Drives an agent as the shell would, and asserts the contract of the agent at every step."""

    def __init__(
        self,
        host: Host,
        *,
        role: Role,
        config: AgentConfig | None = None,
        seed: int = 0,
        streams: int = 1,
        components: int = 1,
        pacer: Pacer | None = None,
        agent: Agent | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self.host = host
        self.world = host.world
        self.name = host.name
        self.config = config or AgentConfig()
        rng = Random(f"{seed} {host.name} {role.value}")
        self._pacer = pacer or Pacer()
        self._lives = 0
        self.agent = agent or Agent(
            self.config, role=role, rng=rng, pacer=self._pacer, tracer=tracer
        )
        self.events: list[tuple[float, Event]] = []
        self.watchers: list[Callable[[Event], None]] = []
        self.family: list[Peer] = [self]
        """All siblings over one local side, this one included."""
        self.flows: dict[int, End] = {}
        """Connections by the number of the flow."""
        self.server_flows: set[int] = set()
        self._next_tcp_port = 30_000
        self._split = Random(f"split {seed} {host.name}")
        self.sockets: dict[int, Socket] = {}
        """By the number of the base."""
        self.bases: list[tuple[int, int, Base]] = []
        """Stream, component and base, in the order of binding."""
        self.media: list[tuple[float, bytes]] = []
        """What arrived as media, and was let in."""
        self.refused_media = 0
        self.counts: Counter[str] = Counter()
        self._completed: set[int] = set()
        self._failed: set[int] = set()
        self.honesty = Honesty(self.name)
        self.components = components
        self.streams = [self.agent.add_stream(components) for _ in range(streams)]
        self.world.timed.append(self)

    def fork(self) -> Peer:
        """A sibling for another answer to the same offer; it shares sockets and credentials."""
        agent = self.agent.fork(self.world.now)
        sibling = Peer(self.host, role=agent.role, config=self.config, streams=0, agent=agent)
        sibling.components, sibling.streams = self.components, list(self.streams)
        sibling.sockets, sibling.bases = self.sockets, self.bases
        sibling.flows, sibling.server_flows = self.flows, self.server_flows
        sibling.family = self.family
        self.family.append(sibling)
        return sibling

    def leave(self) -> None:
        """End this sibling; the others go on."""
        self.tell(self.agent.close)
        self.family.remove(self)
        self.world.timed.remove(self)

    def reincarnate(self) -> None:
        """Another process goes on with this session, from what the old one exported."""
        now = self.world.now
        self._drain()
        data = self.agent.export(now)
        for end in self.flows.values():
            end.close()  # as the system does for a process that is gone
        self.flows.clear()
        self._lives += 1
        rng = Random(f"{self.name} {self._lives}")
        self.agent = Agent.restore(self.config, data, now, rng=rng, pacer=self._pacer)
        self._drain()

    # Local addresses

    def bind(self, ip: bytes, *, stream: int = 0, component: int = 1, port: int = 0) -> Base:
        """A socket at this address, told to the agent."""
        holder: list[Base] = []
        socket = self.host.bind(ip, lambda packet: self._take(packet, holder[0]), port)
        base = self.agent.add_local_address(self.world.now, stream, component, socket.address)
        holder.append(base)
        self.sockets[base.number] = socket
        self.bases.append((stream, component, base))
        self._drain()
        return base

    def bind_all(self) -> None:
        """A socket for every stream, component and address of the host."""
        for stream in self.streams:
            for component in range(1, self.components + 1):
                for ip in self.host.ips:
                    self.bind(ip, stream=stream, component=component)
                    if self.config.ice_tcp:
                        for kind in (TcpType.ACTIVE, TcpType.PASSIVE):
                            self.bind_tcp(ip, kind, stream=stream, component=component)

    def rebind(self) -> None:
        """Sockets that were released are bound again, as a shell does before a restart."""
        held = {(stream, component, base.address.ip) for stream, component, base in self.bases}
        for stream in self.streams:
            for component in range(1, self.components + 1):
                for ip in self.host.ips:
                    if (stream, component, ip) not in held:
                        self.bind(ip, stream=stream, component=component)

    def lose_address(self, ip: bytes) -> None:
        """The host lost an address: the shell tells the agent of each socket it had there."""
        self.host.remove_address(ip)
        for entry in [entry for entry in self.bases if entry[2].address.ip == ip]:
            self.bases.remove(entry)
            self.tell(self.agent.remove_local_address, entry[2])

    # Inputs

    def tell(self, method: Callable[..., object], *arguments: object) -> None:
        """Call an input of the agent that takes ``now`` first, and carry out what comes of it."""
        method(self.world.now, *arguments)
        self._drain()

    def next_timeout(self) -> float | None:
        return self.agent.next_timeout()

    def handle_timeout(self, now: float) -> None:
        self.honesty.before(self.agent, now)
        self.agent.handle_timeout(now)
        self.honesty.after(self.agent, now, worked=self._drain())

    def _take(self, packet: Packet, base: Base) -> None:
        """A datagram for this family: media to whom its table says, the rest by what it says."""
        for member in self.family:
            if member._is_media(packet, base):
                return
        if packet.data[:1] >= b"\x80":
            self.refused_media += 1
            return
        if self.family:
            demux = Demux(*(member.agent for member in self.family))
            agent = demux.find(packet.data, base, packet.src)
            next(member for member in self.family if member.agent is agent)._receive(packet, base)

    def _receive(self, packet: Packet, base: Base) -> None:
        self.honesty.early(self.agent, self.world.now)
        self.agent.receive_datagram(self.world.now, packet.data, base, packet.src)
        for member in list(self.family):
            member._drain()

    def _is_media(self, packet: Packet, base: Base) -> bool:
        """The fast path of a shell: what the media table knows never reaches the agent."""
        data, channel = packet.data, None
        if wire.is_channel_data(data):
            channel, data = wire.parse_channel_data(data)
        if not data or not 128 <= data[0] <= 191:
            return False
        source = Source(base, packet.src, channel, relayed=channel is not None)
        for stream in self.streams:
            for component in range(1, self.components + 1):
                if source in self.agent.media(stream, component).receive:
                    self.media.append((self.world.now, data))
                    return True
        return False

    def send_media(self, data: bytes, *, stream: int = 0, component: int = 1) -> bool:
        """Send a media packet the way a shell does: by the table alone where it suffices."""
        path = self.agent.media(stream, component).send
        if path is None:
            return False
        if path.relayed and path.channel is None:
            sent = self.agent.send(self.world.now, stream, component, data)
            self._drain()
            return sent
        if path.flow is not None:
            framed = len(data).to_bytes(2) + data
            if path.channel is not None:
                framed = wire.channel_data(path.channel, data) + bytes(-len(data) % 4)
            self._write(path.flow, framed)
            return True
        framed = data if path.channel is None else wire.channel_data(path.channel, data)
        self.sockets[path.base.number].send(path.to, framed)
        return True

    # Outputs

    def _drain(self) -> bool:
        """Carry everything out; whether there was anything."""
        commands, events = self.agent.take_commands(), self.agent.take_events()
        for command in commands:
            match command:
                case SendDatagram(data, base, remote):
                    self._send(data, base, remote)
                case SendStream(flow, data):
                    self._write(flow, data)
                case OpenConnection(flow, local, remote):
                    if flow.number in self.agent._state.local.flows:
                        self.server_flows.add(flow.number)
                    self._adopt(flow, self.host.tcp.connect(local, remote))
                case CloseConnection(flow):
                    self._close(flow)
                case Listen(base):
                    self._listen(base)
                case ReleaseBase(base):
                    if base.number in self.sockets:
                        self.sockets.pop(base.number).close()
                    self.host.tcp.listeners.pop(base.address, None)
                    self.bases = [entry for entry in self.bases if entry[2] != base]
                case _:
                    self.counts[type(command).__name__] += 1
        for event in events:
            self.events.append((self.world.now, event))
            self.world.trace.note(self.world.now, self.name, f"event {type(event).__name__}")
            match event:
                case DataReceived():
                    self.media.append((self.world.now, event.data))
                case StreamCompleted():
                    self._completed.add(event.stream)
                case StreamFailed():
                    self._failed.add(event.stream)
                case _:
                    pass
            for watcher in self.watchers:
                watcher(event)
        check_state(self.agent)
        return bool(commands or events)

    def _send(self, data: bytes, base: Base, remote: Address) -> None:
        socket = self.sockets.get(base.number)
        assert socket is not None, f"{self.name} sends from a base it does not hold: {base}"
        assert socket.address == base.address
        socket.send(remote, data)

    # Connections

    def bind_tcp(
        self, ip: bytes, tcptype: TcpType, *, stream: int = 0, component: int = 1, port: int = 0
    ) -> Base:
        """A TCP candidate at this address."""
        self._next_tcp_port += 1
        address = Address(ip, port or self._next_tcp_port)
        base = self.agent.add_local_tcp(self.world.now, stream, component, address, tcptype)
        self.bases.append((stream, component, base))
        self._drain()
        return base

    def _listen(self, base: Base) -> None:
        def accept(end: End) -> None:
            flow = self.agent.connection_accepted(self.world.now, base, end.remote)
            self._adopt(flow, end)
            self._drain()

        self.host.tcp.listen(base.address, accept)

    def _adopt(self, flow: Flow, end: End) -> None:
        def closed() -> None:
            if self.flows.pop(flow.number, None) is not None:
                holder = self._holder(flow)
                holder.tell(holder.agent.connection_closed, flow)

        def arrived(data: bytes) -> None:
            if not self._is_server(flow):
                self._judge_frames(self.world.frames_received, Packet(end.remote, end.local, data))
            # Cut where TCP pleases, in the middle of a length if it comes so.
            at = self._split.randrange(len(data) + 1)
            for part in (data[:at], data[at:]):
                if part and flow.number in self.flows:
                    holder = self._holder(flow)
                    holder.tell(holder.agent.receive_stream, flow, part)
                    for member in list(self.family):
                        member._drain()

        self.flows[flow.number] = end
        end.on_open = lambda: self.tell(self.agent.connection_opened, flow)
        end.on_close, end.on_data = closed, arrived

    def _holder(self, flow: Flow) -> Peer:
        """Who is told of a connection: of one to a server any sibling that is left."""
        left = not self.family or self in self.family or not self._is_server(flow)
        return self if left else self.family[0]

    def _close(self, flow: Flow) -> None:
        end = self.flows.pop(flow.number, None)
        if end is not None:
            end.close()

    def _write(self, flow: Flow, data: bytes) -> None:
        end = self.flows[flow.number]
        if not self._is_server(flow):
            self._judge_frames(self.world.frames_sent, Packet(end.local, end.remote, data))
        end.send(data)

    def _is_server(self, flow: Flow) -> bool:
        """Whether TURN goes over it, which knows no frames of RFC 4571."""
        return flow.number in self.server_flows

    def _judge_frames(
        self, told: list[Callable[[float, str, Packet], None]], packet: Packet
    ) -> None:
        """RFC 4571: the judges see each frame as if it were a datagram."""
        data = packet.data
        while data:
            length = int.from_bytes(data[:2])
            assert len(data) >= 2 + length, "the core writes whole frames"
            for callback in told:
                callback(self.world.now, self.name, packet._replace(data=data[2 : 2 + length]))
            data = data[2 + length :]

    # What the signalling needs

    def description(self, stream: int, generation: int | None = None) -> Description:
        """The local description as it looks after a trip through SDP."""
        return exported(self.agent.local_description(stream, generation))

    def accept(self, stream: int, description: Description) -> None:
        """The peer's description has come."""
        self.tell(self.agent.set_remote_description, stream, description)

    def prepare_restart(self) -> RestartId:
        restart = self.agent.prepare_restart(self.world.now)
        self._drain()
        return restart

    def credentials(self, stream: int = 0) -> Credentials:
        return self.agent.local_description(stream).credentials

    # Questions for tests

    def all(self, kind: type[E]) -> list[E]:
        return [event for _, event in self.events if isinstance(event, kind)]

    def first(self, kind: type[E]) -> tuple[float, E] | None:
        """When an event of that kind came first, and it."""
        for when, event in self.events:
            if isinstance(event, kind):
                return when, event
        return None

    def selected(self, stream: int = 0, component: int = 1) -> PairSelected | None:
        """The last selection of a component."""
        found = [
            event
            for event in self.all(PairSelected)
            if (event.stream, event.component) == (stream, component)
        ]
        return found[-1] if found else None

    @property
    def completed(self) -> bool:
        """Every stream has reported completion (of whatever generation)."""
        return len(self._completed) == len(self.streams)

    @property
    def failed(self) -> bool:
        return len(self._failed) == len(self.streams)


def exported(description: Description) -> Description:
    """What the other side gets to know of a description: no bases, no servers."""
    return Description(
        description.credentials,
        tuple(exported_candidate(candidate) for candidate in description.candidates),
        description.lite,
        description.pacing_ms,
        description.ice2,
        description.trickle,
        description.complete,
    )


def exported_candidate(candidate: Candidate) -> Candidate:
    return candidate._replace(base=None, server=None)
