"""Fuzz target: a tap between a stack and a peer that both say anything at any time."""

from __future__ import annotations

import sys

from sipice.session.events import FragmentReady, Reason, Rejected, UpdateNeeded
from sipice.sip.settings import TapConfig
from tests.fuzz.fuzz_sip_exchange import OTHERS, REQUESTS, RESPONSES
from tests.sip.story import info, request, response, sdp
from tests.sip.taps import (
    BOB,
    CONTACT,
    TRICKLES,
    Clock,
    Endpoint,
    call_in,
    call_out,
    run,
)

CONFIG = TapConfig(most_calls=2, most_dialogs=3, most_waiting=4, most_bytes=4_000)
OWN = TapConfig(most_calls=2, most_dialogs=3, own_reoffers=True)

MESSAGES = [
    *REQUESTS,
    *RESPONSES,
    *OTHERS,
    request("INVITE", 1, CONTACT, *TRICKLES, "Require: ice", body=sdp("a")),
    response(200, 1, BOB, *TRICKLES, body=sdp("a")),
    response(491, 2),
    response(401, 1),
    response(487, 1),
    response(200, 1, method="CANCEL"),
    response(200, 1, method="INFO", by="bob"),
    request("CANCEL", 1),
    request("BYE", 3, by="bob", to="alice"),
    info(2, "bob", "alice"),
    *(request("INVITE", 1, body=sdp("a"), call_id=f"call{number}") for number in range(4)),
]
TROUBLE = Rejected(488, "399 a b", None, "bad")
VERBS = ("begin_offer", "begin_answer", "receive_offer", "receive_answer", "receive_fragment")


def body(data: bytes) -> None:
    """The first byte: how it begins. Three a step: what happens, by which message, how spoilt."""
    clock = Clock()
    begin = data[0] if data else 0
    end = Endpoint(clock, OWN if begin & 0x80 else CONFIG)
    if begin & 1:
        call_out(end, clock, *TRICKLES, confirmed=bool(begin & 4))
    if begin & 2:
        call_in(end, clock, *TRICKLES, confirmed=bool(begin & 8))
    for step in range(1, len(data) - 2, 3):
        before = _count(end)
        _step(end, clock, *data[step : step + 3])
        _check(end, before)
    for key in list(end.open):
        end.tap.close(clock.now, key)
    end.work()
    run(clock, 1_000)
    assert end.open == []
    assert end.tap.next_timeout() is None, "nothing is left"


def _step(end: Endpoint, clock: Clock, what: int, which: int, how: int) -> None:
    message = MESSAGES[(which | (what & 0x30) << 4) % len(MESSAGES)]
    if how & 0x80:
        cut = how % len(message)
        message = message[:cut] + bytes([which]) + message[cut + 1 :]
    match what % 8:
        case 0 | 1 | 2:
            end.outgoing(message)
        case 3 | 4 | 5:
            end.incoming(message)
        case 6:
            run(clock, how / 8)
        case _:
            _disturb(end, which, how)


def _disturb(end: Endpoint, which: int, how: int) -> None:
    match which % 5:
        case 0:
            end.delay = how / 64
        case 1:
            end.trouble.clear()
            if how & 1:
                end.trouble[VERBS[how % len(VERBS)]] = TROUBLE
        case 2:
            end.silent = bool(how & 1)
        case 3:
            _tell(end, FragmentReady(("", "bob", "alice")[how % 3], b"fragment"))
        case _:
            _tell(end, UpdateNeeded(("", "bob", "alice")[how % 3], Reason.NOMINATED))


def _tell(end: Endpoint, event: FragmentReady | UpdateNeeded) -> None:
    for key in list(end.controllers):
        end.tap.controller_event(end.clock.now, key, event)
    end.work()


def _check(end: Endpoint, before: int) -> None:
    assert len(end.open) <= 2, "no more calls than there may be"
    assert _count(end) - before <= 64, "one message does not become many"


def _count(end: Endpoint) -> int:
    return len(end.wire) + len(end.stack) + len(end.asked) + len(end.reports)


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, body)
    atheris.Fuzz()
