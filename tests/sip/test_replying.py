"""sipice.sip.replying: answers and requests of the tap's own."""

from __future__ import annotations

from sipice.session.events import Rejected
from sipice.sip.message import parse_message
from tests.sip.story import request, response, sdp
from tests.sip.taps import BOB, alone, call_in, run

OFFER = request("INVITE", 1, body=sdp("offer"))


INVITE = OFFER
CANCEL = request("CANCEL", 1, branch="alice1INVITE")


def test_the_487_is_sent_until_it_is_acknowledged() -> None:
    end, clock = alone(delay=1.0)
    end.incoming(INVITE)
    end.incoming(CANCEL)
    run(clock, 1.6)
    assert end.sent() == ["200 CANCEL"] + ["487 INVITE"] * 3, "at 0, 0.5 and 1.5 s"


def test_a_refusal_of_the_tap_has_one_to_tag_that_stays() -> None:
    end, clock = alone()
    call_in(end, clock, confirmed=False)
    end.outgoing(response(180, 1))
    end.controller.silent = True
    end.outgoing(response(200, 1, body=sdp("answer")))
    run(clock, 21)
    assert end.sent() == ["180 INVITE", "500 INVITE"]
    assert parse_message(end.wire[-1]).to_tag == "bob"


def test_the_bye_of_the_tap_is_sent_until_it_is_answered() -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.trouble["receive_answer"] = Rejected(488, "", None, "bad")
    end.incoming(response(200, 1, BOB, body=sdp("bad")))
    run(clock, 4)
    assert end.sent().count("BYE") == 4
    end.incoming(response(200, 2, method="BYE"))
    run(clock, 40)
    assert end.sent().count("BYE") == 4
    assert end.delivered() == ["488 INVITE"]


def test_another_fork_that_answers_a_call_that_is_over_is_hung_up_too() -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.trouble["receive_answer"] = Rejected(488, "", None, "bad")
    for fork in ("bob", "carol", "bob"):
        end.incoming(response(200, 1, BOB, by=fork, body=sdp("bad")))
    assert end.delivered() == ["488 INVITE"]
    assert end.sent() == ["INVITE", "ACK", "BYE", "ACK", "BYE", "ACK"]
    tags = [parse_message(data).to_tag for data in end.wire[1:]]
    assert tags == ["bob", "bob", "carol", "carol", "bob"]
