"""What has become of a pair, as signalling asks."""

from __future__ import annotations

from sipice.ice.questions import Outlook
from tests.ice.harness import address, pair_of

OURS, THEIRS = address("10.0.0.1:5000"), address("10.0.0.2:6000")


def test_a_pair_is_open_while_its_check_runs_and_valid_afterwards() -> None:
    wire = pair_of().connect()
    for _ in range(2):
        assert wire.a.agent.outlook(0, OURS, THEIRS)[0] is Outlook.OPEN
        wire.step()
    wire.run(5.0)
    assert wire.a.agent.outlook(0, OURS, THEIRS)[0] is Outlook.VALID


def test_a_pair_whose_checks_failed_is_lost() -> None:
    wire = pair_of()
    wire.lose = lambda _: True
    wire.connect().run(45.0)
    assert wire.a.agent.outlook(0, OURS, THEIRS)[0] is Outlook.LOST


def test_a_pair_of_other_addresses_is_judged_by_its_remote_candidate() -> None:
    wire = pair_of().connect()
    wire.run(5.0)
    elsewhere = address("203.0.113.1:5000")
    assert wire.a.agent.outlook(0, elsewhere, THEIRS)[0] is Outlook.LOST
