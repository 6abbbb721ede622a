"""A tone that was written is found again, and silence and strange tones are none."""

from __future__ import annotations

import wave
from array import array
from pathlib import Path

from sipice.cli.demo.tone import RATE, sine
from sipice.cli.demo.voice import TONES
from tests.interop.tones import main_tone, read_tone, write_tone


def test_a_recording_has_its_tone_for_as_long_as_it_lasts(tmp_path: Path) -> None:
    write_tone(tmp_path / "tone.wav", TONES[1], 3)
    assert read_tone(tmp_path / "tone.wav") == (TONES[1], 3.0)


def test_the_tone_that_lasts_longest_counts_and_what_else_there_is_does_not() -> None:
    silence, strange = array("h", bytes(2 * RATE)), sine(1000.0, RATE)
    samples = silence + sine(TONES[0], RATE) + strange + sine(TONES[1], 2 * RATE)
    assert main_tone(samples) == (TONES[1], 2.0)
    assert main_tone(silence + strange) == (None, 0.0)


def test_recordings_of_more_channels_and_a_higher_rate_are_read(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "wide.wav"), "wb") as file:
        file.setparams((2, 2, 2 * RATE, 0, "NONE", ""))
        slow = sine(TONES[0] / 2, 2 * RATE)
        file.writeframes(array("h", [one for sample in slow for one in (sample, 0)]).tobytes())
    assert read_tone(tmp_path / "wide.wav") == (TONES[0], 1.0)
