"""sipice.sip.alerting: ringing before or after ICE."""

from __future__ import annotations

import pytest

from sipice.net import SILENT
from sipice.session.events import MediaChanged
from sipice.sip.settings import TapConfig
from tests.marks import rfc
from tests.sip.story import request, response, sdp
from tests.sip.taps import Endpoint, alone, body_of, call_in, header, run

AFTER = TapConfig(alert_after_ice=True)


def connect(end: Endpoint) -> None:
    end.controller.connected = True
    end.event(MediaChanged("alice", 0, 1, SILENT))


def test_by_default_a_phone_rings_at_once() -> None:
    end, clock = alone()
    call_in(end, clock, confirmed=False)
    end.outgoing(response(183, 1, body=sdp("answer")))
    end.outgoing(response(180, 1))
    run(clock, 0.1)
    assert end.sent() == ["183 INVITE", "180 INVITE"]


@rfc("8839", "7.1.1", "SHOULD", "8839-7.1.1-4")
def test_it_may_wait_until_every_component_is_valid() -> None:
    end, clock = alone(AFTER)
    call_in(end, clock, confirmed=False)
    end.outgoing(response(183, 1, body=sdp("answer"), rseq=1))
    run(clock, 0.1)
    end.incoming(request("PRACK", 2, "RAck: 1 1 INVITE", to="bob"))
    end.outgoing(response(200, 2, method="PRACK"))
    end.outgoing(response(180, 1))
    run(clock, 1.0)
    assert end.sent() == ["183 INVITE", "200 PRACK"]
    connect(end)
    assert end.sent()[-1] == "180 INVITE"


def test_it_does_not_wait_for_ever() -> None:
    end, clock = alone(AFTER)
    call_in(end, clock, confirmed=False)
    end.outgoing(response(183, 1, body=sdp("answer"), rseq=1))
    run(clock, 0.1)
    end.outgoing(response(180, 1))
    run(clock, 1.9)
    assert end.sent() == ["183 INVITE"]
    run(clock, 0.2)
    assert end.sent() == ["183 INVITE", "180 INVITE"]


def test_who_picks_up_meanwhile_is_not_kept_waiting() -> None:
    end, clock = alone(AFTER)
    call_in(end, clock, confirmed=False)
    end.outgoing(response(183, 1, body=sdp("answer")))
    end.outgoing(response(180, 1))
    run(clock, 0.4)
    end.outgoing(response(200, 1, body=sdp("answer")))
    run(clock, 0.1)
    assert end.sent() == ["183 INVITE", "180 INVITE", "200 INVITE"]


def test_without_an_answer_there_is_nothing_to_wait_for() -> None:
    end, clock = alone(AFTER)
    call_in(end, clock, confirmed=False)
    end.outgoing(response(180, 1))
    assert end.sent() == ["180 INVITE"]


@pytest.mark.parametrize("rseq", [0, 1])
def test_a_180_with_the_answer_leaves_as_a_183_and_rings_later(rseq: int) -> None:
    end, clock = alone(AFTER)
    call_in(end, clock, confirmed=False)
    end.outgoing(response(180, 1, body=sdp("answer"), rseq=rseq))
    run(clock, 0.1)
    assert end.sent() == ["183 INVITE"]
    assert header(end.wire[0], "rseq") == (str(rseq) if rseq else None)
    connect(end)
    assert end.sent() == ["183 INVITE", "180 INVITE"]
    assert body_of(end.wire[1]) == b""
    assert header(end.wire[1], "rseq") is header(end.wire[1], "require") is None
