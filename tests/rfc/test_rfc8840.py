"""RFC 8840: trickle ICE in SIP, as the tap carries it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sipice.session.events import FragmentReady, Rejected
from sipice.sip.body import SDPFRAG, bodies
from sipice.sip.message import parse_message
from sipice.sip.outputs import SendInfo
from tests.marks import rfc
from tests.sip.story import FRAGMENT, info, rack, request, response, sdp
from tests.sip.taps import TRICKLES, Endpoint, alone, body_of, call_in, call_out, headers, run

MORE = FRAGMENT + b"m=audio 9 RTP/AVP 0\r\na=mid:1\r\na=end-of-candidates\r\n"


def told(end: Endpoint) -> list[tuple[str, bytes]]:
    """The INFO that the stack was asked for: dialog and body."""
    return [(one.dialog.remote, one.body) for one in end.asked if isinstance(one, SendInfo)]


def send(end: Endpoint, number: int, *, by: str = "alice") -> None:
    """The stack sends the INFO that it was asked for last."""
    asked = end.asked[-1]
    assert isinstance(asked, SendInfo)
    package, to = "Info-Package: trickle-ice", asked.dialog.remote
    end.outgoing(request("INFO", number, package, by=by, to=to, body=asked.body, body_type=SDPFRAG))


@rfc("8840", "3.2", "rule", "8840-3.2-1")
def test_info_changes_nothing_about_offers_and_answers() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    end.outgoing(request("INVITE", 2, to="bob", body=sdp("again")))
    run(clock, 0.1)
    end.incoming(info(1, "bob", "alice"))
    end.incoming(
        request("INFO", 2, "Info-Package: trickle-ice", by="bob", to="alice", body=sdp("no"))
    )
    end.incoming(response(200, 2, body=sdp("answer")))
    run(clock, 0.1)
    verbs = [verb for verb in end.controller.verbs() if "offer" in verb or "answer" in verb]
    assert verbs[-2:] == ["begin_offer bob", "receive_answer bob"]


@rfc("8840", "4", "MUST", "8840-4-1")
@rfc("8840", "5", "MUST", "8840-5-1")
def test_every_invite_and_its_responses_have_the_option_tag() -> None:
    end, clock = alone()
    call_out(end, clock)
    assert "trickle-ice" in headers(end.wire[0], "supported")
    end, clock = alone()
    end.incoming(request("INVITE", 1, body=sdp("offer")))
    run(clock, 0.1)
    for status in (180, 183, 200):
        end.outgoing(response(status, 1, body=sdp("answer") if status > 180 else b""))
        run(clock, 0.1)
    assert end.sent() == ["180 INVITE", "183 INVITE", "200 INVITE"]
    assert all(headers(data, "supported") == ["trickle-ice"] for data in end.wire)


@rfc("8840", "10.6", "MUST", "8840-10.6-1")
@rfc("8840", "5.2", "rule", "8840-5.2-1")
def test_options_tell_it_too_and_their_body_stays() -> None:
    end, _ = alone()
    end.outgoing(request("OPTIONS", 1, "Contact: <sip:alice@192.0.2.1;gr=x>"))
    end.outgoing(
        response(200, 1, "Contact: <sip:bob@192.0.2.2;gr=y>", method="OPTIONS", body=sdp("x"))
    )
    assert all("trickle-ice" in headers(data, "supported") for data in end.wire)
    assert headers(end.wire[1], "contact") == ["<sip:bob@192.0.2.2;gr=y>;+sip.ice"]
    assert body_of(end.wire[1]) == sdp("x")
    end.outgoing(response(405, 2, method="OPTIONS"))
    assert headers(end.wire[2], "supported") == []


@rfc("8840", "4", "MAY/MUST", "8840-4-4")
def test_candidates_are_taken_in_early_and_in_confirmed_dialogs() -> None:
    end, clock = alone()
    call_out(end, clock, confirmed=False)
    end.incoming(response(180, 1, *TRICKLES))
    end.incoming(info(1, "bob", "alice"))
    end.incoming(response(200, 1, *TRICKLES, body=sdp("answer")))
    run(clock, 0.1)
    end.incoming(info(2, "bob", "alice", body=MORE))
    fragments = [call[2] for call in end.controller.calls if call[0] == "receive_fragment"]
    assert fragments == [FRAGMENT, MORE]


@rfc("8840", "4", "MAY", "8840-4-5")
def test_forks_are_told_each_for_itself_before_any_answer() -> None:
    end, clock = alone()
    call_out(end, clock, confirmed=False)
    end.controller.news = FRAGMENT
    for fork in ("bob", "carol"):
        end.incoming(response(180, 1, *TRICKLES, by=fork))
    run(clock, 0.1)
    assert told(end) == [("bob", FRAGMENT), ("carol", FRAGMENT)]


@rfc("8840", "4.3", "MUST", "8840-4.3-1")
@pytest.mark.parametrize(
    ("extra", "tag", "may"),
    [
        (TRICKLES, "bob", True),
        (TRICKLES, "", False),
        (TRICKLES[:1], "bob", False),
        (TRICKLES[1:], "bob", False),
        (("Require: trickle-ice", "Recv-Info: trickle-ice"), "bob", True),
    ],
)
def test_trickling_begins_when_the_peer_can_and_has_the_dialog(
    extra: tuple[str, ...], tag: str, may: bool
) -> None:
    end, clock = alone()
    call_out(end, clock, confirmed=False)
    end.controller.news = FRAGMENT
    end.incoming(response(183, 1, *extra, by=tag))
    run(clock, 0.1)
    assert bool(told(end)) is may


@rfc("8840", "4.3.1", "rule", "8840-4.3.1-1")
def test_after_a_reliable_answer_the_offerer_may_at_once_and_the_answerer_on_the_prack() -> None:
    end, clock = alone()
    call_out(end, clock, confirmed=False)
    end.controller.news = FRAGMENT
    end.incoming(response(183, 1, *TRICKLES, body=sdp("answer"), rseq=1))
    run(clock, 0.1)
    assert told(end) == [("bob", FRAGMENT)]
    end, clock = alone()
    call_in(end, clock, *TRICKLES, confirmed=False)
    end.outgoing(response(183, 1, body=sdp("answer"), rseq=1))
    run(clock, 0.1)
    end.event(FragmentReady("alice", FRAGMENT))
    assert told(end) == []
    end.incoming(request("PRACK", 2, rack(1, 1), to="bob"))
    assert told(end) == [("alice", FRAGMENT)]


STOPS = {
    "an INFO": info(2, "alice", "bob"),
    "a PRACK": request("PRACK", 2, rack(1, 1), to="bob"),
    "any request in the dialog": request("OPTIONS", 2, to="bob"),
}


@rfc("8840", "4.3.2", "MUST", "8840-4.3.2-1")
@rfc("8839", "7.1.1", "MUST", "8839-7.1.1-2")
@pytest.mark.parametrize("stop", STOPS)
def test_an_unreliable_answer_is_sent_again_until_the_peer_has_the_dialog(stop: str) -> None:
    end, clock = alone()
    call_in(end, clock, *TRICKLES, confirmed=False)
    end.outgoing(response(183, 1, body=sdp("answer")))
    run(clock, 8)
    times = [time for time, what in end.times if what == "183 INVITE"]
    assert [later - earlier for earlier, later in pairwise(times)] == pytest.approx([0.5, 1, 2, 4])
    assert len(set(end.wire)) == 1
    end.incoming(STOPS[stop])
    run(clock, 60)
    assert end.sent().count("183 INVITE") == 5


@rfc("8840", "4.3.2", "MUST", "8840-4.3.2-1")
@rfc("8839", "7.1.1", "MUST", "8839-7.1.1-2")
def test_the_2xx_ends_it_and_so_does_time() -> None:
    end, clock = alone()
    call_in(end, clock, *TRICKLES, confirmed=False)
    end.outgoing(response(183, 1, body=sdp("answer")))
    end.outgoing(response(200, 1, body=sdp("answer")))
    run(clock, 60)
    assert end.sent() == ["183 INVITE", "200 INVITE"]
    end, clock = alone()
    call_in(end, clock, *TRICKLES, confirmed=False)
    end.outgoing(response(183, 1, body=sdp("answer")))
    run(clock, 100)
    assert end.sent() == ["183 INVITE"] * 7
    assert end.open, "the last one without an answer is not the end of the call"


@rfc("8840", "4.3.2", "MUST", "8840-4.3.2-1")
def test_ringing_does_not_stop_the_answer_from_being_sent_again() -> None:
    end, clock = alone()
    call_in(end, clock, *TRICKLES, confirmed=False)
    end.outgoing(response(183, 1, body=sdp("answer")))
    run(clock, 0.1)
    end.outgoing(response(180, 1))
    run(clock, 4)
    assert end.sent() == ["183 INVITE", "180 INVITE"] + ["183 INVITE"] * 3
    end.incoming(info(2, "alice", "bob"))
    run(clock, 60)
    assert end.sent().count("183 INVITE") == 4


@rfc("8840", "4.3.2", "MUST", "8840-4.3.2-2")
@rfc("8840", "4.3.2", "SHOULD", "8840-4.3.2-3")
@pytest.mark.parametrize("news", [True, False])
def test_the_offerer_answers_an_unreliable_answer_by_an_info(news: bool) -> None:
    end, clock = alone()
    call_out(end, clock, confirmed=False)
    end.controller.news = MORE if news else b""
    end.incoming(response(183, 1, *TRICKLES, body=sdp("answer")))
    run(clock, 0.1)
    assert end.controller.verbs()[-1] == "receive_answer preview bob"
    assert told(end) == [("bob", MORE if news else FRAGMENT)]
    end.incoming(response(183, 1, *TRICKLES, body=sdp("answer")))
    run(clock, 0.1)
    assert len(told(end)) == 1


@rfc("8840", "4.3.2", "rule/MUST", "8840-4.3.2-4")
def test_candidates_in_a_2xx_after_an_unreliable_answer_are_not_read_again() -> None:
    end, clock = alone()
    call_out(end, clock, confirmed=False)
    end.incoming(response(183, 1, *TRICKLES, body=sdp("answer"), rseq=1))
    run(clock, 0.1)
    before = list(end.controller.calls)
    end.incoming(response(200, 1, *TRICKLES, body=sdp("other candidates")))
    run(clock, 0.1)
    assert end.controller.calls == [*before, ("confirm", "bob")]


@rfc("8840", "4.3.3", "MUST", "8840-4.3.3-1")
def test_without_an_answer_an_18x_calls_for_the_peer() -> None:
    end, clock = alone()
    call_in(end, clock, *TRICKLES, confirmed=False)
    end.event(FragmentReady("alice", FRAGMENT))
    end.outgoing(response(183, 1))
    run(clock, 4)
    assert end.sent() == ["183 INVITE"] * 4
    assert told(end) == []
    end.incoming(info(2, "alice", "bob"))
    run(clock, 60)
    assert end.sent() == ["183 INVITE"] * 4 + ["200 INFO"]
    assert told(end) == [("alice", FRAGMENT)]


@rfc("8840", "4.4", "MUST", "8840-4.4-1")
@rfc("8840", "10.7", "MUST", "8840-10.7-1")
def test_info_of_the_package_has_the_body_type_of_the_package() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    end.event(FragmentReady("bob", FRAGMENT))
    (asked,) = end.asked
    assert isinstance(asked, SendInfo)
    assert ("Content-Type", SDPFRAG) in asked.headers
    send(end, 2)
    (body,) = bodies(parse_message(end.wire[-1]))
    assert (body.content_type, body.data) == (SDPFRAG, FRAGMENT)
    end.incoming(
        request("INFO", 1, "Info-Package: trickle-ice", by="bob", to="alice", body=sdp("x"))
    )
    assert end.sent()[-1] == "415 INFO"


@rfc("8840", "4.4", "MUST", "8840-4.4-8")
def test_a_fragment_of_another_generation_gets_a_200() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    end.trouble["receive_fragment"] = Rejected(488, "", None, "credentials of another generation")
    end.incoming(info(1, "bob", "alice"))
    assert end.sent()[-1] == "200 INFO"


@rfc("8840", "4.4", "rule", "8840-4.4-11")
def test_an_older_fragment_that_comes_late_changes_nothing() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    end.incoming(info(2, "bob", "alice", body=MORE))
    end.incoming(info(1, "bob", "alice"))
    assert end.sent()[-2:] == ["200 INFO"] * 2
    assert [call[2] for call in end.controller.calls if call[0] == "receive_fragment"] == [MORE]


@rfc("8840", "10.9", "MUST", "8840-10.9-1")
def test_never_more_than_one_info_is_on_its_way_and_the_next_has_all_that_came_meanwhile() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    for number in range(1, 5):
        end.event(FragmentReady("bob", FRAGMENT * number))
        run(clock, 0.05)
    assert told(end) == [("bob", FRAGMENT)]
    send(end, 2)
    end.event(FragmentReady("bob", FRAGMENT * 5))
    assert len(told(end)) == 1
    end.incoming(response(100, 2, method="INFO"))
    assert len(told(end)) == 1
    end.incoming(response(200, 2, method="INFO"))
    assert told(end) == [("bob", FRAGMENT), ("bob", FRAGMENT * 5)]
