from __future__ import annotations

from sipice.ice import Role
from tests.ice.harness import Side
from tests.marks import rfc


@rfc("8445", "5.1.1.3", "rule", "8445-5.1.1.3-1")
def test_components_of_one_address_share_a_foundation_and_addresses_do_not() -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000", "10.0.1.1:5000"], components=2)
    made = side.agent.local_description(0).candidates
    by_ip: dict[bytes, set[str]] = {}
    for candidate in made:
        by_ip.setdefault(candidate.address.ip, set()).add(candidate.foundation)
    assert [len(found) for found in by_ip.values()] == [1, 1]
    assert len(set.union(*by_ip.values())) == 2
    assert all(len(candidate.foundation) <= 32 for candidate in made)
