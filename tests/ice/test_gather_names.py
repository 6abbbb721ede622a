"""RFC 8489 §8.1 in the agent: servers by name, looked up by the shell, each on its own."""

from __future__ import annotations

import json
from random import Random

import pytest

from sipice.errors import UsageError
from sipice.ice import (
    Agent,
    AgentConfig,
    CandidateType,
    GatheringFinished,
    IceServer,
    NamedServer,
    Role,
    ServerFailed,
    ServerKind,
    ServerUri,
)
from sipice.ice.replay import replay
from sipice.net import Address, CancelResolve, QueryKind, Resolve
from sipice.trace import JsonLines
from tests.ice.asking import SECOND, STUN, Case
from tests.ice.harness import address
from tests.marks import rfc

NAME = Resolve(QueryKind.SRV, "_stun._udp.stun.example", 3478)
SIX = address("[2001:db8::2]:3478")


def named(*uris: str) -> tuple[NamedServer, ...]:
    return tuple(NamedServer(ServerUri.parse(uri), "user", "secret") for uri in uris)


def case(*servers: IceServer | NamedServer, timeout: float = 5.0) -> Case:
    return Case(AgentConfig(servers=servers, gather_timeout=timeout))


def queries(of: Case) -> list[Resolve]:
    return [command for command in of.side.commands if isinstance(command, Resolve)]


def failures(of: Case) -> list[tuple[str, str]]:
    return [(event.server, event.why) for event in of.side.all(ServerFailed)]


@rfc("8489", "8.1", "MUST", "8489-8.1-1")
def test_a_name_is_looked_up_once_and_then_asked_at_the_address_of_the_family() -> None:
    one = case(*named("stun:stun.example"))
    assert one.run(0.2) == []
    assert queries(one) == [NAME]
    one.agent.name_resolved(0.2, NAME, [SIX, STUN, SECOND])
    (request,) = one.run(0.2)
    assert request.to == STUN
    one.answer(request, 0.3)
    assert one.kinds() == [CandidateType.HOST, CandidateType.SERVER_REFLEXIVE]
    assert one.side.when(GatheringFinished) == 0.3
    assert queries(one) == [NAME]


def test_a_name_that_nobody_knows_delays_no_other_server() -> None:
    dead, good = named("stun:dead.example"), IceServer(ServerKind.STUN, STUN)
    one = case(*dead, good, timeout=1.0)
    (request,) = one.run(0.0)
    one.answer(request, 0.1)
    assert one.kinds() == [CandidateType.HOST, CandidateType.SERVER_REFLEXIVE]
    one.run(1.0)
    assert one.side.when(GatheringFinished) == 1.0
    assert failures(one) == [("stun:dead.example", "its name was not found within 1 s")]


def test_a_name_that_leads_nowhere_is_told_with_its_reason_and_ends_the_wait() -> None:
    one = case(*named("stun:stun.example"))
    one.run(0.0)
    one.agent.name_failed(0.3, NAME, "stun.example does not exist (DNS)")
    one.run(0.3)
    assert failures(one) == [("stun:stun.example", "stun.example does not exist (DNS)")]
    assert one.side.all(ServerFailed)[0].base is None
    assert one.side.when(GatheringFinished) == 0.3


def test_a_name_without_an_address_of_our_family_ends_the_wait() -> None:
    one = case(*named("stun:stun.example"))
    one.run(0.0)
    one.agent.name_resolved(0.3, NAME, [SIX])
    assert one.run(0.3) == []
    assert one.side.when(GatheringFinished) == 0.3
    assert failures(one) == [("stun:stun.example", "it has no address of a family that we have")]


def test_a_literal_of_another_family_is_told_at_once_and_once() -> None:
    one = case(IceServer(ServerKind.STUN, SIX), IceServer(ServerKind.STUN, STUN))
    one.run(0.0)
    told = [(f"stun:{SIX}", "it has no address of a family that we have")]
    assert failures(one) == told


def test_a_stun_server_over_tls_is_told_to_be_of_no_use_and_not_looked_up() -> None:
    one = case(*named("stuns:stun.example"))
    one.run(0.0)
    assert queries(one) == []
    ((server, why),) = failures(one)
    assert server == "stuns:stun.example"
    assert why.startswith("a STUN server over TCP or TLS tells nothing")
    assert one.side.when(GatheringFinished) == 0.0


def test_names_of_servers_that_are_not_wanted_are_not_looked_up() -> None:
    servers = named("stun:stun.example", "turn:turn.example")
    only_hosts = frozenset({CandidateType.HOST})
    one = Case(AgentConfig(servers=servers, candidate_types=only_hosts))
    one.run(0.0)
    assert queries(one) == []
    assert failures(one) == []


def test_servers_of_one_name_share_the_lookup() -> None:
    one = case(*named("turn:a.example:3478", "stun:a.example:3478"))
    one.run(0.0)
    (query,) = queries(one)
    one.agent.name_resolved(0.1, query, [STUN])
    assert [request.message.method for request in one.run(0.2)] == [3, 1]


def test_an_answer_that_was_not_asked_for_changes_nothing() -> None:
    one = case(*named("stun:stun.example"))
    one.run(0.0)
    one.agent.name_resolved(0.1, NAME._replace(name="other.example"), [STUN])
    one.agent.name_failed(0.1, NAME._replace(port=1), "no")
    assert one.run(0.2) == []
    one.agent.name_resolved(0.2, NAME, [STUN])
    one.agent.name_failed(0.2, NAME, "too late")
    assert len(one.run(0.3)) == 1
    assert failures(one) == []


def test_a_name_that_comes_after_the_deadline_still_gives_a_base_for_checks() -> None:
    one = case(*named("stun:stun.example"), timeout=0.5)
    one.run(0.5)
    assert one.side.when(GatheringFinished) == 0.5
    one.agent.name_resolved(0.7, NAME, [STUN])
    (request,) = one.run(0.7)
    one.answer(request, 0.8)
    kinds = [candidate.type for candidate in one.agent.local_description(0).candidates]
    assert kinds == [CandidateType.HOST, CandidateType.SERVER_REFLEXIVE]
    assert one.kinds() == [CandidateType.HOST], "it is not told any more (RFC 8838 §13)"


def test_lookups_are_cancelled_at_the_end() -> None:
    one = case(*named("stun:stun.example"))
    one.run(0.0)
    one.agent.close(0.1)
    one.run(0.1)
    assert CancelResolve(NAME) in one.side.commands


@pytest.mark.parametrize("silence", ["refused", "timeout"])
def test_when_an_address_does_not_answer_the_next_one_is_asked(silence: str) -> None:
    one = case(*named("stun:stun.example"), timeout=60.0)
    one.run(0.0)
    one.agent.name_resolved(0.0, NAME, [STUN, SECOND])
    (first,) = one.run(0.0)
    if silence == "refused":
        one.answer(first, 0.1, code=500)
        (second,) = one.run(0.2)
    else:
        second = one.run(40.0)[-1]
    assert second.to == SECOND
    one.answer(second, 45.0)
    assert one.kinds() == [CandidateType.HOST, CandidateType.SERVER_REFLEXIVE]
    assert failures(one) == []


@rfc("8489", "8.1", "MUST", "8489-8.1-1")
def test_a_server_over_tls_needs_a_name() -> None:
    with pytest.raises(UsageError, match="no name that a certificate could show"):
        NamedServer(ServerUri.parse("stuns:192.0.2.1"))
    assert NamedServer(ServerUri.parse("stuns:192.0.2.1"), tls_name="a.example").tls == "a.example"
    assert NamedServer(ServerUri.parse("turns:b.example:443")).tls == "b.example"
    assert NamedServer(ServerUri.parse("turn:192.0.2.1")).tls is None


def test_names_are_recorded_and_replayed_without_passwords() -> None:
    lines: list[str] = []
    config = AgentConfig(servers=named("stun:stun.example", "turns:b.example"))
    agent = Agent(config, role=Role.CONTROLLING, rng=Random(1), tracer=JsonLines(lines.append))
    agent.add_local_address(0.0, agent.add_stream(), 1, Address.parse("192.0.2.7", 5000))
    agent.gather(0.0)
    agent.take_commands()
    agent.name_resolved(0.1, NAME, [STUN])
    agent.name_failed(0.2, named("turns:b.example")[0].uri.query, "no answer from DNS")
    agent.handle_timeout(0.3)
    text = "".join(lines)
    assert '"name-resolved","query":["srv","_stun._udp.stun.example",3478]' in text
    assert "secret" not in text
    assert replay([json.loads(line) for line in lines]) is None
