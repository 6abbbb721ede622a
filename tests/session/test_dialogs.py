"""One offer, several dialogs."""

from __future__ import annotations

import pytest

from sdp import effective
from sipice.ice import AgentConfig
from sipice.session import (
    Controller,
    DescriptionReady,
    Direction,
    SessionConfig,
    SessionEvent,
    Trickle,
)
from tests.marks import rfc
from tests.session.solo import Solo, own_section, own_text, parsed, peer_text, quick, section
from tests.session.stack import Stack
from tests.simnet.host import Host
from tests.simnet.party import Party
from tests.simnet.topology import OPEN, build

OWN = own_text(own_section())


class Fork:
    """A caller, and several callees that get the same offer and answer when they like."""

    def __init__(self, count: int, *, config: SessionConfig | None = None) -> None:
        self.topology = build(OPEN, OPEN, rtt=0.050)
        self.world = self.topology.world
        self.a = Party(self.topology.a.host, config or quick())
        self.branches: list[Party] = []
        for number in range(count):
            host = Host(self.world, f"b{number}")
            host.attach(self.topology.internet, f"203.0.113.10{number}")
            self.branches.append(Party(host, config or quick(), seed=number))
        self.plain: dict[str, list[bytes]] = {}
        self.offer = b""
        self.a.watchers.append(self._at_a)

    def start(self) -> None:
        self.a.tell(self.a.controller.begin_offer, "", Stack("a").offer())
        self.world.run(until=self.world.now + 0.1)

    def _at_a(self, event: SessionEvent) -> None:
        if isinstance(event, DescriptionReady):
            if event.direction is Direction.TO_PEER:
                self.offer = event.sdp
            else:
                self.plain.setdefault(event.dialog, []).append(event.sdp)

    def answer(self, branch: Party, *, final: bool) -> None:
        """The branch answers, in a 2xx or before."""
        stack = Stack(branch.name)

        def at_branch(event: SessionEvent) -> None:
            if isinstance(event, DescriptionReady):
                if event.direction is Direction.TO_STACK:
                    branch.tell(branch.controller.begin_answer, "a", stack.answer(event.sdp))
                else:
                    if final:
                        self.a.tell(self.a.controller.confirm, branch.name)
                    refusal = self.a.tell(
                        self.a.controller.receive_answer, branch.name, event.sdp, final=True
                    )
                    assert refusal is None

        branch.watchers.append(at_branch)
        branch.tell(branch.controller.receive_offer, "a", self.offer)

    def connected(self, branch: Party) -> bool:
        ways = [
            self.a.controller.media(branch.name, 0, 1).send,
            branch.controller.media("a", 0, 1).send,
        ]
        return None not in ways


@pytest.mark.parametrize("count", [2, 5])
@rfc("8839", "7", "rule", "8839-7-1")
@rfc("6337", "2.2", "must", "6337-2.2-4")
@rfc("9429", "3.2", "fact", "9429-3.2-1")
@rfc("8839", "7.3", "rule", "8839-7.3-1")
def test_each_answer_is_a_session_of_its_own_over_the_same_sockets(count: int) -> None:
    fork = Fork(count)
    fork.start()
    bound = len(fork.a.bases)
    for branch in fork.branches:
        fork.answer(branch, final=False)
        fork.world.run(until=fork.world.now + 1.0)
    assert all(map(fork.connected, fork.branches))
    assert len(fork.a.bases) == bound
    assert set(fork.a.controller.dialogs) == {branch.name for branch in fork.branches}
    for number, branch in enumerate(fork.branches):
        branch.send_media(b"\x80" + bytes(18) + bytes([number]), "a")
    fork.world.run(until=fork.world.now + 1.0)
    assert [(dialog, data[-1]) for _, dialog, data in fork.a.media] == [
        (branch.name, number) for number, branch in enumerate(fork.branches)
    ]


def test_the_winner_goes_on_when_the_others_end() -> None:
    fork = Fork(3)
    fork.start()
    for branch in fork.branches:
        fork.answer(branch, final=False)
    fork.world.run(until=fork.world.now + 5.0)
    winner, *losers = fork.branches
    fork.a.tell(fork.a.controller.confirm, winner.name)
    for branch in losers:
        fork.a.tell(fork.a.controller.end, branch.name)
        branch.tell(branch.controller.close)
    fork.world.run(until=fork.world.now + 40.0)
    assert fork.connected(winner)
    assert fork.a.sockets
    fork.a.tell(fork.a.controller.end, winner.name)
    assert not fork.a.sockets
    assert fork.a.closed == [0]


def test_a_branch_that_answers_late_finds_everything_that_was_offered() -> None:
    """The first has completed, given up RTCP and freed what it did not need by then."""
    solo = Solo(quick(), hosts=("192.0.2.10", "192.0.2.11"))
    solo.offer(own_text(own_section(7000, "a=rtcp-mux")), "")
    solo.answered(peer_text(section(6000, "a=rtcp-mux")), final=False, dialog="one")
    solo.wait(60.0)
    solo.answered(peer_text(section(6100, components=2)), final=False, dialog="two")
    agent = solo.controller._leg.dialogs["two"].agent
    pairs = agent._state.streams[0].current.checklist
    assert {(pair.component, pair.local.address.host) for pair in pairs} == {
        (component, host) for component in (1, 2) for host in ("192.0.2.10", "192.0.2.11")
    }
    solo.controller.confirm(solo.now, "one")
    solo.controller.end(solo.now, "two")
    solo.take()
    assert {base.address.port for base in solo.released} >= {40001}


@rfc("5761", "5.1.2", "rule", "5761-5.1.2-1")
def test_branches_may_disagree_about_rtcp() -> None:
    solo = Solo(quick())
    solo.offer(own_text(own_section(7000, "a=rtcp-mux")), "")
    one = solo.answered(peer_text(section(6000, "a=rtcp-mux")), final=False, dialog="one")
    two = solo.answered(peer_text(section(6100, components=2)), final=False, dialog="two")
    assert parsed(one).media[0].rtcp is None
    assert parsed(two).media[0].rtcp is not None


def test_one_branch_may_do_no_ice_at_all() -> None:
    solo = Solo(quick())
    solo.offer(OWN, "")
    solo.answered(peer_text(section()), final=False, dialog="one")
    solo.answered(peer_text(section(6100, ice=False), ufrag=None), final=False, dialog="two")
    path = solo.controller.media("two", 0, 1).send
    assert path is not None
    assert path.to.port == 6100
    assert solo.controller.media("one", 0, 1).send is None


def test_no_offer_is_made_in_a_dialog_whose_first_answer_is_still_to_come() -> None:
    solo = Solo(quick())
    solo.offer(OWN, "")
    assert solo.refuses_offer(peer_text(section())).status == 491
    refusal = solo.controller.begin_offer(solo.now, "peer", OWN)
    assert refusal is not None
    assert refusal.status == 491
    assert solo.controller.dialogs == ("",)


def test_an_unacceptable_answer_makes_no_branch() -> None:
    solo = Solo(quick())
    solo.offer(OWN, "")
    solo.answered(peer_text(section()), final=False, dialog="one")
    refusal = solo.controller.receive_answer(solo.now, "two", peer_text(section(), section(6002)))
    assert refusal is not None
    assert solo.take() == []
    assert solo.controller.dialogs == ("one",)


def test_an_invite_without_offer_that_forks_gets_an_offer_from_each_branch() -> None:
    solo = Solo(quick())
    for number, name in enumerate(("one", "two")):
        solo.dialog = name
        solo.offered(peer_text(section(6000 + 100 * number)))
        answer = parsed(solo.answer(OWN))
        assert effective.credentials(answer, 0) is not None
    assert solo.controller.streams("one") != solo.controller.streams("two")
    solo.controller.end(solo.now, "one")
    solo.take()
    assert solo.closed == [0]
    assert solo.controller.streams("two") == (1,)


@pytest.mark.parametrize("trickle", [Trickle.OFF, Trickle.HALF])
def test_an_early_dialog_may_end_before_the_next_one_answers(trickle: Trickle) -> None:
    solo = Solo(SessionConfig(agent=AgentConfig(), trickle=trickle))
    solo.offer(OWN, "")
    lines = ("a=mid:0",)
    solo.answered(peer_text(section(6000, *lines)), final=False, dialog="one")
    solo.controller.end(solo.now, "one")
    solo.take()
    assert solo.closed == []
    solo.answered(peer_text(section(6100, *lines)), dialog="two")
    assert solo.controller.dialogs == ("two",)


def test_after_the_end_nothing_is_left_and_nothing_happens_any_more() -> None:
    solo = Solo(quick())
    solo.offer(OWN, "")
    solo.answered(peer_text(section()))
    controller: Controller = solo.controller
    controller.close(solo.now)
    solo.take()
    assert solo.closed == [0]
    assert controller.next_timeout() is None
    assert controller.dialogs == ()
    for refusal in (
        controller.begin_offer(9.0, "", OWN),
        controller.receive_offer(9.0, "x", OWN),
        controller.receive_answer(9.0, "peer", OWN),
        controller.begin_answer(9.0, "peer", OWN),
    ):
        assert refusal is not None
    assert controller.receive_fragment(9.0, "peer", b"") is None
    controller.offer_failed(9.0, "peer", 500)
    controller.handle_timeout(10.0)
    controller.close(11.0)
    assert solo.take() == []


@pytest.mark.parametrize("branches", [1, 2])
def test_a_call_that_is_made_again_after_it_rang_leaves_with_the_same_offer(branches: int) -> None:
    """A 3xx or 503 behind a 183: the candidates serve the next INVITE (docs, D4.4)."""
    solo = Solo(quick())
    text = solo.offer(OWN, "")
    for name in ("one", "two")[:branches]:
        solo.answered(peer_text(section()), final=False, dialog=name)
    for name in ("one", "two")[:branches]:
        solo.controller.end(solo.now, name)
    solo.take()
    assert solo.offer(own_text(own_section(), version=9), "") == text
    solo.answered(peer_text(section(6100)), dialog="three")
    assert solo.controller.dialogs == ("three",)
    assert solo.opened == [0]
    solo.controller.close(solo.now)
    solo.take()
    assert solo.closed == [0]
