"""Fuzz target: a tracker that sees calls in any order, with any message of them lost or doubled."""

from __future__ import annotations

import sys

from sipice.sip.call import Exchange, Limits, Outcome
from sipice.sip.exchange import Tracker
from sipice.sip.message import parse_message
from tests.sip.story import CALL_ID, info, rack, request, response, sdp

LIMITS = Limits(calls=2, hops=2, dialogs=3, transactions=8, exchanges=4, fragments=3)

REQUESTS = [
    request(method, cseq, *extra, body=body, by=by, to=to)
    for method, extra in (("INVITE", ()), ("UPDATE", ()), ("ACK", ()), ("PRACK", (rack(1, 1),)))
    for cseq in (1, 2)
    for body in (b"", sdp("a"), sdp("b"))
    for by, to in (("alice", ""), ("alice", "bob"), ("bob", "alice"))
]
RESPONSES = [
    response(status, cseq, body=body, method=method, by=by, to=to, rseq=rseq)
    for method in ("INVITE", "UPDATE", "PRACK")
    for cseq in (1, 2)
    for body in (b"", sdp("a"), sdp("b"))
    for by, to in (("", "alice"), ("bob", "alice"), ("carol", "alice"), ("alice", "bob"))
    for status, rseq in ((183, 0), (183, 1), (200, 0), (488, 0))
]
OTHERS = [info(1, "alice", "bob"), request("BYE", 2, to="bob"), request("INVITE", 1, call_id="x")]
MESSAGES = [parse_message(data) for data in (*REQUESTS, *RESPONSES, *OTHERS)]


def body(data: bytes) -> None:
    """Two bytes choose a message; after each the tracker tells nothing contradictory."""
    tracker = Tracker(LIMITS)
    for time in range(0, len(data) - 1, 2):
        choice = int.from_bytes(data[time : time + 2]) % len(MESSAGES)
        tracker.add(MESSAGES[choice], float(time))
    calls = tracker.calls()
    assert len(calls) <= LIMITS.calls
    call = tracker.call(CALL_ID)
    assert call is None or call in calls
    for dialog in (dialog for call in calls for dialog in call.dialogs):
        assert len(dialog.exchanges) <= LIMITS.exchanges
        assert len(dialog.fragments) <= LIMITS.fragments
        for exchange in dialog.exchanges:
            _check(exchange)


def _check(exchange: Exchange) -> None:
    assert 1 <= exchange.pattern <= 6
    assert (exchange.answer is not None) == (exchange.outcome is Outcome.ANSWERED)
    assert (exchange.status is not None) == (exchange.outcome is Outcome.REJECTED)
    if exchange.outcome is Outcome.PROVISIONAL:
        assert exchange.preview is not None
        assert exchange.pattern == 1


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, body)
    atheris.Fuzz()
