from __future__ import annotations

from tests.capabilities import require

require("cli")

from tests.cli.stories import KNOWN, story, whole


def test_credentials_belong_to_their_runs() -> None:
    told = whole("restart-a")
    assert len(told.runs) == 2
    assert len({run.ufrag for run in told.runs}) == 2
    assert all(run.ufrag for run in told.runs)
    assert told.runs[1].took_over_at is not None


def test_servers_tell_what_they_answered() -> None:
    told = whole("trickle-a")
    stun, turn = told.servers
    assert (stun.kind, stun.mapped) == ("STUN", "203.0.113.21:50000")
    assert turn.relayed == ["203.0.113.11:50000"]
    assert told.gathered_at[0] > told.gather_at[0]


def test_a_refused_allocation_is_told() -> None:
    (turn,) = [server for server in whole("turn-refused-a").servers if server.kind == "TURN"]
    assert turn.failed == "the server does not accept user name and password"


def test_the_first_description_counts() -> None:
    again = (12.0, KNOWN[1], KNOWN[2])
    told = story(KNOWN, again)
    assert told.runs[0].known_at == 10.0
    assert told.runs[0].peer_ufrag == "them"
