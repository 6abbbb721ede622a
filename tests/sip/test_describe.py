"""sipice.sip.describe: each description passes its controller once; what becomes of bad ones."""

from __future__ import annotations

import pytest

from sipice.session.events import DescriptionReady, Direction, Kind, Rejected
from sipice.sip.body import bodies
from sipice.sip.message import parse_message
from sipice.sip.settings import TapConfig
from tests.sip.build import multipart, part
from tests.sip.story import rack, request, response, sdp
from tests.sip.taps import (
    BOB,
    ICE,
    TCP,
    Endpoint,
    alone,
    body_of,
    call_in,
    call_out,
    header,
    run,
)

BAD = Rejected(488, '399 sipice "no"', 0, "it is not good")
OFFER = request("INVITE", 1, body=sdp("offer"))


def ringing(end: Endpoint) -> None:
    end.incoming(request("INVITE", 1, body=sdp("offer")))


@pytest.mark.parametrize(
    ("messages", "verbs"),
    [
        pytest.param(
            [
                ("out", OFFER),
                ("in", response(200, 1, body=sdp("answer"))),
                ("out", request("ACK", 1, to="bob")),
            ],
            ["begin_offer ", "receive_answer bob"],
            id="1: INVITE, 2xx",
        ),
        pytest.param(
            [
                ("out", request("INVITE", 1)),
                ("in", response(200, 1, body=sdp("offer"))),
                ("out", request("ACK", 1, to="bob", body=sdp("answer"))),
            ],
            ["receive_offer bob", "begin_answer bob"],
            id="2: 2xx, ACK",
        ),
        pytest.param(
            [
                ("out", OFFER),
                ("in", response(183, 1, body=sdp("answer"), rseq=1)),
                ("out", request("PRACK", 2, rack(1, 1), to="bob")),
                ("in", response(200, 2, method="PRACK")),
            ],
            ["begin_offer ", "receive_answer bob"],
            id="3: INVITE, reliable 1xx",
        ),
        pytest.param(
            [
                ("out", request("INVITE", 1)),
                ("in", response(183, 1, body=sdp("offer"), rseq=1)),
                ("out", request("PRACK", 2, rack(1, 1), to="bob", body=sdp("answer"))),
                ("in", response(200, 2, method="PRACK")),
            ],
            ["receive_offer bob", "begin_answer bob"],
            id="4: reliable 1xx, PRACK",
        ),
        pytest.param(
            [
                ("out", OFFER),
                ("in", response(183, 1, body=sdp("answer"), rseq=1)),
                ("out", request("PRACK", 2, rack(1, 1), to="bob", body=sdp("second"))),
                ("in", response(200, 2, method="PRACK", body=sdp("reply"))),
            ],
            ["begin_offer ", "receive_answer bob", "begin_offer bob", "receive_answer bob"],
            id="5: PRACK, 2xx",
        ),
        pytest.param(
            [
                ("out", OFFER),
                ("in", response(200, 1, body=sdp("answer"))),
                ("out", request("ACK", 1, to="bob")),
                ("in", request("UPDATE", 1, by="bob", to="alice", body=sdp("update"))),
                ("out", response(200, 1, method="UPDATE", by="alice", to="bob", body=sdp("reply"))),
            ],
            ["begin_offer ", "receive_answer bob", "receive_offer bob", "begin_answer bob"],
            id="6: UPDATE, 2xx",
        ),
        pytest.param(
            [
                ("out", OFFER),
                ("in", response(183, 1, body=sdp("answer"))),
                ("in", response(200, 1, body=sdp("answer"))),
            ],
            ["begin_offer ", "receive_answer preview bob", "receive_answer bob"],
            id="a preview",
        ),
    ],
)
def test_the_patterns_of_offer_and_answer(
    messages: list[tuple[str, bytes]], verbs: list[str]
) -> None:
    """Our side as it stands, and the same messages with the sides changed."""
    for mirrored in (False, True):
        end, clock = alone()
        for side, data in messages:
            if (side == "out") is not mirrored:
                end.outgoing(data)
            else:
                end.incoming(data)
            run(clock, 0.1)
        got = [verb for verb in end.controller.verbs() if not verb.startswith("confirm")]
        assert got == (_mirror(verbs) if mirrored else verbs)
        for data in end.wire:
            assert (ICE in body_of(data)) == bool(body_of(data))
        assert not any(ICE in data for data in end.stack)


def _mirror(verbs: list[str]) -> list[str]:
    swap = {"begin": "receive", "receive": "begin"}
    mirrored = []
    for verb in verbs:
        first, _, rest = verb.partition("_")
        mirrored.append(f"{swap[first]}_{rest.rstrip().removesuffix('bob').rstrip()} alice")
    return mirrored


@pytest.mark.parametrize(
    "body_type", ["Application/SDP", "application/sdp; charset=utf-8", "application/sdp ;x"]
)
def test_odd_content_types_reach_the_stack_as_the_plain_one(body_type: str) -> None:
    end, clock = alone()
    end.incoming(request("INVITE", 1, body=sdp("offer"), body_type=body_type))
    run(clock, 0.1)
    assert header(end.stack[0], "content-type") == "application/sdp"
    assert body_of(end.stack[0]) == sdp("offer")
    assert header(end.stack[0], "content-length") == str(len(sdp("offer")))


MIXED = multipart(
    "b",
    part(b"<x/>", "Content-Type: application/isup"),
    part(sdp("offer"), "Content-Type: application/sdp"),
)


def test_a_stack_gets_the_sdp_of_a_multipart_body_alone() -> None:
    end, clock = alone()
    end.incoming(request("INVITE", 1, body=MIXED, body_type="multipart/mixed;boundary=b"))
    run(clock, 0.1)
    assert parse_message(end.stack[0]).body == sdp("offer")
    assert header(end.stack[0], "content-type") == "application/sdp"


def test_a_stack_that_reads_multipart_bodies_gets_all_parts() -> None:
    end, clock = alone(TapConfig(flatten=False))
    end.incoming(request("INVITE", 1, body=MIXED + ICE, body_type="multipart/mixed;boundary=b"))
    run(clock, 0.1)
    kinds = [one.content_type for one in bodies(parse_message(end.stack[0]))]
    assert kinds == ["application/isup", "application/sdp"]


def test_the_other_parts_of_our_stack_leave_as_they_are() -> None:
    end, clock = alone()
    end.outgoing(request("INVITE", 1, body=MIXED, body_type="multipart/mixed;boundary=b"))
    run(clock, 0.1)
    isup, description = bodies(parse_message(end.wire[0]))
    assert isup.data == b"<x/>"
    assert ICE in description.data
    assert header(end.wire[0], "content-length") == str(len(parse_message(end.wire[0]).body))


def test_a_message_without_a_length_gets_one_when_its_body_changes() -> None:
    end, clock = alone(way=TCP)
    end.outgoing(OFFER.replace(b"Content-Length: %d\r\n" % len(sdp("offer")), b""))
    run(clock, 0.1)
    assert header(end.wire[0], "content-length") == str(len(body_of(end.wire[0])))


def test_the_budget_is_what_the_header_fields_leave() -> None:
    end, clock = alone(TapConfig(datagram_size=900))
    end.outgoing(OFFER)
    run(clock, 0.1)
    head = len(end.wire[0]) - len(body_of(end.wire[0]))
    (budget,) = end.controller.budgets
    assert budget is not None
    assert 900 - 4 <= budget + head <= 900, "but for the digits of Content-Length"


def test_over_a_stream_there_is_no_budget_and_no_complaint() -> None:
    end, clock = alone(TapConfig(datagram_size=100), way=TCP)
    end.outgoing(OFFER)
    run(clock, 0.1)
    assert end.controller.budgets == [None]
    assert end.reports == []


def test_a_message_that_is_too_large_for_udp_leaves_with_a_report() -> None:
    end, clock = alone(TapConfig(datagram_size=100))
    end.outgoing(OFFER)
    run(clock, 0.1)
    assert end.sent() == ["INVITE"]
    (report,) = end.reports
    assert f"the INVITE has {len(end.wire[0])} bytes" in report
    assert "use TCP" in report


def test_a_bad_offer_of_the_peer_is_answered_by_the_tap() -> None:
    end, clock = alone()
    end.trouble["receive_offer"] = BAD._replace(retry_after=7)
    ringing(end)
    assert end.sent() == ["488 INVITE"]
    assert header(end.wire[0], "warning") == '399 sipice "no"'
    assert header(end.wire[0], "retry-after") == "7"
    assert end.stack == []
    assert end.reports == ["the SDP of the peer in the INVITE was rejected: it is not good"]
    ringing(end)
    assert end.wire[1] == end.wire[0], "a retransmission gets the same answer"
    end.incoming(request("ACK", 1, to=parse_message(end.wire[0]).to_tag))
    run(clock, 40)
    assert end.sent() == ["488 INVITE"] * 2
    assert end.stack == []
    assert end.open == [], "nothing followed"


def test_a_bad_offer_leaves_the_established_call_alone() -> None:
    end, clock = alone()
    call_out(end, clock)
    end.trouble["receive_offer"] = BAD
    before = end.delivered()
    for method in ("INVITE", "UPDATE"):
        end.incoming(request(method, 5, by="bob", to="alice", body=b"v=0 garbage"))
        assert end.sent()[-1] == f"488 {method}"
    run(clock, 40)
    assert end.delivered() == before
    assert end.open
    assert "end bob" not in end.controller.verbs()


def test_a_bad_offer_of_our_stack_does_not_leave() -> None:
    end, clock = alone()
    end.trouble["begin_offer"] = BAD
    end.outgoing(OFFER)
    assert end.delivered() == ["488 INVITE"]
    end.outgoing(request("ACK", 1, to=parse_message(end.stack[0]).to_tag))
    run(clock, 40)
    assert end.wire == []
    assert end.open == []


def test_a_bad_answer_ends_the_new_call_and_our_stack_sees_a_failure() -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.trouble["receive_answer"] = BAD
    ok = response(200, 1, BOB, "Record-Route: <sip:p1;lr>, <sip:p2;lr>", body=sdp("bad"))
    end.incoming(ok)
    assert end.delivered() == ["488 INVITE"]
    assert end.sent() == ["INVITE", "ACK", "BYE"]
    ack, bye = (parse_message(data) for data in end.wire[1:])
    assert ack.start_line[1] == bye.start_line[1] == "sip:bob@192.0.2.2:5060"
    assert ack.values("route") == ["<sip:p2;lr>", "<sip:p1;lr>"]
    assert (ack.cseq, bye.cseq) == ((1, "ACK"), (2, "BYE"))
    assert (ack.to_tag, bye.to_tag) == ("bob", "bob")
    end.outgoing(request("ACK", 1, to="bob"))
    end.incoming(ok)
    assert end.sent() == ["INVITE", "ACK", "BYE", "ACK"], "the 2xx came again"
    end.incoming(response(200, 2, method="BYE"))
    run(clock, 40)
    assert end.delivered() == ["488 INVITE"]
    assert end.sent() == ["INVITE", "ACK", "BYE", "ACK"]
    assert end.open == []


def test_a_bad_answer_to_a_new_offer_leaves_the_call_as_it_was() -> None:
    end, clock = alone()
    call_out(end, clock)
    end.trouble["receive_answer"] = BAD
    for method in ("INVITE", "UPDATE"):
        end.outgoing(request(method, 2, to="bob", body=sdp("again")))
        run(clock, 0.1)
        end.incoming(response(200, 2, BOB, method=method, body=sdp("bad")))
        assert end.delivered()[-1] == f"488 {method}"
    assert end.sent()[2:] == ["INVITE", "ACK", "UPDATE"]
    assert end.controller.verbs()[-1] == "offer_failed bob"
    assert end.open


def test_a_bad_answer_of_our_stack_becomes_a_500_and_ends_the_call_there() -> None:
    end, clock = alone()
    ringing(end)
    run(clock, 0.1)
    end.trouble["begin_answer"] = BAD
    end.outgoing(response(200, 1, BOB, body=sdp("bad")))
    assert end.sent() == ["500 INVITE"]
    assert end.delivered() == ["INVITE", "ACK", "BYE"]
    end.outgoing(response(200, 2, method="BYE"))
    assert end.sent() == ["500 INVITE"], "the answer to the BYE is the tap's"


@pytest.mark.parametrize("rseq", [0, 1])
def test_a_bad_answer_in_a_provisional_response_is_left_out(rseq: int) -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.trouble["receive_answer"] = BAD
    end.incoming(response(183, 1, body=sdp("bad"), rseq=rseq))
    assert end.delivered() == ["183 INVITE"]
    assert parse_message(end.stack[0]).body == b""
    assert header(end.stack[0], "content-type") is None
    assert len(end.reports) == 1


def test_a_bad_answer_in_an_ack_is_left_out() -> None:
    end, clock = alone()
    end.incoming(request("INVITE", 1))
    end.outgoing(response(200, 1, body=sdp("offer")))
    run(clock, 0.1)
    end.trouble["receive_answer"] = BAD
    end.incoming(request("ACK", 1, to="bob", body=sdp("bad")))
    assert end.delivered() == ["INVITE", "ACK"]
    assert parse_message(end.stack[1]).body == b""


def test_a_controller_that_does_not_come_back_fails_the_message() -> None:
    end, clock = alone(TapConfig(describe_within=3.0))
    end.silent = True
    end.outgoing(OFFER)
    run(clock, 2.9)
    assert end.stack == []
    run(clock, 0.2)
    assert end.delivered() == ["500 INVITE"]
    assert end.wire == []


def test_a_description_that_nobody_waits_for_does_nothing() -> None:
    end, clock = alone()
    call_in(end, clock)
    before = end.sent(), end.delivered()
    for dialog in ("alice", "", "bob"):
        for direction in Direction:
            end.event(DescriptionReady(dialog, direction, Kind.OFFER, b"v=0\r\n"))
    assert (end.sent(), end.delivered()) == before


def test_who_is_asked_for_an_offer_in_a_dialog_restarts() -> None:
    """RFC 8839 §7.5; the offer of a new call is no restart."""
    end, clock = alone()
    end.incoming(request("INVITE", 1))
    end.outgoing(response(200, 1, BOB, body=sdp("offer")))
    run(clock, 0.1)
    end.incoming(request("ACK", 1, to="bob", body=sdp("answer")))
    run(clock, 0.1)
    end.incoming(request("INVITE", 2, to="bob"))
    end.outgoing(response(200, 2, BOB, body=sdp("again")))
    run(clock, 0.1)
    assert end.controller.restarts == [False, True]


def test_an_answer_to_nothing_is_left_out() -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.trouble["receive_answer"] = Rejected(481, "", None, "this answers no offer of ours")
    end.incoming(response(200, 1, BOB, body=sdp("odd")))
    assert end.delivered() == ["200 INVITE"]
    assert body_of(end.stack[0]) == b""
    assert end.sent() == ["INVITE"]


@pytest.mark.parametrize("repeat", [True, False])
@pytest.mark.parametrize("rseq", [0, 1])
def test_a_2xx_without_the_answer_of_the_18x_completes_the_call(rseq: int, repeat: bool) -> None:
    """A preview is the answer then; a stack that reads no 18x gets the answer in the 2xx."""
    end, clock = alone(TapConfig(repeat_answer=repeat))
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.incoming(response(183, 1, body=sdp("answer"), rseq=rseq))
    run(clock, 0.1)
    for _ in range(2):
        end.incoming(response(200, 1, BOB))
        run(clock, 0.1)
    assert end.delivered() == ["183 INVITE", "200 INVITE", "200 INVITE"]
    assert end.stack[1] == end.stack[2]
    assert body_of(end.stack[1]) == (sdp("answer") if repeat or not rseq else b"")
    told = [verb for verb in end.controller.verbs() if verb.startswith("receive_answer")]
    assert told[-1] == "receive_answer bob"
    assert len(told) == (1 if rseq else 2)


def test_our_2xx_without_an_answer_repeats_none_but_makes_the_preview_the_answer() -> None:
    end, clock = alone()
    ringing(end)
    run(clock, 0.1)
    end.outgoing(response(183, 1, body=sdp("answer")))
    run(clock, 0.1)
    end.outgoing(response(200, 1, BOB))
    run(clock, 0.1)
    assert end.sent() == ["183 INVITE", "200 INVITE"]
    assert end.controller.verbs()[-2:] == ["begin_answer alice", "confirm alice"]


def test_a_2xx_without_any_answer_is_no_success() -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.incoming(response(200, 1, BOB))
    assert end.delivered() == ["488 INVITE"]
    assert end.sent() == ["INVITE", "ACK", "BYE"]
    end, clock = alone()
    call_out(end, clock)
    for method, number in (("INVITE", 2), ("UPDATE", 3)):
        end.outgoing(request(method, number, to="bob", body=sdp("again")))
        run(clock, 0.1)
        end.incoming(response(200, number, BOB, method=method))
        assert end.delivered()[-1] == f"488 {method}"
        assert end.controller.verbs()[-1] == "offer_failed bob"
    assert end.open
