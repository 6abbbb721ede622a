from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sipice.ice import AgentConfig, Candidate, CandidateType, Description, Role
from sipice.ice.pair import PairState
from sipice.net import Address
from tests.ice.harness import Puppet, Sent, Side, address, advance, pair_of, remote, sent_by
from tests.marks import rfc

SCHEDULES: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "data" / "ice_schedules.json").read_text()
)
TABLE = {"m1": ["f1", "f2", "f3"], "m2": ["f1", "f2", "f3", "f4"], "m3": ["f1", "f5"]}
TWO_COMPONENTS = {"a": ["f1", "f2"]}
WEIGHT = {"f1": 500, "f2": 400, "f3": 300, "f4": 200, "f5": 100}


class Schedule:
    """A controlled agent whose peer is the model of the golden traces."""

    def __init__(self, lists: dict[str, list[str]], components: int) -> None:
        self.names = list(lists)
        self.side = Side(
            "a", Role.CONTROLLED, ["10.0.0.1:5000"], streams=len(lists), components=components
        )
        self.puppet = Puppet(self.side)
        self.of_address: dict[Address, str] = {}
        for stream, name in enumerate(lists):
            candidates: list[Candidate] = []
            for foundation in lists[name]:
                for component in range(1, components + 1):
                    at = address(f"10.1.{stream}.{foundation[1]}:{7000 + component}")
                    self.of_address[at] = f"{name}:{foundation}:{component}"
                    candidates.append(
                        Candidate(
                            component,
                            CandidateType.HOST,
                            at,
                            (WEIGHT[foundation] << 8) + 256 - component,
                            foundation,
                        )
                    )
            self.side.agent.set_remote_description(
                0.0,
                stream,
                # The model knows no end of a list: more candidates may come, so it never fails.
                Description(self.puppet.credentials, tuple(candidates), complete=False),
            )
        self.log: list[list[object]] = []
        self.sent: dict[str, Sent] = {}
        self.triggered: set[str] = set()

    def run(self, until: float, events: list[list[Any]]) -> None:
        for at, what, name in events:
            self._collect(at / 1000, including=False)
            if what == "fail" and at >= 39500:
                self.log.append([at, what, name])  # happens by itself: no response
                continue
            self._happen(at / 1000, what, name)
            self.log.append([at, what, name])
        self._collect(until, including=True)

    def _collect(self, until: float, *, including: bool) -> None:
        agent = self.side.agent
        self._note(sent_by(self.side), 0.0)
        while (due := agent.next_timeout()) is not None:
            if due > until or (due == until and not including):
                break
            agent.handle_timeout(due)
            self._note(sent_by(self.side, due), due)

    def _note(self, sent: list[Sent], now: float) -> None:
        for one in sent:
            name = self.of_address[one.to]
            if not one.is_request or (name in self.sent and self.sent[name].data == one.data):
                continue
            if any(
                old.message.transaction_id == one.message.transaction_id
                for old in self.sent.values()
            ):
                continue
            kind = "triggered" if name in self.triggered else "ordinary"
            self.triggered.discard(name)
            self.sent[name] = one
            self.log.append([round(now * 1000), name, kind])

    def _happen(self, now: float, what: str, name: str) -> None:
        at = next(a for a, n in self.of_address.items() if n == name)
        stream = self.names.index(name.split(":")[0])
        component = int(name.split(":")[2])
        own = address(f"10.0.0.1:{5000 + 10 * stream + component - 1}")
        base = self.side.bases[own]
        agent = self.side.agent
        if what == "success":
            data = self.puppet.success(self.sent[name].message, own)
            agent.receive_datagram(now, data, base, at)
        elif what == "fail":
            agent.send_failed(now, base, at, hard=True)
        else:
            peer = agent.local_description(stream).credentials
            data = self.puppet.request(
                controlling=True,
                username=f"{peer.ufrag}:{self.puppet.credentials.ufrag}",
                pwd=peer.pwd,
            )
            agent.receive_datagram(now, data, base, at)
            self.triggered.add(name)

    def states(self) -> dict[str, str]:
        names = {
            PairState.FROZEN: "Frozen",
            PairState.WAITING: "Waiting",
            PairState.IN_PROGRESS: "In-Progress",
            PairState.SUCCEEDED: "Succeeded",
            PairState.FAILED: "Failed",
        }
        return {
            self.of_address[pair.to]: names[pair.state]
            for stream in self.side.agent._state.streams.values()
            for pair in stream.current.checklist
        }


@rfc("8445", "6.1.2.6", "rule", "8445-6.1.2.6-1")
@rfc("8445", "6.1.4.1", "rule", "8445-6.1.4.1-1")
@rfc("8445", "6.1.4.2", "rule", "8445-6.1.4.2-1")
@rfc("8445", "6.1.4.2", "step 1", "8445-6.1.4.2-2")
@rfc("8445", "6.1.4.2", "step 2", "8445-6.1.4.2-3")
@rfc("8445", "6.1.4.2", "step 3", "8445-6.1.4.2-4")
@rfc("8445", "6.1.4.2", "step 4", "8445-6.1.4.2-5")
@rfc("8445", "7.2.5.3.3", "MUST", "8445-7.2.5.3.3-1")
@pytest.mark.parametrize("name", SCHEDULES)
def test_checks_leave_in_the_order_of_the_model(name: str) -> None:
    """The golden traces: the same checks in the same order, at the same instants.

    The model ticks for ever; we send at once after an idle time, which ends in one trace at 260.
    """
    golden = SCHEDULES[name]
    if name == "failed_revived":
        golden["log"] = [[260, *e[1:]] if e[0] == 300 else e for e in golden["log"]]
    components = 2 if name.startswith(("two_", "failed_")) else 1
    schedule = Schedule(TWO_COMPONENTS if components == 2 else TABLE, components)
    events = [entry for entry in golden["log"] if entry[1] in ("success", "fail", "request")]
    schedule.run(max(entry[0] for entry in golden["log"]) / 1000 + 0.04, events)
    assert schedule.log == golden["log"]
    assert schedule.states() == golden["final"]


def started(side: Side, *candidates: Candidate) -> Puppet:
    puppet = Puppet(side, candidates=candidates)
    side.agent.set_remote_description(0.0, 0, puppet.description)
    return puppet


def checklist(side: Side, stream: int = 0) -> list[tuple[str, str, int]]:
    """Base, destination and priority of each pair, in order."""
    return [
        (str(pair.base.address), str(pair.to), pair.priority)
        for pair in side.agent._state.streams[stream].current.checklist
    ]


@rfc("8445", "6.1.2.2", "rule", "8445-6.1.2.2-1")
@rfc("8445", "6.1.2.3", "rule", "8445-6.1.2.3-2")
def test_pairs_have_one_component_and_one_family_and_are_sorted() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000", "[2001:db8::1]:5000"], components=2)
    started(
        side,
        remote("10.0.0.2:6000"),
        remote("10.0.0.2:6001", component=2, priority=2130706430),
        remote("[2001:db8::2]:6000", priority=2130706175),
    )
    pairs = checklist(side)
    assert [pair[:2] for pair in pairs] == [
        ("[2001:db8::1]:5000", "[2001:db8::2]:6000"),
        ("10.0.0.1:5000", "10.0.0.2:6000"),
        ("10.0.0.1:5001", "10.0.0.2:6001"),
    ]
    assert [pair[2] for pair in pairs] == sorted((pair[2] for pair in pairs), reverse=True)


@rfc("8445", "6.1.2.2", "rule", "8445-6.1.2.2-2")
@pytest.mark.parametrize(("complete", "left"), [(True, 1), (False, 2)])
def test_a_stream_has_the_components_that_both_sides_have(complete: bool, left: int) -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"], components=2)
    puppet = Puppet(side)
    only_one = Description(puppet.credentials, (remote(),), complete=complete)
    side.agent.set_remote_description(0.0, 0, only_one)
    assert len(side.agent._state.streams[0].current.components) == left
    side.agent.end_of_candidates(1.0, 0)
    assert len(side.agent._state.streams[0].current.components) == 1


@rfc("8445", "6.1.2.2", "MUST NOT", "8445-6.1.2.2-3")
def test_link_local_addresses_pair_only_with_each_other() -> None:
    side = Side("a", Role.CONTROLLING, ["[fe80::1]:5000", "[2001:db8::1]:5000"])
    started(side, remote("[fe80::2]:6000"), remote("[2001:db8::2]:6000"))
    assert {pair[:2] for pair in checklist(side)} == {
        ("[fe80::1]:5000", "[fe80::2]:6000"),
        ("[2001:db8::1]:5000", "[2001:db8::2]:6000"),
    }


@rfc("8445", "6.1.2.5", "MUST", "8445-6.1.2.5-1")
@rfc("8445", "6.1.2.5", "SHOULD", "8445-6.1.2.5-2")
@pytest.mark.parametrize("limit", [100, 30])
def test_a_checklist_set_is_cut_to_the_limit_evenly_and_from_below(limit: int) -> None:
    config = AgentConfig(max_pairs=limit)
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000", "10.0.1.1:5000"], config, streams=2)
    many = [
        remote(f"10.1.{n}.1:6000", foundation=f"f{n}", priority=2_000_000_000 - n)
        for n in range(90)
    ]
    puppet = Puppet(side, candidates=many)
    for stream in (0, 1):
        side.agent.set_remote_description(0.0, stream, puppet.description)
    lists = [checklist(side, 0), checklist(side, 1)]
    assert sum(map(len, lists)) == limit
    assert abs(len(lists[0]) - len(lists[1])) <= 1
    best = max(pair[2] for pair in lists[0])
    assert lists[0][0][2] == best
    assert {pair[1] for pair in lists[0]} == {
        f"10.1.{n}.1:6000" for n in range(len({pair[1] for pair in lists[0]}))
    }


@rfc("8838", "10", "SHOULD", "8838-10-4")
def test_a_full_list_drops_failed_pairs_and_then_lower_ones_for_a_new_pair() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"], AgentConfig(max_pairs=2))
    puppet = Puppet(side)
    low, high = remote("10.1.0.1:6000", priority=1000), remote("10.1.0.2:6000", priority=2000)
    open_end = Description(puppet.credentials, (low, high), complete=False)
    side.agent.set_remote_description(0.0, 0, open_end)
    advance(side, 0.0)
    side.agent.send_failed(0.01, side.bases[address("10.0.0.1:5000")], high.address, hard=True)
    third = remote("10.1.0.3:6000", priority=500, foundation="3")
    side.agent.add_remote_candidate(0.02, 0, third)
    assert [pair[1] for pair in checklist(side)] == ["10.1.0.1:6000", "10.1.0.3:6000"]
    side.agent.add_remote_candidate(0.03, 0, remote("10.1.0.4:6000", priority=700, foundation="4"))
    assert [pair[1] for pair in checklist(side)] == ["10.1.0.1:6000", "10.1.0.4:6000"]
    side.agent.add_remote_candidate(0.04, 0, remote("10.1.0.5:6000", priority=100, foundation="5"))
    assert [pair[1] for pair in checklist(side)] == ["10.1.0.1:6000", "10.1.0.4:6000"]


@rfc("8838", "7", "rule", "8838-7-1")
@rfc("8838", "8", "rule", "8838-8-2")
def test_an_empty_checklist_runs_and_takes_no_turn() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"], streams=2)
    puppet = Puppet(side)
    empty = Description(puppet.credentials, (), complete=False)
    side.agent.set_remote_description(0.0, 0, empty)
    two = (remote("10.1.0.1:6000", foundation="1"), remote("10.1.0.2:6000", foundation="2"))
    side.agent.set_remote_description(0.0, 1, Description(puppet.credentials, two))
    assert [round(sent.at, 3) for sent in advance(side, 0.2)] == [0.0, 0.05]
    assert side.agent._state.streams[0].current.state.value == "Running"


@rfc("8445", "6.1.2", "rule", "8445-6.1.2-1")
@rfc("8838", "12", "rule", "8838-12-1")
@rfc("8838", "12", "rule", "8838-12-2")
@rfc("8838", "12", "rule", "8838-12-3")
def test_later_pairs_start_as_the_three_rules_say() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"], components=2)
    puppet = Puppet(side)
    first = remote("10.1.0.3:6000", foundation="f3", priority=900)
    side.agent.set_remote_description(
        0.0, 0, Description(puppet.credentials, (first,), complete=False)
    )

    def add(candidate: Candidate) -> PairState:
        side.agent.add_remote_candidate(0.0, 0, candidate)
        pairs = side.agent._state.streams[0].current.checklist
        return next(pair.state for pair in pairs if pair.to == candidate.address)

    topmost = add(remote("10.1.0.5:6000", foundation="f5", priority=100))
    below = add(remote("10.1.0.3:6001", component=2, foundation="f3", priority=899))
    assert (topmost, below) == (PairState.WAITING, PairState.FROZEN)
    for sent in advance(side, 0.06):
        if sent.to == address("10.1.0.5:6000"):
            base = side.bases[sent.source]
            answer = puppet.success(sent.message, sent.source)
            side.agent.receive_datagram(0.06, answer, base, sent.to)
    after_success = add(remote("10.1.0.5:6001", component=2, foundation="f5", priority=99))
    assert after_success is PairState.WAITING


@rfc("8838", "10", "rule", "8838-10-3")
@rfc("8445", "6.1.2.4", "rule", "8445-6.1.2.4-2")
def test_a_pair_that_exists_is_not_formed_again() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    puppet = Puppet(side)
    side.agent.set_remote_description(
        0.0, 0, Description(puppet.credentials, (remote(),), complete=False)
    )
    first = advance(side, 0.0)
    side.agent.add_remote_candidate(0.1, 0, remote(priority=5, foundation="other"))
    assert len(checklist(side)) == 1
    assert advance(side, 0.4) == []
    assert len(first) == 1


@rfc("8445", "6.1.2.4", "MUST", "8445-6.1.2.4-1")
@rfc("8445", "6.1.4.2", "rule", "8445-6.1.4.2-6")
def test_checks_leave_from_bases_towards_candidates() -> None:
    wire = pair_of(["10.0.0.1:5000", "10.0.1.1:5000"], ["10.0.0.2:6000"]).connect().run(1.0)
    assert {(str(s.source), str(s.to)) for s in wire.requests(wire.a)} <= {
        ("10.0.0.1:5000", "10.0.0.2:6000"),
        ("10.0.1.1:5000", "10.0.0.2:6000"),
    }


def test_both_sides_see_the_same_pair_priorities() -> None:
    wire = pair_of(["10.0.0.1:5000", "10.0.1.1:5000"], ["10.0.0.2:6000", "10.0.1.2:6000"])
    wire.connect()
    ours = {(base, to): priority for base, to, priority in checklist(wire.a)}
    theirs = {(to, base): priority for base, to, priority in checklist(wire.b)}
    assert ours == theirs
    assert len(ours) == 4
