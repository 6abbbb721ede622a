"""sipice.sip.glare: what may come while something is pending (the table is in test_queueing)."""

from __future__ import annotations

from tests.sip.story import request, response, sdp
from tests.sip.taps import alone, call_in, call_out, run


def test_an_update_without_an_offer_is_no_glare() -> None:
    end, clock = alone()
    call_out(end, clock)
    end.outgoing(request("INVITE", 2, to="bob", body=sdp("ours")))
    run(clock, 0.1)
    end.incoming(request("UPDATE", 1, by="bob", to="alice"))
    assert end.delivered()[-1] == "UPDATE", "a refresh of the session timer"


def test_a_second_update_of_the_peer_is_refused_even_without_an_offer() -> None:
    end, clock = alone()
    call_out(end, clock)
    for number in (1, 2):
        end.incoming(request("UPDATE", number, by="bob", to="alice"))
    assert end.sent()[-1] == "500 UPDATE"


def test_the_next_offer_may_come_when_the_first_one_is_answered() -> None:
    end, clock = alone()
    call_out(end, clock)
    for number in (1, 2):
        end.incoming(request("UPDATE", number, by="bob", to="alice", body=sdp("theirs")))
        run(clock, 0.1)
        answer = sdp("ours")
        end.outgoing(response(200, number, method="UPDATE", by="alice", to="bob", body=answer))
        run(clock, 0.1)
    assert end.sent()[-2:] == ["200 UPDATE"] * 2


def test_a_refused_offer_leaves_nothing_pending() -> None:
    end, clock = alone()
    call_out(end, clock)
    end.outgoing(request("INVITE", 2, to="bob", body=sdp("ours")))
    run(clock, 0.1)
    end.incoming(request("INVITE", 1, by="bob", to="alice", body=sdp("theirs")))
    end.incoming(request("ACK", 1, by="bob", to="alice"))
    end.incoming(response(491, 2))
    end.outgoing(request("ACK", 2, to="bob"))
    assert end.controller.verbs()[-1] == "offer_failed bob"
    end.incoming(request("INVITE", 2, by="bob", to="alice", body=sdp("theirs")))
    run(clock, 0.1)
    assert end.delivered()[-1] == "INVITE"
    assert end.controller.verbs()[-1] == "receive_offer bob"


def test_early_dialogs_of_forks_do_not_hinder_each_other() -> None:
    end, clock = alone()
    end.outgoing(request("INVITE", 1, body=sdp("offer")))
    run(clock, 0.1)
    for fork in ("bob", "carol"):
        end.incoming(response(183, 1, by=fork, body=sdp(fork), rseq=1))
        run(clock, 0.1)
    for fork in ("bob", "carol"):
        end.outgoing(request("UPDATE", 2, to=fork, body=sdp(f"for {fork}")))
        run(clock, 0.1)
    assert end.sent() == ["INVITE", "UPDATE", "UPDATE"]


def test_a_callee_may_be_asked_again_after_its_answer_was_acknowledged() -> None:
    end, clock = alone()
    call_in(end, clock)
    end.incoming(request("INVITE", 2, to="bob", body=sdp("again")))
    run(clock, 0.1)
    assert end.delivered()[-1] == "INVITE"
