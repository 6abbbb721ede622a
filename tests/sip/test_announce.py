"""sipice.sip.announce: header fields that a stack does not write by itself."""

from __future__ import annotations

import pytest

from sipice.sip import announce
from sipice.sip.edit import Edit
from sipice.sip.leg import Item, PeerDialog
from sipice.sip.message import SipMessage, parse_message
from sipice.sip.settings import TapConfig
from tests.sip.story import request, response
from tests.sip.taps import WAY


def announced(data: bytes, config: TapConfig | None = None) -> SipMessage:
    item = Item(parse_message(data), WAY, True)
    edit = Edit(item.message)
    announce.announce(edit, item, None, config or TapConfig())
    return parse_message(edit.done())


def test_every_contact_of_a_registration_is_marked_once() -> None:
    made = announced(
        request("REGISTER", 1, "Contact: <sip:a@b>, sip:c@d;q=1", "m: <sip:e@f>;+sip.ice")
    )
    assert made.contacts == ["<sip:a@b>;+sip.ice", "sip:c@d;q=1;+sip.ice", "<sip:e@f>;+sip.ice"]


def test_a_registration_that_removes_all_contacts_stays() -> None:
    data = request("REGISTER", 1, "Contact: *")
    assert announced(data).data == data


@pytest.mark.parametrize(
    "data",
    [
        request("BYE", 1, "Contact: <sip:a@b>"),
        request("ACK", 1, "Contact: <sip:a@b>"),
        response(100, 1, "Contact: <sip:a@b>"),
        response(486, 1, "Contact: <sip:a@b>"),
        response(200, 1, "Contact: <sip:a@b>", method="UPDATE"),
    ],
)
def test_other_messages_stay(data: bytes) -> None:
    assert announced(data).data == data


def test_what_is_switched_off_is_not_said() -> None:
    off = TapConfig(trickle=False, announce=False)
    for data in (request("INVITE", 1, "Contact: <sip:a@b>"), request("OPTIONS", 1)):
        assert announced(data, off).data == data


def test_accept_and_allow_are_completed() -> None:
    made = announced(request("INVITE", 1, "Allow: INVITE, ACK", "Accept: application/sdp"))
    assert made.values("allow") == ["INVITE", "ACK", "INFO"]
    assert made.values("accept") == ["application/sdp", "application/trickle-ice-sdpfrag"]


def test_what_the_peer_can_is_noted() -> None:
    dialog = PeerDialog("bob")
    told = response(180, 1, "Require: trickle-ice", "Recv-Info: foo, trickle-ice;x", "Allow: info")
    announce.note(dialog, Item(parse_message(told), WAY, False))
    assert (dialog.trickles, dialog.recv_info, set(dialog.allow)) == (True, True, {"INFO"})
    announce.note(dialog, Item(parse_message(response(200, 1)), WAY, False))
    assert dialog.recv_info, "what is not said has not changed"
    announce.note(dialog, Item(parse_message(response(200, 1, "Recv-Info:")), WAY, False))
    assert not dialog.recv_info
