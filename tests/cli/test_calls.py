"""RFC 6337: what a call holds, and how its descriptions are linked."""

from __future__ import annotations

from sipice.cli.calls import CallView, call_view
from sipice.sip.exchange import Tracker
from sipice.sip.message import parse_message
from tests.cli import messages

OFFER = messages.description("alice", "192.0.2.1", ice="aaaa")
ANSWER = messages.description("bob", "192.0.2.2", ice="bbbb")


def view(*sent: bytes) -> CallView:
    tracker = Tracker()
    for number, data in enumerate(sent):
        tracker.add(parse_message(data), float(number))
    [call] = tracker.calls()
    return call_view("x", 1, call)


def test_an_answer_knows_its_offer_and_its_place() -> None:
    call = view(messages.invite(OFFER), messages.answer(ANSWER))
    offer, answer = call.found
    assert answer.offer is offer.description
    assert answer.carrier is not None
    assert (answer.carrier.call, answer.carrier.dialog, answer.carrier.exchange) == (1, 1, 1)
    assert (offer.role, answer.role) == ("offer", "answer")


def test_a_description_knows_the_one_before_of_its_party() -> None:
    call = view(
        messages.invite(OFFER),
        messages.answer(ANSWER),
        messages.invite(OFFER, 2, to_tag="b1"),
        messages.answer(ANSWER, 2),
    )
    offer, answer, again, second = call.found
    assert offer.previous is None
    assert again.previous is not None
    assert again.previous.description is offer.description
    assert second.previous is not None
    assert second.previous.description is answer.description


def test_a_rejected_offer_is_nobodys_last_word() -> None:
    refused = messages.message("SIP/2.0 488 No", "2 INVITE", to_tag="b1")
    call = view(
        messages.invite(OFFER),
        messages.answer(ANSWER),
        messages.invite(messages.description("alice", "192.0.2.1"), 2, to_tag="b1"),
        refused,
        messages.invite(OFFER, 3, to_tag="b1"),
    )
    [dialog] = call.dialogs
    assert [exchange.outcome for exchange in dialog.exchanges] == [
        "answered",
        "rejected",
        "pending",
    ]
    third = dialog.exchanges[2].offer
    assert third.previous is not None
    assert third.previous.description is dialog.exchanges[0].offer.description


def test_a_preview_that_stands_is_shown_once() -> None:
    call = view(
        messages.invite(OFFER),
        messages.answer(ANSWER, status="183 Session Progress"),
        messages.answer(b""),
    )
    [exchange] = call.dialogs[0].exchanges
    assert exchange.preview is not None
    assert exchange.answer is None
    assert len(exchange.found) == 2


def test_forks_share_their_offer() -> None:
    call = view(
        messages.invite(OFFER),
        messages.answer(ANSWER, status="183 Progress", to_tag="b1"),
        messages.answer(ANSWER, status="183 Progress", to_tag="b2"),
    )
    assert len(call.dialogs) == 2
    assert [one.role for one in call.found] == ["offer", "answer", "answer"]


def test_a_description_over_the_limits_is_a_problem_and_no_crash() -> None:
    call = view(messages.invite(b"v=0\r\n" + b"a=x\r\n" * 70_000))
    assert call.found == []
    assert call.problems == ("an SDP is too large to be read: 70001 lines, allowed are 65536",)
