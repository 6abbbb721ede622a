from __future__ import annotations

from sipice.ice import (
    AgentConfig,
    Description,
    PairSelected,
    RestartFinished,
    Role,
    StreamCompleted,
)
from sipice.stun import Class
from tests.ice.harness import Puppet, Side, address, advance, pair_of, remote, sent_by
from tests.marks import rfc

LITE = AgentConfig(lite=True)
OWN = address("203.0.113.1:5000")


def lite_side(components: int = 1) -> tuple[Side, Puppet]:
    side = Side("a", Role.CONTROLLED, ["203.0.113.1:5000"], LITE, components=components)
    puppet = Puppet(side)
    side.agent.set_remote_description(0.0, 0, puppet.description)
    return side, puppet


@rfc("8445", "6.2", "rule", "8445-6.2-1")
@rfc("8445", "7", "MUST", "8445-7-1")
def test_a_lite_agent_sends_no_request_ever() -> None:
    side, puppet = lite_side()
    side.agent.receive_datagram(
        0.1, puppet.request(controlling=True, nominate=True), side.bases[OWN], puppet.host
    )
    assert not [s for s in advance(side, 300.0) if s.is_request]
    assert side.agent.local_description(0).lite


@rfc("8445", "7.3.2", "rule", "8445-7.3.2-1")
@rfc("8445", "8.2", "rule", "8445-8.2-1")
def test_a_nominated_pair_is_valid_and_selected_at_once() -> None:
    side, puppet = lite_side()
    plain = puppet.request(controlling=True)
    side.agent.receive_datagram(0.1, plain, side.bases[OWN], puppet.host)
    assert side.agent.media(0, 1).send is None
    nominating = puppet.request(controlling=True, nominate=True)
    side.agent.receive_datagram(0.2, nominating, side.bases[OWN], address("198.51.100.9:7777"))
    sent_by(side, 0.2)
    assert side.when(PairSelected) == 0.2
    assert side.when(StreamCompleted) == 0.2
    path = side.agent.media(0, 1).send
    assert path is not None
    assert str(path.to) == "198.51.100.9:7777"


@rfc("8445", "12.1.1", "MUST NOT", "8445-12.1.1-1")
def test_no_media_before_every_component_has_a_valid_pair() -> None:
    side = Side("a", Role.CONTROLLED, ["203.0.113.1:5000"], LITE, components=2)
    both = [remote("10.0.0.2:6000"), remote("10.0.0.2:6001", component=2)]
    puppet = Puppet(side, candidates=both)
    side.agent.set_remote_description(0.0, 0, puppet.description)

    def nominate(component: int, now: float) -> None:
        base = side.bases[address(f"203.0.113.1:{4999 + component}")]
        data = puppet.request(controlling=True, nominate=True)
        side.agent.receive_datagram(now, data, base, both[component - 1].address)

    nominate(2, 0.1)
    nothing = [side.agent.media(0, component).send for component in (1, 2)]
    assert nothing == [None, None]
    nominate(1, 0.2)
    assert side.agent.media(0, 1).send is not None
    assert side.agent.media(0, 2).send is not None


@rfc("8445", "6.1.1", "MUST", "8445-6.1.1-2")
def test_of_a_full_and_a_lite_agent_the_full_one_controls() -> None:
    for roles in ((Role.CONTROLLING, Role.CONTROLLED), (Role.CONTROLLED, Role.CONTROLLING)):
        wire = pair_of(["10.0.0.1:5000"], ["203.0.113.1:6000"], b_config=LITE)
        wire.a.agent.set_role(0.0, roles[0])
        wire.b.agent.set_role(0.0, roles[1])
        wire.connect().run(1.0)
        assert wire.a.agent.role is Role.CONTROLLING
        assert wire.b.agent.role is Role.CONTROLLED
        ours, theirs = wire.a.selected(), wire.b.selected()
        assert ours is not None
        assert theirs is not None
        assert not wire.requests(wire.b)


@rfc("8445", "6.1.1", "MUST", "8445-6.1.1-2")
def test_a_lite_offerer_gives_way_to_checks_that_come_before_the_answer() -> None:
    side = Side("a", Role.CONTROLLING, ["203.0.113.1:5000"], LITE)
    puppet = Puppet(side)
    for controlling, status in ((True, Class.SUCCESS), (False, Class.ERROR)):
        check = puppet.request(controlling=controlling)
        side.agent.receive_datagram(0.1, check, side.bases[OWN], puppet.host)
        (answer,) = sent_by(side, 0.1)
        assert answer.message.message_class is status
        assert side.agent.role is Role.CONTROLLED
    side.agent.set_remote_description(0.2, 0, puppet.description)
    nominating = puppet.request(controlling=True, nominate=True)
    side.agent.receive_datagram(0.3, nominating, side.bases[OWN], puppet.host)
    sent_by(side, 0.3)
    assert side.when(StreamCompleted) == 0.3


@rfc("8445", "6.1.1", "MUST", "8445-6.1.1-3")
@rfc("8445", "8.2", "rule", "8445-8.2-1")
def test_two_lite_agents_select_without_a_check() -> None:
    wire = pair_of(["203.0.113.2:5000"], ["203.0.113.1:6000"], LITE, LITE).connect().run(60.0)
    assert wire.a.agent.role is Role.CONTROLLING
    assert not wire.requests(wire.a) + wire.requests(wire.b)
    ours, theirs = wire.a.agent.media(0, 1).send, wire.b.agent.media(0, 1).send
    assert ours is not None
    assert theirs is not None
    assert (ours.base.address, ours.to) == (theirs.to, theirs.base.address)
    assert theirs.base.address in {s.remote for s in wire.a.agent.media(0, 1).receive}


def test_a_lite_agent_without_a_peer_waits_without_failing() -> None:
    side, _ = lite_side()
    assert advance(side, 1000.0) == []
    assert side.agent.next_timeout() is None


@rfc("8445", "5.2", "MUST", "8445-5.2-1")
@rfc("8445", "5.2", "MUST", "8445-5.2-3")
@rfc("8445", "5.2", "MUST/SHOULD", "8445-5.2-4")
def test_a_lite_agent_has_host_candidates_with_their_own_foundations() -> None:
    side = Side("a", Role.CONTROLLED, ["203.0.113.1:5000", "[2001:db8::1]:5000"], LITE)
    made = side.agent.local_description(0).candidates
    assert len({c.foundation for c in made}) == 2
    assert all(c.priority >> 24 == 126 for c in made)


@rfc("8445", "11", "MUST", "8445-11-1")
def test_a_lite_agent_keeps_its_binding_open_with_indications() -> None:
    side, puppet = lite_side()
    nominating = puppet.request(controlling=True, nominate=True)
    side.agent.receive_datagram(0.0, nominating, side.bases[OWN], puppet.host)
    sent_by(side)
    assert [round(s.at) for s in advance(side, 31.0)] == [15, 30]


def test_a_description_of_a_full_peer_makes_no_checklist() -> None:
    side, _ = lite_side()
    assert side.agent._state.streams[0].current.checklist == []
    assert Description(side.agent.local_description(0).credentials).lite is False


@rfc("8839", "4.4.3.2", "MUST", "8839-4.4.3.2-1")
def test_a_restarted_lite_agent_sends_on_the_old_pair_until_it_has_a_new_one() -> None:
    side, puppet = lite_side()
    base = side.bases[OWN]
    nominating = puppet.request(controlling=True, nominate=True)
    side.agent.receive_datagram(0.1, nominating, base, puppet.host)
    identifier = side.agent.prepare_restart(1.0)
    fresh = side.agent.local_description(0)
    side.agent.set_remote_description(1.0, 0, puppet.description)
    side.agent.commit_restart(1.0, identifier)
    sent_by(side, 1.0)
    assert len(side.all(StreamCompleted)) == 1
    assert side.all(RestartFinished) == []
    path = side.agent.media(0, 1).send
    assert path is not None
    assert path.to == puppet.host
    anew = puppet.request(controlling=True, nominate=True)
    elsewhere = address("198.51.100.9:7777")
    assert puppet.peer == fresh.credentials, "checked with the new ones"
    side.agent.receive_datagram(2.0, anew, base, elsewhere)
    sent_by(side, 2.0)
    assert len(side.all(RestartFinished)) == 1
    path = side.agent.media(0, 1).send
    assert path is not None
    assert path.to == elsewhere
