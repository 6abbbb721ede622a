"""NATs that make a new mapping for every check: candidates without end, and still a relay."""

from __future__ import annotations

from itertools import product

import pytest

from tests.scenarios.test_matrix import verify
from tests.scenarios.test_servers import ENDLESS, call
from tests.simnet.oracle import possible
from tests.simnet.topology import SiteKind, build


@pytest.mark.parametrize(("a", "b"), list(product(sorted(ENDLESS, key=str), repeat=2)), ids=str)
def test_a_relay_is_found_among_endless_candidates(a: SiteKind, b: SiteKind) -> None:
    made = call(build(a, b, rtt=0.050), turn=True).run()
    verify(made, possible(a, b).best(a_turn=True, b_turn=True))
