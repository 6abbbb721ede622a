from __future__ import annotations

from sipice.ice import Role
from tests.ice.harness import Side, pair_of
from tests.marks import rfc


@rfc("8489", "5", "MUST", "8489-5-2")
@rfc("7675", "8", "rule", "7675-8-1")
def test_transaction_ids_are_96_fresh_random_bits() -> None:
    side = Side("a", Role.CONTROLLING)
    drawn = [side.agent._state.draw_transaction_id() for _ in range(1000)]
    assert {len(one) for one in drawn} == {12}
    assert len(set(drawn)) == 1000
    ones = sum(int.from_bytes(one, "big").bit_count() for one in drawn)
    assert abs(ones - 48_000) < 1_000


def test_a_generation_is_found_by_its_number_while_it_lives() -> None:
    state = Side("a", Role.CONTROLLING).agent._state
    current = state.streams[0].current
    assert state.find(0, current.number) is current
    assert state.find(0, 99) is None
    assert state.find(7, current.number) is None


def test_what_was_touched_is_looked_at_once() -> None:
    state = Side("a", Role.CONTROLLING).agent._state
    current = state.streams[0].current
    state.touch(current)
    state.touch(current)
    assert state.touched == (current,)
    state.outdate(0, 1)
    state.outdate(0, 1)
    assert state.stale == ((0, 1),)


def test_the_checklist_set_is_in_the_order_of_streams() -> None:
    wire = pair_of(streams=3).connect([2, 0, 1])
    running = wire.a.agent._state.running()
    assert [generation.stream for generation in running] == [0, 1, 2]
