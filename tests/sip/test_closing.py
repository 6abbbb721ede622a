"""sipice.sip.closing: how dialogs and calls end."""

from __future__ import annotations

from random import Random

from sipice.sip.outputs import Close
from sipice.sip.tap import Tap
from tests.sip.story import request, response, sdp
from tests.sip.taps import BOB, WAY, FakeController, alone, body_of, call_in, call_out, run

OFFER = request("INVITE", 1, body=sdp("offer"))


def test_forks_that_have_lost_end_after_32_seconds() -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    for fork in ("bob", "carol", "dave"):
        end.incoming(response(183, 1, by=fork, body=sdp(fork)))
    run(clock, 0.1)
    end.incoming(response(200, 1, by="carol", body=sdp("carol")))
    run(clock, 31)
    assert end.controller.verbs()[-2:] == ["confirm carol", "receive_answer carol"]
    run(clock, 2)
    assert end.controller.verbs()[-2:] == ["end bob", "end dave"]
    assert end.open


def test_two_forks_that_answer_are_two_dialogs() -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    for fork in ("bob", "carol"):
        end.incoming(response(200, 1, by=fork, body=sdp(fork)))
        run(clock, 0.1)
    assert [body_of(data) for data in end.stack] == [sdp("bob"), sdp("carol")]
    end.outgoing(request("BYE", 2, to="bob"))
    assert end.open, "the other one goes on"
    end.outgoing(request("BYE", 2, to="carol"))
    assert end.controller.verbs()[-3:] == ["end bob", "end carol", "close"]


def test_a_failed_call_ends_its_early_dialogs_at_once() -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.incoming(response(183, 1, by="bob", body=sdp("bob")))
    run(clock, 0.1)
    end.incoming(response(603, 1, by="carol"))
    assert end.controller.verbs()[-1] == "end bob"


def test_after_the_end_retransmissions_pass_as_before() -> None:
    end, clock = alone()
    call_in(end, clock)
    end.incoming(request("BYE", 2, to="bob"))
    end.outgoing(response(200, 2, method="BYE"))
    assert end.open == []
    end.outgoing(response(200, 1, BOB, body=sdp("answer")))
    assert end.wire[-1] == end.wire[0]
    end.incoming(request("BYE", 2, to="bob"))
    assert end.delivered()[-1] == "BYE"


def test_an_offer_after_the_end_is_for_the_stack_to_refuse() -> None:
    end, clock = alone()
    call_in(end, clock)
    end.outgoing(request("BYE", 1, by="bob", to="alice"))
    end.incoming(request("INVITE", 2, to="bob", body=sdp("late")))
    assert end.delivered()[-1] == "INVITE"
    assert end.controller.verbs()[-1] == "close"


def test_a_new_call_with_the_names_of_an_old_one_gets_its_own_controller() -> None:
    end, clock = alone()
    call_out(end, clock)
    end.outgoing(request("BYE", 2, to="bob"))
    first = end.controller
    end.outgoing(request("INVITE", 3, body=sdp("anew")))
    run(clock, 0.1)
    assert end.controller is not first
    assert len(end.open) == 1


def test_the_application_closes_a_call() -> None:
    end, clock = alone()
    call_out(end, clock)
    (key,) = end.open
    end.tap.close(clock.now, key)
    end.tap.close(clock.now, key)
    end.work()
    assert end.open == []
    assert end.controller.verbs()[-1] == "close"


def test_a_dialog_that_the_peer_does_not_know_ends() -> None:
    end, clock = alone()
    call_out(end, clock)
    end.outgoing(request("INVITE", 2, to="bob", body=sdp("again")))
    run(clock, 0.1)
    end.incoming(response(481, 2))
    assert end.controller.verbs()[-3:] == ["offer_failed bob", "end bob", "close"]


def test_a_call_without_any_description_needs_no_controller() -> None:
    def make(_: object) -> FakeController:
        raise AssertionError("no controller is needed")

    tap = Tap(make, rng=Random(1))
    tap.incoming(0.0, request("INVITE", 1), WAY)
    tap.outgoing(0.0, response(486, 1), WAY)
    tap.handle_timeout(100.0)
    tap.handle_timeout(200.0)
    assert not any(isinstance(one, Close) for one in tap.take_outputs())
    assert tap.next_timeout() is None
