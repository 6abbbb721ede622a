"""The oracle agrees with what can be said about NATs on paper."""

from __future__ import annotations

import pytest

from tests.simnet.nat import AD, ALL_KINDS, APD, EI, PORT_RESTRICTED, SYMMETRIC, Hairpin, NatKind
from tests.simnet.oracle import Kind, flood, possible
from tests.simnet.topology import BLOCKED, CLOUD, FIREWALLED, OPEN, SiteKind, behind, same_lan


def on_paper(sender: NatKind, receiver: NatKind) -> bool:
    """Whether a first packet of ``sender`` to the STUN address of ``receiver`` makes a path.

    R is the receiver's address at the STUN server, S the sender's; s and r are those that the two
    really use towards each other.
    """
    if not _enters(sender, receiver):
        return False
    if receiver.mapping is EI:
        return True  # the answer leaves from R, where the packet went
    # The receiver answers from another port r. Its own check must get in at s.
    if sender.filtering is APD:
        return False
    # The sender checks r. Both ends stay where they are unless both change with every port.
    return sender.mapping is not APD or receiver.mapping is AD


def _enters(sender: NatKind, receiver: NatKind) -> bool:
    if receiver.filtering is EI:
        return True
    if receiver.mapping is not EI:
        return False  # R has only ever written to the STUN server
    # The receiver has written to S: that opens R for its IP address, or for S itself.
    return receiver.filtering is AD or sender.mapping is EI


@pytest.mark.parametrize("a", ALL_KINDS, ids=str)
@pytest.mark.parametrize("b", ALL_KINDS, ids=str)
def test_two_nats_connect_exactly_where_paper_says_so(a: NatKind, b: NatKind) -> None:
    found = possible(behind(a), behind(b))
    assert bool(found.direct) == (on_paper(a, b) or on_paper(b, a)), found


@pytest.mark.parametrize(
    ("a", "b", "direct"),
    [
        (OPEN, OPEN, True),
        (OPEN, behind(SYMMETRIC), True),
        (OPEN, FIREWALLED, True),
        (FIREWALLED, FIREWALLED, True),
        (FIREWALLED, behind(SYMMETRIC), False),
        (CLOUD, behind(SYMMETRIC), True),
        (behind(PORT_RESTRICTED, PORT_RESTRICTED), behind(PORT_RESTRICTED), True),
        (behind(PORT_RESTRICTED, SYMMETRIC), behind(PORT_RESTRICTED), False),
        (BLOCKED, OPEN, False),
    ],
    ids=str,
)
def test_well_known_pairs(a: SiteKind, b: SiteKind, direct: bool) -> None:
    assert bool(possible(a, b).direct) is direct
    assert bool(possible(b, a).direct) is direct


def test_a_relay_helps_everybody_who_gets_out() -> None:
    hard = possible(behind(SYMMETRIC), behind(SYMMETRIC))
    assert hard.best() is Kind.IMPOSSIBLE
    assert hard.best(a_turn=True) is Kind.ONE_RELAY
    assert hard.best(b_turn=True) is Kind.ONE_RELAY
    assert possible(BLOCKED, OPEN).best(a_turn=True, b_turn=True) is Kind.IMPOSSIBLE
    assert possible(OPEN, OPEN).best(a_turn=True) is Kind.DIRECT


def test_without_stun_only_what_starts_in_the_open_connects() -> None:
    assert possible(behind(SYMMETRIC), OPEN, stun=(False, False)).direct
    home = behind(PORT_RESTRICTED)
    assert not possible(home, home, stun=(False, False)).direct


def test_a_passive_peer_must_be_reachable() -> None:
    assert possible(behind(SYMMETRIC), OPEN, active=(True, False)).direct
    assert not possible(OPEN, FIREWALLED, active=(True, False)).direct
    assert not possible(OPEN, behind(PORT_RESTRICTED), active=(True, False)).direct


def test_one_lan_connects_inside_and_by_hairpin_where_the_nat_has_it() -> None:
    found = flood(same_lan())
    assert ("192.168.1.11", "192.168.1.12") in found.direct
    assert ("192.168.1.11", "203.0.113.21") in found.direct
    without = flood(same_lan(nat=PORT_RESTRICTED))
    assert without.direct == {("192.168.1.11", "192.168.1.12")}
    shown = flood(same_lan(nat=NatKind(filtering=EI, hairpin=Hairpin.INTERNAL_SOURCE)))
    assert ("192.168.1.11", "203.0.113.21") not in shown.direct


def test_ipv6_connects_where_ipv4_cannot() -> None:
    six = SiteKind(nat=SYMMETRIC, ipv6=True)
    assert {remote for _, remote in possible(six, six).direct} == {"2001:db8:a2::10"}
