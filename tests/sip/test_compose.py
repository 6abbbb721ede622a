"""sipice.sip.compose: responses and requests of the tap's own."""

from __future__ import annotations

import pytest

from sipice.sip import compose
from sipice.sip.message import parse_message
from tests.sip.story import request, response

INVITE = parse_message(
    request(
        "INVITE", 7, "Via: SIP/2.0/UDP other.example.com;branch=z9hG4bK2", "Record-Route: <sip:x>"
    )
)
OK = parse_message(
    response(
        200,
        7,
        "Contact: Bob <sip:bob@192.0.2.2;transport=tcp>;q=1",
        "Record-Route: <sip:p1;lr>, <sip:p2;lr>",
        "Record-Route: <sip:p3;lr>",
    )
)


def test_a_response_repeats_what_rfc_3261_wants_and_nothing_else() -> None:
    made = parse_message(compose.response(INVITE, 487, tag="mine"))
    assert made.values("via") == INVITE.values("via")
    assert made.header("from") == INVITE.header("from")
    assert made.to_tag == "mine"
    assert (made.call_id, made.cseq) == (INVITE.call_id, INVITE.cseq)
    assert made.header("record-route") is None
    assert made.data.endswith(b"Content-Length: 0\r\n\r\n")
    assert made.start_line[2] == "Request Terminated"


def test_the_tag_of_a_dialog_stays() -> None:
    made = parse_message(
        compose.response(parse_message(request("UPDATE", 1, to="bob")), 491, tag="x")
    )
    assert made.to_tag == "bob"


def test_a_failure_takes_the_place_of_a_success() -> None:
    made = parse_message(compose.failure(OK, 488, (("Warning", "399 a b"),)))
    assert (made.status, made.to_tag, made.header("warning")) == (488, "bob", "399 a b")
    assert made.values("via") == OK.values("via")


def test_a_warning_is_one_printable_quoted_line() -> None:
    value = compose.warning('no "such"\r\nthing\x00\\')
    assert value == "399 sipice \"no 'such'??thing?/\""


def test_a_request_after_a_2xx_goes_to_the_contact_by_the_route() -> None:
    target = compose.target_of_response(OK)
    data = compose.following(OK, INVITE.values("via")[0], 7, "ACK", target, "z9hG4bKnew")
    made = parse_message(data)
    assert compose.uri_of(made) == "sip:bob@192.0.2.2;transport=tcp"
    assert made.values("route") == ["<sip:p3;lr>", "<sip:p2;lr>", "<sip:p1;lr>"]
    assert made.via_branch == "z9hG4bKnew"
    assert made.values("via")[0].startswith("SIP/2.0/UDP alice.example.com;")
    assert (made.from_tag, made.to_tag) == ("alice", "bob")
    assert (made.cseq, made.header("max-forwards")) == ((7, "ACK"), "70")


def test_a_callee_keeps_the_order_of_the_route() -> None:
    target = compose.target_of_request(
        parse_message(request("INVITE", 1, "m: sip:a@b;x", "Record-Route: <sip:p1>, <sip:p2>"))
    )
    assert target == ("sip:a@b", ("<sip:p1>", "<sip:p2>"))


@pytest.mark.parametrize("contact", ["", "Contact:", "Contact: <  >", 'Contact: "x" <>;a'])
def test_a_peer_without_a_contact_is_nowhere(contact: str) -> None:
    invite = parse_message(request("INVITE", 1, *([contact] if contact else [])))
    assert compose.target_of_request(invite).uri == compose.NOWHERE


def test_a_bare_cr_in_what_is_copied_does_not_become_a_line_end() -> None:
    odd = parse_message(request("INVITE", 1).replace(b"<sip:alice@", b"a\rX: y<sip:alice@"))
    assert b"\rX" not in compose.response(odd, 500)
