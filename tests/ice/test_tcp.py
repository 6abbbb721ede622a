from __future__ import annotations

import pytest

from sipice.ice import Candidate, CandidateType, TcpType
from sipice.ice.tcp import connects, is_pruned, partner
from tests.ice.harness import address
from tests.marks import rfc


@rfc("6544", "6.2", "MUST", "6544-6.2-1")
@pytest.mark.parametrize("local", list(TcpType))
@pytest.mark.parametrize("remote", list(TcpType))
def test_which_kinds_of_tcp_candidates_pair(local: TcpType, remote: TcpType) -> None:
    pairs = {
        (TcpType.SO, TcpType.SO),
        (TcpType.ACTIVE, TcpType.PASSIVE),
        (TcpType.PASSIVE, TcpType.ACTIVE),
    }
    assert connects(local, remote) is ((local, remote) in pairs)
    assert connects(None, remote) is False
    assert connects(local, partner(local))


def test_only_passive_local_candidates_are_pruned() -> None:
    plain = Candidate(1, CandidateType.HOST, address("10.0.0.1:9"), 1, "1")
    assert not is_pruned(plain)
    assert [kind for kind in TcpType if is_pruned(plain._replace(tcptype=kind))] == [
        TcpType.PASSIVE
    ]
