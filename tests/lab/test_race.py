"""What the race prints, and that a lap measures what it says."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.capabilities import needs, require

require("cli")

from tests.lab.lab import Lab
from tests.lab.race import SCENARIOS, SITES, Lap, lap, lines


def test_medians_bounds_and_failures_are_told() -> None:
    laps = [
        Lap("direct", "sipice", "", 4.0, 3.0, 50.0, 60.0, (2, 1)),
        Lap("direct", "sipice", "", 6.0, 5.0, 100.0, 60.0, (2, 3)),
        Lap("direct", "aioice", "no answer in time"),
    ]
    text = "\n".join(lines(laps, ["sipice", "aioice"], 2))
    assert "5 [4 – 6]" in text
    assert "4 [3 – 5]" in text
    assert "75 [50 – 100]; bound 60, exceeded 1 times" in text
    assert "2 / 2" in text
    assert "failed" in text


@pytest.mark.lab
@needs("lab", "tcpdump", "checkout")
def test_a_lap_is_read_from_the_captures_of_both_hosts(tmp_path: Path) -> None:
    scenario = next(one for one in SCENARIOS if one.name == "direct, 50 ms")
    with Lab(SITES, rtt_ms=50, ipv6="off", neighbours=True) as lab:
        found = asyncio.run(lap(lab, scenario, "sipice", tmp_path))
    assert not found.error
    assert found.valid >= 50
    assert found.media >= 75
    assert found.nominated >= 150
    assert found.bound is not None
    assert 150 <= found.bound < 400
    assert min(found.checks) >= 1
