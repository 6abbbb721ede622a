"""RFC 3264, 8839 and 8840: the controller, what ties offers and answers to the agent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random

from sipice.errors import UsageError
from sipice.ice import Agent, BaseUse, Demux, Pacer, Role, StreamId, TcpType
from sipice.net import SILENT, Address, Base, Flow, MediaTable, QueryKind, Resolve
from sipice.session import answers, apply, dialogs, driving, fragments, hosts, names, offers, verify
from sipice.session.config import SessionConfig, Trickle
from sipice.session.events import OpenPorts, Reason, Rejected, SessionEvent
from sipice.session.state import Dialog, Leg, Mode, Phase, SessionCommand, Step
from sipice.trace import Tracer

DEFAULT = SessionConfig()


class Controller:
    """The offer/answer side of one call leg: all dialogs with one Call-ID and one tag of ours.

    A dialog is named by the peer's tag, ``""`` before there is one. ``now`` is monotonic seconds,
    first argument of every input. After each input take the events, then the commands, then ask
    ``next_timeout``, as with an agent. What the peer sends never raises: a description that cannot
    be accepted is a returned ``Rejected``, and nothing has changed then.
    """

    def __init__(
        self,
        config: SessionConfig = DEFAULT,
        *,
        rng: Random,
        pacer: Pacer | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        """``rng``, ``pacer`` and ``tracer`` are those of the agents."""
        agent = replace(config.agent, trickle=config.trickle is not Trickle.OFF)
        root = Agent(agent, role=Role.CONTROLLING, rng=rng, pacer=pacer, tracer=tracer)
        self._leg = Leg(config, agent, rng, root)

    # Offers and answers

    def begin_offer(
        self,
        now: float,
        dialog: str,
        sdp: bytes,
        *,
        budget: int | None = None,
        restart: bool = False,
    ) -> Rejected | None:
        """Our stack wants to send this offer; ``DescriptionReady`` brings what goes out.

        ``budget`` is how many bytes it may have (RFC 3261 §18.1.1). ``restart`` makes it an ICE
        restart; it is a must where a re-INVITE without offer asks for one (RFC 8839 §7.5). After
        a refused initial offer the same candidates serve again.
        """
        if not self._begin(now):
            return verify.rejected(500, "the call is over")
        refusal = offers.begin(self._leg, dialog, sdp, budget=budget, restart=restart)
        driving.pump(self._leg)
        return refusal

    def begin_answer(
        self,
        now: float,
        dialog: str,
        sdp: bytes,
        *,
        final: bool = True,
        budget: int | None = None,
    ) -> Rejected | None:
        """Our stack's answer; not ``final`` in an unreliable 18x, whose text the 2xx repeats."""
        found = self._dialog(now, dialog)
        if found is None:
            return verify.rejected(481, "there is no such dialog")
        refusal = answers.begin(self._leg, found, sdp, final=final, budget=budget)
        driving.pump(self._leg)
        return refusal

    def receive_offer(self, now: float, dialog: str, sdp: bytes) -> Rejected | None:
        """An offer of the peer's; ``DescriptionReady`` brings what our stack gets to see."""
        if not self._begin(now):
            return verify.rejected(481, "the call is over")
        leg = self._leg
        if dialogs.is_premature(leg, dialog):
            return verify.rejected(491, "our initial offer is open")
        known = leg.dialogs.get(dialog)
        refusal = None if known is None else answers.busy(leg, known)
        if refusal is not None:
            return refusal
        offer = verify.read(sdp)
        if isinstance(offer, Rejected):
            return offer
        shape = known or Dialog(dialog, leg.root)
        refusal = verify.offer_fits(shape, offer, leg.config.max_streams)
        if refusal is not None:
            return refusal
        found = known or dialogs.make(leg, dialog)
        if found is None:
            return verify.rejected(500, "no further dialog is possible")
        answers.receive(leg, found, offer)
        driving.pump(leg)
        return None

    def receive_answer(
        self, now: float, dialog: str, sdp: bytes, *, final: bool = True
    ) -> Rejected | None:
        """The peer's answer; not ``final`` in an unreliable 18x.

        An unknown dialog while the initial offer is out is a branch of a fork. Where a 2xx brings
        the answer, call ``confirm`` first.
        """
        if not self._begin(now):
            return verify.rejected(481, "the call is over")
        leg = self._leg
        prospect = dialogs.prospect(leg, dialog)
        if prospect is None:
            return verify.rejected(481, "this answers no offer of ours")
        refusal = offers.receive(leg, dialog, prospect, sdp, final=final)
        driving.pump(leg)
        return refusal

    def offer_failed(self, now: float, dialog: str, status: int) -> None:
        """The request with the open offer failed or was given up (RFC 8839 §4.4).

        What was agreed before stands again. An initial offer keeps its candidates: the next
        INVITE of the call may carry it (RFC 3261 §22).
        """
        found = self._dialog(now, dialog)
        if found is None:
            return
        exchange = found.exchange
        keeps = not found.slots and exchange is not None and exchange.step is Step.OUT
        if keeps and exchange is not None and exchange.remote is None:
            found.phase = Phase.STABLE
        else:
            apply.roll_back(self._leg, found)
        driving.pump(self._leg)

    def receive_fragment(self, now: float, dialog: str, body: bytes) -> Rejected | None:
        """Candidates that the peer trickles (RFC 8840 §4.4)."""
        if not self._begin(now):
            return None
        found = dialogs.answered(self._leg, dialog)
        if found is None:
            return verify.rejected(481, "there is no such dialog")
        refusal = fragments.receive(self._leg, found, body)
        driving.pump(self._leg)
        return refusal

    def fragment(self, now: float, dialog: str) -> bytes:
        """All that we trickle to this dialog, as one body; empty when nothing can be."""
        found = self._dialog(now, dialog)
        return b"" if found is None else fragments.build(found)

    def set_trickle(self, now: float, dialog: str, supported: bool) -> None:
        """What the peer's SIP messages say about trickling (RFC 8840 §4.3)."""
        if self._begin(now):
            found = dialogs.answered(self._leg, dialog)
            if found is not None:
                found.trickles = supported
            driving.pump(self._leg)

    def request_restart(
        self, now: float, dialog: str, streams: Iterable[StreamId] | None = None
    ) -> None:
        """Have our next offer restart ICE; ``UpdateNeeded`` asks for that offer."""
        found = self._dialog(now, dialog)
        if found is not None:
            wanted = [slot.stream for slot in found.slots if slot.mode is Mode.ICE]
            for stream in wanted if streams is None else streams:
                if stream in wanted and stream is not None:
                    found.restart[stream] = Reason.REQUESTED
                    found.reported -= {one for one in found.reported if one[0] is Reason.REQUESTED}
            driving.pump(self._leg)

    def confirm(self, now: float, dialog: str) -> None:
        """A 2xx has come or gone: the dialog stands, and no further fork is awaited."""
        if self._begin(now):
            dialogs.confirm(self._leg, dialog)
            driving.pump(self._leg)

    def end(self, now: float, dialog: str) -> None:
        """A dialog is over: BYE, or an early one that came to nothing."""
        if self._begin(now):
            dialogs.end(self._leg, dialog)
            driving.pump(self._leg)

    def close(self, now: float) -> None:
        """The call is over; every later input is ignored."""
        if self._begin(now):
            names.forget(self._leg)
            hosts.forget(self._leg)
            dialogs.close(self._leg)

    # The shell

    def add_local_address(
        self,
        now: float,
        stream: StreamId,
        component: int,
        address: Address,
        tier: int = 0,
        use: BaseUse | None = None,
    ) -> Base:
        """The shell has bound a UDP socket for a stream, after ``OpenPorts``; see ``Agent``."""
        agent = self._owner(now, stream)
        base = agent.add_local_address(self._leg.now, stream, component, address, tier, use)
        self._leg.bases[base.number] = stream
        return base

    def add_local_tcp(
        self, now: float, stream: StreamId, component: int, address: Address, tcptype: TcpType
    ) -> Base:
        """A TCP candidate (RFC 6544 §4.1); see ``Agent.add_local_tcp``."""
        agent = self._owner(now, stream)
        base = agent.add_local_tcp(self._leg.now, stream, component, address, tcptype)
        self._leg.bases[base.number] = stream
        return base

    def remove_local_address(self, now: float, base: Base) -> None:
        """The shell lost this socket."""
        for agent in self._owners(now, base):
            agent.remove_local_address(self._leg.now, base)
        driving.pump(self._leg)

    def ports_opened(self, now: float, stream: StreamId, anchor: tuple[Address, ...] = ()) -> None:
        """All sockets that ``OpenPorts`` asked for are told.

        ``anchor`` is where our stack shall send RTP, and RTCP where that has its own socket; empty
        where media does not pass the stack.
        """
        if self._begin(now):
            ports = self._leg.ports.get(stream)
            if ports is not None:
                ports.opening, ports.anchor = False, anchor
            driving.pump(self._leg)

    def receive_datagram(self, now: float, data: bytes, base: Base, remote: Address) -> None:
        """A datagram came to the socket of ``base``; never raises for content."""
        owners = self._owners(now, base)
        if owners:
            Demux(*owners).receive_datagram(self._leg.now, data, base, remote)
            driving.pump(self._leg, look=False)

    def receive_stream(self, now: float, flow: Flow, data: bytes) -> None:
        """Bytes came over a connection."""
        for agent in self._agents(now):
            agent.receive_stream(self._leg.now, flow, data)
        driving.pump(self._leg, look=False)

    def connection_opened(self, now: float, flow: Flow) -> None:
        """An ``OpenConnection`` succeeded."""
        for agent in self._agents(now):
            agent.connection_opened(self._leg.now, flow)
        driving.pump(self._leg, look=False)

    def connection_accepted(self, now: float, base: Base, remote: Address) -> Flow:
        """A peer connected to a listening base; the returned flow names the connection."""
        owners = self._owners(now, base)
        if not owners:
            raise UsageError(f"base {base.number} is not in use")
        flow = owners[0].connection_accepted(self._leg.now, base, remote)
        driving.pump(self._leg, look=False)
        return flow

    def connection_closed(self, now: float, flow: Flow, why: str | None = None) -> None:
        """A connection failed, was refused or ended; ``why`` where the shell knows more."""
        for agent in self._agents(now):
            agent.connection_closed(self._leg.now, flow, why)
        driving.pump(self._leg, look=False)

    def writable(self, now: float, flow: Flow, ready: bool = True) -> None:
        """Whether a connection takes bytes now."""
        for agent in self._agents(now):
            agent.writable(self._leg.now, flow, ready)
        driving.pump(self._leg, look=False)

    def send_failed(self, now: float, base: Base, remote: Address, *, hard: bool = False) -> None:
        """The system refused to send, or a validated ICMP error came (``hard``)."""
        for agent in self._owners(now, base):
            agent.send_failed(self._leg.now, base, remote, hard=hard)
        driving.pump(self._leg, look=False)

    def name_resolved(self, now: float, query: Resolve, addresses: Sequence[Address]) -> None:
        """The answer to a ``Resolve``: a candidate's address, or a server's for the agents."""
        if query.kind is QueryKind.MDNS:
            if self._begin(now):
                names.resolved(self._leg, query.name, addresses)
        elif hosts.is_ours(self._leg, query):
            if self._begin(now):
                apply.name_resolved(self._leg, query.name, addresses)
        else:
            for agent in self._agents(now):
                agent.name_resolved(self._leg.now, query, addresses)
        driving.pump(self._leg)

    def name_failed(self, now: float, query: Resolve, why: str) -> None:
        """A ``Resolve`` came to nothing."""
        if query.kind is QueryKind.MDNS:
            self.name_resolved(now, query, ())
        elif hosts.is_ours(self._leg, query):
            if self._begin(now):
                apply.name_failed(self._leg, query.name, why)
        else:
            for agent in self._agents(now):
                agent.name_failed(self._leg.now, query, why)
            driving.pump(self._leg)

    def media(self, dialog: str, stream: StreamId, component: int) -> MediaTable:
        """How a component sends in a dialog, and who may deliver to it."""
        found = self._leg.dialogs.get(dialog)
        if found is None or not _has(found, stream, component):
            return SILENT
        return found.agent.media(stream, component)

    def send(self, now: float, dialog: str, stream: StreamId, component: int, data: bytes) -> bool:
        """Send media by the slow path; False when nothing may be sent now."""
        found = self._dialog(now, dialog)
        if found is None or not _has(found, stream, component):
            return False
        sent = found.agent.send(self._leg.now, stream, component, data)
        driving.pump(self._leg, look=False)
        return sent

    def media_sent(self, now: float, stream: StreamId, component: int) -> None:
        """Media went out past the controller; to be told at most once a second."""
        if self._begin(now):
            for dialog in self._leg.dialogs.values():
                if _has(dialog, stream, component):
                    dialog.agent.media_sent(self._leg.now, stream, component)

    def next_timeout(self) -> float | None:
        """When to call ``handle_timeout``; exact, None when nothing is due."""
        due = [agent.next_timeout() for agent in self._leg.agents()]
        due += [one.exchange.due for one in self._leg.dialogs.values() if one.exchange is not None]
        return min((one for one in due if one is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        """Do everything that is due at ``now``."""
        for agent in self._agents(now):
            due = agent.next_timeout()
            if due is not None and due <= self._leg.now:
                agent.handle_timeout(self._leg.now)
        driving.pump(self._leg, look=False)

    def take_commands(self) -> list[SessionCommand]:
        """What the shell has to do, in order; taken and cleared."""
        leg = self._leg
        commands, leg.commands = leg.commands, []
        for command in commands:
            if isinstance(command, OpenPorts) and command.stream in leg.ports:
                leg.ports[command.stream].asked = True
        return commands

    def take_events(self) -> list[SessionEvent]:
        """What happened, in order; taken and cleared."""
        events, self._leg.events = self._leg.events, []
        return events

    # Questions

    @property
    def dialogs(self) -> tuple[str, ...]:
        """The names of the living dialogs."""
        return tuple(self._leg.dialogs)

    def streams(self, dialog: str) -> tuple[StreamId | None, ...]:
        """The stream that serves each m= section of a dialog; None where none does."""
        found = self._leg.dialogs.get(dialog)
        return () if found is None else tuple(slot.stream for slot in found.plan)

    def carrier(self, dialog: str, stream: StreamId, component: int) -> tuple[StreamId, int] | None:
        """What carries a component: RTCP may go with RTP, a bundled section with another.

        A bundled section is named by its position. Itself until something is agreed; None when
        what is agreed has no such stream.
        """
        found = self._leg.dialogs.get(dialog)
        plan = () if found is None else found.plan
        served = {slot.stream: slot.components for slot in plan if slot.has_ports}
        at: StreamId | None = stream
        if stream not in served and 0 <= stream < len(plan) and plan[stream].mode is Mode.BUNDLED:
            at = plan[stream].stream
        if at is not None and at in served:
            return at, min(component, served[at])
        return None if found is not None and found.is_agreed else (stream, component)

    def is_connected(self, dialog: str) -> bool:
        """Every component of every stream of a dialog may send."""
        found = self._leg.dialogs.get(dialog)
        served = [] if found is None else [slot for slot in found.plan if slot.has_ports]
        return bool(served) and all(
            self.media(dialog, slot.stream, component).send is not None
            for slot in served
            if slot.stream is not None
            for component in range(1, slot.components + 1)
        )

    def _begin(self, now: float) -> bool:
        leg = self._leg
        leg.now = max(leg.now, now)
        return not leg.closed

    def _dialog(self, now: float, name: str) -> Dialog | None:
        return self._leg.dialogs.get(name) if self._begin(now) else None

    def _agents(self, now: float) -> list[Agent]:
        return self._leg.agents() if self._begin(now) else []

    def _owner(self, now: float, stream: StreamId) -> Agent:
        """The agent of a dialog that has a stream; before any dialog does, who keeps it."""
        leg = self._leg
        self._begin(now)
        if stream not in leg.ports:
            raise UsageError(f"there is no stream {stream}; its ports have been closed")
        owners = [one.agent for one in leg.dialogs.values() if stream in one.streams]
        return owners[0] if owners else leg.spare or leg.root

    def _owners(self, now: float, base: Base) -> list[Agent]:
        """The agents that have the stream of a base."""
        leg = self._leg
        stream = leg.bases.get(base.number)
        if not self._begin(now) or stream is None:
            return []
        found = [one.agent for one in leg.dialogs.values() if stream in one.streams]
        return found or leg.agents()  # the spare, or whose allocation is being given back


def _has(dialog: Dialog, stream: StreamId, component: int) -> bool:
    memory = dialog.streams.get(stream)
    return memory is not None and 1 <= component <= memory.capacity
