"""CPU time of several operations, taken in turn so that a busy machine slows all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import NamedTuple

ROUNDS = 5
SECONDS = 0.1
"""CPU seconds spent on each operation in each round, about."""


class Measured(NamedTuple):
    """The medians over all rounds."""

    microseconds: dict[str, float]
    """User and system CPU time of one run of each operation."""

    ratios: dict[str, float]
    """Each operation's time over that of the first one, round by round."""


def measure(operations: Mapping[str, Callable[[], object]], rounds: int = ROUNDS) -> Measured:
    """Run every operation in every round; the first one is what the others are compared with."""
    counts = {name: _count(operation) for name, operation in operations.items()}
    times: dict[str, list[float]] = {name: [] for name in operations}
    for _ in range(rounds):
        for name, operation in operations.items():
            times[name].append(_cpu(operation, counts[name]))
    return summary(times)


def summary(times: Mapping[str, list[float]]) -> Measured:
    """Medians and paired ratios of times in seconds that were taken elsewhere."""
    first = next(iter(times.values()))
    return Measured(
        {name: 1e6 * median(taken) for name, taken in times.items()},
        {
            name: median(t / f for t, f in zip(taken, first, strict=True))
            for name, taken in times.items()
        },
    )


def _count(operation: Callable[[], object]) -> int:
    operation()
    once = max(_cpu(operation, 10), 1e-7)
    return max(int(SECONDS / once), 1)


def _cpu(operation: Callable[[], object], count: int) -> float:
    start = time.process_time()
    for _ in range(count):
        operation()
    return (time.process_time() - start) / count
