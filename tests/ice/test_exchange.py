from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sipice.errors import UsageError
from sipice.ice import (
    AgentConfig,
    CandidateType,
    Credentials,
    Description,
    IceServer,
    Role,
    ServerKind,
)
from tests.ice.harness import Puppet, Side, address, advance, remote
from tests.marks import rfc

ROLES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "data" / "ice_roles.json").read_text()
)["roles"]


@rfc("8445", "6.1.1", "MUST", "8445-6.1.1-1")
@rfc("8445", "6.1.1", "MUST", "8445-6.1.1-2")
@rfc("8445", "6.1.1", "MUST", "8445-6.1.1-3")
@pytest.mark.parametrize("row", ROLES, ids=str)
def test_roles_come_out_as_the_table_says(row: dict[str, Any]) -> None:
    role = Role.CONTROLLING if row["we_started"] else Role.CONTROLLED
    side = Side("a", role, ["10.0.0.1:5000"], AgentConfig(lite=row["we_lite"]))
    peer = Description(Credentials("u", "p"), (remote(),), lite=row["peer_lite"])
    side.agent.set_remote_description(0.0, 0, peer)
    assert side.agent.role is Role(row["role"])


@rfc("5245", "4.1.4", "RECOMMENDED", "5245-4.1.4-1")
def test_the_default_is_host_when_there_is_nothing_else() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000", "10.0.1.1:5000"], components=2)
    defaults = side.agent.local_description(0).defaults
    assert [(c.component, str(c.address)) for c in defaults] == [
        (1, "10.0.0.1:5000"),
        (2, "10.0.0.1:5001"),
    ]
    assert {c.type for c in defaults} == {CandidateType.HOST}


def test_other_credentials_without_a_restart_are_ignored() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    puppet = Puppet(side)
    side.agent.set_remote_description(0.0, 0, puppet.description)
    other = Description(Credentials("other", "other"), (remote("10.0.0.9:6000"),))
    side.agent.set_remote_description(0.1, 0, other)
    assert {str(s.to) for s in advance(side, 1.0)} == {"10.0.0.2:6000"}
    remote_side = side.agent._state.streams[0].current.remote
    assert remote_side is not None
    assert remote_side.credentials == puppet.credentials


def test_the_same_description_again_changes_nothing() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    puppet = Puppet(side)
    for now in (0.0, 0.01, 0.02):
        side.agent.set_remote_description(now, 0, puppet.description)
    assert len(advance(side, 0.4)) == 1


def test_a_description_of_an_unknown_stream_or_generation_is_a_callers_error() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    puppet = Puppet(side)
    with pytest.raises(UsageError, match="stream 7"):
        side.agent.set_remote_description(0.0, 7, puppet.description)
    with pytest.raises(UsageError, match="generation 9"):
        side.agent.set_remote_description(0.0, 0, puppet.description, 9)


def test_a_ufrag_that_fits_into_no_username_is_refused() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    with pytest.raises(UsageError, match="USERNAME"):
        side.agent.set_remote_description(0.0, 0, Description(Credentials("u" * 505, "p")))


def test_peers_with_the_longest_credentials_are_served() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    puppet = Puppet(side)
    puppet.credentials = Credentials("u" * 256, "p" * 256)
    side.agent.set_remote_description(0.0, 0, Description(puppet.credentials, (remote(),)))
    (check,) = advance(side, 0.0)
    base = side.bases[address("10.0.0.1:5000")]
    side.agent.receive_datagram(0.1, puppet.request(controlling=True), base, puppet.host)
    (answer,) = [s for s in advance(side, 0.1) if not s.is_request][:1]
    assert check.is_request
    assert answer.message.error_code is None


def test_a_gathering_agent_says_that_more_may_follow() -> None:
    server = IceServer(ServerKind.STUN, address("192.0.2.1:3478"))
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"], AgentConfig(servers=(server,)))
    side.agent.gather(0.0)
    assert not side.agent.local_description(0).complete
    advance(side, 100.0)
    assert side.agent.local_description(0).complete


def test_a_peer_cannot_slow_us_down_to_more_than_ten_seconds() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    puppet = Puppet(side, candidates=[remote(), remote("10.0.0.3:6000", foundation="2")])
    slow = replace(puppet.description, pacing_ms=3_600_000)
    side.agent.set_remote_description(0.0, 0, slow)
    first, second = {sent.to: sent.at for sent in advance(side, 30.0)[::-1]}.values()
    assert abs(first - second) == 10.0
