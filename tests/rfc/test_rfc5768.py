"""RFC 5768: the option tag ice and the feature tag +sip.ice, with RFC 8839 §9.3."""

from __future__ import annotations

import pytest

from sipice.session.events import Rejected
from sipice.sip.settings import TapConfig
from tests.marks import rfc
from tests.sip.story import request, response, sdp
from tests.sip.taps import BOB, CONTACT, alone, call_in, call_out, header, headers, run


@rfc("5768", "4", "SHOULD", "5768-4-1")
@rfc("8839", "7.2", "SHOULD", "8839-7.2-1")
def test_registrations_and_answers_to_options_are_marked() -> None:
    end, _ = alone()
    end.outgoing(request("REGISTER", 1, CONTACT))
    end.outgoing(response(200, 1, BOB, method="OPTIONS"))
    for data in end.wire:
        (contact,) = headers(data, "contact")
        assert contact.endswith(">;+sip.ice")


@rfc("5768", "4", "MAY", "5768-4-2")
def test_calls_are_marked_too() -> None:
    end, clock = alone()
    call_out(end, clock)
    assert headers(end.wire[0], "contact") == ["<sip:alice@192.0.2.1:5060>;+sip.ice"]
    end, clock = alone()
    call_in(end, clock)
    assert headers(end.wire[0], "contact") == ["<sip:bob@192.0.2.2:5060>;+sip.ice"]


@rfc("5768", "4", "rule", "5768-4-3")
@pytest.mark.parametrize("mark", ["", ";+sip.ice"])
def test_an_invite_without_an_offer_says_nothing_by_its_contact(mark: str) -> None:
    end, clock = alone()
    end.incoming(request("INVITE", 1, CONTACT + mark))
    end.outgoing(response(200, 1, BOB, body=sdp("offer")))
    run(clock, 0.1)
    assert end.controller.verbs()[0] == "begin_offer alice", "with ICE, either way"


@rfc("5768", "5", "SHOULD NOT", "5768-5-1")
def test_ice_is_no_option_tag_but_in_answers_to_options() -> None:
    end, clock = alone()
    call_in(end, clock)
    end.outgoing(request("INVITE", 1, body=sdp("offer"), call_id="other"))
    end.outgoing(request("OPTIONS", 1, call_id="more"))
    run(clock, 0.1)
    assert all("ice" not in headers(data, "supported") for data in end.wire)
    end.outgoing(response(200, 1, method="OPTIONS"))
    assert headers(end.wire[-1], "supported") == ["trickle-ice", "ice"]


@rfc("5768", "5", "rule", "5768-5-2")
def test_a_caller_may_insist_on_ice() -> None:
    end, clock = alone()
    end.incoming(request("INVITE", 1, "Require: ice", body=sdp("offer")))
    run(clock, 0.1)
    assert header(end.stack[0], "require") is None, "the stack need not know it"
    end, clock = alone(TapConfig(require_ice=True))
    end.outgoing(request("INVITE", 1, body=sdp("offer")))
    run(clock, 0.1)
    assert headers(end.wire[0], "require") == ["ice"]
    end.incoming(response(420, 1, "Unsupported: ice"))
    assert end.delivered() == ["420 INVITE"]


@rfc("5768", "5 (+8839 §9.3)", "rule", "5768-5-3")
@rfc("8839", "9.3", "MUST", "8839-9.3-1")
def test_a_callee_that_insists_on_ice_says_421() -> None:
    end, clock = alone()
    end.trouble["receive_offer"] = Rejected(421, "", None, "an offer without ICE")
    end.incoming(request("INVITE", 1, body=sdp("offer")))
    run(clock, 0.1)
    assert end.sent() == ["421 INVITE"]
    assert headers(end.wire[0], "require") == ["ice"]
    end, clock = alone(TapConfig(require_ice=True))
    end.outgoing(request("INVITE", 1, body=sdp("offer")))
    run(clock, 0.1)
    assert headers(end.wire[0], "require") == ["ice"]
