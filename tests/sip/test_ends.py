"""sipice.sip.ends: what a dialog needs to be sent in."""

from __future__ import annotations

import pytest

from sipice.sip.compose import Target
from sipice.sip.ends import of_callee, of_caller, refreshed
from sipice.sip.message import parse_message
from tests.sip.story import request, response
from tests.sip.taps import BOB, CONTACT, WAY

ROUTE = "Record-Route: <sip:p1>, <sip:p2>"
INVITE = parse_message(request("INVITE", 1, CONTACT, ROUTE))
OK = parse_message(response(200, 1, BOB, ROUTE))


def test_a_caller_goes_back_the_way_of_the_response() -> None:
    ends = of_caller(INVITE, OK, WAY)
    assert ends.target == Target("sip:bob@192.0.2.2:5060", ("<sip:p2>", "<sip:p1>"))
    assert (ends.local, ends.remote) == (OK.header("from"), OK.header("to"))
    assert ends.contact == "<sip:alice@192.0.2.1:5060>"
    assert ends.via == INVITE.values("via")[0]


@pytest.mark.parametrize(
    ("contact", "host"),
    [
        ("<sip:bob@192.0.2.2:5070;transport=tcp>", "192.0.2.2:5070"),
        ("<sip:[2001:db8::1]:5060>", "[2001:db8::1]:5060"),
        ("sips:bob@example.com", "example.com"),
    ],
)
def test_a_callee_goes_the_way_of_the_request(contact: str, host: str) -> None:
    ok = parse_message(response(200, 1, f"Contact: {contact}"))
    ends = of_callee(INVITE, ok, WAY)
    assert ends.target == Target("sip:alice@192.0.2.1:5060", ("<sip:p1>", "<sip:p2>"))
    assert (ends.local, ends.remote) == (OK.header("to"), OK.header("from"))
    assert ends.via == f"SIP/2.0/UDP {host}"


def test_a_new_contact_moves_the_target_and_no_contact_leaves_it() -> None:
    ends = of_caller(INVITE, OK, WAY)
    moved = refreshed(ends, parse_message(request("UPDATE", 2, "Contact: <sip:new@192.0.2.3>")))
    assert moved.target == Target("sip:new@192.0.2.3", ends.target.route)
    assert refreshed(ends, parse_message(request("UPDATE", 2))) is ends
