"""The contract of the agent's interface: rules R1 to R8."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sipice.errors import UsageError
from sipice.ice import Agent, AgentConfig, Pacer, Role, RoleSwitched
from sipice.net import SendDatagram
from tests.budget import examples
from tests.ice.harness import Puppet, Side, Wire, address, advance, pair_of, remote

HOSTS = (["10.0.0.1:5000", "10.0.1.1:5000"], ["10.0.0.2:6000", "10.0.1.2:6000"])


def test_r1_time_does_not_run_backwards() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    side.agent.set_remote_description(5.0, 0, Puppet(side).description)
    side.agent.handle_timeout(1.0)
    assert side.agent._state.now == 5.0
    assert side.agent.next_timeout() is not None


@given(seed=st.integers(0, 2**32), loss=st.integers(0, 60))
@settings(max_examples=examples(25), deadline=None)
def test_r2_timeouts_are_exact_and_never_idle(seed: int, loss: int) -> None:
    """A call before the deadline does nothing; after one at the deadline the next lies ahead."""
    rng = Random(seed)
    wire = pair_of(*HOSTS, seed=seed, components=2)
    wire.lose = lambda sent: rng.randrange(100) < loss
    wire.connect()
    for _ in range(300):
        instant = wire.next()
        if instant is None:
            break
        for side in (wire.a, wire.b):
            due = side.agent.next_timeout()
            if due is not None and due > wire.now:
                side.agent.handle_timeout((wire.now + due) / 2 if due < instant else wire.now)
                assert side.agent.take_commands() == []
                assert side.agent.next_timeout() == due
        wire.step()  # asserts that the next deadline lies ahead


@given(st.lists(st.binary(max_size=200), max_size=20), st.integers(0, 2**32))
@settings(max_examples=examples(40), deadline=None)
def test_r3_no_input_from_the_network_raises(blobs: list[bytes], seed: int) -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"], seed=seed)
    puppet = Puppet(side)
    side.agent.set_remote_description(0.0, 0, puppet.description)
    base = side.bases[address("10.0.0.1:5000")]
    head = b"\x00\x01\x00\x00\x21\x12\xa4\x42"
    for n, blob in enumerate(blobs):
        for data in (blob, head[:2] + len(blob).to_bytes(2, "big") + head[4:] + blob):
            side.agent.receive_datagram(n / 10, data, base, puppet.host)
        side.agent.send_failed(n / 10, base, puppet.host, hard=bool(n % 2))
        advance(side, n / 10)


def history(seed: int) -> list[tuple[float, bytes, str]]:
    wire = pair_of(*HOSTS, seed=seed, streams=2).connect().run(30.0)
    events = [(at, repr(event).encode(), "e") for at, event in wire.a.timed_events]
    return [(s.at, s.data, s.side.name) for s in wire.log] + events


def test_r4_the_same_inputs_and_seed_give_the_same_bytes() -> None:
    assert history(7) == history(7)
    assert history(7) != history(8)


def test_r5_commands_name_bases_that_the_shell_holds() -> None:
    wire = pair_of(*HOSTS).connect().run(30.0)
    held = set(wire.a.bases.values())
    bases = {c.base for c in wire.a.commands if isinstance(c, SendDatagram)}
    assert bases <= held


def test_r6_outputs_wait_in_order_until_they_are_taken() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    candidates = [remote(f"10.1.0.{n}:6000", foundation=f"f{n}", priority=900 - n) for n in (1, 2)]
    side.agent.set_remote_description(0.0, 0, Puppet(side, candidates=candidates).description)
    for now in (0.0, 0.05):
        side.agent.handle_timeout(now)
    taken = [c.remote for c in side.agent.take_commands() if isinstance(c, SendDatagram)]
    assert taken == [candidate.address for candidate in candidates]
    assert side.agent.take_commands() == []


def test_r7_memory_is_bounded_against_a_peer_that_does_its_worst() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    puppet = Puppet(side)
    side.agent.set_remote_description(0.0, 0, puppet.description)
    base, rng = side.bases[address("10.0.0.1:5000")], Random(4)
    for n in range(3000):
        source = address(f"10.{rng.randrange(200)}.{rng.randrange(200)}.7:{6000 + n % 50}")
        data = puppet.request(
            controlling=bool(rng.randrange(8)),
            nominate=not rng.randrange(500),
            tie_breaker=rng.getrandbits(63),
        )
        side.agent.receive_datagram(n / 100, data, base, source)
        advance(side, n / 100)
    state = side.agent._state
    generation = state.streams[0].current
    assert generation.remote is not None
    assert len(generation.checklist) <= 100
    assert len(generation.remote.candidates) <= 100
    assert len(generation.sources) <= 100
    assert len(state.transactions) <= 256
    assert len(state.timers.keys()) < 600


def test_r8_secrets_never_show() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    puppet = Puppet(side)
    side.agent.set_remote_description(0.0, 0, puppet.description)
    shown = repr(side.agent._state) + repr(side.agent) + side.agent.why_next()
    assert puppet.credentials.pwd not in shown
    assert side.agent.local_description(0).credentials.pwd not in shown


def test_a_caller_who_breaks_the_order_is_told_the_remedy() -> None:
    agent = Agent(role=Role.CONTROLLING, rng=Random(1))
    with pytest.raises(UsageError, match="add_stream"):
        agent.local_description(0)
    with pytest.raises(UsageError, match="add_stream"):
        agent.gather(0.0, 3)


def test_the_next_deadline_can_be_named() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    assert side.agent.why_next() == "nothing is due"
    side.agent.set_remote_description(1.0, 0, Puppet(side).description)
    assert "Pace" in side.agent.why_next()


def test_streams_are_numbered_in_order_and_numbers_are_not_used_again() -> None:
    agent = Agent(AgentConfig(), role=Role.CONTROLLING, rng=Random(1), pacer=Pacer())
    assert [agent.add_stream() for _ in range(2)] == [0, 1]
    agent.remove_stream(0.0, 1)
    assert agent.add_stream(2) == 2


@given(seed=st.integers(0, 2**32), loss=st.integers(0, 40), streams=st.integers(1, 2))
@settings(max_examples=examples(30), deadline=None)
def test_two_agents_end_with_the_same_mirrored_pair(seed: int, loss: int, streams: int) -> None:
    rng = Random(seed)
    wire: Wire = pair_of(*HOSTS, seed=seed, streams=streams, delay=rng.random() / 5)
    wire.lose = lambda sent: rng.randrange(100) < loss and wire.now < 20
    wire.connect().run(90.0)
    for stream in range(streams):
        ours, theirs = wire.a.agent.media(stream, 1).send, wire.b.agent.media(stream, 1).send
        assert ours is not None
        assert theirs is not None
        assert (ours.base.address, ours.to) == (theirs.to, theirs.base.address)


def test_signalling_can_set_the_role() -> None:
    agent = Agent(role=Role.CONTROLLING, rng=Random(1))
    agent.set_role(0.0, Role.CONTROLLED)
    assert agent.role is Role.CONTROLLED
    assert agent.take_events() == [RoleSwitched(Role.CONTROLLED)]
    agent.close(1.0)
    agent.set_role(1.0, Role.CONTROLLING)
    assert agent.role is Role.CONTROLLED
