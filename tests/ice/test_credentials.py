from __future__ import annotations

from random import Random, SystemRandom

from sipice.ice import Credentials
from sipice.ice.credentials import ICE_CHARS
from tests.marks import rfc


@rfc("8445", "5.3", "MUST", "8445-5.3-2")
def test_credentials_have_more_random_bits_than_asked_for() -> None:
    made = Credentials.make(SystemRandom())
    assert 6 * len(made.ufrag) >= 24
    assert 6 * len(made.pwd) >= 128
    assert set(made.ufrag + made.pwd) <= set(ICE_CHARS)
    assert len(set(ICE_CHARS)) == 64


def test_every_character_is_as_likely_as_the_others() -> None:
    rng = Random(1)
    text = "".join(Credentials.make(rng).pwd for _ in range(4000))
    counts = [text.count(char) for char in ICE_CHARS]
    assert min(counts) > 1200
    assert max(counts) < 1800


def test_the_password_does_not_show() -> None:
    made = Credentials.make(Random(1))
    assert made.pwd not in repr(made)


def test_the_same_seed_gives_the_same_credentials() -> None:
    assert Credentials.make(Random(3)) == Credentials.make(Random(3))
