"""sipice.sip.settings: the defaults are what the documents say."""

from __future__ import annotations

from sipice.sip.settings import LIFETIME, T1, T2, TapConfig


def test_the_timers_are_those_of_rfc_3261() -> None:
    assert (T1, T2, LIFETIME) == (0.5, 4.0, 32.0)


def test_the_defaults() -> None:
    config = TapConfig()
    assert (config.trying_after, config.datagram_size) == (0.2, 1_300)
    assert (config.trickle, config.announce, config.own_reoffers) == (True, True, False)
