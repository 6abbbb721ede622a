"""A record is enough to do it again: every session, replayed, decides the same."""

from __future__ import annotations

import json
from functools import lru_cache
from random import Random

import pytest

from sipice.ice import Agent, AgentConfig
from sipice.ice.replay import Record, replay
from sipice.trace import RECORDS, JsonLines
from tests.scenarios import recorded
from tests.scenarios.recorded import ALL, HARD, Session, session
from tests.scenarios.test_forks import ForkedCall
from tests.simnet.topology import OPEN, SiteKind

made = lru_cache(session)


def records(text: str) -> list[Record]:
    return [json.loads(line) for line in text.split("\n")[:-1]]


@pytest.mark.parametrize("name", ALL)
def test_a_recorded_session_replays_to_the_same_decisions(name: str) -> None:
    for text in made(name)[:2]:
        assert replay(records(text)) is None


@pytest.mark.parametrize("name", ALL)
def test_no_password_ever_stands_in_a_record(name: str) -> None:
    told: Session = made(name)
    assert len(told.secrets) > 2
    for text in (told.a, told.b):
        assert not [secret for secret in told.secrets if secret in text]
        assert not [secret for secret in told.secrets if secret.encode().hex() in text]


@pytest.mark.parametrize("name", ALL)
def test_every_record_is_in_the_table(name: str) -> None:
    table = {row.name: row.fields for row in RECORDS}
    for record in records(made(name).a + made(name).b):
        listed = [field.strip() for field in table[record["is"]].split(",") if field.strip()]
        must = {field for field in listed if not field.endswith("?")}
        may = {field.rstrip("?") for field in listed} | {"at", "is", "epoch"}
        assert must <= record.keys() <= may, record


def test_nearly_every_row_of_the_table_appears() -> None:
    seen = {record["is"] for name in ALL for text in made(name)[:2] for record in records(text)}
    rare = {
        "restored", "remove-stream", "set-role", "fork", "writable", "send-failed", "send",
        "media-sent", "resume", "remove-local-address", "permission-failed", "pair-removed",
        "nomination-failed", "stream-resumed", "path-back", "destination-refused",
        "connection-closed", "early-check", "server-asked-again", "keep-components",
        "use-plain", "use-ice", "name-resolved", "name-failed",
    }  # fmt: skip
    assert {row.name for row in RECORDS} - seen <= rare


@pytest.mark.parametrize("seed", range(30))
def test_a_changed_record_is_noticed(seed: int) -> None:
    """Whatever fact is taken away or changed, the replay says so, and where."""
    rng = Random(seed)
    told = records(made(rng.choice(["connected", "trickle", "relayed", "restart"])).a)
    facts = [at for at, one in enumerate(told) if one["is"].startswith(("check-", "pair-"))]
    at = rng.choice(facts)
    changed = list(told)
    if seed % 2:
        changed[at] = {**told[at], "pair": "192.0.2.1:1 > 192.0.2.2:2"}
    else:
        del changed[at]
    difference = replay(changed)
    assert difference is not None
    assert difference.number <= at + 1


def test_a_lost_datagram_is_noticed() -> None:
    told = records(made("connected").a)
    at = next(n for n, one in enumerate(told) if one["is"] == "receive-datagram")
    difference = replay(told[:at] + told[at + 1 :])
    assert difference is not None
    assert difference.number >= at


def test_a_record_that_ends_in_the_middle_replays_as_far_as_it_goes() -> None:
    told = records(made("trickle").a)
    for end in range(0, len(told), 7):
        assert replay(told[:end]) is None


def test_draws_that_are_missing_are_noticed() -> None:
    told = [one for one in records(made("connected").a) if one["is"] != "draw"]
    difference = replay(told)
    assert difference is not None
    assert difference.number == 1
    assert "no further draws" in difference.why


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_record_never_raises(seed: int) -> None:
    rng = Random(seed)
    told = records(made("relayed").a)
    for _ in range(3):
        at = rng.randrange(len(told))
        name = rng.choice([*told[at]])
        value: object = rng.choice([None, -1, "", "x", [], {}, 1e300, True])
        told[at] = {**told[at], name: value}
    told[0] = {**told[0], "is": told[0].get("is", "agent")}
    replay(told)


@pytest.mark.parametrize(("site", "walls"), [(OPEN, False), (HARD, True)], ids=str)
def test_forked_agents_replay_together(site: SiteKind, walls: bool) -> None:
    lines: list[str] = []
    call = ForkedCall(3, site=site, walls=walls, tracer=JsonLines(lines.append))
    call.offer()
    for number, branch in enumerate(call.branches):
        call.answer_at(0.040 + number * 0.5, branch)
    call.world.run(until=8.0)
    told = records("".join(lines))
    assert {one.get("sibling") for one in told} == {None, 2, 4}
    assert replay(told) is None


def test_a_restored_agent_replays_from_its_export() -> None:
    lines: list[str] = []
    call = recorded.connected((JsonLines(lambda _: None), JsonLines(lambda _: None)))
    data = call.a.agent.export(call.world.now)
    pwd = call.a.credentials().pwd
    call.a.agent = Agent.restore(
        AgentConfig(), data, call.world.now, rng=Random(1), tracer=JsonLines(lines.append)
    )
    call.a._drain()
    call.world.run(until=40.0)
    told = records("".join(lines))
    assert [one["is"] for one in told if one["is"] != "draw"][:2] == ["agent", "restored"]
    assert "consent-answered" in {one["is"] for one in told}
    assert pwd not in "".join(lines)
    assert replay(told) is None
