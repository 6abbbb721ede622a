"""sipice.sip.reoffers: offers that our side owes, by the stack or by the tap."""

from __future__ import annotations

import pytest

from sipice.session.events import Reason, UpdateNeeded
from sipice.sip.message import parse_message
from sipice.sip.outputs import DialogId, SendReoffer
from sipice.sip.settings import TapConfig
from tests.sip.story import CALL_ID, rack, request, response, sdp
from tests.sip.taps import (
    BOB,
    CONTACT,
    ICE,
    Endpoint,
    alone,
    body_of,
    call_in,
    call_out,
    header,
    headers,
    run,
)


def wanted(dialog: str = "bob") -> UpdateNeeded:
    return UpdateNeeded(dialog, Reason.NOMINATED)


def methods(end: Endpoint) -> list[str]:
    """By which requests the stack has been asked to offer."""
    return [one.method for one in end.asked if isinstance(one, SendReoffer)]


def test_the_stack_is_asked_for_an_update_where_the_peer_takes_it() -> None:
    end, clock = alone()
    call_out(end, clock, "Allow: INVITE, UPDATE")
    end.event(wanted())
    assert methods(end) == ["UPDATE"]
    end.event(wanted())
    assert methods(end) == ["UPDATE"], "once is enough"


def test_else_for_an_invite() -> None:
    end, clock = alone()
    call_out(end, clock, "Allow: INVITE")
    end.event(wanted())
    assert methods(end) == ["INVITE"]
    end.outgoing(request("INVITE", 2, to="bob", body=sdp("again")))
    run(clock, 0.1)
    end.incoming(response(200, 2, body=sdp("answer")))
    run(clock, 60)
    assert methods(end) == ["INVITE"]
    assert end.reports == []


def test_a_callee_asks_its_stack_too() -> None:
    end, clock = alone()
    call_in(end, clock, "Allow: UPDATE")
    end.event(wanted("alice"))
    assert methods(end) == ["UPDATE"]


def test_not_before_the_ack() -> None:
    end, clock = alone()
    call_out(end, clock, confirmed=False)
    end.incoming(response(200, 1, body=sdp("answer")))
    run(clock, 0.1)
    end.event(wanted())
    assert methods(end) == []
    end.outgoing(request("ACK", 1, to="bob"))
    assert methods(end) == ["INVITE"]


def test_in_an_early_dialog_only_by_update_and_only_after_the_answer() -> None:
    end, clock = alone()
    call_out(end, clock, confirmed=False)
    end.incoming(response(180, 1, "Allow: UPDATE"))
    end.event(wanted())
    assert methods(end) == []
    end.incoming(response(183, 1, "Allow: UPDATE", body=sdp("answer"), rseq=1))
    run(clock, 0.1)
    assert methods(end) == ["UPDATE"]


def test_a_callee_waits_for_the_prack() -> None:
    end, clock = alone()
    call_in(end, clock, "Allow: UPDATE", confirmed=False)
    end.outgoing(response(183, 1, body=sdp("answer"), rseq=1))
    run(clock, 0.1)
    end.event(wanted("alice"))
    assert methods(end) == []
    end.incoming(request("PRACK", 2, rack(1, 1), to="bob"))
    assert methods(end) == ["UPDATE"]


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_never_while_an_offer_is_pending(method: str) -> None:
    end, clock = alone()
    call_out(end, clock)
    end.incoming(request(method, 1, by="bob", to="alice", body=sdp("theirs")))
    end.event(wanted())
    run(clock, 0.1)
    assert methods(end) == []
    end.outgoing(response(200, 1, method=method, by="alice", to="bob", body=sdp("ours")))
    run(clock, 0.1)
    if method == "INVITE":
        assert methods(end) == [], "the ACK is still to come"
        end.incoming(request("ACK", 1, by="bob", to="alice"))
    assert methods(end) == ["INVITE"]


def test_an_offer_that_the_stack_makes_by_itself_will_do() -> None:
    end, clock = alone()
    call_out(end, clock)
    end.incoming(request("UPDATE", 1, by="bob", to="alice"))
    end.event(wanted())
    assert methods(end) == []
    end.outgoing(response(200, 1, method="UPDATE", by="alice", to="bob"))
    assert methods(end) == ["INVITE"]
    end.outgoing(request("UPDATE", 2, to="bob", body=sdp("mine")))
    run(clock, 0.1)
    end.incoming(response(200, 2, method="UPDATE", body=sdp("answer")))
    run(clock, 60)
    assert methods(end) == ["INVITE"]
    assert end.reports == []


def test_a_stack_that_does_not_follow_is_reported() -> None:
    end, clock = alone()
    call_out(end, clock)
    end.event(wanted())
    run(clock, 33)
    assert end.reports == [f"no new offer was made ({Reason.NOMINATED.value})"]
    end.event(wanted())
    assert methods(end) == ["INVITE"] * 2


@pytest.mark.parametrize("status", [488, 500, 503, 606])
def test_what_was_refused_is_not_repeated(status: int) -> None:
    end, clock = alone()
    call_out(end, clock)
    end.event(wanted())
    end.outgoing(request("INVITE", 2, to="bob", body=sdp("again")))
    run(clock, 0.1)
    end.incoming(response(status, 2))
    run(clock, 60)
    assert methods(end) == ["INVITE"]
    (report,) = end.reports
    assert f"refused with {status}" in report


def test_a_challenge_is_the_business_of_the_stack() -> None:
    end, clock = alone()
    call_out(end, clock)
    end.event(wanted())
    end.outgoing(request("INVITE", 2, to="bob", body=sdp("again")))
    run(clock, 0.1)
    end.incoming(response(401, 2))
    end.outgoing(request("INVITE", 3, to="bob", body=sdp("again")))
    run(clock, 0.1)
    end.incoming(response(200, 3, body=sdp("answer")))
    run(clock, 60)
    assert methods(end) == ["INVITE"]
    assert end.reports == []


@pytest.mark.parametrize(
    ("caller", "least", "most"), [(True, 2.1, 4.0), (False, 0.0, 2.0)], ids=["caller", "callee"]
)
def test_a_491_is_tried_again_at_the_time_of_rfc_3261(
    caller: bool, least: float, most: float
) -> None:
    for _ in range(20):
        end, clock = alone()
        (call_out if caller else call_in)(end, clock)
        ours, theirs = ("alice", "bob") if caller else ("bob", "alice")
        end.event(wanted(theirs))
        end.outgoing(request("INVITE", 2, by=ours, to=theirs, body=sdp("again")))
        run(clock, 0.1)
        end.incoming(response(491, 2, by=theirs, to=ours))
        start = clock.now
        while len(methods(end)) < 2 and clock.now < start + 10:
            run(clock, 0.01)
        waited = clock.now - start
        assert least - 0.01 <= waited <= most + 0.011


def test_the_tap_offers_itself_for_stacks_that_cannot() -> None:
    end, clock = alone(TapConfig(own_reoffers=True))
    call_out(end, clock, "Allow: UPDATE", "Record-Route: <sip:p1;lr>, <sip:p2;lr>")
    end.event(wanted())
    run(clock, 0.1)
    invite = parse_message(end.wire[-1])
    assert invite.start_line[:2] == ("INVITE", "sip:bob@192.0.2.2:5060")
    assert invite.values("route") == ["<sip:p2;lr>", "<sip:p1;lr>"]
    assert (invite.from_tag, invite.to_tag, invite.cseq) == ("alice", "bob", (2, "INVITE"))
    assert invite.contacts[0].startswith("<sip:alice@192.0.2.1:5060>")
    assert body_of(invite.data).startswith(sdp("offer"))
    assert ICE in body_of(invite.data)
    assert header(invite.data, "recv-info") == "trickle-ice"
    stack = len(end.stack)
    branch = invite.via_branch
    end.incoming(response(100, 2, branch=branch.removeprefix("z9hG4bK")))
    end.incoming(response(200, 2, BOB, body=sdp("answer")))
    run(clock, 0.1)
    ack = parse_message(end.wire[-1])
    assert ack.cseq == (2, "ACK")
    assert ack.values("route") == ["<sip:p2;lr>", "<sip:p1;lr>"]
    assert ack.via_branch != branch
    end.incoming(response(200, 2, BOB, body=sdp("answer")))
    assert end.wire[-1] == end.wire[-2], "the ACK was lost"
    assert len(end.stack) == stack, "the stack knows nothing of it"
    assert end.controller.verbs()[-2:] == ["begin_offer bob", "receive_answer bob"]
    assert methods(end) == []


def test_later_numbers_of_the_stack_are_moved() -> None:
    end, clock = alone(TapConfig(own_reoffers=True))
    call_out(end, clock)
    end.event(wanted())
    run(clock, 0.1)
    end.incoming(response(200, 2, BOB, body=sdp("answer")))
    run(clock, 0.1)
    end.outgoing(request("INVITE", 2, to="bob", body=sdp("hold")))
    run(clock, 0.1)
    assert header(end.wire[-1], "cseq") == "3 INVITE"
    end.incoming(response(200, 3, BOB, body=sdp("held")))
    run(clock, 0.1)
    assert header(end.stack[-1], "cseq") == "2 INVITE"
    end.outgoing(request("ACK", 2, to="bob"))
    assert header(end.wire[-1], "cseq") == "3 ACK"
    end.outgoing(request("BYE", 3, to="bob"))
    assert header(end.wire[-1], "cseq") == "4 BYE"
    end.incoming(response(200, 4, method="BYE"))
    assert header(end.stack[-1], "cseq") == "3 BYE"


def test_a_callee_that_has_sent_nothing_yet_offers_too() -> None:
    end, clock = alone(TapConfig(own_reoffers=True))
    call_in(end, clock, "Record-Route: <sip:p1;lr>, <sip:p2;lr>")
    end.event(wanted("alice"))
    run(clock, 0.1)
    invite = parse_message(end.wire[-1])
    assert invite.start_line[:2] == ("INVITE", "sip:alice@192.0.2.1:5060")
    assert invite.values("via")[0].startswith("SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK")
    assert invite.values("route") == ["<sip:p1;lr>", "<sip:p2;lr>"]
    assert (invite.from_tag, invite.to_tag, invite.cseq) == ("bob", "alice", (1, "INVITE"))
    assert body_of(invite.data).startswith(sdp("answer"))
    end.incoming(response(200, 1, CONTACT, by="alice", to="bob", body=sdp("reply")))
    run(clock, 0.1)
    end.outgoing(request("BYE", 1, by="bob", to="alice"))
    assert header(end.wire[-1], "cseq") == "2 BYE"


def test_an_own_offer_that_fails_is_acknowledged_and_told_to_the_controller() -> None:
    end, clock = alone(TapConfig(own_reoffers=True))
    call_out(end, clock)
    end.event(wanted())
    run(clock, 0.1)
    branch = parse_message(end.wire[-1]).via_branch
    stack = len(end.stack)
    end.incoming(response(488, 2))
    ack = parse_message(end.wire[-1])
    assert (ack.cseq, ack.via_branch) == ((2, "ACK"), branch)
    assert end.controller.verbs()[-1] == "offer_failed bob"
    assert len(end.stack) == stack
    assert len(end.reports) == 1
    end.outgoing(request("INVITE", 2, to="bob", body=sdp("hold")))
    run(clock, 0.1)
    assert header(end.wire[-1], "cseq") == "3 INVITE"


def test_an_own_offer_is_sent_again_over_udp_and_given_up() -> None:
    end, clock = alone(TapConfig(own_reoffers=True))
    call_out(end, clock)
    before = len(end.wire)
    end.event(wanted())
    run(clock, 40)
    assert end.sent()[before:] == ["INVITE"] * 7
    assert end.controller.verbs()[-3:] == ["offer_failed bob", "end bob", "close"]


def test_an_own_offer_that_waits_ends_with_the_call() -> None:
    end, clock = alone(TapConfig(own_reoffers=True))
    call_out(end, clock)
    end.controller.delay = 1.0
    end.event(wanted())
    stack = len(end.stack)
    end.outgoing(request("BYE", 2, to="bob"))
    run(clock, 3)
    assert end.sent()[-1] == "BYE"
    assert header(end.wire[-1], "cseq") == "3 BYE", "a gap does no harm (RFC 3261 §12.2.2)"
    assert len(end.stack) == stack


def test_nothing_is_asked_for_in_an_unknown_or_finished_dialog() -> None:
    end, clock = alone()
    call_out(end, clock)
    end.event(wanted("nobody"))
    end.outgoing(request("BYE", 2, to="bob"))
    end.event(wanted())
    assert end.asked == []


def test_headers_of_an_own_offer_are_not_doubled() -> None:
    end, clock = alone(TapConfig(own_reoffers=True))
    call_out(end, clock)
    end.event(wanted())
    run(clock, 0.1)
    for name in ("contact", "supported", "recv-info", "content-type", "content-length"):
        assert len(headers(end.wire[-1], name)) == 1


def test_a_stack_that_says_no_is_relieved_by_the_tap() -> None:
    end, clock = alone()
    call_out(end, clock, "Allow: UPDATE")
    end.event(wanted())
    assert methods(end) == ["UPDATE"]
    (key,) = end.open
    end.tap.reoffer_refused(clock.now, key, "bob")
    end.work()
    run(clock, 0.1)
    assert end.sent() == ["INVITE", "ACK", "INVITE"]
    end.incoming(response(491, 2))
    run(clock, 5)
    assert end.sent()[3:] == ["ACK", "INVITE"] + ["INVITE"] * (len(end.sent()) - 5)
    assert methods(end) == ["UPDATE"], "the tap goes on by itself"


def test_a_stack_that_was_not_asked_cannot_say_no() -> None:
    end, clock = alone()
    call_out(end, clock)
    (key,) = end.open
    for dialog in ("bob", "nobody"):
        end.tap.reoffer_refused(clock.now, key, dialog)
    end.work()
    assert end.sent() == ["INVITE", "ACK"]


def test_the_tap_does_not_offer_again_what_was_refused() -> None:
    end, clock = alone(TapConfig(own_reoffers=True))
    call_out(end, clock)
    for number, name, status in ((2, "talk", 200), (3, "hold", 488)):
        end.outgoing(request("INVITE", number, to="bob", body=sdp(name)))
        run(clock, 0.1)
        answer = sdp("answer") if status == 200 else b""
        end.incoming(response(status, number, BOB, body=answer))
        run(clock, 0.1)
        end.outgoing(request("ACK", number, to="bob"))
    end.event(wanted())
    run(clock, 0.1)
    assert body_of(end.wire[-1]).startswith(sdp("talk"))


def test_the_tap_offers_in_a_fork_in_which_the_stack_does_not_speak() -> None:
    end, clock = alone()
    call_out(end, clock, confirmed=False)
    for fork in ("bob", "carol"):
        contact = f"Contact: <sip:{fork}@192.0.2.7>"
        route = f"Record-Route: <sip:{fork}-proxy;lr>"
        allow = "Allow: INVITE, UPDATE"
        end.incoming(response(183, 1, contact, route, allow, by=fork, body=sdp(fork), rseq=1))
        run(clock, 0.1)
    end.event(wanted("bob"))
    (asked,) = end.asked
    assert asked.dialog == DialogId(CALL_ID, "alice", "bob")
    (key,) = end.open
    end.tap.reoffer_refused(clock.now, key, "bob")
    end.work()
    run(clock, 0.7)
    first, again = end.wire[1:]
    update = parse_message(first)
    assert update.start_line[:2] == ("UPDATE", "sip:bob@192.0.2.7")
    assert update.values("route") == ["<sip:bob-proxy;lr>"]
    assert (update.from_tag, update.to_tag, update.cseq) == ("alice", "bob", (2, "UPDATE"))
    assert update.contacts[0].startswith("<sip:alice@192.0.2.1:5060>")
    assert body_of(first).startswith(sdp("offer"))
    assert again == first, "over UDP it might have been lost"
    got = len(end.stack)
    end.incoming(response(200, 2, BOB, method="UPDATE", by="bob", body=sdp("answer")))
    run(clock, 60)
    assert end.controller.verbs()[-2:] == ["begin_offer bob", "receive_answer bob"]
    assert end.sent() == ["INVITE", "UPDATE", "UPDATE"], "an UPDATE gets no ACK"
    assert len(end.stack) == got
    assert end.reports == []
