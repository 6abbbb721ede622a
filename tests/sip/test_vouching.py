"""sipice.sip.vouching: challenges of requests that the tap has made itself."""

from __future__ import annotations

import re

import pytest

from sipice.session.events import FragmentReady, Reason, UpdateNeeded
from sipice.sip.digest import Challenge, Credentials, Request, authorization
from sipice.sip.outputs import SendInfo
from sipice.sip.settings import TapConfig
from tests.sip.story import request, response, sdp
from tests.sip.taps import (
    BOB,
    TRICKLES,
    Clock,
    Endpoint,
    alone,
    body_of,
    call_out,
    header,
    run,
)

ALICE = Credentials(username="alice", password="secret")
CONFIG = TapConfig(own_reoffers=True, credentials=(ALICE,))
URI = "sip:bob@192.0.2.2:5060"


def offering(config: TapConfig = CONFIG) -> tuple[Endpoint, Clock]:
    """A call in which the tap has offered again by an INVITE of its own, CSeq 2."""
    end, clock = alone(config)
    call_out(end, clock)
    end.event(UpdateNeeded("bob", Reason.NOMINATED))
    run(clock, 0.1)
    return end, clock


def challenge(end: Endpoint, clock: Clock, number: int, *fields: str, status: int = 401) -> None:
    end.incoming(response(status, number, *fields))
    run(clock, 0.1)


def wants(realm: str, nonce: str, more: str = "", proxy: bool = False) -> str:
    name = "Proxy-Authenticate" if proxy else "WWW-Authenticate"
    return f'{name}: Digest realm="{realm}", nonce="{nonce}", qop="auth"{more}'


def verify(data: bytes, name: str, realm: str, nonce: str, count: int = 1) -> None:
    """The peer works out the answer by itself."""
    value = header(data, name)
    assert value is not None
    found = re.search('cnonce="([^"]*)"', value)
    assert found is not None
    answer = "Proxy-Authorization" if name.startswith("proxy") else "Authorization"
    asked = Challenge(answer, realm, nonce, "", None, True, False)
    request = Request(data.split(b" ")[0].decode(), URI)
    assert value == authorization(ALICE, asked, request, count=count, cnonce=found[1])


@pytest.mark.parametrize(("status", "name"), [(401, "authorization"), (407, "proxy-authorization")])
def test_an_own_offer_comes_again_with_an_answer(status: int, name: str) -> None:
    end, clock = offering()
    first = end.wire[-1]
    challenge(end, clock, 2, wants("home", "n1", proxy=status == 407), status=status)
    assert end.sent()[-2:] == ["ACK", "INVITE"]
    again = end.wire[-1]
    assert header(again, "cseq") == "3 INVITE"
    assert body_of(again) == body_of(first), "and with the same description"
    verify(again, name, "home", "n1")
    end.incoming(response(200, 3, BOB, body=sdp("answer")))
    run(clock, 60)
    assert end.sent()[-1] == "ACK"
    assert end.controller.verbs()[-2:] == ["begin_offer bob", "receive_answer bob"]
    assert end.delivered() == ["200 INVITE"], "the stack knows nothing of it"
    assert end.reports == []


def test_who_has_seen_our_answer_is_not_shown_it_again() -> None:
    end, clock = offering()
    challenge(end, clock, 2, wants("home", "n1"))
    challenge(end, clock, 3, wants("home", "n2"))
    assert end.sent()[-1] == "ACK"
    (report,) = end.reports
    assert report.endswith('with 401: TapConfig.credentials has none that realm "home" takes')
    assert "secret" not in report
    run(clock, 40)
    assert end.controller.verbs()[-1] == "offer_failed bob"
    assert end.open, "the call goes on"


def test_a_nonce_that_was_too_old_is_replaced_but_not_for_ever() -> None:
    end, clock = offering()
    challenge(end, clock, 2, wants("home", "n1"))
    for number in range(3, 20):
        challenge(end, clock, number, wants("home", f"n{number}", ", stale=true"))
    assert end.sent().count("INVITE") == 1 + 1 + 4
    assert len(end.reports) == 1


def test_a_nonce_that_is_used_again_is_counted() -> None:
    end, clock = offering()
    challenge(end, clock, 2, wants("home", "n1"))
    challenge(end, clock, 3, wants("home", "n1", ", stale=true"))
    verify(end.wire[-1], "authorization", "home", "n1", count=2)


def test_several_proxies_on_the_way_are_answered_all() -> None:
    end, clock = offering()
    challenge(end, clock, 2, wants("near", "n1", proxy=True), status=407)
    challenge(end, clock, 3, wants("home", "n2"))
    verify(end.wire[-1], "proxy-authorization", "near", "n1", count=2)
    verify(end.wire[-1], "authorization", "home", "n2")


@pytest.mark.parametrize(
    ("config", "field", "why"),
    [
        (TapConfig(own_reoffers=True), wants("home", "1"), 'none that realm "home" takes'),
        (CONFIG, 'WWW-Authenticate: Basic realm="x"', "no challenge in it can be answered"),
        (CONFIG, "Subject: none", "no challenge in it can be answered"),
    ],
    ids=["no-credentials", "basic", "nothing"],
)
def test_without_an_answer_the_log_says_what_was_wanted(
    config: TapConfig, field: str, why: str
) -> None:
    end, clock = offering(config)
    challenge(end, clock, 2, field)
    run(clock, 40)
    assert end.sent()[-1] == "ACK"
    (report,) = end.reports
    assert why in report
    assert end.open


def test_an_own_info_comes_again_with_an_answer() -> None:
    end, clock = alone(CONFIG)
    call_out(end, clock, *TRICKLES)
    end.event(FragmentReady("bob", b"1"))
    (key,) = end.open
    end.tap.info_refused(clock.now, key, "bob")
    end.work()
    end.incoming(response(401, 2, wants("home", "n1"), method="INFO"))
    assert header(end.wire[-1], "cseq") == "3 INFO"
    assert end.wire[-1].endswith(b"\r\n\r\n1")
    verify(end.wire[-1], "authorization", "home", "n1")
    end.incoming(response(200, 3, method="INFO"))
    run(clock, 40)
    assert end.sent().count("INFO") == 2


def test_an_info_of_the_stack_is_its_own_business() -> None:
    end, clock = alone(CONFIG)
    call_out(end, clock, *TRICKLES)
    end.event(FragmentReady("bob", b"1"))
    (asked,) = end.asked
    assert isinstance(asked, SendInfo)
    fields = [f"{name}: {value}" for name, value in asked.headers if name != "Content-Type"]
    kind = dict(asked.headers)["Content-Type"]
    end.outgoing(request("INFO", 2, *fields, to="bob", body=asked.body, body_type=kind))
    end.incoming(response(401, 2, wants("home", "n1"), method="INFO"))
    assert end.delivered()[-1] == "401 INFO"
    assert end.sent().count("INFO") == 1
