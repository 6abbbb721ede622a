"""What ``sipice connect`` shows."""

from __future__ import annotations

import pytest

from tests.capabilities import require

require("cli")

from rich.console import Console, RenderableType

from sipice.cli import connect_render
from sipice.ice import Candidate, CandidateType, PairStatistics, TcpType
from sipice.ice.pair import PairState
from sipice.net import Address, Transport

LOCAL = Candidate(1, CandidateType.HOST, Address.parse("192.0.2.1", 5000), 1, "1")
REMOTE = Candidate(1, CandidateType.RELAYED, Address.parse("203.0.113.9", 6000), 1, "1")


def pair(state: PairState, *, selected: bool = False, rtt: float | None = None) -> PairStatistics:
    return PairStatistics(0, 1, 1, LOCAL, REMOTE, state, selected, selected, rtt)


def shown(what: RenderableType) -> str:
    console = Console(width=100, record=True, file=None)
    with console.capture() as captured:
        console.print(what)
    return captured.get()


def test_each_pair_has_a_row_with_types_state_and_round_trip() -> None:
    text = shown(
        connect_render.checks([pair(PairState.SUCCEEDED, rtt=0.0123), pair(PairState.IN_PROGRESS)])
    )
    head, first, second = text.splitlines()
    assert head.split() == ["from", "to", "state", "round", "trip"]
    words = ["host", "192.0.2.1:5000", "relay", "203.0.113.9:6000", "Succeeded", "12.3", "ms"]
    assert first.split() == words
    assert second.split()[-2:] == ["In-Progress", "-"]


def test_the_selected_pair_is_told_in_one_line() -> None:
    pairs = [pair(PairState.FAILED), pair(PairState.SUCCEEDED, selected=True)]
    line = connect_render.selected(pairs, 0.123).plain
    assert line == "connected after 123 ms: host 192.0.2.1:5000 > relay 203.0.113.9:6000"
    assert connect_render.selected([], 0.123).plain == "connected after 123 ms"
    assert "Selected" in shown(connect_render.checks(pairs))


@pytest.mark.parametrize(
    ("sent", "rtts", "lines"),
    [
        (0, [], ["0 packets sent, 0 came back, 0 % lost"]),
        (4, [], ["4 packets sent, 0 came back, 100 % lost"]),
        (
            4,
            [0.003, 0.001, 0.002],
            [
                "4 packets sent, 3 came back, 25 % lost",
                "round trip: shortest 1.0 ms, median 2.0 ms, longest 3.0 ms",
            ],
        ),
    ],
)
def test_the_path_is_told_by_loss_and_round_trips(
    sent: int, rtts: list[float], lines: list[str]
) -> None:
    assert shown(connect_render.path(sent, rtts)).splitlines() == lines


def test_a_tcp_candidate_says_so() -> None:
    active = LOCAL._replace(transport=Transport.TCP, tcptype=TcpType.ACTIVE)
    assert connect_render.named(active) == "host tcp active 192.0.2.1:5000"
