"""What ``sipice connect`` shows: the checks while they run, and what the path is like."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from sipice.cli.render import BAD, GOOD, ODD
from sipice.cli.steps import ms
from sipice.cli.terminal import grid, line
from sipice.ice import Candidate, PairStatistics
from sipice.ice.pair import PairState
from sipice.session.mapping import to_sdp

_STYLES = {
    PairState.FROZEN: ODD,
    PairState.WAITING: ODD,
    PairState.IN_PROGRESS: ODD,
    PairState.SUCCEEDED: GOOD,
    PairState.FAILED: BAD,
}


def checks(pairs: Sequence[PairStatistics]) -> RenderableType:
    """One row a pair, by priority."""
    table = grid("from", "to", "state", ">round trip", rigid=("state",))
    for one in pairs:
        state = "Selected" if one.selected else one.state.name.replace("_", "-").title()
        table.add_row(
            line(named(one.local)),
            line(named(one.remote)),
            line((state, _STYLES[one.state])),
            line("-" if one.rtt is None else _fine(one.rtt)),
        )
    return table


def path(sent: int, rtts: Sequence[float]) -> RenderableType:
    """Packets, loss and round trips so far."""
    lost = sent - len(rtts)
    style = BAD if lost else GOOD
    parts: list[RenderableType] = [
        line(
            f"{sent} packets sent, {len(rtts)} came back, ",
            (f"{100 * lost / max(1, sent):.0f} % lost", style),
        )
    ]
    if rtts:
        ordered = sorted(rtts)
        shortest, median, longest = ordered[0], ordered[len(ordered) // 2], ordered[-1]
        text = f"shortest {_fine(shortest)}, median {_fine(median)}, longest {_fine(longest)}"
        parts.append(line(f"round trip: {text}"))
    return Group(*parts)


def selected(pairs: Sequence[PairStatistics], took: float) -> Text:
    """Which pair it is, in one line."""
    found = next((one for one in pairs if one.selected), None)
    if found is None:
        return line((f"connected after {ms(took)}", GOOD))
    return line(
        (f"connected after {ms(took)}: ", GOOD), f"{named(found.local)} > {named(found.remote)}"
    )


def named(candidate: Candidate) -> str:
    """Type, transport unless it is UDP, and address."""
    told = to_sdp(candidate)
    kind = told.type if candidate.tcptype is None else f"{told.type} tcp {candidate.tcptype}"
    return f"{kind} {candidate.address}"


def _fine(seconds: float) -> str:
    """A round trip may be much shorter than a millisecond."""
    return f"{1000 * seconds:.1f} ms"
