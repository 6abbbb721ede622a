"""sipice.sip.queueing: what waits for what, and every race of messages that cross."""

from __future__ import annotations

import pytest

from sipice.sip.message import parse_message
from sipice.sip.settings import TapConfig
from tests.sip.story import request, response, sdp
from tests.sip.taps import Endpoint, alone, body_of, call_in, call_out, header, run

INVITE = request("INVITE", 1, body=sdp("offer"))
CANCEL = request("CANCEL", 1, branch="alice1INVITE")
REINVITE = request("INVITE", 2, to="bob", body=sdp("again"))


def test_a_cancel_of_an_invite_that_has_not_left_stops_it() -> None:
    end, clock = alone(delay=1.0)
    end.outgoing(INVITE)
    run(clock, 0.3)
    end.outgoing(CANCEL)
    assert end.delivered() == ["200 CANCEL", "487 INVITE"]
    end.outgoing(request("ACK", 1))
    run(clock, 5)
    assert end.wire == [], "nothing goes out"
    assert end.controller.verbs() == ["begin_offer ", "offer_failed ", "close"]
    assert end.open == []


def test_a_cancel_of_an_invite_that_has_left_follows_it() -> None:
    end, clock = alone()
    end.outgoing(INVITE)
    run(clock, 0.1)
    end.incoming(response(180, 1))
    end.outgoing(CANCEL)
    assert end.sent() == ["INVITE", "CANCEL"]
    end.incoming(response(200, 1, method="CANCEL"))
    end.incoming(response(487, 1))
    end.outgoing(request("ACK", 1))
    assert end.delivered() == ["180 INVITE", "200 CANCEL", "487 INVITE"]
    assert end.sent()[-1] == "ACK"
    assert end.open == [], "a 487 is the end"


def test_a_cancel_of_the_peer_overtakes_an_invite_that_the_stack_has_not_got() -> None:
    end, clock = alone(delay=1.0)
    end.incoming(INVITE)
    run(clock, 0.1)
    end.incoming(CANCEL)
    assert end.sent() == ["200 CANCEL", "487 INVITE"]
    end.incoming(request("ACK", 1, to=parse_message(end.wire[-1]).to_tag))
    run(clock, 40)
    assert end.stack == []
    assert end.sent() == ["200 CANCEL", "487 INVITE"], "acknowledged, so not sent again"


def test_a_cancel_of_the_peer_reaches_a_stack_that_rings() -> None:
    end, clock = alone()
    end.incoming(INVITE)
    run(clock, 0.1)
    end.outgoing(response(180, 1))
    end.incoming(CANCEL)
    end.outgoing(response(200, 1, method="CANCEL"))
    end.outgoing(response(487, 1))
    assert end.delivered() == ["INVITE", "CANCEL"]
    assert end.sent() == ["180 INVITE", "200 CANCEL", "487 INVITE"]
    assert end.open == []


def test_a_cancel_while_the_answer_is_prepared_does_not_stop_the_answer() -> None:
    """RFC 3261 §9.2: the stack has answered already; the caller will hang up."""
    end, clock = alone(delay=0.0)
    end.incoming(INVITE)
    run(clock, 0.1)
    end.controller.delay = 1.0
    end.outgoing(response(200, 1, body=sdp("answer")))
    end.incoming(CANCEL)
    assert end.delivered() == ["INVITE", "CANCEL"]
    run(clock, 2)
    assert end.sent() == ["100 INVITE", "200 INVITE"]


def test_an_invite_of_the_peer_gets_a_100_within_200_ms() -> None:
    end, clock = alone(delay=1.0)
    end.incoming(INVITE)
    run(clock, 0.19)
    assert end.wire == []
    run(clock, 0.02)
    assert end.sent() == ["100 INVITE"]
    assert parse_message(end.wire[0]).to_tag == ""
    run(clock, 5)
    assert end.sent() == ["100 INVITE"]


def test_a_stack_that_answers_at_once_needs_no_100() -> None:
    end, clock = alone()
    end.incoming(INVITE)
    run(clock, 0.1)
    end.outgoing(response(100, 1, by=""))
    run(clock, 1)
    assert end.sent() == ["100 INVITE"]


def test_the_100_comes_also_when_the_answer_of_the_stack_waits() -> None:
    end, clock = alone(delay=0.15)
    end.incoming(INVITE)
    run(clock, 0.16)
    end.outgoing(response(200, 1, body=sdp("answer")))
    run(clock, 1)
    assert end.sent() == ["100 INVITE", "200 INVITE"]


def test_retransmissions_of_what_waits_are_absorbed() -> None:
    end, clock = alone(delay=0.7)
    end.outgoing(INVITE)
    run(clock, 0.5)
    end.outgoing(INVITE)
    run(clock, 0.3)
    assert end.sent() == ["INVITE"]
    run(clock, 3)
    assert end.sent() == ["INVITE"], "the stack has shown that it sends again by itself"


def test_an_invite_over_udp_is_sent_again_where_the_stack_does_not() -> None:
    end, clock = alone(delay=0.3)
    end.outgoing(INVITE)
    run(clock, 4)
    assert [time for time, _ in end.times] == pytest.approx([0.3, 0.8, 1.8, 3.8])
    assert len(set(end.wire)) == 1
    end.incoming(response(100, 1, by=""))
    run(clock, 30)
    assert len(end.wire) == 4


def test_a_stack_that_sends_again_is_left_to_it() -> None:
    end, clock = alone()
    end.outgoing(INVITE)
    run(clock, 0.4)
    end.outgoing(INVITE)
    run(clock, 3)
    assert end.sent() == ["INVITE"] * 2
    assert end.wire[0] == end.wire[1]


def test_over_a_stream_nothing_is_sent_again() -> None:
    from tests.sip.taps import TCP

    end, clock = alone(way=TCP)
    end.outgoing(INVITE)
    run(clock, 40)
    assert end.sent() == ["INVITE"]


def test_a_bye_does_not_wait_for_a_new_offer() -> None:
    end, clock = alone()
    call_out(end, clock)
    end.controller.delay = 1.0
    end.outgoing(REINVITE)
    end.outgoing(request("BYE", 3, to="bob"))
    assert end.sent()[-1] == "BYE"
    assert end.delivered()[-1] == "487 INVITE", "the re-INVITE ends before it has left"
    run(clock, 3)
    assert end.sent()[-1] == "BYE"
    assert end.open == []


def test_a_bye_of_the_peer_ends_a_new_offer_that_waits() -> None:
    end, clock = alone()
    call_out(end, clock)
    end.controller.delay = 1.0
    end.outgoing(REINVITE)
    end.incoming(request("BYE", 1, by="bob", to="alice"))
    run(clock, 3)
    assert end.sent() == ["INVITE", "ACK"]
    assert end.delivered()[-2:] == ["487 INVITE", "BYE"]


def test_a_bye_of_the_peer_does_not_overtake_its_answer() -> None:
    end, clock = alone()
    end.outgoing(INVITE)
    run(clock, 0.1)
    end.controller.delay = 0.5
    end.incoming(response(200, 1, body=sdp("answer")))
    end.incoming(request("BYE", 1, by="bob", to="alice"))
    assert end.stack == []
    run(clock)
    assert end.delivered() == ["200 INVITE", "BYE"]


def test_an_early_bye_turns_the_answer_that_waits_into_a_487() -> None:
    end, clock = alone()
    end.incoming(INVITE)
    run(clock, 0.1)
    end.outgoing(response(180, 1))
    end.controller.delay = 1.0
    end.outgoing(response(200, 1, body=sdp("answer")))
    end.incoming(request("BYE", 2, to="bob"))
    end.outgoing(response(200, 1, body=sdp("answer")))
    run(clock, 3)
    assert end.sent() == ["180 INVITE", "487 INVITE"]
    assert end.delivered() == ["INVITE", "ACK", "BYE", "ACK"], "the stack has its ACK"


def test_other_requests_pass_while_an_offer_waits() -> None:
    end, clock = alone()
    call_out(end, clock)
    end.controller.delay = 1.0
    end.outgoing(REINVITE)
    for method in ("OPTIONS", "INFO", "MESSAGE", "REFER"):
        end.outgoing(request(method, 3, to="bob"))
        end.incoming(request(method, 3, by="bob", to="alice"))
        end.outgoing(response(200, 3, method=method, by="alice", to="bob"))
    assert end.sent()[2:] == [
        *("OPTIONS", "200 OPTIONS", "INFO", "200 INFO"),
        *("MESSAGE", "200 MESSAGE", "REFER", "200 REFER"),
    ]


def test_another_call_does_not_wait() -> None:
    end, clock = alone(delay=1.0)
    end.outgoing(INVITE)
    end.delay = 0.0
    end.outgoing(request("INVITE", 1, body=sdp("other"), call_id="other"))
    run(clock, 0.1)
    assert [header(data, "call-id") for data in end.wire] == ["other"]


def test_responses_keep_their_order() -> None:
    end, clock = alone()
    end.incoming(INVITE)
    run(clock, 0.1)
    end.controller.delay = 0.5
    end.outgoing(response(183, 1, body=sdp("answer")))
    end.outgoing(response(180, 1))
    assert end.wire == []
    run(clock, 0.6)
    assert end.sent() == ["100 INVITE", "183 INVITE", "180 INVITE"]


def test_more_than_so_many_messages_do_not_wait() -> None:
    end, clock = alone(TapConfig(most_waiting=2), delay=1.0)
    end.outgoing(INVITE)
    for number in range(5):
        end.outgoing(request("UPDATE", 2 + number, to="bob"))
    assert end.reports == ["too many messages wait: a UPDATE was dropped"] * 3
    run(clock, 2)
    assert end.sent()[:1] == ["INVITE"]


def test_a_description_that_nobody_can_read_gets_a_415() -> None:
    end, _ = alone()
    end.incoming(request("INVITE", 1, "Content-Encoding: gzip", body=b"\x1f\x8b"))
    assert end.sent() == ["415 INVITE"]
    assert header(end.wire[0], "accept-encoding") == "identity"
    assert end.stack == []


def test_an_invite_that_arrives_by_two_ways_is_refused_the_second_time() -> None:
    """RFC 3261 §8.2.2.2: a merged request."""
    end, clock = alone()
    end.incoming(INVITE)
    end.incoming(request("INVITE", 1, body=sdp("offer"), branch="other"))
    run(clock, 0.1)
    assert end.delivered() == ["INVITE"]
    assert end.sent() == ["482 INVITE"]
    end.outgoing(response(180, 1))
    assert end.sent() == ["482 INVITE", "180 INVITE"]


def offer(end: Endpoint, which: str, number: int) -> None:
    """An offer in the dialog, such as "our INVITE"."""
    side, method = which.split()
    if side == "our":
        end.outgoing(request(method, number, to="bob", body=sdp("our")))
    else:
        end.incoming(request(method, number, by="bob", to="alice", body=sdp("their")))


@pytest.mark.parametrize("left", [True, False], ids=["first-has-passed", "first-still-waits"])
@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ("our INVITE", "their INVITE", 491),
        ("our INVITE", "their UPDATE", 491),
        ("our UPDATE", "their INVITE", 491),
        ("our UPDATE", "their UPDATE", 491),
        ("their INVITE", "their INVITE", 500),
        ("their INVITE", "their UPDATE", 500),
        ("their UPDATE", "their INVITE", 500),
        ("their UPDATE", "their UPDATE", 500),
    ],
)
def test_an_offer_of_the_peer_that_comes_too_early_is_refused(
    first: str, second: str, status: int, left: bool
) -> None:
    end, clock = alone()
    call_out(end, clock)
    end.controller.delay = 0.2
    wire, stack = len(end.wire), len(end.stack)
    offer(end, first, 5)
    run(clock, 0.3 if left else 0.1)
    offer(end, second, 6)
    run(clock, 0.3)
    refusal = f"{status} {second.split()[1]}"
    refused = end.wire[end.sent().index(refusal)]
    retry = header(refused, "retry-after")
    assert (retry is not None) == (status == 500)
    assert 0 <= int(retry or 0) <= 10
    passed = {body_of(data) for data in [*end.wire[wire:], *end.stack[stack:]]} - {b""}
    (body,) = passed
    assert sdp(first.split()[0]) in body, "the first one goes on"


@pytest.mark.parametrize("second", ["our INVITE", "our UPDATE"])
@pytest.mark.parametrize("first", ["our INVITE", "our UPDATE", "their INVITE", "their UPDATE"])
def test_a_stack_that_offers_too_early_hears_it_from_the_tap(first: str, second: str) -> None:
    end, clock = alone()
    call_out(end, clock)
    offer(end, first, 5)
    run(clock, 0.1)
    before = end.sent()
    offer(end, second, 6)
    run(clock, 0.05)
    assert end.sent() == before, "nothing leaves"
    assert end.delivered()[-1] == f"491 {second.split()[1]}"


def test_an_offer_in_an_early_dialog_is_no_glare_once_the_first_one_is_answered() -> None:
    end, clock = alone()
    end.outgoing(INVITE)
    run(clock, 0.1)
    end.incoming(response(183, 1, body=sdp("answer"), rseq=1))
    run(clock, 0.1)
    end.outgoing(request("PRACK", 2, "RAck: 1 1 INVITE", to="bob"))
    end.incoming(response(200, 2, method="PRACK"))
    end.incoming(request("UPDATE", 1, by="bob", to="alice", body=sdp("update")))
    run(clock, 0.1)
    assert end.delivered()[-1] == "UPDATE"
    assert end.sent() == ["INVITE", "PRACK"]


def test_the_callee_waits_for_the_prack_before_it_offers() -> None:
    end, clock = alone()
    call_in(end, clock, confirmed=False)
    end.outgoing(response(183, 1, body=sdp("answer"), rseq=1))
    run(clock, 0.1)
    end.outgoing(request("UPDATE", 1, by="bob", to="alice", body=sdp("update")))
    assert end.delivered()[-1] == "491 UPDATE"
    end.incoming(request("PRACK", 2, "RAck: 1 1 INVITE", to="bob"))
    end.outgoing(response(200, 2, method="PRACK"))
    end.outgoing(request("UPDATE", 2, by="bob", to="alice", body=sdp("update")))
    run(clock, 0.1)
    assert end.sent()[-1] == "UPDATE"
