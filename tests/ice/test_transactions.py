from __future__ import annotations

from sipice.ice import AgentConfig, Role
from tests.ice.harness import Puppet, Side, address, advance, remote
from tests.marks import rfc

OWN = address("10.0.0.1:5000")


@rfc("8445", "14.3", "SHOULD/MUST NOT", "8445-14.3-1")
def test_no_check_is_repeated_sooner_than_half_a_second() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    side.agent.set_remote_description(0.0, 0, Puppet(side).description)
    first, second = advance(side, 0.5)
    assert (first.at, second.at) == (0.0, 0.5)
    assert first.data == second.data


def test_a_late_caller_does_not_get_two_copies_at_once() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    side.agent.set_remote_description(0.0, 0, Puppet(side).description)
    advance(side, 0.0)
    side.agent.handle_timeout(8.0)
    assert len(advance(side, 8.0)) == 1
    following = side.agent.next_timeout()
    assert following is not None
    assert following > 8.0


def test_cancelled_checks_of_an_insistent_peer_are_bounded() -> None:
    """Each new check of the peer cancels ours and makes another; the old ones are forgotten."""
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"], AgentConfig(max_transactions=10))
    puppet = Puppet(side, candidates=[remote()])
    side.agent.set_remote_description(0.0, 0, puppet.description)
    base, now = side.bases[OWN], 0.0
    for _ in range(300):
        advance(side, now)
        side.agent.receive_datagram(now, puppet.request(controlling=True), base, puppet.host)
        now += 0.06
    assert len(side.agent._state.transactions) <= 10
    assert len(side.agent._state.timers.keys()) < 20
