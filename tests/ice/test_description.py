from __future__ import annotations

from sipice.ice import AgentConfig, Credentials, Description, Role
from tests.ice.harness import Side
from tests.marks import rfc


@rfc("8445", "5.3", "MUST", "8445-5.3-1")
@rfc("8445", "10", "MUST", "8445-10-1")
def test_a_description_holds_what_the_peer_has_to_know() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"], AgentConfig(lite=True, trickle=True))
    made = side.agent.local_description(0)
    assert (made.lite, made.ice2, made.trickle, made.complete) == (True, True, True, True)
    (candidate,) = made.candidates
    assert candidate.foundation
    assert candidate.component == 1
    assert made.credentials.ufrag != made.credentials.pwd


def test_a_description_made_by_hand_shows_no_password() -> None:
    assert "hush" not in repr(Description(Credentials("u", "hush")))
