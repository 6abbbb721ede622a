"""RFC 8445 §8: nomination, selection, completion, failure, and what is freed after it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sipice.ice import (
    AgentConfig,
    Failure,
    PairSelected,
    Role,
    StreamCompleted,
    StreamFailed,
)
from sipice.stun import attributes as a
from tests.ice.harness import Sent, Side, Wire, address, pair_of, remote
from tests.marks import rfc
from tests.rfc.alone import OWN, PEER, Alone, codes, peers, requests, successes

SECOND = "10.0.0.2:6100"
THIRD = "10.0.0.2:6200"


def nominations(sent: list[Sent]) -> list[Sent]:
    return [one for one in requests(sent) if one.nominates]


# §8.1.1: nomination


@pytest.mark.parametrize("seed", range(5))
@rfc("8445", "8.1.1", "rule", "8445-8.1.1-1")
@rfc("8445", "8.1.1", "", "AT-24")
def test_no_check_nominates_before_its_pair_is_valid(seed: int) -> None:
    wire = pair_of(["10.0.0.1:5000", "10.0.1.1:5000"], seed=seed).connect().run(1.0)
    answered = {sent.message.transaction_id for sent in successes(wire.log)}
    first = wire.requests(wire.a)[0]
    assert not first.nominates
    for nomination in nominations(wire.log):
        before = [
            sent
            for sent in wire.requests(wire.a)
            if (sent.source, sent.to) == (nomination.source, nomination.to)
            and sent.at < nomination.at
        ]
        assert any(sent.message.transaction_id in answered for sent in before)


@rfc("8445", "8.1.1", "rule", "8445-8.1.1-1")
def test_nomination_repeats_the_check_that_made_the_valid_pair() -> None:
    """The valid pair is (mapped address, peer); the check leaves from the base again."""
    wire = pair_of()
    inside, outside = address("10.0.0.1:5000"), address("192.0.2.3:45664")
    wire.nat[inside] = outside
    wire.connect().run(1.0)
    (nomination,) = nominations(wire.requests(wire.a))
    assert (nomination.source, nomination.to) == (inside, address("10.0.0.2:6000"))
    chosen = wire.a.selected()
    assert chosen is not None
    assert chosen.local.address == outside
    assert chosen.path.base.address == inside


@pytest.mark.parametrize("components", [1, 2])
@rfc("8445", "8.1.1", "MUST", "8445-8.1.1-2")
@rfc("8445", "8.1.1", "", "AT-25")
def test_each_component_is_nominated_once_however_long_the_call(components: int) -> None:
    wire = pair_of(
        ["10.0.0.1:5000", "10.0.1.1:5000"], ["10.0.0.2:6000"], components=components
    ).connect()
    wire.run(120.0)
    found = nominations(wire.log)
    assert len({sent.message.transaction_id for sent in found}) == components
    assert len(wire.a.all(PairSelected)) == len(wire.b.all(PairSelected)) == components


@rfc("8445", "8.1.1", "MUST", "8445-8.1.1-2")
@rfc("8445", "8.1.1", "", "AT-25")
def test_a_better_pair_that_becomes_valid_later_is_not_nominated_any_more() -> None:
    alone = Alone(Role.CONTROLLING, peers=peers(PEER, SECOND))
    first = alone.log[0]
    assert str(first.to) == PEER
    alone.serve(2.0, deaf=[PEER])
    assert alone.path() == SECOND
    alone.answer(first)
    alone.ask(PEER)
    alone.serve(60.0)
    assert {str(sent.to) for sent in nominations(alone.log)} == {SECOND}
    assert alone.path() == SECOND


@rfc("8445", "8.1.1", "MUST", "8445-8.1.1-2")
def test_a_nomination_under_way_is_not_joined_by_another() -> None:
    alone = Alone(Role.CONTROLLING, peers=peers(PEER, SECOND))
    first = alone.log[0]
    (second,) = alone.run(0.05)
    alone.answer(second)
    sent = alone.run(1.0)
    (nomination,) = {one.data: one for one in nominations(sent)}.values()
    assert str(nomination.to) == SECOND
    alone.answer(first)
    more = alone.run(3.0)
    assert {one.data for one in nominations(more)} <= {nomination.data}


@rfc("8445", "8.1.1", "MUST", "8445-8.1.1-2")
@rfc("8863", "4", "SHOULD/MAY", "8863-4-5")
def test_a_better_pair_is_waited_for_while_it_can_still_succeed() -> None:
    """The stopping rule: three pairs at Ta 50 ms, so 150 ms and a round trip of the best."""
    alone = Alone(Role.CONTROLLING, peers=peers(PEER, SECOND, THIRD))
    alone.serve(0.1, deaf=[PEER])
    assert nominations(alone.log) == []
    alone.run(0.149)
    assert nominations(alone.log) == []
    alone.serve(0.2, deaf=[PEER])
    (nomination,) = nominations(alone.log)
    assert nomination.at == pytest.approx(0.15)
    assert str(nomination.to) == SECOND


@rfc("8445", "8.1.1", "MUST", "8445-8.1.1-2")
def test_nothing_is_waited_for_once_no_better_pair_can_succeed() -> None:
    alone = Alone(Role.CONTROLLING, peers=peers(PEER, SECOND, THIRD))
    alone.answer(alone.log[0])
    (nomination,) = nominations(alone.run(0.05))
    assert nomination.at == pytest.approx(0.05), "at the next Ta"
    assert str(nomination.to) == PEER


@rfc("8445", "8.1.1", "MUST", "8445-8.1.1-2")
def test_a_better_pair_that_failed_is_not_waited_for() -> None:
    alone = Alone(Role.CONTROLLING, peers=peers(PEER, SECOND, *["10.9.9.9:1"] * 1))
    first = alone.log[0]
    (second,) = requests(alone.run(0.05))
    alone.answer(second)
    alone.refuse(first, 400)
    (nomination,) = nominations(alone.run(0.1))
    assert nomination.at == pytest.approx(0.1)
    assert str(nomination.to) == SECOND


# §8.1.1, RFC 5245 §8.1.1.2: several nominations


@rfc("8445", "8.1.1", "MUST", "8445-8.1.1-3")
@rfc("5245", "8.1.1.2", "compat", "5245-8.1.1.2-1")
@rfc("8445", "8.1.1", "", "AT-26")
@pytest.mark.parametrize("order", [(PEER, SECOND), (SECOND, PEER)])
def test_of_several_nominated_pairs_the_one_of_highest_priority_is_used(
    order: tuple[str, str],
) -> None:
    alone = Alone(peers=peers(PEER, SECOND))
    alone.serve(0.2)
    for source in order:
        alone.nominate(source)
    alone.serve(1.0)
    assert alone.path() == PEER
    chosen = alone.selected()
    assert chosen is not None
    assert str(chosen.path.to) == PEER


@rfc("5245", "8.1.1.2", "compat", "5245-8.1.1.2-1")
@rfc("8445", "8.1.1", "", "AT-26")
@rfc("8445", "8.1.1", "MUST", "8445-8.1.1-3")
@pytest.mark.parametrize(("late", "moves"), [(2.9, True), (3.1, False)])
def test_a_better_nomination_moves_the_selection_until_candidates_are_freed(
    late: float, moves: bool
) -> None:
    alone = Alone(peers=peers(PEER, SECOND))
    alone.serve(0.0, deaf=[PEER])
    alone.serve(0.1, deaf=[PEER])
    alone.nominate(SECOND)
    alone.serve(0.1, deaf=[PEER])
    assert alone.path() == SECOND
    alone.serve(0.1 + late)
    alone.nominate(PEER, priority=2**31 - 1)
    alone.serve(0.1 + late + 0.5)
    assert alone.path() == (PEER if moves else SECOND)
    assert len(alone.side.all(PairSelected)) == (2 if moves else 1)
    alone.serve(90.0)
    assert alone.path() == (PEER if moves else SECOND)


@rfc("5245", "8.1.1.2", "compat", "5245-8.1.1.2-1")
@rfc("8445", "8.1.1", "MUST", "8445-8.1.1-3")
@rfc("8445", "8.1.1", "", "AT-26")
def test_a_better_nominated_pair_whose_check_is_still_under_way_takes_over() -> None:
    """The peer has its answer and uses the better pair; a lesser one succeeded first on ours."""
    alone = Alone(peers=peers(PEER, SECOND))
    alone.serve(0.2, deaf=[PEER])
    alone.nominate(PEER)
    alone.nominate(SECOND)
    assert alone.path() == SECOND
    alone.serve(1.0)
    assert alone.path() == PEER
    assert [str(event.path.to) for event in alone.side.all(PairSelected)] == [SECOND, PEER]


# §8.1.2: what nomination does to the list


@rfc("8445", "8.1.2", "MUST", "8445-8.1.2-1")
def test_with_a_nominated_pair_the_others_of_its_component_are_neither_checked_nor_repeated() -> (
    None
):
    alone = Alone(peers=peers(PEER, SECOND, THIRD))
    first = alone.log[0]
    alone.run(0.05)
    alone.answer(first)
    alone.ask(THIRD)
    alone.nominate(PEER)
    assert alone.selected() is not None
    later = requests(alone.run(3.9))
    assert later == [], "no retransmission, no triggered and no ordinary check"


@rfc("8445", "8.1.2", "MUST", "8445-8.1.2-1")
def test_with_a_nominated_pair_the_checks_of_other_components_go_on() -> None:
    own = [remote(PEER), remote("10.0.0.2:6001", component=2, priority=2130706430)]
    alone = Alone(peers=own, components=2)
    alone.answer(alone.log[0])
    alone.nominate(PEER)
    assert alone.selected(1) is not None
    assert {str(sent.to) for sent in requests(alone.run(0.2))} == {"10.0.0.2:6001"}


@rfc("8445", "8.1.2", "MUST", "8445-8.1.2-1")
def test_a_late_answer_to_a_check_that_was_dropped_selects_nothing() -> None:
    alone = Alone(peers=peers(PEER, SECOND))
    first = alone.log[0]
    (second,) = requests(alone.run(0.05))
    alone.answer(first)
    alone.nominate(PEER)
    alone.answer(second)
    assert alone.path() == PEER
    assert len(alone.side.all(PairSelected)) == 1


@rfc("8445", "8.1.2", "rule", "8445-8.1.2-2")
def test_a_stream_completes_with_its_last_component_and_not_before() -> None:
    own = [remote(PEER), remote("10.0.0.2:6001", component=2, priority=2130706430)]
    alone = Alone(peers=own, components=2)
    alone.serve(0.2)
    alone.nominate(PEER)
    alone.serve(0.4)
    assert alone.side.all(StreamCompleted) == []
    alone.nominate("10.0.0.2:6001", to="10.0.0.1:5001")
    assert alone.side.all(StreamCompleted) == [StreamCompleted(0, 1)]


@rfc("8445", "8.1.2", "rule", "8445-8.1.2-2")
def test_each_stream_completes_for_itself() -> None:
    wire = pair_of(streams=2).connect().run(2.0)
    for side in (wire.a, wire.b):
        assert sorted(event.stream for event in side.all(StreamCompleted)) == [0, 1]


@rfc("8445", "8.1.2", "MUST", "8445-8.1.2-3")
@pytest.mark.parametrize("at", [0.5, 2.9, 20.0])
def test_checks_on_the_selected_pair_are_answered_for_ever(at: float) -> None:
    alone = Alone()
    alone.serve(0.1)
    alone.nominate()
    alone.serve(at)
    assert len(successes(alone.ask())) == 1


@rfc("8445", "8.1.2", "MUST", "8445-8.1.2-3")
def test_checks_on_remaining_pairs_are_answered_after_completion() -> None:
    alone = Alone(hosts=[OWN, "10.0.1.1:5000"], peers=peers(PEER))
    alone.serve(0.2)
    alone.nominate()
    alone.serve(1.0)
    (answer,) = successes(alone.ask(to="10.0.1.1:5000"))
    assert answer.source == address("10.0.1.1:5000")


@rfc("8445", "8.1.1", "MUST", "8445-8.1.1-4")
def test_a_component_without_any_pair_left_is_told_to_the_owner() -> None:
    own = [remote(PEER), remote("10.0.0.2:6001", component=2, priority=2130706430)]
    alone = Alone(Role.CONTROLLING, peers=own, components=2)
    alone.serve(200.0, deaf=["10.0.0.2:6001"])
    assert alone.side.all(StreamFailed) == [StreamFailed(0, 1, Failure.NO_VALID_PAIR)]
    assert alone.side.all(StreamCompleted) == []


@rfc("8445", "8.1.2", "MUST", "8445-8.1.2-4")
def test_a_failed_stream_can_be_removed_and_the_others_go_on() -> None:
    wire = pair_of(streams=2)
    wire.lose = lambda sent: sent.to.port % 100 == 10
    wire.connect().run(60.0)
    for side in (wire.a, wire.b):
        assert [event.stream for event in side.all(StreamFailed)] == [1]
        side.agent.remove_stream(wire.now, 1)
    wire.drain()
    assert {base.address.port for base in wire.a.released} == {5010}
    wire.run(120.0)
    assert wire.a.agent.media(0, 1).send is not None


@rfc("8445", "8.1.2", "MUST", "8445-8.1.2-4")
def test_with_every_stream_failed_nothing_is_sent_any_more() -> None:
    alone = Alone(Role.CONTROLLING, streams=1)
    alone.run(39.5)
    assert alone.side.all(StreamFailed)
    assert alone.run(600.0) == []
    assert alone.agent.next_timeout() is None


# §8.3: freeing


@rfc("8445", "8.3.1", "SHOULD", "8445-8.3.1-1")
@rfc("8445", "8.3.1", "", "AT-66")
def test_unused_candidates_are_freed_three_seconds_after_completion_and_not_before() -> None:
    wire = pair_of(["10.0.0.1:5000", "10.0.1.1:5000"], ["10.0.0.2:6000"]).connect()
    wire.run(1.0)
    completed = wire.a.when(StreamCompleted)
    assert completed is not None
    wire.run(completed + 2.999)
    assert wire.a.released == []
    wire.run(completed + 3.0)
    (released,) = wire.a.released
    chosen = wire.a.selected()
    assert chosen is not None
    assert released != chosen.path.base


@rfc("8445", "8.3.1", "SHOULD", "8445-8.3.1-1")
def test_freed_candidates_answer_no_more() -> None:
    alone = Alone(hosts=[OWN, "10.0.1.1:5000"], peers=peers(PEER))
    alone.serve(0.2)
    alone.nominate()
    alone.serve(4.0)
    assert alone.ask(to="10.0.1.1:5000") == []
    assert len(successes(alone.ask())) == 1


@rfc("8445", "8.3.1", "SHOULD", "8445-8.3.1-1")
@rfc("8445", "8.3.1", "", "AT-66")
def test_a_candidate_that_a_forked_sibling_still_uses_is_not_freed() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000", "10.0.1.1:5000"])
    peer = Side("b", Role.CONTROLLED, ["10.0.0.2:6000"])
    side.agent.local_description(0)
    sibling = side.agent.fork(0.0)
    wire = Wire(side, peer).connect().run(10.0)
    assert side.selected() is not None
    assert side.released == []
    sibling.close(wire.now)
    freed = [*sibling.take_commands(), *side.agent.take_commands()]
    assert len(freed) == 1, "the base that neither uses any more"


@rfc("8445", "8.3.2", "rule", "8445-8.3.2-1")
def test_a_lite_agent_frees_what_was_not_selected_after_completion() -> None:
    lite = AgentConfig(lite=True)
    alone = Alone(config=lite, hosts=[OWN, "10.0.1.1:5000"])
    alone.nominate()
    alone.run(3.0)
    assert [str(base.address) for base in alone.side.released] == ["10.0.1.1:5000"]
    assert len(successes(alone.ask())) == 1


# §8.2: lite


@rfc("8445", "8.2", "rule", "8445-8.2-1")
@rfc("8445", "8.2", "", "AT-61")
def test_a_lite_agent_selects_what_its_full_peer_nominates() -> None:
    alone = Alone(config=AgentConfig(lite=True))
    alone.ask()
    assert alone.selected() is None
    (answer,) = alone.nominate()
    assert answer.message.get(a.XOR_MAPPED_ADDRESS) == address(PEER)
    assert alone.path() == PEER
    assert len(alone.side.all(StreamCompleted)) == 1


@rfc("8445", "8.2", "rule", "8445-8.2-1")
def test_a_lite_agent_completes_with_the_last_component_that_is_nominated() -> None:
    alone = Alone(config=AgentConfig(lite=True), components=2, peers=[
        remote(PEER), remote("10.0.0.2:6001", component=2, priority=2130706430),
    ])  # fmt: skip
    alone.nominate()
    assert alone.side.all(StreamCompleted) == []
    alone.nominate("10.0.0.2:6001", to="10.0.0.1:5001")
    assert len(alone.side.all(StreamCompleted)) == 1


@rfc("8445", "8.2", "rule", "8445-8.2-1")
@rfc("8445", "8.2", "", "AT-61")
@pytest.mark.parametrize("role", list(Role))
def test_a_lite_agent_never_sends_a_request_nor_fails_by_time(role: Role) -> None:
    alone = Alone(role, AgentConfig(lite=True), peers=peers(PEER, SECOND))
    assert requests(alone.run(100.0)) == []
    alone.ask()
    alone.nominate()
    alone.ask(SECOND)
    alone.run(400.0)
    assert requests(alone.log) == []
    assert alone.side.all(StreamFailed) == []
    assert alone.agent.role is Role.CONTROLLED


@rfc("8445", "8.2", "rule", "8445-8.2-1")
def test_two_lite_agents_pair_by_component_and_family_and_take_the_best() -> None:
    lite = AgentConfig(lite=True)
    wire = pair_of(
        ["10.0.0.1:5000", "[2001:db8::1]:5000"],
        ["10.0.0.2:6000", "[2001:db8::2]:6000"],
        lite,
        lite,
        components=2,
    ).connect()
    wire.run(100.0)
    assert requests(wire.log) == []
    for side in (wire.a, wire.b):
        assert len(side.all(StreamCompleted)) == 1
    for component in (1, 2):
        ours, theirs = wire.a.selected(0, component), wire.b.selected(0, component)
        assert ours is not None
        assert theirs is not None
        assert ours.path.to == address(f"[2001:db8::2]:{5999 + component}")
        assert theirs.path.to == address(f"[2001:db8::1]:{4999 + component}")


@rfc("8445", "7.3.1.5", "MUST", "8445-7.3.1.5-2")
def test_refused_nominations_leave_the_peer_in_no_doubt() -> None:
    """A second nomination after the hold time is an error for the peer (§7.3.1.5)."""
    alone = Alone(peers=peers(PEER, SECOND))
    alone.serve(0.2)
    alone.nominate()
    alone.serve(10.0)
    assert codes(alone.nominate(SECOND)) == [400]
    assert alone.path() == PEER


def test_checks_of_a_long_list_leave_one_ta_apart() -> None:
    alone = Alone(peers=peers(*[f"10.1.0.{n}:6000" for n in range(1, 20)]))
    alone.run(0.94)
    times = [sent.at for sent in requests(alone.log)]
    fresh = times[:10]
    assert all(later - earlier >= 0.05 - 1e-9 for earlier, later in pairwise(fresh))
