"""sipice.sip.outcome: failures, challenges, and requests that nobody answers."""

from __future__ import annotations

import pytest

from tests.sip.story import request, response, sdp
from tests.sip.taps import BOB, alone, body_of, call_out, run

OFFER = request("INVITE", 1, body=sdp("offer"))


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
