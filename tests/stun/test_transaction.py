"""RFC 8489 §6.2: the instants at which a request is sent again and given up."""

from __future__ import annotations

import pytest

from sipice.errors import UsageError
from sipice.stun import Transaction
from tests.marks import rfc


def run(transaction: Transaction) -> tuple[list[float], float]:
    """When it was sent, and when it failed."""
    sends = [transaction.started]
    while True:
        now = transaction.next_timeout()
        if not transaction.handle_timeout(now):
            return sends, now
        sends.append(now)


@pytest.mark.parametrize(
    ("rto", "sends", "fails"),
    [
        (0.5, [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5], 39.5),
        (1.0, [0, 1, 3, 7, 15, 31, 63], 79),
        (2.0, [0, 2, 6, 14, 30, 62, 126], 158),
        (5.0, [0, 5, 15, 35, 75, 155, 315], 395),
    ],
)
@rfc("8489", "6.2.1", "SHOULD", "8489-6.2.1-1")
def test_over_udp_it_is_sent_seven_times(rto: float, sends: list[float], fails: float) -> None:
    transaction = Transaction(100.0, rto=rto)
    got, failed = run(transaction)
    assert [at - 100.0 for at in got] == sends
    assert failed - 100.0 == fails


@rfc("8489", "6.2.2", "rule", "8489-6.2.2-2")
def test_over_a_stream_it_is_sent_once_and_fails_after_ti() -> None:
    transaction = Transaction(100.0, reliable=True)
    assert run(transaction) == ([100.0], 139.5)


def test_nothing_happens_before_its_time() -> None:
    transaction = Transaction(0.0)
    assert transaction.handle_timeout(0.4999) is None
    assert transaction.sent == 1
    assert transaction.next_timeout() == 0.5


def test_a_late_caller_keeps_the_gaps() -> None:
    transaction = Transaction(0.0)
    assert transaction.handle_timeout(7.0)
    assert transaction.next_timeout() == 8.0


@pytest.mark.parametrize(("rto", "rc"), [(0.0, 7), (0.5, 0)])
def test_a_schedule_without_sense_is_refused(rto: float, rc: int) -> None:
    with pytest.raises(UsageError):
        Transaction(0.0, rto=rto, rc=rc)
