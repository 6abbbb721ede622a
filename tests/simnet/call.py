"""Two peers and the signalling between them: offer, ringing, answer, trickled candidates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from sipice.ice import (
    AgentConfig,
    CandidateGathered,
    Description,
    Event,
    GatheringFinished,
    IceServer,
    PairSelected,
    Role,
    ServerKind,
    StreamCompleted,
)
from sipice.trace import Tracer
from tests.simnet.checker import Checker
from tests.simnet.host import Host
from tests.simnet.invariants import Pacing, assert_mirrored
from tests.simnet.peer import Peer, exported_candidate
from tests.simnet.topology import Topology
from tests.simnet.world import World


class Exchange(Enum):
    """How candidates travel."""

    VANILLA = "vanilla"
    """Both descriptions complete."""
    HALF = "half trickle"
    """The offer is complete, the answerer trickles."""
    TRICKLE = "trickle"
    """Both send what they have and the rest one by one."""


@dataclass(slots=True, kw_only=True)
class Plan:
    """How one exchange goes."""

    exchange: Exchange = Exchange.VANILLA
    signalling: float = 0.0
    """One way, seconds."""
    ringing: float = 0.0
    """Between the offer's arrival and the answer's departure."""
    early_start: bool = True
    """The answerer starts its checks when the offer arrives, not when it answers."""


def ice_servers(
    topology: Topology, *, stun: bool = True, turn: bool = False
) -> tuple[IceServer, ...]:
    """The configuration entries of the servers of a world."""
    servers = []
    if stun:
        servers.append(IceServer(ServerKind.STUN, topology.stun.address))
    if turn:
        user, password = next(iter(topology.turn.auth.realm.users.items()))
        entry = IceServer(ServerKind.TURN, topology.turn.address, username=user, password=password)
        servers.append(entry)
    return tuple(servers)


class Watch:
    """The judges of a world: conformance of every message, and the pacing."""

    def __init__(self, world: World, *, ta: float = 0.050) -> None:
        self.checker = Checker()
        self.pacing = Pacing(ta)
        for told in (self.checker, self.pacing):
            world.sent.append(told.sent)
            world.received.append(told.received)
        # A check over a connection may have waited for it, so only its form is judged.
        world.frames_sent.append(self.checker.frame_sent)
        world.frames_received.append(self.checker.received)

    def follow(self, peer: Peer) -> None:
        self.checker.follow(peer.name)
        self.pacing.watch(peer.name)
        if peer.config.lite:
            self.checker.lite.add(peer.name)

    def announce(self, peer: Peer, stream: int) -> None:
        self.follow(peer)
        credentials = peer.credentials(stream)
        self.checker.watch(peer.name, credentials.ufrag, credentials.pwd)


class Call:
    """An offerer and an answerer; ``run`` makes the call."""

    def __init__(
        self,
        topology: Topology,
        *,
        config: AgentConfig | None = None,
        config_b: AgentConfig | None = None,
        role: Role = Role.CONTROLLING,
        role_b: Role | None = None,
        plan: Plan | None = None,
        streams: int = 1,
        components: int = 1,
        seed: int = 0,
        ta: float = 0.050,
        tracers: tuple[Tracer | None, Tracer | None] = (None, None),
    ) -> None:
        self.topology = topology
        self.world = topology.world
        self.plan = plan or Plan()
        self.watch = Watch(self.world, ta=ta)
        self.watch.checker.servers |= {topology.stun.address, topology.turn.address}

        def peer(host: Host, role: Role, config: AgentConfig | None, number: int) -> Peer:
            return Peer(host, role=role, config=config, seed=seed, streams=streams,
                        components=components, tracer=tracers[number])  # fmt: skip

        self.a = peer(topology.a.host, role, config, 0)
        self.b = peer(topology.b.host, role_b or role.opposite, config_b or config, 1)
        for one in (self.a, self.b):
            self.watch.follow(one)
        self.known_at: float | None = None
        """When both sides knew both descriptions."""
        self._described: set[Peer] = set()
        """Peers whose description has left."""
        self._informed: set[Peer] = set()
        """Peers that have the other's description."""
        self._waiting: list[tuple[Peer, Callable[[], None]]] = []

    # Signalling

    def start(self) -> None:
        """Bind, gather, and send the offer when the exchange allows it."""
        waits = self.plan.exchange is not Exchange.TRICKLE
        self._prepare(self.a, self.b, waits=waits, then=self._send_offer)

    def _prepare(self, peer: Peer, other: Peer, *, waits: bool, then: Callable[[], None]) -> None:
        finished: set[int] = set()

        def watch(event: Event) -> None:
            match event:
                case CandidateGathered(stream, _, candidate) if peer in self._described:
                    trickled = exported_candidate(candidate)
                    self._later(other, other.agent.add_remote_candidate, stream, trickled)
                case GatheringFinished(stream, _):
                    finished.add(stream)
                    if peer in self._described:
                        self._later(other, other.agent.end_of_candidates, stream)
                    elif waits and finished == set(peer.streams):
                        self.world.at(self.world.now, then)

        peer.bind_all()
        peer.watchers.append(watch)
        peer.tell(peer.agent.gather)
        if not waits:
            then()

    def _later(self, peer: Peer, method: Callable[..., object], *arguments: object) -> None:
        """Let the peer hear of it; what comes before the description waits for it."""

        def arrive() -> None:
            if peer in self._informed:
                peer.tell(method, *arguments)
            else:
                self._waiting.append((peer, lambda: peer.tell(method, *arguments)))

        self.world.after(self.plan.signalling, arrive)

    def _inform(self, peer: Peer, descriptions: list[Description]) -> None:
        for stream, description in zip(peer.streams, descriptions, strict=True):
            peer.accept(stream, description)
        self._informed.add(peer)
        waiting, self._waiting = self._waiting, []
        for other, action in waiting:
            if other is peer:
                action()
            else:
                self._waiting.append((other, action))

    def _describe(self, peer: Peer) -> list[Description]:
        """The descriptions leave now; later candidates are trickled."""
        self._described.add(peer)
        return [peer.description(stream) for stream in peer.streams]

    def _send_offer(self) -> None:
        for stream in self.a.streams:
            self.watch.announce(self.a, stream)
        offers = self._describe(self.a)
        self.world.after(self.plan.signalling, lambda: self._receive_offer(offers))

    def _receive_offer(self, offers: list[Description]) -> None:
        def prepared() -> None:
            for stream in self.b.streams:
                self.watch.announce(self.b, stream)
            if self.plan.early_start:
                self._inform(self.b, offers)
            self.world.after(self.plan.ringing, answer)

        def answer() -> None:
            answers = self._describe(self.b)
            self.world.after(self.plan.signalling, lambda: self._receive_answer(answers))
            if not self.plan.early_start:
                self._inform(self.b, offers)
            elif self.plan.ringing:
                for stream in self.b.streams:
                    self.b.tell(self.b.agent.resume, stream)

        waits = self.plan.exchange is Exchange.VANILLA
        self._prepare(self.b, self.a, waits=waits, then=prepared)

    def _receive_answer(self, answers: list[Description]) -> None:
        self.known_at = self.world.now
        self._inform(self.a, answers)

    # Restart

    def restart(self, first: Peer | None = None, *, gather: bool = False) -> None:
        """One side offers new credentials, the other answers with its own (§9).

        With ``gather`` each side binds what it has released, and asks its servers again, before
        it describes itself.
        """
        first = first or self.a
        second = self.b if first is self.a else self.a
        signalling = self.plan.signalling

        def receive_offer(offers: list[Description]) -> None:
            theirs = second.prepare_restart()

            def answer(answers: list[Description]) -> None:
                self._accept(second, offers)
                second.tell(second.agent.commit_restart, theirs)
                self.world.after(signalling, lambda: receive_answer(answers))

            self._announce(second, gather, answer)

        def receive_answer(answers: list[Description]) -> None:
            self._accept(first, answers)
            first.tell(first.agent.commit_restart, ours)

        ours = first.prepare_restart()
        self._announce(
            first,
            gather,
            lambda offers: self.world.after(signalling, lambda: receive_offer(offers)),
        )

    def _announce(
        self, peer: Peer, gather: bool, then: Callable[[list[Description]], None]
    ) -> None:
        """Describe the prepared generation, once it is gathered."""
        missing = set(peer.streams) if gather else set()

        def describe() -> None:
            for stream in peer.streams:
                self.watch.announce(peer, stream)
            then([peer.description(stream) for stream in peer.streams])

        def watch(event: Event) -> None:
            if isinstance(event, GatheringFinished) and event.stream in missing:
                missing.remove(event.stream)
                if not missing:
                    self.world.at(self.world.now, describe)

        if gather:
            peer.watchers.append(watch)
            peer.rebind()
            peer.tell(peer.agent.gather)
        else:
            describe()

    def _accept(self, peer: Peer, descriptions: list[Description]) -> None:
        for stream, description in zip(peer.streams, descriptions, strict=True):
            peer.accept(stream, description)

    # Running

    @property
    def completed(self) -> bool:
        return self.a.completed and self.b.completed

    @property
    def over(self) -> bool:
        return self.completed or (self.a.failed and self.b.failed)

    def run(self, limit: float = 120.0) -> Call:
        """Make the call; ends when both completed or both failed, at the latest at ``limit``."""
        self.start()
        self.world.run(until=self.world.now + limit, stop=lambda: self.over)
        return self

    def assert_connected(self) -> None:
        """Every component of both sides is connected, mirrored."""
        assert self.completed, f"not connected\n{self.world.trace.text(last=80)}"
        for stream in self.a.streams:
            for component in range(1, self.a.components + 1):
                ours = self.a.selected(stream, component)
                theirs = self.b.selected(stream, component)
                assert ours is not None
                assert theirs is not None
                assert_mirrored(ours, theirs)

    def assert_failed(self) -> None:
        assert self.a.failed, "a has not given up"
        assert self.b.failed, "b has not given up"
        assert self.a.first(PairSelected) is None
        assert self.b.first(PairSelected) is None

    def completed_after(self) -> float:
        """Seconds from both descriptions known to both sides completed."""
        times = [peer.first(StreamCompleted) for peer in (self.a, self.b)]
        assert self.known_at is not None
        return max(when for when, _ in filter(None, times)) - self.known_at
