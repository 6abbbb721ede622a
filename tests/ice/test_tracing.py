"""What the agent does is recorded with the reason and the rule."""

from __future__ import annotations

import json

from sipice.ice.replay import Record
from tests.scenarios.recorded import session


def told(name: str, *wanted: str, end: str = "a") -> list[Record]:
    made = session(name)
    records = [json.loads(line) for line in (made.a if end == "a" else made.b).split("\n")[:-1]]
    return [record for record in records if record["is"] in wanted]


def test_a_pair_is_followed_from_its_forming_to_its_selection() -> None:
    names = ("pair-formed", "pair-state", "check-sent", "check-succeeded", "pair-selected")
    found = told("connected", *names)
    assert [one["is"] for one in found] == [
        "pair-formed",
        "check-sent",
        "check-succeeded",
        "check-sent",
        "check-succeeded",
        "pair-selected",
    ] or [one["is"] for one in found][:2] == ["pair-formed", "pair-state"]
    sent = [one["kind"] for one in found if one["is"] == "check-sent"]
    assert sent[-1] == "nominating"
    succeeded = next(one for one in found if one["is"] == "check-succeeded")
    assert (succeeded["rtt"], succeeded["copies"], succeeded["news"]) == (0.05, 1, True)


def test_rules_name_their_rfc() -> None:
    rules = {one["rule"] for one in told("trickle", "check-sent", "pair-state", "check-triggered")}
    assert {"RFC 8445 6.1.4.2", "RFC 8445 8.1.1", "RFC 8445 7.3.1.4"} <= rules
    assert all(rule.startswith("RFC ") for rule in rules)


def test_a_wait_of_the_stopping_rule_is_told_once_and_names_the_better_pairs() -> None:
    waits = told("relayed", "nomination-waits")
    assert waits
    shown = [(one["pair"], one["until"], tuple(one["better"])) for one in waits]
    assert len(shown) == len(set(shown))
    (decided,) = told("relayed", "nomination-decided")
    assert decided["better"] >= len(waits[-1]["better"]) > 0
    assert decided["rule"] == "RFC 8445 8.1.1"


def test_a_role_conflict_names_both_tie_breakers_and_who_gives_way() -> None:
    (conflict,) = told("conflict", "role-conflict")
    assert conflict["who"] == ("peer" if conflict["ours"] >= conflict["theirs"] else "us")
    assert told("conflict", "check-refused", end="b")[0]["code"] == 487
    assert told("conflict", "role-switched", end="b")[0]["role"] == "controlled"


def test_a_failed_check_tells_how_often_it_was_sent() -> None:
    failed = told("failure", "check-failed")
    assert {(one["copies"], one["why"]) for one in failed} == {(7, "no response")}
    (ended,) = told("failure", "stream-failed")
    assert ended["at"] >= failed[-1]["at"]


def test_media_is_followed_from_path_to_path_and_to_its_loss() -> None:
    found = told("consent-lost", "media", "path-quiet", "path-lost")
    assert [one["is"] for one in found] == ["media", "path-quiet", "path-lost", "media"]
    assert found[0]["send"] == "203.0.113.21:50000 > 203.0.113.22:50000"
    assert found[-1]["send"] is None


def test_of_a_relayed_path_server_and_channel_are_told() -> None:
    found = told("relayed", "media", end="a") + told("relayed", "media", end="b")
    relayed = [one for one in found if "relay" in one]
    assert relayed[-1]["relay"] == "203.0.113.11:3478"
    assert relayed[-1]["channel"] == 0x4000


def test_what_is_dropped_is_told_with_its_reason() -> None:
    why = {one["why"] for one in told("hostile", "dropped")}
    assert "malformed STUN" in why
