"""RFC 8656, RFC 8445 §5.1.1.2: an allocation as a base of the agent, and as its way to peers."""

from __future__ import annotations

from dataclasses import dataclass, field

from sipice.errors import DecodeError
from sipice.ice import gathered, hosts, inputs, link, media, tcp, tracing, transactions
from sipice.ice.candidate import Candidate, CandidateType
from sipice.ice.config import IceServer, NamedServer
from sipice.ice.events import RelayLost
from sipice.ice.question import Asking, Question
from sipice.ice.state import AgentState, Check, Connection, LocalBase, Stream
from sipice.ice.timers import Allocation
from sipice.net import Address, Base, Flow, SendDatagram, Transport
from sipice.stun import Key
from sipice.stun.longterm import LongTermCredentials
from sipice.turn import (
    Allocated,
    ChannelBound,
    ChannelFailed,
    DataReceived,
    FamilyRefused,
    Loss,
    Lost,
    PermissionFailed,
    PermissionGranted,
    Redirected,
    TurnClient,
    TurnConfig,
    TurnEvent,
)

_BINDING_REQUEST = b"\x00\x01"
MAX_PENDING = 8
"""Datagrams kept for one peer address until its permission is granted."""
MAX_ATTEMPTS = 3
"""Connections made to one server because the one before broke while we gather."""


@dataclass(slots=True, eq=False)
class RelayPort:
    """A TURN client with the socket it uses, and the base that its relayed address is for us."""

    client: TurnClient
    socket: Base
    stream: int
    component: int
    rank: int
    number: int
    """Names its deadline."""
    connection: Connection | None = None
    """To the server over TCP or TLS, instead of the socket."""
    attempt: int = 1
    relayed: list[LocalBase] = field(default_factory=list[LocalBase])
    pending: dict[bytes, list[tuple[Address, bytes]]] = field(
        default_factory=dict[bytes, list[tuple[Address, bytes]]]
    )
    answered: bool = False
    """Its allocation has come, or will not come."""
    lost: bool = False
    replaces: RelayPort | None = None
    """The allocation made before at this server, until it is known whether it still stands."""
    dead: RelayPort | None = None
    """The one that turned out to be gone, until its relayed addresses have been given up."""

    def send(self, state: AgentState, data: bytes, peer: Address) -> None:
        """Send through the server, after the permission if there is none yet."""
        wrapped = self.client.encapsulate(peer, data)
        if wrapped is not None:
            self.transmit(state, wrapped, keep=False)
            return
        waiting = self.pending.setdefault(peer.ip, [])
        if len(waiting) < MAX_PENDING and (peer, data) not in waiting:
            waiting.append((peer, data))
        self.permit(state, [peer])

    def transmit(self, state: AgentState, packet: bytes, *, keep: bool) -> None:
        """Give a message to the server; ``keep`` what its connection does not take now."""
        if self.connection is None:
            state.commands.append(SendDatagram(packet, self.socket, self.client.server))
        else:
            tcp.write(state, self.connection, packet, keep=keep)

    def path(self, peer: Address) -> tuple[Base, Address, int | None]:
        """See Relay."""
        return self.socket, self.client.server, self.client.channel_number(peer)

    @property
    def flow(self) -> Flow | None:
        """See Relay."""
        return None if self.connection is None else self.connection.flow

    @property
    def place(self) -> tuple[int, Address]:
        """Its key among the allocations: a 5-tuple has one."""
        number = self.socket.number if self.connection is None else self.connection.flow.number
        return number, self.client.server

    def permit(self, state: AgentState, peers: list[Address]) -> None:
        """See Relay."""
        self.client.permit(state.now, *peers)
        flush(state, self)

    def bind(self, state: AgentState, peer: Address) -> None:
        """See Relay."""
        self.client.bind_channel(state.now, peer)
        flush(state, self)

    def release(self, state: AgentState) -> None:
        """See Relay."""
        self.client.delete(state.now)
        flush(state, self)
        if self.connection is not None and not self.connection.is_open:
            link.hang_up(state, self.connection)  # nobody has been asked for anything yet
            state.local.relays.pop(self.place, None)

    @property
    def is_under_way(self) -> bool:
        """See Relay."""
        return not self.answered

    @property
    def key(self) -> Key | None:
        """See Relay."""
        return self.client.key or (self.replaces.key if self.replaces is not None else None)


def receive(
    state: AgentState, port: RelayPort, packet: bytes
) -> list[tuple[LocalBase, Address, bytes]]:
    """A packet from a TURN server: what it carried, for which relayed base, from whom."""
    carried: list[tuple[LocalBase, Address, bytes]] = []
    if port.replaces is not None:
        port.replaces.client.receive(state.now, packet)
        carried += flush(state, port.replaces)
    port.client.receive(state.now, packet)
    return carried + flush(state, port, paced=not port.answered)


def fire(state: AgentState, port: RelayPort) -> list[tuple[LocalBase, Address, bytes]]:
    """A deadline of a TURN client."""
    port.client.handle_timeout(state.now)
    return flush(state, port)


def find(state: AgentState, number: int) -> RelayPort | None:
    """The allocation that a deadline belongs to."""
    for relay in state.local.relays.values():
        port = relay if isinstance(relay, RelayPort) else None
        while port is not None:
            if port.number == number:
                return port
            port = port.replaces
    return None


def flush(
    state: AgentState, port: RelayPort, *, paced: bool = False
) -> list[tuple[LocalBase, Address, bytes]]:
    """Carry out what a TURN client wants; a retry after a challenge waits for its slot."""
    carried: list[tuple[LocalBase, Address, bytes]] = []
    client = port.client
    for event in client.take_events():
        if isinstance(event, DataReceived):
            family = event.peer.family
            carried += [
                (base, event.peer, event.data)
                for base in port.relayed
                if base.base.address.family == family
            ]
        else:
            _happened(state, port, event)
    for packet in client.take_packets():
        question = Question(
            port.stream, port.socket, client.server, port.rank, packet, relay=port.number
        )
        if paced:
            state.questions = (question, *state.questions)
        elif question not in state.questions:  # a retransmission of what waits is no news
            port.transmit(state, packet, keep=True)
    due = client.next_timeout()
    if due is None:
        state.timers.disarm(Allocation(port.number))
    else:
        state.timers.arm(Allocation(port.number), due)
    return carried


def send_ready(state: AgentState, question: Question) -> None:
    """A message that waited for its slot goes out."""
    port = find(state, question.relay)
    if port is not None and question.data is not None:
        port.transmit(state, question.data, keep=True)


def connected(state: AgentState, connection: Connection) -> None:
    """The connection to a server stands: ask for the allocation when the pacing allows."""
    port = _port_of(connection)
    connection.is_open = True
    port.client.allocate(state.now)
    flush(state, port, paced=True)


def received(
    state: AgentState, connection: Connection, data: bytes
) -> list[tuple[LocalBase, Address, bytes]]:
    """Bytes from a server: what the messages that they complete carried (RFC 8656 §12.5)."""
    try:
        packets = connection.framer.feed(data)
    except DecodeError:
        packets = None
    if (packets is None or packets) and state.tracer is not None:
        inputs.frames(state, connection, packets)
    if packets is None:
        disconnected(state, connection, "what it sends is not TURN")
        return []
    port = _port_of(connection)
    return [one for packet in packets for one in receive(state, port, packet)]


def disconnected(state: AgentState, connection: Connection, why: str | None = None) -> None:
    """The connection to a server could not be made, or has ended, and the allocation with it."""
    port = _port_of(connection)
    ending = Loss.TRANSPORT.value if connection.is_open else "no connection to it could be made"
    port.client.transport_failed()
    port.client.take_events()
    _lost(state, port, Lost(Loss.TRANSPORT, retry_after=0.0), why or ending)
    state.timers.disarm(Allocation(port.number))


def _port_of(connection: Connection) -> RelayPort:
    assert isinstance(connection.relay, RelayPort)
    return connection.relay


def _happened(state: AgentState, port: RelayPort, event: TurnEvent) -> None:
    match event:
        case Allocated():
            _allocated(state, port, event)
        case PermissionGranted(ip):
            for peer, data in port.pending.pop(ip, ()):
                fresh = _renewed(state, data)
                if fresh is not None:
                    port.send(state, fresh, peer)
        case PermissionFailed(ip, code):
            port.pending.pop(ip, None)
            tracing.not_permitted(state, port.socket, port.client.server, port.rank, ip, code)
        case FamilyRefused(family, code):
            _tell_refusal(state, port, family, code)
        case ChannelBound() | ChannelFailed():
            _refresh(state, port)
        case Redirected(server, domain):
            _redirect(state, port, server, domain)
        case Lost():
            _lost(state, port, event)
        case _:
            pass  # the rest changes nothing here: data to the peer goes on as Send indications


def _renewed(state: AgentState, data: bytes) -> bytes | None:
    """A check that waited leaves as it would be made now; None when nobody awaits its answer."""
    if not data.startswith(_BINDING_REQUEST):
        return data
    for member in state.local.members or [state]:
        outstanding = member.transactions.get(data[8:20])
        if isinstance(outstanding, Check):
            return transactions.renew(member, outstanding)
        if outstanding is not None:
            return data
    return None


def _tell_refusal(state: AgentState, port: RelayPort, family: int, code: int | None) -> None:
    stream = state.streams.get(port.stream)
    if stream is not None:
        asked = Asking(port.rank, port.socket.number)
        why = f"the server relays no IPv{family}" + ("" if code is None else f" ({code})")
        gathered.tell(state, stream, asked, why, code)


def turn_config(server: IceServer | NamedServer, *, sweep: bool = False) -> TurnConfig:
    """What to ask a TURN server for."""
    families = server.relay_families
    return TurnConfig(
        family=families[0],
        both_families=len(families) > 1,
        sweep=sweep,
        reliable=server.transport is Transport.TCP,
    )


def credentials(server: IceServer | NamedServer) -> LongTermCredentials:
    """What a TURN server knows us by."""
    if not server.username and not server.password:  # it may be one that asks for none
        return LongTermCredentials("", "", prepare=str)
    return LongTermCredentials(server.username, server.password)


def allocate(state: AgentState, question: Question) -> None:
    """Ask a TURN server for an allocation."""
    base = state.local.bases.get(question.base.number)
    if base is None:
        return
    server = state.config.servers[question.rank]
    over_stream = server.transport is Transport.TCP
    before = None if over_stream else state.local.relays.get((base.base.number, question.to))
    client = TurnClient(
        # What stands there though nobody here made it was left by a process before this one.
        turn_config(server, sweep=before is None and not over_stream),
        question.to,
        credentials(server),
        state.rng,
    )
    number = state.local.next_base
    state.local.next_base += 1
    port = RelayPort(client, base.base, base.stream, base.component, question.rank, number)
    port.attempt = question.attempt
    if isinstance(before, RelayPort) and before.answered:
        port.replaces = before  # of the same 5-tuple the server keeps one: 437 if it still stands
    if state.tracer is not None:
        tracing.server(state, "server-asked", port.socket, question.to, port.rank, kind="TURN")
    if over_stream:
        port.connection = link.connect(state, port, port.socket, question.to, server.tls)
    else:
        client.allocate(state.now)
    state.local.relays[port.place] = port
    flush(state, port)


def _allocated(state: AgentState, port: RelayPort, event: Allocated) -> None:
    """§5.1.1.2: an allocation gives a server-reflexive and a relayed candidate."""
    stream = state.streams.get(port.stream)
    base = state.local.bases.get(port.socket.number)
    port.answered = True
    port.dead, port.replaces = port.replaces, None
    if stream is None or base is None:
        return
    server = port.client.server
    if state.tracer is not None:
        tracing.allocated(state, port.socket, server, port.rank, event.mapped, event.relayed)
    if port.connection is None and base.use is None:  # else it is of a connection, or not checked
        gathered.reflexive(state, stream, base, event.mapped, server, port.rank)
    for address in event.relayed:
        number = state.local.next_base
        state.local.next_base += 1
        relayed = LocalBase(
            Base(number, Transport.UDP, address),
            port.stream,
            port.component,
            base.users,
            listed=True,
            relay=port,
        )
        state.local.bases[number] = relayed
        port.relayed.append(relayed)
        template = Candidate(
            component=port.component,
            type=CandidateType.RELAYED,
            address=address,
            priority=0,
            foundation="",
            base=relayed.base,
            related=hosts.related(state, event.mapped, CandidateType.SERVER_REFLEXIVE),
            server=server,
        )
        gathered.publish(state, stream, template, base.base.address.ip, port.rank)
        remotes = [g.remote for g in stream.generations() if g.remote is not None]
        port.permit(state, [c.address for r in remotes for c in r.candidates if not c.hidden])
    gathered.answered(state, stream, Asking(port.rank, port.socket.number))


def _lost(state: AgentState, port: RelayPort, event: Lost, why: str = "") -> None:
    stream = state.streams.get(port.stream)
    if state.tracer is not None:
        place = port.socket, port.client.server, port.rank
        reason = why or event.reason.value
        tracing.server(state, "server-failed", *place, kind="TURN", why=reason, code=event.code)
    why = why or event.sentence
    if port.connection is not None:
        link.hang_up(state, port.connection)
    if port.answered:
        if port.relayed and event.reason is not Loss.DELETED:
            state.events.append(RelayLost(port.client.server, why))
            _try_again(state, port, stream)
        port.lost = True
        return
    port.answered = True
    if port.replaces is not None and not port.replaces.lost:
        state.local.relays[port.place] = port.replaces  # it still stands
    else:
        state.local.relays.pop(port.place, None)
        port.lost = True
    if stream is None:
        return
    asked = Asking(port.rank, port.socket.number)
    full = event.reason is Loss.CAPACITY and asked in stream.asking
    if full and port.connection is None:
        # §5.1.1.2: no room for a relay; its server may still tell our mapped address
        state.questions += (Question(port.stream, port.socket, port.client.server, port.rank),)
        gathered.tell(state, stream, asked, why, event.code)
        return
    silent = event.reason in (Loss.TIMEOUT, Loss.TRANSPORT)
    to = port.client.server if silent else None
    gathered.failed(state, stream, asked, why, to=to, code=event.code)


def _try_again(state: AgentState, port: RelayPort, stream: Stream | None) -> None:
    """What broke while we gather is asked for anew; afterwards a restart is the way."""
    base = state.local.bases.get(port.socket.number)
    if port.connection is None or stream is None or base is None or port.attempt >= MAX_ATTEMPTS:
        return
    if (stream.next or stream.current).local.gathering:
        server, attempt = port.client.server, port.attempt + 1
        gathered.question(state, stream, base, port.rank, server, attempt)
        stream.asking += (Asking(port.rank, base.base.number),)


def _redirect(state: AgentState, port: RelayPort, server: Address, domain: str | None) -> None:
    relays = state.local.relays
    for key in [key for key, value in relays.items() if value is port]:
        del relays[key]
    if port.socket.address.family != server.family:
        _lost(state, port, Lost(Loss.REFUSED))
        return
    port.client.server = server
    if port.connection is not None:
        link.hang_up(state, port.connection)
        tls = state.config.servers[port.rank].tls
        port.connection = link.connect(state, port, port.socket, server, tls and (domain or tls))
    else:
        port.client.allocate(state.now)
    relays[port.place] = port


def _refresh(state: AgentState, port: RelayPort) -> None:
    for member in state.local.members or (state,):
        stream = member.streams.get(port.stream)
        if stream is not None:
            media.refresh(member, stream, port.component)
