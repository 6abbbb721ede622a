"""What is kept of the records that concern servers."""

from __future__ import annotations

from tests.capabilities import require

require("cli")

from sipice.cli.asked import Questions
from sipice.ice import ServerFailed
from sipice.net import Address, Base, Transport

BASE = Base(1, Transport.UDP, Address.parse("192.0.2.1", 5000))
FIELDS = {
    "server": "203.0.113.9:3478",
    "base": "192.0.2.1:5000",
    "kind": "TURN",
    "uri": "turn:a.example",
}


def test_times_count_from_the_beginning_and_from_the_question() -> None:
    changes: list[int] = []
    questions = Questions(lambda: changes.append(1))
    questions.record(10.0, "gather")
    questions.record(10.05, "server-asked", **FIELDS)
    questions.record(10.06, "candidate", stream=0)
    questions.record(
        10.15,
        "server-answered",
        **FIELDS,
        mapped="198.51.100.1:6000",
        relayed=["203.0.113.9:50000"],
    )
    (one,) = questions.asked
    assert (one.asked_at, one.took) == (10.05 - 10.0, 10.15 - 10.0 - (10.05 - 10.0))
    assert (one.mapped, one.relayed) == ("198.51.100.1:6000", ["203.0.113.9:50000"])
    assert not one.has_failed
    assert len(changes) == 3, "records about other things are no news"


def test_a_failure_finds_its_question_or_makes_a_line_of_its_own() -> None:
    questions = Questions()
    questions.record(0.0, "server-asked", **FIELDS)
    questions.failed(ServerFailed(0, 1, "turn:a.example", BASE, "it refuses (403)", 403))
    questions.failed(ServerFailed(0, 1, "stuns:gone.example", None, "does not exist"))
    first, second = questions.asked
    assert (first.why, first.code) == ("it refuses (403)", 403)
    assert (second.server, second.base, second.kind, second.asked_at) == (
        "stuns:gone.example",
        "",
        "STUN",
        None,
    )
