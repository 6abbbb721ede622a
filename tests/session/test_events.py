"""What a controller tells: every event names its dialog, and a refusal its reason."""

from __future__ import annotations

from typing import get_args

import pytest

from sipice.session import Reason, Rejected, SessionEvent


@pytest.mark.parametrize("kind", get_args(SessionEvent))
def test_every_event_names_its_dialog_first(kind: type) -> None:
    assert kind._fields[0] == "dialog"  # type: ignore[attr-defined]


def test_a_refusal_says_when_to_come_again_only_if_it_is_told() -> None:
    assert Rejected(488, "399 sipice x", None, "x").retry_after is None


def test_every_reason_is_a_sentence_for_the_log() -> None:
    assert all("(RFC" in reason.value or reason is Reason.REQUESTED for reason in Reason)
