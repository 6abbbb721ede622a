"""What is to be asked of servers."""

from __future__ import annotations

from sipice.ice.question import Asking


def test_servers_that_have_not_answered_are_told_in_their_order() -> None:
    assert sorted([Asking(1, 2), Asking(0, 5), Asking(1)]) == [
        Asking(0, 5),
        Asking(1, 0),
        Asking(1, 2),
    ]
