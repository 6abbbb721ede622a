"""sipice.sip.infos: candidates in INFO requests."""

from __future__ import annotations

import pytest

from sipice.session.events import FragmentReady, Rejected
from sipice.sip.body import SDPFRAG
from sipice.sip.message import parse_message
from sipice.sip.outputs import DialogId, SendInfo
from sipice.sip.settings import TapConfig
from tests.sip.build import multipart, part
from tests.sip.story import CALL_ID, FRAGMENT, info, rack, request, response, sdp
from tests.sip.taps import TRICKLES, Clock, Endpoint, alone, call_in, call_out, header, run


def bodies(end: Endpoint) -> list[bytes]:
    """What the stack has been asked to send."""
    return [one.body for one in end.asked if isinstance(one, SendInfo)]


def send_asked(end: Endpoint, number: int) -> None:
    """The stack of alice sends what it was asked for last."""
    asked = end.asked[-1]
    assert isinstance(asked, SendInfo)
    fields = [f"{name}: {value}" for name, value in asked.headers if name != "Content-Type"]
    kind = dict(asked.headers)["Content-Type"]
    end.outgoing(
        request("INFO", number, *fields, to=asked.dialog.remote, body=asked.body, body_type=kind)
    )


def test_a_fragment_reaches_the_controller_and_not_the_stack() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    end.incoming(info(1, "bob", "alice"))
    assert end.controller.calls[-1] == ("receive_fragment", "bob", FRAGMENT)
    assert end.sent()[-1] == "200 INFO"
    assert "INFO" not in end.delivered()


def test_a_retransmission_gets_the_same_response_and_is_not_read_again() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    for _ in range(3):
        end.incoming(info(1, "bob", "alice"))
    assert end.controller.verbs().count("receive_fragment bob") == 1
    assert end.wire[-1] == end.wire[-2] == end.wire[-3]


def test_a_fragment_may_be_a_part_of_a_multipart_body() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    body = multipart(
        "b",
        part(b"x", "Content-Type: text/plain"),
        part(FRAGMENT, f"Content-Type: {SDPFRAG}", "Content-Disposition: Info-Package"),
    )
    kind = "multipart/mixed;boundary=b"
    end.incoming(
        request(
            "INFO", 1, "Info-Package: trickle-ice", by="bob", to="alice", body=body, body_type=kind
        )
    )
    assert end.controller.calls[-1] == ("receive_fragment", "bob", FRAGMENT)


def test_info_without_a_package_or_outside_a_call_passes() -> None:
    end, clock = alone()
    tones = request("INFO", 1, by="bob", to="alice", body=b"Signal=1", body_type="application/dtmf")
    stray = info(1, "bob", "alice")
    end.incoming(stray)
    assert end.stack == [stray]
    call_out(end, clock, *TRICKLES)
    end.incoming(tones)
    assert end.stack[-1] == tones


def test_packages_of_the_stack_pass() -> None:
    end, clock = alone()
    end.outgoing(request("INVITE", 1, "Recv-Info: foo", body=sdp("offer")))
    run(clock, 0.1)
    assert header(end.wire[0], "recv-info") == "foo, trickle-ice"
    end.incoming(response(200, 1, body=sdp("answer")))
    other = request("INFO", 1, "Info-Package: foo", by="bob", to="alice", body=b"x")
    end.incoming(other)
    assert end.stack[-1] == other


def test_switched_off_everything_passes() -> None:
    end, clock = alone(TapConfig(trickle=False))
    call_out(end, clock)
    end.incoming(info(1, "bob", "alice"))
    assert end.delivered()[-1] == "INFO"


def test_fragments_leave_one_after_the_other_and_the_newest_counts() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    end.event(FragmentReady("bob", b"1"))
    send_asked(end, 2)
    end.event(FragmentReady("bob", b"12"))
    end.event(FragmentReady("bob", b"123"))
    assert bodies(end) == [b"1"]
    end.incoming(response(200, 2, method="INFO"))
    assert bodies(end) == [b"1", b"123"]
    assert end.delivered()[-1] == "200 INFO", "the stack's own transaction"


@pytest.mark.parametrize(
    "extra", [(), TRICKLES[:1], TRICKLES[1:], ("Supported: trickle-ice", "Recv-Info: Trickle-ICE")]
)
def test_nothing_is_sent_to_a_peer_that_has_not_said_all_that_is_needed(
    extra: tuple[str, ...],
) -> None:
    end, clock = alone()
    call_out(end, clock, *extra)
    end.event(FragmentReady("bob", b"1"))
    assert end.asked == []


def test_candidates_found_before_there_is_a_dialog_wait_for_it() -> None:
    end, clock = alone()
    call_out(end, clock, confirmed=False)
    end.controller.news = b"1"
    assert end.asked == []
    end.incoming(response(180, 1, *TRICKLES))
    run(clock, 0.1)
    assert bodies(end) == [b"1"]


@pytest.mark.parametrize("status", [405, 415, 469])
def test_a_peer_that_refuses_gets_no_more(status: int) -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    end.event(FragmentReady("bob", b"1"))
    send_asked(end, 2)
    end.incoming(response(status, 2, method="INFO"))
    end.event(FragmentReady("bob", b"12"))
    run(clock, 60)
    assert bodies(end) == [b"1"]


def test_an_info_that_overtook_its_dialog_is_sent_again_a_few_times() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    end.event(FragmentReady("bob", b"1"))
    for number in range(2, 9):
        if len(bodies(end)) < number - 1:
            break
        send_asked(end, number)
        end.incoming(response(481, number, method="INFO"))
        run(clock, 10)
    assert bodies(end) == [b"1"] * 5


def test_an_info_that_is_never_answered_does_not_stop_the_others() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    end.event(FragmentReady("bob", b"1"))
    send_asked(end, 2)
    end.event(FragmentReady("bob", b"12"))
    run(clock, 31)
    assert bodies(end) == [b"1"]
    run(clock, 2)
    assert bodies(end) == [b"1", b"12"]


def test_nothing_is_told_to_a_dialog_that_has_ended() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    end.outgoing(request("BYE", 2, to="bob"))
    end.event(FragmentReady("bob", b"1"))
    assert end.asked == []


def test_a_refused_fragment_is_answered_all_the_same() -> None:
    end, clock = alone()
    call_in(end, clock, *TRICKLES)
    end.trouble["receive_fragment"] = Rejected(488, "", None, "another generation")
    end.incoming(info(2, "alice", "bob"))
    assert end.sent()[-1] == "200 INFO"


def test_an_18x_without_a_description_calls_for_the_peer_when_there_is_something_to_tell() -> None:
    end, clock = alone()
    call_in(end, clock, *TRICKLES, confirmed=False)
    end.outgoing(response(180, 1))
    run(clock, 5)
    assert end.sent() == ["180 INVITE"]
    end.event(FragmentReady("alice", b"1"))
    run(clock, 2)
    assert end.sent() == ["180 INVITE"] * 3
    assert end.asked == []
    end.incoming(info(2, "alice", "bob"))
    assert bodies(end) == [b"1"]
    run(clock, 30)
    assert end.sent() == ["180 INVITE"] * 3 + ["200 INFO"]


def test_the_ack_shows_a_callee_that_the_peer_has_the_dialog() -> None:
    end, clock = alone()
    call_in(end, clock, *TRICKLES)
    end.event(FragmentReady("alice", b"1"))
    assert bodies(end) == [b"1"]


def test_the_controller_hears_once_whether_the_peer_takes_candidates() -> None:
    for extra, takes in ((TRICKLES, True), (TRICKLES[:1], False), ((), False)):
        end, clock = alone()
        call_out(end, clock, *extra)
        assert end.controller.trickles == {"bob": takes}
        end, clock = alone()
        call_in(end, clock, *extra)
        assert end.controller.trickles == {"alice": takes}


def forked(*, stack_knows: str) -> tuple[Endpoint, Clock]:
    """A call with two early dialogs, both of which have got candidates to hear of."""
    end, clock = alone()
    call_out(end, clock, confirmed=False)
    for fork in ("bob", "carol"):
        contact = f"Contact: <sip:{fork}@192.0.2.7>"
        routes = f"Record-Route: <sip:near-{fork};lr>, <sip:far-{fork};lr>"
        end.incoming(response(183, 1, contact, routes, *TRICKLES, by=fork, body=sdp(fork), rseq=1))
        run(clock, 0.1)
        end.event(FragmentReady(fork, fork.encode()))
    (key,) = end.open
    for asked in end.asked:
        if asked.dialog.remote != stack_knows:
            end.tap.info_refused(clock.now, key, asked.dialog.remote)
            end.work()
    return end, clock


def test_the_stack_is_told_in_which_dialog_it_shall_speak() -> None:
    end, clock = forked(stack_knows="carol")
    assert [one.dialog for one in end.asked] == [
        DialogId(CALL_ID, "alice", fork) for fork in ("bob", "carol")
    ]
    end, clock = alone()
    call_in(end, clock, *TRICKLES)
    end.event(FragmentReady("alice", b"1"))
    assert end.asked[0].dialog == DialogId(CALL_ID, "bob", "alice")


def test_where_the_stack_does_not_speak_the_tap_does() -> None:
    end, clock = forked(stack_knows="carol")
    (data,) = end.wire[1:]
    told = parse_message(data)
    assert told.start_line[:2] == ("INFO", "sip:bob@192.0.2.7")
    assert told.values("route") == ["<sip:far-bob;lr>", "<sip:near-bob;lr>"]
    assert (told.from_tag, told.to_tag, told.cseq) == ("alice", "bob", (2, "INFO"))
    assert (told.header("info-package"), told.body) == ("trickle-ice", b"bob")
    got = len(end.stack)
    end.incoming(response(200, 2, method="INFO", by="bob"))
    end.event(FragmentReady("bob", b"more"))
    assert end.asked[-1].dialog.remote == "bob", "it is asked each time"
    assert len(end.stack) == got, "but hears nothing of what it did not send"
    run(clock, 3)
    assert end.sent() == ["INVITE", "INFO"], "what was answered is not sent again"


def test_each_fork_counts_for_itself() -> None:
    end, _ = forked(stack_knows="carol")
    send_asked(end, 2)
    assert header(end.wire[-1], "cseq") == "2 INFO", "to carol, from the stack"
    for fork in ("bob", "carol"):
        end.outgoing(request("PRACK", 3, rack(1, 1), to=fork))
    assert [header(data, "cseq") for data in end.wire[-2:]] == ["4 PRACK", "3 PRACK"]
    end.incoming(response(200, 4, method="PRACK", by="bob"))
    assert header(end.stack[-1], "cseq") == "3 PRACK"


def test_what_the_tap_tells_is_sent_again_over_udp() -> None:
    end, clock = forked(stack_knows="carol")
    run(clock, 31.9)
    assert end.sent() == ["INVITE"] + ["INFO"] * 11


def test_a_stack_that_was_not_asked_to_tell_anything_cannot_say_no() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    (key,) = end.open
    for dialog in ("bob", "nobody"):
        end.tap.info_refused(clock.now, key, dialog)
    end.tap.info_refused(clock.now, key._replace(tag="nobody"), "bob")
    end.work()
    assert end.sent() == ["INVITE", "ACK"]
