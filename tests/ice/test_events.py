from __future__ import annotations

from typing import get_args

from sipice import ice
from sipice.ice.events import Event, Failure, Loss


def test_every_event_is_public_and_names_its_generation_where_it_has_one() -> None:
    kinds = get_args(Event)
    assert {kind.__name__ for kind in kinds} <= set(ice.__all__)
    without = {kind.__name__ for kind in kinds if "generation" not in kind._fields}
    assert without == {"RoleSwitched", "RelayLost", "DataReceived"}


def test_reasons_are_words_for_people() -> None:
    assert all(" " in reason.value for reason in (*Failure, *Loss))
