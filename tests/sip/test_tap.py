"""sipice.sip.tap: whole calls through taps in virtual time."""

from __future__ import annotations

from sipice.sip.settings import TapConfig
from tests.sip.story import request, response, sdp
from tests.sip.taps import ICE, alone, body_of, call_in, header, joined, run


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
        "confirm bob",
        "receive_answer bob",
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


def test_more_than_so_many_calls_are_refused() -> None:
    end, clock = alone(TapConfig(most_calls=2))
    for number in range(4):
        end.incoming(request("INVITE", 1, body=sdp("offer"), call_id=f"in{number}"))
    run(clock, 0.1)
    assert end.sent() == ["503 INVITE"] * 2
    assert header(end.wire[0], "retry-after") is not None
    assert len(end.stack) == 2
    end.outgoing(request("INVITE", 1, body=sdp("offer"), call_id="out"))
    assert end.delivered()[-1] == "503 INVITE"
    assert end.reports == ["more than 2 calls: they are refused"], "once"


def test_a_flood_of_calls_that_are_cancelled_is_not_remembered() -> None:
    end, clock = alone(TapConfig(most_calls=4), delay=1.0)
    for number in range(40):
        call_id = f"flood{number}"
        end.incoming(request("INVITE", 1, body=sdp("offer"), call_id=call_id))
        end.incoming(request("CANCEL", 1, branch="alice1INVITE", call_id=call_id))
    assert end.sent().count("487 INVITE") == 40
    assert end.open == []
    run(clock, 0.6)
    assert end.sent().count("487 INVITE") <= 40 + 8, "of the oldest nothing is left"


def test_more_than_so_many_forks_are_dropped() -> None:
    end, clock = alone(TapConfig(most_dialogs=3))
    end.outgoing(request("INVITE", 1, body=sdp("offer")))
    run(clock, 0.1)
    for fork in range(5):
        end.incoming(response(183, 1, by=f"fork{fork}", body=sdp("answer")))
    run(clock, 0.1)
    assert len(end.stack) == 3
    assert len(end.reports) == 2


def test_a_call_for_which_its_owner_has_no_room_is_refused_and_forgotten() -> None:
    end, clock = alone()
    call_in(end, clock)
    end.full = True
    for number in range(3):
        end.incoming(request("INVITE", 1, body=sdp("offer"), call_id=f"in{number}"))
        end.incoming(request("ACK", 1, branch="alice1INVITE", call_id=f"in{number}"))
    end.outgoing(request("INVITE", 1, body=sdp("offer"), call_id="out"))
    run(clock, 0.1)
    assert end.sent() == ["200 INVITE"] + ["503 INVITE"] * 3
    assert all(header(data, "retry-after") for data in end.wire[1:])
    assert end.delivered() == ["INVITE", "ACK", "503 INVITE"]
    assert len(end.controllers) == 1
    run(clock, 33)
    assert end.tap.next_timeout() is None
    assert end.reports == [], "it is for the owner to say why"


def test_a_call_that_gets_no_room_while_it_is_described_is_refused() -> None:
    end, clock = alone(delay=1.0)
    invite = request("INVITE", 1, body=sdp("offer"))
    end.incoming(invite)
    (key,) = end.open
    end.tap.exhausted(clock.now, key)
    end.tap.exhausted(clock.now, key._replace(tag="nobody"))
    end.work()
    assert end.sent() == ["503 INVITE"]
    assert header(end.wire[0], "retry-after")
    assert end.controller.verbs()[-1] == "close"
    assert not end.open
    assert not end.stack
    end.incoming(invite)
    assert end.wire == [end.wire[0]] * 2


def test_a_call_that_stands_keeps_what_it_has_when_there_is_no_room_for_more() -> None:
    end, clock = alone()
    call_in(end, clock)
    end.controller.delay = 1.0
    for out in (False, True):
        by, to = ("bob", "alice") if out else ("alice", "bob")
        (end.outgoing if out else end.incoming)(
            request("INVITE", 2, by=by, to=to, body=sdp("video too"))
        )
        (key,) = end.open
        end.tap.exhausted(clock.now, key)
        end.work()
        assert end.controller.verbs()[-1] == "offer_failed alice"
    assert end.sent()[-1] == "500 INVITE"
    assert header(end.wire[-1], "retry-after")
    assert end.delivered()[-1] == "500 INVITE"
    assert end.open == [key]
