"""How much is tried: a little for every change, fifty times as much in ``make long``."""

from __future__ import annotations

import os

PROFILE = os.environ.get("SIPICE_PROFILE", "default")
LONG = 50


def examples(few: int) -> int:
    """The number of examples, mutants or seeds where ``few`` are enough for every change."""
    return few * LONG if PROFILE == "long" else few
