"""Two agents, the datagrams between them, and everything that may happen next."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import NamedTuple

from sipice.ice import Agent, AgentConfig, Candidate, Description, Pacer, Role
from sipice.ice.events import CandidateGathered, GatheringFinished
from sipice.ice.state import ChecklistState, Generation
from sipice.net import Address, Base, SendDatagram
from sipice.stun import attributes as a
from sipice.stun import decode
from tests.simnet.invariants import Honesty, check_state

MOST_PER_STEP = 6
"""So many datagrams may leave because of one input."""
PATIENCE = 120.0
"""Seconds until both sides must have come to an end once nothing is lost any more."""
AFTERWARDS = 4.0
"""Seconds beyond that: candidates are freed, consent goes on."""


class Chance(Random):
    """A generator whose state is copied as a whole, not number by number."""

    def __deepcopy__(self, memo: dict[int, object]) -> Chance:
        other = Chance()
        other.setstate(self.getstate())
        return other


class Datagram(NamedTuple):
    """In flight: to whom, and from where to where."""

    to: int
    source: Address
    destination: Address
    data: bytes


class Letter(NamedTuple):
    """What signalling carries, in order: a description, a candidate, or the end of them."""

    to: int
    kind: str
    what: Description | Candidate | None = None


class Action(NamedTuple):
    """One thing that may happen: its name, and which datagram or side it concerns."""

    name: str
    number: int = 0


@dataclass(frozen=True)
class Setup:
    """How two agents begin, and what may befall them."""

    name: str
    hosts: tuple[int, int] = (1, 1)
    components: int = 1
    roles: tuple[Role, Role] = (Role.CONTROLLING, Role.CONTROLLED)
    late_answer: bool = False
    """The answer travels like a datagram; else both know all at once."""
    trickle: bool = False
    restart: bool = False
    """They begin connected, and each may restart, once altogether."""
    ahead: int = 0
    """So many steps pass undisturbed before anything may go otherwise."""
    losses: int = 2
    doubles: int = 1
    seed: int = 1
    most: int = 400
    """So many datagrams may leave until everything has come to an end."""


@dataclass
class World:
    """A state of both, and how it came."""

    setup: Setup
    agents: list[Agent] = field(default_factory=list)
    bases: list[dict[Address, Base]] = field(default_factory=lambda: [{}, {}])
    now: float = 0.0
    air: list[Datagram] = field(default_factory=list)
    mail: list[Letter] = field(default_factory=list)
    losses: int = 0
    doubles: int = 0
    restarts: list[int | None] = field(default_factory=lambda: [None, None])
    may_restart: bool = False
    sent: int = 0
    story: list[str] = field(default_factory=list)

    def begin(self) -> World:
        """Bind, describe, and tell the other side, or let letters do it."""
        setup = self.setup
        self.losses, self.doubles = setup.losses, setup.doubles
        config = AgentConfig(trickle=setup.trickle)
        for side, role in enumerate(setup.roles):
            rng = Chance(f"{setup.seed} {side}")
            agent = Agent(config, role=role, rng=rng, pacer=Pacer(0.0))
            self.agents.append(agent)
            agent.add_stream(setup.components)
            for host in range(setup.hosts[side]):
                for component in range(1, setup.components + 1):
                    self._bind(side, host, component)
            agent.gather(self.now)
        self.mail.append(Letter(1, "offer", self._describe(0)))
        if not setup.late_answer:
            while self.mail:
                self._read(self.mail.pop(0))
        if setup.restart:
            self.settle()
            self.sent = 0
        for _ in range(setup.ahead):
            self.do(self._next())
        self.may_restart = setup.restart
        return self

    def _bind(self, side: int, host: int, component: int) -> None:
        place = Address.parse(f"10.0.{host}.{side + 1}", 5000 + component)
        self.bases[side][place] = self.agents[side].add_local_address(self.now, 0, component, place)

    def _describe(self, side: int) -> Description:
        own = self.agents[side].local_description(0)
        if self.setup.trickle:
            return replace(own, candidates=(), complete=False)  # each by a letter of its own
        shown = tuple(one._replace(base=None, server=None) for one in own.candidates)
        return replace(own, candidates=shown)

    # What may happen ------------------------------------------------------------------------------

    def actions(self) -> Iterator[Action]:
        """Everything that may happen now; of equal datagrams only the first counts."""
        for number, datagram in enumerate(self.air):
            if datagram in self.air[:number]:
                continue
            yield Action("deliver", number)
            if self.losses:
                yield Action("lose", number)
            if self.doubles:
                yield Action("double", number)
        for to in sorted({letter.to for letter in self.mail}):
            yield Action("letter", to)
        if self._next_timeout() is not None:
            yield Action("timer")
        if self.may_restart and not self.mail and any(map(self._has_completed, (0, 1))):
            yield from (Action("restart", side) for side in (0, 1))

    def copy(self) -> World:
        """Another one in the same state."""
        shared = [self.setup, *self.air, *self.mail, *self._keys()]
        memo: dict[int, object] = {id(one): one for one in shared}
        memo[id(self.story)] = self.story[:]
        return copy.deepcopy(self, memo)

    def _keys(self) -> Iterator[object]:
        """What is made of passwords once and never changes; its hashes cannot be copied."""
        for agent in self.agents:
            for stream in agent._state.streams.values():
                for generation in stream.generations():
                    yield generation.local.key
                    if generation.remote is not None:
                        yield from (generation.remote.key, generation.remote.template)

    def do(self, action: Action) -> None:
        """Let it happen here, and look at the invariants."""
        self.story.append(self._told(action))
        match action.name:
            case "deliver":
                self._arrive(self.air.pop(action.number))
            case "lose":
                del self.air[action.number]
                self.losses -= 1
            case "double":
                self.air.append(self.air[action.number])
                self.doubles -= 1
            case "letter":
                self._read(self._take_letter(action.number))
            case "timer":
                self._fire()
            case "restart":
                self._restart(action.number)
        for agent in self.agents:
            check_state(agent)

    def _take_letter(self, to: int) -> Letter:
        first = next(number for number, letter in enumerate(self.mail) if letter.to == to)
        return self.mail.pop(first)

    def _arrive(self, datagram: Datagram) -> None:
        side, source, destination, data = datagram
        base = self.bases[side].get(destination)
        if base is not None:
            self.agents[side].receive_datagram(self.now, data, base, source)
            self._collect(side)

    def _fire(self) -> None:
        """The next deadline of either side; both if they are due together."""
        due = self._next_timeout()
        assert due is not None
        self.now = max(self.now, due)
        for side, agent in enumerate(self.agents):
            mine = agent.next_timeout()
            if mine is not None and mine <= self.now:
                honesty = Honesty("ab"[side])
                honesty.before(agent, self.now)
                agent.handle_timeout(self.now)
                self._collect(side)
                honesty.after(agent, self.now, worked=True)

    def _next_timeout(self) -> float | None:
        due = [at for agent in self.agents if (at := agent.next_timeout()) is not None]
        return min(due, default=None)

    def _collect(self, side: int) -> None:
        agent = self.agents[side]
        left = 0
        for _ in range(3):  # telling of candidates may cause checks
            for command in agent.take_commands():
                if isinstance(command, SendDatagram):
                    data, base, to = command
                    self.air.append(Datagram(1 - side, base.address, to, data))
                    left += 1
            for event in agent.take_events():
                if self.setup.trickle and isinstance(event, CandidateGathered):
                    shown = event.candidate._replace(base=None, server=None)
                    self.mail.append(Letter(1 - side, "candidate", shown))
                if self.setup.trickle and isinstance(event, GatheringFinished):
                    self.mail.append(Letter(1 - side, "end"))
        assert left <= MOST_PER_STEP, f"{left} datagrams left at once"
        self.sent += left
        assert self.sent <= self.setup.most, "they do not stop sending"

    # Signalling -----------------------------------------------------------------------------------

    def _read(self, letter: Letter) -> None:
        to, kind, what = letter
        agent = self.agents[to]
        match kind, what:
            case "offer", Description():
                agent.set_remote_description(self.now, 0, what)
                self.mail.append(Letter(1 - to, "answer", self._describe(to)))
            case "answer", Description():
                agent.set_remote_description(self.now, 0, what)
                self._commit(to)
            case "new offer", Description():
                self._give_up_own(to)
                self.restarts[to] = agent.prepare_restart(self.now)
                agent.set_remote_description(self.now, 0, what)
                self.mail.append(Letter(1 - to, "answer", self._describe(to)))
                self._commit(to)
            case "candidate", Candidate():
                agent.add_remote_candidate(self.now, 0, what)
            case "end", None:
                agent.end_of_candidates(self.now, 0)
        self._collect(0)
        self._collect(1)

    def _restart(self, side: int) -> None:
        self.may_restart = False
        self.restarts[side] = self.agents[side].prepare_restart(self.now)
        self.mail.append(Letter(1 - side, "new offer", self._describe(side)))
        self._collect(side)

    def _commit(self, side: int) -> None:
        restart, self.restarts[side] = self.restarts[side], None
        if restart is not None:
            self.agents[side].commit_restart(self.now, restart)

    def _give_up_own(self, side: int) -> None:
        restart, self.restarts[side] = self.restarts[side], None
        if restart is not None:
            self.agents[side].rollback_restart(self.now, restart)

    # The end --------------------------------------------------------------------------------------

    def settle(self) -> str:
        """From here on nothing is lost: both select the same pairs, or both fail."""
        until = self.now + PATIENCE
        ended: float | None = None
        while ended is None or self.now < ended + AFTERWARDS or self.air:
            self.do(self._next())
            if ended is None and not self.air and not self.mail and self._is_over():
                ended = self.now
            assert self.now < until, "it does not come to an end"
        return self._judged()

    def _next(self) -> Action:
        """What comes next where nothing is lost or late."""
        if self.mail:
            return Action("letter", self.mail[0].to)
        return Action("deliver") if self.air else Action("timer")

    def _judged(self) -> str:
        ours, theirs = self._newest(0), self._newest(1)
        if ours.state is not ChecklistState.COMPLETED:
            assert theirs.state is ours.state, f"a: {ours.state}, b: {theirs.state}"
            return "both failed"
        assert theirs.state is ChecklistState.COMPLETED, f"only a completed, b: {theirs.state}"
        for component, other in zip(ours.components, theirs.components, strict=True):
            mine, its = component.selected, other.selected
            assert mine is not None
            assert its is not None
            ends = (mine.base.address, mine.to), (its.to, its.base.address)
            assert ends[0] == ends[1], f"not the same pair: {ends}"
            for agent in self.agents:
                path = agent.media(0, component.number).send
                assert path is not None, "no path for media"
        return "the same pairs"

    def _is_over(self) -> bool:
        over = (ChecklistState.COMPLETED, ChecklistState.FAILED)
        return all(
            self._newest(side).state in over and not self.agents[side]._state.streams[0].next
            for side in (0, 1)
        )

    def _newest(self, side: int) -> Generation:
        stream = self.agents[side]._state.streams[0]
        return stream.next or stream.current

    def _has_completed(self, side: int) -> bool:
        return self._newest(side).state is ChecklistState.COMPLETED

    # For people -----------------------------------------------------------------------------------

    def told(self) -> str:
        """The way to here."""
        return "\n".join((f"{self.setup}", *self.story[-60:]))

    def _told(self, action: Action) -> str:
        when = f"{self.now:.3f} {action.name}"
        if action.name in ("deliver", "lose", "double"):
            datagram = self.air[action.number]
            message = decode(datagram.data)
            nominates = " nominating" if message.get(a.USE_CANDIDATE) is not None else ""
            what = f"{message.message_class.name}{nominates} {message.transaction_id.hex()[:6]}"
            return f"{when} {what} {datagram.source} > {datagram.destination}"
        if action.name == "timer":
            return f"{when}: {'; '.join(agent.why_next() for agent in self.agents)}"
        return f"{when} {'ab'[action.number]}"
