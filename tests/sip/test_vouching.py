"""sipice.sip.vouching: challenges of requests of the tap, and of its stack where it needs that."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipice.session.events import FragmentReady, Reason, UpdateNeeded
from sipice.sip.digest import Challenge, Credentials, Request, authorization
from sipice.sip.message import parse_message
from sipice.sip.outputs import SendInfo, Way
from sipice.sip.settings import TapConfig
from tests.sip.story import rack, request, response, sdp
from tests.sip.taps import (
    BOB,
    CONTACT,
    TCP,
    TRICKLES,
    WAY,
    Clock,
    Endpoint,
    alone,
    body_of,
    call_out,
    header,
    run,
)

ALICE = Credentials(username="alice", password="secret")
WORK = Credentials(username="alice", password="secret", realm="work")
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


def verify(data: bytes, name: str, realm: str, nonce: str, count: int = 1, uri: str = URI) -> None:
    """The peer works out the answer by itself."""
    value = header(data, name)
    assert value is not None
    found = re.search('cnonce="([^"]*)"', value)
    assert found is not None
    answer = "Proxy-Authorization" if name.startswith("proxy") else "Authorization"
    asked = Challenge(answer, realm, nonce, "", None, True, False)
    request = Request(data.split(b" ")[0].decode(), uri)
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


FOR_STACK = TapConfig(credentials=(ALICE,), vouch_for_stack=True)
TARGET = "sip:bob@example.com"
"""The Request-URI of the stack's requests."""
HOLD = request("INVITE", 2, CONTACT, to="bob", body=sdp("hold"))


def holding(config: TapConfig = FOR_STACK, way: Way = WAY) -> tuple[Endpoint, Clock]:
    """A call that the stack holds by a re-INVITE, CSeq 2, which gets a 401."""
    end, clock = alone(config, way=way)
    call_out(end, clock)
    end.outgoing(HOLD)
    run(clock, 0.1)
    challenge(end, clock, 2, wants("home", "n1"))
    return end, clock


def number(data: bytes) -> str | None:
    return header(data, "cseq")


def test_a_hold_of_the_stack_comes_again_with_an_answer() -> None:
    end, clock = holding()
    first, ack, again = end.wire[-3:]
    assert (number(ack), number(again)) == ("2 ACK", "3 INVITE")
    assert parse_message(ack).via_branch == parse_message(first).via_branch
    assert parse_message(again).via_branch != parse_message(first).via_branch
    verify(again, "authorization", "home", "n1", uri=TARGET)
    assert body_of(again) == body_of(first), "the same offer, o= and all"
    end.incoming(response(200, 3, BOB, body=sdp("held")))
    run(clock, 0.1)
    assert end.controller.verbs()[-2:] == ["begin_offer bob", "receive_answer bob"]
    assert end.delivered() == ["200 INVITE"] * 2, "the stack has seen no challenge"
    shown = end.stack[-1]
    assert number(shown) == "2 INVITE"
    end.outgoing(request("ACK", 2, to="bob", branch="2xx"))
    run(clock, 60)
    assert end.sent()[-1] == "ACK", "nothing is repeated"
    assert number(end.wire[-1]) == "3 ACK"
    assert header(end.wire[-1], "authorization") == header(again, "authorization")
    assert end.reports == []
    assert end.open


def test_the_stack_gets_the_response_with_its_own_branch() -> None:
    end, _ = holding()
    branch = parse_message(end.wire[-1]).via_branch
    end.incoming(response(180, 3, branch=branch.removeprefix("z9hG4bK")))
    assert parse_message(end.stack[-1]).via_branch == parse_message(HOLD).via_branch
    assert number(end.stack[-1]) == "2 INVITE"


def test_later_requests_of_the_stack_are_moved_up() -> None:
    end, clock = holding()
    end.incoming(response(200, 3, BOB, body=sdp("held")))
    run(clock, 0.1)
    end.outgoing(request("ACK", 2, to="bob", branch="2xx"))
    end.outgoing(request("INVITE", 3, CONTACT, to="bob", body=sdp("resume")))
    run(clock, 0.1)
    assert number(end.wire[-1]) == "4 INVITE"
    challenge(end, clock, 4, wants("home", "n2"))
    assert number(end.wire[-1]) == "5 INVITE", "each request may be asked anew"
    end.incoming(response(200, 5, BOB, body=sdp("back")))
    run(clock, 0.1)
    assert number(end.stack[-1]) == "3 INVITE"
    end.outgoing(request("ACK", 3, to="bob", branch="2xx"))
    end.outgoing(request("BYE", 4, to="bob"))
    assert [number(one) for one in end.wire[-2:]] == ["5 ACK", "6 BYE"]


@pytest.mark.parametrize("method", ["UPDATE", "INFO", "BYE", "REFER"])
def test_so_does_any_other_request_in_a_dialog(method: str) -> None:
    end, clock = alone(FOR_STACK)
    call_out(end, clock)
    body = sdp("again") if method == "UPDATE" else b""
    end.outgoing(request(method, 2, to="bob", body=body))
    run(clock, 0.1)
    end.incoming(response(407, 2, wants("home", "n1", proxy=True), method=method))
    again = end.wire[-1]
    assert number(again) == f"3 {method}"
    verify(again, "proxy-authorization", "home", "n1", uri=TARGET)
    run(clock, 1.0)
    assert end.wire[-1] == again
    assert end.sent().count(method) == 3, "over UDP it is repeated until there is a response"
    answer = sdp("answer") if method == "UPDATE" else b""
    end.incoming(response(200, 3, method=method, body=answer))
    run(clock, 60)
    assert end.sent().count(method) == 3
    assert number(end.stack[-1]) == f"2 {method}"
    assert end.delivered()[1:] == [f"200 {method}"]


def test_in_an_early_dialog_too() -> None:
    end, clock = alone(FOR_STACK)
    call_out(end, clock, confirmed=False)
    end.incoming(response(183, 1, BOB, body=sdp("answer"), rseq=1))
    run(clock, 0.1)
    end.outgoing(request("PRACK", 2, rack(1, 1), to="bob"))
    end.incoming(response(407, 2, wants("home", "n1", proxy=True), method="PRACK"))
    assert number(end.wire[-1]) == "3 PRACK"
    assert header(end.wire[-1], "rack") == "1 1 INVITE"


def test_a_prack_names_the_invite_that_the_peer_has_answered() -> None:
    end, clock = holding()
    end.incoming(response(183, 3, BOB, body=sdp("held"), rseq=7))
    run(clock, 0.1)
    end.outgoing(request("PRACK", 3, rack(7, 2), to="bob"))
    assert header(end.wire[-1], "rack") == "7 3 INVITE"


def test_a_first_invite_is_left_to_the_stack() -> None:
    end, clock = alone(FOR_STACK)
    call_out(end, clock, confirmed=False)
    challenge(end, clock, 1, wants("home", "n1"))
    assert end.delivered() == ["401 INVITE"]
    assert end.sent() == ["INVITE"]


@pytest.mark.parametrize(
    "config",
    [
        TapConfig(vouch_for_stack=True),
        TapConfig(credentials=(ALICE,)),
        TapConfig(
            vouch_for_stack=True,
            credentials=(Credentials(username="a", password="b", realm="work"),),
        ),
    ],
    ids=["no-credentials", "the-stack-does", "another-realm"],
)
def test_else_the_stack_sees_the_challenge(config: TapConfig) -> None:
    end, _ = holding(config)
    assert end.sent().count("INVITE") == 2
    assert end.delivered() == ["200 INVITE", "401 INVITE"]
    end.outgoing(request("ACK", 2, to="bob", branch="alice2INVITE"))
    end.outgoing(request("BYE", 3, to="bob"))
    assert [number(one) for one in end.wire[-2:]] == ["2 ACK", "3 BYE"]


def test_the_log_says_whose_credentials_are_missing() -> None:
    config = TapConfig(
        vouch_for_stack=True, credentials=(Credentials(username="a", password="b", realm="work"),)
    )
    end, _ = holding(config)
    assert end.reports == [
        'the INVITE was challenged: TapConfig.credentials has none that realm "home" takes'
    ]


def test_a_stack_that_has_answered_itself_does_so_again() -> None:
    end, clock = alone(FOR_STACK)
    call_out(end, clock)
    end.outgoing(request("INFO", 2, "Authorization: Digest mine", to="bob"))
    end.incoming(response(401, 2, wants("home", "n1"), method="INFO"))
    assert end.delivered()[-1] == "401 INFO"


def test_a_hold_is_not_made_again_for_ever() -> None:
    end, clock = holding()
    for count in range(3, 7):
        challenge(end, clock, count, wants("home", f"n{count}", ", stale=true"))
    run(clock, 0.1)
    assert end.sent().count("INVITE") == 2 + 4
    assert end.delivered() == ["200 INVITE", "401 INVITE"]
    assert number(end.stack[-1]) == "2 INVITE"
    end.outgoing(request("ACK", 2, to="bob", branch="alice2INVITE"))
    ack, last = end.wire[-1], [one for one in end.wire if one.startswith(b"INVITE")][-1]
    assert number(ack) == "6 ACK"
    assert parse_message(ack).via_branch == parse_message(last).via_branch
    run(clock, 60)
    assert end.controller.verbs()[-1] == "offer_failed bob"
    assert "secret" not in "".join(end.reports)


def test_a_challenge_that_comes_again_is_acknowledged_again_and_no_more() -> None:
    end, clock = holding()
    before = end.sent()
    for _ in range(3):
        challenge(end, clock, 2, wants("home", "n1"))
    end.incoming(response(100, 2))
    assert end.sent() == [*before, "ACK", "ACK", "ACK"]
    assert {number(one) for one in end.wire[-3:]} == {"2 ACK"}
    assert end.delivered() == ["200 INVITE"]


def test_what_the_stack_repeats_is_repeated_as_it_was_made_again() -> None:
    end, clock = holding()
    again = end.wire[-1]
    end.outgoing(HOLD)
    run(clock, 0.3)
    assert end.wire[-1] == again
    end.incoming(response(100, 3))
    run(clock, 10)
    assert end.sent().count("INVITE") == 2 + 2


def test_over_a_stream_nothing_is_repeated() -> None:
    end, clock = holding(way=TCP)
    run(clock, 20)
    assert end.sent().count("INVITE") == 2 + 1


def test_a_hold_that_nobody_answers_ends() -> None:
    end, clock = holding()
    run(clock, 70)
    assert end.controller.verbs()[-2:] == ["end bob", "close"], "as without a challenge"
    before = len(end.wire)
    challenge(end, clock, 3, wants("home", "n2", ", stale=true"))
    assert len(end.wire) == before


def test_a_cancel_means_what_is_on_the_wire() -> None:
    end, clock = holding()
    end.incoming(response(180, 3))
    end.outgoing(request("CANCEL", 2, to="bob", branch="alice2INVITE"))
    again, cancel = end.wire[-2:]
    assert number(cancel) == "3 CANCEL"
    assert parse_message(cancel).via_branch == parse_message(again).via_branch
    end.incoming(response(200, 3, method="CANCEL"))
    assert number(end.stack[-1]) == "2 CANCEL"
    challenge(end, clock, 3, wants("home", "n2", ", stale=true"))
    assert end.sent().count("INVITE") == 2 + 1, "what was cancelled does not come again"
    assert end.delivered()[-1] == "401 INVITE"


def test_nothing_comes_again_after_a_bye() -> None:
    end, clock = alone(FOR_STACK)
    call_out(end, clock)
    end.outgoing(HOLD)
    run(clock, 0.1)
    end.incoming(request("BYE", 1, by="bob", to="alice"))
    challenge(end, clock, 2, wants("home", "n1"))
    assert end.sent().count("INVITE") == 2


def test_the_offer_that_the_stack_was_asked_for_comes_again() -> None:
    end, clock = alone(FOR_STACK)
    call_out(end, clock)
    end.event(UpdateNeeded("bob", Reason.NOMINATED))
    end.outgoing(HOLD)
    run(clock, 0.1)
    challenge(end, clock, 2, wants("home", "n1"))
    end.incoming(response(200, 3, BOB, body=sdp("answer")))
    run(clock, 60)
    assert end.reports == []
    assert len(end.asked) == 1


def test_what_no_longer_fits_into_a_datagram_is_said() -> None:
    config = replace(FOR_STACK, datagram_size=700)
    end, clock = alone(config)
    call_out(end, clock)
    end.outgoing(HOLD)
    run(clock, 0.1)
    assert end.reports == []
    challenge(end, clock, 2, wants("home", "n" * 400))
    (report,) = end.reports
    assert report.startswith("the INVITE has ")


def test_a_challenge_can_put_no_line_into_a_request() -> None:
    end, clock = alone(FOR_STACK)
    call_out(end, clock)
    end.outgoing(HOLD)
    run(clock, 0.1)
    challenge(end, clock, 2, wants("home", "n1\rX-Evil: 1"))
    assert end.sent()[-1] == "INVITE"
    assert b"\rX-Evil" not in end.wire[-1]


def test_what_has_ended_is_forgotten() -> None:
    end, clock = alone(FOR_STACK)
    call_out(end, clock)
    for count in range(2, 100):
        end.outgoing(request("INFO", count, to="bob"))
        end.incoming(response(200, count, method="INFO"))
    end.outgoing(request("INFO", 100, to="bob"))
    end.incoming(response(401, 99, wants("home", "n1"), method="INFO"))
    assert number(end.wire[-1]) == "100 INFO", "it had its answer"
    end.incoming(response(401, 100, wants("home", "n1"), method="INFO"))
    assert number(end.wire[-1]) == "101 INFO"


ODD = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=40)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([100, 183, 200, 401, 407]), st.integers(1, 8), ODD, st.booleans()
        ),
        max_size=20,
    )
)
def test_whatever_a_peer_asks_is_bounded(answers: list[tuple[int, int, str, bool]]) -> None:
    end, clock = alone(FOR_STACK)
    call_out(end, clock)
    end.outgoing(HOLD)
    run(clock, 0.1)
    for status, count, odd, whole in answers:
        value = f'realm="home", nonce="{odd}", stale=true' if whole else odd
        end.incoming(response(status, count, f"WWW-Authenticate: Digest {value}"))
    asked = {number(one) for one in end.wire if one.startswith(b"INVITE")}
    assert len(asked) <= 2 + 4
    assert end.sent().count("ACK") <= 1 + len(answers)
    assert not any(b"secret" in one for one in [*end.wire, *end.stack])
