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
    assert told.runs[0].gathering == 0.125


def test_a_refused_allocation_is_told() -> None:
    (turn,) = [server for server in whole("turn-refused-a").servers if server.kind == "TURN"]
    assert turn.failed == "the server does not accept user name and password"


def test_the_first_description_counts() -> None:
    again = (12.0, KNOWN[1], KNOWN[2])
    told = story(KNOWN, again)
    assert told.runs[0].known_at == 10.0
    assert told.runs[0].peer_ufrag == "them"


def test_names_of_servers_are_followed_to_their_addresses_or_their_failure() -> None:
    told = story(
        (
            0.1,
            "name-resolved",
            {"query": ["srv", "_stun._udp.a", 3478], "addresses": ["1.2.3.4:5"]},
        ),
        (0.2, "name-failed", {"query": ["host", "b", 1], "why": "b does not exist (DNS)"}),
    )
    assert [entry.text for entry in told.timeline][-2:] == [
        "_stun._udp.a was found: 1.2.3.4:5",
        "a server's name was not found: b does not exist (DNS)",
    ]
