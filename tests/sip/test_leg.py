"""sipice.sip.leg: what belongs together."""

from __future__ import annotations

import pytest

from sipice.sip.leg import Answer, CallLeg, Item
from sipice.sip.message import parse_message
from sipice.sip.outputs import CallKey
from tests.sip.story import request, response
from tests.sip.taps import WAY


def item(data: bytes, *, out: bool = True) -> Item:
    return Item(parse_message(data), WAY, out)


@pytest.mark.parametrize(
    ("data", "out", "ours", "theirs"),
    [
        (request("INVITE", 1), True, "alice", ""),
        (request("INVITE", 1), False, "", "alice"),
        (response(200, 1), True, "bob", "alice"),
        (response(200, 1), False, "alice", "bob"),
    ],
)
def test_whose_tag_is_whose(data: bytes, out: bool, ours: str, theirs: str) -> None:
    one = item(data, out=out)
    assert (one.ours, one.theirs) == (ours, theirs)


def test_a_message_belongs_to_the_transaction_of_its_request() -> None:
    leg = CallLeg(CallKey("1", "alice", True), "own")
    invite = leg.begin(item(request("INVITE", 1)))
    assert invite is not None
    assert leg.begin(item(request("INVITE", 1))) is invite
    assert leg.transaction(item(response(200, 1), out=False)) is invite
    assert leg.transaction(item(request("ACK", 1, to="bob"))) is invite
    assert leg.transaction(item(request("CANCEL", 1))) is invite
    assert leg.transaction(item(response(200, 1, method="CANCEL"), out=False)) is None
    assert leg.transaction(item(response(200, 2), out=False)) is None
    again = leg.begin(item(request("INVITE", 2, to="bob")))
    assert again is not invite
    assert leg.invites() == [invite, again]
    assert leg.begin(item(b"INVITE sip:x SIP/2.0\r\n\r\n")) is None


def test_what_is_remembered_is_bounded() -> None:
    leg = CallLeg(CallKey("1", "alice", True), "own")
    for number in range(1_000):
        leg.begin(item(request("INVITE", number, to="bob")))
        leg.note_answer(item(response(200, number)), Answer(b"", b"", True))
    assert len(leg.transactions) == len(leg.answers) == 256
