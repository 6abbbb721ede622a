"""sipice.sip.passing: what changes in a message, and what does not."""

from __future__ import annotations

from sipice.sip.message import parse_message
from tests.sip.story import request, response, sdp
from tests.sip.taps import alone, body_of, call_in, header, run

OFFER = request("INVITE", 1, body=sdp("offer"))


def test_retransmissions_carry_the_identical_description() -> None:
    end, clock = alone()
    end.incoming(OFFER)
    run(clock, 0.1)
    end.incoming(OFFER)
    answer = response(200, 1, body=sdp("answer"))
    for _ in range(3):
        end.outgoing(answer)
        run(clock, 0.1)
    assert len(set(end.stack)) == 1
    assert len(end.stack) == 2
    assert len(set(end.wire)) == 1
    assert len(end.wire) == 3
    assert end.controller.verbs() == ["receive_offer alice", "begin_answer alice", "confirm alice"]


def test_required_extensions_that_the_tap_has_do_not_reach_the_stack() -> None:
    end, clock = alone()
    end.incoming(request("INVITE", 1, "Require: ice, timer, trickle-ice", body=sdp("offer")))
    run(clock, 0.1)
    assert header(end.stack[0], "require") == "timer"


def test_a_later_description_does_not_replace_the_answer_of_the_peer() -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.incoming(response(183, 1, body=sdp("answer"), rseq=1))
    run(clock, 0.1)
    end.incoming(response(200, 1, body=sdp("other")))
    run(clock, 0.1)
    assert body_of(end.stack[-1]) == sdp("answer")
    assert end.controller.verbs() == ["begin_offer ", "receive_answer bob", "confirm bob"]


def test_after_a_reliable_answer_our_2xx_has_no_description() -> None:
    end, clock = alone()
    call_in(end, clock, confirmed=False)
    end.outgoing(response(183, 1, body=sdp("answer"), rseq=1))
    run(clock, 0.1)
    end.incoming(request("PRACK", 2, "RAck: 1 1 INVITE", to="bob"))
    end.outgoing(response(200, 2, method="PRACK"))
    end.outgoing(response(200, 1, body=sdp("answer")))
    run(clock, 0.1)
    assert parse_message(end.wire[-1]).body == b""
    assert header(end.wire[-1], "content-length") == "0"
