"""Pure tones: made, and found again in what was recorded (the Goertzel algorithm)."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

RATE = 8_000
"""Samples per second."""


def sine(hertz: float, count: int, start: int = 0, amplitude: int = 8_000) -> array[int]:
    """``count`` samples of a tone, from sample number ``start`` of it."""
    step = 2 * math.pi * hertz / RATE
    return array(
        "h", [round(amplitude * math.sin(step * (start + number))) for number in range(count)]
    )


def share(samples: Sequence[int], hertz: float) -> float:
    """The share of the signal's energy, 0 to 1, that lies at one frequency."""
    energy = sum(sample * sample for sample in samples)
    if not energy:
        return 0.0
    coefficient = 2 * math.cos(2 * math.pi * hertz / RATE)
    earlier = last = 0.0
    for sample in samples:
        earlier, last = last, sample + coefficient * last - earlier
    power = earlier * earlier + last * last - coefficient * earlier * last
    return 2 * power / (energy * len(samples))


def loudest(samples: Sequence[int], candidates: Sequence[float]) -> float | None:
    """Which of these frequencies was heard; None when none has half of the energy."""
    best = max(candidates, key=lambda hertz: share(samples, hertz))
    return best if share(samples, best) > 0.5 else None
