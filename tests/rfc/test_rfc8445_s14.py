"""RFC 8445 §13 to §19: extensions, pacing, time-outs, the tie-breaker, and limits."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sipice.ice import (
    AddressFilter,
    Agent,
    AgentConfig,
    Candidate,
    CandidateType,
    Description,
    IceServer,
    Network,
    Pacer,
    Role,
    ServerKind,
    StreamFailed,
    TcpType,
)
from sipice.net import Transport
from sipice.stun import attributes as a
from tests.ice.harness import Puppet, Sent, Side, address, advance, pair_of, remote
from tests.marks import rfc
from tests.rfc.alone import OWN, PEER, Alone, peers, requests, successes

EIGHT = [f"10.1.0.{number}:6000" for number in range(1, 9)]


def first_times(sent: list[Sent]) -> list[float]:
    """When each new transaction left."""
    seen: dict[bytes, float] = {}
    for one in requests(sent):
        seen.setdefault(one.message.transaction_id, one.at)
    return sorted(seen.values())


# §13: extensions


@rfc("8445", "13", "MUST", "8445-13-1")
def test_candidates_of_a_transport_we_do_not_use_harm_nothing() -> None:
    passive = Candidate(
        1, CandidateType.HOST, address(PEER), 2**31 - 1, "t", Transport.TCP, tcptype=TcpType.PASSIVE
    )
    alone = Alone(peers=[passive, remote("10.0.0.2:6100")])
    alone.serve(0.2)
    alone.nominate("10.0.0.2:6100")
    assert alone.path() == "10.0.0.2:6100"
    assert {str(sent.to) for sent in requests(alone.log)} == {"10.0.0.2:6100"}


@rfc("8445", "13", "MUST", "8445-13-1")
@pytest.mark.parametrize(
    "broken",
    [
        remote(PEER)._replace(component=0),
        remote(PEER)._replace(component=257),
        remote(PEER)._replace(priority=0),
        remote(PEER)._replace(priority=2**32),
        remote(PEER)._replace(foundation=""),
        remote(PEER)._replace(foundation="f" * 33),
        remote(PEER)._replace(transport=Transport.TCP),
    ],
)
def test_candidates_that_break_the_rules_are_ignored(broken: Candidate) -> None:
    alone = Alone(peers=[broken, remote("10.0.0.2:6100")])
    assert {str(sent.to) for sent in requests(alone.run(1.0) + alone.log)} == {"10.0.0.2:6100"}


# §14.2: pacing


@rfc("8445", "14.2", "MUST", "8445-14.2-1")
@pytest.mark.parametrize(("ta", "told"), [(0.050, None), (0.020, 20), (0.200, 200)])
def test_a_pacing_other_than_the_default_is_announced(ta: float, told: int | None) -> None:
    side = Side("a", Role.CONTROLLING, [OWN], AgentConfig(ta=ta))
    assert side.agent.local_description(0).pacing_ms == told


@rfc("8445", "14.2", "MUST", "8445-14.2-1")
@rfc("8445", "14.2", "", "AT-13")
@pytest.mark.parametrize(
    ("ours", "theirs", "used"),
    [(50, None, 50), (50, 20, 50), (20, 50, 50), (20, None, 50), (20, 20, 20), (50, 80, 80)],
)
def test_both_sides_use_the_larger_pacing(ours: int, theirs: int | None, used: int) -> None:
    alone = Alone(config=AgentConfig(ta=ours / 1000), peers=peers(*EIGHT), begun=False)
    told = alone.puppet.description
    alone.puppet.description = Description(told.credentials, told.candidates, pacing_ms=theirs)
    alone.begin()
    alone.run(0.45)
    gaps = {round(later - earlier, 6) for earlier, later in pairwise(first_times(alone.log))}
    assert gaps == {used / 1000}


@rfc("8445", "14.2", "MUST", "8445-14.2-1")
@rfc("8445", "6.1.4.2", "", "AT-11")
def test_triggered_checks_are_paced_like_all_others() -> None:
    alone = Alone(peers=peers(*EIGHT))
    for number, source in enumerate(EIGHT):
        alone.run(0.01 * number)
        alone.ask(source)
    alone.run(2.0)
    times = first_times(alone.log)
    assert len(times) >= 9
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.05 - 1e-9


@rfc("8445", "14.2", "MUST NOT", "8445-14.2-2")
@rfc("8445", "14.2", "", "AT-14")
@pytest.mark.parametrize("count", [2, 10])
def test_all_agents_of_a_process_keep_five_milliseconds_apart(count: int) -> None:
    pacer, sent = Pacer(), list[float]()
    agents: list[Agent] = []
    for number in range(count):
        config = AgentConfig(ta=0.020)
        side = Side("a", Role.CONTROLLING, [OWN], config, seed=number, pacer=pacer)
        puppet = Puppet(side, candidates=peers(*EIGHT))
        told = puppet.description
        description = Description(told.credentials, told.candidates, pacing_ms=20)
        side.agent.set_remote_description(0.0, 0, description)
        agents.append(side.agent)
    while len(sent) < 6 * count:
        due, agent = min(
            ((due, agent) for agent in agents if (due := agent.next_timeout()) is not None),
            key=lambda entry: entry[0],
        )
        agent.handle_timeout(due)
        sent += [due for _ in agent.take_commands()]
        if due > 0.4:
            break
    assert len(sent) >= 6 * count or count == 10
    assert min(later - earlier for earlier, later in pairwise(sent)) >= 0.005 - 1e-9


@rfc("8445", "14.2", "MUST NOT", "8445-14.2-2")
def test_the_pacing_of_a_single_agent_is_not_slowed_by_the_floor() -> None:
    alone = Alone(peers=peers(*EIGHT))
    alone.run(0.34)
    assert first_times(alone.log) == pytest.approx([0.05 * number for number in range(7)])


@rfc("8445", "14.2", "MUST", "8445-14.2-1")
def test_checks_follow_a_question_to_a_server_one_ta_later() -> None:
    server = IceServer(ServerKind.STUN, address("203.0.113.10:3478"))
    alone = Alone(config=AgentConfig(servers=(server,)), peers=peers(*EIGHT), begun=False)
    alone.agent.gather(0.0)
    alone.begin()
    alone.run(0.1)
    assert [(sent.at, str(sent.to)) for sent in alone.log] == [
        (0.0, "203.0.113.10:3478"),
        (0.05, EIGHT[0]),
        (0.1, EIGHT[1]),
    ]


# §14.3: the time-out


@rfc("8445", "14.3", "SHOULD/MUST NOT", "8445-14.3-1")
@rfc("8445", "14.3", "", "AT-15")
@pytest.mark.parametrize(("count", "rto"), [(1, 0.5), (5, 0.5), (20, 1.0), (40, 2.0)])
def test_the_time_out_is_ta_for_each_active_pair_and_never_below_half_a_second(
    count: int, rto: float
) -> None:
    many = [f"10.1.0.{number}:6000" for number in range(1, count + 1)]
    alone = Alone(peers=peers(*many))
    alone.run(rto)
    first = [sent.at for sent in alone.log if sent.data == alone.log[0].data]
    assert first == pytest.approx([0.0, rto])


@rfc("8445", "14.3", "SHOULD/MUST NOT", "8445-14.3-1")
def test_the_time_out_counts_the_pairs_of_all_streams() -> None:
    many = [f"10.1.0.{number}:6000" for number in range(1, 16)]
    alone = Alone(peers=peers(*many), streams=2, begun=False)
    for stream in (0, 1):
        alone.agent.set_remote_description(0.0, stream, alone.puppet.description)
    alone.run(1.2)
    again = [sent.at for sent in alone.log if sent.data == alone.log[0].data]
    # The second stream's pairs share the foundations of the first, so they are Frozen.
    assert again == pytest.approx([0.0, 0.75])


@rfc("8445", "14.3", "SHOULD/MUST NOT", "8445-14.3-1")
@rfc("8489", "6.2.1", "", "AT-16")
def test_a_check_ends_after_seventy_nine_time_outs() -> None:
    alone = Alone()
    alone.run(39.499)
    assert alone.side.all(StreamFailed) == []
    alone.run(39.5)
    assert len(alone.side.all(StreamFailed)) == 1


# §16.1: the tie-breaker


@rfc("8445", "16.1", "MUST", "8445-16.1-1")
def test_all_requests_of_all_streams_carry_one_tie_breaker() -> None:
    wire = pair_of(streams=2, components=2).connect().run(40.0)
    for side, claimed in ((wire.a, a.ICE_CONTROLLING), (wire.b, a.ICE_CONTROLLED)):
        values = {sent.message.get(claimed) for sent in wire.requests(side)}
        assert len(values) == 1
        assert None not in values


@rfc("8445", "16.1", "MUST", "8445-16.1-1")
def test_the_tie_breaker_changes_after_a_487_and_only_then() -> None:
    alone = Alone(Role.CONTROLLED, peers=peers(PEER, "10.0.0.2:6100"))
    before = alone.log[0].message.get(a.ICE_CONTROLLED)
    (second,) = requests(alone.run(0.05))
    assert second.message.get(a.ICE_CONTROLLED) == before
    alone.refuse(second, 487)
    (third,) = requests(alone.run(0.10))
    assert third.message.get(a.ICE_CONTROLLING) not in (None, before)


@rfc("8445", "16.1", "MUST", "8445-16.1-1")
def test_tie_breakers_are_drawn_from_the_generator() -> None:
    drawn = set()
    for seed in range(20):
        side = Side("a", Role.CONTROLLED, [OWN], seed=seed)
        side.agent.set_remote_description(0.0, 0, Puppet(side).description)
        drawn |= {sent.message.get(a.ICE_CONTROLLED) for sent in advance(side, 0.0)}
    assert len(drawn) == 20


# §19.5: limits against a hostile peer


@rfc("8445", "19.5.1", "SHOULD", "8445-19.5.1-1")
@rfc("8445", "19.5.1", "", "AT-70")
@pytest.mark.parametrize("streams", [1, 3])
def test_a_peer_with_hundreds_of_candidates_gets_at_most_a_hundred_checks(streams: int) -> None:
    many = [f"10.{number // 200}.1.{number % 200 + 1}:6000" for number in range(300)]
    alone = Alone(hosts=[OWN, "10.0.1.1:5000"], peers=peers(*many), streams=streams)
    alone.run(3000.0)
    tried = {(sent.source, sent.to) for sent in requests(alone.log)}
    assert len(tried) == 100


@rfc("8445", "19.5.1", "SHOULD", "8445-19.5.1-1")
def test_the_number_of_checks_can_be_made_smaller() -> None:
    many = [f"10.1.0.{number}:6000" for number in range(1, 30)]
    alone = Alone(config=AgentConfig(max_pairs=7), peers=peers(*many))
    alone.run(60.0)
    assert len({sent.to for sent in requests(alone.log)}) == 7


@rfc("8445", "19.5.1", "SHOULD", "8445-19.5.1-1")
def test_the_number_of_remote_candidates_can_be_made_smaller() -> None:
    many = [f"10.1.0.{number}:6000" for number in range(1, 30)]
    alone = Alone(config=AgentConfig(max_remote_candidates=5), peers=peers(*many))
    alone.run(60.0)
    assert len({sent.to for sent in requests(alone.log)}) == 5


@rfc("8445", "19.5.1", "SHOULD", "8445-19.5.1-1")
def test_checks_from_ever_new_addresses_are_answered_and_lead_to_few_of_ours() -> None:
    alone = Alone(peers=peers(PEER))
    for number in range(500):
        alone.now = number * 0.002
        (answer,) = successes(alone.ask(f"10.2.{number // 250}.{number % 250 + 1}:6000"))
        assert answer
    alone.run(120.0)
    assert len({sent.to for sent in requests(alone.log)}) <= 101


@rfc("8445", "19.5.1", "SHOULD", "8445-19.5.1-1")
@rfc("8445", "19.5.1", "", "AT-70")
def test_a_flood_of_unauthenticated_requests_gets_few_answers() -> None:
    alone = Alone()
    answers = []
    for number in range(1000):
        alone.now = number * 0.001
        answers += alone.ask("10.6.6.6:666", pwd="guessed")
    assert len([one for one in answers if not one.is_request]) <= 20


@rfc("8445", "19.5.1", "SHOULD", "8445-19.5.1-1")
@pytest.mark.parametrize(
    "forbidden", ["127.0.0.1:80", "224.0.0.1:80", "255.255.255.255:80", "0.0.0.0:80", "10.0.0.9:0"]
)
def test_nothing_is_ever_sent_to_addresses_that_no_peer_can_have(forbidden: str) -> None:
    alone = Alone(peers=[remote(forbidden), remote(PEER, foundation="2")])
    alone.ask(forbidden)
    alone.run(50.0)
    assert {str(sent.to) for sent in requests(alone.log)} == {PEER}


@rfc("8445", "19.5.1", "SHOULD", "8445-19.5.1-1")
def test_the_owner_says_which_networks_are_forbidden_and_which_are_not() -> None:
    lists = AddressFilter(
        deny=(Network.parse("10.0.0.0/8"),), allow=(Network.parse("10.0.0.0/24"),)
    )
    alone = Alone(config=AgentConfig(destinations=lists), peers=peers(PEER, "10.4.0.1:6000"))
    alone.run(50.0)
    assert {str(sent.to) for sent in requests(alone.log)} == {PEER}
