"""An input is settled once, at its end."""

from __future__ import annotations

from sipice.ice import Role
from sipice.ice.settle import settle
from tests.ice.harness import Puppet, Side


def test_what_was_touched_is_decided_and_the_pacing_armed() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"])
    puppet = Puppet(side)
    side.agent.local_description(0)
    side.agent.set_remote_description(0.0, 0, puppet.description)
    state = side.agent._state
    assert not state.touched
    assert state.timers.next() is not None
    state.touch(state.streams[0].current)
    settle(state)
    assert not state.touched
