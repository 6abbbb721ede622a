"""The setups that are explored, and how far."""

from __future__ import annotations

from dataclasses import replace

from sipice.ice import Role
from tests.explorer.world import Setup

_BOTH_CONTROL = (Role.CONTROLLING, Role.CONTROLLING)
_NEITHER_CONTROLS = (Role.CONTROLLED, Role.CONTROLLED)

SETUPS = (
    Setup("one candidate each"),
    Setup("two candidates each", hosts=(2, 2)),
    Setup("two candidates against one", hosts=(2, 1)),
    Setup("two components", components=2),
    Setup("the answer is on its way", late_answer=True),
    Setup("trickling", hosts=(2, 1), late_answer=True, trickle=True),
    Setup("both controlling", roles=_BOTH_CONTROL),
    Setup("both controlled", roles=_NEITHER_CONTROLS, late_answer=True),
    Setup("restart", restart=True),
    Setup("restart with two components", components=2, restart=True),
)

STARTS = (0, 4, 8, 12)
"""So many steps are undisturbed before the exploration begins, so that it gets to nomination."""


def all_setups() -> list[Setup]:
    """Each setup from each start."""
    return [replace(setup, ahead=ahead) for setup in SETUPS for ahead in STARTS]
