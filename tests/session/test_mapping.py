"""Candidates between descriptions and the agent, and which of them is the default."""

from __future__ import annotations

import pytest

import sdp
from sdp import Destination
from sipice.ice import Candidate, CandidateType, TcpType
from sipice.net import Address, Base, Transport
from sipice.session import mapping
from tests.marks import rfc

HOST = Candidate(
    1, CandidateType.HOST, Address.parse("192.0.2.1", 5000), 2130706431, "1",
    base=Base(1, Transport.UDP, Address.parse("192.0.2.1", 5000)),
)  # fmt: skip


def other(kind: CandidateType, text: str, component: int = 1, **more: object) -> Candidate:
    return HOST._replace(type=kind, component=component, address=Address.parse(text, 6000), **more)  # type: ignore[arg-type]


def value(line: str) -> sdp.Candidate:
    return sdp.Candidate.parse(line)


@rfc("8839", "5.1", "MUST", "8839-5.1-3")
@rfc("8839", "5.1", "rule", "8839-5.1-7")
def test_related_addresses_are_written_for_all_but_host_candidates() -> None:
    assert mapping.to_sdp(HOST).to_bytes() == b"1 1 UDP 2130706431 192.0.2.1 5000 typ host"
    reflexive = other(CandidateType.SERVER_REFLEXIVE, "203.0.113.1", related=HOST.address)
    assert mapping.to_sdp(reflexive).to_bytes().endswith(b"typ srflx raddr 192.0.2.1 rport 5000")
    mapped = Address.parse("203.0.113.1", 7000)
    relayed = other(CandidateType.RELAYED, "203.0.113.9", related=mapped)
    assert mapping.to_sdp(relayed).to_bytes().endswith(b"typ relay raddr 203.0.113.1 rport 7000")
    unrelated = other(CandidateType.PEER_REFLEXIVE, "203.0.113.1", related=None)
    assert mapping.to_sdp(unrelated).related_address == "192.0.2.1"
    bare = unrelated._replace(base=None)
    assert mapping.to_sdp(bare).related_address == "203.0.113.1"


def test_tcp_candidates_keep_their_kind_both_ways() -> None:
    tcp = HOST._replace(transport=Transport.TCP, tcptype=TcpType.PASSIVE)
    written = mapping.to_sdp(tcp)
    assert written.to_bytes().endswith(b"typ host tcptype passive")
    back = mapping.to_ice(written)
    assert back is not None
    assert (back.transport, back.tcptype) == (Transport.TCP, TcpType.PASSIVE)


@pytest.mark.parametrize(
    "line",
    [
        "1 1 UDP 1 host.example 5000 typ host",
        "1 1 SCTP 1 192.0.2.1 5000 typ host",
        "1 1 UDP 1 192.0.2.1 5000 typ strange",
        "1 0 UDP 1 192.0.2.1 5000 typ host",
        "1 1 TCP 1 192.0.2.1 5000 typ host",
        "1 1 UDP 1 1f4712db-ea17-4bcf-a596-105139dfd8bf.local 5000 typ host",
    ],
)
@rfc("8839", "5.1", "MUST NOT / MUST", "8839-5.1-1")
@rfc("8839", "5.1", "rule", "8839-5.1-6")
def test_what_the_agent_cannot_use_is_left_out(line: str) -> None:
    assert mapping.to_ice(value(line)) is None


def test_a_candidate_of_the_peer_keeps_its_related_address_and_any_spelling() -> None:
    found = mapping.to_ice(
        value("x 1 udp 77 [2001:db8::1%3] 5000 typ SRFLX raddr 10.0.0.1 rport 9")
    )
    assert found is not None
    assert found.type is CandidateType.SERVER_REFLEXIVE
    assert found.address == Address.parse("2001:db8::1", 5000)
    assert found.related == Address.parse("10.0.0.1", 9)
    odd = mapping.to_ice(value("x 1 udp 77 192.0.2.1 5000 typ srflx raddr name rport 99999"))
    assert odd is not None
    assert odd.related is None


DEFAULT = (CandidateType.RELAYED, CandidateType.SERVER_REFLEXIVE, CandidateType.HOST)
CANDIDATES = (
    HOST,
    other(CandidateType.HOST, "192.0.2.1", 2),
    other(CandidateType.SERVER_REFLEXIVE, "203.0.113.1"),
    other(CandidateType.SERVER_REFLEXIVE, "203.0.113.1", 2),
    other(CandidateType.RELAYED, "203.0.113.9"),
)


@rfc("5245", "4.1.4", "RECOMMENDED", "5245-4.1.4-1")
def test_the_default_is_relayed_else_reflexive_else_host_unless_configured_otherwise() -> None:
    (first,) = mapping.default_candidates(CANDIDATES, 1, DEFAULT)
    assert first.type is CandidateType.RELAYED
    (first,) = mapping.default_candidates(CANDIDATES[:4], 1, DEFAULT)
    assert first.type is CandidateType.SERVER_REFLEXIVE
    (first,) = mapping.default_candidates(CANDIDATES, 1, (CandidateType.HOST,))
    assert first.type is CandidateType.HOST


def test_the_components_of_a_default_belong_together_where_they_can() -> None:
    order = (CandidateType.SERVER_REFLEXIVE, CandidateType.RELAYED, CandidateType.HOST)
    chosen = mapping.default_candidates(CANDIDATES, 2, order)
    assert [one.type for one in chosen] == [CandidateType.SERVER_REFLEXIVE] * 2
    chosen = mapping.default_candidates(CANDIDATES, 2, DEFAULT)
    assert [one.type for one in chosen] == [CandidateType.RELAYED, CandidateType.SERVER_REFLEXIVE]


@rfc("8445", "5.2 Lite", "SHOULD", "8445-5.2-5")
def test_which_of_two_families_is_the_default_is_configured() -> None:
    both = (other(CandidateType.HOST, "2001:db8::1", priority=2130706431), HOST)
    assert mapping.default_candidates(both, 1, DEFAULT) == (HOST,)
    assert mapping.default_candidates(both, 1, DEFAULT, 6) == both[:1]


@rfc("8839", "4.3.2", "MUST", "8839-4.3.2-2")
def test_without_a_fitting_candidate_the_placeholder_stands() -> None:
    tcp = HOST._replace(transport=Transport.TCP, tcptype=TcpType.PASSIVE)
    chosen = mapping.default_candidates([tcp], 1, DEFAULT)
    assert chosen == ()
    assert mapping.destinations_of(chosen) == (Destination("0.0.0.0", 9),)
    assert mapping.destinations_of([HOST]) == (Destination("192.0.2.1", 5000),)
