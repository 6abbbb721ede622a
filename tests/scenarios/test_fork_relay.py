"""Siblings of a fork over one relay."""

from __future__ import annotations

import pytest

from sipice.ice import CandidateType, GatheringFinished, PathLost
from sipice.net import Transport
from tests.scenarios.test_forks import ForkedCall
from tests.simnet.nat import SYMMETRIC
from tests.simnet.talk import Talk
from tests.simnet.topology import behind


@pytest.mark.parametrize("transport", Transport)
@pytest.mark.parametrize("spread", [0.0, 0.3, 5.0])
def test_branches_share_one_allocation_and_its_permissions(
    spread: float, transport: Transport
) -> None:
    call = ForkedCall(3, site=behind(SYMMETRIC), walls=True, transport=transport)
    call.offer()
    for number, branch in enumerate(call.branches):
        call.answer_at(0.040 + number * spread, branch)
    call.world.run(until=call.begin + 3 * spread + 6.0)
    for branch in call.branches:
        call.assert_connected(branch)
        selected = call.siblings[branch.name].selected()
        assert selected is not None
        assert selected.local.type is CandidateType.RELAYED
    assert len(call.topology.turn.allocations) == 1
    assert call.topology.turn.unpermitted == 0
    # Two leave; the third goes on over what is left of the allocation.
    talk = Talk(call.siblings["b2"], call.branches[2], ptime=0.5)
    for branch in call.branches[:2]:
        call.siblings[branch.name].leave()
        branch.leave()
    call.world.run(until=call.world.now + 700.0)
    talk.stop()
    assert len(call.topology.turn.allocations) == 1
    for peer in (call.siblings["b2"], call.branches[2]):
        assert peer.all(PathLost) == []
        assert talk.longest_gap(peer) < 0.6
    call.siblings["b2"].leave()
    call.world.run(until=call.world.now + 1.0)
    assert not call.topology.turn.allocations


@pytest.mark.parametrize("leaves", ["root", "sibling"])
def test_who_leaves_hands_the_allocation_over(leaves: str) -> None:
    """The socket stays, the allocation is refreshed, and a released one is given back."""
    call = ForkedCall(1, site=behind(SYMMETRIC), walls=True)
    sibling = call.a.fork()
    root = call.a
    if leaves == "root":
        root.leave()
        stays = sibling
    else:
        sibling.leave()
        stays = root
    call.world.run(until=call.world.now + 1500.0)
    assert len(call.topology.turn.allocations) == 1
    assert stays.sockets
    stays.tell(stays.agent.remove_stream, 0)
    call.world.run(until=call.world.now + 5.0)
    assert not call.topology.turn.allocations
    assert not stays.sockets


def test_what_a_leaving_sibling_was_gathering_ends_for_all() -> None:
    call = ForkedCall(1, site=behind(SYMMETRIC))
    sibling = call.a.fork()
    base = call.a.bases[0][2]
    call.a.tell(call.a.agent.prepare_restart)
    call.a.tell(call.a.agent.gather)
    call.a.leave()
    sibling.tell(sibling.agent.media_sent, 0, 1)
    assert sibling.all(GatheringFinished)
    assert base.number in sibling.sockets
