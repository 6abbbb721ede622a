"""Events are values."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import get_args

import pytest

from sipice.turn import Loss, Lost, TurnEvent


@pytest.mark.parametrize("kind", get_args(TurnEvent))
def test_an_event_cannot_be_changed(kind: type) -> None:
    fields = list(kind.__dataclass_fields__)  # type: ignore[attr-defined]
    event = kind(*fields)
    with pytest.raises(FrozenInstanceError):
        setattr(event, fields[0], None)
    assert event == kind(*fields)


def test_unless_told_otherwise_a_loss_is_final() -> None:
    assert Lost(Loss.REFUSED).retry_after is None
