import math
from random import Random

import pytest

from sipice.cli.demo.g711 import Law, decode, encode
from sipice.cli.demo.tone import loudest, share, sine

TONES = (440.0, 660.0, 1_000.0)


@pytest.mark.parametrize("hertz", TONES)
@pytest.mark.parametrize("law", Law)
def test_tone_is_found_behind_the_codec(hertz: float, law: Law) -> None:
    heard = decode(encode(sine(hertz, 8_000), law), law)
    assert loudest(heard, TONES) == hertz
    assert share(heard, hertz) > 0.95


def test_tone_goes_on_where_it_stopped() -> None:
    assert sine(440, 160) + sine(440, 160, 160) == sine(440, 320)


def test_silence_and_noise_are_no_tone() -> None:
    rng = Random(1)
    assert loudest([0] * 800, TONES) is None
    assert loudest([rng.randrange(-8_000, 8_000) for _ in range(8_000)], TONES) is None


def test_another_tone_is_not_taken_for_ours() -> None:
    other = [round(8_000 * math.sin(2 * math.pi * 523 * n / 8_000)) for n in range(8_000)]
    assert loudest(other, TONES) is None
