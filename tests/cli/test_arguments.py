"""Streams, candidates and destinations as they are written on the command line."""

from __future__ import annotations

import pytest

from sdp import Destination, SdpError
from sipice.cli.arguments import candidates_by_stream, check_streams, destinations_by_stream

LINE = "1 1 UDP 2130706431 192.0.2.1 5000 typ host"


@pytest.mark.parametrize("value", [LINE, f"candidate:{LINE}", f"a=candidate:{LINE}", f"0={LINE}"])
def test_a_candidate_may_be_pasted_in_any_form(value: str) -> None:
    found = candidates_by_stream([value])
    assert [c.to_bytes().decode() for c in found[0]] == [LINE]


def test_candidates_are_gathered_by_stream() -> None:
    found = candidates_by_stream([f"1={LINE}", LINE, f"1={LINE}"])
    assert {stream: len(lines) for stream, lines in found.items()} == {0: 1, 1: 2}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("192.0.2.1:5000", [Destination("192.0.2.1", 5000)]),
        (
            "0=192.0.2.1:5000,5001",
            [Destination("192.0.2.1", 5000), Destination("192.0.2.1", 5001)],
        ),
        (
            "[2001:db8::1]:5000,192.0.2.2:6",
            [Destination("2001:db8::1", 5000), Destination("192.0.2.2", 6)],
        ),
    ],
)
def test_a_destination_names_rtp_and_rtcp(value: str, expected: list[Destination]) -> None:
    assert destinations_by_stream([value]) == {0: expected}


@pytest.mark.parametrize(
    "value", ["192.0.2.1", "2001:db8::1:5", "1.2.3.4:5,6,7", "1.2.3.4:5,x", ":5", "1.2.3.4:123456"]
)
def test_other_forms_are_refused(value: str) -> None:
    with pytest.raises(SdpError, match="destination"):
        destinations_by_stream([value])


def test_two_destinations_of_one_stream_are_refused() -> None:
    with pytest.raises(SdpError, match="stream 0 has two"):
        destinations_by_stream(["1.2.3.4:5", "0=1.2.3.4:6"])


def test_a_stream_must_exist() -> None:
    check_streams([0, 1], 2)
    with pytest.raises(SdpError, match="streams 0 to 1"):
        check_streams([2], 2)
    with pytest.raises(SdpError, match="no m= section"):
        check_streams([0], 0)
