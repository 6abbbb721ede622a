"""Whole sessions in a storm of mutants; ``python -m tests.fuzz.agent_storm`` for as many as wanted.

Each datagram that reaches an agent brings mutants of it along: from strangers while the honest
session goes on beside, or also from where the honest one came. Candidates are mutated, too.
"""

# ruff: noqa: T201 - a program that prints a report

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random
from time import process_time
from types import CodeType, FrameType
from typing import Any

from sipice.ice import (
    AgentConfig,
    Candidate,
    CandidateType,
    Role,
    checks,
    conclude,
    consent,
    gather,
    receive,
    relay,
    respond,
    trickle,
)
from sipice.net import Address, Base
from sipice.turn.client import TurnClient
from tests.fuzz.agent_mutants import Keys, Mutator
from tests.simnet import wire
from tests.simnet.call import Call, Exchange, Plan, ice_servers
from tests.simnet.nat import PORT_RESTRICTED, SYMMETRIC
from tests.simnet.peer import Peer
from tests.simnet.topology import FIREWALLED, OPEN, Topology, behind, build
from tests.simnet.world import Packet

PROCEDURES: dict[CodeType, str] = {
    function.__code__: f"{function.__module__.removeprefix('sipice.')}.{function.__qualname__}"
    for function in (
        *(respond.receive_request, respond.receive_odd_request, respond.refuse, respond.learn),
        *(respond.remote_candidate, respond._keep_early, respond._new_pair, respond._trigger),
        *(checks.receive_success, checks.receive_error, checks._succeed, checks._fail),
        *(checks._discover_local, checks._resolve_conflict),
        *(conclude.nominated, conclude.nomination_failed, conclude.switch_role),
        *(consent.receive_success, consent.receive_error, consent.lose),
        *(gather.receive_binding, receive.carried),
        *(relay.receive, relay._allocated, relay._lost, relay._redirect),
        *(trickle.add, trickle.end),
        TurnClient.receive,
    )
}
"""What a datagram or a candidate must reach in the agent for the storm to be worth its name."""

HOME, HARD = behind(PORT_RESTRICTED), behind(SYMMETRIC)
MOST_LEAVING = 12
"""So many datagrams may leave an agent because of one."""
MOST_TIMERS = 700
LARGEST = 400_000
"""So many bytes an agent may be worth when it is exported."""
STRANGERS = [Address.parse(f"198.51.100.{number}", 4000 + number) for number in range(1, 60)]


@dataclass
class Report:
    """What the storm was made of, and what it reached."""

    inputs: int = 0
    sealed: int = 0
    sessions: int = 0
    completed: int = 0
    """Of those beside which nothing but strangers spoke; all of them must."""
    beside: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    largest: int = 0
    """The greatest size of an exported agent, bytes."""

    @property
    def unreached(self) -> list[str]:
        """Procedures that no input reached."""
        return [name for name in PROCEDURES.values() if not self.reached[name]]

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.inputs} inputs in {self.sessions} sessions, {self.sealed} of them sealed"
        yield f"{self.completed} of {self.beside} sessions beside strangers completed"
        yield f"largest agent: {self.largest} bytes exported"
        for name in sorted(PROCEDURES.values()):
            yield f"{self.reached[name]:10} {name}"


class Storm:
    """Mutants around one call."""

    def __init__(
        self, call: Call, rng: Random, report: Report, *, each: int, beside: bool, most: int
    ) -> None:
        self.call, self.rng, self.report = call, rng, report
        self.each, self.beside, self.left = each, beside, most
        world = call.world
        for judge in (call.watch.checker, call.watch.pacing):
            world.sent.remove(judge.sent)
            world.received.remove(judge.received)
        world.received.append(self._received)
        world.sent.append(self._sent)
        self.leaving = 0
        self.begins = 0.0
        self.peers = {peer.name: peer for peer in (call.a, call.b)}

    def _sent(self, now: float, host: str, packet: Packet) -> None:
        self.leaving += host in self.peers

    def _received(self, now: float, host: str, packet: Packet) -> None:
        peer = self.peers.get(host)
        if peer is None or self.left <= 0 or packet.is_tcp or now < self.begins:
            return
        base = next((base for _, _, base in peer.bases if base.address == packet.dst), None)
        if base is None:
            return
        mutator = Mutator(self.rng, self._keys(peer), self._places())
        is_rare = self.begins or packet.src == self.call.topology.turn.address
        for _ in range(self.each * (4 if is_rare else 1)):
            if self.rng.random() < 0.02:
                self._trickle(peer)
            self._input(peer, mutator, packet, base)
        self._check(peer)

    def _input(self, peer: Peer, mutator: Mutator, packet: Packet, base: Base) -> None:
        live = list(peer.agent._state.transactions)
        mutant = mutator.mutant(packet.data, live)
        source = packet.src if not self.beside and self.rng.random() < 0.7 else self._stranger()
        if self.beside and mutant.sealed and not mutant.kind.startswith("indication"):
            return  # who can seal is no stranger
        self.report.sealed += mutant.sealed
        self.report.kinds[mutant.kind] += 1
        self._give(peer, peer.agent.receive_datagram, mutant.data, base, source)

    def _trickle(self, peer: Peer) -> None:
        if self.beside:
            return
        rng, agent = self.rng, peer.agent
        stream = rng.choice(peer.streams)
        if rng.random() < 0.2:
            ufrag = rng.choice((None, "none"))
            self._give(peer, agent.end_of_candidates, stream, ufrag)
            return
        candidate = Candidate(
            component=rng.choice((0, 1, 1, 1, 2, 257)),
            type=rng.choice(tuple(CandidateType)),
            address=rng.choice((self._stranger(), Address(bytes(4), 0), Address(bytes(16), 9))),
            priority=rng.choice((0, 1, rng.randrange(2**32), 2**40)),
            foundation=rng.choice(("", "1", "x" * 99)),
        )
        self._give(peer, agent.add_remote_candidate, stream, candidate)

    def _give(self, peer: Peer, method: Callable[..., object], *arguments: object) -> None:
        self.report.inputs += 1
        self.left -= 1
        self.leaving = 0
        found: set[CodeType] = set()

        def note(frame: FrameType, event: str, _: Any) -> None:
            if event == "call":
                found.add(frame.f_code)

        sys.setprofile(note)
        try:
            method(peer.world.now, *arguments)
        finally:
            sys.setprofile(None)
        self.report.reached.update(PROCEDURES[code] for code in found if code in PROCEDURES)
        peer._drain()
        assert self.leaving <= MOST_LEAVING, f"{self.leaving} datagrams left because of one"

    def _check(self, peer: Peer) -> None:
        """Whatever came, the agent stays as small as its limits."""
        state, config = peer.agent._state, peer.config
        assert len(state.timers.keys()) <= MOST_TIMERS
        for stream in state.streams.values():
            for generation in stream.generations():
                assert len(generation.sources) <= config.max_pairs
                assert len(generation.local.early) <= config.max_early_checks
                remote = generation.remote
                assert remote is None or len(remote.candidates) <= config.max_remote_candidates
        if self.rng.random() < 0.05:
            size = len(peer.agent.export(peer.world.now))
            self.report.largest = max(self.report.largest, size)
            assert size <= LARGEST, f"an agent of {size} bytes"

    def _stranger(self) -> Address:
        return self.rng.choice(STRANGERS)

    def _places(self) -> list[Address]:
        known = [base.address for peer in self.peers.values() for _, _, base in peer.bases]
        return [*known, *self.rng.sample(STRANGERS, 3)]

    def _keys(self, peer: Peer) -> Keys:
        """The passwords of both sides, the receiver's first, and what TURN seals with."""
        short = [
            generation.local.credentials.pwd.encode()
            for one in (peer, *self.peers.values())
            for stream in one.agent._state.streams.values()
            for generation in stream.generations()
        ]
        realm = self.call.topology.turn.auth.realm
        users = realm.users.items()
        long = [wire.long_term_key(user, realm.name, password) for user, password in users]
        long256 = [
            wire.long_term_key(user, realm.name, password, sha256=True) for user, password in users
        ]
        return Keys(short, long, long256)


def _call(topology: Topology, seed: int, **more: Any) -> Call:
    servers = ice_servers(topology, turn=True)
    config = AgentConfig(servers=servers, trickle="plan" in more)
    arguments = {"config": config, "plan": Plan(signalling=0.030), "seed": seed, **more}
    return Call(topology, **arguments)


def direct(seed: int) -> Call:
    return _call(build(OPEN, HOME, rtt=0.040, seed=seed), seed)


def early(seed: int) -> Call:
    """b has rung for long; its checks come before its answer does."""
    plan = Plan(signalling=0.030, ringing=3.0)
    return _call(build(OPEN, OPEN, rtt=0.040, seed=seed), seed, plan=plan)


def streams(seed: int) -> Call:
    return _call(build(HOME, HOME, rtt=0.040, seed=seed), seed, streams=2, components=2)


def trickling(seed: int) -> Call:
    plan = Plan(exchange=Exchange.TRICKLE, signalling=0.030)
    return _call(build(HOME, HOME, rtt=0.040, seed=seed), seed, plan=plan)


def relayed(seed: int) -> Call:
    return _call(build(HARD, HARD, rtt=0.040, seed=seed), seed)


def conflict(seed: int) -> Call:
    role = Role.CONTROLLING if seed % 2 else Role.CONTROLLED
    return _call(build(OPEN, OPEN, rtt=0.040, seed=seed), seed, role=role, role_b=role)


def lite(seed: int) -> Call:
    topology = build(OPEN, HOME, rtt=0.040, seed=seed)
    return Call(
        topology,
        config=AgentConfig(lite=True),
        config_b=AgentConfig(servers=ice_servers(topology, turn=True)),
        plan=Plan(signalling=0.030),
        role=Role.CONTROLLED,
        role_b=Role.CONTROLLING,
        seed=seed,
    )


def talking(seed: int) -> Call:
    """Connected in peace; the storm begins when only consent checks pass."""
    return _call(build(OPEN, FIREWALLED, rtt=0.040, seed=seed), seed)


SESSIONS = (direct, early, streams, trickling, relayed, conflict, lite, talking)
CALM = 4.0
"""So long nothing disturbs a session that is to talk."""


def session(number: int, report: Report, *, each: int, most: int) -> None:
    """One session with its mutants: every third one with strangers only."""
    rng = Random(number)
    beside = number % 3 == 2
    call = SESSIONS[number % len(SESSIONS)](number)
    around = Storm(call, rng, report, each=each, beside=beside, most=most)
    report.sessions += 1
    talks = SESSIONS[number % len(SESSIONS)] is talking
    around.begins = CALM if talks else 0.0
    call.start()
    call.world.run(until=40.0 if talks else 8.0)
    if beside:
        report.beside += 1
        call.assert_connected()
        report.completed += 1
    call.restart(gather=bool(rng.randrange(2)))
    call.world.run(until=call.world.now + 12.0)
    if beside:
        call.assert_connected()
    for peer in (call.a, call.b):
        peer.tell(peer.agent.close)
        assert peer.agent.next_timeout() is None


def storm(inputs: int, *, first: int = 0, each: int = 12, most: int = 2000) -> Report:
    """Sessions until there were so many inputs, or ten times as many to reach every procedure.

    Raises, naming the session, if a rule breaks.
    """
    report = Report()
    for number in count(first):
        if report.inputs >= (10 * inputs if report.unreached else inputs):
            return report
        try:
            session(number, report, each=each, most=most)
        except BaseException as error:
            error.add_note(f"in session {number}")
            raise
    raise AssertionError("unreachable")


def main() -> int:
    """Run and tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.agent_storm")
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first session")
    options = parser.parse_args()
    begun = process_time()
    report = storm(options.inputs, first=options.first)
    print("\n".join(report.lines()))
    print(f"{process_time() - begun:.0f} s of processor time")
    return 1 if report.unreached else 0


if __name__ == "__main__":
    sys.exit(main())
