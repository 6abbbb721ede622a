"""RFC 8445: the agent, the object that a driver holds. It only dispatches."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from sipice.ice.candidate import Candidate
from sipice.ice.config import DEFAULT, AgentConfig
from sipice.ice.description import Description
from sipice.ice.events import Event
from sipice.ice.pacer import Pacer
from sipice.ice.pair import Role
from sipice.ice.state import AgentState, LocalSide, StreamId
from sipice.net import Address, Base, Command, Flow, MediaTable
from sipice.trace import Tracer

RestartId = int


class Agent:
    """One ICE session (RFC 8445 §2): all streams of one SIP dialog leg.

    ``now`` is monotonic seconds, first argument of every input; a smaller one counts as the last.
    After each input take the commands, then the events, then ask ``next_timeout``. No input that
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
        a process (§14.2), one of its own when None.
        """
        self._state = AgentState(
            config=config,
            rng=rng,
            role=role,
            tie_breaker=rng.getrandbits(64),
            pacer=pacer if pacer is not None else Pacer(),
            local=LocalSide(),
            ta=config.ta,
            tracer=tracer,
        )

    @property
    def role(self) -> Role:
        """Controlling or controlled now; a role conflict may change it."""
        return self._state.role

    def add_stream(self, components: int = 1) -> StreamId:
        """Add an m= section (bundled sections share one); streams are numbered from 0 in order."""
        raise NotImplementedError

    def remove_stream(self, now: float, stream: StreamId) -> None:
        """The m= section is gone: free everything that belonged to it."""
        raise NotImplementedError

    def add_local_address(
        self, now: float, stream: StreamId, component: int, address: Address
    ) -> Base:
        """The shell has bound a UDP socket to ``address``: a base and its host candidate.

        The returned base names this socket in every command and in ``receive_datagram``.
        """
        raise NotImplementedError

    def remove_local_address(self, now: float, base: Base) -> None:
        """The shell lost this socket: its candidates and pairs are gone (§5.1.1.4)."""
        raise NotImplementedError

    def gather(self, now: float, stream: StreamId | None = None) -> None:
        """Ask the configured servers for candidates of one stream or all; results are events."""
        raise NotImplementedError

    def local_description(self, stream: StreamId, generation: int | None = None) -> Description:
        """What to tell the peer: credentials, candidates so far, defaults, pacing.

        Of the newest generation that has been prepared, unless another is named.
        """
        raise NotImplementedError

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
        raise NotImplementedError

    def add_remote_candidate(
        self, now: float, stream: StreamId, candidate: Candidate, ufrag: str | None = None
    ) -> None:
        """A trickled candidate (RFC 8838 §11); of another generation's ufrag it is ignored."""
        raise NotImplementedError

    def end_of_candidates(self, now: float, stream: StreamId, ufrag: str | None = None) -> None:
        """The peer has no further candidates in this generation (RFC 8838 §14)."""
        raise NotImplementedError

    def set_role(self, now: float, role: Role) -> None:
        """Signalling decided about the role anew (§6.1.1)."""
        raise NotImplementedError

    def prepare_restart(self, now: float, streams: Iterable[StreamId] | None = None) -> RestartId:
        """Make the next generation of these streams (all, if None) beside the current one (§9).

        Both answer checks from now on. Then ``local_description``, ``set_remote_description``, and
        ``commit_restart`` when the exchange stands or ``rollback_restart`` when it does not.
        """
        raise NotImplementedError

    def commit_restart(self, now: float, restart: RestartId) -> None:
        """The exchange stands: the new generation takes over once it has its selected pairs."""
        raise NotImplementedError

    def rollback_restart(self, now: float, restart: RestartId) -> None:
        """The exchange was refused: as if the restart had never been prepared."""
        raise NotImplementedError

    def resume(self, now: float, stream: StreamId) -> None:
        """Check failed pairs again: the call was answered long after its offer."""
        raise NotImplementedError

    def fork(self, now: float) -> Agent:
        """A sibling over the same local generation, for another answer to the same offer."""
        raise NotImplementedError

    def close(self, now: float) -> None:
        """End the session; every later input is ignored."""
        raise NotImplementedError

    def receive_datagram(self, now: float, data: bytes, base: Base, remote: Address) -> None:
        """A datagram came to the socket of ``base`` from ``remote``; never raises for content."""
        raise NotImplementedError

    def receive_stream(self, now: float, flow: Flow, data: bytes) -> None:
        """Bytes came over a connection, split anyhow; the agent finds the frames."""
        raise NotImplementedError

    def connection_opened(self, now: float, flow: Flow, local: Address) -> None:
        """An ``OpenConnection`` succeeded; ``local`` is the address it got."""
        raise NotImplementedError

    def connection_accepted(self, now: float, base: Base, remote: Address) -> Flow:
        """A peer connected to a listening base; the returned flow names the connection."""
        raise NotImplementedError

    def connection_closed(self, now: float, flow: Flow) -> None:
        """A connection failed, was refused or ended."""
        raise NotImplementedError

    def writable(self, now: float, flow: Flow, ready: bool = True) -> None:
        """Whether a connection takes bytes now."""
        raise NotImplementedError

    def send_failed(self, now: float, base: Base, remote: Address, *, hard: bool = False) -> None:
        """The system refused to send, or a validated ICMP error came (``hard``, §7.2.5.2.2)."""
        raise NotImplementedError

    def send(self, now: float, stream: StreamId, component: int, data: bytes) -> bool:
        """Send media by the slow path; False when nothing may be sent now."""
        raise NotImplementedError

    def media(self, stream: StreamId, component: int) -> MediaTable:
        """How this component sends and who may deliver to it (see ``MediaChanged``)."""
        raise NotImplementedError

    def media_sent(self, now: float, stream: StreamId, component: int) -> None:
        """Media went out by the fast path; to be told at most once a second."""
        raise NotImplementedError

    def next_timeout(self) -> float | None:
        """When to call ``handle_timeout``; exact, None when nothing is due."""
        raise NotImplementedError

    def why_next(self) -> str:
        """Which deadline is next, for people."""
        raise NotImplementedError

    def handle_timeout(self, now: float) -> None:
        """Do everything that is due at ``now``."""
        raise NotImplementedError

    def take_commands(self) -> list[Command]:
        """What the shell has to do, in order; taken and cleared."""
        commands, self._state.commands = self._state.commands, []
        return commands

    def take_events(self) -> list[Event]:
        """What happened, in order; taken and cleared."""
        raise NotImplementedError
