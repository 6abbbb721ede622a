from __future__ import annotations

import pytest

from tests.capabilities import require

require("cli")

from sipice.cli.advice import advice
from tests.cli.stories import whole


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("failure-a", "No TURN server is configured, and the peer offered no relayed candidate"),
        ("turn-refused-a", "TURN is configured, but gave no relay"),
        ("turn-refused-a", "compare them with the server's"),
        ("relayed-a", "Between two such NATs there is no direct way"),
        ("consent-lost-a", "An ICE restart"),
        ("wrong-password-b", "Compare a=ice-ufrag and a=ice-pwd"),
        ("other-family-a", "A second address family"),
    ],
)
def test_what_would_help_is_said(case: str, text: str) -> None:
    told = whole(case)
    assert text in " ".join(advice(told, told.runs[-1]))


@pytest.mark.parametrize("case", ["connected-a", "connected-b", "lost-packet-a", "lite-b"])
def test_where_all_went_well_nothing_is_advised(case: str) -> None:
    told = whole(case)
    assert advice(told, told.runs[0]) == []
