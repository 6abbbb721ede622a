"""The tracker: calls, hops, retransmissions, fragments, and what is remembered."""

from __future__ import annotations

from sipice.net import Address
from sipice.sip.call import DialogState, Limits, Meaning
from sipice.sip.exchange import Tracker
from sipice.sip.message import parse_message
from tests.marks import rfc
from tests.sip.story import (
    ACK,
    FRAGMENT,
    INVITE,
    OK,
    info,
    meanings,
    play,
    rack,
    request,
    response,
    sdp,
    summary,
    the_dialog,
    told,
)

A, B, C, P = (Address.parse(f"192.0.2.{number}", 5060) for number in (1, 2, 3, 9))


def test_an_exchange_tells_who_sent_what_when_in_how_many_bytes() -> None:
    tracker = Tracker()
    tracker.add(parse_message(INVITE), 10.0, source=A, destination=B, transport="TCP")
    tracker.add(parse_message(OK), 12.5, source=B, destination=A, transport="TCP")
    (exchange,) = tracker.calls()[0].dialogs[0].exchanges
    offer, answer = exchange.offer, exchange.answer
    assert answer is not None
    assert (offer.time, offer.sender, offer.source, offer.destination) == (10.0, "alice", A, B)
    assert (offer.carrier, offer.transport, offer.message_size) == ("INVITE", "TCP", len(INVITE))
    assert (answer.time, answer.sender, answer.source, answer.destination) == (12.5, "bob", B, A)
    assert (answer.carrier, answer.message_size) == ("200 INVITE", len(OK))
    assert (exchange.cseq, exchange.ended, exchange.status) == (1, 12.5, None)


@rfc("3264", "9", "rule", "3264-9-1")
def test_sdp_in_a_488_or_in_the_answer_to_options_is_no_answer() -> None:
    dialog = the_dialog(INVITE, response(488, 1, body=sdp("what I could do")))
    assert summary(dialog) == [(1, "offer", None, "rejected")]
    tracker = Tracker()
    options = request("OPTIONS", 1)
    play(tracker, [options, response(200, 1, method="OPTIONS", body=sdp("what I could do"))])
    assert tracker.calls() == []


def test_retransmissions_are_folded_and_counted() -> None:
    progress = response(183, 1, body=sdp("answer"))
    story = (INVITE, INVITE, progress, progress, progress, OK, OK, ACK, ACK)
    (exchange,) = the_dialog(*story).exchanges
    assert exchange.repeats == 4
    assert exchange.offer.time == 0.0
    assert meanings(*story).count(Meaning.REPEAT) == 5


def test_the_same_invite_forked_on_one_path_is_one_offer() -> None:
    copy = request("INVITE", 1, body=sdp("offer"), branch="other")
    other = copy.replace(b"INVITE sip:bob@", b"INVITE sip:robert@")
    assert meanings(INVITE, copy, other) == [Meaning.OFFER, Meaning.REPEAT, Meaning.REPEAT]


@rfc("8840", "3.2", "rule", "8840-3.2-1")
def test_a_trickle_info_belongs_to_the_dialog_and_to_no_exchange() -> None:
    dialog = the_dialog(
        INVITE,
        response(183, 1, body=sdp("answer")),
        info(2, "alice", "bob"),
        info(1, "bob", "alice"),
        info(1, "bob", "alice"),
        OK,
    )
    assert summary(dialog) == [(1, "offer", "answer", "answered")]
    assert [(f.sender, f.cseq, f.time) for f in dialog.fragments] == [
        ("alice", 2, 2.0),
        ("bob", 1, 3.0),
    ]
    assert dialog.fragments[0].body.data == FRAGMENT


@rfc("6086", "note", "rule", "6086-4.2.1-5")
def test_an_info_that_overtakes_the_first_response_is_in_the_same_dialog() -> None:
    dialog = the_dialog(INVITE, info(1, "bob", "alice"), response(183, 1, body=sdp("answer")), OK)
    assert summary(dialog) == [(1, "offer", "answer", "answered")]
    assert len(dialog.fragments) == 1


@rfc("6086", "4.2.1", "MUST", "6086-4.2.1-4")
def test_infos_of_several_early_dialogs_are_kept_apart() -> None:
    call = told(
        INVITE,
        response(183, 1, by="bob"),
        response(183, 1, by="carol"),
        info(1, "carol", "alice"),
        info(1, "bob", "alice"),
    )
    assert [(d.to_tag, [f.sender for f in d.fragments]) for d in call.dialogs] == [
        ("bob", ["bob"]),
        ("carol", ["carol"]),
    ]


@rfc("6086", "3", "MUST NOT", "6086-3-1")
def test_an_info_without_a_fragment_means_nothing_here() -> None:
    dtmf = request("INFO", 2, to="bob", body=b"Signal=5\r\n", body_type="application/dtmf-relay")
    with_sdp = request("INFO", 3, to="bob", body=sdp("in vain"))
    assert meanings(INVITE, OK, dtmf, with_sdp)[2:] == [Meaning.NOTHING, Meaning.IGNORED]
    assert play(Tracker(), [dtmf]) == [Meaning.NOTHING]


def test_the_legs_of_a_b2bua_are_two_calls() -> None:
    tracker = Tracker()
    play(
        tracker,
        [
            INVITE,
            request("INVITE", 1, by="gateway", body=sdp("second"), call_id="other"),
            response(200, 1, to="gateway", body=sdp("inner"), call_id="other"),
            OK,
        ],
    )
    first, second = tracker.calls()
    assert summary(first.dialogs[0]) == [(1, "offer", "answer", "answered")]
    assert summary(second.dialogs[0]) == [(1, "second", "inner", "answered")]
    assert tracker.call("other") == second
    tracker.forget("other")
    assert tracker.call("other") is None


def proxied(tracker: Tracker) -> None:
    """A call through a proxy that changes the SDP and forks, all hops captured at it."""
    steps = [
        (A, P, request("INVITE", 1, body=sdp("offer"), branch="a")),
        (P, B, request("INVITE", 1, body=sdp("relayed"), branch="b")),
        (P, C, request("INVITE", 1, body=sdp("relayed"), branch="c")),
        (C, P, response(183, 1, by="carol", body=sdp("carol's"), branch="c")),
        (P, A, response(183, 1, by="carol", body=sdp("carol's, relayed"), branch="a")),
        (B, P, response(200, 1, by="bob", body=sdp("answer"), branch="b")),
        (P, A, response(200, 1, by="bob", body=sdp("answer, relayed"), branch="a")),
        (A, P, request("UPDATE", 2, to="bob", body=sdp("hold"), branch="a2")),
        (P, B, request("UPDATE", 2, to="bob", body=sdp("hold, relayed"), branch="b2")),
        (B, P, response(200, 2, method="UPDATE", body=sdp("held"), branch="b2")),
        (P, A, response(200, 2, method="UPDATE", body=sdp("held, relayed"), branch="a2")),
    ]
    for second, (source, destination, data) in enumerate(steps):
        play(tracker, [data], start=second, source=source, destination=destination)


def test_each_hop_of_a_proxy_has_its_own_exchanges() -> None:
    tracker = Tracker()
    proxied(tracker)
    (call,) = tracker.calls()
    assert {(d.source, d.destination, d.to_tag): summary(d) for d in call.dialogs} == {
        (A, P, "bob"): [
            (1, "offer", "answer, relayed", "answered"),
            (6, "hold", "held, relayed", "answered"),
        ],
        (A, P, "carol"): [(1, "offer", None, "provisional")],
        (P, B, "bob"): [
            (1, "relayed", "answer", "answered"),
            (6, "hold, relayed", "held", "answered"),
        ],
        (P, C, "carol"): [(1, "relayed", None, "provisional")],
    }


def test_a_request_from_another_port_or_past_the_proxy_stays_in_its_dialog() -> None:
    tracker = Tracker()
    proxied(tracker)
    other_port = Address(B.ip, 40_000)
    bye = request("BYE", 1, by="bob", to="alice")
    play(tracker, [bye], source=other_port, destination=P)
    (call,) = tracker.calls()
    ended = [d for d in call.dialogs if d.state is DialogState.ENDED]
    assert [(d.source, d.destination) for d in ended] == [(P, B)]
    past = request("UPDATE", 3, to="bob", body=sdp("direct"))
    play(tracker, [past], source=A, destination=B)
    assert sum(len(d.exchanges) for d in tracker.calls()[0].dialogs) == 7


def test_a_proxy_that_tries_another_target_makes_another_dialog() -> None:
    tracker = Tracker()
    proxied(tracker)
    other = Address.parse("192.0.2.77", 5060)
    again = request("INVITE", 7, body=sdp("again"), branch="a7")
    relayed = request("INVITE", 7, body=sdp("again, relayed"), branch="b7")
    play(tracker, [again], source=A, destination=P)
    play(tracker, [relayed], source=P, destination=other)
    (call,) = tracker.calls()
    assert [summary(d) for d in call.dialogs if d.destination == other] == [
        [(1, "again, relayed", None, "pending")]
    ]


def test_a_response_from_another_port_stays_with_its_request() -> None:
    caller, proxy, callee, other = (Address(b"\x7f\0\0\1", port) for port in (1, 2, 3, 4))
    tracker = Tracker()
    asked = request("INVITE", 1, body=sdp("offer"), branch="a")
    relayed = request("INVITE", 1, body=sdp("relayed"), branch="b")
    play(tracker, [asked], source=caller, destination=proxy)
    play(tracker, [relayed], source=proxy, destination=callee)
    answer = response(200, 1, body=sdp("answer"), branch="b")
    play(tracker, [answer], source=other, destination=proxy)
    (call,) = tracker.calls()
    assert [summary(dialog) for dialog in call.dialogs] == [
        [(1, "offer", None, "pending")],
        [(1, "relayed", "answer", "answered")],
    ]


def test_a_capture_that_begins_in_mid_call_gives_what_can_be_known() -> None:
    call = told(OK, request("UPDATE", 2, to="bob", body=sdp("offer")), ACK)
    assert call.unmatched == 1
    assert [summary(dialog) for dialog in call.dialogs] == [[(6, "offer", None, "pending")]]
    prack = request("PRACK", 2, rack(5, 1), to="bob", body=sdp("x"))
    assert meanings(prack) == [Meaning.OFFER]
    assert meanings(request("ACK", 1, to="bob", body=sdp("x"))) == [Meaning.IGNORED]
    assert play(Tracker(), [request("BYE", 2, to="bob"), response(200, 1)]) == [
        Meaning.NOTHING,
        Meaning.NOTHING,
    ]


def test_a_message_whose_cseq_is_not_its_own_means_nothing() -> None:
    wrong = INVITE.replace(b"CSeq: 1 INVITE", b"CSeq: 1 BYE")
    none = INVITE.replace(b"CSeq: 1 INVITE", b"CSeq: one INVITE")
    assert meanings(wrong, none) == [Meaning.NOTHING, Meaning.NOTHING]


def test_what_is_remembered_is_bounded() -> None:
    limits = Limits(calls=3, hops=2, dialogs=2, transactions=4, exchanges=3, fragments=2)
    tracker = Tracker(limits)
    for number in range(20):
        play(tracker, [request("INVITE", 1, body=sdp("offer"), call_id=f"call{number}")])
    assert [call.call_id for call in tracker.calls()] == ["call17", "call18", "call19"]
    for number in range(20):
        host = Address.parse(f"198.51.100.{number}", 5060)
        fork = request("INVITE", 1, body=sdp("offer"), branch=f"fork{number}")
        play(tracker, [fork], source=host, destination=Address(host.ip, 5070))
        ringing = response(180, 1, by=f"fork{number}", branch=f"fork{number}")
        play(tracker, [ringing], source=host)
        for cseq in range(2, 20):
            play(tracker, [request("UPDATE", cseq, to="fork0", body=sdp(str(cseq)))], source=host)
            play(tracker, [info(cseq, "alice", "fork0")], source=host)
    call = tracker.call("story@example.com")
    assert call is not None
    assert len(call.dialogs) <= 4
    assert all(len(d.exchanges) <= 3 and len(d.fragments) <= 2 for d in call.dialogs)


def test_hops_are_bounded_too() -> None:
    tracker = Tracker(Limits(hops=2))
    for number in range(9):
        source = Address.parse(f"198.51.100.{number}", 5060)
        fork = request("INVITE", 1, body=sdp(f"offer {number}"), branch=f"fork{number}")
        play(tracker, [fork], source=source, destination=Address.parse(f"203.0.113.{number}", 5060))
    (call,) = tracker.calls()
    assert [summary(dialog)[0][1] for dialog in call.dialogs] == ["offer 7", "offer 8"]
