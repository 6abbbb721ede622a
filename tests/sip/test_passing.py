"""sipice.sip.passing: retransmissions, failures and challenges."""

from __future__ import annotations

import pytest

from sipice.sip.message import parse_message
from tests.sip.story import request, response, sdp
from tests.sip.taps import BOB, alone, body_of, call_in, call_out, header, run

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


@pytest.mark.parametrize("status", [301, 302, 401, 407, 420, 421, 422, 503])
def test_an_offer_that_is_challenged_comes_again_with_the_identical_description(
    status: int,
) -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.incoming(response(status, 1))
    end.outgoing(request("ACK", 1, to="bob"))
    run(clock, 20)
    end.outgoing(request("INVITE", 2, "Authorization: x", body=sdp("offer")))
    run(clock, 0.1)
    assert end.sent() == ["INVITE", "ACK", "INVITE"]
    assert body_of(end.wire[2]) == body_of(end.wire[0])
    assert end.controller.verbs() == ["begin_offer "]
    end.incoming(response(200, 2, BOB, body=sdp("answer")))
    run(clock, 60)
    assert end.controller.verbs() == ["begin_offer ", "confirm bob", "receive_answer bob"]
    assert end.open


def test_a_stack_may_count_its_description_up_from_one_attempt_to_the_next() -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.incoming(response(401, 1))
    changed = sdp("offer").replace(b"o=- 1 1", b"o=- 1 2")
    end.outgoing(request("INVITE", 2, body=changed))
    run(clock, 0.1)
    assert body_of(end.wire[-1]) == body_of(end.wire[0])


def test_another_offer_after_a_failure_is_a_new_one_of_the_same_controller() -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.incoming(response(488, 1))
    end.outgoing(request("INVITE", 2, body=sdp("simpler")))
    run(clock, 0.1)
    assert end.controller.verbs() == ["begin_offer ", "offer_failed ", "begin_offer "]
    assert body_of(end.wire[-1]).startswith(sdp("simpler"))


def test_a_failed_call_ends_after_32_seconds_of_silence() -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.incoming(response(404, 1))
    run(clock, 31.9)
    assert end.open
    run(clock, 0.2)
    assert end.open == []
    assert end.controller.verbs() == ["begin_offer ", "close"]


def test_our_own_challenge_does_not_end_the_offer_of_the_peer() -> None:
    end, clock = alone()
    end.incoming(OFFER)
    run(clock, 0.1)
    end.outgoing(response(407, 1, by="first"))
    end.incoming(request("ACK", 1, to="first"))
    end.incoming(request("INVITE", 2, body=sdp("offer")))
    run(clock, 0.1)
    assert end.delivered() == ["INVITE", "ACK", "INVITE"]
    assert body_of(end.stack[2]) == sdp("offer")
    end.outgoing(response(200, 2, body=sdp("answer")))
    run(clock, 60)
    assert end.controller.verbs() == ["receive_offer alice", "begin_answer alice", "confirm alice"]


def test_a_new_offer_that_is_challenged_comes_again_too() -> None:
    end, clock = alone()
    call_out(end, clock)
    end.outgoing(request("INVITE", 2, to="bob", body=sdp("again")))
    run(clock, 0.1)
    end.incoming(response(401, 2))
    end.outgoing(request("INVITE", 3, to="bob", body=sdp("again")))
    run(clock, 0.1)
    assert body_of(end.wire[-1]) == body_of(end.wire[-2])
    assert "offer_failed bob" not in end.controller.verbs()


def test_an_offer_of_the_peer_is_not_held_up_by_a_challenge() -> None:
    end, clock = alone()
    call_out(end, clock)
    end.outgoing(request("INVITE", 2, to="bob", body=sdp("again")))
    run(clock, 0.1)
    end.incoming(response(401, 2))
    end.incoming(request("UPDATE", 1, by="bob", to="alice", body=sdp("theirs")))
    run(clock, 0.1)
    assert end.controller.verbs()[-2:] == ["offer_failed bob", "receive_offer bob"]
    assert end.delivered()[-1] == "UPDATE"


def test_a_challenge_of_a_new_offer_that_nobody_answers_is_a_failure() -> None:
    end, clock = alone()
    call_out(end, clock)
    end.outgoing(request("INVITE", 2, to="bob", body=sdp("again")))
    run(clock, 0.1)
    end.incoming(response(401, 2))
    run(clock, 40)
    assert end.controller.verbs()[-1] == "offer_failed bob"
    assert end.open


def test_a_request_that_nobody_answers_has_failed() -> None:
    end, clock = alone()
    call_out(end, clock)
    end.outgoing(request("UPDATE", 2, to="bob", body=sdp("again")))
    run(clock, 33)
    assert end.controller.verbs()[-3:] == ["offer_failed bob", "end bob", "close"]


def test_a_call_that_rings_for_very_long_is_forgotten() -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.incoming(response(180, 1))
    run(clock, 590)
    assert end.open
    run(clock, 60)
    assert end.open == []


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
