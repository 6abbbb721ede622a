from __future__ import annotations

import pytest

from sipice.ice import Candidate, CandidateType, TcpType
from sipice.ice.candidate import (
    check_priority,
    foundation_key,
    interleave,
    is_redundant,
    priority,
    tcp_preference,
)
from sipice.net import Address, Base, Transport
from tests.ice.harness import address
from tests.marks import rfc

HOST = Base(1, Transport.UDP, address("10.0.1.100:2498"))
VPN = Base(2, Transport.UDP, address("192.168.1.100:3344"))


def candidate(
    kind: CandidateType = CandidateType.HOST,
    at: str = "10.0.1.100:2498",
    base: Base = HOST,
    server: Address | None = None,
    component: int = 1,
) -> Candidate:
    return Candidate(component, kind, address(at), 1, "1", base=base, server=server)


@rfc("8445", "5.1.2", "SHOULD", "8445-5.1.2-2")
@rfc("8445", "5.1.2.1", "MUST", "8445-5.1.2.1-1")
@pytest.mark.parametrize(
    ("kind", "component", "value"),
    [
        (CandidateType.HOST, 1, 2130706431),
        (CandidateType.HOST, 2, 2130706430),
        (CandidateType.PEER_REFLEXIVE, 1, 1862270975),
        (CandidateType.PEER_REFLEXIVE, 2, 1862270974),
        (CandidateType.SERVER_REFLEXIVE, 1, 1694498815),
        (CandidateType.SERVER_REFLEXIVE, 2, 1694498814),
        (CandidateType.RELAYED, 1, 16777215),
        (CandidateType.RELAYED, 2, 16777214),
    ],
)
def test_priorities_of_a_single_address(kind: CandidateType, component: int, value: int) -> None:
    assert priority(kind.value, 65535, component) == value


def test_type_preferences_lie_in_range_and_peer_reflexive_beats_server_reflexive() -> None:
    values = [kind.value for kind in CandidateType]
    assert len(set(values)) == 4
    assert min(values) >= 0
    assert max(values) <= 126
    assert CandidateType.PEER_REFLEXIVE.value > CandidateType.SERVER_REFLEXIVE.value


@rfc("8445", "7.1.1", "MUST", "8445-7.1.1-1")
def test_the_priority_of_a_check_is_the_candidates_own_with_the_peer_reflexive_type() -> None:
    host = candidate()._replace(priority=priority(126, 65500, 2))
    assert check_priority(host) == priority(110, 65500, 2)


@rfc("8445", "5.1.1.3", "rule", "8445-5.1.1.3-1")
def test_foundations_tell_type_base_server_and_transport_apart() -> None:
    stun, turn = address("192.0.2.2:3478"), address("192.0.2.9:3478")
    srflx = CandidateType.SERVER_REFLEXIVE
    keys = [
        foundation_key(candidate()),
        foundation_key(candidate(base=VPN)),
        foundation_key(candidate(srflx, server=stun)),
        foundation_key(candidate(srflx, server=turn)),
        foundation_key(candidate()._replace(transport=Transport.TCP, tcptype=TcpType.SO)),
        foundation_key(candidate()._replace(transport=Transport.TCP, tcptype=TcpType.PASSIVE)),
    ]
    assert len(set(keys)) == len(keys)
    other_port = HOST._replace(address=address("10.0.1.100:9999"))
    assert foundation_key(candidate(base=other_port)) == keys[0], "the port does not count"


@rfc("8445", "5.1.3", "SHOULD", "8445-5.1.3-1")
@rfc("8838", "9", "rule", "8838-9-1")
def test_equal_addresses_are_redundant_only_with_equal_bases() -> None:
    """Appendix B.2: the address of one network seen again through another."""
    host = candidate()
    through_vpn = candidate(CandidateType.SERVER_REFLEXIVE, base=VPN)
    assert is_redundant(candidate(CandidateType.SERVER_REFLEXIVE), [host])
    assert not is_redundant(through_vpn, [host])


@rfc("8421", "4", "should", "8421-4-1")
@rfc("8421", "4", "should", "8421-4-2")
@rfc("8445", "5.1.2.1", "SHOULD", "8445-5.1.2.1-3")
@pytest.mark.parametrize(
    ("four", "six", "order"),
    [
        (2, 6, "66664646"),
        (1, 1, "64"),
        (2, 2, "6644"),
        (3, 3, "664644"),
        (4, 2, "646444"),
        (0, 3, "666"),
        (3, 0, "444"),
    ],
)
def test_families_are_interleaved_after_a_head_start(four: int, six: int, order: str) -> None:
    fours = [bytes((10, 0, 0, n)) for n in range(four)]
    sixes = [bytes(15) + bytes((n + 2,)) for n in range(six)]
    result = interleave(fours + sixes)
    assert "".join("6" if len(ip) == 16 else "4" for ip in result) == order
    assert [ip for ip in result if len(ip) == 4] == fours
    assert [ip for ip in result if len(ip) == 16] == sixes


@rfc("6544", "4.2", "SHOULD", "6544-4.2-1")
@pytest.mark.parametrize(
    ("kind", "tcptype", "value"),
    [
        (CandidateType.HOST, TcpType.ACTIVE, 2128609279),
        (CandidateType.HOST, TcpType.PASSIVE, 2124414975),
        (CandidateType.HOST, TcpType.SO, 2120220671),
        (CandidateType.SERVER_REFLEXIVE, TcpType.SO, 1692401663),
        (CandidateType.SERVER_REFLEXIVE, TcpType.ACTIVE, 1688207359),
        (CandidateType.SERVER_REFLEXIVE, TcpType.PASSIVE, 1684013055),
    ],
)
def test_tcp_priorities_of_appendix_c(kind: CandidateType, tcptype: TcpType, value: int) -> None:
    assert priority(kind.value, tcp_preference(kind, tcptype, 8191), 1) == value
