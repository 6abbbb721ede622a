"""RFC 8445 §6.1.4.2: what is checked first behind a NAT, and when the order is strict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sipice.ice import Candidate, CandidateType
from tests.ice.asking import MAPPED, STUN, Case, config
from tests.ice.harness import Puppet, Sent, advance, remote, sent_by
from tests.marks import rfc

INSIDE = "192.168.7.7:6000"
OUTSIDE = "198.51.100.9:6100"
SRFLX = CandidateType.SERVER_REFLEXIVE


class Behind:
    """An agent behind a NAT, with a peer that shows addresses inside and outside of its own."""

    def __init__(self, *shown: Candidate, knows_itself: bool = True, strict: bool = False) -> None:
        self.case = Case(replace(config(STUN), strict_order=strict))
        (question,) = self.case.run(0.0)
        self.case.answer(question, 0.01, code=0 if knows_itself else 400)
        self.side, self.agent = self.case.side, self.case.agent
        self.agent.local_description(0)
        self.puppet = Puppet(self.side, candidates=shown or (remote(INSIDE), outside()))
        self.agent.set_remote_description(1.0, 0, self.puppet.description)

    def run(self, until: float) -> list[Sent]:
        return advance(self.side, until)

    def answer(self, sent: Sent, now: float) -> None:
        data = self.puppet.success(sent.message, MAPPED)
        self.agent.receive_datagram(now, data, self.side.bases[sent.source], sent.to)
        sent_by(self.side, now)

    def order(self) -> list[str]:
        """Where the first two checks go."""
        return [str(sent.to) for sent in self.run(1.06)]


def outside(text: str = OUTSIDE, kind: CandidateType = SRFLX) -> Candidate:
    return remote(text, kind=kind, priority=1694498815, foundation="2")


def test_between_two_nats_the_first_check_goes_to_the_public_address() -> None:
    assert Behind().order() == [OUTSIDE, INSIDE]


@pytest.mark.parametrize("inside", ["10.1.2.3:6000", "172.31.0.9:6000", "100.64.1.1:6000"])
def test_every_kind_of_private_address_lets_the_public_one_go_first(inside: str) -> None:
    assert Behind(remote(inside), outside()).order() == [OUTSIDE, inside]


@rfc("8445", "6.1.4.2", "step 3", "8445-6.1.4.2-4")
def test_else_the_best_pair_is_checked_first() -> None:
    same_nat = outside(f"{MAPPED.host}:6100")
    no_nat = outside(kind=CandidateType.RELAYED)
    assert Behind(strict=True).order()[0] == INSIDE, "asked for"
    assert Behind(remote(INSIDE), same_nat).order()[0] == INSIDE, "behind the same NAT"
    assert Behind(knows_itself=False).order()[0] == INSIDE, "we know of no NAT of ours"
    assert Behind(remote(INSIDE), no_nat).order()[0] == INSIDE, "the peer knows of none"
    public = "172.32.0.9:6000"
    assert Behind(remote(public), outside()).order()[0] == public, "no private address"


def test_a_private_address_that_answers_is_nominated_all_the_same() -> None:
    behind = Behind()
    public, private = behind.run(1.06)
    behind.answer(public, 1.07)
    assert behind.run(1.08) == []
    behind.answer(private, 1.09)
    nominating = {str(sent.to) for sent in behind.run(2.0) if sent.nominates}
    assert nominating == {INSIDE}


@pytest.mark.parametrize(("rtt", "wait"), [(0.01, 0.06), (0.04, 0.12)])
def test_a_private_address_that_is_silent_delays_nomination_a_little(
    rtt: float, wait: float
) -> None:
    """One Ta and a round trip, or three round trips, from its check on."""
    behind = Behind()
    (public,) = behind.run(1.0 + rtt / 2)
    behind.answer(public, 1.0 + rtt)
    sent = behind.run(2.0)
    assert [str(one.to) for one in sent[:2]] == [INSIDE, OUTSIDE]
    assert sent[1].nominates
    assert sent[1].at == pytest.approx(1.05 + wait)
