"""sipice.sip.observing: what is to be done because a message has passed."""

from __future__ import annotations

import pytest

from tests.sip.story import rack, request, response, sdp
from tests.sip.taps import alone, call_in, run

OFFER = request("INVITE", 1, body=sdp("offer"))


def test_an_unreliable_answer_is_sent_again_until_the_peer_shows_that_it_has_it() -> None:
    end, clock = alone()
    call_in(end, clock, confirmed=False)
    end.outgoing(response(183, 1, body=sdp("answer")))
    run(clock, 4)
    assert [round(time, 2) for time, _ in end.times] == [0.1, 0.6, 1.6, 3.6]
    assert len(set(end.wire)) == 1
    end.incoming(request("UPDATE", 2, to="bob"))
    run(clock, 40)
    assert len(end.wire) == 4


@pytest.mark.parametrize("answer", [response(200, 1, body=sdp("answer")), response(486, 1)])
def test_the_final_response_ends_that_too(answer: bytes) -> None:
    end, clock = alone()
    call_in(end, clock, confirmed=False)
    end.outgoing(response(183, 1, body=sdp("answer")))
    end.outgoing(answer)
    run(clock, 40)
    assert len(end.wire) == 2


def test_a_lite_peer_gets_it_four_times() -> None:
    end, clock = alone()
    offer = sdp("offer") + b"a=ice-lite\r\n"
    end.incoming(request("INVITE", 1, body=offer))
    run(clock, 0.1)
    end.outgoing(response(183, 1, body=sdp("answer")))
    run(clock, 60)
    assert end.sent() == ["183 INVITE"] * 4


@pytest.mark.parametrize("rseq", [0, 1])
def test_what_has_no_description_or_is_reliable_is_the_business_of_the_stack(rseq: int) -> None:
    end, clock = alone()
    call_in(end, clock, confirmed=False)
    body = sdp("answer") if rseq else b""
    end.outgoing(response(183, 1, body=body, rseq=rseq))
    run(clock, 60)
    assert len(end.wire) == 1


def test_a_reliable_1xx_that_comes_again_after_its_prack_holds_nothing_up() -> None:
    end, clock = alone()
    call_in(end, clock, confirmed=False)
    progress = response(183, 1, body=sdp("answer"), rseq=1)
    end.outgoing(progress)
    run(clock, 0.1)
    end.incoming(request("PRACK", 2, rack(1, 1), to="bob"))
    end.outgoing(progress)
    end.outgoing(response(200, 1))
    assert end.sent() == ["183 INVITE", "183 INVITE", "200 INVITE"]


def test_a_request_that_comes_again_gets_no_new_time() -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.incoming(response(180, 1))
    run(clock, 30)
    end.outgoing(OFFER)
    run(clock, 100)
    assert end.open, "it rings, and may for ten minutes"
