"""Values of an export go to JSON and come back as they were."""

from __future__ import annotations

import json

import pytest

from sipice.ice import Candidate, CandidateType, TcpType
from sipice.ice.stored import (
    age,
    from_base,
    from_candidate,
    to_base,
    to_candidate,
)
from sipice.net import Base, Transport
from tests.ice.harness import address

FOUR, SIX = address("10.0.0.1:5000"), address("[2001:db8::1]:65535")
BASE = Base(7, Transport.TCP, SIX)


@pytest.mark.parametrize(
    "candidate",
    [
        Candidate(1, CandidateType.HOST, FOUR, 2130706431, "1"),
        Candidate(
            2, CandidateType.RELAYED, SIX, 1, "f", Transport.TCP, BASE, FOUR, TcpType.SO, SIX
        ),
    ],
)
def test_candidates_come_back(candidate: Candidate) -> None:
    assert to_candidate(json.loads(json.dumps(from_candidate(candidate)))) == candidate


def test_bases_come_back() -> None:
    assert to_base(json.loads(json.dumps(from_base(BASE)))) == BASE


def test_ages_do_not_depend_on_the_clock() -> None:
    assert age(1e9 + 0.1, 1e9) == pytest.approx(0.1, abs=1e-6)
    assert age(0.3, 0.1) == 0.2
