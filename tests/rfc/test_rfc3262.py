"""RFC 3262 and RFC 3311: reliable provisional responses and UPDATE, as the tap sees to them."""

from __future__ import annotations

import pytest

from sipice.session.events import Reason, UpdateNeeded
from sipice.sip.outputs import SendReoffer
from sipice.sip.settings import TapConfig
from tests.marks import rfc
from tests.sip.story import rack, request, response, sdp
from tests.sip.taps import BOB, alone, body_of, call_in, call_out, header, run

OFFER = request("INVITE", 1, body=sdp("offer"))


@rfc("3262", "3", "MUST", "3262-3-2")
@pytest.mark.parametrize("fields", [("Require: 100rel",), ("RSeq: 1",), ()])
def test_a_response_is_reliable_only_with_both_fields(fields: tuple[str, ...]) -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.incoming(response(183, 1, *fields, body=sdp("answer")))
    assert end.controller.verbs()[-1] == "receive_answer preview bob"


@rfc("3262", "3,5", "MUST NOT", "3262-3-6")
def test_no_2xx_leaves_before_the_prack_of_an_answer() -> None:
    end, clock = alone()
    call_in(end, clock, confirmed=False)
    end.outgoing(response(183, 1, body=sdp("answer"), rseq=1))
    run(clock, 0.1)
    end.outgoing(response(200, 1))
    run(clock, 1)
    assert end.sent() == ["183 INVITE"]
    end.incoming(request("PRACK", 2, rack(1, 1), to="bob"))
    assert end.sent() == ["183 INVITE", "200 INVITE"]


@rfc("3262", "3", "MUST NOT", "3262-3-5")
def test_no_second_reliable_1xx_leaves_before_the_prack_of_the_first() -> None:
    end, clock = alone()
    call_in(end, clock, confirmed=False)
    first = response(180, 1, rseq=1)
    end.outgoing(first)
    end.outgoing(response(183, 1, body=sdp("answer"), rseq=2))
    end.outgoing(first)
    run(clock, 1)
    assert end.sent() == ["180 INVITE"] * 2, "but the first one again"
    end.incoming(request("PRACK", 2, rack(7, 1), to="bob"))
    assert end.sent() == ["180 INVITE"] * 2, "it acknowledges nothing"
    end.incoming(request("PRACK", 3, rack(1, 1), to="bob"))
    run(clock, 0.1)
    assert end.sent() == ["180 INVITE"] * 2 + ["183 INVITE"]


@rfc("3262", "4 + errata 4603/4604", "MUST", "3262-4-3")
def test_each_fork_counts_for_itself() -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    for fork, rseq in (("bob", 7), ("carol", 7)):
        end.incoming(response(183, 1, by=fork, body=sdp(fork), rseq=rseq))
        run(clock, 0.1)
        end.outgoing(request("PRACK", 2, rack(rseq, 1), to=fork, body=sdp(f"for {fork}")))
        run(clock, 0.1)
    assert end.controller.verbs()[-2:] == ["receive_answer carol", "begin_offer carol"]
    assert end.sent() == ["INVITE", "PRACK", "PRACK"]


@rfc("3262", "5", "MUST", "3262-5-1")
def test_the_answer_to_an_offer_in_a_1xx_is_in_its_prack() -> None:
    end, clock = alone()
    end.outgoing(request("INVITE", 1))
    end.incoming(response(183, 1, body=sdp("offer"), rseq=1))
    run(clock, 0.1)
    end.outgoing(request("PRACK", 2, rack(1, 1), to="bob", body=sdp("answer")))
    run(clock, 0.1)
    assert end.controller.verbs() == ["receive_offer bob", "begin_answer bob"]


@rfc("3262", "5", "MUST", "3262-5-2")
def test_the_first_reliable_1xx_after_an_empty_invite_has_the_offer() -> None:
    end, clock = alone()
    end.incoming(request("INVITE", 1))
    end.outgoing(response(183, 1, body=sdp("offer"), rseq=1))
    run(clock, 0.1)
    assert end.controller.verbs() == ["begin_offer alice"]


@rfc("3311", "5.1", "MAY", "3311-5.1-1")
@pytest.mark.parametrize("confirmed", [True, False])
def test_either_side_updates_early_and_confirmed_dialogs(confirmed: bool) -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.incoming(response(183, 1, body=sdp("answer"), rseq=1))
    run(clock, 0.1)
    end.outgoing(request("PRACK", 2, rack(1, 1), to="bob"))
    end.incoming(response(200, 2, method="PRACK"))
    if confirmed:
        end.incoming(response(200, 1))
        end.outgoing(request("ACK", 1, to="bob"))
    end.outgoing(request("UPDATE", 3, to="bob", body=sdp("ours")))
    run(clock, 0.1)
    end.incoming(response(200, 3, method="UPDATE", body=sdp("reply")))
    run(clock, 0.1)
    end.incoming(request("UPDATE", 1, by="bob", to="alice", body=sdp("theirs")))
    run(clock, 0.1)
    assert [body_of(data) for data in end.stack[-2:]] == [sdp("reply"), sdp("theirs")]


def wanted(*messages: tuple[str, bytes]) -> list[bool]:
    """After which of the messages the caller's stack is asked for an UPDATE."""
    end, clock = alone()
    told = []
    for side, data in messages:
        (end.outgoing if side == "out" else end.incoming)(data)
        run(clock, 0.1)
        if end.controllers:
            end.event(UpdateNeeded("bob", Reason.NOMINATED))
        told.append(bool(end.asked))
    assert all(one.method == "UPDATE" for one in end.asked if isinstance(one, SendReoffer))
    return told


@rfc("3311", "5.1", "rule", "3311-5.1-2")
@rfc("3311", "4", "SHOULD", "3311-4-1")
def test_a_caller_waits_for_a_reliable_answer() -> None:
    allow = "Allow: UPDATE"
    told = wanted(
        ("out", OFFER),
        ("in", response(180, 1, allow)),
        ("in", response(183, 1, allow, body=sdp("answer"))),
        ("in", response(183, 1, allow, body=sdp("answer"), rseq=1)),
    )
    assert told == [False, False, False, True]


@rfc("3311", "4", "SHOULD", "3311-4-1")
def test_no_update_is_sent_to_an_early_peer_that_does_not_allow_it() -> None:
    told = wanted(("out", OFFER), ("in", response(183, 1, body=sdp("answer"), rseq=1)))
    assert told == [False, False]


@rfc("3311", "5.1", "rule", "3311-5.1-3")
def test_after_an_empty_invite_a_caller_waits_for_its_own_answer() -> None:
    allow = "Allow: UPDATE"
    told = wanted(
        ("out", request("INVITE", 1)),
        ("in", response(183, 1, allow, body=sdp("offer"), rseq=1)),
        ("out", request("PRACK", 2, rack(1, 1), to="bob", body=sdp("answer"))),
    )
    assert told == [False, False, True]


@rfc("3311", "5.1", "rule", "3311-5.1-4")
def test_a_callee_waits_for_the_prack_of_its_answer() -> None:
    end, clock = alone()
    call_in(end, clock, "Allow: UPDATE", confirmed=False)
    end.event(UpdateNeeded("alice", Reason.NOMINATED))
    end.outgoing(response(183, 1, body=sdp("answer"), rseq=1))
    run(clock, 0.1)
    assert end.asked == []
    end.outgoing(request("UPDATE", 1, by="bob", to="alice", body=sdp("too early")))
    assert end.delivered()[-1] == "491 UPDATE"
    end.incoming(request("PRACK", 2, rack(1, 1), to="bob"))
    assert len(end.asked) == 1


@rfc("3311", "5.2", "MUST", "3311-5.2-1")
@pytest.mark.parametrize("body", [b"", sdp("offer")])
def test_a_second_update_before_the_answer_gets_a_500(body: bytes) -> None:
    end, clock = alone()
    call_out(end, clock)
    for number in (1, 2):
        end.incoming(request("UPDATE", number, by="bob", to="alice", body=body))
        run(clock, 0.1)
    assert end.sent()[-1] == "500 UPDATE"
    assert 0 <= int(header(end.wire[-1], "retry-after") or "-1") <= 10


@rfc("3311", "5.2", "MUST", "3311-5.2-2")
@pytest.mark.parametrize(("ours", "status"), [(True, 491), (False, 500)])
def test_an_update_that_offers_over_an_open_offer_is_refused(ours: bool, status: int) -> None:
    end, clock = alone()
    call_out(end, clock)
    if ours:
        end.outgoing(request("INVITE", 2, to="bob", body=sdp("open")))
    else:
        end.incoming(request("INVITE", 1, by="bob", to="alice", body=sdp("open")))
    run(clock, 0.1)
    end.incoming(request("UPDATE", 2, by="bob", to="alice", body=sdp("second")))
    assert end.sent()[-1] == f"{status} UPDATE"
    assert (header(end.wire[-1], "retry-after") is not None) is not ours


@rfc("3311", "5.3", "MUST", "3311-5.3-1")
@pytest.mark.parametrize(("status", "ends"), [(488, False), (504, False), (481, True), (408, True)])
def test_a_failed_update_changes_nothing_or_ends_the_dialog(status: int, ends: bool) -> None:
    end, clock = alone()
    call_out(end, clock)
    end.outgoing(request("UPDATE", 2, to="bob", body=sdp("new")))
    run(clock, 0.1)
    end.incoming(response(status, 2, method="UPDATE"))
    assert ("offer_failed", "bob", status) in end.controller.calls
    assert ("end bob" in end.controller.verbs()) is ends


@rfc("3311", "5.1", "rule", "3311-5.1-5")
def test_an_update_may_move_the_peer() -> None:
    end, clock = alone(TapConfig(own_reoffers=True))
    call_out(end, clock)
    end.incoming(request("UPDATE", 1, "Contact: <sip:bob@192.0.2.77>", by="bob", to="alice"))
    end.outgoing(response(200, 1, BOB, method="UPDATE", by="alice", to="bob"))
    end.event(UpdateNeeded("bob", Reason.NOMINATED))
    run(clock, 0.1)
    assert end.wire[-1].startswith(b"INVITE sip:bob@192.0.2.77 SIP/2.0\r\n")
