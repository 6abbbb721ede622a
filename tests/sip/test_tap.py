"""sipice.sip.tap: whole calls through taps in virtual time."""

from __future__ import annotations

from tests.sip.story import request, response, sdp
from tests.sip.taps import ICE, alone, body_of, joined, run


def test_a_basic_call_between_two_taps() -> None:
    alice, bob, clock = joined(delay=0.1)
    alice.outgoing(request("INVITE", 1, body=sdp("offer")))
    assert alice.wire == [], "the offer waits for candidates"
    run(clock)
    assert ICE in body_of(alice.wire[0])
    assert body_of(bob.stack[0]) == sdp("offer")
    bob.outgoing(response(180, 1))
    bob.outgoing(response(200, 1, body=sdp("answer")))
    run(clock)
    assert alice.delivered()[-2:] == ["180 INVITE", "200 INVITE"]
    assert body_of(alice.stack[-1]) == sdp("answer")
    assert ICE in body_of(bob.wire[-1])
    alice.outgoing(request("ACK", 1, to="bob"))
    run(clock)
    alice.outgoing(request("INVITE", 2, to="bob", body=sdp("hold")))
    run(clock)
    assert body_of(bob.stack[-1]) == sdp("hold")
    bob.outgoing(response(200, 2, body=sdp("held")))
    run(clock)
    alice.outgoing(request("ACK", 2, to="bob"))
    run(clock)
    bob.outgoing(request("BYE", 1, by="bob", to="alice"))
    run(clock)
    alice.outgoing(response(200, 1, method="BYE", by="alice", to="bob"))
    run(clock)
    assert bob.delivered()[-1] == "200 BYE"
    assert alice.controller.verbs() == [
        "begin_offer ",
        "receive_answer bob",
        "confirm bob",
        "begin_offer bob",
        "receive_answer bob",
        "end bob",
        "close",
    ]
    assert bob.controller.verbs() == [
        "receive_offer alice",
        "begin_answer alice",
        "confirm alice",
        "receive_offer alice",
        "begin_answer alice",
        "end alice",
        "close",
    ]
    assert alice.open == bob.open == []
    assert alice.reports == bob.reports == []
    run(clock, 40)
    assert alice.tap.next_timeout() is None, "nothing is left of the call"


def test_what_is_not_sip_or_not_a_call_passes_byte_for_byte() -> None:
    end, _ = alone()
    for data in (b"\r\n\r\n", b"\x00\x01", b"", request("MESSAGE", 1, body=b"hi")):
        end.outgoing(data)
        end.incoming(data)
    assert (
        end.wire == end.stack == [b"\r\n\r\n", b"\x00\x01", b"", request("MESSAGE", 1, body=b"hi")]
    )
