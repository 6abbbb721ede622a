"""What the owner of an agent does is recorded before what comes of it."""

from __future__ import annotations

import inspect
import json
from random import Random

import pytest

from sipice.errors import UsageError
from sipice.ice import Agent, AgentConfig, IceServer, Role, ServerKind
from sipice.ice.destination import AddressFilter, Network
from sipice.ice.inputs import ARGUMENTS, exchange_secrets
from sipice.net import Address
from sipice.trace import RECORDS, JsonLines, Kind

SERVER = Address.parse("192.0.2.9", 3478)


def traced(config: AgentConfig | None = None) -> tuple[Agent, list[str]]:
    lines: list[str] = []
    agent = Agent(
        config or AgentConfig(),
        role=Role.CONTROLLING,
        rng=Random(1),
        tracer=JsonLines(lines.append),
    )
    return agent, lines


def test_the_first_record_tells_the_role_and_what_is_not_default() -> None:
    server = IceServer(ServerKind.TURN, SERVER, username="user", password="secret of turn")
    lists = AddressFilter(deny=(Network.parse("10.0.0.0/8"),))
    _, lines = traced(AgentConfig(ta=0.02, servers=(server,), destinations=lists))
    first = json.loads(lines[0])
    assert (first["is"], first["role"]) == ("agent", "controlling")
    assert first["config"] == {
        "ta": 0.02,
        "destinations": {"deny": ["10.0.0.0/8"], "allow": []},
        "servers": [
            {
                "kind": "turn",
                "address": "192.0.2.9:3478",
                "username": "user",
                "password": "<pwd of user>",
                "transport": "UDP",
            }
        ],
    }
    assert "secret of turn" not in "".join(lines)


def test_an_input_stands_before_its_consequences_with_its_arguments() -> None:
    agent, lines = traced()
    agent.add_stream(2)
    agent.add_local_address(5.0, 0, 2, Address.parse("192.0.2.1", 5000))
    agent.local_description(0)
    told = [json.loads(line) for line in lines]
    names = [one["is"] for one in told if one["is"] != "draw"]
    assert names == [
        "agent",
        "add-stream",
        "add-local-address",
        "local-description",
        "candidate",
        "described",
    ]
    added = next(one for one in told if one["is"] == "add-local-address")
    assert added == {
        "at": 5.0,
        "is": "add-local-address",
        "stream": 0,
        "component": 2,
        "address": "192.0.2.1:5000",
        "tier": 0,
    }


def test_an_input_that_is_refused_is_recorded_too() -> None:
    agent, lines = traced()
    with pytest.raises(UsageError):
        agent.gather(1.0, 7)
    assert json.loads(lines[-1]) == {"at": 1.0, "is": "gather", "stream": 7}


def test_every_input_of_the_agent_has_a_record() -> None:
    silent = {
        "expects", "export", "handle_timeout", "has_base", "media", "next_timeout",
        "outlook",
        "receive_datagram", "receive_stream", "restore", "role", "take_commands", "take_events",
        "untold", "unwrap", "why_next",
    }  # fmt: skip
    methods = {name for name, _ in inspect.getmembers(Agent) if not name.startswith("_")}
    assert {name.replace("_", "-") for name in methods - silent} == set(ARGUMENTS)
    assert set(ARGUMENTS) < {row.name for row in RECORDS if row.kind is Kind.INPUT}


def test_an_agent_without_a_tracer_draws_from_what_it_was_given() -> None:
    rng = Random(1)
    agent = Agent(role=Role.CONTROLLING, rng=rng)
    assert agent._state.rng is rng
    assert agent._state.tracer is None


def test_passwords_of_an_export_are_exchanged_wherever_they_stand() -> None:
    document = {"a": [{"credentials": ["u", "p"], "b": {"credentials": ["v", "q"]}}], "p": "p"}
    assert exchange_secrets(document, lambda pwd, ufrag: f"{ufrag}-{pwd}") == {
        "a": [{"credentials": ["u", "u-p"], "b": {"credentials": ["v", "v-q"]}}],
        "p": "p",
    }
