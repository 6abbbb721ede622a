"""What a session has sent and received, and how its pairs stand, at one moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from sipice.aio.media import MediaCounters, MediaPort
from sipice.ice import Agent, PairStatistics
from sipice.ice.statistics import pairs
from sipice.net import Path


class PathStatistics(NamedTuple):
    """One component."""

    stream: int
    component: int
    path: Path | None
    """How it sends now."""
    rtt: float | None
    """Seconds of the last round trip on the selected pair: of its check, later of consent."""
    dropped: int
    """Packets that ``receive`` did not fetch in time."""
    media: MediaCounters


class SessionStatistics(NamedTuple):
    """A session at one moment."""

    paths: tuple[PathStatistics, ...]
    pairs: tuple[PairStatistics, ...]
    dropped_events: int
    """Events that nobody read in time."""


def collect(agent: Agent, ports: Iterable[MediaPort], dropped_events: int) -> SessionStatistics:
    """The statistics of a session."""
    known = tuple(pairs(agent))
    rtts = {(one.stream, one.component): one.rtt for one in known if one.selected}
    paths = tuple(
        PathStatistics(
            port.stream,
            port.component,
            port.table.send,
            rtts.get((port.stream, port.component)),
            port.received.dropped,
            replace(port.counters),
        )
        for port in ports
    )
    return SessionStatistics(paths, known, dropped_events)
