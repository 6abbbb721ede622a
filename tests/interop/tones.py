"""The tones that calls are proven by (D4.9): written to WAV, and found again in what was heard."""

from __future__ import annotations

import wave
from array import array
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sipice.cli.demo.tone import RATE, loudest, sine
from sipice.cli.demo.voice import TONES

_PART = RATE // 10
"""A tenth of a second."""


def write_tone(target: Path, hertz: float, seconds: int) -> None:
    """16 bits, mono, at the rate of G.711."""
    with wave.open(str(target), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(sine(hertz, RATE).tobytes() * seconds)


def read_tone(source: Path) -> tuple[float | None, float]:
    """The tone in a recording, and for how many seconds it lasts altogether."""
    with wave.open(str(source), "rb") as file:
        channels, width, rate, *_ = file.getparams()
        assert (width, rate % RATE) == (2, 0), f"{source.name}: {width} bytes, {rate} Hz"
        samples = array("h", file.readframes(file.getnframes()))
    return main_tone(samples[:: channels * (rate // RATE)])


def main_tone(samples: Sequence[int]) -> tuple[float | None, float]:
    """Which of our tones has most tenths of a second, and how many seconds these are.

    A jitter buffer may leave out a piece here and there, and a call begins and ends in silence.
    """
    parts = (samples[at : at + _PART] for at in range(0, len(samples) - _PART + 1, _PART))
    found = Counter(tone for part in parts if (tone := loudest(part, TONES)) is not None)
    return (None, 0.0) if not found else ((best := found.most_common(1)[0])[0], best[1] / 10)
