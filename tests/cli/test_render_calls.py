"""The overview of a call: what needs a look comes without asking."""

from __future__ import annotations

from io import StringIO

from tests.capabilities import require

require("cli")

from rich.console import Console

from sipice.cli.calls import call_view
from sipice.cli.render_calls import render_calls
from sipice.sip.exchange import Tracker
from sipice.sip.message import parse_message
from tests.cli import messages

OFFER = messages.description("alice", "192.0.2.1", ice="aaaa")


def rendered(*sent: bytes) -> str:
    tracker = Tracker()
    for number, data in enumerate(sent):
        tracker.add(parse_message(data), float(number))
    page = StringIO()
    console = Console(file=page, width=120, markup=False, highlight=False)
    views = [call_view("x", number, call) for number, call in enumerate(tracker.calls(), 1)]
    render_calls(console, views, full=False, secrets=False)
    return " ".join(page.getvalue().split())


def test_a_mismatch_is_told() -> None:
    changed = OFFER.replace(b"m=audio 5000", b"m=audio 5002")
    assert "! offer, stream 0: ICE mismatch" in rendered(messages.invite(changed))


def test_a_message_that_is_too_long_is_marked() -> None:
    out = rendered(messages.invite(OFFER + b"a=x:" + b"x" * 1300 + b"\r\n"))
    assert "bytes over UDP, above 1,300" in out
    assert "! audio: ICE" in out


def test_a_rejection_has_its_status() -> None:
    refused = messages.message("SIP/2.0 488 Not Acceptable Here", "1 INVITE", to_tag="b1")
    assert "1: rejected with 488" in rendered(messages.invite(OFFER), refused)


def test_what_the_tracker_remarks_is_told() -> None:
    other = messages.description("bob", "192.0.2.2", port=6000)
    out = rendered(
        messages.invite(OFFER),
        messages.answer(messages.description("bob", "192.0.2.2"), status="183 Progress"),
        messages.answer(other),
    )
    assert "! the answer differs from its preview" in out
    assert "preview 183 INVITE" in out


def test_an_answer_without_its_request_is_told() -> None:
    out = rendered(messages.invite(OFFER), messages.answer(OFFER, 7))
    assert "1 message has SDP that is neither offer nor answer" in out


def test_forks_are_named_by_their_tags() -> None:
    reply = messages.description("bob", "192.0.2.2", ice="bbbb")
    out = rendered(
        messages.invite(OFFER),
        messages.answer(reply, status="183 Progress", to_tag="b1"),
        messages.answer(reply, status="183 Progress", to_tag="b2"),
    )
    assert "Dialog 1, To tag b1, early" in out
    assert "Dialog 2, To tag b2, early" in out


def test_a_call_without_sdp_says_so() -> None:
    assert "no offer and no answer" in rendered(messages.invite(b""))


def test_a_stream_that_is_not_in_use_is_told() -> None:
    assert "audio: port 0" in rendered(
        messages.invite(messages.description("alice", "192.0.2.1", port=0))
    )
