"""RFC 8838: candidates that come one by one, in both directions, and their end."""

from __future__ import annotations

import pytest

from sipice.ice import (
    AgentConfig,
    Candidate,
    CandidateGathered,
    CandidateType,
    Description,
    IceServer,
    PairSelected,
    Role,
    ServerKind,
    StreamCompleted,
    StreamFailed,
)
from sipice.ice.pair import CandidatePair
from sipice.net import Address
from sipice.stun import Class, Message, Method, encode
from sipice.stun import attributes as a
from tests.ice.harness import Sent, Side, address, pair_of, remote
from tests.marks import rfc
from tests.rfc.alone import OWN, PEER, Alone, peers, requests, successes

TRICKLE = AgentConfig(trickle=True)
STUN = address("203.0.113.10:3478")
SERVED = AgentConfig(trickle=True, servers=(IceServer(ServerKind.STUN, STUN),))
SECOND = "10.0.0.2:6100"
MAPPED = address("192.0.2.3:45664")


def trickling(
    role: Role = Role.CONTROLLED,
    config: AgentConfig = TRICKLE,
    first: tuple[Candidate, ...] = (),
    **how: int,
) -> Alone:
    """An agent whose puppet has sent only some candidates, and will send more."""
    alone = Alone(role, config, begun=False, **how)  # type: ignore[arg-type]
    told = alone.puppet.description
    alone.puppet.description = Description(told.credentials, first, trickle=True, complete=False)
    alone.begin()
    return alone


def add(alone: Alone, *candidates: Candidate, ufrag: str | None = None) -> list[Sent]:
    for candidate in candidates:
        alone.agent.add_remote_candidate(alone.now, 0, candidate, ufrag)
    return alone.run(alone.now)


def end(alone: Alone, ufrag: str | None = None) -> None:
    alone.agent.end_of_candidates(alone.now, 0, ufrag)
    alone.take()


def checklist_of(alone: Alone) -> list[CandidatePair]:
    return alone.agent._state.streams[0].current.checklist


def pairs(alone: Alone) -> list[tuple[str, str]]:
    return [(str(pair.base.address), str(pair.to)) for pair in checklist_of(alone)]


def server_answers(alone: Alone, question: Sent, mapped: Address = MAPPED) -> None:
    message = Message(
        Method.BINDING,
        Class.SUCCESS,
        question.message.transaction_id,
        (a.XOR_MAPPED_ADDRESS(mapped),),
    )
    base = alone.side.bases[question.source]
    alone.agent.receive_datagram(alone.now, encode(message), base, STUN)


def gathering(role: Role = Role.CONTROLLED) -> tuple[Alone, Sent]:
    """An agent that has asked its STUN server and has no answer yet, while checks run."""
    alone = Alone(role, SERVED, begun=False)
    alone.agent.gather(0.0)
    (question,) = alone.run(0.0)
    assert question.to == STUN
    told = alone.puppet.description
    alone.puppet.description = Description(told.credentials, told.candidates, trickle=True)
    alone.begin()
    return alone, question


# §4, §5, §7, §8: any number of candidates, also none


@rfc("8838", "4", "MAY", "8838-4-1")
@rfc("8838", "5", "MAY", "8838-5-2")
@pytest.mark.parametrize("known", [0, 1, 2])
def test_a_description_may_have_any_part_of_the_candidates(known: int) -> None:
    wanted = peers(PEER, SECOND)
    alone = trickling(first=tuple(wanted[:known]))
    for candidate in wanted[known:]:
        add(alone, candidate)
    alone.serve(0.3)
    assert {str(sent.to) for sent in requests(alone.log)} == {PEER, SECOND}


@rfc("8838", "5", "MAY", "8838-5-2")
def test_our_description_can_be_had_at_any_time_and_says_whether_more_will_follow() -> None:
    side = Side("a", Role.CONTROLLED, [OWN], SERVED)
    side.agent.gather(0.0)
    early = side.agent.local_description(0)
    assert (early.trickle, early.complete) == (True, False)
    assert [candidate.type for candidate in early.candidates] == [CandidateType.HOST]
    while (due := side.agent.next_timeout()) is not None and due <= 5.0:
        side.agent.handle_timeout(due)
    assert side.agent.local_description(0).complete


@rfc("8838", "7", "rule", "8838-7-1")
@rfc("8838", "8", "MUST", "8838-8-1")
def test_a_list_stays_running_while_more_candidates_may_come() -> None:
    alone = trickling(Role.CONTROLLING)
    alone.run(500.0)
    assert alone.side.all(StreamFailed) == []
    add(alone, remote(PEER))
    alone.serve(501.0)
    assert len(alone.side.all(StreamCompleted)) == 1


@rfc("8838", "8", "MUST", "8838-8-1")
def test_a_list_whose_pairs_failed_stays_running_until_the_end_mark() -> None:
    alone = trickling(Role.CONTROLLING, first=(remote(PEER),))
    alone.run(200.0)
    assert alone.side.all(StreamFailed) == []
    end(alone)
    assert len(alone.side.all(StreamFailed)) == 1


@rfc("8838", "8", "rule", "8838-8-2")
def test_an_empty_list_does_not_slow_the_others() -> None:
    alone = Alone(Role.CONTROLLED, TRICKLE, streams=3, begun=False)
    full = Description(
        alone.puppet.credentials, tuple(peers(*[f"10.1.0.{n}:1" for n in range(1, 7)]))
    )
    bare = Description(alone.puppet.credentials, (), trickle=True, complete=False)
    for stream, description in enumerate((bare, full, bare)):
        alone.agent.set_remote_description(0.0, stream, description)
    times = [sent.at for sent in requests(alone.run(0.25))]
    assert times == pytest.approx([0.0, 0.05, 0.1, 0.15, 0.2, 0.25])


@rfc("8838", "8", "rule", "8838-8-3")
@pytest.mark.parametrize("lacking", ["pairs", "component", "gathering", "end mark", "patience"])
def test_a_list_fails_only_when_all_conditions_hold(lacking: str) -> None:
    config = AgentConfig(trickle=True, servers=SERVED.servers, gather_timeout=60.0, pac=10.0)
    alone = Alone(Role.CONTROLLED, config, begun=False)
    if lacking == "gathering":
        alone.agent.gather(0.0)
    told = alone.puppet.description
    alone.puppet.description = Description(
        told.credentials, told.candidates, trickle=True, complete=False
    )
    alone.begin()
    check = next(sent for sent in alone.log + alone.run(0.2) if str(sent.to) == PEER)
    if lacking == "component":
        alone.answer(check)
    elif lacking != "pairs":
        alone.refuse(check, 400)
    if lacking != "end mark":
        end(alone)
    alone.run(9.9 if lacking == "patience" else 12.0)
    assert alone.side.all(StreamFailed) == []
    # The last condition comes true.
    if lacking == "pairs":
        alone.refuse(check, 400)
    elif lacking == "end mark":
        end(alone)
    alone.run(61.0)
    assert bool(alone.side.all(StreamFailed)) == (lacking != "component")


# §9: sending


@rfc("8838", "9", "rule", "8838-9-1")
def test_a_redundant_local_candidate_is_not_sent() -> None:
    alone, question = gathering()
    server_answers(alone, question, address(OWN))
    alone.run(0.2)
    told = [event.candidate.type for event in alone.side.all(CandidateGathered)]
    assert CandidateType.SERVER_REFLEXIVE not in told


@rfc("8838", "9", "rule", "8838-9-3")
@rfc("8838", "9", "", "AT-57")
def test_a_candidate_of_another_generation_is_ignored() -> None:
    alone = trickling()
    add(alone, remote(SECOND), ufrag="stale")
    add(alone, remote(PEER), ufrag="PUPPETuf")
    alone.run(1.0)
    assert {str(sent.to) for sent in requests(alone.log)} == {PEER}


@rfc("8838", "9", "rule", "8838-9-3")
def test_during_a_restart_each_candidate_goes_to_the_generation_of_its_ufrag() -> None:
    alone = trickling(first=(remote(PEER),))
    alone.serve(0.2)
    alone.nominate()
    alone.serve(5.0)
    alone.agent.prepare_restart(alone.now)
    told = alone.puppet.description
    fresh = Description(
        type(told.credentials)("NEWufrag", "NEWpasswordNEWpassword00"), (), complete=False
    )
    alone.agent.set_remote_description(alone.now, 0, fresh)
    add(alone, remote("10.0.0.2:6200"), ufrag="PUPPETuf")
    add(alone, remote("10.0.0.2:6300"), ufrag="NEWufrag")
    alone.run(5.3)
    sent = [one for one in requests(alone.log) if one.to.port in (6200, 6300)]
    assert {one.to.port for one in sent} == {6300}
    assert all(str(one.message.get(a.USERNAME)).startswith("NEWufrag:") for one in sent)


# §10: pairing of local candidates


@rfc("8838", "10", "MUST NOT", "8838-10-1")
@rfc("8838", "10", "", "AT-57")
def test_a_local_candidate_is_paired_only_when_it_has_been_handed_out() -> None:
    """Its event is what the signalling sends; before it is taken no check may leave."""
    alone = Alone(Role.CONTROLLED, TRICKLE)
    alone.serve(0.1)
    alone.ask()
    at = address("10.0.1.1:5000")
    alone.side.bases[at] = alone.agent.add_local_address(0.2, 0, 1, at)
    commands = alone.agent.take_commands()
    while (due := alone.agent.next_timeout()) is not None and due <= 2.0:
        alone.agent.handle_timeout(due)
        commands += alone.agent.take_commands()
    assert not [one for one in commands if getattr(one, "base", None) == alone.side.bases[at]]
    events = alone.agent.take_events()
    assert any(isinstance(event, CandidateGathered) for event in events)
    alone.now = 2.0
    assert at in {sent.source for sent in alone.run(3.0)}


@rfc("8838", "10", "MUST NOT", "8838-10-1")
@rfc("8838", "10", "", "AT-57")
def test_a_remote_candidate_is_not_paired_with_what_the_peer_does_not_know_yet() -> None:
    alone = trickling(first=(remote(PEER),))
    at = address("10.0.1.1:5000")
    alone.side.bases[at] = alone.agent.add_local_address(0.0, 0, 1, at)
    alone.agent.add_remote_candidate(0.0, 0, remote(SECOND, foundation="2", priority=1000))
    before = {(str(pair.base.address), str(pair.to)) for pair in checklist_of(alone)}
    assert before == {(OWN, PEER), (OWN, SECOND)}
    alone.run(0.0)
    assert len(pairs(alone)) == 4


@rfc("8838", "10", "MUST", "8838-10-2")
def test_a_local_server_reflexive_candidate_makes_no_pair_beside_its_base() -> None:
    alone, question = gathering()
    before = pairs(alone)
    server_answers(alone, question)
    alone.run(0.5)
    kinds = [event.candidate.type for event in alone.side.all(CandidateGathered)]
    assert CandidateType.SERVER_REFLEXIVE in kinds
    assert pairs(alone) == before == [(OWN, PEER)]


@rfc("8838", "10", "rule", "8838-10-3")
def test_a_candidate_that_comes_again_does_not_disturb_the_check_of_its_pair() -> None:
    alone = trickling(first=(remote(PEER),))
    alone.run(0.2)
    add(alone, remote(PEER), remote(PEER, priority=1), remote(PEER, foundation="9"))
    again = alone.run(0.5)
    assert [sent.data for sent in again] == [alone.log[0].data], "its retransmission, no more"
    assert pairs(alone) == [(OWN, PEER)]


@rfc("8838", "10", "SHOULD", "8838-10-4")
def test_a_full_list_drops_failed_pairs_first_for_a_late_candidate() -> None:
    alone = trickling(
        config=AgentConfig(trickle=True, max_pairs=2), first=tuple(peers(PEER, SECOND))
    )
    alone.refuse(alone.log[0], 400)
    add(alone, remote("10.0.0.2:6200", priority=1000, foundation="z"))
    assert [to for _, to in pairs(alone)] == [SECOND, "10.0.0.2:6200"]


# §11: pairing of remote candidates


@rfc("8838", "11", "rule", "8838-11-1")
def test_a_remote_candidate_without_a_partner_waits_for_one() -> None:
    alone = trickling()
    add(alone, remote("[2001:db8::2]:6000"))
    assert alone.run(1.0) == []
    alone.side.bind(alone.now, address("[2001:db8::1]:5000"))
    sent = alone.run(2.0)
    assert {str(one.to) for one in requests(sent)} == {"[2001:db8::2]:6000"}


@rfc("8838", "11", "SHOULD", "8838-11-2")
@pytest.mark.parametrize("answered", [True, False])
def test_a_peer_reflexive_candidate_that_is_then_signalled_stays_one_pair(answered: bool) -> None:
    """The signalled type, priority and foundation count; the check goes on as it was."""
    alone = trickling()
    alone.ask(PEER, priority=1862270975)
    (check,) = requests(alone.run(0.0))
    if answered:
        alone.answer(check)
    told = remote(PEER, kind=CandidateType.SERVER_REFLEXIVE, priority=1694498815, foundation="s")
    add(alone, told)
    (pair,) = checklist_of(alone)
    assert (pair.remote.type, pair.remote.priority) == (told.type, told.priority)
    assert pair.foundation[1] == "s"
    assert pair.priority == 2**32 * told.priority + 2 * pair.local.priority + 0
    assert {one.data for one in requests(alone.run(3.0))} <= {check.data}
    alone.nominate()
    alone.serve(4.0)
    chosen = alone.selected()
    assert chosen is not None
    assert chosen.remote == told


@rfc("8838", "11", "SHOULD", "8838-11-2")
def test_the_signalled_priority_puts_the_list_in_order_again() -> None:
    alone = trickling(first=(remote(SECOND, priority=1000, foundation="2"),))
    alone.ask(PEER, priority=1)
    assert [to for _, to in pairs(alone)] == [SECOND, PEER]
    add(alone, remote(PEER, priority=2130706431))
    assert [to for _, to in pairs(alone)] == [PEER, SECOND]


@rfc("8838", "11", "MUST", "8838-11-3")
def test_a_late_remote_candidate_is_paired_with_bases_only() -> None:
    alone = trickling(config=SERVED)
    alone.agent.gather(0.0)
    question = next(sent for sent in alone.run(0.1) if sent.to == STUN)
    server_answers(alone, question)
    alone.run(0.2)
    add(alone, remote(PEER))
    assert pairs(alone) == [(OWN, PEER)]


# §12: the state of a late pair


@rfc("8838", "12", "rule", "8838-12-1")
@rfc("8838", "12", "rule", "8838-12-3")
def test_the_first_pair_of_a_foundation_may_go_and_the_next_waits_for_it() -> None:
    alone = trickling(components=2)
    add(alone, remote(PEER, foundation="x"))
    add(alone, remote("10.0.0.2:6001", component=2, foundation="x", priority=2130706430))
    sent = requests(alone.log + alone.run(5.0))
    assert {str(one.to) for one in sent} == {PEER}, "component 2 waits for component 1"
    alone.answer(sent[0])
    (second, *_) = requests(alone.run(5.1))
    assert str(second.to) == "10.0.0.2:6001"


@rfc("8838", "12", "rule", "8838-12-2")
def test_a_pair_of_a_foundation_that_has_succeeded_may_go_at_once() -> None:
    alone = trickling(components=2)
    add(alone, remote(PEER, foundation="x"))
    alone.serve(0.1)
    add(alone, remote("10.0.0.2:6001", component=2, foundation="x", priority=2130706430))
    assert str(requests(alone.log)[-1].to) == "10.0.0.2:6001"


# §14: the end of theirs


@rfc("8838", "14", "rule", "8838-14-1")
@pytest.mark.parametrize("early", [True, False])
def test_the_end_mark_decides_at_once_or_is_remembered(early: bool) -> None:
    alone = trickling(Role.CONTROLLING, first=(remote(PEER),))
    alone.run(1.0)
    if early:
        end(alone)
    alone.run(60.0)
    assert bool(alone.side.all(StreamFailed)) == early
    if not early:
        end(alone)
        assert alone.side.when(StreamFailed) == pytest.approx(60.0)


@rfc("8838", "14", "MUST", "8838-14-2")
@rfc("8838", "14", "", "AT-57")
@pytest.mark.parametrize("marked", ["in the description", "later"])
def test_candidates_after_the_end_mark_are_ignored(marked: str) -> None:
    alone = Alone() if marked == "in the description" else trickling(first=(remote(PEER),))
    if marked == "later":
        end(alone)
    add(alone, remote(SECOND))
    alone.run(3.0)
    assert {str(sent.to) for sent in requests(alone.log)} == {PEER}


@rfc("8838", "14", "MUST", "8838-14-2")
def test_a_description_repeated_with_more_candidates_after_the_end_mark_adds_none() -> None:
    alone = trickling(first=(remote(PEER),))
    end(alone)
    told = alone.puppet.description
    longer = Description(told.credentials, (remote(PEER), remote(SECOND)), complete=True)
    alone.agent.set_remote_description(alone.now, 0, longer)
    alone.run(3.0)
    assert {str(sent.to) for sent in requests(alone.log)} == {PEER}


@rfc("8838", "13", "MUST", "8838-13-1")
def test_an_end_mark_of_another_generation_ends_nothing() -> None:
    alone = trickling()
    end(alone, "stale")
    add(alone, remote(PEER))
    alone.run(0.1)
    assert {str(sent.to) for sent in requests(alone.log)} == {PEER}
    end(alone, "PUPPETuf")
    add(alone, remote(SECOND))
    alone.run(1.0)
    assert {str(sent.to) for sent in requests(alone.log)} == {PEER}


@rfc("8838", "15", "rule", "8838-15-1")
def test_trickling_survives_a_restart() -> None:
    alone = trickling(first=(remote(PEER),))
    alone.agent.prepare_restart(alone.now)
    assert alone.agent.local_description(0).trickle


@rfc("8838", "17", "SHOULD", "8838-17-1")
def test_component_one_of_a_foundation_comes_before_component_two() -> None:
    side = Side("a", Role.CONTROLLED, [OWN, "10.0.1.1:5000"], TRICKLE, components=2)
    side.agent.gather(0.0)
    seen: dict[str, list[int]] = {}
    for candidate in side.agent.local_description(0).candidates:
        seen.setdefault(candidate.foundation, []).append(candidate.component)
    assert list(seen.values()) == [[1, 2], [1, 2]]


@rfc("8838", "App. B", "info", "8838-B-1")
def test_a_full_peer_needs_no_candidates_of_ours_to_reach_a_lite_one() -> None:
    """The lite side knows nothing of the full one but its credentials."""
    wire = pair_of(b_config=AgentConfig(lite=True))
    bare = wire.a.description()
    wire.b.agent.set_remote_description(
        0.0, 0, Description(bare.credentials, (), trickle=True, complete=False)
    )
    answer = wire.b.description()
    assert (answer.lite, answer.complete) == (True, True)
    wire.a.agent.set_remote_description(0.0, 0, answer)
    wire.drain()
    wire.run(2.0)
    for side in (wire.a, wire.b):
        assert len(side.all(PairSelected)) == 1
    assert wire.requests(wire.b) == []
    assert successes(wire.log)
