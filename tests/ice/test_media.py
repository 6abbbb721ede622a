"""RFC 8445 §12: which pair carries media, and who may deliver to it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from sipice.ice import MediaChanged, PairSelected, Role
from sipice.net import SILENT, SendDatagram, Source
from tests.ice.harness import Puppet, Side, address, advance, pair_of, remote
from tests.marks import rfc
from tests.rfc.alone import PEER, Alone, peers, requests

OWN = address("10.0.0.1:5000")
RTCP = "10.0.0.2:6001"


def controlled() -> tuple[Side, Puppet]:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    two = [remote(priority=9000), remote("10.0.0.3:6000", foundation="2", priority=5000)]
    puppet = Puppet(side, candidates=two)
    side.agent.set_remote_description(0.0, 0, puppet.description)
    return side, puppet


@rfc("8445", "12.1", "MAY/MUST", "8445-12.1-1")
@rfc("8445", "12.1", "rule", "8445-12.1-5")
def test_media_takes_the_best_valid_pair_and_after_selection_the_selected_one() -> None:
    side, puppet = controlled()
    first, second = advance(side, 0.05)
    base = side.bases[OWN]

    def path() -> str | None:
        send = side.agent.media(0, 1).send
        return None if send is None else str(send.to)

    assert path() is None
    side.agent.receive_datagram(0.06, puppet.success(second.message, OWN), base, second.to)
    assert path() == "10.0.0.3:6000"
    side.agent.receive_datagram(0.07, puppet.success(first.message, OWN), base, first.to)
    assert path() == "10.0.0.2:6000"
    nomination = puppet.request(controlling=True, nominate=True)
    side.agent.receive_datagram(0.08, nomination, base, second.to)
    assert path() == "10.0.0.3:6000"
    assert side.agent.media(0, 1).send is not None


@rfc("8445", "12.2", "SHOULD", "8445-12.2-1")
def test_media_is_welcome_from_every_address_that_has_shown_who_it_is() -> None:
    side, puppet = controlled()
    advance(side, 0.05)
    base = side.bases[OWN]
    for text in ("10.0.0.2:6000", "10.0.0.77:6000"):
        side.agent.receive_datagram(0.06, puppet.request(controlling=True), base, address(text))
    side.agent.receive_datagram(
        0.06, puppet.request(controlling=True, pwd="x"), base, address("10.0.0.66:6000")
    )
    assert side.agent.media(0, 1).receive == {
        Source(base, address("10.0.0.2:6000")),
        Source(base, address("10.0.0.77:6000")),
    }


@rfc("8445", "12.2", "RECOMMENDED", "8445-12.2-3")
def test_each_change_of_a_table_is_one_event_with_the_whole_table() -> None:
    wire = pair_of().connect().run(10.0)
    tables = [event.table for event in wire.a.all(MediaChanged)]
    assert tables[-1] == wire.a.agent.media(0, 1)
    assert all(one != other for one, other in pairwise(tables))
    selected = wire.a.selected()
    assert isinstance(selected, PairSelected)
    assert tables[-1].send == selected.path


def test_a_component_without_a_path_is_silent() -> None:
    side = Side("a", Role.CONTROLLED, ["10.0.0.1:5000"])
    assert side.agent.media(0, 1) == SILENT
    assert not side.agent.send(0.0, 0, 1, b"\x80media")


def test_media_can_be_sent_by_the_agent_itself() -> None:
    wire = pair_of().connect().run(1.0)
    assert wire.a.agent.send(1.0, 0, 1, b"\x80media")
    (command,) = wire.a.agent.take_commands()
    assert command == SendDatagram(b"\x80media", wire.a.bases[OWN], address("10.0.0.2:6000"))


@rfc("8839", "7.1.1", "MUST NOT", "8839-7.1.1-3")
def test_nothing_is_sent_before_each_component_of_the_stream_has_a_valid_pair() -> None:
    own = [remote(), remote(RTCP, foundation="2", component=2)]
    alone = Alone(Role.CONTROLLED, peers=own, components=2)
    alone.run(0.05)
    first, second = requests(alone.log)
    alone.answer(first)
    assert [alone.agent.media(0, component).send for component in (1, 2)] == [None, None]
    assert alone.send_media() is None
    alone.answer(second)
    for component in (1, 2):
        assert alone.agent.media(0, component).send is not None
        assert alone.send_media(component=component) is not None


def test_a_component_that_the_peer_has_not_is_not_waited_for() -> None:
    alone = Alone(Role.CONTROLLED, components=2, begun=False)
    told = alone.puppet.description
    alone.puppet.description = replace(told, complete=False)
    alone.begin()
    alone.answer(requests(alone.log)[0])
    assert alone.path() is None, "candidates of component 2 may still come"
    alone.agent.end_of_candidates(alone.now, 0)
    assert alone.path() == PEER


def test_a_component_that_both_gave_up_is_not_waited_for() -> None:
    alone = Alone(Role.CONTROLLED, components=2, peers=[remote(), remote(RTCP, component=2)])
    alone.answer(requests(alone.log)[0])
    assert alone.path() is None
    alone.agent.keep_components(alone.now, 0, 1)
    assert alone.path() == PEER


def test_media_stays_on_the_pair_that_is_being_nominated() -> None:
    """The peer may have selected it already and have freed the others."""
    alone = Alone(Role.CONTROLLING, peers=peers(PEER, "10.0.0.2:6100"))
    alone.run(0.05)
    first, second = requests(alone.log)
    alone.answer(second)
    (nomination,) = (sent for sent in alone.run(0.4) if sent.nominates)
    assert nomination.to == second.to
    alone.answer(first)
    assert alone.path() == "10.0.0.2:6100"
