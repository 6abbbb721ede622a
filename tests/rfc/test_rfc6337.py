"""RFC 6337 and the parts of RFC 3261 behind it: offers and answers as the tap enforces them."""

from __future__ import annotations

import pytest

from sipice.session.events import Reason, Rejected, UpdateNeeded
from sipice.sip.outputs import SendReoffer
from tests.marks import rfc
from tests.sip.build import multipart, part
from tests.sip.story import rack, request, response, sdp
from tests.sip.taps import (
    BOB,
    Endpoint,
    alone,
    body_of,
    call_in,
    call_out,
    header,
    run,
)

OFFER = request("INVITE", 1, body=sdp("offer"))


def early(end: Endpoint) -> None:
    """The endpoint has called; bob has answered reliably, and his answer is acknowledged."""
    end.outgoing(OFFER)
    run(end.clock, 0.1)
    end.incoming(response(183, 1, body=sdp("answer"), rseq=1))
    run(end.clock, 0.1)
    end.outgoing(request("PRACK", 2, rack(1, 1), to="bob"))
    end.incoming(response(200, 2, method="PRACK"))


def exchanges(end: Endpoint) -> list[str]:
    """What the controller was told about offers and answers."""
    return [verb for verb in end.controller.verbs() if "offer" in verb or "answer" in verb]


@rfc("6337", "2.2", "must", "6337-2.2-1")
@pytest.mark.parametrize("status", [183, 200])
def test_an_invite_without_an_offer_gets_it_in_the_first_reliable_response(status: int) -> None:
    end, clock = alone()
    end.incoming(request("INVITE", 1))
    end.outgoing(response(180, 1, body=sdp("too early")))
    end.outgoing(response(status, 1, body=sdp("offer"), rseq=1 if status < 200 else 0))
    run(clock, 0.1)
    assert body_of(end.wire[0]) == b"", "what is not reliable cannot carry it"
    assert body_of(end.wire[-1]).startswith(sdp("offer"))
    assert exchanges(end) == ["begin_offer alice"]


@rfc("6337", "2.2", "must", "6337-2.2-2")
@rfc("6337", "3.1.1", "must", "6337-3.1.1-3")
def test_after_a_reliable_answer_no_description_follows() -> None:
    end, clock = alone()
    call_in(end, clock, confirmed=False)
    end.outgoing(response(183, 1, body=sdp("answer"), rseq=1))
    run(clock, 0.1)
    end.incoming(request("PRACK", 2, rack(1, 1), to="bob"))
    end.outgoing(response(200, 2, method="PRACK"))
    end.outgoing(response(180, 1, body=sdp("other")))
    end.outgoing(response(200, 1, body=sdp("answer")))
    run(clock, 0.1)
    assert [body_of(data) != b"" for data in end.wire] == [True, False, False, False]
    assert exchanges(end) == ["receive_offer alice", "begin_answer alice"]


@rfc("6337", "3.1.1", "must", "6337-3.1.1-3")
def test_all_previews_of_an_answer_are_the_same() -> None:
    end, clock = alone()
    call_in(end, clock, confirmed=False)
    for status, name in ((183, "answer"), (180, "other"), (183, "answer")):
        end.outgoing(response(status, 1, body=sdp(name)))
        run(clock, 0.1)
    assert len({body_of(data) for data in end.wire}) == 1
    assert len(end.wire) == 3


@rfc("6337", "2.2", "must", "6337-2.2-3")
def test_a_prack_may_offer_when_the_1xx_had_the_answer() -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.incoming(response(183, 1, body=sdp("answer"), rseq=1))
    run(clock, 0.1)
    end.outgoing(request("PRACK", 2, rack(1, 1), to="bob", body=sdp("second")))
    run(clock, 0.1)
    end.incoming(response(200, 2, method="PRACK", body=sdp("reply")))
    run(clock, 0.1)
    assert exchanges(end)[-2:] == ["begin_offer bob", "receive_answer bob"]


@rfc("6337", "2.2", "must", "6337-2.2-4")
def test_forks_negotiate_each_for_itself() -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    for fork in ("bob", "carol"):
        end.incoming(response(183, 1, by=fork, body=sdp(fork), rseq=1))
        run(clock, 0.1)
    end.outgoing(request("UPDATE", 2, to="bob", body=sdp("for bob")))
    run(clock, 0.1)
    end.incoming(request("UPDATE", 1, by="carol", to="alice", body=sdp("of carol")))
    run(clock, 0.1)
    assert exchanges(end)[-2:] == ["begin_offer bob", "receive_offer carol"]
    end.incoming(request("UPDATE", 1, by="bob", to="alice", body=sdp("of bob")))
    assert end.sent()[-1] == "491 UPDATE"


@rfc("6337", "2.2", "must", "6337-2.2-5")
def test_an_update_may_come_without_a_description() -> None:
    end, clock = alone()
    call_out(end, clock)
    refresh = request("UPDATE", 2, "Session-Expires: 1800", to="bob")
    end.outgoing(refresh)
    end.incoming(response(200, 2, method="UPDATE"))
    assert end.wire[-1] == refresh, "nothing about it changes"
    assert exchanges(end) == ["begin_offer ", "receive_answer bob"]


@rfc("6337", "3.1.1", "must", "6337-3.1.1-1")
def test_a_preview_is_acted_upon_while_the_offer_stays_open() -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.incoming(response(183, 1, body=sdp("answer")))
    run(clock, 0.1)
    assert exchanges(end)[-1] == "receive_answer preview bob"
    end.outgoing(request("UPDATE", 2, to="bob", body=sdp("too early")))
    assert end.delivered()[-1] == "491 UPDATE"


@rfc("6337", "3.1.1", "must", "6337-3.1.1-2")
@rfc("3261", "13.2.1", "MUST", "3261-13.2.1-2")
def test_descriptions_after_the_answer_are_ignored() -> None:
    end, clock = alone()
    early(end)
    before = exchanges(end)
    for status in (180, 200):
        end.incoming(response(status, 1, body=sdp("other")))
        run(clock, 0.1)
    assert exchanges(end) == before
    assert {body_of(data) for data in end.stack} - {b""} == {sdp("answer")}


@rfc("6337", "3.1.2", "should", "6337-3.1.2-1")
def test_without_an_offer_other_responses_have_no_description() -> None:
    for ours in (True, False):
        end, clock = alone()
        (end.incoming if ours else end.outgoing)(request("INVITE", 1))
        put = end.outgoing if ours else end.incoming
        put(response(180, 1, body=sdp("stray")))
        put(response(200, 1, body=sdp("offer")))
        run(clock, 0.1)
        passed = end.wire if ours else end.stack
        assert body_of(passed[0]) == b""
        assert body_of(passed[-1]) != b""
        assert exchanges(end) == ["begin_offer alice" if ours else "receive_offer bob"]


@rfc("6337", "3.2", "rule", "6337-3.2-1")
@pytest.mark.parametrize("ours", [True, False])
def test_in_an_early_dialog_either_side_may_update(ours: bool) -> None:
    end, clock = alone()
    early(end)
    if ours:
        end.outgoing(request("UPDATE", 3, to="bob", body=sdp("new")))
    else:
        end.incoming(request("UPDATE", 1, by="bob", to="alice", body=sdp("new")))
    run(clock, 0.1)
    assert exchanges(end)[-1] == ("begin_offer bob" if ours else "receive_offer bob")


@rfc("6337", "3.4", "must", "6337-3.4-1")
@rfc("3261", "14.1", "rule", "3261-14.1-3")
@pytest.mark.parametrize("status", [488, 500, 603])
def test_a_failed_new_offer_is_taken_back_and_the_call_goes_on(status: int) -> None:
    end, clock = alone()
    call_out(end, clock)
    end.outgoing(request("INVITE", 2, to="bob", body=sdp("new")))
    run(clock, 0.1)
    end.incoming(response(status, 2))
    assert end.controller.calls[-1] == ("offer_failed", "bob", status)
    assert end.open


@rfc("3261", "14.1", "rule", "3261-14.1-3")
@pytest.mark.parametrize("status", [408, 481, 0])
def test_a_dialog_that_is_not_there_any_more_ends(status: int) -> None:
    end, clock = alone()
    call_out(end, clock)
    end.outgoing(request("INVITE", 2, to="bob", body=sdp("new")))
    run(clock, 0.1)
    if status:
        end.incoming(response(status, 2))
    else:
        run(clock, 40)
    assert end.controller.verbs()[-3:] == ["offer_failed bob", "end bob", "close"]


@rfc("6337", "UAC-II", "must not", "6337-4.3-1")
@rfc("3261", "14.1", "MUST NOT", "3261-14.1-1")
@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_no_invite_leaves_while_one_is_pending(first: str) -> None:
    end, clock = alone()
    call_out(end, clock)
    if first == "ours":
        end.outgoing(request("INVITE", 2, to="bob", body=sdp("first")))
    else:
        end.incoming(request("INVITE", 1, by="bob", to="alice", body=sdp("first")))
    run(clock, 0.1)
    before = end.sent().count("INVITE")
    end.outgoing(request("INVITE", 3, to="bob", body=sdp("second")))
    end.event(UpdateNeeded("bob", Reason.NOMINATED))
    run(clock, 0.1)
    assert end.sent().count("INVITE") == before
    assert end.delivered()[-1] == "491 INVITE"
    assert not any(isinstance(one, SendReoffer) for one in end.asked)


@rfc("6337", "UAC-UU", "must not", "6337-4.3-2")
def test_no_update_leaves_while_one_is_pending() -> None:
    end, clock = alone()
    call_out(end, clock, "Allow: UPDATE")
    end.outgoing(request("UPDATE", 2, to="bob", body=sdp("first")))
    run(clock, 0.1)
    end.outgoing(request("UPDATE", 3, to="bob", body=sdp("second")))
    end.event(UpdateNeeded("bob", Reason.NOMINATED))
    run(clock, 0.1)
    assert end.sent().count("UPDATE") == 1
    assert end.asked == []


@rfc("6337", "UAC-UI", "should not", "6337-4.3-3")
def test_no_invite_leaves_while_an_update_is_pending() -> None:
    end, clock = alone()
    call_out(end, clock)
    end.outgoing(request("UPDATE", 2, to="bob", body=sdp("first")))
    run(clock, 0.1)
    end.outgoing(request("INVITE", 3, to="bob", body=sdp("second")))
    run(clock, 0.1)
    assert end.sent() == ["INVITE", "ACK", "UPDATE"]
    assert end.delivered()[-1] == "491 INVITE"


@rfc("6337", "UAC-IU", "should not", "6337-4.3-4")
def test_no_update_with_an_offer_leaves_while_that_of_an_invite_is_open() -> None:
    end, clock = alone()
    end.outgoing(OFFER)
    run(clock, 0.1)
    end.incoming(response(180, 1))
    end.outgoing(request("UPDATE", 2, to="bob", body=sdp("second")))
    assert end.delivered()[-1] == "491 UPDATE"
    end.outgoing(request("UPDATE", 3, to="bob"))
    assert end.sent()[-1] == "UPDATE", "without an offer it may"


@rfc("6337", "UAS", "must/should", "6337-4.3-5")
@rfc("3261", "14.2", "MUST", "3261-14.2-1")
@pytest.mark.parametrize("second", ["INVITE", "UPDATE"])
@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
@pytest.mark.parametrize(("ours", "status"), [(True, 491), (False, 500)])
def test_what_crosses_ours_gets_a_491_and_a_second_one_a_500(
    ours: bool, status: int, method: str, second: str
) -> None:
    end, clock = alone()
    call_out(end, clock)
    if ours:
        end.outgoing(request(method, 2, to="bob", body=sdp("first")))
    else:
        end.incoming(request(method, 1, by="bob", to="alice", body=sdp("first")))
    run(clock, 0.1)
    end.incoming(request(second, 2, by="bob", to="alice", body=sdp("second")))
    assert end.sent()[-1] == f"{status} {second}"
    wait = header(end.wire[-1], "retry-after")
    assert (wait is not None and 0 <= int(wait) <= 10) == (status == 500)


@rfc("3261", "13.2.1", "MUST", "3261-13.2.1-1")
def test_only_a_body_of_disposition_session_is_an_offer() -> None:
    preview = part(sdp("icon"), "Content-Type: application/sdp", "Content-Disposition: icon")
    offer = part(sdp("offer"), "Content-Type: application/sdp")
    mixed = multipart("b", preview, offer)
    end, clock = alone()
    end.incoming(request("INVITE", 1, body=mixed, body_type="multipart/mixed;boundary=b"))
    run(clock, 0.1)
    assert end.controller.calls[0] == ("receive_offer", "alice", sdp("offer"))


@rfc("3261", "14.1", "SHOULD", "3261-14.1-2")
@rfc("3311", "5.3", "SHOULD", "3311-5.3-2")
@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
@pytest.mark.parametrize(("caller", "least", "most"), [(True, 2.1, 4.0), (False, 0.0, 2.0)])
def test_after_a_491_we_try_again_at_a_time_of_our_own(
    caller: bool, least: float, most: float, method: str
) -> None:
    end, clock = alone()
    (call_out if caller else call_in)(end, clock, f"Allow: {method}")
    ours, theirs = ("alice", "bob") if caller else ("bob", "alice")
    waits = set()
    for number in range(2, 40):
        end.event(UpdateNeeded(theirs, Reason.NOMINATED))
        start = clock.now
        while len(end.asked) < number - 1:
            run(clock, 0.01)
            assert clock.now - start < 5
        if number > 2:
            waits.add(round(clock.now - start, 2))
        asked = end.asked[-1]
        assert isinstance(asked, SendReoffer)
        end.outgoing(request(asked.method, number, by=ours, to=theirs, body=sdp("new")))
        run(clock, 0.01)
        end.incoming(response(491, number, method=asked.method, by=theirs, to=ours))
    assert all(least - 0.02 <= wait <= most + 0.02 for wait in waits)
    assert len(waits) > 10


@rfc("3261", "14.2", "MUST", "3261-14.2-2")
@rfc("3311", "5.2", "MUST/SHOULD", "3311-5.2-3")
@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_an_offer_that_cannot_be_had_gets_a_488_with_a_warning(method: str) -> None:
    end, clock = alone()
    call_out(end, clock)
    end.trouble["receive_offer"] = Rejected(488, '399 sipice "no"', 0, "no")
    end.incoming(request(method, 1, by="bob", to="alice", body=sdp("bad")))
    assert end.sent()[-1] == f"488 {method}"
    assert header(end.wire[-1], "warning") == '399 sipice "no"'
    assert end.open


@rfc("3264", "4 (via 6337 §4)", "MUST NOT", "3264-4-1")
@pytest.mark.parametrize("open_one", ["ours", "theirs"])
def test_no_offer_is_made_while_another_is_open(open_one: str) -> None:
    end, clock = alone()
    call_out(end, clock)
    if open_one == "ours":
        end.outgoing(request("UPDATE", 2, to="bob", body=sdp("first")))
    else:
        end.incoming(request("UPDATE", 1, by="bob", to="alice", body=sdp("first")))
    run(clock, 0.1)
    end.outgoing(request("INVITE", 3, to="bob", body=sdp("second")))
    end.event(UpdateNeeded("bob", Reason.NOMINATED))
    run(clock, 0.1)
    assert end.controller.verbs()[-1] in ("begin_offer bob", "receive_offer bob")
    assert len(exchanges(end)) == 3
    assert end.asked == []


@rfc("3264", "9", "rule", "3264-9-1")
def test_what_options_and_488_say_about_abilities_is_no_answer() -> None:
    end, clock = alone()
    call_out(end, clock)
    before = exchanges(end)
    end.outgoing(request("OPTIONS", 2, to="bob"))
    end.incoming(response(200, 2, BOB, method="OPTIONS", body=sdp("abilities")))
    end.outgoing(request("INVITE", 3, to="bob", body=sdp("new")))
    run(clock, 0.1)
    end.incoming(response(488, 3, body=sdp("abilities")))
    assert exchanges(end) == [*before, "begin_offer bob", "offer_failed bob"]
    assert body_of(end.stack[-1]) == sdp("abilities")
