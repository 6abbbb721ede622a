"""sipice.sip.state: which call leg a message belongs to."""

from __future__ import annotations

from sipice.session.events import Rejected
from tests.sip.story import request, response, sdp
from tests.sip.taps import alone, call_in, call_out, run


def test_a_call_to_oneself_is_two_call_legs() -> None:
    end, clock = alone()
    end.peer = lambda data: clock.after(0.01, lambda: end.incoming(data))
    end.outgoing(request("INVITE", 1, body=sdp("offer")))
    run(clock, 0.1)
    end.outgoing(response(200, 1, body=sdp("answer")))
    run(clock, 0.1)
    caller, callee = end.controllers.values()
    assert [key.caller for key in end.controllers] == [True, False]
    assert caller.verbs() == ["begin_offer ", "confirm bob", "receive_answer bob"]
    assert callee.verbs() == ["receive_offer alice", "begin_answer alice", "confirm alice"]


def test_messages_of_strangers_in_a_call_pass() -> None:
    end, clock = alone()
    call_out(end, clock)
    stranger = request("INVITE", 1, by="mallory", to="eve", body=sdp("x"))
    end.incoming(stranger)
    assert end.stack[-1] == stranger
    call = end.controller.verbs()
    wrong_tag = request("INVITE", 1, by="bob", to="other", body=sdp("x"))
    end.incoming(wrong_tag)
    assert end.stack[-1] == wrong_tag
    assert end.controller.verbs() == call


def test_requests_of_a_callee_find_their_call() -> None:
    end, clock = alone()
    call_in(end, clock)
    end.outgoing(request("INVITE", 1, by="bob", to="alice", body=sdp("ours")))
    run(clock, 0.1)
    assert end.controller.verbs()[-1] == "begin_offer alice"


def test_a_finished_call_is_forgotten() -> None:
    end, clock = alone()
    call_in(end, clock)
    end.incoming(request("BYE", 2, to="bob"))
    run(clock, 33)
    late = request("UPDATE", 3, to="bob", body=sdp("x"))
    end.incoming(late)
    assert end.stack[-1] == late
    assert end.tap.next_timeout() is None


def test_the_log_is_not_filled_by_one_call() -> None:
    end, clock = alone()
    call_out(end, clock)
    end.trouble["receive_offer"] = Rejected(488, "", None, "rubbish")
    for number in range(100):
        end.incoming(request("UPDATE", number, by="bob", to="alice", body=sdp("x")))
    assert len(end.reports) == 20
    assert end.reports[-1].endswith("no more is said of this call")
