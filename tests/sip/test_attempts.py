"""sipice.sip.attempts: one request to its sender, several to the peer."""

from __future__ import annotations

from sipice.sip.attempts import Attempts, Name, leave, name_of
from sipice.sip.message import CSeq, parse_message
from tests.sip.story import rack, request, response
from tests.sip.taps import WAY

HOLD = request("INVITE", 2, to="bob", branch="first")
ANSWERS = (("Authorization", "Digest x"),)


def made_again() -> tuple[dict[Name, Attempts], bytes]:
    known: dict[Name, Attempts] = {}
    assert leave(known, HOLD, WAY) == HOLD
    return known, known[Name("bob", 2, "INVITE")].renew(3, "z9hG4bKlast", ANSWERS)


def test_all_but_number_branch_and_answer_stays() -> None:
    _, again = made_again()
    before, after = HOLD.split(b"\r\n"), again.split(b"\r\n")
    assert [one for one in after if one not in before] == [
        b"Via: SIP/2.0/UDP alice.example.com;branch=z9hG4bKlast",
        b"CSeq: 3 INVITE",
        b"Authorization: Digest x",
    ]


def test_another_attempt_answers_what_is_asked_now() -> None:
    known, _ = made_again()
    again = known[Name("bob", 2, "INVITE")].renew(4, "z9hG4bKlater", (("Authorization", "y"),))
    assert again.count(b"Authorization") == 1
    assert leave(known, HOLD, WAY) == again


def test_an_ack_of_a_failure_has_the_branch_of_the_last_one_and_that_of_a_2xx_its_own() -> None:
    known, _ = made_again()
    for branch, wanted in (("first", "last"), ("own", "own")):
        ack = parse_message(leave(known, request("ACK", 2, to="bob", branch=branch), WAY))
        assert ack.via_branch == f"z9hG4bK{wanted}"
        assert ack.cseq == (3, "ACK")
        assert ack.header("authorization") == "Digest x"


def test_a_cancel_shows_no_credentials() -> None:
    known, _ = made_again()
    cancel = parse_message(leave(known, request("CANCEL", 2, to="bob", branch="first"), WAY))
    assert (cancel.cseq, cancel.via_branch) == ((3, "CANCEL"), "z9hG4bKlast")
    assert cancel.header("authorization") is None
    assert known[Name("bob", 2, "INVITE")].is_cancelled


def test_what_is_about_other_requests_stays() -> None:
    known, again = made_again()
    for data in (
        again,
        request("ACK", 1, to="bob"),
        request("INVITE", 1),
        request("PRACK", 4, rack(1, 1), to="bob"),
        request("INFO", 5, to="fork"),
        response(200, 2),
        b"ACK sip:" + b"x" * 20_000 + b" SIP/2.0\r\n\r\n",
        b"INFO sip:x SIP/2.0\r\nTo: x;tag=bob\r\n\r\n",
    ):
        assert leave(known, data, WAY) == data


def test_a_branch_of_any_shape_comes_back() -> None:
    odd = HOLD.replace(b"z9hG4bKfirst", b"\\1\\g<9>")
    known: dict[Name, Attempts] = {}
    leave(known, odd, WAY)
    attempts = known[Name("bob", 2, "INVITE")]
    again = parse_message(attempts.renew(3, "z9hG4bKlast", ()))
    assert again.via_branch == "z9hG4bKlast"
    shown = attempts.to_sender(parse_message(response(200, 3, branch="last")))
    assert shown.via_branch == parse_message(odd).via_branch
    assert shown.cseq == (2, "INVITE")


def test_a_request_without_via_or_branch_comes_again_without() -> None:
    for line in (b"", b"Via: SIP/2.0/UDP alice.example.com\r\n"):
        known: dict[Name, Attempts] = {}
        via = b"Via: SIP/2.0/UDP alice.example.com;branch=z9hG4bKfirst\r\n"
        leave(known, HOLD.replace(via, line), WAY)
        again = known[Name("bob", 2, "INVITE")].renew(3, "z9hG4bKlast", ())
        assert parse_message(again).cseq == (3, "INVITE")
        assert parse_message(again).via_branch == ""


def test_memory_is_bounded() -> None:
    known: dict[Name, Attempts] = {}
    for number in range(1_000):
        leave(known, request("INFO", number, to="bob"), WAY)
    assert len(known) == 32


def test_ack_and_cancel_are_about_an_invite() -> None:
    names = {name_of("bob", CSeq(1, method)) for method in ("INVITE", "ACK", "CANCEL")}
    assert names == {Name("bob", 1, "INVITE")}
    assert name_of("bob", CSeq(1, "BYE")) == Name("bob", 1, "BYE")
