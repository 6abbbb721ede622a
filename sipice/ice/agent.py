"""RFC 8445: the agent, the object that a driver holds. It only dispatches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from sipice.errors import UsageError
from sipice.ice import (
    checks,
    conclude,
    deadlines,
    exchange,
    flows,
    forking,
    free,
    gather,
    hosts,
    inputs,
    link,
    pace,
    plain,
    questions,
    receive,
    restart,
    settle,
    storage,
    tcp,
    trickle,
)
from sipice.ice.candidate import BaseUse, Candidate, TcpType
from sipice.ice.config import DEFAULT, AgentConfig
from sipice.ice.description import Description
from sipice.ice.events import Event
from sipice.ice.pacer import Pacer
from sipice.ice.pair import Role
from sipice.ice.questions import Outlook
from sipice.ice.recorder import RecordedPacer, RecordedRandom, Recorder
from sipice.ice.state import AgentState, Generation, LocalSide, Media, Stream, StreamId
from sipice.ice.timers import NEVER
from sipice.net import Address, Base, Command, Flow, MediaTable, Resolve
from sipice.trace import Tracer

RestartId = int


class Agent:
    """One ICE session (RFC 8445 §2): all streams of one SIP dialog leg.

    ``now`` is monotonic seconds, first argument of every input; a smaller one counts as the last.
    After each input take the events, then the commands, then ask ``next_timeout``. No input that
    carries something from the network raises; ``UsageError`` is for a caller who broke the order.
    """

    def __init__(
        self,
        config: AgentConfig = DEFAULT,
        *,
        role: Role,
        rng: Random,
        pacer: Pacer | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        """``role``: the initiator is controlling (§6.1.1).

        ``rng`` is ``random.SystemRandom()`` outside of tests; ``pacer`` is shared by all agents of
        a process (§14.2), one of its own when None. ``tracer`` gets the records of docs/trace.md.
        """
        pacer = pacer if pacer is not None else Pacer()
        recorder = None if tracer is None else Recorder(tracer)
        if recorder is not None:
            inputs.started(recorder, role, config)
            rng, pacer = RecordedRandom(rng, recorder), RecordedPacer(pacer, recorder)
        self._state = AgentState(
            config=config,
            rng=rng,
            role=role,
            tie_breaker=rng.getrandbits(64),
            pacer=pacer,
            local=LocalSide(),
            ta=config.ta,
            tracer=recorder,
        )

    @property
    def role(self) -> Role:
        """Controlling or controlled now; a role conflict may change it."""
        return self._state.role

    def add_stream(self, components: int = 1) -> StreamId:
        """Add an m= section (bundled sections share one); streams are numbered from 0 in order."""
        state = self._state
        self._begin(state.now, "add-stream", components)
        stream_id = state.local.next_stream
        state.local.next_stream += 1
        state.streams[stream_id] = Stream(
            id=stream_id,
            components=components,
            current=restart.new_generation(state, stream_id, components),
            media=tuple(map(Media, range(1, components + 1))),
        )
        return stream_id

    def remove_stream(self, now: float, stream: StreamId) -> None:
        """The m= section is gone: free everything that belonged to it."""
        if self._begin(now, "remove-stream", stream):
            found = self._stream(stream)
            free.stream(self._state, found)
            self._settle()
            pace.arm(self._state)

    def add_local_address(
        self,
        now: float,
        stream: StreamId,
        component: int,
        address: Address,
        tier: int = 0,
        use: BaseUse | None = None,
    ) -> Base:
        """The shell has bound a UDP socket to ``address``: a base and its host candidate.

        The returned base names this socket in every command and in ``receive_datagram``. Addresses
        of a lower ``tier`` are preferred (RFC 8421 §3), those of equal ones in this order.
        """
        self._begin(now, "add-local-address", stream, component, address, tier, use)
        base = hosts.add_udp(self._state, self._stream(stream), component, address, tier, use)
        self._settle()
        return base

    def add_local_tcp(
        self, now: float, stream: StreamId, component: int, address: Address, tcptype: TcpType
    ) -> Base:
        """A TCP candidate (RFC 6544 §4.1).

        For ACTIVE only the interface counts and no socket is bound; for PASSIVE and SO the shell
        has bound a socket to ``address``, and a ``Listen`` command follows.
        """
        self._begin(now, "add-local-tcp", stream, component, address, tcptype)
        base = hosts.add_tcp(self._state, self._stream(stream), component, address, tcptype)
        self._settle()
        return base

    def remove_local_address(self, now: float, base: Base) -> None:
        """The shell lost this socket: its candidates and pairs are gone (§5.1.1.4)."""
        if self._begin(now, "remove-local-address", base):
            free.lose_base(self._state, base)
            self._settle()

    def has_base(self, base: Base) -> bool:
        """Whether candidates may still have this base."""
        return base.number in self._state.local.bases

    def gather(self, now: float, stream: StreamId | None = None) -> None:
        """Ask the configured servers for candidates of one stream or all; results are events."""
        if self._begin(now, "gather", stream):
            for found in self._streams(None if stream is None else [stream]):
                gather.start(self._state, found)
            self._settle()

    def name_resolved(self, now: float, query: Resolve, addresses: Sequence[Address]) -> None:
        """A ``Resolve`` succeeded; the best address comes first."""
        if self._begin(now, "name-resolved", query, tuple(addresses)):
            gather.resolved(self._state, query, addresses)
            self._settle()

    def name_failed(self, now: float, query: Resolve, why: str) -> None:
        """A ``Resolve`` led nowhere; ``why`` is one sentence."""
        if self._begin(now, "name-failed", query, why):
            gather.unresolved(self._state, query, why)
            self._settle()

    def local_description(self, stream: StreamId, generation: int | None = None) -> Description:
        """What to tell the peer: credentials, candidates so far, defaults, pacing.

        Of the newest generation that has been prepared, unless another is named.
        """
        self._begin(self._state.now, "local-description", stream, generation)
        found = self._stream(stream)
        made = exchange.describe(self._state, found, self._generation(found, generation))
        if self._state.tracer is not None:
            inputs.described(self._state, stream, made)
        return made

    def untold(self, stream: StreamId) -> tuple[Candidate, ...]:
        """Candidates that serve for checks only, as ``candidate_types`` has it."""
        found = self._stream(stream)
        return exchange.untold(self._state, found.next or found.current)

    def set_remote_description(
        self,
        now: float,
        stream: StreamId,
        description: Description,
        generation: int | None = None,
    ) -> None:
        """What the peer told us. Checks start; ours must have left or leave at the same time.

        It may be repeated: further candidates are added. Other credentials than before need a
        restart (``prepare_restart``) first; they are traced and ignored without.
        """
        if self._begin(now, "set-remote-description", stream, description, generation):
            found = self._stream(stream)
            exchange.accept(self._state, found, self._generation(found, generation), description)
            self._settle()

    def add_remote_candidate(
        self, now: float, stream: StreamId, candidate: Candidate, ufrag: str | None = None
    ) -> None:
        """A trickled candidate (RFC 8838 §11); of another generation's ufrag it is ignored."""
        if self._begin(now, "add-remote-candidate", stream, candidate, ufrag):
            generation = trickle.generation_of(self._state, self._stream(stream), ufrag)
            if generation is not None:
                trickle.add(self._state, generation, [candidate])
            self._settle()

    def end_of_candidates(self, now: float, stream: StreamId, ufrag: str | None = None) -> None:
        """The peer has no further candidates in this generation (RFC 8838 §14)."""
        if self._begin(now, "end-of-candidates", stream, ufrag):
            generation = trickle.generation_of(self._state, self._stream(stream), ufrag)
            if generation is not None:
                trickle.end(self._state, generation)
            self._settle()

    def set_role(self, now: float, role: Role) -> None:
        """Signalling decided about the role anew (§6.1.1)."""
        if self._begin(now, "set-role", role):
            conclude.switch_role(self._state, role, renew_tie_breaker=False)
            self._settle()

    def prepare_restart(self, now: float, streams: Iterable[StreamId] | None = None) -> RestartId:
        """Make the next generation of these streams (all, if None) beside the current one (§9).

        A committed one that has not come to anything is given up for it. Both answer checks from
        now on. Then ``local_description``, ``set_remote_description``, and ``commit_restart`` when
        the exchange stands or ``rollback_restart`` when it does not.
        """
        state = self._state
        streams = None if streams is None else tuple(streams)
        self._begin(now, "prepare-restart", streams)
        chosen = self._streams(streams)
        if any(found.next is not None and not found.committed for found in chosen):
            raise UsageError("a restart is under way; commit it or roll it back first")
        restart.prepare(state, chosen)
        for found in chosen:
            hosts.make(state, found)
        identifier = state.next_restart
        state.next_restart += 1
        state.restarts[identifier] = tuple(found.id for found in chosen)
        self._settle()
        return identifier

    def commit_restart(self, now: float, restart_id: RestartId) -> None:
        """The exchange stands: the new generation takes over once it has its selected pairs."""
        if self._begin(now, "commit-restart", restart_id):
            for found in restart.end(self._state, restart_id):
                restart.commit(self._state, found)
            self._settle()

    def rollback_restart(self, now: float, restart_id: RestartId) -> None:
        """The exchange was refused: as if the restart had never been prepared."""
        if self._begin(now, "rollback-restart", restart_id):
            for found in restart.end(self._state, restart_id):
                restart.roll_back(self._state, found)
            self._settle()
            pace.arm(self._state)

    def keep_components(self, now: float, stream: StreamId, count: int) -> None:
        """The peer agreed to do with the first ``count`` components (RFC 5761 §5.1.3)."""
        if self._begin(now, "keep-components", stream, count):
            free.components(self._state, self._stream(stream), count)
            self._settle()

    def use_plain(
        self, now: float, stream: StreamId, ways: Sequence[plain.Way], latch: float = 0.0
    ) -> None:
        """No ICE with this peer: each component from a base to an address (RFC 3264).

        Media from elsewhere within ``latch`` seconds moves the path there, once.
        """
        if self._begin(now, "use-plain", stream, tuple(ways), latch):
            plain.use(self._state, self._stream(stream), ways, latch)
            self._settle()

    def use_ice(self, now: float, stream: StreamId) -> None:
        """ICE after all: the plain path stays in use until a pair is valid."""
        if self._begin(now, "use-ice", stream):
            plain.yield_to_ice(self._state, self._stream(stream))
            self._settle()

    def resume(self, now: float, stream: StreamId) -> None:
        """Check all pairs again: the call was answered long after its offer."""
        if self._begin(now, "resume", stream):
            found = self._stream(stream)
            conclude.resume(self._state, found.next or found.current, afresh=True)
            self._settle()

    def fork(self, now: float) -> Agent:
        """A sibling over the same local generation, for another answer to the same offer."""
        sibling = object.__new__(Agent)
        self._begin(now, "fork")
        sibling._state = forking.fork(self._state)
        return sibling

    def close(self, now: float) -> None:
        """End the session; every later input is ignored."""
        if self._begin(now, "close"):
            free.everything(self._state)
            forking.leave(self._state)

    def receive_datagram(self, now: float, data: bytes, base: Base, remote: Address) -> None:
        """A datagram came to the socket of ``base`` from ``remote``; never raises for content."""
        if self._begin(now):
            receive.datagram(self._state, data, base, remote)
            settle.settle(self._state)

    def receive_stream(self, now: float, flow: Flow, data: bytes) -> None:
        """Bytes came over a connection, split anyhow; the agent finds the frames."""
        connection = link.find(self._state, flow)
        if self._begin(now) and connection is not None:
            receive.stream(self._state, connection, data)
            self._settle()

    def connection_opened(self, now: float, flow: Flow) -> None:
        """An ``OpenConnection`` succeeded."""
        connection = link.find(self._state, flow)
        if self._begin(now, "connection-opened", flow) and connection is not None:
            receive.opened(self._state, connection)
            self._settle()

    def connection_accepted(self, now: float, base: Base, remote: Address) -> Flow:
        """A peer connected to a listening base; the returned flow names the connection."""
        self._begin(now, "connection-accepted", base, remote)
        flow = flows.accepted(self._state, base, remote)
        self._settle()
        return flow

    def connection_closed(self, now: float, flow: Flow, why: str | None = None) -> None:
        """A connection failed, was refused or ended; ``why`` where the shell knows more."""
        connection = link.find(self._state, flow)
        if self._begin(now, "connection-closed", flow, why) and connection is not None:
            receive.closed(self._state, connection, why)
            self._settle()

    def writable(self, now: float, flow: Flow, ready: bool = True) -> None:
        """Whether a connection takes bytes now."""
        connection = link.find(self._state, flow)
        if self._begin(now, "writable", flow, ready) and connection is not None:
            connection.is_writable = ready
            if ready and connection.is_open:
                tcp.flush(self._state, connection)

    def send_failed(self, now: float, base: Base, remote: Address, *, hard: bool = False) -> None:
        """The system refused to send, or a validated ICMP error came (``hard``, §7.2.5.2.2)."""
        if self._begin(now, "send-failed", base, remote, hard):
            if hard:
                checks.refuse(self._state, base, remote, "refused by the network")
            self._settle()

    def send(self, now: float, stream: StreamId, component: int, data: bytes) -> bool:
        """Send media by the slow path; False when nothing may be sent now."""
        if not self._begin(now, "send", stream, component, data):
            return False
        found = self._stream(stream)
        sent = plain.send(self._state, found, found.media[component - 1], data)
        self._settle()
        return sent

    def media(self, stream: StreamId, component: int) -> MediaTable:
        """How this component sends and who may deliver to it (see ``MediaChanged``)."""
        return self._stream(stream).media[component - 1].table

    def media_sent(self, now: float, stream: StreamId, component: int) -> None:
        """Media went out by the fast path; to be told at most once a second."""
        if self._begin(now, "media-sent", stream, component):
            found = self._stream(stream)
            plain.sent(self._state, found, found.media[component - 1])

    def next_timeout(self) -> float | None:
        """When to call ``handle_timeout``; exact, None when nothing is due."""
        first = self._state.timers.first()
        return None if first == NEVER else first

    def why_next(self) -> str:
        """Which deadline is next, for people."""
        found = self._state.timers.next()
        return "nothing is due" if found is None else f"{found[1]!r} at {found[0]:.3f}"

    def handle_timeout(self, now: float) -> None:
        """Do everything that is due at ``now``."""
        if self._begin(now):
            state = self._state
            while (due := state.timers.pop_due(state.now)) is not None:
                if state.tracer is not None:
                    inputs.timer(state, due)
                deadlines.handle(state, due)
                settle.settle(state)

    def expects(self, transaction_id: bytes) -> bool:
        """Whether a response to this transaction would be for this agent (see ``Demux``)."""
        return transaction_id in self._state.transactions

    def outlook(
        self, stream: StreamId, local: Address, remote: Address
    ) -> tuple[Outlook, Candidate | None]:
        """What has become of the pair of two addresses, and our half of it (RFC 8839 §4.4.2)."""
        return questions.outlook(self._stream(stream), local, remote)

    def unwrap(self, data: bytes, base: Base, remote: Address) -> tuple[bytes, Base, Address]:
        """What a relay carries in this datagram, where to, and from whom (see ``Demux``)."""
        return receive.unwrap(self._state, data, base, remote)

    def export(self, now: float) -> bytes:
        """Everything another process needs to go on with this session, passwords included.

        Checks under way are made again; connections end with their process, allocations do not.
        """
        self._begin(now)
        return storage.export(self._state)

    @classmethod
    def restore(
        cls,
        config: AgentConfig,
        data: bytes,
        now: float,
        *,
        rng: Random,
        pacer: Pacer | None = None,
        tracer: Tracer | None = None,
    ) -> Agent:
        """An agent that goes on from what ``export`` gave, with the same bases."""
        agent = cls(config, role=Role.CONTROLLED, rng=rng, pacer=pacer, tracer=tracer)
        if tracer is not None:
            inputs.restored(agent._state, now, data)
        storage.restore(agent._state, data, now)
        agent._settle()
        return agent

    def take_commands(self) -> list[Command]:
        """What the shell has to do, in order; taken and cleared."""
        commands, self._state.commands = self._state.commands, []
        return commands

    def take_events(self) -> list[Event]:
        """What happened, in order; taken and cleared."""
        state = self._state
        events = state.events
        if not events:
            return []
        state.events = []
        if state.tracer is not None:
            inputs.taken(state, events)
        trickle.deliver(state, events)
        if state.touched:
            self._settle()
        return events

    def _begin(self, now: float, call: str = "", *arguments: object) -> bool:
        """Note the time, and the input for the record; False when closed: nothing is done then."""
        state = self._state
        if now > state.now:
            state.now = now
        if call and state.tracer is not None:
            inputs.called(state, call, arguments)
        return not state.closed

    def _settle(self) -> None:
        settle.settle(self._state)

    def _stream(self, stream: StreamId) -> Stream:
        found = self._state.streams.get(stream)
        if found is None:
            raise UsageError(f"there is no stream {stream}; add_stream returns their numbers")
        return found

    def _streams(self, streams: Iterable[StreamId] | None) -> list[Stream]:
        if streams is None:
            return list(self._state.streams.values())
        return [self._stream(stream) for stream in streams]

    def _generation(self, stream: Stream, number: int | None) -> Generation:
        if number is None:
            return stream.next or stream.current
        found = self._state.find(stream.id, number)
        if found is None:
            raise UsageError(f"stream {stream.id} has no living generation {number}")
        return found
