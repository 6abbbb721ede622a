from __future__ import annotations

from itertools import pairwise

import pytest

from sipice.ice import AgentConfig, Description, Pacer, Role
from tests.ice.harness import Puppet, Side, address, advance, remote
from tests.marks import rfc

MANY = [remote(f"10.1.{k}.1:6000", foundation=f"f{k}", priority=9000 - k) for k in range(6)]


def started(
    config: AgentConfig | None = None, pacing_ms: int | None = None, pacer: Pacer | None = None
) -> tuple[Side, Puppet]:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"], config or AgentConfig(), pacer=pacer)
    puppet = Puppet(side, candidates=MANY)
    own = puppet.description
    side.agent.set_remote_description(
        0.0, 0, Description(own.credentials, own.candidates, pacing_ms=pacing_ms)
    )
    return side, puppet


@rfc("8445", "14.2", "MUST", "8445-14.2-1")
@pytest.mark.parametrize(
    ("ours", "theirs", "gap"),
    [(50, None, 50), (50, 20, 50), (20, None, 50), (20, 20, 20), (20, 30, 30), (80, 20, 80)],
)
def test_both_sides_pace_by_the_larger_proposal(ours: int, theirs: int | None, gap: int) -> None:
    side, _ = started(AgentConfig(ta=ours / 1000), theirs)
    instants = [sent.at for sent in advance(side, 0.45) if sent.is_request]
    assert {round(1000 * (b - a)) for a, b in pairwise(instants)} == {gap}
    assert side.agent.local_description(0).pacing_ms == (None if ours == 50 else ours)


@rfc("8445", "6.1.4.2", "rule", "8445-6.1.4.2-1")
def test_the_first_check_leaves_at_once() -> None:
    side, _ = started()
    assert side.agent.next_timeout() == 0.0


def test_there_is_no_tick_while_nothing_is_ready() -> None:
    side, _ = started()
    sent = advance(side, 0.26)
    assert len(sent) == 6
    following = side.agent.next_timeout()
    assert following is not None
    assert following > 0.49, "the next deadline is a retransmission"


def test_a_check_of_the_peer_after_an_idle_time_is_repeated_at_once() -> None:
    side, puppet = started()
    advance(side, 0.4)
    base = side.bases[address("10.0.0.1:5000")]
    side.agent.receive_datagram(0.4, puppet.request(controlling=True), base, MANY[3].address)
    assert side.agent.next_timeout() == 0.4


def test_an_agent_that_has_nothing_left_to_send_gives_its_slot_back() -> None:
    pacer = Pacer(1.0)
    pacer.reserve(0.0)
    side, _ = started(pacer=pacer)
    assert side.agent.next_timeout() == 1.0
    side.agent.remove_stream(0.5, 0)
    assert pacer.reserve(0.5) == 1.0


def test_a_slot_once_given_does_not_move() -> None:
    pacer = Pacer(1.0)
    pacer.reserve(0.0)
    side, _ = started(pacer=pacer)
    pacer.reserve(0.0)
    side.agent.add_remote_candidate(0.2, 0, MANY[0])
    assert side.agent.next_timeout() == 1.0
    assert [sent.at for sent in advance(side, 1.0)] == [1.0]
